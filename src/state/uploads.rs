//! Multipart uploads that are under way, and what becomes of their parts.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::checksum::ChecksumRule;
use super::s3::Tags;
use crate::base::{Arn, Timestamp};
use crate::crypto::EncryptionContext;

/// An upload that was begun and neither completed nor aborted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// The key of the object that it is to be.
    pub key: String,
    /// When it was begun.
    pub initiated: Timestamp,
    /// The media type.
    pub content_type: String,
    /// The user's metadata.
    pub metadata: BTreeMap<String, String>,
    /// The tags that the object is to have.
    pub tags: Tags,
    /// What its parts are sealed with.
    pub encryption: UploadEncryption,
    /// The key that will authenticate the list of parts, encrypted under S3's own.
    pub manifest_key: Vec<u8>,
    /// Whether the key was written or deleted since.
    pub overtaken: bool,
    /// How the checksum comes about, where the upload was begun with one.
    pub checksum: Option<ChecksumRule>,
    /// The parts by number.
    pub parts: BTreeMap<u16, Part>,
}

/// What the parts of an upload are sealed with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum UploadEncryption {
    /// S3's own key.
    SseS3,
    /// One data key, as KMS encrypted it; every part asks KMS to decrypt it.
    SseKms {
        /// The key's ARN.
        key: Arn,
        /// The encryption context that the data key was encrypted with.
        context: EncryptionContext,
        /// Whether a Bucket Key was used.
        bucket_key: bool,
        /// Whether S3's own key adds a second layer.
        dual_layer: bool,
        /// The data key, encrypted.
        encrypted_data_key: Vec<u8>,
    },
    /// A key that every part brings.
    SseC {
        /// A message of nothing under that key, by which another is recognized.
        check: Bytes,
    },
}

/// A part that was uploaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Its bytes, sealed.
    pub sealed: SealedPart,
    /// What its entity tag says in hexadecimal.
    pub digest: [u8; 16],
    /// The checksum of the plaintext, by the rule of the upload.
    pub checksum: Vec<u8>,
    /// When it was uploaded.
    pub written: Timestamp,
}

/// One part of a stored object: an Encryption SDK message of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedPart {
    /// The message.
    pub message: Body,
    /// The random id of the message, which the manifest names.
    pub message_id: [u8; 32],
    /// The length of the plaintext in bytes.
    pub size: u64,
    /// The upload and the number, as the message's own header says them: parts
    /// cannot change places, nor come from another upload.
    pub label: String,
}

/// The authenticated list of the parts of an object: how many, which, in which
/// order, how long.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The upload that they came by.
    pub upload_id: String,
    /// An HMAC-SHA-256 over the list.
    pub mac: [u8; 32],
    /// Under SSE-S3 the key of that, encrypted under S3's own; under SSE-KMS
    /// and SSE-C it follows from the data key.
    pub wrapped_key: Option<Vec<u8>>,
}
