//! Sign and Verify.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cryptography::check_length;
use super::kind::{check_usage, enum_value, incompatible};
use super::material::pair;
use super::{error, reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::key_spec::{AwsName as _, KeyUsage, MessageType, SigningAlgorithm};
use crate::crypto::{KeyPair, ToSign};
use crate::state::kms::Key;

/// Source: KMS API Reference, `Sign`, `Message`.
const MAX_MESSAGE: usize = 4096;

/// The length of the representative μ of ML-DSA. Source: FIPS 204, section 6.2.
const MU: usize = 64;

/// What a call signs or verifies, and how.
struct How {
    algorithm: SigningAlgorithm,
    kind: MessageType,
}

impl How {
    fn of(algorithm: &str, kind: Option<&str>) -> Result<Self, ApiError> {
        Ok(Self {
            algorithm: enum_value("signingAlgorithm", algorithm)?,
            kind: kind.map_or(Ok(MessageType::RAW), |text| enum_value("messageType", text))?,
        })
    }

    /// The types of messages that the algorithm takes.
    fn kinds(&self) -> &'static [MessageType] {
        use MessageType as M;
        match self.algorithm {
            SigningAlgorithm::ED25519_SHA_512 => &[M::RAW],
            SigningAlgorithm::ED25519_PH_SHA_512 => &[M::DIGEST],
            SigningAlgorithm::ML_DSA_SHAKE_256 => &[M::RAW, M::EXTERNAL_MU],
            _ => &[M::RAW, M::DIGEST],
        }
    }

    /// Refuses a message that the algorithm cannot take.
    fn check(&self, message: &Blob) -> Result<(), ApiError> {
        check_length("message", message.len(), MAX_MESSAGE)?;
        let refuse = |text: String| Err(ApiError::validation(Service::Kms, text));
        let taken = self.kinds();
        if !taken.contains(&self.kind) {
            let taken: Vec<&str> = taken.iter().map(|kind| kind.as_str()).collect();
            return refuse(format!(
                "Algorithm {} takes MessageType {}.",
                self.algorithm,
                taken.join(" or ")
            ));
        }
        if self.kind == MessageType::EXTERNAL_MU && message.len() != MU {
            return refuse(format!(
                "A message of MessageType EXTERNAL_MU has {MU} bytes, this one has {}.",
                message.len()
            ));
        }
        let wrong = self.algorithm.digest_length() != Some(message.len());
        if self.kind == MessageType::DIGEST && wrong {
            return refuse(format!(
                "Digest is invalid length for algorithm {}.",
                self.algorithm
            ));
        }
        Ok(())
    }

    fn to_sign<'a>(&self, message: &'a Blob) -> ToSign<'a> {
        match self.kind {
            MessageType::RAW => ToSign::Raw(message.as_bytes()),
            MessageType::DIGEST => ToSign::Digest(message.as_bytes()),
            MessageType::EXTERNAL_MU => ToSign::Representative(message.as_bytes()),
        }
    }

    /// The key pair of `key`, if it may be used like this now.
    fn pair(&self, key: &Key, operation: &str) -> Result<Arc<KeyPair>, ApiError> {
        check_usage(key, KeyUsage::SIGN_VERIFY, operation)?;
        if !key.spec.signing_algorithms().contains(&self.algorithm) {
            return Err(incompatible(self.algorithm, key.spec));
        }
        usable(key)?;
        pair(key).cloned().ok_or_else(|| super::no_material(key))
    }

    fn request(
        &self,
        view: &View<'_>,
        text: &str,
        action: &str,
        grant_tokens: &[String],
    ) -> Result<Vec<AccessRequest>, ApiError> {
        let asked = reference::asked(view, text, action, grant_tokens)?
            .with("kms:SigningAlgorithm", self.algorithm.to_string())
            .with("kms:MessageType", self.kind.to_string());
        Ok(vec![asked])
    }
}

/// What the event shows: neither message nor signature.
fn parameters(key: &str, algorithm: &str, kind: Option<&str>) -> Value {
    json!({
        "keyId": key, "signingAlgorithm": algorithm, "messageType": kind.unwrap_or("RAW"),
    })
}

