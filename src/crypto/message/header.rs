//! The header of a message: what it was sealed with, and the proof of it.

use std::num::NonZeroU32;

use bytes::Bytes;
use subtle::ConstantTimeEq as _;

use super::super::aead::{Cipher, Implementation, NONCE_LENGTH, TAG_LENGTH, Tag};
use super::super::wire::{Reader, Truncated, push_field};
use super::super::{ContextError, DataKey, EncryptionContext};
use super::frame::FrameCipher;
use super::keys::{self, SUITE};
use super::{OpenError, SealError};
use crate::base::Entropy;

const VERSION: u8 = 2;
const FRAMED: u8 = 2;
/// No frame has this nonce: frames are numbered from 1.
const HEADER_NONCE: [u8; NONCE_LENGTH] = [0; NONCE_LENGTH];

/// A data key as some key provider encrypted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedDataKey {
    /// Who encrypted it: `aws-kms`, or the namespace of a raw key.
    pub provider_id: String,
    /// Under which key: for `aws-kms` the key's ARN.
    pub provider_info: Vec<u8>,
    /// The encrypted key: for `aws-kms` a ciphertext blob.
    pub ciphertext: Vec<u8>,
}

/// Why bytes do not begin with a header that the lab reads. None of it is
/// secret: the header is clear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The bytes end too soon.
    #[error("the message is cut: {0}")]
    Truncated(#[from] Truncated),
    /// Another version, or no message at all.
    #[error("a message begins with version 2, not {version}")]
    Version {
        /// The first byte.
        version: u8,
    },
    /// Another algorithm suite.
    #[error("the message uses suite {suite:#06x}; only 0x0478 is supported")]
    Suite {
        /// The suite's number.
        suite: u16,
    },
    /// An encryption context in no canonical form.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// No encrypted data key.
    #[error("the message carries no encrypted data key")]
    NoEncryptedDataKeys,
    /// A provider id that is no text.
    #[error("the provider id of encrypted data key {index} is not UTF-8 text")]
    ProviderId {
        /// The position of the key, from 0.
        index: u16,
    },
    /// A body that is not in frames.
    #[error("the content type is 2 (framed), not {content_type}")]
    ContentType {
        /// The type's number.
        content_type: u8,
    },
    /// Frames of no bytes.
    #[error("the frame length is zero")]
    FrameLength,
    /// The bytes after the header are no sequence of frames.
    #[error("the {length} bytes after the header do not divide into frames")]
    Body {
        /// How many bytes follow the header.
        length: usize,
    },
}

/// A header; one that was parsed claims, until [`authenticate`](Self::authenticate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    bytes: Vec<u8>,
    message_id: [u8; 32],
    context: EncryptionContext,
    data_keys: Vec<EncryptedDataKey>,
    frame_length: NonZeroU32,
    commitment: [u8; 32],
    tag: Tag,
}

impl Header {
    /// Begins a message: its header under a fresh message id, and the cipher
    /// of its frames.
    ///
    /// # Errors
    /// [`SealError`] for a data key of another length than 32 bytes, no
    /// encrypted data key, and whatever the format has no room for.
    pub fn begin(
        data_key: &DataKey,
        data_keys: &[EncryptedDataKey],
        context: &EncryptionContext,
        frame_length: NonZeroU32,
        entropy: &mut Entropy,
    ) -> Result<(Self, FrameCipher), SealError> {
        let message_id = entropy.bytes();
        let keys = keys::derive(data_key, &message_id).ok_or(SealError::DataKeyLength {
            length: data_key.length(),
        })?;
        let cipher = Cipher::new(Implementation::FASTEST, &keys.message);
        let mut header = Self {
            bytes: Vec::new(),
            message_id,
            context: context.clone(),
            data_keys: data_keys.to_vec(),
            frame_length,
            commitment: *keys.commitment,
            tag: [0; TAG_LENGTH],
        };
        header.bytes = header.serialize()?;
        header.tag = cipher.seal_in_place(&HEADER_NONCE, &header.bytes, &mut [])?;
        header.bytes.extend_from_slice(&header.tag);
        Ok((header, FrameCipher::new(cipher, message_id, frame_length)))
    }

    /// Reads the header at the start of `message`.
    ///
    /// Takes memory in proportion to the header's own length, whatever counts
    /// and lengths it claims.
    ///
    /// # Errors
    /// [`HeaderError`] where the bytes do not begin with a header of version 2,
    /// suite 0x0478, framed.
    pub fn parse(message: &[u8]) -> Result<Self, HeaderError> {
        let mut reader = Reader::new(message);
        let version = reader.u8("version")?;
        if version != VERSION {
            return Err(HeaderError::Version { version });
        }
        let suite = reader.u16("algorithm suite")?;
        if suite != SUITE {
            return Err(HeaderError::Suite { suite });
        }
        let message_id = reader.array("message id")?;
        let context = EncryptionContext::from_canonical_bytes(reader.field("encryption context")?)?;
        let data_keys = data_keys(&mut reader)?;
        let frame_length = framing(&mut reader)?;
        let commitment = reader.array("commitment")?;
        let tag = reader.array("header tag")?;
        let bytes = message
            .get(..reader.position())
            .unwrap_or_default()
            .to_vec();
        Ok(Self {
            bytes,
            message_id,
            context,
            data_keys,
            frame_length,
            commitment,
            tag,
        })
    }

