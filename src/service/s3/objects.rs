//! What the operations on objects share: keys, headers, and finding an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::customer_key::CustomerMembers;
use super::error;
use crate::api::{AccessRequest, ApiError, Service, Target, View};
use crate::base::Timestamp;
use crate::state::s3::{Bucket, Object, ObjectEncryption};

/// Why an object's key is not one. Source: S3 User Guide, "Naming Amazon S3 objects".
pub(super) fn check_key(key: &str) -> Result<(), ApiError> {
    match key.len() {
        0 => Err(error(
            "InvalidArgument",
            400,
            "an object's key has at least one character",
        )),
        1..=1024 => Ok(()),
        _ => Err(error("KeyTooLongError", 400, "Your key is too long")),
    }
}

/// What S3 says of an object's encryption.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptionHeaders {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`; not there with SSE-C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_encryption: Option<&'static str>,
    /// The ARN of the KMS key.
    #[serde(rename = "SSEKMSKeyId", skip_serializing_if = "Option::is_none")]
    pub sse_kms_key_id: Option<String>,
    /// Whether a Bucket Key was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
    /// `AES256` with SSE-C.
    #[serde(
        rename = "SSECustomerAlgorithm",
        skip_serializing_if = "Option::is_none"
    )]
    pub sse_customer_algorithm: Option<&'static str>,
    /// The MD5 of the key that the request brought.
    #[serde(rename = "SSECustomerKeyMD5", skip_serializing_if = "Option::is_none")]
    pub sse_customer_key_md5: Option<String>,
}

impl EncryptionHeaders {
    /// Describes `encryption`; `customer` is what the request brought.
    ///
    /// # Errors
    /// Those of a key that is none.
    pub fn of(encryption: &ObjectEncryption, customer: &CustomerMembers) -> Result<Self, ApiError> {
        Ok(match encryption {
            ObjectEncryption::SseS3 => Self {
                server_side_encryption: Some("AES256"),
                ..Self::default()
            },
            ObjectEncryption::SseKms {
                key,
                bucket_key,
                dual_layer,
                ..
            } => Self {
                server_side_encryption: Some(match dual_layer {
                    true => "aws:kms:dsse",
                    false => "aws:kms",
                }),
                sse_kms_key_id: Some(key.to_string()),
                bucket_key_enabled: bucket_key.then_some(true),
                ..Self::default()
            },
            ObjectEncryption::SseC => Self {
                sse_customer_algorithm: Some("AES256"),
                sse_customer_key_md5: customer.decode()?.map(|key| key.md5),
                ..Self::default()
            },
        })
    }
}

/// What is known of an object without reading it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectHead {
    /// The length of the bytes that were asked for.
    pub content_length: u64,
    /// The media type.
    pub content_type: String,
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// The user's metadata.
    pub metadata: BTreeMap<String, String>,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
}

impl ObjectHead {
    pub(super) fn of(
        object: &Object,
        length: u64,
        customer: &CustomerMembers,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            content_length: length,
            content_type: object.content_type.clone(),
            etag: format!("\"{}\"", object.etag),
            last_modified: object.last_modified,
            metadata: object.metadata.clone(),
            encryption: EncryptionHeaders::of(&object.encryption, customer)?,
        })
    }
}

/// The object under `key`. Who may not list the bucket is not told that it is missing.
///
/// Source: S3 API Reference, `GetObject`, permissions.
///
/// # Errors
/// `NoSuchKey` 404 or `AccessDenied` 403.
pub(super) fn object(view: &View<'_>, bucket: &Bucket, key: &str) -> Result<Arc<Object>, ApiError> {
    if let Some(found) = bucket.objects.get(key) {
        return Ok(Arc::clone(found));
    }
    let listing = AccessRequest::new("s3:ListBucket", Target::bucket(bucket));
    let decision = crate::api::judge(view, &listing);
    if !decision.is_allow() {
        return Err(ApiError::denied(Service::S3, Arc::new(decision)).with_detail(format!(
            "There is no object `{key}`. Without s3:ListBucket on the bucket S3 does not say so: \
             it answers 403 instead of 404."
        )));
    }
    let missing = error("NoSuchKey", 404, "The specified key does not exist.");
    Err(
        match crate::base::nearest(key, bucket.objects.keys().map(String::as_str)) {
            Some(near) => missing.with_detail(format!(
                "There is no object `{key}`; did you mean `{near}`?"
            )),
            None => missing.with_detail(format!("There is no object `{key}` in {}.", bucket.name)),
        },
    )
}
