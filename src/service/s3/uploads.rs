//! Beginning, listing and aborting multipart uploads.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::buckets::Nothing;
use super::checksums::{self, type_name};
use super::customer_key::{CustomerKeyText, CustomerMembers, customer_members};
use super::list::page_size;
use super::objects::{EncryptionHeaders, check_key};
use super::put::put_request;
use super::wish::Wish;
use super::{acl, bucket, bucket_mut, error, parts, record, tags};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::state::checksum::ChecksumRule;
use crate::state::s3::Bucket;
use crate::state::uploads::Upload;

/// Begins an upload in parts. With SSE-KMS the caller needs
/// `kms:GenerateDataKey` now, and `kms:Decrypt` with every part.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateMultipartUpload {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The media type.
    #[serde(default)]
    pub content_type: Option<String>,
    /// The user's metadata.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// `AES256`, `aws:kms` or `aws:kms:dsse`; the bucket's default without it.
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
    /// `AES256`: the caller brings a key of their own with every part (SSE-C).
    #[serde(default, rename = "SSECustomerAlgorithm")]
    pub sse_customer_algorithm: Option<String>,
    /// That key, 32 bytes. S3 does not keep it.
    #[serde(default, rename = "SSECustomerKey")]
    pub sse_customer_key: Option<CustomerKeyText>,
    /// The MD5 of the key in base64; computed without it.
    #[serde(default, rename = "SSECustomerKeyMD5")]
    pub sse_customer_key_md5: Option<String>,
    /// `CRC32`, `CRC32C`, `CRC64NVME`, `SHA1` or `SHA256`: the checksum that every part has.
    #[serde(default)]
    pub checksum_algorithm: Option<String>,
    /// `FULL_OBJECT` or `COMPOSITE`: whether the object's checksum is one of
    /// its bytes or of its parts' checksums.
    #[serde(default)]
    pub checksum_type: Option<String>,
    /// Tags as `key=value&key2=value2`, encoded as in a URL; needs `s3:PutObjectTagging`.
    #[serde(default)]
    pub tagging: Option<String>,
    /// A canned ACL; needs `s3:PutObjectAcl`. All but `bucket-owner-full-control` are refused.
    #[serde(default, rename = "ACL")]
    pub acl: Option<String>,
}

/// An upload that was begun.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreatedUpload {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// What the calls about this upload name it by.
    pub upload_id: String,
    /// How the object will be encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
    /// What checksum it will have.
    #[serde(flatten)]
    pub checksum: ChecksumWords,
}

/// What checksum an upload asked for.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ChecksumWords {
    /// The algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_algorithm: Option<&'static str>,
    /// `FULL_OBJECT` or `COMPOSITE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_type: Option<&'static str>,
}

impl ChecksumWords {
    pub(super) fn of(rule: Option<ChecksumRule>) -> Self {
        Self {
            checksum_algorithm: rule.map(|rule| rule.algorithm.name()),
            checksum_type: rule.map(|rule| type_name(rule.kind)),
        }
    }
}

impl CreateMultipartUpload {
    fn rule(&self) -> Result<Option<ChecksumRule>, ApiError> {
        let algorithm = self.checksum_algorithm.as_deref();
        checksums::rule(algorithm, self.checksum_type.as_deref())
    }

    fn wish(&self) -> Wish {
        Wish {
            algorithm: self.server_side_encryption.clone(),
            kms_key: self.sse_kms_key_id.clone(),
            context: self.sse_kms_encryption_context.clone(),
            bucket_key: self.bucket_key_enabled,
            customer: customer_members!(self),
        }
    }
}

impl Operation for CreateMultipartUpload {
    type Output = CreatedUpload;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "CreateMultipartUpload")
        .data()
        .needs(&[
            "s3:PutObject",
            "s3:PutObjectTagging",
            "s3:PutObjectAcl",
            "kms:GenerateDataKey",
        ])
        .fails(&[
            "NoSuchBucket",
            "KMS.DisabledException",
            "KMS.NotFoundException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        self.rule()?;
        tags::in_header(self.tagging.as_deref())?;
        acl::validate(self.acl.as_deref())?;
        self.wish().validate()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::object(bucket(view, &self.bucket)?, &self.key);
        let put = put_request(target, &self.wish());
        let tags = tags::in_header(self.tagging.as_deref())?;
        let requests = tags::write_requests(put, tags.as_ref());
        Ok(acl::requests(requests, self.acl.as_deref()))
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let wish = self.wish();
        let (encryption, manifest_key) = parts::begin(cx, &bucket, &self.key, &wish)?;
        let headers = EncryptionHeaders::of(&parts::of_object(&encryption), &wish.customer)?;
        let rule = self.rule()?;
        acl::refuse(self.acl.as_deref())?;
        let upload = Upload {
            key: self.key.clone(),
            initiated: cx.now(),
            content_type: self
                .content_type
                .unwrap_or_else(|| "binary/octet-stream".to_owned()),
            metadata: self.metadata,
            encryption,
            manifest_key,
            tags: tags::in_header(self.tagging.as_deref())?.unwrap_or_default(),
            overtaken: false,
            checksum: rule,
            parts: BTreeMap::new(),
        };
        let upload_id = cx.effects.entropy.hex(32);
        bucket_mut(cx.cloud, &self.bucket)?
            .uploads
            .insert_mut(upload_id.clone(), Arc::new(upload));
        Ok(CreatedUpload {
            bucket: self.bucket,
            key: self.key,
            upload_id,
            encryption: headers,
            checksum: ChecksumWords::of(rule),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "key": self.key, "uploads": "" });
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}

/// The upload `id`, which is one of `key`.
///
/// # Errors
/// `NoSuchUpload` 404.
pub(super) fn upload(bucket: &Bucket, key: &str, id: &str) -> Result<Arc<Upload>, ApiError> {
    let found = bucket.uploads.get(id).filter(|upload| upload.key == key);
    found.cloned().ok_or_else(|| {
        error(
            "NoSuchUpload",
            404,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may \
             have been aborted or completed.",
        )
    })
}

/// The record of a call about an upload.
pub(super) fn upload_record(view: &View<'_>, name: &str, key: &str, id: &str) -> Record {
    let parameters = json!({ "bucketName": name, "key": key, "uploadId": id });
    record(view, name, Some(key), parameters)
}

/// Gives up an upload; its parts are gone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AbortMultipartUpload {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
}