    /// Checks commitment and tag under `data_key`, and returns the cipher that
    /// opens the frames.
    ///
    /// # Errors
    /// [`OpenError::Refused`], whatever the cause.
    pub fn authenticate(&self, data_key: &DataKey) -> Result<FrameCipher, OpenError> {
        let keys = keys::derive(data_key, &self.message_id).ok_or(OpenError::Refused)?;
        let committed = keys.commitment.ct_eq(&self.commitment);
        if !bool::from(committed) {
            return Err(OpenError::Refused);
        }
        let cipher = Cipher::new(Implementation::FASTEST, &keys.message);
        cipher
            .open_in_place(
                &HEADER_NONCE,
                self.authenticated_bytes(),
                &mut [],
                &self.tag,
            )
            .map_err(|_| OpenError::Refused)?;
        Ok(FrameCipher::new(cipher, self.message_id, self.frame_length))
    }

    /// The header as it stands in the message, tag included.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The header as it stands in the message, tag included.
    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from(self.bytes)
    }

    /// The length of the header in bytes, tag included: the offset of the first frame.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The random id of this message.
    pub fn message_id(&self) -> &[u8; 32] {
        &self.message_id
    }

    /// The encryption context.
    pub fn context(&self) -> &EncryptionContext {
        &self.context
    }

    /// The data key as each provider encrypted it; at least one.
    pub fn encrypted_data_keys(&self) -> &[EncryptedDataKey] {
        &self.data_keys
    }

    /// How many bytes of plaintext each frame but the final one holds.
    pub fn frame_length(&self) -> NonZeroU32 {
        self.frame_length
    }

    fn authenticated_bytes(&self) -> &[u8] {
        self.bytes
            .split_last_chunk::<TAG_LENGTH>()
            .map(|(bytes, _)| bytes)
            .unwrap_or_default()
    }

    /// Everything before the tag.
    fn serialize(&self) -> Result<Vec<u8>, SealError> {
        let context = self.context.to_canonical_bytes()?;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&SUITE.to_be_bytes());
        bytes.extend_from_slice(&self.message_id);
        push(&mut bytes, "encryption context", &context)?;
        let count = self.data_keys.len();
        let written = u16::try_from(count).ok().filter(|count| *count > 0);
        let written = written.ok_or(SealError::EncryptedDataKeys { count })?;
        bytes.extend_from_slice(&written.to_be_bytes());
        for key in &self.data_keys {
            push(&mut bytes, "provider id", key.provider_id.as_bytes())?;
            push(&mut bytes, "provider information", &key.provider_info)?;
            push(&mut bytes, "ciphertext", &key.ciphertext)?;
        }
        bytes.push(FRAMED);
        bytes.extend_from_slice(&self.frame_length.get().to_be_bytes());
        bytes.extend_from_slice(&self.commitment);
        Ok(bytes)
    }
}

fn push(output: &mut Vec<u8>, field: &'static str, bytes: &[u8]) -> Result<(), SealError> {
    push_field(output, bytes).ok_or(SealError::FieldTooLong {
        field,
        length: bytes.len(),
    })
}

fn data_keys(reader: &mut Reader<'_>) -> Result<Vec<EncryptedDataKey>, HeaderError> {
    let count = reader.u16("number of encrypted data keys")?;
    if count == 0 {
        return Err(HeaderError::NoEncryptedDataKeys);
    }
    let mut keys = Vec::new();
    for index in 0..count {
        let provider = reader.field("provider id")?;
        let provider = str::from_utf8(provider).map_err(|_| HeaderError::ProviderId { index })?;
        keys.push(EncryptedDataKey {
            provider_id: provider.to_owned(),
            provider_info: reader.field("provider information")?.to_vec(),
            ciphertext: reader.field("encrypted data key")?.to_vec(),
        });
    }
    Ok(keys)
}

fn framing(reader: &mut Reader<'_>) -> Result<NonZeroU32, HeaderError> {
    let content_type = reader.u8("content type")?;
    if content_type != FRAMED {
        return Err(HeaderError::ContentType { content_type });
    }
    NonZeroU32::new(reader.u32("frame length")?).ok_or(HeaderError::FrameLength)
}
