//! Which kind of key a request asks for, and what suits which kind.

use super::error;
use crate::api::{ApiError, Service};
use crate::authz::GrantOperation;
use crate::crypto::key_spec::{AwsName, EncryptionAlgorithm, Family, KeySpec, KeyUsage};
use crate::state::kms::Key;

/// The value of `member` that `text` names.
///
/// # Errors
/// `ValidationException` in the service's words.
pub(super) fn enum_value<T: AwsName>(member: &str, text: &str) -> Result<T, ApiError> {
    T::named(text).ok_or_else(|| {
        let known: Vec<&str> = T::ALL.iter().map(|value| value.as_str()).collect();
        ApiError::validation(
            Service::Kms,
            format!(
                "1 validation error detected: Value '{text}' at '{member}' failed to satisfy \
                 constraint: Member must satisfy enum value set: [{}]",
                known.join(", ")
            ),
        )
    })
}

/// What `CreateKey` is asked to make: spec and usage.
///
/// # Errors
/// `ValidationException` for unknown names, a missing usage, or one that does not fit.
pub(super) fn asked_for(
    spec: Option<&str>,
    usage: Option<&str>,
) -> Result<(KeySpec, KeyUsage), ApiError> {
    let spec = spec.map_or(Ok(KeySpec::SYMMETRIC_DEFAULT), |text| {
        enum_value("keySpec", text)
    })?;
    let usage = match usage {
        Some(text) => enum_value("keyUsage", text)?,
        None if spec == KeySpec::SYMMETRIC_DEFAULT => KeyUsage::ENCRYPT_DECRYPT,
        None => {
            return Err(ApiError::validation(
                Service::Kms,
                "You must specify a KeyUsage value for all KMS keys except for symmetric \
                 encryption keys.",
            ));
        }
    };
    if spec.usages().contains(&usage) {
        return Ok((spec, usage));
    }
    let text = format!("KeyUsage {usage} is not compatible with KeySpec {spec}");
    Err(ApiError::validation(Service::Kms, text))
}

/// Whether `key` is for `usage`, as `operation` wants it.
///
/// # Errors
/// `InvalidKeyUsageException`.
pub(super) fn check_usage(key: &Key, usage: KeyUsage, operation: &str) -> Result<(), ApiError> {
    if key.usage == usage {
        return Ok(());
    }
    let text = format!(
        "{} key usage is {} which is not valid for {operation}.",
        key.arn, key.usage
    );
    Err(error("InvalidKeyUsageException", text))
}

/// Whether `key` is a symmetric encryption key, as `operation` wants it.
///
/// # Errors
/// `InvalidKeyUsageException`.
pub(super) fn symmetric_only(key: &Key, operation: &str) -> Result<(), ApiError> {
    check_usage(key, KeyUsage::ENCRYPT_DECRYPT, operation)?;
    match key.spec {
        KeySpec::SYMMETRIC_DEFAULT => Ok(()),
        other => Err(incompatible(EncryptionAlgorithm::SYMMETRIC_DEFAULT, other)),
    }
}

/// The error for an algorithm that the key's spec does not have.
pub(super) fn incompatible(algorithm: impl std::fmt::Display, spec: KeySpec) -> ApiError {
    let text = format!("Algorithm {algorithm} is incompatible with key spec {spec}.");
    error("InvalidKeyUsageException", text)
}

/// Whether a grant on `key` can allow `operation`.
///
/// Source: KMS Developer Guide, "Grant operations".
pub(super) fn suits(key: &Key, operation: GrantOperation) -> bool {
    use GrantOperation as O;
    match operation {
        O::CreateGrant | O::RetireGrant | O::DescribeKey => true,
        O::Encrypt | O::Decrypt | O::ReEncryptFrom | O::ReEncryptTo => {
            key.usage == KeyUsage::ENCRYPT_DECRYPT
        }
        O::GenerateDataKey
        | O::GenerateDataKeyWithoutPlaintext
        | O::GenerateDataKeyPair
        | O::GenerateDataKeyPairWithoutPlaintext => key.spec == KeySpec::SYMMETRIC_DEFAULT,
        O::GenerateMac | O::VerifyMac => key.usage == KeyUsage::GENERATE_VERIFY_MAC,
        O::Sign | O::Verify => key.usage == KeyUsage::SIGN_VERIFY,
        O::GetPublicKey => key.spec.family() == Family::Asymmetric,
        O::DeriveSharedSecret => key.usage == KeyUsage::KEY_AGREEMENT,
        O::Encapsulate | O::Decapsulate => key.usage == KeyUsage::ENCAPSULATE_DECAPSULATE,
    }
}
