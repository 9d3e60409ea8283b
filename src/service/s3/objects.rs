//! What the operations on objects share: keys, headers, and finding an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::checksums::ChecksumHeaders;
use super::customer_key::CustomerMembers;
use super::error;
use super::object_tags::tagging_request;
use super::tags::{of_object, with_existing_tags};
use crate::api::{AccessRequest, ApiError, Service, Target, View};
use crate::base::Timestamp;
use crate::state::s3::{Bucket, Object, ObjectEncryption};
use crate::state::versions::{VersionId, Versioning};

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
    /// The version, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
    /// How many parts it has, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts_count: Option<usize>,
    /// How many tags it has, for who may read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_count: Option<usize>,
    /// Its checksum, where `ChecksumMode` is `ENABLED`.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
}

impl ObjectHead {
    pub(super) fn of(
        found: &Found,
        length: u64,
        customer: &CustomerMembers,
    ) -> Result<Self, ApiError> {
        let object = &found.object;
        Ok(Self {
            version_id: found.version.clone(),
            content_length: length,
            content_type: object.content_type.clone(),
            etag: format!("\"{}\"", object.etag),
            last_modified: object.last_modified,
            metadata: object.metadata.clone(),
            encryption: EncryptionHeaders::of(&object.encryption, customer)?,
            parts_count: None,
            tag_count: None,
            checksum: ChecksumHeaders::default(),
        })
    }
}

/// Asks for the permission to read `key`, or one version of it.
///
/// Source: S3 API Reference, `GetObject`, permissions.
pub(super) fn read_request(bucket: &Bucket, key: &str, version: Option<&str>) -> AccessRequest {
    let target = Target::object(bucket, key);
    let request = match version {
        None => AccessRequest::new("s3:GetObject", target),
        Some(id) => AccessRequest::new("s3:GetObjectVersion", target).with("s3:VersionId", id),
    };
    with_existing_tags(request, bucket, key, version)
}

/// Checks that S3 could have given this id.
///
/// # Errors
/// `InvalidArgument`.
pub(super) fn version_id(text: Option<&str>) -> Result<Option<VersionId>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    VersionId::parse(text).map(Some).ok_or_else(|| {
        let detail = format!("`{text}` is no version id: ListObjectVersions has those there are.");
        error("InvalidArgument", 400, "Invalid version id specified").with_detail(detail)
    })
}

/// An object that was found, and which version it is.
pub(super) struct Found {
    /// The object.
    pub(super) object: Arc<Object>,
    /// Its version, in a bucket that keeps versions.
    pub(super) version: Option<String>,
}

/// The object under `key`, or a version of it. Who may not list the bucket is
/// not told that it is missing.
///
/// Source: S3 API Reference, `GetObject`, permissions; S3 User Guide, "Working
/// with delete markers".
///
/// # Errors
/// `NoSuchKey`, `NoSuchVersion` 404, `MethodNotAllowed` 405 for a delete
/// marker, or `AccessDenied` 403.
pub(super) fn object(
    view: &View<'_>,
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> Result<Found, ApiError> {
    let Some(id) = version_id(version)? else {
        let found = bucket.objects.get(key).map(|object| Found {
            object: Arc::clone(object),
            version: bucket.current_version(key).map(|id| id.as_str().to_owned()),
        });
        return found.map_or_else(|| Err(missing(view, bucket, key)), Ok);
    };
    let versions = bucket.versions_of(key);
    match versions.into_iter().find(|version| version.id == id) {
        Some(version) => Ok(Found {
            object: version.object.ok_or_else(delete_marker)?,
            version: Some(id.as_str().to_owned())
                .filter(|_| bucket.versioning != Versioning::Never),
        }),
        None => Err(hidden(view, bucket, key).unwrap_or_else(|| {
            error(
                "NoSuchVersion",
                404,
                "The specified version does not exist.",
            )
        })),
    }
}

/// The error where a delete marker stands in the place of an object.
pub(super) fn delete_marker() -> ApiError {
    let text = "The specified method is not allowed against this resource.";
    error("MethodNotAllowed", 405, text)
        .with_detail("This version is a delete marker: there is nothing to read.")
}

/// How many tags an object has, for who may read them.
///
/// Source: S3 API Reference, `GetObject`, `TagCount`.
pub(super) fn tag_count(
    view: &View<'_>,
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> Option<usize> {
    let count = of_object(bucket, key, version).len();
    let asked = (count > 0).then(|| tagging_request(bucket, key, version, "Get"));
    asked
        .filter(|request| crate::api::judge(view, request).is_allow())
        .map(|_| count)
}

/// The denial for who may not list the bucket.
fn hidden(view: &View<'_>, bucket: &Bucket, key: &str) -> Option<ApiError> {
    let listing = AccessRequest::new("s3:ListBucket", Target::bucket(bucket));
    let decision = crate::api::judge(view, &listing);
    if decision.is_allow() {
        return None;
    }
    let detail = format!(
        "There is no object `{key}`. Without s3:ListBucket on the bucket S3 does not say so: \
         it answers 403 instead of 404."
    );
    Some(ApiError::denied(Service::S3, Arc::new(decision)).with_detail(detail))
}

fn missing(view: &View<'_>, bucket: &Bucket, key: &str) -> ApiError {
    if let Some(denial) = hidden(view, bucket, key) {
        return denial;
    }
    let missing = error("NoSuchKey", 404, "The specified key does not exist.");
    match crate::base::nearest(key, bucket.objects.keys().map(String::as_str)) {
        Some(near) => missing.with_detail(format!(
            "There is no object `{key}`; did you mean `{near}`?"
        )),
        None => missing.with_detail(format!("There is no object `{key}` in {}.", bucket.name)),
    }
}
