//! Listing the parts of an upload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bucket;
use super::checksums::ChecksumHeaders;
use super::list::page_size;
use super::upload_part::tag;
use super::uploads::{ChecksumWords, upload, upload_record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;

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
    /// Its checksum, where the upload was begun with one.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
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
    /// The part behind which this page begins.
    pub part_number_marker: i64,
    /// The last part of this page, behind which the next one begins.
    pub next_part_number_marker: u16,
    /// `STANDARD`.
    pub storage_class: &'static str,
    /// What checksum the upload asked for.
    #[serde(flatten)]
    pub checksum: ChecksumWords,
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
                checksum: upload
                    .checksum
                    .map_or_else(ChecksumHeaders::default, |rule| {
                        ChecksumHeaders::bytes(rule.algorithm, &part.checksum)
                    }),
            })
            .collect();
        Ok(PartList {
            is_truncated: max_parts > 0 && behind.next().is_some(),
            part_number_marker: after,
            next_part_number_marker: parts.last().map_or(0, |part| part.part_number),
            storage_class: "STANDARD",
            checksum: ChecksumWords::of(upload.checksum),
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
