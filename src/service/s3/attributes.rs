//! What is known of an object, by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checksums::ChecksumHeaders;
use super::customer_key::{self, CustomerKeyText, CustomerMembers, customer_members};
use super::list::page_size;
use super::objects::{check_key, object, read_request, version_id};
use super::{bucket, encryption, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::state::checksum::{Checksum, ChecksumType};

/// The attributes that can be asked for.
const ATTRIBUTES: [&str; 5] = [
    "ETag",
    "Checksum",
    "ObjectParts",
    "StorageClass",
    "ObjectSize",
];

/// Reads attributes of an object: what HeadObject and ListParts know of it.
/// Needs `s3:GetObject` and `s3:GetObjectAttributes`; with SSE-KMS, the
/// checksum needs `kms:Decrypt`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetObjectAttributes {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// A version; needs `s3:GetObjectVersion` and `s3:GetObjectVersionAttributes`.
    #[serde(default)]
    pub version_id: Option<String>,
    /// Which: `ETag`, `Checksum`, `ObjectParts`, `StorageClass`, `ObjectSize`.
    pub object_attributes: Vec<String>,
    /// At most this many parts, 1000 by default.
    #[serde(default)]
    pub max_parts: Option<i64>,
    /// Only parts behind this number.
    #[serde(default)]
    pub part_number_marker: Option<i64>,
    /// `AES256`, for an object that was stored with SSE-C.
    #[serde(default, rename = "SSECustomerAlgorithm")]
    pub sse_customer_algorithm: Option<String>,
    /// The key with which it was stored.
    #[serde(default, rename = "SSECustomerKey")]
    pub sse_customer_key: Option<CustomerKeyText>,
    /// The MD5 of the key in base64; computed without it.
    #[serde(default, rename = "SSECustomerKeyMD5")]
    pub sse_customer_key_md5: Option<String>,
}

/// The attributes that were asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectAttributes {
    /// When the object was written.
    pub last_modified: Timestamp,
    /// The version, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The entity tag, without quotes.
    #[serde(rename = "ETag", skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<ChecksumHeaders>,
    /// The parts of a multipart object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_parts: Option<ObjectParts>,
    /// `STANDARD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<&'static str>,
    /// The length of the plaintext in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size: Option<u64>,
}

/// The parts of an object.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectParts {
    /// How many there are.
    pub total_parts_count: usize,
    /// The page, where the parts have checksums of their own.
    #[serde(flatten)]
    pub page: Option<PartPage>,
}

/// A page of parts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PartPage {
    /// The part behind which this page begins.
    pub part_number_marker: i64,
    /// The last part of this page, behind which the next one begins.
    pub next_part_number_marker: u16,
    /// How many there could be.
    pub max_parts: usize,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The parts.
    pub parts: Vec<ObjectPart>,
}

/// A part.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectPart {
    /// Its number.
    pub part_number: u16,
    /// The length of the plaintext in bytes.
    pub size: u64,
    /// Its checksum.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
}

impl GetObjectAttributes {
    fn wants(&self, attribute: &str) -> bool {
        self.object_attributes.iter().any(|a| a == attribute)
    }

    fn customer(&self) -> CustomerMembers {
        customer_members!(self)
    }

    /// The parts; none for an object that was put at once.
    fn parts(&self, checksum: &Checksum) -> Result<Option<ObjectParts>, ApiError> {
        if checksum.parts.is_empty() {
            return Ok(None);
        }
        let max_parts = page_size("MaxParts", self.max_parts)?;
        let marker = self.part_number_marker.unwrap_or(0);
        let mut behind = checksum.parts.iter();
        let mut behind = behind.by_ref().filter(|p| i64::from(p.number) > marker);
        let parts = behind.by_ref().take(max_parts).map(|part| ObjectPart {
            part_number: part.number,
            size: part.size,
            checksum: ChecksumHeaders::bytes(checksum.rule.algorithm, &part.value),
        });
        let parts: Vec<ObjectPart> = parts.collect();
        let page = PartPage {
            part_number_marker: marker,
            next_part_number_marker: parts.last().map_or(0, |part| part.part_number),
            max_parts,
            is_truncated: max_parts > 0 && behind.next().is_some(),
            parts,
        };
        Ok(Some(ObjectParts {
            total_parts_count: checksum.parts.len(),
            page: Some(page).filter(|_| checksum.rule.kind == ChecksumType::Composite),
        }))
    }
}

impl Operation for GetObjectAttributes {
    type Output = ObjectAttributes;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetObjectAttributes")
        .data()
        .needs(&[
            "s3:GetObject",
            "s3:GetObjectAttributes",
            "s3:GetObjectVersion",
            "s3:GetObjectVersionAttributes",
            "kms:Decrypt",
        ])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "NoSuchVersion",
            "MethodNotAllowed",
            "InvalidArgument",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        version_id(self.version_id.as_deref())?;
        page_size("MaxParts", self.max_parts)?;
        self.customer().decode()?;
        let asked = &self.object_attributes;
        let known = |name: &String| ATTRIBUTES.contains(&name.as_str());
        match !asked.is_empty() && asked.iter().all(known) {
            true => Ok(()),
            false => Err(
                error("InvalidArgument", 400, "Invalid attribute name specified.")
                    .with_detail(format!("The attributes are {}.", ATTRIBUTES.join(", "))),
            ),
        }
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        let read = read_request(bucket, &self.key, self.version_id.as_deref());
        let attributes = AccessRequest {
            action: match self.version_id {
                None => "s3:GetObjectAttributes".to_owned(),
                Some(_) => "s3:GetObjectVersionAttributes".to_owned(),
            },
            ..read.clone()
        };
        Ok(vec![read, attributes])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let found = object(&cx.view(), &bucket, &self.key, self.version_id.as_deref())?;
        let object = &found.object;
        customer_key::admit(object, &self.customer())?;
        let checksum = match self.wants("Checksum") {
            true => {
                encryption::unlock(cx, &bucket, &self.key, object)?;
                Some(ChecksumHeaders::bare(&object.checksum))
            }
            false => None,
        };
        Ok(ObjectAttributes {
            last_modified: object.last_modified,
            etag: self.wants("ETag").then(|| object.etag.clone()),
            checksum,
            object_parts: match self.wants("ObjectParts") {
                true => self.parts(&object.checksum)?,
                false => None,
            },
            storage_class: self.wants("StorageClass").then_some("STANDARD"),
            object_size: self.wants("ObjectSize").then_some(object.size),
            version_id: found.version,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "key": self.key, "attributes": "" });
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
