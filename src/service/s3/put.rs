//! Putting an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checksums::{Brought, ChecksumHeaders, checksum_values};
use super::conditions::WriteConditions;
use super::customer_key::{CustomerKeyText, CustomerMembers, customer_members};
use super::encryption::{self, Sealed};
use super::objects::{EncryptionHeaders, check_key};
use super::wish::Wish;
use super::{acl, bucket, bucket_mut, record, tags};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Payload, Timestamp};
use crate::crypto::ChecksumAlgorithm;
use crate::state::checksum::{Checksum, ChecksumRule};
use crate::state::s3::{Object, Tags};

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
    pub body: Payload,
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
    /// `AES256`: the caller brings a key of their own (SSE-C).
    #[serde(default, rename = "SSECustomerAlgorithm")]
    pub sse_customer_algorithm: Option<String>,
    /// That key, 32 bytes. S3 does not keep it.
    #[serde(default, rename = "SSECustomerKey")]
    pub sse_customer_key: Option<CustomerKeyText>,
    /// The MD5 of the key in base64; computed without it.
    #[serde(default, rename = "SSECustomerKeyMD5")]
    pub sse_customer_key_md5: Option<String>,
    /// Only if there is an object with this entity tag.
    #[serde(default)]
    pub if_match: Option<String>,
    /// `*`: only if there is no object yet.
    #[serde(default)]
    pub if_none_match: Option<String>,
    /// `CRC32`, `CRC32C`, `CRC64NVME`, `SHA1` or `SHA256`: what S3 computes and
    /// keeps; `CRC64NVME` without it.
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
    /// Tags as `key=value&key2=value2`, encoded as in a URL; needs `s3:PutObjectTagging`.
    #[serde(default)]
    pub tagging: Option<String>,
    /// A canned ACL; needs `s3:PutObjectAcl`. All but `bucket-owner-full-control` are refused.
    #[serde(default, rename = "ACL")]
    pub acl: Option<String>,
}

/// The answer of operations that store an object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Stored {
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// The version that was made, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
    /// Its checksum.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
}

/// Asks for `s3:PutObject`, showing policies the encryption headers as they were sent.
pub(super) fn put_request(target: Target, wish: &Wish) -> AccessRequest {
    AccessRequest::new("s3:PutObject", target)
        .with_some("s3:x-amz-server-side-encryption", wish.algorithm.clone())
        .with_some(
            "s3:x-amz-server-side-encryption-aws-kms-key-id",
            wish.kms_key.clone(),
        )
        .with_some(
            "s3:x-amz-server-side-encryption-customer-algorithm",
            wish.customer.algorithm.clone(),
        )
}

/// What is to be stored.
pub(super) struct Draft {
    /// The encrypted body.
    pub(super) sealed: Sealed,
    /// The media type.
    pub(super) content_type: String,
    /// The user's metadata.
    pub(super) metadata: BTreeMap<String, String>,
    /// The key that the request brought.
    pub(super) customer: CustomerMembers,
    /// The checksum of the plaintext.
    pub(super) checksum: (ChecksumAlgorithm, Vec<u8>),
    /// The tags.
    pub(super) tags: Tags,
}

/// Puts a sealed body under `key` and answers with its tag.
pub(super) fn store(
    cx: &mut Context<'_>,
    name: &str,
    key: &str,
    draft: Draft,
) -> Result<(Stored, Timestamp), ApiError> {
    let last_modified = cx.now();
    let sealed = draft.sealed;
    let etag = format!("\"{}\"", sealed.etag);
    let encryption = EncryptionHeaders::of(&sealed.encryption, &draft.customer)?;
    let (algorithm, value) = draft.checksum;
    let checksum = Checksum::whole(algorithm, value);
    let headers = ChecksumHeaders::of(&checksum);
    let object = Object {
        body: sealed.body,
        parts: Arc::from([]),
        manifest: None,
        size: sealed.size,
        etag: sealed.etag,
        last_modified,
        content_type: draft.content_type,
        metadata: draft.metadata,
        encryption: sealed.encryption,
        checksum,
        tags: draft.tags,
    };
    let version = bucket_mut(cx.cloud, name)?.store(key, Arc::new(object), &mut cx.effects.entropy);
    let stored = Stored {
        etag,
        version_id: version.map(|id| id.as_str().to_owned()),
        encryption,
        checksum: headers,
    };
    Ok((stored, last_modified))
}

