//! One frame at a time, in a buffer of the caller's.

use std::fmt;
use std::num::NonZeroU32;

use zeroize::Zeroize as _;

use super::super::aead::{Cipher, NONCE_LENGTH, Nonce, Sealed, TAG_LENGTH, Tag};
use super::{OpenError, SealError};

pub(super) const REGULAR_HEAD: usize = 4 + NONCE_LENGTH;
pub(super) const FINAL_HEAD: usize = 4 + 4 + NONCE_LENGTH + 4;
const FINAL_MARK: u32 = u32::MAX;
/// The longest associated data of a frame: message id, kind, number, length.
const MAX_ASSOCIATED: usize = 32 + b"AWSKMSEncryptionClient Final Frame".len() + 4 + 8;

/// What a regular frame adds to its payload, in bytes: sequence number, nonce, tag.
pub const REGULAR_OVERHEAD: usize = REGULAR_HEAD + TAG_LENGTH;
/// What the final frame adds to its payload, in bytes: mark, sequence number, nonce, length, tag.
pub const FINAL_OVERHEAD: usize = FINAL_HEAD + TAG_LENGTH;

/// Which frame of a message; frames are numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A frame that others follow; its payload has the frame length.
    Regular {
        /// Its number, at most 2^32 - 2.
        sequence: u32,
    },
    /// The one that ends the message; its payload has at most the frame length.
    Final {
        /// Its number.
        sequence: u32,
    },
}

impl Frame {
    /// Where the payload begins, in bytes from the start of the frame.
    pub fn head_length(self) -> usize {
        match self {
            Self::Regular { .. } => REGULAR_HEAD,
            Self::Final { .. } => FINAL_HEAD,
        }
    }

    fn sequence(self) -> u32 {
        let (Self::Regular { sequence } | Self::Final { sequence }) = self;
        sequence
    }

    fn nonce(self) -> Nonce {
        u128::from(self.sequence())
            .to_be_bytes()
            .last_chunk()
            .copied()
            .unwrap_or_default()
    }

    /// Everything before the payload, which follows from number and length.
    pub(super) fn head(self, payload: u32) -> Short<FINAL_HEAD> {
        let (sequence, nonce) = (self.sequence().to_be_bytes(), self.nonce());
        match self {
            Self::Regular { .. } => Short::of(&[&sequence, &nonce]),
            Self::Final { .. } => {
                let (mark, length) = (FINAL_MARK.to_be_bytes(), payload.to_be_bytes());
                Short::of(&[&mark, &sequence, &nonce, &length])
            }
        }
    }

    fn associated_data(self, message_id: &[u8; 32], payload: u32) -> Short<MAX_ASSOCIATED> {
        let kind: &[u8] = match self {
            Self::Regular { .. } => b"AWSKMSEncryptionClient Frame",
            Self::Final { .. } => b"AWSKMSEncryptionClient Final Frame",
        };
        let (sequence, length) = (
            self.sequence().to_be_bytes(),
            u64::from(payload).to_be_bytes(),
        );
        Short::of(&[message_id, kind, &sequence, &length])
    }
}

/// A few bytes of at most `N`, kept without an allocation.
pub(super) struct Short<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Short<N> {
    /// The pieces one after the other, which together have at most `N` bytes.
    fn of(pieces: &[&[u8]]) -> Self {
        let (mut bytes, mut length) = ([0; N], 0);
        for (place, byte) in bytes.iter_mut().zip(pieces.iter().copied().flatten()) {
            *place = *byte;
            length += 1;
        }
        Self { bytes, length }
    }
}

impl<const N: usize> std::ops::Deref for Short<N> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

/// Hands out the numbers of one message's frames, each once: the number is the
/// nonce. Not `Clone`, for that reason.
#[derive(Debug, Default)]
pub struct FrameNumbers {
    last: u32,
}

/// The right to seal one frame; sealing consumes it.
#[derive(Debug)]
pub struct FrameNumber(Frame);

impl FrameNumbers {
    /// The next regular frame; `None` once only the final one has a number left.
    pub fn regular(&mut self) -> Option<FrameNumber> {
        let sequence = self.last + 1;
        if sequence == u32::MAX {
            return None;
        }
        self.last = sequence;
        Some(FrameNumber(Frame::Regular { sequence }))
    }

