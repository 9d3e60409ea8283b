//! Uploading parts.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checksums::{Brought, ChecksumHeaders, checksum_values};
use super::customer_key::{CustomerKeyText, CustomerMembers, customer_members};
use super::objects::EncryptionHeaders;
use super::put::put_request;
use super::uploads::{upload, upload_record};
use super::wish::Wish;
use super::{bucket, bucket_mut, error, parts};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Payload;
use crate::crypto::digest;
use crate::state::uploads::{Part, UploadEncryption};

/// Which part of which upload.
pub(super) struct Place<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) upload_id: &'a str,
    pub(super) number: i64,
}

/// What an answer says of a part that was stored.
pub(super) struct StoredPart {
    pub(super) part: Part,
    pub(super) encryption: EncryptionHeaders,
    pub(super) checksum: ChecksumHeaders,
}

impl Place<'_> {
    pub(super) fn number(&self) -> Result<u16, ApiError> {
        let number = u16::try_from(self.number).ok();
        number.filter(|n| (1..=10_000).contains(n)).ok_or_else(|| {
            let text = "Part number must be an integer between 1 and 10000, inclusive";
            error("InvalidArgument", 400, text)
        })
    }

    /// Seals and keeps the part; one of the same number is replaced.
    pub(super) fn store(
        &self,
        cx: &mut Context<'_>,
        plaintext: Payload,
        brought: &Brought<'_>,
        customer: &CustomerMembers,
    ) -> Result<StoredPart, ApiError> {
        let number = self.number()?;
        let bucket = bucket(&cx.view(), self.bucket)?.clone();
        let mut found = (*upload(&bucket, self.key, self.upload_id)?).clone();
        let label = format!("{}/{number}", self.upload_id);
        let mut digests = brought.part_digests(&found)?;
        if let UploadEncryption::SseS3 = found.encryption {
            digests.want_md5();
        }
        let sealed = parts::seal(
            cx,
            &bucket,
            &found,
            label,
            plaintext,
            customer,
            &mut digests,
        )?;
        let sum = brought.check_part(&found, &digests)?;
        let part = Part {
            sealed,
            digest: match (&found.encryption, digests.md5()) {
                (UploadEncryption::SseS3, Some(md5)) => md5,
                _ => cx.effects.entropy.bytes(),
            },
            checksum: sum.kept,
            written: cx.now(),
        };
        let encryption = EncryptionHeaders::of(&parts::of_object(&found.encryption), customer)?;
        found.parts.insert(number, part.clone());
        bucket_mut(cx.cloud, self.bucket)?
            .uploads
            .insert_mut(self.upload_id.to_owned(), Arc::new(found));
        Ok(StoredPart {
            part,
            encryption,
            checksum: sum.headers,
        })
    }
}

/// The entity tag of a part, in quotes.
pub(super) fn tag(part: &Part) -> String {
    format!("\"{}\"", digest::hex(&part.digest))
}

/// Uploads one part. All but the last have at least 5 MiB. With SSE-KMS the
/// caller needs `kms:Decrypt`, to get at the data key of the upload.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UploadPart {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// Which part, 1 to 10000.
    pub part_number: i64,
    /// The bytes.
    #[serde(default)]
    pub body: Payload,
    /// `AES256`, for an upload that was begun with SSE-C.
    #[serde(default, rename = "SSECustomerAlgorithm")]
    pub sse_customer_algorithm: Option<String>,
    /// The key with which it was begun.
    #[serde(default, rename = "SSECustomerKey")]
    pub sse_customer_key: Option<CustomerKeyText>,
    /// The MD5 of the key in base64; computed without it.
    #[serde(default, rename = "SSECustomerKeyMD5")]
    pub sse_customer_key_md5: Option<String>,
    /// The algorithm of the upload's checksum.
    #[serde(default)]
    pub checksum_algorithm: Option<String>,
    /// The CRC-32 of the body in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC32")]
    pub checksum_crc32: Option<String>,
    /// The CRC-32C of the body in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC32C")]
    pub checksum_crc32c: Option<String>,
    /// The CRC-64/NVME of the body in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC64NVME")]
    pub checksum_crc64nvme: Option<String>,
    /// The SHA-1 of the body in base64, to be compared.
    #[serde(default, rename = "ChecksumSHA1")]
    pub checksum_sha1: Option<String>,
    /// The SHA-256 of the body in base64, to be compared.
    #[serde(default, rename = "ChecksumSHA256")]
    pub checksum_sha256: Option<String>,
    /// The MD5 of the body in base64, to be compared.
    #[serde(default, rename = "ContentMD5")]
    pub content_md5: Option<String>,
}

/// A part that was uploaded.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UploadedPart {
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
    /// Its checksum.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
}

impl UploadPart {
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

    fn brought(&self) -> Brought<'_> {
        Brought {
            algorithm: self.checksum_algorithm.as_deref(),
            values: checksum_values!(self),
            content_md5: self.content_md5.as_deref(),
        }
    }
}

impl Operation for UploadPart {
    type Output = UploadedPart;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "UploadPart")
        .data()
        .needs(&["s3:PutObject", "kms:Decrypt"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchUpload",
            "BadDigest",
            "InvalidDigest",
            "InvalidRequest",
            "KMS.DisabledException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.place().number()?;
        self.brought().validate()?;
        self.customer().decode().map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::object(bucket(view, &self.bucket)?, &self.key);
        Ok(vec![put_request(target, &Wish::default())])
    }

    fn execute(mut self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let body = std::mem::take(&mut self.body);
        let brought = self.brought();
        let stored = self.place().store(cx, body, &brought, &self.customer())?;
        Ok(UploadedPart {
            etag: tag(&stored.part),
            encryption: stored.encryption,
            checksum: stored.checksum,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        upload_record(view, &self.bucket, &self.key, &self.upload_id)
    }
}
