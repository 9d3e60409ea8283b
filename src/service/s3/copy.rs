//! Copying, which re-encrypts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checksums::{self, ChecksumHeaders};
use super::conditions::{ReadConditions, WriteConditions};
use super::customer_key::{CustomerKeyText, CustomerMembers, customer_members};
use super::intake::Digests;
use super::object_tags::tagging_request;
use super::objects::{EncryptionHeaders, check_key, object, read_request, version_id};
use super::put::{Draft, put_request, store};
use super::wish::Wish;
use super::{acl, bucket, encryption, error, record, tags};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::crypto::ChecksumAlgorithm;
use crate::state::s3::Tags;

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
    /// Only if there is an object with this entity tag at the target.
    #[serde(default)]
    pub if_match: Option<String>,
    /// `*`: only if there is no object at the target.
    #[serde(default)]
    pub if_none_match: Option<String>,
    /// `COPY`, the default, for the source's tags, which needs
    /// `s3:GetObjectTagging` where it has some; `REPLACE` for those of `Tagging`.
    #[serde(default)]
    pub tagging_directive: Option<String>,
    /// Tags as `key=value&key2=value2`, encoded as in a URL; needs `s3:PutObjectTagging`.
    #[serde(default)]
    pub tagging: Option<String>,
    /// A canned ACL; needs `s3:PutObjectAcl`. All but `bucket-owner-full-control` are refused.
    #[serde(default, rename = "ACL")]
    pub acl: Option<String>,
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
            customer: customer_members!(self),
        }
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

    fn conditions(&self) -> WriteConditions {
        WriteConditions {
            if_match: self.if_match.clone(),
            if_none_match: self.if_none_match.clone(),
        }
    }

    /// The tags that the request brings; `None` leaves it to those of the source.
    fn tags(&self) -> Result<Option<Tags>, ApiError> {
        let given = tags::in_header(self.tagging.as_deref())?;
        match self.tagging_directive.as_deref() {
            None | Some("COPY") => Ok(None),
            Some("REPLACE") => Ok(Some(given.unwrap_or_default())),
            Some(other) => Err(error("InvalidArgument", 400, "Unknown tagging directive.")
                .with_detail(format!("`{other}` is none: use `COPY` or `REPLACE`."))),
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
            "s3:GetObjectTagging",
            "s3:GetObjectVersionTagging",
            "s3:PutObjectTagging",
            "s3:PutObjectAcl",
            "kms:Decrypt",
            "kms:GenerateDataKey",
        ])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "InvalidRequest",
            "PreconditionFailed",
            "InvalidTag",
            "AccessControlListNotSupported",
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
        self.tags()?;
        self.conditions().validate()?;
        acl::validate(self.acl.as_deref())?;
        self.wish().validate()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let source = self.source()?;
        let from = bucket(view, source.bucket)?;
        let to = Target::object(bucket(view, &self.bucket)?, &self.key);
        let mut requests = vec![read_request(from, source.key, source.version)];
        let copied = tags::of_object(from, source.key, source.version);
        let brought = self.tags()?;
        let put = put_request(to, &self.wish())
            .with_some("s3:x-amz-copy-source", Some(self.copy_source.clone()))
            .with_some("s3:x-amz-tagging-directive", self.tagging_directive.clone())
            .with_some("s3:if-match", self.if_match.clone())
            .with_some("s3:if-none-match", self.if_none_match.clone());
        let writes = match &brought {
            Some(tags) => tags::write_requests(put, Some(tags).filter(|tags| !tags.is_empty())),
            None if copied.is_empty() => vec![put],
            None => {
                requests.push(tagging_request(from, source.key, source.version, "Get"));
                let tag = AccessRequest::new("s3:PutObjectTagging", put.target.clone());
                vec![put, tag]
            }
        };
        requests.extend(acl::requests(writes, self.acl.as_deref()));
        Ok(requests)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let source = self.source()?;
        let view = cx.view();
        let from = bucket(&view, source.bucket)?.clone();
        let to = bucket(&view, &self.bucket)?.clone();
        let found = object(&view, &from, source.key, source.version)?;
        let old = found.object;
        self.source_conditions().check_copy(&old, cx.now())?;
        let current = to.objects.get(&self.key).map(AsRef::as_ref);
        self.conditions().check(current)?;
        acl::refuse(self.acl.as_deref())?;
        let plain = encryption::open(cx, &from, source.key, &old, &self.source_customer(), None)?;
        let body = plain.into_payload(cx.effects.store.is_some(), cx.effects.workers)?;
        let wish = self.wish();
        let algorithm = self.algorithm()?.unwrap_or(old.checksum.rule.algorithm);
        let mut digests = Digests::of(&[algorithm]);
        let sealed = encryption::seal(cx, &to, &self.key, body, &wish, &mut digests)?;
        let draft = Draft {
            sealed,
            content_type: old.content_type.clone(),
            metadata: self
                .metadata
                .clone()
                .unwrap_or_else(|| old.metadata.clone()),
            customer: wish.customer,
            checksum: (algorithm, digests.sum(algorithm)?),
            tags: self.tags()?.unwrap_or_else(|| old.tags.clone()),
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
