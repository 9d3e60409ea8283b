//! A lab in a file.
//!
//! The content is CBOR with the names of all members, so a member that is
//! added later needs no more than `#[serde(default)]` to read older files. It
//! stands in a [`sealed_file`], under a passphrase or a key: the clock and the
//! position in the sequence of random bytes are kept as well, so a lab goes on
//! as if it had never stopped, and a simulated one stays simulated. A file is
//! the whole of a lab and is never merged into another.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Lab;
use crate::base::files::replace;
use crate::base::sealing::sealing;
use crate::crypto::sealed_file::{self, Lock, OpenFileError, SealFileError};

/// Why a lab is not saved or loaded. Whatever it is, the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system refuses.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
    /// The content cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealFileError),
    /// The file cannot be opened under this lock.
    #[error("`{}`: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: OpenFileError,
    },
    /// What it holds is no lab.
    #[error("what the file holds is not a lab that this keychai reads: {0}")]
    Content(String),
}

#[derive(Serialize)]
struct Written<'a> {
    keychai: &'static str,
    lab: &'a Lab,
}

#[derive(Deserialize)]
struct Read {
    lab: Lab,
}

/// What to do about a lab that is larger than a file may be.
const TOO_LARGE: &str = "the lab and its bodies are larger than 1 GiB: keep the bodies in a data \
                         folder (`--data`)";

/// Grows without leaving its content behind.
#[derive(Default)]
struct Buffer(Zeroizing<Vec<u8>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > sealed_file::MAX_LENGTH {
            return Err(io::Error::other(TOO_LARGE));
        }
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * self.0.capacity())));
            larger.extend_from_slice(&self.0);
            // The old one is erased as it goes.
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lab {
    /// The lab as the bytes of a sealed file.
    ///
    /// # Errors
    /// [`FileError::Seal`] for a lab that is too large.
    pub fn to_sealed(&self, lock: &Lock) -> Result<Vec<u8>, FileError> {
        let mut buffer = Buffer::default();
        let written = Written {
            keychai: env!("CARGO_PKG_VERSION"),
            lab: self,
        };
        sealing(|| ciborium::into_writer(&written, &mut buffer)).map_err(|error| match error {
            ciborium::ser::Error::Io(error) => FileError::Content(error.to_string()),
            ciborium::ser::Error::Value(error) => FileError::Content(error),
        })?;
        Ok(sealed_file::seal(&buffer.0, lock)?)
    }

    /// The lab in the bytes of a sealed file.
    ///
    /// # Errors
    /// [`OpenFileError`], and [`FileError::Content`] for a file that holds something else.
    pub fn from_sealed(file: &[u8], lock: &Lock) -> Result<Self, FileError> {
        let open = |error| FileError::Open {
            path: PathBuf::from("the file"),
            error,
        };
        let content = sealed_file::open(file, lock).map_err(open)?;
        let read: Read = sealing(|| ciborium::from_reader(content.as_slice()))
            .map_err(|error| FileError::Content(misfit(&error)))?;
        let mut lab = read.lab;
        lab.settle_bodies();
        Ok(lab)
    }

    /// Writes the lab to `path`: afterwards the file is the new one or, after any
    /// failure, still the old one. Only its owner may read it.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn save(&self, path: &Path, lock: &Lock) -> Result<(), FileError> {
        let sealed = self.to_sealed(lock)?;
        replace(path, &sealed).map_err(|error| FileError::Io {
            path: path.to_owned(),
            error,
        })
    }

    /// Reads the lab that [`Lab::save`] wrote; `None` if there is no such file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn load(path: &Path, lock: &Lock) -> Result<Option<Self>, FileError> {
        let sealed = match read(path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(FileError::Io {
                    path: path.to_owned(),
                    error,
                });
            }
        };
        Self::from_sealed(&sealed, lock)
            .map(Some)
            .map_err(|error| match error {
                FileError::Open { error, .. } => FileError::Open {
                    path: path.to_owned(),
                    error,
                },
                other => other,
            })
    }
}

/// What does not fit, without the values in it: some of them are secret.
fn misfit(error: &ciborium::de::Error<io::Error>) -> String {
    use ciborium::de::Error;
    match error {
        Error::Io(_) => "it ends too soon".to_owned(),
        Error::Syntax(at) | Error::Semantic(Some(at), _) => format!("byte {at} does not fit"),
        Error::Semantic(None, _) => "a member does not fit".to_owned(),
        Error::RecursionLimitExceeded => "it is nested too deeply".to_owned(),
    }
}

/// No more than a sealed file can have, whatever the file system says.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(sealed_file::MAX_LENGTH).unwrap_or(u64::MAX);
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "this is not a regular file",
        ));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where a file lies, links followed; `path` itself for a file that does not exist yet.
pub fn real_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
