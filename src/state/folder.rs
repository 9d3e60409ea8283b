//! The data folder: bodies of objects in files, each whole or absent.
//!
//! A body is written in a place of its own, synced, and then renamed; the
//! folder is synced after that. What a crash leaves unfinished is removed when
//! the folder is opened again. One process at a time uses it.
//!
//! A file goes when the last body that refers to it does. One that a saved lab
//! names goes only once that lab is saved without it ([`Folder::saved`]).

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::files::sync_folder;
use crate::crypto::OpenError;
use crate::crypto::message::Source;

/// The file by which a process holds the folder.
const LOCK: &str = ".keychai-lock";
/// Where bodies are written until they are whole.
const UNFINISHED: &str = ".keychai-unfinished";
/// How the name of a body ends: what it is, an Encryption SDK message.
const WHOLE: &str = "message";
/// How much of an object's key its file's name shows, in characters.
const SHOWN: usize = 80;
/// No folder comes that far; a file with such a number is somebody else's.
const LAST_NUMBER: u64 = 1 << 53;
/// How many digits the number of a file has at least.
const DIGITS: usize = 8;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it.
    #[error("{} is in use by another keychai: give each its own folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// Something else has that name.
    #[error("{} is no folder: name one, or a new one", path.display())]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("{}: {cause}", path.display())]
    System {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// A folder that bodies are kept in.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    next: AtomicU64,
    keeps: AtomicBool,
    /// Files without a body that a saved lab may still name.
    discarded: Mutex<BTreeSet<PathBuf>>,
    _lock: File,
}

impl Folder {
    /// Opens `root`, which is made if need be, and removes what was left unfinished.
    ///
    /// # Errors
    /// [`FolderError`] with the path.
    pub fn open(root: &Path) -> Result<Arc<Self>, FolderError> {
        let at = |path: &Path, cause| FolderError::System {
            path: path.to_owned(),
            cause,
        };
        if root.exists() && !root.is_dir() {
            return Err(FolderError::NoFolder {
                path: root.to_owned(),
            });
        }
        fs::create_dir_all(root).map_err(|cause| at(root, cause))?;
        let root = root.canonicalize().map_err(|cause| at(root, cause))?;
        let path = root.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|cause| at(&path, cause))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::InUse { path: root }),
            Err(TryLockError::Error(cause)) => return Err(at(&path, cause)),
        }
        let unfinished = root.join(UNFINISHED);
        fs::create_dir_all(&unfinished)
            .and_then(|()| empty(&unfinished))
            .map_err(|cause| at(&unfinished, cause))?;
        let last = last_number(&root).map_err(|cause| at(&root, cause))?;
        Ok(Arc::new(Self {
            root,
            next: AtomicU64::new(last + 1),
            keeps: AtomicBool::new(false),
            discarded: Mutex::default(),
            _lock: lock,
        }))
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// From now on no file is removed: the process ends and the objects are to be
    /// found in the folder, or a file that is not rewritten names them.
    pub fn keep(&self) {
        self.keeps.store(true, Ordering::Relaxed);
    }

    /// The lab has been saved as it is: the files that it does not name any more go.
    pub fn saved(&self) {
        let discarded = self.discarded.lock();
        let mut discarded = discarded.unwrap_or_else(PoisonError::into_inner);
        for path in std::mem::take(&mut *discarded) {
            self.remove(&path);
        }
    }

    /// Writes a body: `fill` writes its bytes. `bucket` and `key` are there to be
    /// recognized by.
    ///
    /// # Errors
    /// What `fill` or the system answers; no file is left then.
    pub fn write(
        self: &Arc<Self>,
        bucket: &str,
        key: &str,
        fill: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<BodyFile> {
        let folder = self.root.join(bucket);
        if !folder.exists() {
            fs::create_dir_all(&folder)?;
            sync_folder(&self.root)?;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("{bucket}/{number:0DIGITS$}-{}.{WHOLE}", shown(key));
        let unfinished = Unfinished(self.root.join(UNFINISHED).join(number.to_string()));
        let mut file = File::create_new(&unfinished.0)?;
        fill(&mut file)?;
        file.sync_all()?;
        let length = file.metadata()?.len();
        let path = self.root.join(&name);
        fs::rename(&unfinished.0, &path)?;
        // From here on its end removes the file.
        let body = self.body(name, path, length);
        sync_folder(&folder)?;
        Ok(body)
    }

    /// The body that a saved lab calls `name`; `None` if there is no such file of
    /// `length` bytes.
    pub fn adopt(self: &Arc<Self>, name: &str, length: u64) -> Option<BodyFile> {
        let (bucket, file) = name.split_once('/')?;
        let plain = |part: &str| {
            !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '\\', ':'])
        };
        if !plain(bucket) || !plain(file) || number(file).is_none() {
            return None;
        }
        let path = self.root.join(bucket).join(file);
        let found = fs::symlink_metadata(&path).ok()?;
        if !found.is_file() || found.len() != length {
            return None;
        }
        let body = self.body(name.to_owned(), path, length);
        body.mark_saved();
        Some(body)
    }

    fn body(self: &Arc<Self>, name: String, path: PathBuf, length: u64) -> BodyFile {
        BodyFile {
            name,
            path,
            length,
            saved: AtomicBool::new(false),
            folder: Arc::clone(self),
        }
    }

    /// Removes a file, unless all are to stay. One that stays behind only takes room.
    fn remove(&self, path: &Path) {
        if !self.keeps.load(Ordering::Relaxed) {
            let _ = fs::remove_file(path);
        }
    }
}