impl Operation for AbortMultipartUpload {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "AbortMultipartUpload")
        .data()
        .needs(&["s3:AbortMultipartUpload"])
        .fails(&["NoSuchBucket", "NoSuchUpload"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::object(bucket(view, &self.bucket)?, &self.key);
        Ok(vec![AccessRequest::new("s3:AbortMultipartUpload", target)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        upload(
            bucket(&cx.view(), &self.bucket)?,
            &self.key,
            &self.upload_id,
        )?;
        bucket_mut(cx.cloud, &self.bucket)?
            .uploads
            .remove_mut(&self.upload_id);
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        upload_record(view, &self.bucket, &self.key, &self.upload_id)
    }
}

/// Lists the uploads that are under way, by key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListMultipartUploads {
    /// The bucket.
    pub bucket: String,
    /// Only keys that begin so.
    #[serde(default)]
    pub prefix: Option<String>,
    /// At most this many, 1000 by default.
    #[serde(default)]
    pub max_uploads: Option<i64>,
    /// The `NextKeyMarker` of the page before.
    #[serde(default)]
    pub key_marker: Option<String>,
    /// The `NextUploadIdMarker` of the page before.
    #[serde(default)]
    pub upload_id_marker: Option<String>,
}

/// An upload that is under way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UploadEntry {
    /// The object's key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// When it was begun.
    pub initiated: Timestamp,
    /// `STANDARD`.
    pub storage_class: &'static str,
    /// What checksum it asked for.
    #[serde(flatten)]
    pub checksum: ChecksumWords,
}

/// A page of uploads.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UploadList {
    /// The bucket.
    pub bucket: String,
    /// The uploads.
    pub uploads: Vec<UploadEntry>,
    /// How many there could be.
    pub max_uploads: usize,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The key at which the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_key_marker: Option<String>,
    /// The upload behind which it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_upload_id_marker: Option<String>,
}

impl ListMultipartUploads {
    /// Whether an upload lies behind the markers.
    fn is_after(&self, key: &str, id: &str) -> bool {
        match (self.key_marker.as_deref(), self.upload_id_marker.as_deref()) {
            (None, _) => true,
            (Some(marker), None) => key > marker,
            (Some(marker), Some(last)) => (key, id) > (marker, last),
        }
    }
}

impl Operation for ListMultipartUploads {
    type Output = UploadList;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "ListMultipartUploads")
        .data()
        .needs(&["s3:ListBucketMultipartUploads"])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        page_size("MaxUploads", self.max_uploads).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::bucket(bucket(view, &self.bucket)?);
        let request = AccessRequest::new("s3:ListBucketMultipartUploads", target);
        Ok(vec![request.with_some("s3:prefix", self.prefix.clone())])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let max_uploads = page_size("MaxUploads", self.max_uploads)?;
        let view = cx.view();
        let bucket = bucket(&view, &self.bucket)?;
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let found = bucket.uploads.iter();
        let mut uploads: Vec<UploadEntry> = found
            .filter(|(id, upload)| upload.key.starts_with(prefix) && self.is_after(&upload.key, id))
            .map(|(id, upload)| UploadEntry {
                key: upload.key.clone(),
                upload_id: id.clone(),
                initiated: upload.initiated,
                storage_class: "STANDARD",
                checksum: ChecksumWords::of(upload.checksum),
            })
            .collect();
        uploads.sort_by(|a, b| (&a.key, &a.upload_id).cmp(&(&b.key, &b.upload_id)));
        let is_truncated = max_uploads > 0 && uploads.len() > max_uploads;
        uploads.truncate(max_uploads);
        let last = uploads.last().filter(|_| is_truncated);
        Ok(UploadList {
            next_key_marker: last.map(|last| last.key.clone()),
            next_upload_id_marker: last.map(|last| last.upload_id.clone()),
            bucket: self.bucket,
            uploads,
            max_uploads,
            is_truncated,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "uploads": "" });
        record(view, &self.bucket, None, parameters)
    }
}
