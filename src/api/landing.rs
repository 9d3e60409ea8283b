//! In whose trail a call lands.

use super::access::AccessRequest;
use super::caller::identified;
use super::event::Record;
use super::operation::{Operation, View};
use crate::base::{AccountId, Region, Timestamp};
use crate::state::Cloud;
use crate::state::credential::{Credentials, Owner};

/// In whose trail a call lands that was not accepted, and what its event shows of it.
#[derive(Default)]
pub(super) struct Landing {
    pub(super) account: Option<AccountId>,
    pub(super) record: Record,
}

impl Landing {
    /// Of a call that was signed, or should have been: with the owner of the key.
    pub(super) fn of_signed(cloud: &Cloud, credentials: &Credentials) -> Self {
        let known = cloud.credentials.get(&credentials.access_key_id);
        let account = known
            .and_then(|c| c.owner.account())
            .or_else(|| cloud.accounts.keys().next().cloned());
        Self {
            account,
            record: Record::default(),
        }
    }

    /// Of a call that needs no signature, and whose proof does not hold: with
    /// the owner of what it is about.
    pub(super) fn of_unproven<O: Operation>(
        cloud: &Cloud,
        region: &Region,
        now: Timestamp,
        operation: &O,
    ) -> Self {
        let Ok(nobody) = identified(cloud, &Owner::Anonymous, O::SPEC.service) else {
            return Self::default();
        };
        let view = View {
            cloud,
            caller: &nobody,
            region,
            endpoint: None,
            now,
        };
        let record = operation.record(&view);
        Self {
            account: Some(recipient(&view, &[], &record)),
            record,
        }
    }
}

/// In whose trail a call is: the caller's account, or that of the resource
/// where nobody signed.
pub(super) fn recipient(view: &View<'_>, requests: &[AccessRequest], record: &Record) -> AccountId {
    let own = &view.caller.account;
    if view.cloud.accounts.contains_key(own) {
        return own.clone();
    }
    let owners = requests.iter().filter_map(|r| r.target.owner.as_ref());
    let owners = owners.map(AccountId::as_str);
    let recorded = record.resources.iter().map(|r| r.account_id.as_str());
    let owner = owners.chain(recorded).find_map(|owner| {
        let known = view.cloud.accounts.get_key_value(owner);
        known.map(|(account, _)| account)
    });
    let any = || view.cloud.accounts.keys().next();
    owner.or_else(any).unwrap_or(own).clone()
}
