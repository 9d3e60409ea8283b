//! ReEncrypt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cryptography::{CRYPTO_ERRORS, check_length, crypto_request, seal, source_text, unseal};
use super::{reference, rsa_encryption};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::EncryptionContext;
use crate::crypto::key_spec::{AwsName as _, EncryptionAlgorithm};

/// Decrypts and encrypts again under another key or context; the plaintext never
/// leaves KMS. Needs `kms:ReEncryptFrom` on the one key and `kms:ReEncryptTo` on the other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReEncrypt {
    /// The ciphertext.
    pub ciphertext_blob: Blob,
    /// The key that must have made it; any of its names.
    #[serde(default)]
    pub source_key_id: Option<String>,
    /// `SYMMETRIC_DEFAULT` (default), or for an RSA key `RSAES_OAEP_SHA_1` or `RSAES_OAEP_SHA_256`.
    #[serde(default)]
    pub source_encryption_algorithm: Option<String>,
    /// The pairs that were given to encrypt.
    #[serde(default)]
    pub source_encryption_context: EncryptionContext,
    /// The key to encrypt under; any of its names.
    pub destination_key_id: String,
    /// `SYMMETRIC_DEFAULT` (default), or for an RSA key `RSAES_OAEP_SHA_1` or `RSAES_OAEP_SHA_256`.
    #[serde(default)]
    pub destination_encryption_algorithm: Option<String>,
    /// The pairs for the new ciphertext.
    #[serde(default)]
    pub destination_encryption_context: EncryptionContext,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `ReEncrypt`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ReEncrypted {
    /// The new ciphertext.
    pub ciphertext_blob: Blob,
    /// The ARN of the key that made the old one.
    pub source_key_id: Arn,
    /// The ARN of the key that made the new one.
    pub key_id: Arn,
    /// The backing key that made the old one, of a symmetric encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_key_material_id: Option<String>,
    /// The backing key that made the new one, of a symmetric encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_key_material_id: Option<String>,
    /// The algorithm that made the old one.
    pub source_encryption_algorithm: EncryptionAlgorithm,
    /// The algorithm that made the new one.
    pub destination_encryption_algorithm: EncryptionAlgorithm,
}

impl ReEncrypt {
    fn source_algorithm(&self) -> Result<EncryptionAlgorithm, ApiError> {
        let text = self.source_encryption_algorithm.as_deref();
        rsa_encryption::algorithm("sourceEncryptionAlgorithm", text)
    }

    fn destination_algorithm(&self) -> Result<EncryptionAlgorithm, ApiError> {
        let text = self.destination_encryption_algorithm.as_deref();
        rsa_encryption::algorithm("destinationEncryptionAlgorithm", text)
    }

    fn source_text(&self, view: &View<'_>) -> Result<String, ApiError> {
        let named = self.source_key_id.as_deref();
        source_text(view, self.source_algorithm()?, named, &self.ciphertext_blob)
    }
}

impl Operation for ReEncrypt {
    type Output = ReEncrypted;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ReEncrypt")
        .needs(&["kms:ReEncryptFrom", "kms:ReEncryptTo"])
        .fails(CRYPTO_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        let (from, to) = (
            &self.source_encryption_context,
            &self.destination_encryption_context,
        );
        rsa_encryption::check_context(self.source_algorithm()?, from)?;
        rsa_encryption::check_context(self.destination_algorithm()?, to)?;
        check_length("ciphertextBlob", self.ciphertext_blob.len(), 6144)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let source = self.source_text(view)?;
        let (from_algorithm, to_algorithm) =
            (self.source_algorithm()?, self.destination_algorithm()?);
        let destination = reference::any(view, &self.destination_key_id)?.key;
        let same = (reference::any(view, &source)?.key.id == destination.id).to_string();
        let (from, to) = (
            &self.source_encryption_context,
            &self.destination_encryption_context,
        );
        let tokens = &self.grant_tokens;
        let mut decrypt = crypto_request(view, &source, "kms:ReEncryptFrom", from, tokens)?
            .with("kms:EncryptionAlgorithm", from_algorithm.as_str())
            .with("kms:ReEncryptOnSameKey", same.as_str());
        decrypt.named_by_ciphertext = self.source_key_id.is_none();
        Ok(vec![
            decrypt,
            crypto_request(
                view,
                &self.destination_key_id,
                "kms:ReEncryptTo",
                to,
                tokens,
            )?
            .with("kms:EncryptionAlgorithm", to_algorithm.as_str())
            .with("kms:ReEncryptOnSameKey", same.as_str()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let source = reference::any(&view, &self.source_text(&view)?)?
            .key
            .clone();
        let destination = reference::any(&view, &self.destination_key_id)?.key.clone();
        let source_encryption_algorithm = self.source_algorithm()?;
        let destination_encryption_algorithm = self.destination_algorithm()?;
        let (plaintext, source_key_material_id) = unseal(
            cx,
            &source,
            source_encryption_algorithm,
            &self.ciphertext_blob,
            &self.source_encryption_context,
            "ReEncrypt",
        )?;
        let (context, plaintext) = (&self.destination_encryption_context, plaintext.as_bytes());
        let (ciphertext_blob, destination_key_material_id) = match destination_encryption_algorithm
        {
            EncryptionAlgorithm::SYMMETRIC_DEFAULT => {
                let (blob, material) = seal(cx, &destination, context, plaintext, "ReEncrypt")?;
                (blob, Some(material))
            }
            rsa => {
                let blob = rsa_encryption::seal(cx, &destination, rsa, plaintext, "ReEncrypt")?;
                (blob, None)
            }
        };
        Ok(ReEncrypted {
            ciphertext_blob,
            source_key_id: source.arn,
            key_id: destination.arn,
            source_key_material_id,
            destination_key_material_id,
            source_encryption_algorithm,
            destination_encryption_algorithm,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.destination_key_id)
            .ok()
            .map(|n| n.key);
        reference::record(
            key,
            json!({
                "sourceEncryptionContext": self.source_encryption_context,
                "destinationKeyId": self.destination_key_id,
                "destinationEncryptionContext": self.destination_encryption_context,
            }),
        )
    }
}
