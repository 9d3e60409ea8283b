//! Putting, getting and deleting objects.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::encryption::{self, Sealed, Wish};
use super::{bucket, bucket_mut, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Blob, Timestamp};
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

/// Stores an object, encrypted. With SSE-KMS the caller needs `s3:PutObject`
/// and `kms:GenerateDataKey`; `kms:Encrypt` is never asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The bytes.
    #[serde(default)]
    pub body: Blob,
    /// The media type.
    #[serde(default)]
    pub content_type: Option<String>,
    /// The user's metadata.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// `AES256` or `aws:kms`; the bucket's default without it.
    #[serde(default)]
    pub server_side_encryption: Option<String>,
    /// The KMS key: id, key ARN, alias name or alias ARN.
    #[serde(default, rename = "SSEKMSKeyId")]
    pub sse_kms_key_id: Option<String>,
    /// Further pairs of the encryption context, as base64 of a JSON object.
    #[serde(default, rename = "SSEKMSEncryptionContext")]
    pub sse_kms_encryption_context: Option<String>,
    /// Whether to use a Bucket Key.
    #[serde(default)]
    pub bucket_key_enabled: Option<bool>,
}

/// The answer of operations that store an object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Stored {
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
}

/// What S3 says of an object's encryption.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptionHeaders {
    /// `AES256` or `aws:kms`.
    pub server_side_encryption: &'static str,
    /// The ARN of the KMS key.
    #[serde(rename = "SSEKMSKeyId", skip_serializing_if = "Option::is_none")]
    pub sse_kms_key_id: Option<String>,
    /// Whether a Bucket Key was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
}

impl EncryptionHeaders {
    /// Describes `encryption`.
    pub fn of(encryption: &ObjectEncryption) -> Self {
        match encryption {
            ObjectEncryption::SseS3 => Self {
                server_side_encryption: "AES256",
                sse_kms_key_id: None,
                bucket_key_enabled: None,
            },
            ObjectEncryption::SseKms {
                key, bucket_key, ..
            } => Self {
                server_side_encryption: "aws:kms",
                sse_kms_key_id: Some(key.to_string()),
                bucket_key_enabled: bucket_key.then_some(true),
            },
        }
    }
}

/// Asks for `s3:PutObject`, showing policies the encryption headers as they were sent.
pub(super) fn put_request(target: Target, wish: &Wish) -> AccessRequest {
    AccessRequest::new("s3:PutObject", target)
        .with_some("s3:x-amz-server-side-encryption", wish.algorithm.clone())
        .with_some(
            "s3:x-amz-server-side-encryption-aws-kms-key-id",
            wish.kms_key.clone(),
        )
}

/// Puts a sealed body under `key` and answers with its tag.
pub(super) fn store(
    cx: &mut Context<'_>,
    name: &str,
    key: &str,
    sealed: Sealed,
    size: usize,
    content_type: String,
    metadata: BTreeMap<String, String>,
) -> Result<(Stored, Timestamp), ApiError> {
    let last_modified = cx.now();
    let stored = Stored {
        etag: format!("\"{}\"", sealed.etag),
        encryption: EncryptionHeaders::of(&sealed.encryption),
    };
    let object = Object {
        body: sealed.body,
        size: size as u64,
        etag: sealed.etag,
        last_modified,
        content_type,
        metadata,
        encryption: sealed.encryption,
    };
    bucket_mut(cx.cloud, name)?
        .objects
        .insert_mut(key.to_owned(), Arc::new(object));
    Ok((stored, last_modified))
}

impl PutObject {
    fn wish(&self) -> Wish {
        Wish {
            algorithm: self.server_side_encryption.clone(),
            kms_key: self.sse_kms_key_id.clone(),
            context: self.sse_kms_encryption_context.clone(),
            bucket_key: self.bucket_key_enabled,
        }
    }
}

