//! Encrypt, Decrypt, ReEncrypt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::kind::check_usage;
use super::{check_grant_tokens, error, no_material, reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::key_spec::KeyUsage;
use crate::crypto::{CiphertextBlob, EncryptionContext, ciphertext_blob};
use crate::state::kms::Key;

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";
const CRYPTO_ERRORS: &[&str] = &[
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "InvalidCiphertextException",
    "IncorrectKeyException",
    "InvalidKeyUsageException",
    "DryRunOperationException",
];

/// Asks for `action` on the key that `text` names, with all that policies may look at.
pub(super) fn crypto_request(
    view: &View<'_>,
    text: &str,
    action: &str,
    context: &EncryptionContext,
    grant_tokens: &[String],
) -> Result<AccessRequest, ApiError> {
    check_grant_tokens(grant_tokens)?;
    let named = reference::any(view, text)?;
    let mut request = reference::request(view, &named, action)
        .with("kms:EncryptionAlgorithm", ALGORITHM)
        .with_encryption_context(context);
    request.grant_tokens = grant_tokens.to_vec();
    Ok(request)
}

/// Encrypts `plaintext` under the current backing key of `key`.
pub(super) fn seal(
    cx: &mut Context<'_>,
    key: &Key,
    context: &EncryptionContext,
    plaintext: &[u8],
    operation: &str,
) -> Result<(Blob, String), ApiError> {
    check_usage(key, KeyUsage::ENCRYPT_DECRYPT, operation)?;
    usable(key)?;
    let material = key.current().ok_or_else(|| no_material(key))?;
    let entropy = &mut cx.effects.entropy;
    let blob = ciphertext_blob::seal(&material.backing, &key.id, context, plaintext, entropy)
        .map_err(|e| ApiError::validation(Service::Kms, e.to_string()))?;
    Ok((Blob::from(blob), material.backing.id().to_string()))
}

/// Opens a blob with whichever backing key of `key` made it.
fn open(
    key: &Key,
    blob: &CiphertextBlob<'_>,
    context: &EncryptionContext,
) -> Result<(Blob, String), ApiError> {
    usable(key)?;
    let material = key
        .materials
        .iter()
        .find(|m| m.backing.id() == blob.key_material_id())
        .ok_or_else(|| invalid_ciphertext("no backing key of this key made it"))?;
    let plaintext = blob.open(&material.backing, context).map_err(|_| {
        invalid_ciphertext("it was altered, or the encryption context differs from the one used")
    })?;
    Ok((
        Blob::from(plaintext.as_slice()),
        material.backing.id().to_string(),
    ))
}

/// AWS gives this error without a text; the sentence is the lab's own.
pub(super) fn invalid_ciphertext(why: &str) -> ApiError {
    error("InvalidCiphertextException", "")
        .with_detail(format!("The ciphertext could not be decrypted: {why}."))
}

fn parse(blob: &Blob) -> Result<CiphertextBlob<'_>, ApiError> {
    CiphertextBlob::parse(blob.as_bytes())
        .map_err(|e| invalid_ciphertext(&format!("it is not a ciphertext of this KMS ({e})")))
}

/// The key that decrypts `blob`: the one named in the request, or the one named in the blob.
fn key_text(
    view: &View<'_>,
    key_id: Option<&str>,
    blob: &CiphertextBlob<'_>,
) -> Result<String, ApiError> {
    match key_id {
        Some(text) => Ok(text.to_owned()),
        None => view
            .cloud
            .keys
            .get(blob.key_id())
            .map(|key| key.arn.to_string())
            .ok_or_else(|| invalid_ciphertext("the key that made it does not exist (any more)")),
    }
}

fn same_key(key: &Key, blob: &CiphertextBlob<'_>) -> Result<(), ApiError> {
    if key.id == *blob.key_id() {
        return Ok(());
    }
    Err(error(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    ))
}

pub(super) fn check_length(member: &str, length: usize, limit: usize) -> Result<(), ApiError> {
    let rule = match length {
        0 => "greater than or equal to 1".to_owned(),
        n if n > limit => format!("less than or equal to {limit}"),
        _ => return Ok(()),
    };
    Err(ApiError::validation(
        Service::Kms,
        format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
             Member must have length {rule}"
        ),
    ))
}

/// Encrypts up to 4096 bytes under a key. S3 with SSE-KMS does not use it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Encrypt {
    /// The key: id, key ARN, alias name or alias ARN.
    pub key_id: String,
    /// What to encrypt, 1 to 4096 bytes.
    pub plaintext: Blob,
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

/// The answer of `Encrypt`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Encrypted {
    /// The ciphertext, which names its key and backing key.
    pub ciphertext_blob: Blob,
    /// The ARN of the key.
    pub key_id: Arn,
    /// `SYMMETRIC_DEFAULT`.
    pub encryption_algorithm: &'static str,
}

