//! Where the body of an object is kept: in memory, or in a file of the data folder.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::folder::BodyFile;
use crate::crypto::OpenError;
use crate::crypto::aead::Sealed;
use crate::crypto::message::{Framed, Header, Placement, Source};

/// A stored body: an Encryption SDK message. The plaintext is nowhere.
///
/// Cloning shares it.
#[derive(Clone)]
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

/// The header, the length and the last bytes, wherever it is kept: what tells
/// one message from another.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, mut scratch) = (self.length(), Vec::new());
        let header = Header::read(self).map(|header| header.as_bytes().to_vec());
        let last = self.bytes(length.saturating_sub(LAST)..length, &mut scratch);
        f.debug_struct("Body")
            .field("length", &length)
            .field("header", &header.map(Bytes::from))
            .field("last", &last)
            .finish()
    }
}

/// How many of the last bytes are shown.
const LAST: u64 = 16;

/// As the message, wherever it is kept.
impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = self.message().map_err(serde::ser::Error::custom)?;
        serializer.serialize_bytes(&message)
    }
}

/// In memory.
impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bytes::deserialize(deserializer).map(Self::Message)
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

    fn header(&self) -> Option<&[u8]> {
        match self {
            Self::Framed(framed) => framed.header(),
            Self::Message(_) | Self::File(_) => None,
        }
    }

    fn headless(&self, placement: &Placement) -> Option<Sealed<'_>> {
        match self {
            Self::Framed(framed) => framed.headless(placement),
            Self::Message(_) | Self::File(_) => None,
        }
    }
}
