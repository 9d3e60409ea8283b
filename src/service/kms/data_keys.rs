//! Data keys and random bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cryptography::{crypto_request, seal};
use super::reference;
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::{DataKey, EncryptionContext};

const DATA_KEY_ERRORS: &[&str] = &[
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "InvalidKeyUsageException",
    "DryRunOperationException",
];

/// How long a data key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[allow(non_camel_case_types, reason = "these are AWS's names")]
pub enum DataKeySpec {
    /// 256 bits.
    AES_256,
    /// 128 bits.
    AES_128,
}

/// The length that a request asks for, in bytes.
fn length(spec: Option<DataKeySpec>, bytes: Option<i64>) -> Result<usize, ApiError> {
    let refuse = |message: String| Err(ApiError::validation(Service::Kms, message));
    match (spec, bytes) {
        (Some(DataKeySpec::AES_256), None) => Ok(32),
        (Some(DataKeySpec::AES_128), None) => Ok(16),
        (None, Some(bytes)) => random_length(bytes),
        (None, None) => refuse("Please specify either number of bytes or key spec.".to_owned()),
        (Some(_), Some(_)) => {
            refuse("Please specify either number of bytes or key spec, not both.".to_owned())
        }
    }
}

fn random_length(bytes: i64) -> Result<usize, ApiError> {
    let rule = match bytes {
        1..=1024 => return Ok(usize::try_from(bytes).unwrap_or(1)),
        ..=0 => "greater than or equal to 1",
        _ => "less than or equal to 1024",
    };
    Err(ApiError::validation(
        Service::Kms,
        format!(
            "1 validation error detected: Value '{bytes}' at 'numberOfBytes' failed to satisfy \
             constraint: Member must have value {rule}"
        ),
    ))
}

/// A data key in clear and encrypted.
struct Pair {
    plaintext: Blob,
    ciphertext: Blob,
    key: Arn,
    material: String,
}

fn generate(
    cx: &mut Context<'_>,
    text: &str,
    length: usize,
    context: &EncryptionContext,
    operation: &str,
) -> Result<Pair, ApiError> {
    let key = reference::any(&cx.view(), text)?.key.clone();
    let data_key = DataKey::generate(length, &mut cx.effects.entropy)
        .map_err(|e| ApiError::validation(Service::Kms, e.to_string()))?;
    let (ciphertext, material) = seal(cx, &key, context, data_key.as_bytes(), operation)?;
    Ok(Pair {
        plaintext: Blob::from(data_key.as_bytes()),
        ciphertext,
        key: key.arn,
        material,
    })
}

/// Makes a data key: in clear, to encrypt with at once, and encrypted under the
/// key, to keep beside the data. This is what S3 calls on an upload with SSE-KMS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GenerateDataKey {
    /// The key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// `AES_256` or `AES_128`; this or `NumberOfBytes`.
    #[serde(default)]
    pub key_spec: Option<DataKeySpec>,
    /// The length, 1 to 1024 bytes; this or `KeySpec`.
    #[serde(default)]
    pub number_of_bytes: Option<i64>,
    /// Pairs that `Decrypt` must give again.
    #[serde(default)]
    pub encryption_context: EncryptionContext,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `GenerateDataKey`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GeneratedDataKey {
    /// The data key, encrypted.
    pub ciphertext_blob: Blob,
    /// The data key in clear: use it, then forget it.
    pub plaintext: Blob,
    /// The ARN of the key.
    pub key_id: Arn,
    /// The backing key that encrypted it.
    pub key_material_id: String,
}

fn parameters(
    key: &str,
    spec: Option<DataKeySpec>,
    bytes: Option<i64>,
    context: &EncryptionContext,
) -> Value {
    let mut parameters = json!({ "keyId": key, "encryptionContext": context });
    if let Some(members) = parameters.as_object_mut() {
        match (spec, bytes) {
            (Some(spec), _) => members.insert("keySpec".to_owned(), json!(spec)),
            (None, bytes) => members.insert("numberOfBytes".to_owned(), json!(bytes)),
        };
    }
    parameters
}

