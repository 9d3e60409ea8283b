//! The stored object: an AWS Encryption SDK message, version 2, suite 0x0478, framed.
//!
//! [`seal`], [`open`] and [`open_range`] work on whole messages in memory.
//! [`seal_in_place`] seals a large plaintext where it lies, [`Sealing`] one
//! that streams; [`Opened`] reads any [`Source`], a range or a stream of it.
//! Under them are [`Header`] (begin a message, or parse and authenticate one),
//! [`Layout`] (where each frame lies) and [`FrameCipher`] (one frame in the
//! caller's buffer). The module decides neither where data keys come from nor
//! where messages are kept.
//! Source: AWS Encryption SDK developer guide, "Message format reference".

mod frame;
mod framed;
mod header;
mod keys;
mod layout;
mod opened;
mod sealing;
mod source;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::ops::Range;

use zeroize::Zeroizing;

pub use frame::{FINAL_OVERHEAD, Frame, FrameCipher, FrameNumber, FrameNumbers, REGULAR_OVERHEAD};
pub use framed::{Framed, Witness, Work, seal_in_place};
pub use header::{EncryptedDataKey, Header, HeaderError};
pub use layout::{Layout, Placement};
pub use opened::{CopyError, Opened};
pub use sealing::Sealing;
pub use source::Source;

use super::aead::PlaintextTooLong;
use super::{ContextError, DataKey, EncryptionContext};
use crate::base::Entropy;

/// The frame length that objects are stored with, in bytes.
pub const OBJECT_FRAME_LENGTH: u32 = 65_536;

/// Why a message cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The data key is not a 256-bit one.
    #[error("suite 0x0478 takes a data key of 32 bytes, not {length}; generate it with AES_256")]
    DataKeyLength {
        /// The length in bytes.
        length: usize,
    },
    /// Nobody could open the message.
    #[error("a message carries 1 to 65535 encrypted data keys, not {count}")]
    EncryptedDataKeys {
        /// How many were given.
        count: usize,
    },
    /// A part of an encrypted data key does not fit a two-byte length.
    #[error("the {field} of an encrypted data key has at most 65535 bytes, not {length}")]
    FieldTooLong {
        /// The part.
        field: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// The context has no canonical form.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Frames of no bytes.
    #[error("the frame length is at least 1 byte; objects use 65536")]
    FrameLength,
    /// More than 2^32 - 1 frames.
    #[error("a message has at most 4294967295 frames; use longer frames")]
    TooManyFrames,
    /// A buffer that is not as long as its frame.
    #[error("{length} bytes do not hold this frame and its {overhead} bytes of head and tag")]
    FrameBuffer {
        /// The length of the buffer in bytes.
        length: usize,
        /// What the frame adds to its plaintext, in bytes.
        overhead: usize,
    },
    /// A frame beyond what one nonce may seal.
    #[error(transparent)]
    PlaintextTooLong(#[from] PlaintextTooLong),
}

/// Why a message cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No message, another data key, or altered, cut or rearranged bytes;
    /// which one, nobody can tell.
    #[error("the message does not open under this data key, or it has been altered")]
    Refused,
    /// The message is sound, and the range is outside its plaintext.
    #[error("bytes {start} to {end} are not within the {length} bytes of the plaintext")]
    Range {
        /// The first byte asked for.
        start: u64,
        /// The first byte after the range.
        end: u64,
        /// The length of the plaintext in bytes.
        length: u64,
    },
    /// Where the message is kept, it cannot be read.
    #[error("the message cannot be read: {cause}")]
    Storage {
        /// What the system says.
        cause: String,
    },
}

/// Seals `plaintext` under `data_key` in frames of `frame_length` bytes.
///
/// `data_keys` are the ciphertexts of `data_key`, which the message carries.
/// The last frame is full where the frame length divides the plaintext's.
///
/// # Errors
/// [`SealError`] for a data key of another length than 32 bytes, no encrypted
/// data key, a frame length of zero, and whatever the format has no room for.
pub fn seal(
    plaintext: &[u8],
    data_key: &DataKey,
    data_keys: &[EncryptedDataKey],
    context: &EncryptionContext,
    frame_length: u32,
    entropy: &mut Entropy,
) -> Result<Vec<u8>, SealError> {
    let frame_length = NonZeroU32::new(frame_length).ok_or(SealError::FrameLength)?;
    let (header, cipher) = Header::begin(data_key, data_keys, context, frame_length, entropy)?;
    let layout = Layout::of_plaintext(plaintext.len() as u64, frame_length)
        .ok_or(SealError::TooManyFrames)?;
    let total = usize::try_from(layout.body_length())
        .ok()
        .and_then(|body| body.checked_add(header.length()))
        .ok_or(SealError::TooManyFrames)?;
    let mut message = vec![0; total];
    let (head, body) = message.split_at_mut(header.length());
    head.copy_from_slice(header.as_bytes());
    seal_body(plaintext, frame_length, &cipher, body)?;
    Ok(message)
}

fn seal_body(
    plaintext: &[u8],
    frame_length: NonZeroU32,
    cipher: &FrameCipher,
    mut body: &mut [u8],
) -> Result<(), SealError> {
    let length = usize::try_from(frame_length.get()).map_err(|_| SealError::TooManyFrames)?;
    let (mut rest, mut numbers) = (plaintext, FrameNumbers::default());
    while let Some((payload, after)) = rest.split_at_checked(length).filter(|p| !p.1.is_empty()) {
        let too_short = SealError::FrameBuffer {
            length: body.len(),
            overhead: REGULAR_OVERHEAD,
        };
        let (slot, next) = body
            .split_at_mut_checked(length + REGULAR_OVERHEAD)
            .ok_or(too_short)?;
        cipher.seal_into(
            numbers.regular().ok_or(SealError::TooManyFrames)?,
            payload,
            slot,
        )?;
        (rest, body) = (after, next);
    }
    cipher.seal_into(numbers.finish(), rest, body)
}

/// The whole plaintext of `message`.
///
/// # Errors
/// [`OpenError::Refused`], whatever the cause.
pub fn open(message: &[u8], data_key: &DataKey) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let opened = Opened::new(message, data_key)?;
    opened.read(0..opened.plaintext_length())
}

/// Bytes `range` of the plaintext of `message`.
///
/// Commitment, header and final frame are checked first, for the final frame
/// authenticates the length; then only the frames that hold the range are opened.
///
/// # Errors
/// [`OpenError::Range`] for a range outside the plaintext of a sound message,
/// else [`OpenError::Refused`], whatever the cause.
pub fn open_range(
    message: &[u8],
    data_key: &DataKey,
    range: Range<u64>,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    Opened::new(message, data_key)?.read(range)
}

/// The length of the plaintext of `message` as its header and its own length
/// claim it; opening proves it.
///
/// # Errors
/// [`HeaderError`] where the bytes are no such message.
pub fn plaintext_length(message: &[u8]) -> Result<u64, HeaderError> {
    let header = Header::parse(message)?;
    let body = message.len().saturating_sub(header.length());
    Layout::of_body(body as u64, header.frame_length())
        .map(Layout::plaintext_length)
        .ok_or(HeaderError::Body { length: body })
}
