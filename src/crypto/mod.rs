//! Floor F1: key material and the formats that it seals.
//!
//! Encryption context, backing keys, data keys, HMAC keys ([`mac_key`]), key
//! pairs ([`key_pair`]), imported material ([`mod@import`]), the ciphertext blob of KMS ([`ciphertext_blob`]) and
//! the AWS Encryption SDK message that an object is stored as ([`message`]),
//! with the primitives under them ([`aead`], [`kdf`], [`digest`]). It knows nothing of keys' states, policies, callers or
//! storage: whoever holds a [`BackingKey`] may use it. Randomness comes from
//! [`Entropy`](crate::base::Entropy) alone. Start with [`ciphertext_blob::seal`]
//! and [`message::seal`].

pub mod aead;
pub mod backing_key;
pub mod checksum;
pub mod ciphertext_blob;
pub mod context;
pub mod data_key;
pub mod digest;
mod ecc_key;
pub mod import;
pub mod jwt;
pub mod kdf;
pub(crate) mod kept;
pub mod key_pair;
pub mod key_spec;
pub mod mac_key;
pub mod message;
mod ml_dsa_key;
mod ml_kem_key;
pub mod opaque_text;
mod prehashed;
pub mod raw_keyring;
mod rsa_key;
pub mod sealed_file;
mod wire;

pub use backing_key::BackingKey;
pub use checksum::ChecksumAlgorithm;
pub use ciphertext_blob::{BlobError, BlobSealError, CiphertextBlob, InvalidCiphertext};
pub use context::{ContextError, EncryptionContext};
pub use data_key::{DataKey, DataKeyLengthError};
pub use key_pair::{DataKeyPair, KeyPair, ToSign};
pub use mac_key::MacKey;
pub use message::{EncryptedDataKey, OpenError, SealError};
pub use ml_kem_key::Encapsulated;
pub use raw_keyring::RawAesKeyring;
pub use wire::Truncated;
