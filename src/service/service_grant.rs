//! What a service does with KMS for its caller: it finds the key, makes a grant for
//! later, when no caller is there, and decrypts by that grant in its own name.
//!
//! Source: KMS Developer Guide, "Grants in AWS KMS": services that are
//! integrated with KMS.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::api::{ApiError, Caller, Context, Service};
use crate::authz::{Grant, GrantConstraints};
use crate::base::{Arn, GrantId};
use crate::crypto::{DataKey, EncryptionContext};
use crate::service::kms;
use crate::state::compute::SealedKey;

/// The encryption context of one pair, which says what a key protects.
pub(in crate::service) fn context(name: &str, value: &str) -> EncryptionContext {
    let mut context = EncryptionContext::default();
    context.insert(name, value);
    context
}

/// The service at work in the caller's account for one thing, as `role`.
pub(in crate::service) fn infrastructure(cx: &Context<'_>, role: &str, name: &str) -> Caller {
    Caller::infrastructure(&cx.caller.account, role, name, cx.now())
}

/// The key that the caller names, who must be allowed to describe it; else the
/// AWS managed key of `service`.
///
/// # Errors
/// What KMS answers.
pub(in crate::service) fn key(
    cx: &mut Context<'_>,
    named: Option<&str>,
    service: &str,
) -> Result<Arn, ApiError> {
    let Some(text) = named else {
        return kms::managed::aws_managed_key(cx, service);
    };
    let described = cx.forward(kms::DescribeKey {
        key_id: text.to_owned(),
        grant_tokens: Vec::new(),
    });
    Ok(described?.key_metadata.arn)
}

/// Decrypts a data key as the service at work, by its grant.
///
/// # Errors
/// What KMS answers.
pub(in crate::service) fn open(
    cx: &mut Context<'_>,
    service: &Caller,
    sealed: &SealedKey,
    context: EncryptionContext,
    grant: Option<&GrantId>,
) -> Result<Arc<DataKey>, ApiError> {
    let tokens = grant.map(|grant| token(cx, &sealed.key, grant));
    let answer = cx.call_as_service(
        service,
        kms::Decrypt {
            ciphertext_blob: sealed.data_key.clone(),
            key_id: Some(sealed.key.to_string()),
            encryption_algorithm: None,
            encryption_context: context,
            grant_tokens: tokens.unwrap_or_default(),
            dry_run: false,
        },
    )?;
    let bytes = Zeroizing::new(answer.plaintext.as_bytes().to_vec());
    DataKey::from_bytes(bytes)
        .map(Arc::new)
        .map_err(|e| ApiError::new(Service::Kms, "KMSInternalException", 500, e.to_string()))
}

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

/// Makes the grant as the caller of the service; its id.
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
