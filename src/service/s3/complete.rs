//! Completing multipart uploads.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checksums::{
    self, Brought, ChecksumHeaders, bad_digest, checksum_values, parse_type, type_name,
};
use super::conditions::WriteConditions;
use super::customer_key::CustomerMembers;
use super::objects::EncryptionHeaders;
use super::put::put_request;
use super::uploads::{upload, upload_record};
use super::wish::Wish;
use super::{bucket, bucket_mut, encryption, error, manifest, parts};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::crypto::digest;
use crate::state::checksum::{Checksum, ChecksumType, PartChecksum};
use crate::state::s3::Object;
use crate::state::uploads::{Part, SealedPart, Upload};

/// The least length of a part that is not the last, in bytes.
const MIN_PART_SIZE: u64 = 5 * 1024 * 1024;

/// Makes the parts of an upload an object, as they are sealed. With SSE-KMS,
/// a call that brings checksums needs `kms:Decrypt`.
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
    /// The CRC-32 of the object, or of its parts' checksums, in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC32")]
    pub checksum_crc32: Option<String>,
    /// The CRC-32C of the object, or of its parts' checksums, in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC32C")]
    pub checksum_crc32c: Option<String>,
    /// The CRC-64/NVME of the object, or of its parts' checksums, in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC64NVME")]
    pub checksum_crc64nvme: Option<String>,
    /// The SHA-1 of the object, or of its parts' checksums, in base64, to be compared.
    #[serde(default, rename = "ChecksumSHA1")]
    pub checksum_sha1: Option<String>,
    /// The SHA-256 of the object, or of its parts' checksums, in base64, to be compared.
    #[serde(default, rename = "ChecksumSHA256")]
    pub checksum_sha256: Option<String>,
    /// `FULL_OBJECT` or `COMPOSITE`, as the upload was begun.
    #[serde(default)]
    pub checksum_type: Option<String>,
    /// The length of the whole in bytes, to be compared.
    #[serde(default)]
    pub mpu_object_size: Option<i64>,
    /// Only if there is an object with this entity tag.
    #[serde(default)]
    pub if_match: Option<String>,
    /// `*`: only if there is no object yet.
    #[serde(default)]
    pub if_none_match: Option<String>,
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
    /// The CRC-32 of the part in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC32")]
    pub checksum_crc32: Option<String>,
    /// The CRC-32C of the part in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC32C")]
    pub checksum_crc32c: Option<String>,
    /// The CRC-64/NVME of the part in base64, to be compared.
    #[serde(default, rename = "ChecksumCRC64NVME")]
    pub checksum_crc64nvme: Option<String>,
    /// The SHA-1 of the part in base64, to be compared.
    #[serde(default, rename = "ChecksumSHA1")]
    pub checksum_sha1: Option<String>,
    /// The SHA-256 of the part in base64, to be compared.
    #[serde(default, rename = "ChecksumSHA256")]
    pub checksum_sha256: Option<String>,
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
    /// Its checksum.
    #[serde(flatten)]
    pub checksum: ChecksumHeaders,
}

impl CompleteMultipartUpload {
    fn conditions(&self) -> WriteConditions {
        WriteConditions {
            if_match: self.if_match.clone(),
            if_none_match: self.if_none_match.clone(),
        }
    }

    fn brought(&self) -> Brought<'_> {
        Brought {
            values: checksum_values!(self),
            ..Brought::default()
        }
    }

    /// Whether the call brings a checksum, of the object or of a part.
    fn brings_checksums(&self) -> bool {
        let parts = &self.multipart_upload.parts;
        let of_part = |part: &CompletedPart| checksum_values!(part).iter().any(Option::is_some);
        self.brought().values.iter().any(Option::is_some) || parts.iter().any(of_part)
    }

    /// The parts that are named, as they were uploaded.
    fn chosen(&self, upload: &Upload) -> Result<Vec<(u16, Part)>, ApiError> {
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
        let chosen = chosen.collect::<Result<Vec<_>, ApiError>>()?;
        let all_but_last = chosen.split_last().map_or(&[][..], |(_, rest)| rest);
        if all_but_last
            .iter()
            .any(|(_, part)| part.sealed.size < MIN_PART_SIZE)
        {
            let text = "Your proposed upload is smaller than the minimum allowed size";
            return Err(error("EntityTooSmall", 400, text)
                .with_detail("Every part but the last has at least 5 MiB."));
        }
        let size: u64 = chosen.iter().map(|(_, part)| part.sealed.size).sum();
        match self.mpu_object_size {
            Some(wanted) if u64::try_from(wanted).ok() != Some(size) => {
                Err(checksums::invalid(format!(
                    "The provided 'x-amz-mp-object-size' header value {wanted} does not match \
                     what was computed: {size}"
                )))
            }
            _ => Ok(chosen),
        }
    }

    /// The checksum of the object, which is what the call says it is.
    fn checksum(&self, upload: &Upload, chosen: &[(u16, Part)]) -> Result<Checksum, ApiError> {
        let wanted = self.checksum_type.as_deref();
        let begun = upload.checksum.map(|rule| rule.kind);
        if wanted.is_some() && wanted.map(parse_type).transpose()? != begun {
            return Err(checksums::invalid(format!(
                "The upload was created using the {} checksum mode. The complete request must \
                 use the same checksum mode.",
                begun.map_or("null", type_name)
            )));
        }
        let parts = chosen.iter().map(|(number, part)| PartChecksum {
            number: *number,
            size: part.sealed.size,
            value: part.checksum.clone(),
        });
        let checksum = Checksum::of_parts(upload.checksum.unwrap_or_default(), parts.collect());
        let own = checksum.rule.algorithm;
        match self.brought().value()? {
            Some((algorithm, value)) if algorithm != own || value != checksum.value => {
                Err(bad_digest(&own.name().to_lowercase()))
            }
            _ => Ok(checksum),
        }
    }
}

