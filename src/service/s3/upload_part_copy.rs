//! Uploading parts from objects that are stored.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checksums::{Brought, ChecksumHeaders};
use super::conditions::ReadConditions;
use super::copy::split_source;
use super::customer_key::{CustomerKeyText, CustomerMembers, customer_members};
use super::objects::{EncryptionHeaders, object, read_request, version_id};
use super::put::put_request;
use super::upload_part::{Place, tag};
use super::uploads::{upload, upload_record};
use super::wish::Wish;
use super::{bucket, encryption, error};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;

/// Uploads one part from an object, or from a range of it, which is read with
/// the caller's own permissions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UploadPartCopy {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// Which part, 1 to 10000.
    pub part_number: i64,
    /// `bucket/key` to read from, with `?versionId=…` for one version of it.
    pub copy_source: String,
    /// `bytes=first-last`; all of it without.
    #[serde(default)]
    pub copy_source_range: Option<String>,
    /// `AES256`, for an upload that was begun with SSE-C.
    #[serde(default, rename = "SSECustomerAlgorithm")]
    pub sse_customer_algorithm: Option<String>,
    /// The key with which it was begun.
    #[serde(default, rename = "SSECustomerKey")]
    pub sse_customer_key: Option<CustomerKeyText>,
    /// The MD5 of the key in base64; computed without it.
    #[serde(default, rename = "SSECustomerKeyMD5")]
    pub sse_customer_key_md5: Option<String>,
    /// `AES256`, for a source that was stored with SSE-C.
    #[serde(default, rename = "CopySourceSSECustomerAlgorithm")]
    pub copy_source_sse_customer_algorithm: Option<String>,
    /// The key with which the source was stored.
    #[serde(default, rename = "CopySourceSSECustomerKey")]
    pub copy_source_sse_customer_key: Option<CustomerKeyText>,
    /// The MD5 of that key in base64; computed without it.
    #[serde(default, rename = "CopySourceSSECustomerKeyMD5")]
    pub copy_source_sse_customer_key_md5: Option<String>,
    /// Only if the source's entity tag is this one; otherwise 412.
    #[serde(default)]
    pub copy_source_if_match: Option<String>,
    /// Only if the source's entity tag is another; otherwise 412.
    #[serde(default)]
    pub copy_source_if_none_match: Option<String>,
    /// Only if the source was written after this instant; otherwise 412.
    #[serde(default)]
    pub copy_source_if_modified_since: Option<Timestamp>,
    /// Only if the source was not written after this instant; otherwise 412.
    #[serde(default)]
    pub copy_source_if_unmodified_since: Option<Timestamp>,
}

/// A part that was copied.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CopiedPart {
    /// The part.
    pub copy_part_result: CopyPartResult,
    /// The version that was read, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_source_version_id: Option<String>,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
}

/// The part that a copy made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CopyPartResult {
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Its checksum, where the upload was begun with one.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
}

impl UploadPartCopy {
    fn place(&self) -> Place<'_> {
        Place {
            bucket: &self.bucket,
            key: &self.key,
            upload_id: &self.upload_id,
            number: self.part_number,
        }
    }

    fn customer(&self) -> CustomerMembers {
        customer_members!(self)
    }

    fn source_customer(&self) -> CustomerMembers {
        CustomerMembers {
            algorithm: self.copy_source_sse_customer_algorithm.clone(),
            key: self.copy_source_sse_customer_key.clone(),
            md5: self.copy_source_sse_customer_key_md5.clone(),
        }
    }

    fn source_conditions(&self) -> ReadConditions {
        ReadConditions {
            if_match: self.copy_source_if_match.clone(),
            if_none_match: self.copy_source_if_none_match.clone(),
            if_modified_since: self.copy_source_if_modified_since,
            if_unmodified_since: self.copy_source_if_unmodified_since,
        }
    }

    /// The range as it is written, its end included.
    fn range(&self) -> Result<Option<(u64, u64)>, ApiError> {
        let Some(text) = &self.copy_source_range else {
            return Ok(None);
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>().ok().filter(|_| digits)
        };
        let range = text.strip_prefix("bytes=").and_then(|range| {
            let (first, last) = range.split_once('-')?;
            Some((number(first)?, number(last)?))
        });
        range.filter(|(first, last)| first <= last).map(Some).ok_or_else(|| {
            let text = "The x-amz-copy-source-range value must be of the form bytes=first-last where \
                        first and last are the zero-based offsets of the first and last bytes to copy";
            error("InvalidArgument", 400, text)
        })
    }

    fn range_of(&self, size: u64) -> Result<Option<Range<u64>>, ApiError> {
        match self.range()? {
            Some((_, last)) if last >= size => {
                let text =
                    format!("Range specified is not valid for source object of size: {size}");
                Err(error("InvalidArgument", 400, text))
            }
            range => Ok(range.map(|(first, last)| first..last.saturating_add(1))),
        }
    }
}

impl Operation for UploadPartCopy {
    type Output = CopiedPart;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "UploadPartCopy")
        .data()
        .needs(&[
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "kms:Decrypt",
        ])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "NoSuchUpload",
            "PreconditionFailed",
            "KMS.DisabledException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.place().number()?;
        self.range()?;
        version_id(split_source(&self.copy_source)?.version)?;
        self.source_customer().decode()?;
        self.customer().decode().map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let source = split_source(&self.copy_source)?;
        let from = bucket(view, source.bucket)?;
        let target = Target::object(bucket(view, &self.bucket)?, &self.key);
        Ok(vec![
            read_request(from, source.key, source.version),
            put_request(target, &Wish::default()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let source = split_source(&self.copy_source)?;
        let view = cx.view();
        upload(bucket(&view, &self.bucket)?, &self.key, &self.upload_id)?;
        let from = bucket(&view, source.bucket)?.clone();
        let found = object(&view, &from, source.key, source.version)?;
        self.source_conditions()
            .check_copy(&found.object, cx.now())?;
        let range = self.range_of(found.object.size)?;
        let customer = self.source_customer();
        let plain = encryption::open(cx, &from, source.key, &found.object, &customer, range)?;
        let body = plain.into_payload(cx.effects.store.is_some(), cx.effects.workers)?;
        let own = self.customer();
        let stored = self.place().store(cx, body, &Brought::default(), &own)?;
        Ok(CopiedPart {
            copy_part_result: CopyPartResult {
                etag: tag(&stored.part),
                last_modified: stored.part.written,
                checksum: stored.checksum,
            },
            copy_source_version_id: found.version,
            encryption: stored.encryption,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        upload_record(view, &self.bucket, &self.key, &self.upload_id)
    }
}