    /// The final frame.
    pub fn finish(self) -> FrameNumber {
        FrameNumber(Frame::Final {
            sequence: self.last + 1,
        })
    }
}

impl FrameNumber {
    /// Which frame this is.
    pub fn frame(&self) -> Frame {
        self.0
    }
}

/// Seals and opens the frames of one message.
///
/// [`Header::begin`](super::Header::begin) and
/// [`Header::authenticate`](super::Header::authenticate) return one; several
/// threads may use it. A frame's buffer holds head, payload and tag.
pub struct FrameCipher {
    cipher: Cipher,
    message_id: [u8; 32],
    frame_length: NonZeroU32,
}

impl FrameCipher {
    pub(super) fn new(cipher: Cipher, message_id: [u8; 32], frame_length: NonZeroU32) -> Self {
        Self {
            cipher,
            message_id,
            frame_length,
        }
    }

    /// Seals a frame in place: `buffer` holds the payload at
    /// [`Frame::head_length`], and head and tag are written round it.
    ///
    /// # Errors
    /// [`SealError::FrameBuffer`] unless the payload has the frame length (the
    /// final one: at most that).
    pub fn seal(&self, number: FrameNumber, buffer: &mut [u8]) -> Result<(), SealError> {
        let FrameNumber(frame) = number;
        let (slot, length) = self.slot(frame, buffer)?;
        let aad = frame.associated_data(&self.message_id, length);
        *slot.tag = self
            .cipher
            .seal_in_place(&frame.nonce(), &aad, slot.payload)?;
        slot.head.copy_from_slice(&frame.head(length));
        Ok(())
    }

    /// Seals `payload` into `buffer`, which has room for head and tag as well.
    ///
    /// # Errors
    /// [`SealError::FrameBuffer`] unless the payload has the frame length (the
    /// final one: at most that) and the buffer the length of the sealed frame.
    pub fn seal_into(
        &self,
        number: FrameNumber,
        payload: &[u8],
        buffer: &mut [u8],
    ) -> Result<(), SealError> {
        let FrameNumber(frame) = number;
        let wrong = wrong_buffer(frame, buffer.len());
        let (slot, length) = self.slot(frame, buffer)?;
        if slot.payload.len() != payload.len() {
            return Err(wrong);
        }
        let aad = frame.associated_data(&self.message_id, length);
        *slot.tag = self
            .cipher
            .seal_into(&frame.nonce(), &aad, payload, slot.payload)?;
        slot.head.copy_from_slice(&frame.head(length));
        Ok(())
    }

    /// Seals a payload in place and returns its tag; the head follows from number and length.
    ///
    /// # Errors
    /// [`SealError::FrameBuffer`] unless the payload has the frame length (the
    /// final one: at most that).
    pub fn seal_headless(&self, number: FrameNumber, payload: &mut [u8]) -> Result<Tag, SealError> {
        let FrameNumber(frame) = number;
        let length = self
            .payload_length(frame, payload.len())
            .ok_or_else(|| wrong_buffer(frame, payload.len()))?;
        let aad = frame.associated_data(&self.message_id, length);
        Ok(self.cipher.seal_in_place(&frame.nonce(), &aad, payload)?)
    }

    /// Seals `payload` into `output`, which has its length, and returns its tag; the
    /// head follows from number and length.
    ///
    /// # Errors
    /// [`SealError::FrameBuffer`] unless the payload has the frame length (the
    /// final one: at most that) and the output the same.
    pub fn seal_headless_into(
        &self,
        number: FrameNumber,
        payload: &[u8],
        output: &mut [u8],
    ) -> Result<Tag, SealError> {
        let FrameNumber(frame) = number;
        let length = self
            .payload_length(frame, payload.len())
            .filter(|_| payload.len() == output.len())
            .ok_or_else(|| wrong_buffer(frame, output.len()))?;
        let aad = frame.associated_data(&self.message_id, length);
        Ok(self
            .cipher
            .seal_into(&frame.nonce(), &aad, payload, output)?)
    }

    /// Opens a payload that is kept without its head into `output`, which has its length.
    ///
    /// # Errors
    /// [`OpenError::Refused`] unless it is this frame of this message.
    pub fn open_headless(
        &self,
        frame: Frame,
        sealed: Sealed<'_>,
        output: &mut [u8],
    ) -> Result<(), OpenError> {
        let length = self
            .payload_length(frame, sealed.bytes.len())
            .filter(|_| sealed.bytes.len() == output.len())
            .ok_or(OpenError::Refused)?;
        let aad = frame.associated_data(&self.message_id, length);
        self.cipher
            .open_into(&frame.nonce(), &aad, sealed, output)
            .map_err(|_| OpenError::Refused)
    }

