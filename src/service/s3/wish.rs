//! What a request says of encryption, and what follows with the bucket's default.

use base64::Engine as _;

use super::customer_key::{CustomerKey, CustomerMembers};
use super::error;
use crate::api::{ApiError, Context};
use crate::crypto::EncryptionContext;
use crate::service::kms;
use crate::state::s3::{Bucket, DefaultEncryption};

/// The values of `ServerSideEncryption`.
pub(super) const ALGORITHMS: &str = "`AES256`, `aws:kms` or `aws:kms:dsse`";

/// The error for a word that names no algorithm where `known` can be said.
pub(super) fn not_an_algorithm(word: &str, known: &str) -> ApiError {
    error(
        "InvalidEncryptionAlgorithmError",
        400,
        "The Encryption request you specified is not valid. Supported value: AES256.",
    )
    .with_detail(format!("`{word}` is not a value here: use {known}"))
}

/// What a request says of encryption.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: Option<String>,
    /// A key id, key ARN, alias name or alias ARN.
    pub kms_key: Option<String>,
    /// Further context pairs, as base64 of a JSON object.
    pub context: Option<String>,
    /// Whether to use a Bucket Key.
    pub bucket_key: Option<bool>,
    /// A key of the caller's own, for SSE-C.
    pub customer: CustomerMembers,
}

impl Wish {
    /// Checks the combination for itself.
    ///
    /// # Errors
    /// `InvalidArgument`, `InvalidEncryptionAlgorithmError`.
    pub fn validate(&self) -> Result<(), ApiError> {
        if self.customer.decode()?.is_some() && (self.algorithm.is_some() || self.kms_key.is_some())
        {
            return Err(error(
                "InvalidArgument",
                400,
                "Server Side Encryption with Customer provided key is incompatible with the \
                 encryption method specified",
            ));
        }
        match self.algorithm.as_deref() {
            None | Some("AES256") if self.kms_key.is_some() => Err(error(
                "InvalidArgument",
                400,
                "Server Side Encryption with AWS KMS managed key requires HTTP header \
                 x-amz-server-side-encryption : aws:kms",
            )),
            None | Some("AES256" | "aws:kms" | "aws:kms:dsse") => self.extra_context().map(|_| ()),
            Some(other) => Err(not_an_algorithm(other, ALGORITHMS)),
        }
    }

    pub(super) fn extra_context(&self) -> Result<EncryptionContext, ApiError> {
        let Some(text) = &self.context else {
            return Ok(EncryptionContext::default());
        };
        let decoded = base64::engine::general_purpose::STANDARD.decode(text).ok();
        decoded
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| {
                error(
                    "InvalidArgument",
                    400,
                    "The header 'x-amz-server-side-encryption-context' shall \
                 be Base64-encoded UTF-8 string holding JSON which represents a string-string map",
                )
            })
    }
}

/// What an object is to be encrypted with.
#[derive(Debug)]
pub(super) enum Choice {
    SseS3,
    SseKms {
        key: Option<String>,
        bucket_key: bool,
        dual_layer: bool,
    },
    SseC(CustomerKey),
}

/// The request's wish, or else the bucket's default.
pub(super) fn choose(bucket: &Bucket, wish: &Wish) -> Result<Choice, ApiError> {
    if let Some(key) = wish.customer.decode()? {
        return Ok(Choice::SseC(key));
    }
    let (default_key, default_bucket_key, default_dual) = match &bucket.encryption {
        DefaultEncryption::SseKms {
            key,
            bucket_key,
            dual_layer,
        } => (key.clone(), *bucket_key, *dual_layer),
        DefaultEncryption::SseS3 => (None, false, false),
    };
    let dual_layer = match wish.algorithm.as_deref() {
        None => default_dual,
        Some(algorithm) => algorithm == "aws:kms:dsse",
    };
    Ok(match (wish.algorithm.as_deref(), &bucket.encryption) {
        (Some("AES256"), _) | (None, DefaultEncryption::SseS3) => Choice::SseS3,
        _ => Choice::SseKms {
            key: wish.kms_key.clone().or(default_key),
            // Source: S3 User Guide, "Using dual-layer server-side encryption with AWS KMS
            // keys": Bucket Keys are not supported.
            bucket_key: !dual_layer && wish.bucket_key.unwrap_or(default_bucket_key),
            dual_layer,
        },
    })
}

/// The KMS key that was asked for, or `aws/s3` of the bucket's Region.
pub(super) fn kms_key(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    wanted: Option<String>,
) -> Result<String, ApiError> {
    match wanted {
        Some(key) => Ok(key),
        None => cx.in_region(&bucket.region, |cx| {
            kms::managed::aws_managed_key(cx, "s3").map(|key| key.to_string())
        }),
    }
}
