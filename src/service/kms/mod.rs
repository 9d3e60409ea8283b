//! KMS: keys, key policies, aliases, cryptography, grants, rotation.
//!
//! [`mod@reference`] turns what a caller writes (id, ARN, alias) into a key;
//! [`settle`] does what the clock has made due.

pub mod aliases;
pub mod cryptography;
pub mod data_key_pairs;
pub mod data_keys;
pub mod encapsulate;
pub mod grant_end;
pub mod grant_list;
pub mod grants;
pub mod import;
pub mod imported;
pub mod key_list;
pub mod key_policy;
pub mod keys;
mod kind;
mod life;
pub mod mac;
pub mod managed;
mod material;
pub mod metadata;
mod new_key;
mod page;
pub mod public_key;
mod re_encrypt;
pub mod reference;
mod replicas;
pub mod rotation;
pub mod rotation_list;
mod rsa_encryption;
mod settle;
pub mod sign;
pub mod tags;

pub use aliases::{CreateAlias, DeleteAlias, ListAliases, UpdateAlias};
pub use cryptography::{Decrypt, Encrypt};
pub use data_key_pairs::{GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext};
pub use data_keys::{GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom};
pub use encapsulate::{Decapsulate, Encapsulate};
pub use grant_end::{RetireGrant, RevokeGrant};
pub use grant_list::{ListGrants, ListRetirableGrants};
pub use grants::CreateGrant;
pub use import::{GetParametersForImport, ImportKeyMaterial};
pub use imported::DeleteImportedKeyMaterial;
pub use key_list::ListKeys;
pub use key_policy::{GetKeyPolicy, ListKeyPolicies, PutKeyPolicy};
pub use keys::{CreateKey, DescribeKey, UpdateKeyDescription};
pub use life::{CancelKeyDeletion, DisableKey, EnableKey, ScheduleKeyDeletion};
pub use mac::{GenerateMac, VerifyMac};
pub use material::fresh_material;
pub use public_key::{DeriveSharedSecret, GetPublicKey};
pub use re_encrypt::ReEncrypt;
pub use replicas::{ReplicateKey, UpdatePrimaryRegion};
pub use rotation::{
    DisableKeyRotation, EnableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand,
};
pub use rotation_list::ListKeyRotations;
pub use settle::settle;
pub use sign::{Sign, Verify};
pub use tags::{ListResourceTags, TagResource, UntagResource};

use crate::api::{ApiError, Service};
use crate::crypto::key_spec::Origin;
use crate::state::kms::{Key, KeyState};

/// The operations that KMS performs on keys of other accounts, without their prefix.
///
/// Source: KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
pub const ON_FOREIGN_KEYS: [&str; 23] = [
    "CreateGrant",
    "Decrypt",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetKeyRotationStatus",
    "GetPublicKey",
    "ListGrants",
    "ReEncrypt",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "RevokeGrant",
    "Sign",
    "Verify",
    "VerifyMac",
    "Encapsulate",
    "Decapsulate",
];

/// An error of KMS; all of its client errors have status 400.
fn error(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Kms, code, 400, message)
}

/// Whether `key` may be used for cryptography and grants.
///
/// Source: KMS Developer Guide, "Key states of AWS KMS keys".
///
/// # Errors
/// `DisabledException` or `KMSInvalidStateException`.
fn usable(key: &Key) -> Result<(), ApiError> {
    match key.state {
        KeyState::Enabled | KeyState::Updating => Ok(()),
        KeyState::Disabled => Err(error(
            "DisabledException",
            format!("{} is disabled.", key.arn),
        )),
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => Err(pending_deletion(key)),
        KeyState::PendingImport => Err(no_material(key)),
        KeyState::Creating => Err(invalid_state(key, "creating")),
    }
}

/// Whether `key` may still be changed.
///
/// # Errors
/// `KMSInvalidStateException` while it waits for its deletion.
fn not_pending_deletion(key: &Key) -> Result<(), ApiError> {
    match key.state {
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => Err(pending_deletion(key)),
        KeyState::Enabled
        | KeyState::Disabled
        | KeyState::PendingImport
        | KeyState::Creating
        | KeyState::Updating => Ok(()),
    }
}

/// Whether `key` is neither being made nor becoming or ceasing to be a primary key.
///
/// # Errors
/// `KMSInvalidStateException` while it is.
fn settled(key: &Key) -> Result<(), ApiError> {
    match key.state {
        KeyState::Creating => Err(invalid_state(key, "creating")),
        KeyState::Updating => Err(invalid_state(key, "updating")),
        _ => Ok(()),
    }
}

/// Whether the material of `key` is of the origin that an operation is for.
///
/// # Errors
/// `UnsupportedOperationException`.
fn of_origin(key: &Key, origin: Origin) -> Result<(), ApiError> {
    if key.origin == origin {
        return Ok(());
    }
    let text = format!(
        "{} origin is {} which is not valid for this operation.",
        key.arn, key.origin
    );
    Err(error("UnsupportedOperationException", text))
}

/// Source: KMS API Reference, `GrantTokens`.
fn check_grant_tokens(tokens: &[String]) -> Result<(), ApiError> {
    if tokens.len() <= 10 {
        return Ok(());
    }
    Err(ApiError::validation(
        Service::Kms,
        "1 validation error detected: Value at 'grantTokens' failed to satisfy constraint: \
         Member must have length less than or equal to 10",
    ))
}

fn no_material(key: &Key) -> ApiError {
    invalid_state(key, "pending import")
}

fn pending_deletion(key: &Key) -> ApiError {
    invalid_state(key, "pending deletion")
}

fn invalid_state(key: &Key, what: &str) -> ApiError {
    let text = format!("{} is {what}.", key.arn);
    error("KMSInvalidStateException", text)
}