    /// Opens the frame in `buffer` in place and returns its payload.
    ///
    /// Where the frame is refused, the whole buffer is overwritten with zeros.
    ///
    /// # Errors
    /// [`OpenError::Refused`] unless the buffer is exactly this frame of this message.
    pub fn open<'a>(&self, frame: Frame, buffer: &'a mut [u8]) -> Result<&'a mut [u8], OpenError> {
        let opened = self.open_slot(frame, buffer);
        if opened.is_err() {
            buffer.zeroize();
        }
        opened?;
        let end = buffer.len().saturating_sub(TAG_LENGTH);
        buffer
            .get_mut(frame.head_length()..end)
            .ok_or(OpenError::Refused)
    }

    fn open_slot(&self, frame: Frame, buffer: &mut [u8]) -> Result<(), OpenError> {
        let (slot, length) = self.slot(frame, buffer).map_err(|_| OpenError::Refused)?;
        if *slot.head != *frame.head(length) {
            return Err(OpenError::Refused);
        }
        let aad = frame.associated_data(&self.message_id, length);
        self.cipher
            .open_in_place(&frame.nonce(), &aad, slot.payload, slot.tag)
            .map_err(|_| OpenError::Refused)
    }

    /// Opens the frame in `buffer` into `output`, which has the length of its payload.
    ///
    /// Where the frame is refused, `output` holds no plaintext.
    ///
    /// # Errors
    /// [`OpenError::Refused`] unless the buffer is exactly this frame of this
    /// message and `output` as long as its payload.
    pub fn open_into(
        &self,
        frame: Frame,
        buffer: &[u8],
        output: &mut [u8],
    ) -> Result<(), OpenError> {
        let (head, bytes, tag) = split(frame, buffer).ok_or(OpenError::Refused)?;
        let length = u32::try_from(bytes.len()).map_err(|_| OpenError::Refused)?;
        if *head != *frame.head(length) {
            return Err(OpenError::Refused);
        }
        self.open_headless(frame, Sealed { bytes, tag }, output)
    }

    fn slot<'a>(&self, frame: Frame, buffer: &'a mut [u8]) -> Result<(Slot<'a>, u32), SealError> {
        let wrong = wrong_buffer(frame, buffer.len());
        let slot = Slot::split(frame, buffer).ok_or_else(|| wrong.clone())?;
        let length = self
            .payload_length(frame, slot.payload.len())
            .ok_or(wrong)?;
        Ok((slot, length))
    }

    /// `length`, if a payload of this frame may have it.
    fn payload_length(&self, frame: Frame, length: usize) -> Option<u32> {
        let (length, full) = (u32::try_from(length).ok()?, self.frame_length.get());
        let fits = match frame {
            Frame::Regular { sequence } => length == full && !matches!(sequence, 0 | FINAL_MARK),
            Frame::Final { sequence } => length <= full && sequence != 0,
        };
        fits.then_some(length)
    }
}

impl fmt::Debug for FrameCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameCipher")
            .field("frame_length", &self.frame_length)
            .finish_non_exhaustive()
    }
}

struct Slot<'a> {
    head: &'a mut [u8],
    payload: &'a mut [u8],
    tag: &'a mut Tag,
}

impl<'a> Slot<'a> {
    fn split(frame: Frame, buffer: &'a mut [u8]) -> Option<Self> {
        let (head, rest) = buffer.split_at_mut_checked(frame.head_length())?;
        let (payload, tag) = rest.split_last_chunk_mut()?;
        Some(Self { head, payload, tag })
    }
}

fn split(frame: Frame, buffer: &[u8]) -> Option<(&[u8], &[u8], &Tag)> {
    let (head, rest) = buffer.split_at_checked(frame.head_length())?;
    let (payload, tag) = rest.split_last_chunk()?;
    Some((head, payload, tag))
}

fn wrong_buffer(frame: Frame, length: usize) -> SealError {
    SealError::FrameBuffer {
        length,
        overhead: frame.head_length() + TAG_LENGTH,
    }
}