/// A file that is to go unless it becomes a body.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is none.
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes the files of a folder that is keychai's own.
fn empty(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        fs::remove_file(file?.path())?;
    }
    Ok(())
}

/// The greatest number that a body has.
fn last_number(root: &Path) -> io::Result<u64> {
    let mut last = 0;
    for bucket in fs::read_dir(root)? {
        let bucket = bucket?;
        if !bucket.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(bucket.path())? {
            let name = file?.file_name();
            last = last.max(name.to_str().and_then(number).unwrap_or(0));
        }
    }
    Ok(last)
}

/// The number in the name of a body; `None` if it is no such name.
fn number(name: &str) -> Option<u64> {
    let (digits, rest) = name.split_once('-')?;
    let is_body = digits.len() >= DIGITS && rest.ends_with(&format!(".{WHOLE}"));
    let number = digits.parse().ok();
    number.filter(|number| is_body && *number < LAST_NUMBER)
}

/// `key` as a part of a file's name.
fn shown(key: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let end = key.chars().count().saturating_sub(SHOWN);
    let shown: String = key.chars().skip(end).collect();
    shown.replace(|c| !safe(c), "_")
}

/// A body in a file, which goes when the last that refers to it does.
pub struct BodyFile {
    name: String,
    path: PathBuf,
    length: u64,
    saved: AtomicBool,
    folder: Arc<Folder>,
}

impl BodyFile {
    /// Its name in the folder, `/` between bucket and file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A saved lab names it.
    pub fn mark_saved(&self) {
        self.saved.store(true, Ordering::Relaxed);
    }

    fn read(&self, range: &Range<u64>, output: &mut [u8]) -> io::Result<()> {
        // Opened for each read: a folder has more bodies than a process may have files open.
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(range.start))?;
        file.read_exact(output)
    }
}

impl Source for BodyFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn bytes<'a>(
        &'a self,
        range: Range<u64>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        let length = range.end.checked_sub(range.start);
        let length = length.filter(|_| range.end <= self.length);
        let length = length.and_then(|length| usize::try_from(length).ok());
        scratch.resize(length.ok_or(OpenError::Refused)?, 0);
        self.read(&range, scratch)
            .map_err(|cause| OpenError::Storage {
                cause: format!("{}: {cause}", self.path.display()),
            })?;
        Ok(scratch)
    }
}

impl Drop for BodyFile {
    fn drop(&mut self) {
        if !self.saved.load(Ordering::Relaxed) {
            return self.folder.remove(&self.path);
        }
        let discarded = self.folder.discarded.lock();
        let mut discarded = discarded.unwrap_or_else(PoisonError::into_inner);
        discarded.insert(std::mem::take(&mut self.path));
    }
}

impl std::fmt::Debug for BodyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BodyFile({}, {} bytes)", self.name, self.length)
    }
}
