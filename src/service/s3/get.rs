//! Getting an object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checksums::{self, ChecksumHeaders};
use super::conditions::ReadConditions;
use super::customer_key::{CustomerKeyText, CustomerMembers, customer_members};
use super::encryption;
use super::objects::{ObjectHead, check_key, object, read_request, tag_count, version_id};
use super::{bucket, range, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Blob, Sink, Timestamp};

/// Reads an object, decrypted. With SSE-KMS the caller needs `s3:GetObject`
/// and `kms:Decrypt`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// A version, in place of the current one; needs `s3:GetObjectVersion`.
    #[serde(default)]
    pub version_id: Option<String>,
    /// A part of it: `bytes=0-99`, `bytes=100-` or `bytes=-10`; several ranges are ignored.
    #[serde(default)]
    pub range: Option<String>,
    /// One part of it, by number; not together with `Range`.
    #[serde(default)]
    pub part_number: Option<i64>,
    /// Only if the entity tag is this one; otherwise 412.
    #[serde(default)]
    pub if_match: Option<String>,
    /// Only if the entity tag is another; otherwise 304.
    #[serde(default)]
    pub if_none_match: Option<String>,
    /// Only if it was written after this instant; otherwise 304.
    #[serde(default)]
    pub if_modified_since: Option<Timestamp>,
    /// Only if it was not written after this instant; otherwise 412.
    #[serde(default)]
    pub if_unmodified_since: Option<Timestamp>,
    /// `AES256`, for an object that was stored with SSE-C.
    #[serde(default, rename = "SSECustomerAlgorithm")]
    pub sse_customer_algorithm: Option<String>,
    /// The key with which it was stored.
    #[serde(default, rename = "SSECustomerKey")]
    pub sse_customer_key: Option<CustomerKeyText>,
    /// The MD5 of the key in base64; computed without it.
    #[serde(default, rename = "SSECustomerKeyMD5")]
    pub sse_customer_key_md5: Option<String>,
    /// Where the body goes as it is opened; the answer then holds none. A frame
    /// is written only after its tag was checked.
    #[serde(skip)]
    pub sink: Option<Sink>,
    /// `ENABLED`: show the checksum.
    #[serde(default)]
    pub checksum_mode: Option<String>,
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

impl GetObject {
    fn conditions(&self) -> ReadConditions {
        ReadConditions {
            if_match: self.if_match.clone(),
            if_none_match: self.if_none_match.clone(),
            if_modified_since: self.if_modified_since,
            if_unmodified_since: self.if_unmodified_since,
        }
    }

    fn customer(&self) -> CustomerMembers {
        customer_members!(self)
    }
}

impl Operation for GetObject {
    type Output = ObjectBody;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetObject")
        .data()
        .needs(&["s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "NoSuchVersion",
            "MethodNotAllowed",
            "InvalidRange",
            "InvalidPartNumber",
            "PreconditionFailed",
            "304",
            "KMS.DisabledException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        version_id(self.version_id.as_deref())?;
        checksums::mode(self.checksum_mode.as_deref())?;
        range::check_part(self.part_number, self.range.as_deref())?;
        self.customer().decode().map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        let version = self.version_id.as_deref();
        Ok(vec![read_request(bucket, &self.key, version)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let customer = self.customer();
        let found = object(&cx.view(), &bucket, &self.key, self.version_id.as_deref())?;
        let object = &found.object;
        self.conditions().check(object, cx.now())?;
        let part = range::part(self.part_number, object)?;
        let range = match &self.range {
            Some(text) => range::parse(text, object.size)?,
            None => part.as_ref().and_then(range::AskedPart::within),
        };
        let plain = encryption::open(cx, &bucket, &self.key, object, &customer, range.clone())?;
        let mut head = ObjectHead::of(&found, plain.length(), &customer)?;
        let version = self.version_id.as_deref();
        head.tag_count = tag_count(&cx.view(), &bucket, &self.key, version);
        if checksums::mode(self.checksum_mode.as_deref())? {
            head.checksum = ChecksumHeaders::shown(object, range.as_ref(), part.as_ref());
        }
        head.parts_count = part.and_then(|part| part.of);
        let content_range = range.map(|range| range::shown(&range, object.size));
        let body = match self.sink {
            Some(mut sink) => {
                plain.copy_to(&mut sink, cx.effects.workers)?;
                Blob::default()
            }
            None => Blob::from(std::mem::take(&mut *plain.read(cx.effects.workers)?)),
        };
        Ok(ObjectBody {
            content_range,
            head,
            body,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let mut parameters = json!({ "bucketName": self.bucket, "key": self.key });
        if let (Some(id), Some(members)) = (&self.version_id, parameters.as_object_mut()) {
            members.insert("versionId".to_owned(), json!(id));
        }
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