/// Signs a message, or its digest, with the private key of an asymmetric key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Sign {
    /// The asymmetric key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// The message, 1 to 4096 bytes, its digest, or its representative μ.
    pub message: Blob,
    /// `RAW` (default), `DIGEST` if `Message` is a digest, `EXTERNAL_MU` if it is the
    /// 64-byte representative μ of ML-DSA.
    #[serde(default)]
    pub message_type: Option<String>,
    /// One of the key's `SigningAlgorithms`, such as `ECDSA_SHA_256`.
    pub signing_algorithm: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `Sign`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Signed {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The signature; with ECDSA as DER.
    pub signature: Blob,
    /// The algorithm.
    pub signing_algorithm: SigningAlgorithm,
}

impl Sign {
    fn how(&self) -> Result<How, ApiError> {
        How::of(&self.signing_algorithm, self.message_type.as_deref())
    }
}

impl Operation for Sign {
    type Output = Signed;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Sign")
        .needs(&["kms:Sign"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "KMSInvalidStateException",
            "InvalidKeyUsageException",
            "DryRunOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.how()?.check(&self.message)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        self.how()?
            .request(view, &self.key_id, "kms:Sign", &self.grant_tokens)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let how = self.how()?;
        let view = cx.view();
        let key = reference::any(&view, &self.key_id)?.key;
        let (pair, key_id) = (how.pair(key, "Sign")?, key.arn.clone());
        let (message, entropy) = (how.to_sign(&self.message), &mut cx.effects.entropy);
        let signature = pair.sign(how.algorithm, message, entropy).ok_or_else(|| {
            let text = "the signature could not be made";
            ApiError::new(Service::Kms, "KMSInternalException", 500, text)
        })?;
        Ok(Signed {
            key_id,
            signature: Blob::from(signature),
            signing_algorithm: how.algorithm,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        let kind = self.message_type.as_deref();
        reference::record(key, parameters(&self.key_id, &self.signing_algorithm, kind))
    }
}

/// Checks a signature. A wrong one is an error, `KMSInvalidSignatureException`,
/// never an answer. Whoever has the public key can check it without KMS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Verify {
    /// The asymmetric key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// The message, 1 to 4096 bytes, its digest, or its representative μ.
    pub message: Blob,
    /// `RAW` (default), `DIGEST` if `Message` is a digest, `EXTERNAL_MU` if it is the
    /// 64-byte representative μ of ML-DSA.
    #[serde(default)]
    pub message_type: Option<String>,
    /// The signature.
    pub signature: Blob,
    /// The algorithm that made it.
    pub signing_algorithm: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `Verify`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Verified {
    /// The ARN of the key.
    pub key_id: Arn,
    /// Always true: a wrong signature is an error.
    pub signature_valid: bool,
    /// The algorithm.
    pub signing_algorithm: SigningAlgorithm,
}

impl Verify {
    fn how(&self) -> Result<How, ApiError> {
        How::of(&self.signing_algorithm, self.message_type.as_deref())
    }
}

impl Operation for Verify {
    type Output = Verified;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Verify")
        .needs(&["kms:Verify"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "KMSInvalidStateException",
            "InvalidKeyUsageException",
            "KMSInvalidSignatureException",
            "DryRunOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_length("signature", self.signature.len(), 6144)?;
        self.how()?.check(&self.message)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        self.how()?
            .request(view, &self.key_id, "kms:Verify", &self.grant_tokens)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let how = self.how()?;
        let view = cx.view();
        let key = reference::any(&view, &self.key_id)?.key;
        let (pair, message) = (how.pair(key, "Verify")?, how.to_sign(&self.message));
        if !pair.verify(how.algorithm, message, self.signature.as_bytes()) {
            return Err(error("KMSInvalidSignatureException", "").with_detail(
                "The signature is not one of this message by this key, or was altered.",
            ));
        }
        Ok(Verified {
            key_id: key.arn.clone(),
            signature_valid: true,
            signing_algorithm: how.algorithm,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        let kind = self.message_type.as_deref();
        reference::record(key, parameters(&self.key_id, &self.signing_algorithm, kind))
    }
}
