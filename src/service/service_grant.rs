//! Grants that a service makes, as its caller, for later: then no caller is there.
//!
//! Source: KMS Developer Guide, "Grants in AWS KMS": services that are
//! integrated with KMS.

use crate::api::{ApiError, Caller, Context};
use crate::authz::{Grant, GrantConstraints};
use crate::base::{Arn, GrantId};
use crate::service::kms;

/// A grant that a service wants.
pub(in crate::service) struct Wanted<'a> {
    /// The key.
    pub(in crate::service) key: &'a Arn,
    /// For whom.
    pub(in crate::service) grantee: &'a Arn,
    /// Who ends it: the service at work.
    pub(in crate::service) retiring: Arn,
    /// What the grantee may do.
    pub(in crate::service) operations: &'a [&'a str],
    /// For which encryption contexts.
    pub(in crate::service) constraints: GrantConstraints,
}

/// Makes the grant as the caller of the service; its id and its token.
///
/// # Errors
/// What KMS answers.
pub(in crate::service) fn make(
    cx: &mut Context<'_>,
    wanted: Wanted<'_>,
) -> Result<GrantId, ApiError> {
    let made = cx.forward(kms::CreateGrant {
        key_id: wanted.key.to_string(),
        grantee_principal: wanted.grantee.to_string(),
        operations: wanted.operations.iter().map(|o| (*o).to_owned()).collect(),
        retiring_principal: Some(wanted.retiring.to_string()),
        constraints: Some(wanted.constraints),
        name: None,
        grant_tokens: Vec::new(),
        dry_run: false,
    })?;
    cx.note(format!(
        "The service calls kms:CreateGrant as the caller, for {}",
        wanted.grantee
    ));
    Ok(made.grant_id)
}

fn find<'a>(cx: &'a Context<'_>, key: &Arn, grant: &GrantId) -> Option<&'a Grant> {
    let grants = &cx.cloud.key_by_arn(key)?.grants;
    grants.get(grant).map(|grant| &**grant)
}

/// The token of a grant, with which it works at once; none if it was revoked.
pub(in crate::service) fn token(cx: &Context<'_>, key: &Arn, grant: &GrantId) -> Vec<String> {
    let token = find(cx, key, grant).and_then(|grant| grant.tokens.last().cloned());
    token.into_iter().collect()
}

/// Retires a grant as the service at work. One that was revoked is gone already.
pub(in crate::service) fn retire(
    cx: &mut Context<'_>,
    service: &Caller,
    key: &Arn,
    grant: &GrantId,
) {
    if find(cx, key, grant).is_none() {
        return;
    }
    let retired = cx.call_as_service(
        service,
        kms::RetireGrant {
            key_id: Some(key.to_string()),
            grant_id: Some(grant.to_string()),
            ..kms::RetireGrant::default()
        },
    );
    if retired.is_ok() {
        cx.note("The service retires the grant");
    }
}
