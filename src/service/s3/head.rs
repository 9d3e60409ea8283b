//! Heading an object.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::checksums::{self, ChecksumHeaders};
use super::conditions::ReadConditions;
use super::customer_key::{self, CustomerKeyText, CustomerMembers, customer_members};
use super::objects::{ObjectHead, check_key, object, read_request, tag_count, version_id};
use super::{bucket, encryption, range, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;

/// What is known of an object, without its body and without KMS, unless
/// the checksum is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct HeadObject {
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
    /// `ENABLED`: show the checksum. With SSE-KMS that needs `kms:Decrypt`.
    #[serde(default)]
    pub checksum_mode: Option<String>,
}

impl HeadObject {
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

/// HEAD answers with a bare status: there is no body to hold a code and a text.
/// The lab keeps the text as its own detail.
pub(super) fn bare(inner: ApiError) -> ApiError {
    let message = match inner.status {
        404 => "Not Found",
        403 => "Forbidden",
        304 => "Not Modified",
        405 => "Method Not Allowed",
        412 => "Precondition Failed",
        416 => "Requested Range Not Satisfiable",
        _ => "Bad Request",
    };
    ApiError {
        code: inner.status.to_string(),
        detail: inner.detail.or(Some(inner.message)),
        message: message.to_owned(),
        ..inner
    }
}

impl Operation for HeadObject {
    type Output = ObjectHead;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "HeadObject")
        .data()
        .needs(&["s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"])
        .fails(&["404", "403", "304", "405", "412", "416"]);

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
        let view = cx.view();
        let bucket = bucket(&view, &self.bucket)?;
        let found = object(&view, bucket, &self.key, self.version_id.as_deref())?;
        let object = &found.object;
        let customer = self.customer();
        customer_key::admit(object, &customer)?;
        self.conditions().check(object, cx.now())?;
        let part = range::part(self.part_number, object)?;
        let range = match &self.range {
            Some(text) => range::parse(text, object.size)?,
            None => part.as_ref().and_then(range::AskedPart::within),
        };
        let shows_checksum = checksums::mode(self.checksum_mode.as_deref())?;
        let length = range
            .as_ref()
            .map_or(object.size, |range| range.end - range.start);
        let mut head = ObjectHead::of(&found, length, &customer)?;
        let version = self.version_id.as_deref();
        head.tag_count = tag_count(&view, bucket, &self.key, version);
        if shows_checksum {
            let bucket = bucket.clone();
            encryption::unlock(cx, &bucket, &self.key, object)?;
            head.checksum = ChecksumHeaders::shown(object, range.as_ref(), part.as_ref());
        }
        head.parts_count = part.and_then(|part| part.of);
        Ok(head)
    }

    fn present(error: ApiError) -> ApiError {
        bare(error)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let mut parameters = json!({ "bucketName": self.bucket, "key": self.key });
        if let (Some(id), Some(members)) = (&self.version_id, parameters.as_object_mut()) {
            members.insert("versionId".to_owned(), json!(id));
        }
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