impl PutObject {
    fn conditions(&self) -> WriteConditions {
        WriteConditions {
            if_match: self.if_match.clone(),
            if_none_match: self.if_none_match.clone(),
        }
    }

    fn wish(&self) -> Wish {
        Wish {
            algorithm: self.server_side_encryption.clone(),
            kms_key: self.sse_kms_key_id.clone(),
            context: self.sse_kms_encryption_context.clone(),
            bucket_key: self.bucket_key_enabled,
            customer: self.customer(),
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

impl Operation for PutObject {
    type Output = Stored;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutObject")
        .data()
        .needs(&[
            "s3:PutObject",
            "s3:PutObjectTagging",
            "s3:PutObjectAcl",
            "kms:GenerateDataKey",
        ])
        .fails(&[
            "NoSuchBucket",
            "PreconditionFailed",
            "BadDigest",
            "InvalidDigest",
            "InvalidRequest",
            "InvalidTag",
            "AccessControlListNotSupported",
            "KMS.DisabledException",
            "KMS.NotFoundException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        self.conditions().validate()?;
        self.brought().validate()?;
        tags::in_header(self.tagging.as_deref())?;
        acl::validate(self.acl.as_deref())?;
        self.wish().validate()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        let put = put_request(Target::object(bucket, &self.key), &self.wish())
            .with_some("s3:if-match", self.if_match.clone())
            .with_some("s3:if-none-match", self.if_none_match.clone());
        let tags = tags::in_header(self.tagging.as_deref())?;
        let requests = tags::write_requests(put, tags.as_ref());
        Ok(acl::requests(requests, self.acl.as_deref()))
    }

    fn execute(mut self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let body = std::mem::take(&mut self.body);
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let wish = self.wish();
        acl::refuse(self.acl.as_deref())?;
        let tags = tags::in_header(self.tagging.as_deref())?.unwrap_or_default();
        let conditions = self.conditions();
        conditions.check(bucket.objects.get(&self.key).map(AsRef::as_ref))?;
        let or = ChecksumRule::default().algorithm;
        let mut digests = self.brought().digests(or)?;
        let sealed = encryption::seal(cx, &bucket, &self.key, body, &wish, &mut digests)?;
        let checksum = self.brought().check(&digests, or)?;
        let draft = Draft {
            sealed,
            content_type: self
                .content_type
                .unwrap_or_else(|| "binary/octet-stream".to_owned()),
            metadata: self.metadata,
            customer: wish.customer,
            checksum,
            tags,
        };
        store(cx, &self.bucket, &self.key, draft).map(|(stored, _)| stored)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let mut parameters = json!({ "bucketName": self.bucket, "key": self.key });
        if let (Some(algorithm), Some(members)) =
            (&self.server_side_encryption, parameters.as_object_mut())
        {
            members.insert("x-amz-server-side-encryption".to_owned(), json!(algorithm));
        }
        if let (Some(algorithm), Some(members)) =
            (&self.sse_customer_algorithm, parameters.as_object_mut())
        {
            let name = "x-amz-server-side-encryption-customer-algorithm";
            members.insert(name.to_owned(), json!(algorithm));
        }
        record(view, &self.bucket, Some(&self.key), parameters)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({
            "x-amz-server-side-encryption": output.encryption.server_side_encryption,
            "x-amz-server-side-encryption-aws-kms-key-id": output.encryption.sse_kms_key_id,
            "x-amz-version-id": output.version_id,
        })
    }
}