impl Operation for Encrypt {
    type Output = Encrypted;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Encrypt")
        .needs(&["kms:Encrypt"])
        .fails(CRYPTO_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        check_length("plaintext", self.plaintext.len(), 4096)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let context = &self.encryption_context;
        crypto_request(
            view,
            &self.key_id,
            "kms:Encrypt",
            context,
            &self.grant_tokens,
        )
        .map(|request| vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::any(&cx.view(), &self.key_id)?.key.clone();
        let (ciphertext_blob, _) = seal(
            cx,
            &key,
            &self.encryption_context,
            self.plaintext.as_bytes(),
            "Encrypt",
        )?;
        Ok(Encrypted {
            ciphertext_blob,
            key_id: key.arn,
            encryption_algorithm: ALGORITHM,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        reference::record(
            key,
            json!({
                "keyId": self.key_id, "encryptionContext": self.encryption_context,
                "encryptionAlgorithm": ALGORITHM,
            }),
        )
    }
}

/// Decrypts what `Encrypt` or `GenerateDataKey` made. The ciphertext names its
/// key, so `KeyId` is optional; the encryption context must be the same.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Decrypt {
    /// The ciphertext, up to 6144 bytes.
    pub ciphertext_blob: Blob,
    /// The key that must have made it; any of its names.
    #[serde(default)]
    pub key_id: Option<String>,
    /// The pairs that were given to encrypt.
    #[serde(default)]
    pub encryption_context: EncryptionContext,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `Decrypt`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Decrypted {
    /// What was encrypted.
    pub plaintext: Blob,
    /// The ARN of the key.
    pub key_id: Arn,
    /// The backing key that made the ciphertext.
    pub key_material_id: String,
    /// `SYMMETRIC_DEFAULT`.
    pub encryption_algorithm: &'static str,
}

impl Operation for Decrypt {
    type Output = Decrypted;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Decrypt")
        .needs(&["kms:Decrypt"])
        .fails(CRYPTO_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        check_length("ciphertextBlob", self.ciphertext_blob.len(), 6144)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let blob = parse(&self.ciphertext_blob)?;
        let text = key_text(view, self.key_id.as_deref(), &blob)?;
        let context = &self.encryption_context;
        let mut request = crypto_request(view, &text, "kms:Decrypt", context, &self.grant_tokens)?;
        request.named_by_ciphertext = self.key_id.is_none();
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let blob = parse(&self.ciphertext_blob)?;
        let view = cx.view();
        let text = key_text(&view, self.key_id.as_deref(), &blob)?;
        let key = reference::any(&view, &text)?.key;
        same_key(key, &blob)?;
        let (plaintext, key_material_id) = open(key, &blob, &self.encryption_context)?;
        Ok(Decrypted {
            plaintext,
            key_id: key.arn.clone(),
            key_material_id,
            encryption_algorithm: ALGORITHM,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = parse(&self.ciphertext_blob)
            .ok()
            .and_then(|blob| key_text(view, self.key_id.as_deref(), &blob).ok())
            .and_then(|text| reference::any(view, &text).ok())
            .map(|named| named.key);
        let mut parameters = json!({
            "encryptionContext": self.encryption_context, "encryptionAlgorithm": ALGORITHM,
        });
        if let (Some(text), Some(members)) = (&self.key_id, parameters.as_object_mut()) {
            members.insert("keyId".to_owned(), json!(text));
        }
        reference::record(key, parameters)
    }
}

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
    /// The pairs that were given to encrypt.
    #[serde(default)]
    pub source_encryption_context: EncryptionContext,
    /// The key to encrypt under; any of its names.
    pub destination_key_id: String,
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
    /// The backing key that made the old one.
    pub source_key_material_id: String,
    /// The backing key that made the new one.
    pub destination_key_material_id: String,
    /// `SYMMETRIC_DEFAULT`.
    pub source_encryption_algorithm: &'static str,
    /// `SYMMETRIC_DEFAULT`.
    pub destination_encryption_algorithm: &'static str,
}

impl Operation for ReEncrypt {
    type Output = ReEncrypted;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ReEncrypt")
        .needs(&["kms:ReEncryptFrom", "kms:ReEncryptTo"])
        .fails(CRYPTO_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        check_length("ciphertextBlob", self.ciphertext_blob.len(), 6144)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let blob = parse(&self.ciphertext_blob)?;
        let source = key_text(view, self.source_key_id.as_deref(), &blob)?;
        let destination = reference::any(view, &self.destination_key_id)?.key;
        let same = (reference::any(view, &source)?.key.id == destination.id).to_string();
        let (from, to) = (
            &self.source_encryption_context,
            &self.destination_encryption_context,
        );
        let tokens = &self.grant_tokens;
        let mut decrypt = crypto_request(view, &source, "kms:ReEncryptFrom", from, tokens)?
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
            .with("kms:ReEncryptOnSameKey", same.as_str()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let blob = parse(&self.ciphertext_blob)?;
        let view = cx.view();
        let text = key_text(&view, self.source_key_id.as_deref(), &blob)?;
        let source = reference::any(&view, &text)?.key.clone();
        let destination = reference::any(&view, &self.destination_key_id)?.key.clone();
        same_key(&source, &blob)?;
        let (plaintext, source_key_material_id) =
            open(&source, &blob, &self.source_encryption_context)?;
        let context = &self.destination_encryption_context;
        let (ciphertext_blob, destination_key_material_id) =
            seal(cx, &destination, context, plaintext.as_bytes(), "ReEncrypt")?;
        Ok(ReEncrypted {
            ciphertext_blob,
            source_key_id: source.arn,
            key_id: destination.arn,
            source_key_material_id,
            destination_key_material_id,
            source_encryption_algorithm: ALGORITHM,
            destination_encryption_algorithm: ALGORITHM,
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
