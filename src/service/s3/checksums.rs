//! What requests say of checksums, and what answers show of them.
//!
//! Sources: S3 User Guide, "Checking object integrity in Amazon S3"; the
//! messages as AWS gives them.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;

use super::error;
use super::intake::Digests;
use super::range::AskedPart;
use crate::api::ApiError;
use crate::crypto::ChecksumAlgorithm;
use crate::state::checksum::{Checksum, ChecksumRule, ChecksumType};
use crate::state::s3::Object;
use crate::state::uploads::Upload;

/// The five members of a request that bring a checksum, as [`Brought::values`] has them.
macro_rules! checksum_values {
    ($request:expr) => {
        [
            $request.checksum_crc32.as_deref(),
            $request.checksum_crc32c.as_deref(),
            $request.checksum_crc64nvme.as_deref(),
            $request.checksum_sha1.as_deref(),
            $request.checksum_sha256.as_deref(),
        ]
    };
}
pub(super) use checksum_values;

/// What a request brings to check its body by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brought<'a> {
    /// The algorithm that it asks for.
    pub(super) algorithm: Option<&'a str>,
    /// Checksums in base64, in the order of [`ChecksumAlgorithm::ALL`].
    pub(super) values: [Option<&'a str>; 5],
    /// The MD5 of the body in base64.
    pub(super) content_md5: Option<&'a str>,
}

/// A checksum that a request brings.
type Value = (ChecksumAlgorithm, Vec<u8>);

impl Brought<'_> {
    /// Checks the members for themselves.
    ///
    /// # Errors
    /// `InvalidRequest`, `InvalidDigest` 400.
    pub(super) fn validate(&self) -> Result<(), ApiError> {
        self.wish()?;
        self.md5().map(drop)
    }

    /// The checksum that was brought.
    ///
    /// # Errors
    /// `InvalidRequest` for several, or one that is none.
    pub(super) fn value(&self) -> Result<Option<Value>, ApiError> {
        let pairs = ChecksumAlgorithm::ALL.into_iter().zip(self.values);
        let mut given = pairs.filter_map(|(algorithm, text)| Some((algorithm, text?)));
        let (Some((algorithm, text)), None) = (given.next(), given.next()) else {
            return match self.values.iter().flatten().count() {
                0 => Ok(None),
                _ => Err(invalid(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not \
                     allowed.",
                )),
            };
        };
        let value = STANDARD.decode(text).ok();
        let value = value.filter(|bytes| bytes.len() == algorithm.length());
        let value = value.ok_or_else(|| {
            let name = algorithm.name().to_lowercase();
            invalid(format!(
                "Value for x-amz-checksum-{name} header is invalid."
            ))
        })?;
        Ok(Some((algorithm, value)))
    }

    /// The algorithm that a request asks for; a checksum that it brings goes first.
    fn wish(&self) -> Result<Option<ChecksumAlgorithm>, ApiError> {
        let named = self.algorithm.map(algorithm).transpose()?;
        Ok(self.value()?.map(|(algorithm, _)| algorithm).or(named))
    }

    fn md5(&self) -> Result<Option<[u8; 16]>, ApiError> {
        let Some(text) = self.content_md5 else {
            return Ok(None);
        };
        let bytes = STANDARD.decode(text).ok();
        let bytes = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        bytes.map(Some).ok_or_else(|| {
            let text = "The Content-MD5 you specified was invalid.";
            error("InvalidDigest", 400, text).with_detail("It is 16 bytes, given as base64.")
        })
    }

    /// What has to be known of a body to check it; `or` is the algorithm where
    /// the request has no wish.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub(super) fn digests(&self, or: ChecksumAlgorithm) -> Result<Digests, ApiError> {
        let mut digests = Digests::of(&[self.wish()?.unwrap_or(or)]);
        if self.md5()?.is_some() {
            digests.want_md5();
        }
        Ok(digests)
    }

    /// The same for a part of `upload`.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub(super) fn part_digests(&self, upload: &Upload) -> Result<Digests, ApiError> {
        let rule = upload.checksum.unwrap_or_default();
        let mut digests = self.digests(rule.algorithm)?;
        digests.want(rule.algorithm);
        Ok(digests)
    }

    /// The checksum of a body that `digests` saw; `or` is the algorithm where the request has no wish.
    ///
    /// # Errors
    /// `BadDigest` 400 where it is not what the request brought.
    pub(super) fn check(
        &self,
        digests: &Digests,
        or: ChecksumAlgorithm,
    ) -> Result<Value, ApiError> {
        if self.md5()?.is_some_and(|md5| digests.md5() != Some(md5)) {
            let text = "The Content-MD5 you specified did not match what we received.";
            return Err(error("BadDigest", 400, text));
        }
        let algorithm = self.wish()?.unwrap_or(or);
        let value = digests.sum(algorithm)?;
        match self.value()? {
            Some((_, given)) if given != value => Err(bad_digest(algorithm.name())),
            _ => Ok((algorithm, value)),
        }
    }

    /// The checksum of a part's body by the rule of its upload, and whether the
    /// answer shows it.
    ///
    /// # Errors
    /// `InvalidRequest` for another algorithm than the upload's, `BadDigest`.
    pub(super) fn check_part(
        &self,
        upload: &Upload,
        digests: &Digests,
    ) -> Result<PartSum, ApiError> {
        let rule = upload.checksum.unwrap_or_default();
        let wish = self.wish()?;
        if let (Some(rule), Some(wish)) = (upload.checksum, wish)
            && rule.algorithm != wish
        {
            return Err(invalid(format!(
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum \
                 Type: {}",
                rule.algorithm.name().to_lowercase(),
                wish.name().to_lowercase()
            )));
        }
        let sum = self.check(digests, rule.algorithm)?;
        let shown = wish.is_some() || upload.checksum.is_some();
        Ok(PartSum {
            kept: match sum.0 == rule.algorithm {
                true => sum.1.clone(),
                false => digests.sum(rule.algorithm)?,
            },
            headers: match shown {
                true => ChecksumHeaders::value(sum.0, STANDARD.encode(&sum.1)),
                false => ChecksumHeaders::default(),
            },
        })
    }
}

