//! The data folder: bodies of objects in files, each whole or absent.
//!
//! A body is written to a file that ends in `.partial`, synced, and then
//! renamed; the folder is synced after that. What a crash leaves unfinished is
//! removed when the folder is opened again. One process at a time uses it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::OpenError;
use crate::crypto::message::Source;

/// The file by which a process holds the folder.
const LOCK: &str = ".keychai-lock";
/// How the name of a body ends: what it is, an Encryption SDK message.
const WHOLE: &str = "message";
const PARTIAL: &str = "partial";
/// How much of an object's key its file's name shows, in characters.
const SHOWN: usize = 80;

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
        let last = tidy(&root).map_err(|cause| at(&root, cause))?;
        Ok(Arc::new(Self {
            root,
            next: AtomicU64::new(last + 1),
            keeps: AtomicBool::new(false),
            _lock: lock,
        }))
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// From now on a file stays when the last body that refers to it is gone: the
    /// process ends, and the objects are to be found in the folder.
    pub fn keep(&self) {
        self.keeps.store(true, Ordering::Relaxed);
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
        let fresh = !folder.exists();
        fs::create_dir_all(&folder)?;
        if fresh {
            sync_folder(&self.root)?;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{number:08}-{}.{WHOLE}", shown(key)));
        let unfinished = Unfinished(path.with_extension(PARTIAL));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&unfinished.0)?;
        fill(&mut file)?;
        file.sync_all()?;
        let length = file.metadata()?.len();
        fs::rename(&unfinished.0, &path)?;
        sync_folder(&folder)?;
        Ok(BodyFile {
            name: relative(&self.root, &path),
            path,
            length,
            file: Mutex::new(file),
            folder: Arc::clone(self),
        })
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

/// Removes unfinished files; the greatest number of a finished one.
fn tidy(root: &Path) -> io::Result<u64> {
    let mut last = 0;
    for bucket in fs::read_dir(root)? {
        let bucket = bucket?;
        if !bucket.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(bucket.path())? {
            let path = file?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some((number, _)) = name.and_then(|name| name.split_once('-')) else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match path.extension().and_then(|end| end.to_str()) {
                Some(PARTIAL) => fs::remove_file(&path)?,
                Some(WHOLE) => last = last.max(number),
                _ => {}
            }
        }
    }
    Ok(last)
}

/// Makes a rename last. Where a folder cannot be opened as a file, the system does so itself.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// `key` as a part of a file's name.
fn shown(key: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let end = key.chars().count().saturating_sub(SHOWN);
    let shown: String = key.chars().skip(end).collect();
    shown.replace(|c| !safe(c), "_")
}

fn relative(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    let parts: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// A body in a file, which goes when the last that refers to it does.
pub struct BodyFile {
    name: String,
    path: PathBuf,
    length: u64,
    file: Mutex<File>,
    folder: Arc<Folder>,
}

impl BodyFile {
    /// Its name in the folder, `/` between bucket and file.
    pub fn name(&self) -> &str {
        &self.name
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
        let length = range
            .end
            .checked_sub(range.start)
            .ok_or(OpenError::Refused)?;
        if range.end > self.length {
            return Err(OpenError::Refused);
        }
        scratch.resize(usize::try_from(length).map_err(|_| OpenError::Refused)?, 0);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(range.start))
            .and_then(|_| file.read_exact(scratch))
            .map_err(|cause| OpenError::Storage {
                cause: format!("{}: {cause}", self.path.display()),
            })?;
        Ok(scratch)
    }
}

impl Drop for BodyFile {
    fn drop(&mut self) {
        if self.folder.keeps.load(Ordering::Relaxed) {
            return;
        }
        // One that stays behind only takes room.
        let _ = fs::remove_file(&self.path);
    }
}

impl std::fmt::Debug for BodyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BodyFile({}, {} bytes)", self.name, self.length)
    }
}
