//! Buckets and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Map;
use super::body::Body;
use super::checksum::Checksum;
use super::public_access::PublicAccessBlock;
use super::uploads::{Manifest, SealedPart, Upload};
use super::versions::{Version, Versioning};
use crate::base::{AccountId, Arn, BucketName, KeyId, Region, Timestamp};
use crate::crypto::{BackingKey, EncryptionContext};
use crate::policy::Policy;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// The name.
    pub name: BucketName,
    /// The owner.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// When it was made.
    pub created: Timestamp,
    /// The bucket policy, its principals bound to unique ids.
    pub policy: Option<Policy>,
    /// What new objects are encrypted with unless a request says otherwise.
    pub encryption: DefaultEncryption,
    /// S3's own key for SSE-S3 in this bucket; no caller ever needs a permission for it.
    #[serde(with = "crate::crypto::kept")]
    pub service_key: Arc<BackingKey>,
    /// The id under which `service_key` is written into objects.
    pub service_key_id: KeyId,
    /// The objects by key, as a read without a version finds them.
    pub objects: Map<String, Arc<Object>>,
    /// Whether it keeps versions.
    pub versioning: Versioning,
    /// The versions of keys that were changed since, the newest first.
    pub history: Map<String, Arc<[Version]>>,
    /// The multipart uploads that are under way, by id.
    pub uploads: Map<String, Arc<Upload>>,
    /// The bucket's own tags.
    pub tags: Tags,
    /// What public access is blocked; `None` where nobody said.
    pub public_access_block: Option<PublicAccessBlock>,
}

impl Bucket {
    /// The bucket's ARN.
    pub fn arn(&self) -> Arn {
        Arn::of("s3", "", "", self.name.as_str())
    }

    /// The ARN of the object under `key`.
    pub fn object_arn(&self, key: &str) -> Arn {
        Arn::of("s3", "", "", &[self.name.as_str(), key].join("/"))
    }
}

/// A bucket's default encryption.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DefaultEncryption {
    /// Keys that S3 keeps to itself.
    #[default]
    SseS3,
    /// A KMS key; `None` for the AWS managed key `aws/s3`.
    SseKms {
        /// As given: key id, ARN, alias name or alias ARN.
        key: Option<String>,
        /// Whether the encryption context is the bucket's ARN.
        bucket_key: bool,
        /// Whether it is DSSE-KMS: a second layer under S3's own key.
        dual_layer: bool,
    },
}

/// A stored object. Its body is ciphertext; the plaintext is nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    /// The encrypted body, an Encryption SDK message; of an object of parts,
    /// the message of the first.
    pub body: Body,
    /// The parts of a multipart upload, in order; none for an object that was
    /// put at once.
    pub parts: Arc<[SealedPart]>,
    /// What proves that these are the parts, and all of them, in this order.
    pub manifest: Option<Manifest>,
    /// The length of the plaintext in bytes.
    pub size: u64,
    /// The entity tag, without quotes.
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// The media type.
    pub content_type: String,
    /// The user's metadata.
    pub metadata: BTreeMap<String, String>,
    /// How it is encrypted.
    pub encryption: ObjectEncryption,
    /// The checksum of the plaintext.
    pub checksum: Checksum,
    /// The tags.
    pub tags: Tags,
}

/// How an object is encrypted. The encrypted data key itself stands in the
/// header of the stored message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectEncryption {
    /// Under S3's own key.
    SseS3,
    /// Under a KMS key.
    SseKms {
        /// The key's ARN.
        key: Arn,
        /// The encryption context that the data key was encrypted with.
        context: EncryptionContext,
        /// Whether a Bucket Key was used.
        bucket_key: bool,
        /// Whether it is DSSE-KMS: the body is a message under S3's own key
        /// that holds the message under the KMS key.
        dual_layer: bool,
    },
    /// Under a key that the caller brings with every request; it is not kept.
    SseC,
}
