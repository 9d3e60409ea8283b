//! How RDS uses KMS.

use std::sync::Arc;

use super::error;
use crate::api::{ApiError, Caller, Context};
use crate::authz::GrantConstraints;
use crate::base::{Arn, GrantId};
use crate::crypto::{DataKey, EncryptionContext};
use crate::service::kms::data_keys::DataKeySpec;
use crate::service::{kms, service_grant};
use crate::state::compute::{Database, SealedKey};

/// The role in whose name RDS works for a database.
const INFRASTRUCTURE: &str = "aws:rds-infrastructure";

fn context_of(resource_id: &str) -> EncryptionContext {
    service_grant::context("aws:rds:db-id", resource_id)
}

fn infrastructure(cx: &Context<'_>, resource_id: &str) -> Caller {
    service_grant::infrastructure(cx, INFRASTRUCTURE, resource_id)
}

/// Makes the grant, as the caller, and by it the data key.
///
/// # Errors
/// `KMSKeyNotAccessibleFault`, with KMS's reason.
pub(super) fn seal(
    cx: &mut Context<'_>,
    resource_id: &str,
    key: Option<&str>,
) -> Result<(SealedKey, GrantId), ApiError> {
    let key = service_grant::key(cx, key, "rds").map_err(inaccessible)?;
    let grant = make_grant(cx, resource_id, &key)?;
    let caller = infrastructure(cx, resource_id);
    let made = cx.call_as_service(
        &caller,
        kms::GenerateDataKeyWithoutPlaintext {
            key_id: key.to_string(),
            key_spec: Some(DataKeySpec::AES_256),
            number_of_bytes: None,
            encryption_context: context_of(resource_id),
            grant_tokens: service_grant::token(cx, &key, &grant),
            dry_run: false,
        },
    );
    let sealed = SealedKey {
        data_key: made.map_err(inaccessible)?.ciphertext_blob,
        key,
    };
    Ok((sealed, grant))
}

fn make_grant(cx: &mut Context<'_>, resource_id: &str, key: &Arn) -> Result<GrantId, ApiError> {
    let grantee = Caller::infrastructure_arn(&cx.caller.account, INFRASTRUCTURE, resource_id);
    let wanted = service_grant::Wanted {
        key,
        grantee: &grantee,
        retiring: grantee.clone(),
        operations: &["Decrypt", "GenerateDataKeyWithoutPlaintext"],
        constraints: GrantConstraints {
            encryption_context_equals: None,
            encryption_context_subset: Some(context_of(resource_id)),
        },
    };
    service_grant::make(cx, wanted).map_err(inaccessible)
}

/// Decrypts the data key by the grant; nothing for a database in clear.
///
/// # Errors
/// What KMS answers.
pub(super) fn open(
    cx: &mut Context<'_>,
    database: &Database,
) -> Result<Option<Arc<DataKey>>, ApiError> {
    let Some((sealed, grant)) = &database.sealed else {
        return Ok(None);
    };
    let caller = infrastructure(cx, &database.resource_id);
    let context = context_of(&database.resource_id);
    let data_key = service_grant::open(cx, &caller, sealed, context, Some(grant))?;
    cx.note("RDS decrypts the data key of the storage by its grant");
    Ok(Some(data_key))
}

/// Retires the grant of a database that is deleted.
pub(super) fn forget(cx: &mut Context<'_>, database: &Database) {
    if let Some((sealed, grant)) = &database.sealed {
        let caller = infrastructure(cx, &database.resource_id);
        service_grant::retire(cx, &caller, &sealed.key, grant);
    }
}

fn inaccessible(inner: ApiError) -> ApiError {
    let text = format!(
        "The specified KMS key is not accessible to RDS: {}",
        inner.message
    );
    ApiError {
        decision: inner.decision,
        detail: inner.detail,
        ..error("KMSKeyNotAccessibleFault", 400, text)
    }
}
