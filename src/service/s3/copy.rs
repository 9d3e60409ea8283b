//! Copying, which re-encrypts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checksums::{self, ChecksumHeaders};
use super::customer_key::{CustomerKeyText, CustomerMembers};
use super::encryption;
use super::objects::{EncryptionHeaders, check_key, object, read_request, version_id};
use super::put::{Draft, put_request, store};
use super::wish::Wish;
use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::crypto::ChecksumAlgorithm;

/// Copies an object: reads it under its key, writes it under the target's. The
/// way to bring an old object under a new key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CopyObject {
    /// The bucket to write to.
    pub bucket: String,
    /// The key to write to.
    pub key: String,
    /// `bucket/key` to read from, with `?versionId=…` for one version of it.
    pub copy_source: String,
    /// `AES256`, `aws:kms` or `aws:kms:dsse`; the target bucket's default without it.
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
    /// New metadata, in place of the source's.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
    /// `AES256`, for a copy under a key of one's own (SSE-C).
    #[serde(default, rename = "SSECustomerAlgorithm")]
    pub sse_customer_algorithm: Option<String>,
    /// That key, 32 bytes. S3 does not keep it.
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
    /// What S3 computes and keeps of the copy: `CRC32`, `CRC32C`, `CRC64NVME`,
    /// `SHA1` or `SHA256`; the source's without it.
    #[serde(default)]
    pub checksum_algorithm: Option<String>,
}

/// The answer of `CopyObject`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Copied {
    /// The new object.
    pub copy_object_result: CopyResult,
    /// The version that was read, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_source_version_id: Option<String>,
    /// The version that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
}

/// The object that a copy made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CopyResult {
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Its checksum.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
}

/// What a copy reads from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// The bucket.
    pub(super) bucket: &'a str,
    /// The object's key.
    pub(super) key: &'a str,
    /// A version of it.
    pub(super) version: Option<&'a str>,
}

/// Takes `bucket/key?versionId=…` apart.
///
/// # Errors
/// `InvalidArgument`.
pub(super) fn split_source(text: &str) -> Result<Source<'_>, ApiError> {
    let text = text.strip_prefix('/').unwrap_or(text);
    let (name, version) = match text.rsplit_once("?versionId=") {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let parts = name.split_once('/').filter(|(_, key)| !key.is_empty());
    let (bucket, key) = parts.ok_or_else(|| {
        let text = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
        error("InvalidArgument", 400, text)
    })?;
    Ok(Source {
        bucket,
        key,
        version,
    })
}

impl CopyObject {
    fn source(&self) -> Result<Source<'_>, ApiError> {
        split_source(&self.copy_source)
    }

    fn wish(&self) -> Wish {
        Wish {
            algorithm: self.server_side_encryption.clone(),
            kms_key: self.sse_kms_key_id.clone(),
            context: self.sse_kms_encryption_context.clone(),
            bucket_key: self.bucket_key_enabled,
            customer: CustomerMembers {
                algorithm: self.sse_customer_algorithm.clone(),
                key: self.sse_customer_key.clone(),
                md5: self.sse_customer_key_md5.clone(),
            },
        }
    }

    fn source_customer(&self) -> CustomerMembers {
        CustomerMembers {
            algorithm: self.copy_source_sse_customer_algorithm.clone(),
            key: self.copy_source_sse_customer_key.clone(),
            md5: self.copy_source_sse_customer_key_md5.clone(),
        }
    }

    fn algorithm(&self) -> Result<Option<ChecksumAlgorithm>, ApiError> {
        let named = self.checksum_algorithm.as_deref();
        named.map(checksums::algorithm).transpose()
    }

    fn changes_nothing(&self) -> Result<bool, ApiError> {
        let source = self.source()?;
        Ok(
            (source.bucket, source.key) == (self.bucket.as_str(), self.key.as_str())
                && source.version.is_none()
                && self.metadata.is_none()
                && self.server_side_encryption.is_none()
                && self.sse_customer_algorithm.is_none()
                && self.checksum_algorithm.is_none(),
        )
    }
}

impl Operation for CopyObject {
    type Output = Copied;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "CopyObject")
        .data()
        .needs(&[
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "kms:Decrypt",
            "kms:GenerateDataKey",
        ])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "InvalidRequest",
            "KMS.DisabledException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        if self.changes_nothing()? {
            return Err(error(
                "InvalidRequest",
                400,
                "This copy request is illegal because it is trying to copy an object to itself \
                 without changing the object's metadata, storage class, website redirect location \
                 or encryption attributes.",
            ));
        }
        version_id(self.source()?.version)?;
        self.source_customer().decode()?;
        self.algorithm()?;
        self.wish().validate()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let source = self.source()?;
        let from = bucket(view, source.bucket)?;
        let to = Target::object(bucket(view, &self.bucket)?, &self.key);
        Ok(vec![
            read_request(from, source.key, source.version),
            put_request(to, &self.wish()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let source = self.source()?;
        let view = cx.view();
        let from = bucket(&view, source.bucket)?.clone();
        let to = bucket(&view, &self.bucket)?.clone();
        let found = object(&view, &from, source.key, source.version)?;
        let old = found.object;
        let plaintext =
            encryption::open(cx, &from, source.key, &old, &self.source_customer(), None)?;
        let wish = self.wish();
        let algorithm = self.algorithm()?.unwrap_or(old.checksum.rule.algorithm);
        let draft = Draft {
            sealed: encryption::seal(cx, &to, &self.key, &plaintext, &wish)?,
            size: plaintext.len(),
            content_type: old.content_type.clone(),
            metadata: self
                .metadata
                .clone()
                .unwrap_or_else(|| old.metadata.clone()),
            customer: wish.customer,
            checksum: (algorithm, algorithm.of(&plaintext)),
        };
        let (stored, last_modified) = store(cx, &self.bucket, &self.key, draft)?;
        Ok(Copied {
            copy_object_result: CopyResult {
                etag: stored.etag,
                last_modified,
                checksum: stored.checksum,
            },
            copy_source_version_id: found.version,
            version_id: stored.version_id,
            encryption: stored.encryption,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({
            "bucketName": self.bucket, "key": self.key, "x-amz-copy-source": self.copy_source,
        });
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
