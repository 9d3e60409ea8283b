//! Sealing a stream of unknown length in constant memory.

use std::io::{self, Cursor, Read};
use std::num::NonZeroU32;

use zeroize::Zeroizing;

use super::super::aead::TAG_LENGTH;
use super::super::{DataKey, EncryptionContext};
use super::SealError;
use super::frame::{FINAL_HEAD, FrameCipher, FrameNumbers, REGULAR_HEAD};
use super::header::{EncryptedDataKey, Header};
use crate::base::Entropy;

/// Reads as the message whose plaintext `R` reads as, a frame at a time.
///
/// Holds two frames, whatever the length of the plaintext. An error of `R`
/// ends the message before its final frame, so that nothing opens it.
pub struct Sealing<R> {
    plaintext: R,
    cipher: FrameCipher,
    numbers: Option<FrameNumbers>,
    frame_length: usize,
    /// What is being handed out.
    ready: Cursor<Vec<u8>>,
    /// The payload of the next frame, behind room for a head.
    next: Zeroizing<Vec<u8>>,
    length: u64,
}

impl<R: Read> Sealing<R> {
    /// Begins a message; the members are those of [`seal`](super::seal).
    ///
    /// # Errors
    /// As [`Header::begin`].
    pub fn begin(
        plaintext: R,
        data_key: &DataKey,
        data_keys: &[EncryptedDataKey],
        context: &EncryptionContext,
        frame_length: NonZeroU32,
        entropy: &mut Entropy,
    ) -> Result<Self, SealError> {
        let (header, cipher) = Header::begin(data_key, data_keys, context, frame_length, entropy)?;
        let frame_length =
            usize::try_from(frame_length.get()).map_err(|_| SealError::TooManyFrames)?;
        Ok(Self {
            plaintext,
            cipher,
            numbers: Some(FrameNumbers::default()),
            frame_length,
            ready: Cursor::new(header.as_bytes().to_vec()),
            next: Zeroizing::new(Vec::new()),
            length: 0,
        })
    }

    /// How many bytes of plaintext were sealed so far.
    pub fn plaintext_length(&self) -> u64 {
        self.length
    }

    /// Seals the next frame; whether it is the final one shows in what follows it.
    fn advance(&mut self) -> io::Result<()> {
        let Some(numbers) = self.numbers.as_mut() else {
            return Ok(());
        };
        if self.next.is_empty() {
            self.next = load(&mut self.plaintext, self.frame_length)?;
        }
        let payload = self.next.len().saturating_sub(FINAL_HEAD);
        let following = match payload == self.frame_length {
            true => load(&mut self.plaintext, self.frame_length)?,
            false => Zeroizing::new(vec![0; FINAL_HEAD]),
        };
        let is_final = following.len() == FINAL_HEAD;
        let number = match is_final {
            true => self.numbers.take().map(FrameNumbers::finish),
            false => numbers.regular(),
        };
        let number = number.ok_or_else(|| io::Error::other(SealError::TooManyFrames))?;
        let skipped = if is_final {
            0
        } else {
            FINAL_HEAD - REGULAR_HEAD
        };
        self.next.resize(FINAL_HEAD + payload + TAG_LENGTH, 0);
        let slot = self.next.get_mut(skipped..).unwrap_or_default();
        self.cipher.seal(number, slot).map_err(io::Error::other)?;
        self.length += payload as u64;
        // Sealed now: no longer a secret.
        self.ready = Cursor::new(std::mem::take(&mut *self.next));
        self.ready.set_position(skipped as u64);
        self.next = following;
        Ok(())
    }
}

/// Room for a head, and then up to `length` bytes of plaintext.
fn load(plaintext: &mut impl Read, length: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(FINAL_HEAD + length + TAG_LENGTH));
    buffer.resize(FINAL_HEAD + length, 0);
    let mut filled = FINAL_HEAD;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match plaintext.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

impl<R: Read> Read for Sealing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.ready.read(buffer)? {
            0 if !buffer.is_empty() => {
                self.advance()?;
                self.ready.read(buffer)
            }
            count => Ok(count),
        }
    }
}

impl<R> std::fmt::Debug for Sealing<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealing")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
