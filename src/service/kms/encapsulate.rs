//! Encapsulate and Decapsulate: secrets for two, by ML-KEM.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cryptography::{check_length, invalid_ciphertext};
use super::kind::{check_usage, enum_value};
use super::material::pair;
use super::{reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::KeyPair;
use crate::crypto::key_spec::{EncapsulationAlgorithm, KeyUsage};
use crate::state::kms::Key;

/// The longest encapsulated form that is read, in bytes.
///
/// Source: KMS API Reference, Decapsulate, `SharedSecretCiphertextBlob`.
const MAX_FORM: usize = 6144;

/// Draws a secret of 32 bytes and its encapsulated form, with the public key of
/// an ML-KEM key. Only `Decapsulate` with the same key gets the secret out of
/// the form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Encapsulate {
    /// The key, made for `ENCAPSULATE_DECAPSULATE`: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// `ML_KEM`.
    pub encapsulation_algorithm: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `Encapsulate`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EncapsulatedSecret {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The secret, 32 bytes.
    pub shared_secret: Blob,
    /// Its encapsulated form: 768, 1,088 or 1,568 bytes, by the key's spec.
    pub shared_secret_ciphertext_blob: Blob,
    /// `ML_KEM`.
    pub encapsulation_algorithm: EncapsulationAlgorithm,
}

/// Gets a secret out of its encapsulated form, with the private key of an ML-KEM
/// key. A form that was altered, or made for another key, gives another secret,
/// not an error: compare what both sides got.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Decapsulate {
    /// The key, made for `ENCAPSULATE_DECAPSULATE`: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// The encapsulated form, as `Encapsulate` answers it; its length is that of the key's spec.
    pub shared_secret_ciphertext_blob: Blob,
    /// `ML_KEM`.
    pub encapsulation_algorithm: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `Decapsulate`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DecapsulatedSecret {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The secret, 32 bytes.
    pub shared_secret: Blob,
    /// `ML_KEM`.
    pub encapsulation_algorithm: EncapsulationAlgorithm,
}

fn asked(
    view: &View<'_>,
    key_id: &str,
    grant_tokens: &[String],
    action: &str,
) -> Result<Vec<AccessRequest>, ApiError> {
    Ok(vec![reference::asked(view, key_id, action, grant_tokens)?])
}

/// The pair of `key`, if it may be used for this.
fn ready<'a>(key: &'a Key, operation: &str) -> Result<&'a KeyPair, ApiError> {
    check_usage(key, KeyUsage::ENCAPSULATE_DECAPSULATE, operation)?;
    usable(key)?;
    Ok(pair(key).ok_or_else(|| super::no_material(key))?)
}

fn recorded(view: &View<'_>, key_id: &str, algorithm: &str) -> Record {
    let key = reference::any(view, key_id).ok().map(|n| n.key);
    reference::record(
        key,
        json!({ "keyId": key_id, "encapsulationAlgorithm": algorithm }),
    )
}

impl Operation for Encapsulate {
    type Output = EncapsulatedSecret;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Encapsulate")
        .needs(&["kms:Encapsulate"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "KMSInvalidStateException",
            "InvalidKeyUsageException",
            "DryRunOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let algorithm = &self.encapsulation_algorithm;
        enum_value::<EncapsulationAlgorithm>("encapsulationAlgorithm", algorithm).map(drop)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        asked(view, &self.key_id, &self.grant_tokens, "kms:Encapsulate")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::any(&cx.view(), &self.key_id)?.key.clone();
        let pair = ready(&key, "Encapsulate")?;
        let made = pair.encapsulate(&mut cx.effects.entropy);
        let made = made.ok_or_else(|| super::no_material(&key))?;
        Ok(EncapsulatedSecret {
            key_id: key.arn,
            shared_secret: Blob::from(made.secret.as_slice()),
            shared_secret_ciphertext_blob: Blob::from(made.form),
            encapsulation_algorithm: EncapsulationAlgorithm::ML_KEM,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        recorded(view, &self.key_id, &self.encapsulation_algorithm)
    }
}

impl Operation for Decapsulate {
    type Output = DecapsulatedSecret;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Decapsulate")
        .needs(&["kms:Decapsulate"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "KMSInvalidStateException",
            "InvalidKeyUsageException",
            "InvalidCiphertextException",
            "DryRunOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let algorithm = &self.encapsulation_algorithm;
        enum_value::<EncapsulationAlgorithm>("encapsulationAlgorithm", algorithm)?;
        let length = self.shared_secret_ciphertext_blob.len();
        check_length("sharedSecretCiphertextBlob", length, MAX_FORM)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        asked(view, &self.key_id, &self.grant_tokens, "kms:Decapsulate")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::any(&view, &self.key_id)?.key;
        let pair = ready(key, "Decapsulate")?;
        let secret = pair.decapsulate(self.shared_secret_ciphertext_blob.as_bytes());
        let secret = secret.ok_or_else(|| {
            invalid_ciphertext(
                "its length is not that of an encapsulated secret of this key's spec",
            )
        })?;
        Ok(DecapsulatedSecret {
            key_id: key.arn.clone(),
            shared_secret: Blob::from(secret.as_slice()),
            encapsulation_algorithm: EncapsulationAlgorithm::ML_KEM,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        recorded(view, &self.key_id, &self.encapsulation_algorithm)
    }
}
