//! KMS: keys, key policies, aliases, cryptography, grants, rotation.
//!
//! [`mod@reference`] turns what a caller writes (id, ARN, alias) into a key;
//! [`settle`] does what the clock has made due.

pub mod aliases;
pub mod cryptography;
pub mod data_key_pairs;
pub mod data_keys;
pub mod grant_end;
pub mod grant_list;
pub mod grants;
pub mod key_list;
pub mod key_policy;
pub mod keys;
mod kind;
mod life;
pub mod mac;
pub mod managed;
pub mod public_key;
mod re_encrypt;
pub mod reference;
pub mod rotation;
mod rsa_encryption;
mod settle;
pub mod sign;
pub mod tags;

pub use aliases::{CreateAlias, DeleteAlias, ListAliases, UpdateAlias};
pub use cryptography::{Decrypt, Encrypt};
pub use data_key_pairs::{GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext};
pub use data_keys::{GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom};
pub use grant_end::{RetireGrant, RevokeGrant};
pub use grant_list::{ListGrants, ListRetirableGrants};
pub use grants::CreateGrant;
pub use key_list::ListKeys;
pub use key_policy::{GetKeyPolicy, ListKeyPolicies, PutKeyPolicy};
pub use keys::{CreateKey, DescribeKey, UpdateKeyDescription};
pub use life::{CancelKeyDeletion, DisableKey, EnableKey, ScheduleKeyDeletion};
pub use mac::{GenerateMac, VerifyMac};
pub use public_key::{DeriveSharedSecret, GetPublicKey};
pub use re_encrypt::ReEncrypt;
pub use rotation::{
    DisableKeyRotation, EnableKeyRotation, GetKeyRotationStatus, ListKeyRotations,
    RotateKeyOnDemand,
};
pub use settle::settle;
pub use sign::{Sign, Verify};
pub use tags::{ListResourceTags, TagResource, UntagResource};

use crate::api::{ApiError, Service};
use crate::state::kms::{Key, KeyState};

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
        KeyState::Enabled => Ok(()),
        KeyState::Disabled => Err(error(
            "DisabledException",
            format!("{} is disabled.", key.arn),
        )),
        KeyState::PendingDeletion => Err(pending_deletion(key)),
    }
}

/// Whether `key` may still be changed.
///
/// # Errors
/// `KMSInvalidStateException` while it waits for its deletion.
fn not_pending_deletion(key: &Key) -> Result<(), ApiError> {
    match key.state {
        KeyState::PendingDeletion => Err(pending_deletion(key)),
        KeyState::Enabled | KeyState::Disabled => Ok(()),
    }
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
    error(
        "KMSInvalidStateException",
        format!("{} is pending import.", key.arn),
    )
}

fn pending_deletion(key: &Key) -> ApiError {
    error(
        "KMSInvalidStateException",
        format!("{} is pending deletion.", key.arn),
    )
}
