//! Encrypt and Decrypt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::kind::symmetric_only;
use super::material::backing;
use super::{check_grant_tokens, error, no_material, reference, rsa_encryption, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::key_spec::{AwsName as _, EncryptionAlgorithm};
use crate::crypto::{CiphertextBlob, EncryptionContext, ciphertext_blob};
use crate::state::kms::Key;

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";
pub(super) const CRYPTO_ERRORS: &[&str] = &[
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
    symmetric_only(key, operation)?;
    usable(key)?;
    let current = key.current().and_then(backing);
    let current = current.ok_or_else(|| no_material(key))?;
    let entropy = &mut cx.effects.entropy;
    let blob = ciphertext_blob::seal(current, &key.id, context, plaintext, entropy)
        .map_err(|e| ApiError::validation(Service::Kms, e.to_string()))?;
    Ok((Blob::from(blob), current.id().to_string()))
}

/// Opens a blob with whichever backing key of `key` made it.
fn open(
    key: &Key,
    blob: &CiphertextBlob<'_>,
    context: &EncryptionContext,
) -> Result<(Blob, String), ApiError> {
    usable(key)?;
    let made_it = key
        .materials
        .iter()
        .find(|m| m.id == *blob.key_material_id())
        .and_then(backing)
        .ok_or_else(|| invalid_ciphertext("no backing key of this key made it"))?;
    let plaintext = blob.open(made_it, context).map_err(|_| {
        invalid_ciphertext("it was altered, or the encryption context differs from the one used")
    })?;
    Ok((Blob::from(plaintext.as_slice()), made_it.id().to_string()))
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

/// Whether the key is gone, or one of another Region, the service does not tell.
fn no_key_for_ciphertext() -> ApiError {
    error(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in \
         this region, or you are not allowed to access.",
    )
    .with_detail(
        "A ciphertext is decrypted in the Region of its key, or of a related multi-Region key.",
    )
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
            .key(blob.key_id(), view.region)
            .map(|key| key.arn.to_string())
            .ok_or_else(no_key_for_ciphertext),
    }
}

/// The key that a request decrypts with. A ciphertext of RSA names none.
pub(super) fn source_text(
    view: &View<'_>,
    algorithm: EncryptionAlgorithm,
    key_id: Option<&str>,
    ciphertext: &Blob,
) -> Result<String, ApiError> {
    match (algorithm, key_id) {
        (EncryptionAlgorithm::SYMMETRIC_DEFAULT, _) => key_text(view, key_id, &parse(ciphertext)?),
        (_, Some(text)) => Ok(text.to_owned()),
        (rsa, None) => Err(ApiError::validation(
            Service::Kms,
            format!("name the key: a ciphertext of {rsa} does not"),
        )),
    }
}

/// Decrypts with `key`, and names the backing key of a symmetric encryption key.
pub(super) fn unseal(
    cx: &mut Context<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithm,
    ciphertext: &Blob,
    context: &EncryptionContext,
    operation: &str,
) -> Result<(Blob, Option<String>), ApiError> {
    if algorithm != EncryptionAlgorithm::SYMMETRIC_DEFAULT {
        let plaintext = rsa_encryption::open(cx, key, algorithm, ciphertext, operation)?;
        return Ok((plaintext, None));
    }
    let blob = parse(ciphertext)?;
    same_key(key, &blob)?;
    let (plaintext, material) = open(key, &blob, context)?;
    Ok((plaintext, Some(material)))
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
    /// `SYMMETRIC_DEFAULT` (default), or for an RSA key `RSAES_OAEP_SHA_1` or `RSAES_OAEP_SHA_256`.
    #[serde(default)]
    pub encryption_algorithm: Option<String>,
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
    /// The algorithm.
    pub encryption_algorithm: EncryptionAlgorithm,
}

impl Encrypt {
    fn algorithm(&self) -> Result<EncryptionAlgorithm, ApiError> {
        rsa_encryption::algorithm("encryptionAlgorithm", self.encryption_algorithm.as_deref())
    }
}

impl Operation for Encrypt {
    type Output = Encrypted;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Encrypt")
        .needs(&["kms:Encrypt"])
        .fails(CRYPTO_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        rsa_encryption::check_context(self.algorithm()?, &self.encryption_context)?;
        check_length("plaintext", self.plaintext.len(), 4096)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (context, algorithm) = (&self.encryption_context, self.algorithm()?);
        crypto_request(
            view,
            &self.key_id,
            "kms:Encrypt",
            context,
            &self.grant_tokens,
        )
        .map(|request| vec![request.with("kms:EncryptionAlgorithm", algorithm.as_str())])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::any(&cx.view(), &self.key_id)?.key.clone();
        let (encryption_algorithm, plaintext) = (self.algorithm()?, self.plaintext.as_bytes());
        let ciphertext_blob = match encryption_algorithm {
            EncryptionAlgorithm::SYMMETRIC_DEFAULT => {
                seal(cx, &key, &self.encryption_context, plaintext, "Encrypt")?.0
            }
            rsa => rsa_encryption::seal(cx, &key, rsa, plaintext, "Encrypt")?,
        };
        Ok(Encrypted {
            ciphertext_blob,
            key_id: key.arn,
            encryption_algorithm,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        reference::record(
            key,
            json!({
                "keyId": self.key_id, "encryptionContext": self.encryption_context,
                "encryptionAlgorithm": self.algorithm().ok(),
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
    /// `SYMMETRIC_DEFAULT` (default), or for an RSA key `RSAES_OAEP_SHA_1` or `RSAES_OAEP_SHA_256`.
    #[serde(default)]
    pub encryption_algorithm: Option<String>,
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
    /// The backing key that made the ciphertext, of a symmetric encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_material_id: Option<String>,
    /// The algorithm.
    pub encryption_algorithm: EncryptionAlgorithm,
}

impl Decrypt {
    fn algorithm(&self) -> Result<EncryptionAlgorithm, ApiError> {
        rsa_encryption::algorithm("encryptionAlgorithm", self.encryption_algorithm.as_deref())
    }

    fn key_text(&self, view: &View<'_>) -> Result<String, ApiError> {
        source_text(
            view,
            self.algorithm()?,
            self.key_id.as_deref(),
            &self.ciphertext_blob,
        )
    }
}

impl Operation for Decrypt {
    type Output = Decrypted;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "Decrypt")
        .needs(&["kms:Decrypt"])
        .fails(CRYPTO_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        rsa_encryption::check_context(self.algorithm()?, &self.encryption_context)?;
        check_length("ciphertextBlob", self.ciphertext_blob.len(), 6144)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (text, algorithm) = (self.key_text(view)?, self.algorithm()?);
        let context = &self.encryption_context;
        let mut request = crypto_request(view, &text, "kms:Decrypt", context, &self.grant_tokens)?
            .with("kms:EncryptionAlgorithm", algorithm.as_str());
        request.named_by_ciphertext = self.key_id.is_none();
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let text = self.key_text(&view)?;
        let key = reference::any(&view, &text)?.key.clone();
        let encryption_algorithm = self.algorithm()?;
        let (plaintext, key_material_id) = unseal(
            cx,
            &key,
            encryption_algorithm,
            &self.ciphertext_blob,
            &self.encryption_context,
            "Decrypt",
        )?;
        Ok(Decrypted {
            plaintext,
            key_id: key.arn,
            key_material_id,
            encryption_algorithm,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let text = self.key_text(view).ok();
        let named = text.and_then(|text| reference::any(view, &text).ok());
        let key = named.map(|named| named.key);
        let mut parameters = json!({
            "encryptionContext": self.encryption_context, "encryptionAlgorithm": self.algorithm().ok(),
        });
        if let (Some(text), Some(members)) = (&self.key_id, parameters.as_object_mut()) {
            members.insert("keyId".to_owned(), json!(text));
        }
        reference::record(key, parameters)
    }
}
