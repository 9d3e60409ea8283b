//! Labs in files: where the passphrase or key comes from, and what goes back when.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::arguments::{FileSettings, FolderSettings, LabSettings};
use super::{FAILED, USAGE, fail, new_lab, say};
use crate::base::Entropy;
use crate::crypto::sealed_file::{self, Lock};
use crate::lab::{Lab, real_path};
use crate::script::files::FileAccess;
use crate::script::objects::Keeping;
use crate::state::folder::{Folder, FolderError};

/// So many kernels share one folder for bodies at most.
const KERNELS: usize = 100;
/// The variable that may hold the passphrase.
const VARIABLE: &str = "KEYCHAI_PASSPHRASE";
/// No passphrase and no key file is longer, in bytes.
const LONGEST_SECRET: u64 = 64 << 10;
/// As much of a file as tells it from every other: its header, the salt in it.
const STAMP_BYTES: u64 = 87;

/// The file that a lab is kept in while it is in use.
pub(super) struct Kept {
    path: PathBuf,
    lock: Lock,
    stamp: Vec<u8>,
}

/// The lab that the settings ask for, and where it is kept, if anywhere.
pub(super) fn open(
    settings: &LabSettings,
    files: &FileSettings,
) -> Result<(Lab, Option<Kept>, Keeping), ExitCode> {
    let usage = |text: String| fail(USAGE, &text);
    let folders = &files.folders;
    let access = FileAccess::new(&folders.allow_read, &folders.allow_write).map_err(usage)?;
    let data = folders.data.as_deref().map(Folder::open).transpose();
    let data = data.map_err(|error| usage(format!("--data: {error}")))?;
    let given = given_lock(files).map_err(usage)?;
    let Some(path) = &files.lab else {
        let keeping = Keeping {
            access,
            lock: given,
            own: None,
            data,
        };
        return Ok((first_lab(settings, files)?, None, keeping));
    };
    let path = real_path(path);
    let lock = match given {
        Some(lock) => lock,
        None => ask(&path).map_err(usage)?,
    };
    let loaded = Lab::load(&path, &lock).map_err(|error| usage(error.to_string()))?;
    if loaded.is_some() && files.import.is_some() {
        let text = "--import begins a lab, and the file that --lab names holds one already";
        return Err(usage(text.to_owned()));
    }
    let lab = match loaded {
        None => first_lab(settings, files)?,
        Some(lab) => adapted(lab, settings, &path).map_err(usage)?,
    };
    let stamp = stamp(&path);
    let keeping = Keeping {
        access,
        lock: Some(lock.clone()),
        own: Some(in_real_folder(&path)),
        data,
    };
    Ok((lab, Some(Kept { path, lock, stamp }), keeping))
}

/// What notebooks may touch. Each kernel has a folder of its own for bodies below
/// `--data`, because several notebooks are open at once.
pub(super) fn for_kernel(folders: &FolderSettings) -> Result<Keeping, String> {
    let access = FileAccess::new(&folders.allow_read, &folders.allow_write)?;
    let data = folders.data.as_deref().map(free_folder).transpose();
    Ok(Keeping {
        access,
        lock: given_lock(&FileSettings::default())?,
        own: None,
        data: data.map_err(|error| format!("--data: {error}"))?,
    })
}

/// The first folder below `root` that no other kernel has.
fn free_folder(root: &Path) -> Result<Arc<Folder>, FolderError> {
    let numbered = |number: usize| Folder::open(&root.join(format!("notebook-{number}")));
    let taken = |opened: &Result<_, FolderError>| matches!(opened, Err(FolderError::InUse { .. }));
    let free = (1..KERNELS).map(numbered).find(|opened| !taken(opened));
    free.unwrap_or_else(|| numbered(KERNELS))
}

/// A lab that begins here: of an account's exports, or an empty one.
fn first_lab(settings: &LabSettings, files: &FileSettings) -> Result<Lab, ExitCode> {
    match &files.import {
        Some(folder) => super::import::begun(settings, folder, files.mask),
        None => new_lab(settings),
    }
}

/// What a file that does not exist yet is to be sealed under.
///
/// # Errors
/// A sentence.
pub(super) fn lock_for(files: &FileSettings, path: &Path) -> Result<Lock, String> {
    match given_lock(files)? {
        Some(lock) => Ok(lock),
        None => ask(path),
    }
}

