//! GetPublicKey and DeriveSharedSecret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cryptography::check_length;
use super::kind::{check_usage, enum_value};
use super::material::pair;
use super::metadata::KeyMetadata;
use super::{error, reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::key_spec::{
    EncapsulationAlgorithm, EncryptionAlgorithm, Family, KeyAgreementAlgorithm, KeySpec, KeyUsage,
    Origin, SigningAlgorithm,
};

/// Gives the public key of an asymmetric key, to encrypt or verify with outside KMS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetPublicKey {
    /// The asymmetric key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
}

/// The answer of `GetPublicKey`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PublicKeyAnswer {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The public key, as DER `SubjectPublicKeyInfo` (RFC 5280).
    pub public_key: Blob,
    /// The key's spec.
    pub customer_master_key_spec: KeySpec,
    /// The key's spec.
    pub key_spec: KeySpec,
    /// What the key is for.
    pub key_usage: KeyUsage,
    /// The algorithms that it encrypts with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encryption_algorithms: Vec<EncryptionAlgorithm>,
    /// The algorithms that it signs with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signing_algorithms: Vec<SigningAlgorithm>,
    /// The algorithms that it agrees on secrets with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_agreement_algorithms: Vec<KeyAgreementAlgorithm>,
    /// The algorithms that it encapsulates secrets with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encapsulation_algorithms: Vec<EncapsulationAlgorithm>,
}

impl Operation for GetPublicKey {
    type Output = PublicKeyAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "GetPublicKey")
        .needs(&["kms:GetPublicKey"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "KMSInvalidStateException",
            "UnsupportedOperationException",
        ]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "kms:GetPublicKey";
        reference::asked(view, &self.key_id, action, &self.grant_tokens).map(|asked| vec![asked])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::any(&view, &self.key_id)?.key;
        if key.spec.family() != Family::Asymmetric {
            return Err(
                error("UnsupportedOperationException", "").with_detail(format!(
                    "Only asymmetric keys have a public key; this one is {}.",
                    key.spec
                )),
            );
        }
        usable(key)?;
        let pair = pair(key).ok_or_else(|| super::no_material(key))?;
        let described = KeyMetadata::of(view.cloud, key);
        Ok(PublicKeyAnswer {
            key_id: key.arn.clone(),
            public_key: Blob::from(pair.public_key()),
            customer_master_key_spec: key.spec,
            key_spec: key.spec,
            key_usage: key.usage,
            encryption_algorithms: described.encryption_algorithms,
            signing_algorithms: described.signing_algorithms,
            key_agreement_algorithms: described.key_agreement_algorithms,
            encapsulation_algorithms: described.encapsulation_algorithms,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}

/// Derives the secret that a key shares with the owner of another key of the
/// same curve: both sides get the same bytes, and derive their keys from them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeriveSharedSecret {
    /// The key, made for `KEY_AGREEMENT`: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// `ECDH`.
    pub key_agreement_algorithm: String,
    /// The other side's public key, as DER `SubjectPublicKeyInfo`, on the same curve.
    pub public_key: Blob,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `DeriveSharedSecret`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DerivedSecret {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The secret: the x coordinate of the shared point (SP 800-56A, 5.7.1.2).
    pub shared_secret: Blob,
    /// `ECDH`.
    pub key_agreement_algorithm: KeyAgreementAlgorithm,
    /// Where the key's material comes from.
    pub key_origin: Origin,
}

impl Operation for DeriveSharedSecret {
    type Output = DerivedSecret;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "DeriveSharedSecret")
        .needs(&["kms:DeriveSharedSecret"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "KMSInvalidStateException",
            "InvalidKeyUsageException",
            "DryRunOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let member = "keyAgreementAlgorithm";
        enum_value::<KeyAgreementAlgorithm>(member, &self.key_agreement_algorithm)?;
        check_length("publicKey", self.public_key.len(), 8192)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "kms:DeriveSharedSecret";
        let asked = reference::asked(view, &self.key_id, action, &self.grant_tokens)?;
        Ok(vec![asked.with(
            "kms:KeyAgreementAlgorithm",
            &*self.key_agreement_algorithm,
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::any(&view, &self.key_id)?.key;
        check_usage(key, KeyUsage::KEY_AGREEMENT, "DeriveSharedSecret")?;
        usable(key)?;
        let pair = pair(key).ok_or_else(|| super::no_material(key))?;
        let secret = pair.shared_secret(self.public_key.as_bytes());
        let secret = secret.ok_or_else(|| {
            ApiError::validation(
                Service::Kms,
                format!(
                    "PublicKey is not a DER-encoded public key on the curve of a {} key",
                    key.spec
                ),
            )
        })?;
        Ok(DerivedSecret {
            key_id: key.arn.clone(),
            shared_secret: Blob::from(secret.as_slice()),
            key_agreement_algorithm: KeyAgreementAlgorithm::ECDH,
            key_origin: key.origin,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        let algorithm = &self.key_agreement_algorithm;
        reference::record(
            key,
            json!({ "keyId": self.key_id, "keyAgreementAlgorithm": algorithm }),
        )
    }
}
