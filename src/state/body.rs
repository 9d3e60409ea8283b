//! Where the body of an object is kept: in memory, or in a file of the data folder.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::folder::BodyFile;
use crate::crypto::OpenError;
use crate::crypto::aead::Sealed;
use crate::crypto::message::{Framed, Placement, Source};

/// A stored body: an Encryption SDK message. The plaintext is nowhere.
///
/// Cloning shares it.
#[derive(Clone, Debug)]
pub enum Body {
    /// In memory, as it was sealed.
    Framed(Framed),
    /// In memory, in one piece.
    Message(Bytes),
    /// In a file.
    File(Arc<BodyFile>),
}

impl Body {
    /// The whole message.
    ///
    /// # Errors
    /// [`OpenError::Storage`] if its file cannot be read.
    pub fn message(&self) -> Result<Vec<u8>, OpenError> {
        let mut scratch = Vec::new();
        Ok(self.bytes(0..self.length(), &mut scratch)?.to_vec())
    }
}

impl From<Framed> for Body {
    fn from(framed: Framed) -> Self {
        Self::Framed(framed)
    }
}

impl From<Vec<u8>> for Body {
    fn from(message: Vec<u8>) -> Self {
        Self::Message(Bytes::from(message))
    }
}

impl Source for Body {
    fn length(&self) -> u64 {
        match self {
            Self::Framed(framed) => framed.length(),
            Self::Message(bytes) => bytes.len() as u64,
            Self::File(file) => file.length(),
        }
    }

    fn bytes<'a>(
        &'a self,
        range: Range<u64>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        match self {
            Self::Framed(framed) => framed.bytes(range, scratch),
            Self::Message(bytes) => bytes.as_ref().bytes(range, scratch),
            Self::File(file) => file.bytes(range, scratch),
        }
    }

    fn headless(&self, placement: &Placement) -> Option<Sealed<'_>> {
        match self {
            Self::Framed(framed) => framed.headless(placement),
            Self::Message(_) | Self::File(_) => None,
        }
    }
}