/// `path` with its folder's links followed, as scripts' paths are; the file need not exist.
pub(super) fn in_real_folder(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let folder = fs::canonicalize(parent.unwrap_or(Path::new(".")));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// A lab from a file, with the settings that can still be chosen.
fn adapted(mut lab: Lab, settings: &LabSettings, path: &Path) -> Result<Lab, String> {
    if let Some(seed) = settings.seed
        && lab.seed() != Some(seed)
    {
        let own = match lab.seed() {
            Some(own) => format!("seed {own}"),
            None => "the system's randomness".to_owned(),
        };
        return Err(format!(
            "the lab in `{}` was begun with {own}, not with seed {seed}: leave out --seed",
            path.display()
        ));
    }
    if let Some(model) = settings.model {
        lab.set_model(model);
    }
    Ok(lab)
}

impl Kept {
    /// Writes `lab` back, unless somebody else has written the file meanwhile.
    pub(super) fn save(&self, lab: &Lab) -> Result<(), String> {
        if stamp(&self.path) != self.stamp {
            return Err(format!(
                "`{}` was written by somebody else meanwhile; it is left as it is, and this lab \
                 is not kept",
                self.path.display()
            ));
        }
        lab.save(&self.path, &self.lock)
            .map_err(|error| error.to_string())
    }
}

fn stamp(path: &Path) -> Vec<u8> {
    let mut stamp = Vec::new();
    if let Ok(file) = File::open(path) {
        // A file that cannot be read any more differs, and that is noticed.
        let _ = file.take(STAMP_BYTES).read_to_end(&mut stamp);
    }
    stamp
}

/// The lock that the command line or the environment gives.
fn given_lock(files: &FileSettings) -> Result<Option<Lock>, String> {
    if let Some(path) = &files.key_file {
        return key_in(path).map(|key| Some(Lock::Key(key)));
    }
    if let Some(path) = &files.passphrase_file {
        let text = secret_text(path)?;
        let line = text.lines().next().unwrap_or_default();
        return passphrase(line).map(Some);
    }
    match std::env::var_os(VARIABLE).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => passphrase(&Zeroizing::new(text)).map(Some),
        Some(Err(_)) => Err(format!("{VARIABLE} is not UTF-8 text")),
    }
}

/// The key in a key file.
pub(super) fn key_in(path: &Path) -> Result<Zeroizing<[u8; 32]>, String> {
    let text = secret_text(path)?;
    sealed_file::parse_key(&text).map_err(|error| format!("`{}`: {error}", path.display()))
}

fn passphrase(text: &str) -> Result<Lock, String> {
    match text.is_empty() {
        true => Err("the passphrase is empty".to_owned()),
        false => Ok(Lock::passphrase(text)),
    }
}

fn secret_text(path: &Path) -> Result<Zeroizing<String>, String> {
    let shown = |error: io::Error| format!("cannot read `{}`: {error}", path.display());
    let mut text = Zeroizing::new(String::with_capacity(1024));
    let file = File::open(path).map_err(shown)?;
    file.take(LONGEST_SECRET)
        .read_to_string(&mut text)
        .map_err(shown)?;
    Ok(text)
}

/// Asks for the passphrase of `path`, of a new file twice.
fn ask(path: &Path) -> Result<Lock, String> {
    let prompt = |text: String| {
        let answer = rpassword::prompt_password(text).map_err(|error| {
            format!(
                "no passphrase ({error}): give one in {VARIABLE} or with --passphrase-file, or a \
                 key with --key-file"
            )
        });
        answer.map(Zeroizing::new)
    };
    let first = prompt(format!("Passphrase for {}: ", path.display()))?;
    if !fs::exists(path).unwrap_or(false) {
        let again = prompt("The same again, because the file is new: ".to_owned())?;
        if *first != *again {
            return Err("the two passphrases differ".to_owned());
        }
    }
    passphrase(&first)
}

/// Makes a key file.
pub(super) fn new_key(path: &Path) -> ExitCode {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = Lock::fresh_key_text(&mut Entropy::System);
    let written = whole_or_absent(&options, path, |file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => say(&format!(
            "The key is in {}. Whoever has it can open what is sealed under it; without it nobody can.",
            path.display()
        )),
        Err(error) => fail(
            FAILED,
            &format!("cannot make `{}`: {error}", path.display()),
        ),
    }
}

/// Makes the file and fills it; one that cannot be filled is removed again.
fn whole_or_absent(
    options: &OpenOptions,
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = options.open(path)?;
    fill(&mut file).inspect_err(|_| {
        // What matters is the first error; a file that cannot be removed stays.
        let _ = fs::remove_file(path);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_that_cannot_be_filled_is_removed_and_one_that_exists_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let full = whole_or_absent(&options, &path, |file| {
            file.write_all(b"ab")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(!path.exists());
        whole_or_absent(&options, &path, |file| file.write_all(b"ab")).unwrap();
        let again = whole_or_absent(&options, &path, |file| file.write_all(b"cd"));
        assert!(again.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"ab");
    }
}
