//! Where the bytes of a message come from.

use std::ops::Range;

use super::super::aead::Sealed;
use super::layout::Placement;
use super::{Header, HeaderError, OpenError};

/// How much of a message is read at first to find its header, in bytes.
const HEADER_GUESS: u64 = 4096;

/// A message somewhere: in memory, in a file, or inside another message.
pub trait Source {
    /// The length of the message in bytes.
    fn length(&self) -> u64;

    /// The bytes `range` of the message, put into `scratch` unless they are at hand.
    ///
    /// # Errors
    /// [`OpenError::Storage`] if they cannot be read, [`OpenError::Refused`] if
    /// there are no such bytes.
    fn bytes<'a>(
        &'a self,
        range: Range<u64>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError>;

    /// The header, where it is kept by itself.
    fn header(&self) -> Option<&[u8]> {
        None
    }

    /// The payload and tag of the frame at `placement`, where the message is
    /// kept without the heads of its frames, which follow from the layout.
    fn headless(&self, placement: &Placement) -> Option<Sealed<'_>> {
        let _ = placement;
        None
    }
}

impl Source for [u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn bytes<'a>(
        &'a self,
        range: Range<u64>,
        _scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        within(self, &range).ok_or(OpenError::Refused)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn length(&self) -> u64 {
        (**self).length()
    }

    fn bytes<'a>(
        &'a self,
        range: Range<u64>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        (**self).bytes(range, scratch)
    }

    fn header(&self) -> Option<&[u8]> {
        (**self).header()
    }

    fn headless(&self, placement: &Placement) -> Option<Sealed<'_>> {
        (**self).headless(placement)
    }
}

/// The part `range` of `bytes`.
pub(super) fn within<'a>(bytes: &'a [u8], range: &Range<u64>) -> Option<&'a [u8]> {
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    bytes.get(start..end)
}

impl Header {
    /// Reads the header of the message that `source` holds.
    ///
    /// # Errors
    /// [`OpenError::Storage`] if the source cannot be read,
    /// [`OpenError::Refused`] if it does not begin with a header.
    pub fn read(source: &(impl Source + ?Sized)) -> Result<Self, OpenError> {
        if let Some(header) = source.header() {
            return Self::parse(header).map_err(|_| OpenError::Refused);
        }
        let mut scratch = Vec::new();
        let mut guess = HEADER_GUESS.min(source.length());
        loop {
            let bytes = source.bytes(0..guess, &mut scratch)?;
            match Self::parse(bytes) {
                Ok(header) => return Ok(header),
                Err(HeaderError::Truncated(_)) if guess < source.length() => {
                    guess = guess.saturating_mul(4).min(source.length());
                }
                Err(_) => return Err(OpenError::Refused),
            }
        }
    }
}
