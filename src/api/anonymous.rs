//! Callers who sign nothing.
//!
//! S3 answers them, and judges them by the bucket policy alone; all other
//! services want a signature. Source: S3 User Guide, "Identity and access
//! management", unauthenticated requests; the services' "Common errors" pages.

use std::sync::Arc;

use super::caller::Caller;
use super::error::ApiError;
use super::spec::Service;
use crate::base::AccountId;
use crate::policy::Principal;
use crate::state::credential::Owner;
use crate::state::oidc::WebIdentity;

/// Nobody in particular.
pub(super) fn caller() -> Caller {
    Caller::bare(
        Principal::anonymous(),
        Owner::Anonymous,
        AccountId::nobody(),
    )
}

/// The holder of a token; `None` if the provider's ARN names no account.
pub(super) fn holder(identity: &Arc<WebIdentity>) -> Option<Caller> {
    Some(Caller::bare(
        Principal::web_identity(identity.provider.as_str()),
        Owner::WebIdentity(Arc::clone(identity)),
        AccountId::parse(identity.provider.account()).ok()?,
    ))
}

/// Admits an unsigned request where `service` answers such.
///
/// # Errors
/// The service's error for a request without a signature.
pub(super) fn admit(service: Service) -> Result<Caller, ApiError> {
    let (code, status, message) = match service {
        Service::S3 => return Ok(caller()),
        Service::Iam | Service::Sts | Service::Rds => (
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
        Service::Kms | Service::Glue | Service::Organizations | Service::CloudTrail => (
            "MissingAuthenticationTokenException",
            400,
            "Missing Authentication Token",
        ),
        Service::Lambda => (
            "MissingAuthenticationTokenException",
            403,
            "Missing Authentication Token",
        ),
    };
    Err(ApiError::new(service, code, status, message)
        .with_detail("The request is not signed: this service answers only callers it knows."))
}
