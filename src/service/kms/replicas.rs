//! The keys of a multi-Region key: replicating, and changing the primary.

use super::error;
use crate::api::ApiError;
use crate::state::kms::Key;

/// The error for what only a primary key can do.
pub(super) fn not_primary(key: &Key) -> ApiError {
    let text = format!("{} is not a multi-region primary key.", key.arn);
    error("UnsupportedOperationException", text)
}
