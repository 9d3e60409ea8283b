//! Completing multipart uploads, and listing their parts.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::customer_key::CustomerMembers;
use super::list::page_size;
use super::objects::EncryptionHeaders;
use super::put::put_request;
use super::upload_part::tag;
use super::uploads::{upload, upload_record};
use super::wish::Wish;
use super::{bucket, bucket_mut, error, manifest, parts};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::crypto::digest;
use crate::state::s3::Object;
use crate::state::uploads::{Part, SealedPart, Upload};

/// The least length of a part that is not the last, in bytes.
const MIN_PART_SIZE: u64 = 5 * 1024 * 1024;

/// Makes the parts of an upload an object. KMS is not asked: the parts stay
/// as they are sealed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CompleteMultipartUpload {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// The parts, in ascending order; others that were uploaded are dropped.
    pub multipart_upload: CompletedMultipartUpload,
}

/// The parts of an object.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CompletedMultipartUpload {
    /// The parts.
    pub parts: Vec<CompletedPart>,
}

/// One of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CompletedPart {
    /// Its number.
    pub part_number: i64,
    /// The entity tag that its upload answered.
    #[serde(rename = "ETag")]
    pub etag: String,
}

/// An object of parts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CompletedUpload {
    /// The object's address.
    pub location: String,
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The entity tag, in quotes: it ends in the number of parts.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// The version that was made, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// How it is encrypted.
    #[serde(flatten)]
    pub encryption: EncryptionHeaders,
}

impl CompleteMultipartUpload {
    /// The parts that are named, as they were uploaded.
    fn chosen(&self, upload: &Upload) -> Result<Vec<Part>, ApiError> {
        let named = &self.multipart_upload.parts;
        let ascending = named
            .iter()
            .zip(named.iter().skip(1))
            .all(|(one, next)| one.part_number < next.part_number);
        if !ascending {
            return Err(error(
                "InvalidPartOrder",
                400,
                "The list of parts was not in ascending order. Parts must be ordered by part number.",
            ));
        }
        let chosen = named.iter().map(|part| part.find(upload));
        let chosen = chosen.collect::<Result<Vec<Part>, ApiError>>()?;
        let all_but_last = chosen.split_last().map_or(&[][..], |(_, rest)| rest);
        if all_but_last
            .iter()
            .any(|part| part.sealed.size < MIN_PART_SIZE)
        {
            let text = "Your proposed upload is smaller than the minimum allowed size";
            return Err(error("EntityTooSmall", 400, text)
                .with_detail("Every part but the last has at least 5 MiB."));
        }
        Ok(chosen)
    }
}

impl CompletedPart {
    fn find(&self, upload: &Upload) -> Result<Part, ApiError> {
        let number = u16::try_from(self.part_number).ok();
        let part = number.and_then(|number| upload.parts.get(&number));
        let same = |part: &&Part| digest::hex(&part.digest) == self.etag.trim_matches('"');
        part.filter(same).cloned().ok_or_else(|| {
            error(
                "InvalidPart",
                400,
                "One or more of the specified parts could not be found.  The part may not have \
                 been uploaded, or the specified entity tag may not match the part's entity tag.",
            )
            .with_detail(format!("It is part {}.", self.part_number))
        })
    }
}

/// The MD5 of the parts' digests, with their number.
fn tag_of(parts: &[Part]) -> String {
    let digests: Vec<u8> = parts.iter().flat_map(|part| part.digest).collect();
    format!("{}-{}", digest::md5_hex(&digests), parts.len())
}

