//! Names in the Region of a call.

use crate::api::View;
use crate::state::compute::RegionalName;

/// The caller's `name` in the Region of the call.
pub(in crate::service) fn own(view: &View<'_>, name: impl Into<String>) -> RegionalName {
    RegionalName {
        account: view.caller.account.clone(),
        region: view.region.clone(),
        name: name.into(),
    }
}
