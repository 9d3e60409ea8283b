//! The ciphertext that KMS hands out: a small sealed message that names its key.
//!
//! ```text
//! version 1 | kind of key id 1 | key id 16 | key material id 32 | salt 16   the header
//! nonce 12  | ciphertext 1..=4096          | tag 16
//! ```
//!
//! The header is clear, so that decryption needs no key id, and authenticated
//! together with the encryption context. Every blob has an AES key of its own,
//! derived from the backing key and the salt, so random nonces never come near
//! their limit. Source: KMS cryptographic details, "Symmetric key encryption".

use zeroize::Zeroizing;

use super::aead::{Cipher, Implementation, NONCE_LENGTH, Nonce, Sealed, TAG_LENGTH, Tag};
use super::kdf::HkdfSha256;
use super::wire::{Reader, Truncated};
use super::{BackingKey, ContextError, EncryptionContext};
use crate::base::{Entropy, KeyId, KeyMaterialId};

/// The greatest plaintext in bytes. Source: KMS API reference, `Encrypt`.
pub const MAX_PLAINTEXT_LENGTH: usize = 4096;
/// The greatest blob in bytes. Source: KMS API reference, `Decrypt`.
pub const MAX_LENGTH: usize = 6144;

const VERSION: u8 = 1;
const UUID: u8 = 0;
const MULTI_REGION: u8 = 1;
const SALT_LENGTH: usize = 16;
const HEADER_LENGTH: usize = 1 + 1 + 16 + 32 + SALT_LENGTH;
const KEY_LABEL: &[u8] = b"keychai ciphertext blob 1";

/// Why a plaintext cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobSealError {
    /// Nothing, or too much.
    #[error("a plaintext has 1 to 4096 bytes, not {length}; encrypt more under a data key")]
    PlaintextLength {
        /// The length in bytes.
        length: usize,
    },
    /// The context has no canonical form.
    #[error(transparent)]
    Context(#[from] ContextError),
}

/// Why bytes are not a ciphertext blob. None of it is secret: the header is clear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The bytes end too soon.
    #[error("the ciphertext blob is cut: {0}")]
    Truncated(#[from] Truncated),
    /// More ciphertext than the longest plaintext gives.
    #[error("a ciphertext blob seals at most 4096 bytes, not {length}")]
    TooLong {
        /// The length of the ciphertext in bytes.
        length: usize,
    },
    /// Another version, or no blob at all.
    #[error("a ciphertext blob begins with version 1, not {version}")]
    Version {
        /// The first byte.
        version: u8,
    },
    /// A key id of an unknown kind.
    #[error("byte 1 of a ciphertext blob is 0 (key id) or 1 (multi-Region key id), not {kind}")]
    KeyIdKind {
        /// The second byte.
        kind: u8,
    },
}

/// The blob does not open: another key, another context, or altered bytes;
/// which one, nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the ciphertext does not open under this key and encryption context, or it has been altered"
)]
pub struct InvalidCiphertext;

/// Seals `plaintext`, 1 to 4,096 bytes, under `key`, a backing key of `key_id`.
///
/// The blob is 94 bytes longer than the plaintext. The same `context` opens it.
///
/// # Errors
/// [`BlobSealError`] for an empty or long plaintext, and for a context beyond 65,535 bytes.
pub fn seal(
    key: &BackingKey,
    key_id: &KeyId,
    context: &EncryptionContext,
    plaintext: &[u8],
    entropy: &mut Entropy,
) -> Result<Vec<u8>, BlobSealError> {
    let length_error = BlobSealError::PlaintextLength {
        length: plaintext.len(),
    };
    if !(1..=MAX_PLAINTEXT_LENGTH).contains(&plaintext.len()) {
        return Err(length_error);
    }
    let salt = entropy.bytes::<SALT_LENGTH>();
    let nonce: Nonce = entropy.bytes();
    let mut blob = header(key_id, key.id(), &salt);
    let aad = associated_data(&blob, context)?;
    let mut ciphertext = plaintext.to_vec();
    let tag = cipher(key, &salt)
        .seal_in_place(&nonce, &aad, &mut ciphertext)
        .map_err(|_| length_error)?;
    blob.reserve_exact(NONCE_LENGTH + ciphertext.len() + TAG_LENGTH);
    blob.extend_from_slice(&nonce);
    blob.extend_from_slice(&ciphertext);
    blob.extend_from_slice(&tag);
    Ok(blob)
}

/// A blob whose header has been read, and nothing yet checked.
#[derive(Debug, Clone)]
pub struct CiphertextBlob<'a> {
    header: &'a [u8],
    key_id: KeyId,
    key_material_id: KeyMaterialId,
    salt: [u8; SALT_LENGTH],
    nonce: Nonce,
    ciphertext: &'a [u8],
    tag: Tag,
}

impl<'a> CiphertextBlob<'a> {
    /// Reads the header of `blob`.
    ///
    /// # Errors
    /// [`BlobError`] where the bytes are no blob of the lab's.
    pub fn parse(blob: &'a [u8]) -> Result<Self, BlobError> {
        let mut reader = Reader::new(blob);
        let version = reader.u8("version")?;
        if version != VERSION {
            return Err(BlobError::Version { version });
        }
        let kind = reader.u8("kind of key id")?;
        let (key_id, key_material_id) = decode_key_id(kind, reader.array("key id")?)
            .zip(decode_material_id(&reader.array("key material id")?))
            .ok_or(BlobError::KeyIdKind { kind })?;
        let salt = reader.array("salt")?;
        let header = blob.get(..reader.position()).unwrap_or_default();
        let nonce = reader.array("nonce")?;
        let ciphertext = ciphertext(&mut reader, blob.len())?;
        Ok(Self {
            header,
            key_id,
            key_material_id,
            salt,
            nonce,
            ciphertext,
            tag: reader.array("tag")?,
        })
    }

