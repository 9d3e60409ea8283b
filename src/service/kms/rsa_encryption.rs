//! Encryption under RSA keys: no encryption context, and the ciphertext names no key.

use super::cryptography::invalid_ciphertext;
use super::kind::{check_usage, enum_value, incompatible};
use super::{material, no_material, usable};
use crate::api::{ApiError, Context, Service};
use crate::base::Blob;
use crate::crypto::key_spec::{EncryptionAlgorithm, KeyUsage};
use crate::crypto::{EncryptionContext, KeyPair};
use crate::state::kms::Key;

/// The algorithm that a request names; `SYMMETRIC_DEFAULT` if it names none.
pub(super) fn algorithm(member: &str, text: Option<&str>) -> Result<EncryptionAlgorithm, ApiError> {
    text.map_or(Ok(EncryptionAlgorithm::SYMMETRIC_DEFAULT), |text| {
        enum_value(member, text)
    })
}

/// Refuses an encryption context where there is nothing to bind it to.
pub(super) fn check_context(
    algorithm: EncryptionAlgorithm,
    context: &EncryptionContext,
) -> Result<(), ApiError> {
    if algorithm == EncryptionAlgorithm::SYMMETRIC_DEFAULT || context.is_empty() {
        return Ok(());
    }
    let text = format!("{algorithm} takes no encryption context: leave it out");
    Err(ApiError::validation(Service::Kms, text))
}

fn pair<'a>(
    key: &'a Key,
    algorithm: EncryptionAlgorithm,
    operation: &str,
) -> Result<&'a KeyPair, ApiError> {
    check_usage(key, KeyUsage::ENCRYPT_DECRYPT, operation)?;
    if !key.spec.encryption_algorithms().contains(&algorithm) {
        return Err(incompatible(algorithm, key.spec));
    }
    usable(key)?;
    let pair = material::pair(key).ok_or_else(|| no_material(key))?;
    Ok(pair)
}

/// Encrypts `plaintext` under the public key of `key`.
pub(super) fn seal(
    cx: &mut Context<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
    operation: &str,
) -> Result<Blob, ApiError> {
    let pair = pair(key, algorithm, operation)?;
    pair.encrypt(algorithm, plaintext, &mut cx.effects.entropy)
        .map(Blob::from)
        .ok_or_else(|| {
            let most = pair.capacity(algorithm).unwrap_or_default();
            ApiError::validation(
                Service::Kms,
                format!(
                    "Algorithm {algorithm} and key spec {} cannot encrypt data larger than {most} \
                     bytes.",
                    key.spec
                ),
            )
        })
}

/// Decrypts with the private key of `key`.
pub(super) fn open(
    cx: &mut Context<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithm,
    ciphertext: &Blob,
    operation: &str,
) -> Result<Blob, ApiError> {
    let pair = pair(key, algorithm, operation)?;
    let plaintext = pair.decrypt(algorithm, ciphertext.as_bytes(), &mut cx.effects.entropy);
    plaintext
        .map(|bytes| Blob::from(bytes.as_slice()))
        .ok_or_else(|| invalid_ciphertext("it was altered, or made by another key or algorithm"))
}