impl Operation for CompleteMultipartUpload {
    type Output = CompletedUpload;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "CompleteMultipartUpload")
        .data()
        .needs(&["s3:PutObject"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchUpload",
            "InvalidPart",
            "InvalidPartOrder",
            "EntityTooSmall",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        if self.multipart_upload.parts.is_empty() {
            let text = "The XML you provided was not well-formed or did not validate against our \
                        published schema";
            return Err(error("MalformedXML", 400, text).with_detail("Name at least one part."));
        }
        Ok(())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::object(bucket(view, &self.bucket)?, &self.key);
        Ok(vec![put_request(target, &Wish::default())])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let upload = upload(&bucket, &self.key, &self.upload_id)?;
        let chosen = self.chosen(&upload)?;
        let Some(first) = chosen.first() else {
            return Err(ApiError::validation(Service::S3, "an upload has a part"));
        };
        let encryption = parts::of_object(&upload.encryption);
        let headers = EncryptionHeaders::of(&encryption, &CustomerMembers::default())?;
        let etag = tag_of(&chosen);
        let sealed: Vec<&SealedPart> = chosen.iter().map(|part| &part.sealed).collect();
        let context = parts::manifest_context(&bucket.object_arn(&self.key));
        let manifest = manifest::make(&bucket, &context, &self.upload_id, &upload, &sealed)?;
        let object = Object {
            manifest: Some(manifest),
            body: first.sealed.message.clone(),
            size: chosen.iter().map(|part| part.sealed.size).sum(),
            parts: chosen.into_iter().map(|part| part.sealed).collect(),
            etag: etag.clone(),
            last_modified: cx.now(),
            content_type: upload.content_type.clone(),
            metadata: upload.metadata.clone(),
            encryption,
        };
        let changed = bucket_mut(cx.cloud, &self.bucket)?;
        changed.uploads.remove_mut(&self.upload_id);
        let version = changed.store(&self.key, Arc::new(object), &mut cx.effects.entropy);
        Ok(CompletedUpload {
            location: format!(
                "https://{}.s3.{}.amazonaws.com/{}",
                bucket.name, bucket.region, self.key
            ),
            bucket: self.bucket,
            key: self.key,
            etag: format!("\"{etag}\""),
            version_id: version.map(|id| id.as_str().to_owned()),
            encryption: headers,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        upload_record(view, &self.bucket, &self.key, &self.upload_id)
    }
}

/// Lists the parts of an upload, by number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListParts {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// At most this many, 1000 by default.
    #[serde(default)]
    pub max_parts: Option<i64>,
    /// The `NextPartNumberMarker` of the page before.
    #[serde(default)]
    pub part_number_marker: Option<i64>,
}

/// A part that was uploaded.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PartEntry {
    /// Its number.
    pub part_number: u16,
    /// When it was uploaded.
    pub last_modified: Timestamp,
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// The length of the plaintext in bytes.
    pub size: u64,
}

/// A page of parts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PartList {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// The parts.
    pub parts: Vec<PartEntry>,
    /// How many there could be.
    pub max_parts: usize,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The part behind which the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_part_number_marker: Option<u16>,
}

impl Operation for ListParts {
    type Output = PartList;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "ListParts")
        .data()
        .needs(&["s3:ListMultipartUploadParts"])
        .fails(&["NoSuchBucket", "NoSuchUpload"]);

    fn validate(&self) -> Result<(), ApiError> {
        page_size("MaxParts", self.max_parts).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::object(bucket(view, &self.bucket)?, &self.key);
        Ok(vec![AccessRequest::new(
            "s3:ListMultipartUploadParts",
            target,
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let max_parts = page_size("MaxParts", self.max_parts)?;
        let view = cx.view();
        let upload = upload(bucket(&view, &self.bucket)?, &self.key, &self.upload_id)?;
        let after = self.part_number_marker.unwrap_or(0);
        let mut behind = upload.parts.iter().filter(|(n, _)| i64::from(**n) > after);
        let parts: Vec<PartEntry> = behind
            .by_ref()
            .take(max_parts)
            .map(|(number, part)| PartEntry {
                part_number: *number,
                last_modified: part.written,
                etag: tag(part),
                size: part.sealed.size,
            })
            .collect();
        let last = parts.last().filter(|_| behind.next().is_some());
        Ok(PartList {
            is_truncated: last.is_some(),
            next_part_number_marker: last.map(|part| part.part_number),
            bucket: self.bucket,
            key: self.key,
            upload_id: self.upload_id,
            parts,
            max_parts,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        upload_record(view, &self.bucket, &self.key, &self.upload_id)
    }
}