    /// The key that the blob says it was sealed under. Opening proves it.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The backing key that the blob says it was sealed under. Opening proves it.
    pub fn key_material_id(&self) -> &KeyMaterialId {
        &self.key_material_id
    }

    /// The plaintext, if `key` sealed it under `context`.
    ///
    /// # Errors
    /// [`InvalidCiphertext`], whatever the cause.
    pub fn open(
        &self,
        key: &BackingKey,
        context: &EncryptionContext,
    ) -> Result<Zeroizing<Vec<u8>>, InvalidCiphertext> {
        if *key.id() != self.key_material_id {
            return Err(InvalidCiphertext);
        }
        let aad = associated_data(self.header, context).map_err(|_| InvalidCiphertext)?;
        let mut plaintext = Zeroizing::new(vec![0; self.ciphertext.len()]);
        cipher(key, &self.salt)
            .open_into(
                &self.nonce,
                &aad,
                Sealed {
                    bytes: self.ciphertext,
                    tag: &self.tag,
                },
                &mut plaintext,
            )
            .map_err(|_| InvalidCiphertext)?;
        Ok(plaintext)
    }
}

/// What is left between nonce and tag of a blob of `total` bytes.
fn ciphertext<'a>(reader: &mut Reader<'a>, total: usize) -> Result<&'a [u8], BlobError> {
    let length = total
        .checked_sub(reader.position() + TAG_LENGTH)
        .filter(|length| *length > 0)
        .ok_or(Truncated {
            field: "ciphertext",
            length: total,
        })?;
    if length > MAX_PLAINTEXT_LENGTH {
        return Err(BlobError::TooLong { length });
    }
    Ok(reader.bytes(length, "ciphertext")?)
}

fn cipher(key: &BackingKey, salt: &[u8; SALT_LENGTH]) -> Cipher {
    let blob_key = HkdfSha256::extract(salt, key.material()).key(&[KEY_LABEL]);
    Cipher::new(Implementation::AesGcm, &blob_key)
}

fn header(key_id: &KeyId, material: &KeyMaterialId, salt: &[u8; SALT_LENGTH]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_LENGTH);
    let (kind, id) = encode_key_id(key_id);
    bytes.extend_from_slice(&[VERSION, kind]);
    bytes.extend_from_slice(&id);
    bytes.extend_from_slice(&encode_material_id(material));
    bytes.extend_from_slice(salt);
    bytes
}

/// Header and context behind their lengths, so that no byte of one can pass
/// for a byte of the other.
fn associated_data(header: &[u8], context: &EncryptionContext) -> Result<Vec<u8>, ContextError> {
    let context = context.to_canonical_bytes()?;
    let mut bytes = Vec::with_capacity(16 + header.len() + context.len());
    for part in [header, &context] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    Ok(bytes)
}

fn encode_key_id(id: &KeyId) -> (u8, [u8; 16]) {
    match id.as_str().strip_prefix("mrk-") {
        Some(digits) => (MULTI_REGION, hex_value(digits)),
        None => (UUID, hex_value(&id.as_str().replace('-', ""))),
    }
}

fn decode_key_id(kind: u8, bytes: [u8; 16]) -> Option<KeyId> {
    let mut text = format!("{:032x}", u128::from_be_bytes(bytes));
    match kind {
        UUID => [20, 16, 12, 8]
            .into_iter()
            .for_each(|index| text.insert(index, '-')),
        MULTI_REGION => text.insert_str(0, "mrk-"),
        _ => return None,
    }
    KeyId::parse(&text).ok()
}

fn encode_material_id(id: &KeyMaterialId) -> [u8; 32] {
    let (high, low) = id.as_str().split_at(32);
    let mut bytes = [0; 32];
    for (half, value) in bytes
        .chunks_exact_mut(16)
        .zip([hex_value(high), hex_value(low)])
    {
        half.copy_from_slice(&value);
    }
    bytes
}

fn decode_material_id(bytes: &[u8; 32]) -> Option<KeyMaterialId> {
    KeyMaterialId::parse(&super::digest::hex(bytes)).ok()
}

fn hex_value(digits: &str) -> [u8; 16] {
    let value = u128::from_str_radix(digits, 16);
    assert!(
        value.is_ok(),
        "an id that has been parsed holds 32 hexadecimal digits in each half"
    );
    value.unwrap_or_default().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids_keep_their_text() {
        for text in [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-00000000000000000000000000000abc",
        ] {
            let id = KeyId::parse(text).unwrap();
            let (kind, bytes) = encode_key_id(&id);
            assert_eq!(decode_key_id(kind, bytes).unwrap(), id);
        }
        assert_eq!(
            encode_key_id(&KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap()).1[..6],
            [0x12, 0x34, 0xab, 0xcd, 0x12, 0xab]
        );
        assert!(decode_key_id(2, [0; 16]).is_none());
    }

    #[test]
    fn header_and_context_cannot_trade_bytes() {
        let context = EncryptionContext::from([("a", "b")]);
        let canonical = context.to_canonical_bytes().unwrap();
        let longer = [b"header".as_slice(), &canonical].concat();
        assert_ne!(
            associated_data(b"header", &context).unwrap(),
            associated_data(&longer, &EncryptionContext::default()).unwrap()
        );
    }
}