/// The checksum of a part.
pub(super) struct PartSum {
    /// By the rule of the upload.
    pub(super) kept: Vec<u8>,
    /// What the answer shows.
    pub(super) headers: ChecksumHeaders,
}

/// The error for a checksum that is not the body's.
pub(super) fn bad_digest(name: &str) -> ApiError {
    let text = format!("The {name} you specified did not match the calculated checksum.");
    error("BadDigest", 400, text)
}

pub(super) fn invalid(text: impl Into<String>) -> ApiError {
    error("InvalidRequest", 400, text)
}

/// The algorithm of this name.
///
/// # Errors
/// `InvalidRequest` 400.
pub(super) fn algorithm(name: &str) -> Result<ChecksumAlgorithm, ApiError> {
    ChecksumAlgorithm::parse(name).ok_or_else(|| {
        let known = ChecksumAlgorithm::ALL.map(ChecksumAlgorithm::name);
        invalid(format!(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid \
             types: [{}]",
            known.join(", ")
        ))
    })
}

/// The rule that an upload is begun with; `None` leaves it to S3.
///
/// # Errors
/// `InvalidRequest` 400 for a type that the algorithm does not have.
pub(super) fn rule(
    name: Option<&str>,
    kind: Option<&str>,
) -> Result<Option<ChecksumRule>, ApiError> {
    let Some(name) = name else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(invalid(
                "The x-amz-checksum-type header can only be used with the \
                 x-amz-checksum-algorithm header.",
            )),
        };
    };
    use ChecksumAlgorithm::{Crc64Nvme, Sha1, Sha256};
    let algorithm = algorithm(name)?;
    let kind = match kind.map(parse_type).transpose()? {
        Some(kind) => kind,
        None if algorithm == Crc64Nvme => ChecksumType::FullObject,
        None => ChecksumType::Composite,
    };
    match (algorithm, kind) {
        (Crc64Nvme, ChecksumType::Composite) | (Sha1 | Sha256, ChecksumType::FullObject) => {
            Err(invalid(format!(
                "The {} checksum type cannot be used with the {} checksum algorithm.",
                type_name(kind),
                algorithm.name().to_lowercase()
            )))
        }
        _ => Ok(Some(ChecksumRule { algorithm, kind })),
    }
}

/// AWS's word for a type.
pub(super) const fn type_name(kind: ChecksumType) -> &'static str {
    match kind {
        ChecksumType::FullObject => "FULL_OBJECT",
        ChecksumType::Composite => "COMPOSITE",
    }
}

