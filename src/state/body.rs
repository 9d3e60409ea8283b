//! Where the body of an object is kept: in memory, or in a file of the data folder.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::folder::{BodyFile, Folder};
use super::s3::{Bucket, Object};
use super::uploads::{SealedPart, Upload};
use super::versions::Version;
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
    /// In a file of a data folder that is not at hand.
    Absent(Arc<Absent>),
}

/// What a saved lab says of a body in a data folder.
#[derive(Debug, Serialize, Deserialize)]
pub struct Absent {
    /// The file's name in the folder.
    file: String,
    /// The length of the message in bytes.
    length: u64,
}

impl Body {
    /// The whole message.
    ///
    /// # Errors
    /// [`OpenError::Storage`] if its file cannot be read.
    pub fn message(&self) -> Result<Vec<u8>, OpenError> {
        let mut scratch = Vec::new();
        let bytes = self.bytes(0..self.length(), &mut scratch)?;
        if let Self::Message(_) = self {
            return Ok(bytes.to_vec());
        }
        Ok(scratch)
    }

    /// The body with its file in `folder`, where that is what it lacks.
    pub fn found_in(&self, folder: &Arc<Folder>) -> Option<Self> {
        let Self::Absent(absent) = self else {
            return None;
        };
        let file = folder.adopt(&absent.file, absent.length)?;
        Some(Self::File(Arc::new(file)))
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

/// As a saved lab holds a body: the message, or where it is.
#[derive(Serialize, Deserialize)]
enum Saved {
    Message(Bytes),
    File(Arc<Absent>),
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let saved = match self {
            Self::Message(bytes) => Saved::Message(bytes.clone()),
            Self::Framed(_) => {
                Saved::Message(self.message().map_err(serde::ser::Error::custom)?.into())
            }
            Self::File(file) => {
                file.mark_saved();
                Saved::File(Arc::new(Absent {
                    file: file.name().to_owned(),
                    length: file.length(),
                }))
            }
            Self::Absent(absent) => Saved::File(Arc::clone(absent)),
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Saved::deserialize(deserializer)? {
            Saved::Message(bytes) => Self::Message(bytes),
            Saved::File(absent) => Self::Absent(absent),
        })
    }
}

impl Bucket {
    /// Gives the bodies that a saved lab left in files their place in `folder`, and
    /// shares again what was stored twice: the current version is one of the
    /// history's, and an object of parts has the body of the first.
    pub fn settle_bodies(&mut self, folder: Option<&Arc<Folder>>) {
        let found = |body: &Body| folder.and_then(|folder| body.found_in(folder));
        let settled = |object: &Object| {
            let mut object = object.clone();
            object.parts = object.parts.iter().map(|part| part.with(found)).collect();
            object.body = match object.parts.first() {
                Some(first) => first.message.clone(),
                None => found(&object.body).unwrap_or(object.body),
            };
            Arc::new(object)
        };
        let history: Vec<(String, Arc<[Version]>)> = self
            .history
            .iter()
            .map(|(key, versions)| {
                let versions = versions.iter().map(|version| Version {
                    object: version.object.as_deref().map(settled),
                    ..version.clone()
                });
                (key.clone(), versions.collect())
            })
            .collect();
        for (key, versions) in history {
            self.history.insert_mut(key, versions);
        }
        let objects: Vec<(String, Arc<Object>)> = self
            .objects
            .iter()
            .map(|(key, object)| {
                let current = self.history.get(key).and_then(|versions| versions.first());
                let shared = current.and_then(|version| version.object.clone());
                (key.clone(), shared.unwrap_or_else(|| settled(object)))
            })
            .collect();
        for (key, object) in objects {
            self.objects.insert_mut(key, object);
        }
        let uploads: Vec<(String, Arc<Upload>)> = self
            .uploads
            .iter()
            .map(|(id, upload)| {
                let mut upload = (**upload).clone();
                for part in upload.parts.values_mut() {
                    part.sealed = part.sealed.with(found);
                }
                (id.clone(), Arc::new(upload))
            })
            .collect();
        for (id, upload) in uploads {
            self.uploads.insert_mut(id, upload);
        }
    }
}

impl SealedPart {
    /// The part with the message that `found` finds for it, if it finds one.
    fn with(&self, found: impl Fn(&Body) -> Option<Body>) -> Self {
        let mut part = self.clone();
        if let Some(message) = found(&part.message) {
            part.message = message;
        }
        part
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
            Self::Absent(absent) => absent.length,
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
            Self::Absent(absent) => Err(OpenError::Storage {
                cause: format!(
                    "it lies in the file `{}` of a data folder, which `--data` names",
                    absent.file
                ),
            }),
        }
    }

    fn header(&self) -> Option<&[u8]> {
        match self {
            Self::Framed(framed) => framed.header(),
            Self::Message(_) | Self::File(_) | Self::Absent(_) => None,
        }
    }

    fn headless(&self, placement: &Placement) -> Option<Sealed<'_>> {
        match self {
            Self::Framed(framed) => framed.headless(placement),
            Self::Message(_) | Self::File(_) | Self::Absent(_) => None,
        }
    }
}
