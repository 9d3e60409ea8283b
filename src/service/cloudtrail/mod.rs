//! CloudTrail: what happened in an account, as its own operations tell it.
//!
//! The trail itself is written by [`crate::api`]; the lab looks at all of it.
//! [`LookupEvents`] shows what the service's event history shows: the management
//! events of one account in one Region, of the last 90 days.

mod lookup;

pub use lookup::{AttributeKey, FoundEvent, FoundEvents, LookupAttribute, LookupEvents};

use crate::api::{ApiError, Service};

fn error(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::CloudTrail, code, 400, message)
}