impl Operation for PutObject {
    type Output = Stored;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutObject")
        .data()
        .needs(&["s3:PutObject", "kms:GenerateDataKey"])
        .fails(&[
            "NoSuchBucket",
            "KMS.DisabledException",
            "KMS.NotFoundException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        self.wish().validate()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![put_request(
            Target::object(bucket, &self.key),
            &self.wish(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let wish = self.wish();
        let sealed = encryption::seal(cx, &bucket, &self.key, self.body.as_bytes(), &wish)?;
        let content_type = self
            .content_type
            .unwrap_or_else(|| "binary/octet-stream".to_owned());
        let size = self.body.len();
        store(
            cx,
            &self.bucket,
            &self.key,
            sealed,
            size,
            content_type,
            self.metadata,
        )
        .map(|(stored, _)| stored)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let mut parameters = json!({ "bucketName": self.bucket, "key": self.key });
        if let (Some(algorithm), Some(members)) =
            (&self.server_side_encryption, parameters.as_object_mut())
        {
            members.insert("x-amz-server-side-encryption".to_owned(), json!(algorithm));
        }
        record(view, &self.bucket, Some(&self.key), parameters)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({
            "x-amz-server-side-encryption": output.encryption.server_side_encryption,
            "x-amz-server-side-encryption-aws-kms-key-id": output.encryption.sse_kms_key_id,
        })
    }
}

/// Reads an object, decrypted. With SSE-KMS the caller needs `s3:GetObject`
/// and `kms:Decrypt`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// A part of it: `bytes=0-99`, `bytes=100-` or `bytes=-10`.
    #[serde(default)]
    pub range: Option<String>,
}

/// An object with its body.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectBody {
    /// The bytes.
    pub body: Blob,
    /// Which part of the whole they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_range: Option<String>,
    /// What is known of the object.
    #[serde(flatten)]
    pub head: ObjectHead,
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
    pub(super) fn of(object: &Object, length: u64) -> Self {
        Self {
            content_length: length,
            content_type: object.content_type.clone(),
            etag: format!("\"{}\"", object.etag),
            last_modified: object.last_modified,
            metadata: object.metadata.clone(),
            encryption: EncryptionHeaders::of(&object.encryption),
        }
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

/// The bytes that a `Range` header asks for.
///
/// Source: RFC 9110, section 14.1.2.
fn parse_range(text: &str, size: u64) -> Result<Range<u64>, ApiError> {
    let wrong = || {
        error(
            "InvalidRange",
            416,
            "The requested range is not satisfiable",
        )
        .with_detail(format!("`{text}` does not fit an object of {size} bytes"))
    };
    let (from, to) = text
        .strip_prefix("bytes=")
        .and_then(|r| r.split_once('-'))
        .ok_or_else(wrong)?;
    let number = |t: &str| t.parse::<u64>().map_err(|_| wrong());
    let range = match (from, to) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => number(first)?..number(last)?.saturating_add(1).min(size),
    };
    if range.start >= range.end {
        Err(wrong())
    } else {
        Ok(range)
    }
}

impl Operation for GetObject {
    type Output = ObjectBody;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetObject")
        .data()
        .needs(&["s3:GetObject", "kms:Decrypt"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "InvalidRange",
            "KMS.DisabledException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:GetObject",
            Target::object(bucket, &self.key),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let object = object(&cx.view(), &bucket, &self.key)?;
        let range = match &self.range {
            Some(text) => Some(parse_range(text, object.size)?),
            None => None,
        };
        let plaintext = encryption::open(cx, &bucket, &self.key, &object, range.clone())?;
        let content_range = range.map(|r| {
            format!(
                "bytes {}-{}/{}",
                r.start,
                r.end.saturating_sub(1),
                object.size
            )
        });
        Ok(ObjectBody {
            content_range,
            head: ObjectHead::of(&object, plaintext.len() as u64),
            body: Blob::from(plaintext.as_slice()),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "key": self.key });
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}

/// Deletes an object; it is no error if there is none. KMS is not asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

impl Operation for DeleteObject {
    type Output = super::buckets::Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteObject")
        .data()
        .needs(&["s3:DeleteObject"])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:DeleteObject",
            Target::object(bucket, &self.key),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        bucket_mut(cx.cloud, &self.bucket)?
            .objects
            .remove_mut(&self.key);
        Ok(super::buckets::Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "key": self.key });
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
