//! Callers who sign nothing.
//!
//! S3 answers them, and judges them by the bucket policy alone; all other
//! services want a signature. Source: S3 User Guide, "Identity and access
//! management", unauthenticated requests; the services' "Common errors" pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::caller::Caller;
use super::error::ApiError;
use super::spec::Service;
use crate::authz::{PolicySet, Subject};
use crate::base::AccountId;
use crate::policy::Principal;
use crate::state::credential::Owner;

/// Nobody in particular.
pub(super) fn caller() -> Caller {
    Caller {
        subject: Arc::new(Subject {
            principal: Principal::anonymous(),
            in_management_account: false,
            service_linked: false,
        }),
        owner: Owner::Anonymous,
        access_key: None,
        account: AccountId::nobody(),
        tags: BTreeMap::new(),
        identity: PolicySet::default(),
        boundary: None,
    }
}

/// Admits an unsigned request where `service` answers such.
///
/// # Errors
/// The service's error for a request without a signature.
pub(super) fn admit(service: Service) -> Result<Caller, ApiError> {
    let (code, status, message) = match service {
        Service::S3 => return Ok(caller()),
        Service::Iam | Service::Sts => (
            "MissingAuthenticationToken",
            403,
            "Request is missing Authentication Token",
        ),
        Service::Ec2 => (
            "MissingAuthenticationToken",
            403,
            "The request must contain either a valid (registered) AWS access key ID or X.509 \
             certificate.",
        ),
        Service::Kms | Service::Glue | Service::Organizations => (
            "MissingAuthenticationTokenException",
            400,
            "Missing Authentication Token",
        ),
    };
    Err(ApiError::new(service, code, status, message)
        .with_detail("The request is not signed: this service answers only callers it knows."))
}
