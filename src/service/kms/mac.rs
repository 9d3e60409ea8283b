//! GenerateMac and VerifyMac.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cryptography::check_length;
use super::kind::{check_usage, enum_value, incompatible};
use super::material::mac;
use super::{error, reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::MacKey;
use crate::crypto::key_spec::{KeyUsage, MacAlgorithm};
use crate::state::kms::Key;

/// Source: KMS API Reference, `GenerateMac`, `Message`.
const MAX_MESSAGE: usize = 4096;

const MAC_ERRORS: &[&str] = &[
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "InvalidKeyUsageException",
    "DryRunOperationException",
];

fn mac_request(
    view: &View<'_>,
    text: &str,
    action: &str,
    algorithm: &str,
    grant_tokens: &[String],
) -> Result<Vec<AccessRequest>, ApiError> {
    let asked = reference::asked(view, text, action, grant_tokens)?;
    Ok(vec![asked.with("kms:MacAlgorithm", algorithm)])
}

/// The material of `key` for `algorithm`, if the key may be used for it now.
fn material(key: &Key, algorithm: MacAlgorithm, operation: &str) -> Result<Arc<MacKey>, ApiError> {
    check_usage(key, KeyUsage::GENERATE_VERIFY_MAC, operation)?;
    if key.spec.mac_algorithm() != Some(algorithm) {
        return Err(incompatible(algorithm, key.spec));
    }
    usable(key)?;
    mac(key).cloned().ok_or_else(|| super::no_material(key))
}

/// Makes a message authentication code with an HMAC key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GenerateMac {
    /// The HMAC key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// The message, 1 to 4096 bytes.
    pub message: Blob,
    /// `HMAC_SHA_224`, `HMAC_SHA_256`, `HMAC_SHA_384` or `HMAC_SHA_512`: the one of the key's spec.
    pub mac_algorithm: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `GenerateMac`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GeneratedMac {
    /// The MAC, as long as the digest.
    pub mac: Blob,
    /// The algorithm.
    pub mac_algorithm: MacAlgorithm,
    /// The ARN of the key.
    pub key_id: Arn,
}

impl Operation for GenerateMac {
    type Output = GeneratedMac;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "GenerateMac")
        .needs(&["kms:GenerateMac"])
        .fails(MAC_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        enum_value::<MacAlgorithm>("macAlgorithm", &self.mac_algorithm)?;
        check_length("message", self.message.len(), MAX_MESSAGE)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (algorithm, tokens) = (&self.mac_algorithm, &self.grant_tokens);
        mac_request(view, &self.key_id, "kms:GenerateMac", algorithm, tokens)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::any(&view, &self.key_id)?.key;
        let mac_algorithm = enum_value("macAlgorithm", &self.mac_algorithm)?;
        let material = material(key, mac_algorithm, "GenerateMac")?;
        Ok(GeneratedMac {
            mac: Blob::from(material.tag(self.message.as_bytes())),
            mac_algorithm,
            key_id: key.arn.clone(),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        reference::record(
            key,
            json!({ "keyId": self.key_id, "macAlgorithm": self.mac_algorithm }),
        )
    }
}

/// Checks a message authentication code. A wrong one is an error,
/// `KMSInvalidMacException`, never an answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VerifyMac {
    /// The HMAC key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// The message, 1 to 4096 bytes.
    pub message: Blob,
    /// The MAC to check.
    pub mac: Blob,
    /// `HMAC_SHA_224`, `HMAC_SHA_256`, `HMAC_SHA_384` or `HMAC_SHA_512`: the one of the key's spec.
    pub mac_algorithm: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `VerifyMac`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VerifiedMac {
    /// Always true: a wrong MAC is an error.
    pub mac_valid: bool,
    /// The algorithm.
    pub mac_algorithm: MacAlgorithm,
    /// The ARN of the key.
    pub key_id: Arn,
}

impl Operation for VerifyMac {
    type Output = VerifiedMac;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "VerifyMac")
        .needs(&["kms:VerifyMac"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "KMSInvalidStateException",
            "InvalidKeyUsageException",
            "KMSInvalidMacException",
            "DryRunOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        enum_value::<MacAlgorithm>("macAlgorithm", &self.mac_algorithm)?;
        check_length("message", self.message.len(), MAX_MESSAGE)?;
        check_length("mac", self.mac.len(), 6144)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (algorithm, tokens) = (&self.mac_algorithm, &self.grant_tokens);
        mac_request(view, &self.key_id, "kms:VerifyMac", algorithm, tokens)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::any(&view, &self.key_id)?.key;
        let mac_algorithm = enum_value("macAlgorithm", &self.mac_algorithm)?;
        let material = material(key, mac_algorithm, "VerifyMac")?;
        if !material.verify(self.message.as_bytes(), self.mac.as_bytes()) {
            return Err(error("KMSInvalidMacException", "").with_detail(
                "The MAC is not that of this message under this key, or was altered.",
            ));
        }
        Ok(VerifiedMac {
            mac_valid: true,
            mac_algorithm,
            key_id: key.arn.clone(),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        reference::record(
            key,
            json!({ "keyId": self.key_id, "macAlgorithm": self.mac_algorithm }),
        )
    }
}