impl Operation for GenerateDataKey {
    type Output = GeneratedDataKey;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "GenerateDataKey")
        .needs(&["kms:GenerateDataKey"])
        .fails(DATA_KEY_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        length(self.key_spec, self.number_of_bytes).map(|_| ())
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let context = &self.encryption_context;
        crypto_request(
            view,
            &self.key_id,
            "kms:GenerateDataKey",
            context,
            &self.grant_tokens,
        )
        .map(|request| vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let length = length(self.key_spec, self.number_of_bytes)?;
        let pair = generate(
            cx,
            &self.key_id,
            length,
            &self.encryption_context,
            Self::SPEC.name,
        )?;
        Ok(GeneratedDataKey {
            ciphertext_blob: pair.ciphertext,
            plaintext: pair.plaintext,
            key_id: pair.key,
            key_material_id: pair.material,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        let context = &self.encryption_context;
        let shown = parameters(&self.key_id, self.key_spec, self.number_of_bytes, context);
        reference::record(key, shown)
    }
}

/// Makes a data key and gives it encrypted only, for whoever needs it later.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GenerateDataKeyWithoutPlaintext {
    /// The key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// `AES_256` or `AES_128`; this or `NumberOfBytes`.
    #[serde(default)]
    pub key_spec: Option<DataKeySpec>,
    /// The length, 1 to 1024 bytes; this or `KeySpec`.
    #[serde(default)]
    pub number_of_bytes: Option<i64>,
    /// Pairs that `Decrypt` must give again.
    #[serde(default)]
    pub encryption_context: EncryptionContext,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `GenerateDataKeyWithoutPlaintext`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptedDataKey {
    /// The data key, encrypted.
    pub ciphertext_blob: Blob,
    /// The ARN of the key.
    pub key_id: Arn,
    /// The backing key that encrypted it.
    pub key_material_id: String,
}

impl Operation for GenerateDataKeyWithoutPlaintext {
    type Output = EncryptedDataKey;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Kms, "GenerateDataKeyWithoutPlaintext")
            .needs(&["kms:GenerateDataKeyWithoutPlaintext"])
            .fails(DATA_KEY_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        length(self.key_spec, self.number_of_bytes).map(|_| ())
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (context, tokens) = (&self.encryption_context, &self.grant_tokens);
        let action = "kms:GenerateDataKeyWithoutPlaintext";
        crypto_request(view, &self.key_id, action, context, tokens).map(|request| vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let length = length(self.key_spec, self.number_of_bytes)?;
        let pair = generate(
            cx,
            &self.key_id,
            length,
            &self.encryption_context,
            Self::SPEC.name,
        )?;
        Ok(EncryptedDataKey {
            ciphertext_blob: pair.ciphertext,
            key_id: pair.key,
            key_material_id: pair.material,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        let context = &self.encryption_context;
        let shown = parameters(&self.key_id, self.key_spec, self.number_of_bytes, context);
        reference::record(key, shown)
    }
}

/// Gives random bytes. Needs a permission, but no key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GenerateRandom {
    /// How many, 1 to 1024.
    #[serde(default)]
    pub number_of_bytes: Option<i64>,
}

/// The answer of `GenerateRandom`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RandomBytes {
    /// The bytes.
    pub plaintext: Blob,
}

impl Operation for GenerateRandom {
    type Output = RandomBytes;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Kms, "GenerateRandom").needs(&["kms:GenerateRandom"]);

    fn validate(&self) -> Result<(), ApiError> {
        match self.number_of_bytes {
            Some(bytes) => random_length(bytes).map(|_| ()),
            None => Err(ApiError::validation(
                Service::Kms,
                "NumberOfBytes is required.",
            )),
        }
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            "kms:GenerateRandom",
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let mut bytes = vec![0; random_length(self.number_of_bytes.unwrap_or(0))?];
        cx.effects.entropy.fill(&mut bytes);
        Ok(RandomBytes {
            plaintext: Blob::from(bytes),
        })
    }
}