impl CompletedPart {
    fn find(&self, upload: &Upload) -> Result<(u16, Part), ApiError> {
        let number = u16::try_from(self.part_number).ok();
        let part = number.and_then(|number| Some((number, upload.parts.get(&number)?)));
        let (number, part) = part
            .filter(|(_, part)| digest::hex(&part.digest) == self.etag.trim_matches('"'))
            .ok_or_else(|| self.missing())?;
        self.check(upload, part)?;
        Ok((number, part.clone()))
    }

    fn missing(&self) -> ApiError {
        let text = "One or more of the specified parts could not be found.  The part may not have \
                    been uploaded, or the specified entity tag may not match the part's entity \
                    tag.";
        error("InvalidPart", 400, text).with_detail(format!("It is part {}.", self.part_number))
    }

    /// Compares the checksum that is named with the one that was uploaded.
    ///
    /// A composite one is made of what the call names, so it has to name all.
    fn check(&self, upload: &Upload, part: &Part) -> Result<(), ApiError> {
        let brought = Brought {
            values: checksum_values!(self),
            ..Brought::default()
        };
        let number = self.part_number;
        match (brought.value()?, upload.checksum) {
            (None, Some(rule)) if rule.kind == ChecksumType::Composite => {
                Err(checksums::invalid(format!(
                    "The upload was created using a {} checksum. The complete request must \
                     include the checksum for each part. It was missing for part {number} in the \
                     request.",
                    rule.algorithm.name().to_lowercase()
                )))
            }
            (None, _) => Ok(()),
            (Some((algorithm, _)), Some(rule)) if algorithm != rule.algorithm => {
                let name = algorithm.name().to_lowercase();
                let text = format!(
                    "The {name} you specified for part {number} did not match what we received."
                );
                Err(error("BadDigest", 400, text))
            }
            (Some((_, value)), Some(_)) if value == part.checksum => Ok(()),
            (Some(_), _) => Err(self.missing()),
        }
    }
}

/// The MD5 of the parts' digests, with their number.
fn tag_of(parts: &[(u16, Part)]) -> String {
    let digests: Vec<u8> = parts.iter().flat_map(|(_, part)| part.digest).collect();
    format!("{}-{}", digest::md5_hex(&digests), parts.len())
}

impl Operation for CompleteMultipartUpload {
    type Output = CompletedUpload;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "CompleteMultipartUpload")
        .data()
        .needs(&["s3:PutObject", "kms:Decrypt"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchUpload",
            "InvalidPart",
            "InvalidPartOrder",
            "EntityTooSmall",
            "BadDigest",
            "InvalidRequest",
            "PreconditionFailed",
            "ConditionalRequestConflict",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        if self.multipart_upload.parts.is_empty() {
            let text = "The XML you provided was not well-formed or did not validate against our \
                        published schema";
            return Err(error("MalformedXML", 400, text).with_detail("Name at least one part."));
        }
        self.conditions().validate()?;
        self.brought().validate()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::object(bucket(view, &self.bucket)?, &self.key);
        let put = put_request(target, &Wish::default())
            .with_some("s3:if-match", self.if_match.clone())
            .with_some("s3:if-none-match", self.if_none_match.clone());
        Ok(vec![put])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let bucket = bucket(&cx.view(), &self.bucket)?.clone();
        let upload = upload(&bucket, &self.key, &self.upload_id)?;
        let chosen = self.chosen(&upload)?;
        let checksum = self.checksum(&upload, &chosen)?;
        let current = bucket.objects.get(&self.key).map(AsRef::as_ref);
        self.conditions().check_upload(current, &upload)?;
        let Some((_, first)) = chosen.first() else {
            return Err(ApiError::validation(Service::S3, "an upload has a part"));
        };
        let encryption = parts::of_object(&upload.encryption);
        let headers = EncryptionHeaders::of(&encryption, &CustomerMembers::default())?;
        let etag = tag_of(&chosen);
        let sealed: Vec<&SealedPart> = chosen.iter().map(|(_, part)| &part.sealed).collect();
        let context = parts::manifest_context(&bucket.object_arn(&self.key));
        let manifest = manifest::make(&bucket, &context, &self.upload_id, &upload, &sealed)?;
        let object = Object {
            manifest: Some(manifest),
            body: first.sealed.message.clone(),
            size: chosen.iter().map(|(_, part)| part.sealed.size).sum(),
            parts: chosen.into_iter().map(|(_, part)| part.sealed).collect(),
            etag: etag.clone(),
            last_modified: cx.now(),
            content_type: upload.content_type.clone(),
            metadata: upload.metadata.clone(),
            encryption,
            checksum,
            tags: upload.tags.clone(),
        };
        if self.brings_checksums() {
            encryption::unlock(cx, &bucket, &self.key, &object)?;
        }
        let shown = ChecksumHeaders::of(&object.checksum);
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
            checksum: shown,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        upload_record(view, &self.bucket, &self.key, &self.upload_id)
    }
}