/// The type that AWS calls so.
///
/// # Errors
/// `InvalidRequest` 400.
pub(super) fn parse_type(name: &str) -> Result<ChecksumType, ApiError> {
    let all = [ChecksumType::FullObject, ChecksumType::Composite];
    let found = all.into_iter().find(|kind| type_name(*kind) == name);
    found.ok_or_else(|| {
        invalid("Value for x-amz-checksum-type header is invalid.")
            .with_detail("Use `FULL_OBJECT` or `COMPOSITE`.")
    })
}

/// Whether a read asks for the checksum.
///
/// # Errors
/// `InvalidRequest` 400.
pub(super) fn mode(text: Option<&str>) -> Result<bool, ApiError> {
    match text {
        None => Ok(false),
        Some("ENABLED") => Ok(true),
        Some(_) => Err(invalid("Value for x-amz-checksum-mode header is invalid.")
            .with_detail("Use `ENABLED`, or leave `ChecksumMode` out.")),
    }
}

/// What S3 says of an object's checksum.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ChecksumHeaders {
    /// The CRC-32 in base64.
    #[serde(rename = "ChecksumCRC32", skip_serializing_if = "Option::is_none")]
    pub crc32: Option<String>,
    /// The CRC-32C in base64.
    #[serde(rename = "ChecksumCRC32C", skip_serializing_if = "Option::is_none")]
    pub crc32c: Option<String>,
    /// The CRC-64/NVME in base64.
    #[serde(rename = "ChecksumCRC64NVME", skip_serializing_if = "Option::is_none")]
    pub crc64nvme: Option<String>,
    /// The SHA-1 in base64.
    #[serde(rename = "ChecksumSHA1", skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
    /// The SHA-256 in base64.
    #[serde(rename = "ChecksumSHA256", skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// `FULL_OBJECT`, or `COMPOSITE` for a checksum of the parts' checksums.
    #[serde(rename = "ChecksumType", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
}

impl ChecksumHeaders {
    /// A value without a type, as parts have it.
    pub(super) fn value(algorithm: ChecksumAlgorithm, text: String) -> Self {
        let mut headers = Self::default();
        let member = match algorithm {
            ChecksumAlgorithm::Crc32 => &mut headers.crc32,
            ChecksumAlgorithm::Crc32c => &mut headers.crc32c,
            ChecksumAlgorithm::Crc64Nvme => &mut headers.crc64nvme,
            ChecksumAlgorithm::Sha1 => &mut headers.sha1,
            ChecksumAlgorithm::Sha256 => &mut headers.sha256,
        };
        *member = Some(text);
        headers
    }

    /// The same of bytes.
    pub(super) fn bytes(algorithm: ChecksumAlgorithm, value: &[u8]) -> Self {
        Self::value(algorithm, STANDARD.encode(value))
    }

    /// An object's, with its type; a composite one ends in the number of parts.
    pub(super) fn of(checksum: &Checksum) -> Self {
        let text = STANDARD.encode(&checksum.value);
        let text = match checksum.rule.kind {
            ChecksumType::FullObject => text,
            ChecksumType::Composite => format!("{text}-{}", checksum.parts.len()),
        };
        Self::value(checksum.rule.algorithm, text).with_type(checksum)
    }

    /// What a read of `object` shows: of a part its own, where the object's is
    /// made of such; of a range nothing, as the checksum is of the whole.
    pub(super) fn shown(
        object: &Object,
        range: Option<&Range<u64>>,
        part: Option<&AskedPart>,
    ) -> Self {
        let checksum = &object.checksum;
        match (part, range) {
            (None, None) => Self::of(checksum),
            (Some(part), _) if part.of.is_none() => Self::of(checksum),
            (Some(part), _) if checksum.rule.kind == ChecksumType::Composite => {
                let mut parts = checksum.parts.iter();
                let own = parts.find(|own| own.number == part.number);
                own.map_or_else(Self::default, |own| {
                    Self::bytes(checksum.rule.algorithm, &own.value).with_type(checksum)
                })
            }
            _ => Self::default(),
        }
    }

    /// The same without the number of parts.
    pub(super) fn bare(checksum: &Checksum) -> Self {
        Self::bytes(checksum.rule.algorithm, &checksum.value).with_type(checksum)
    }

    fn with_type(self, checksum: &Checksum) -> Self {
        let kind = Some(type_name(checksum.rule.kind));
        Self { kind, ..self }
    }
}
