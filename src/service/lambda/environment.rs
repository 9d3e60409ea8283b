//! Environment variables, encrypted at rest.
//!
//! Lambda encrypts them as the caller, under `alias/aws/lambda` or a key that
//! the caller names, and makes a grant for the role, by which the function
//! decrypts them when it runs. The grant holds the unique id of the role: a role
//! that is made again under the same name cannot use it.
//!
//! Source: KMS Developer Guide, "How AWS Lambda uses AWS KMS"; Lambda Developer
//! Guide, "Securing Lambda environment variables".

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::invalid;
use crate::api::{ApiError, Caller, Context, Service};
use crate::authz::GrantConstraints;
use crate::base::{Arn, Blob, GrantId};
use crate::crypto::EncryptionContext;
use crate::service::{kms, service_grant};
use crate::state::compute::SealedEnvironment;

/// The role in whose name Lambda works for a function.
const INFRASTRUCTURE: &str = "aws:lambda-infrastructure";
/// How many bytes all variables together may have.
const MAX_BYTES: usize = 4096;

/// Environment variables; their `Debug` hides the values.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Environment {
    /// The values by name.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// Checks the size.
    ///
    /// # Errors
    /// `InvalidParameterValueException`. Source: Lambda Developer Guide, "Lambda quotas".
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let size: usize = self.variables.iter().map(|(k, v)| k.len() + v.len()).sum();
        if size <= MAX_BYTES {
            return Ok(());
        }
        Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment \
             variables you have provided exceeded the {MAX_BYTES} byte limit."
        )))
    }

    /// The variables out of what was decrypted.
    pub(super) fn parse(plaintext: &Blob) -> Result<Self, ApiError> {
        serde_json::from_slice(plaintext.as_bytes())
            .map_err(|error| super::error("ServiceException", 500, error.to_string()))
    }
}

pub(super) fn context_of(function: &Arn) -> EncryptionContext {
    service_grant::context("aws:lambda:FunctionArn", function.as_str())
}

/// Encrypts the variables of `function`, and grants its role their decryption.
///
/// # Errors
/// `AccessDeniedException` with KMS's reason; `InvalidParameterValueException`
/// for a key that cannot be used.
pub(super) fn seal(
    cx: &mut Context<'_>,
    function: &Arn,
    role: &Arn,
    key: Option<&Arn>,
    environment: &Environment,
) -> Result<Option<SealedEnvironment>, ApiError> {
    if environment.variables.is_empty() {
        return Ok(None);
    }
    let key = match key {
        Some(key) => key.clone(),
        None => kms::managed::aws_managed_key(cx, "lambda")?,
    };
    let text = Zeroizing::new(serde_json::to_vec(environment).unwrap_or_default());
    let sealed = cx.forward(kms::Encrypt {
        key_id: key.to_string(),
        plaintext: Blob::from(text.as_slice()),
        encryption_algorithm: None,
        encryption_context: context_of(function),
        grant_tokens: Vec::new(),
        dry_run: false,
    });
    let sealed = sealed.map_err(|e| refused("Encrypt", e))?;
    let grant = grant(cx, function, role, &key)?;
    Ok(Some(SealedEnvironment {
        key,
        sealed: sealed.ciphertext_blob,
        grant,
    }))
}

/// Grants `role` the decryption of the variables of `function`.
///
/// # Errors
/// As [`seal`].
pub(super) fn grant(
    cx: &mut Context<'_>,
    function: &Arn,
    role: &Arn,
    key: &Arn,
) -> Result<GrantId, ApiError> {
    let retiring = infrastructure(cx, function).subject.principal.arn.clone();
    let wanted = service_grant::Wanted {
        key,
        grantee: role,
        retiring: retiring.unwrap_or_else(|| role.clone()),
        operations: &["Decrypt", "RetireGrant"],
        constraints: GrantConstraints {
            encryption_context_equals: Some(context_of(function)),
            encryption_context_subset: None,
        },
    };
    service_grant::make(cx, wanted).map_err(|e| refused("CreateGrant", e))
}

/// Retires the grant of variables that are no longer there.
pub(super) fn forget(cx: &mut Context<'_>, function: &Arn, old: &SealedEnvironment) {
    let caller = infrastructure(cx, function);
    service_grant::retire(cx, &caller, &old.key, &old.grant);
}

fn infrastructure(cx: &Context<'_>, function: &Arn) -> Caller {
    let name = function.as_str().rsplit(':').next().unwrap_or_default();
    service_grant::infrastructure(cx, INFRASTRUCTURE, name)
}

fn refused(operation: &str, inner: ApiError) -> ApiError {
    match &inner.decision {
        Some(decision) => ApiError {
            detail: inner.detail.clone(),
            ..ApiError::denied(Service::Lambda, Arc::clone(decision))
        },
        None => invalid(format!(
            "Lambda was unable to configure access to your environment variables because the KMS \
             key is invalid for {operation}. Please check your KMS key settings. KMS Exception: \
             {}KMS Message: {}",
            inner.code, inner.message
        )),
    }
}

/// What Lambda says of variables that cannot be decrypted.
///
/// Source: Lambda API Reference, Invoke, errors; AWS re:Post, "Troubleshoot KMS
/// errors in Lambda".
pub(super) fn undecryptable(inner: &ApiError) -> ApiError {
    let (code, why) = match inner.code.as_str() {
        "DisabledException" => ("KMSDisabledException", "the KMS key used is disabled"),
        "KMSInvalidStateException" => (
            "KMSInvalidStateException",
            "the state of the KMS key used is not valid for Decrypt",
        ),
        "NotFoundException" => ("KMSNotFoundException", "the KMS key was not found"),
        _ => ("KMSAccessDeniedException", "KMS access was denied"),
    };
    let message = format!(
        "Lambda was unable to decrypt the environment variables because {why}. Please check the \
         function's KMS key settings. KMS Exception: {}KMS Message: {}",
        inner.code, inner.message
    );
    ApiError {
        decision: inner.decision.clone(),
        detail: inner.detail.clone(),
        ..super::error(code, 502, message)
    }
}
