//! The checksums of stored objects.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::crypto::ChecksumAlgorithm;

/// What the checksum of a multipart object is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumType {
    /// All bytes of the object, as if it had come in one piece.
    FullObject,
    /// The checksums of its parts.
    Composite,
}

/// How the checksum of an object comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksumRule {
    /// How it is computed.
    pub algorithm: ChecksumAlgorithm,
    /// Over what.
    pub kind: ChecksumType,
}

impl Default for ChecksumRule {
    /// What S3 does where a request does not say. Source: S3 User Guide,
    /// "Checking object integrity in Amazon S3".
    fn default() -> Self {
        Self {
            algorithm: ChecksumAlgorithm::Crc64Nvme,
            kind: ChecksumType::FullObject,
        }
    }
}

/// The checksum of a stored object, of its plaintext.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// How it came about.
    pub rule: ChecksumRule,
    /// The value.
    pub value: Vec<u8>,
    /// Those of the parts, in order; none for an object that was put at once.
    pub parts: Arc<[PartChecksum]>,
}

/// The checksum of one part of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartChecksum {
    /// The part's number.
    pub number: u16,
    /// The length of the plaintext in bytes.
    pub size: u64,
    /// The value, by the algorithm of the object.
    pub value: Vec<u8>,
}

impl Checksum {
    /// The checksum of an object that is put at once.
    pub fn whole(algorithm: ChecksumAlgorithm, value: Vec<u8>) -> Self {
        let kind = ChecksumType::FullObject;
        Self {
            rule: ChecksumRule { algorithm, kind },
            value,
            parts: Arc::from([]),
        }
    }

    /// The checksum of an object of `parts`.
    pub fn of_parts(rule: ChecksumRule, parts: Vec<PartChecksum>) -> Self {
        let value = match rule.kind {
            ChecksumType::FullObject => combined(rule.algorithm, &parts),
            ChecksumType::Composite => {
                let values: Vec<u8> = parts.iter().flat_map(|p| p.value.clone()).collect();
                rule.algorithm.of(&values)
            }
        };
        let parts = parts.into();
        Self { rule, value, parts }
    }
}

/// Hashes have no part in this: S3 has them composite alone.
fn combined(algorithm: ChecksumAlgorithm, parts: &[PartChecksum]) -> Vec<u8> {
    let empty = algorithm.of(&[]);
    parts.iter().fold(empty, |sum, part| {
        let with = algorithm.combine(&sum, &part.value, part.size);
        with.unwrap_or(sum)
    })
}
