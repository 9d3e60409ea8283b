//! Which files scripts may touch: none, unless whoever starts them says so.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders in which scripts may read, and those in which they may write.
#[derive(Clone, Debug, Default)]
pub struct FileAccess {
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
}

impl FileAccess {
    /// Access to what lies in these folders, at any depth.
    ///
    /// # Errors
    /// A sentence that names the folder that is none.
    pub fn new(read: &[PathBuf], write: &[PathBuf]) -> Result<Self, String> {
        Ok(Self {
            read: folders(read)?,
            write: folders(write)?,
        })
    }

    /// Where the file `path` really lies, if it may be read.
    ///
    /// # Errors
    /// A sentence that says why not, and which flag allows it.
    pub fn readable(&self, path: &str) -> Result<PathBuf, String> {
        let shown = |error: std::io::Error| format!("`{path}` cannot be read: {error}");
        // Nothing is told of a file outside, not even whether it exists.
        let folder = self.folder_of(path, &self.read, "read")?;
        let real = fs::canonicalize(folder).map_err(shown)?;
        match is_inside(&real, &self.read) {
            true => Ok(real),
            false => Err(outside(path, "read")),
        }
    }

    /// Where the folder `path` really lies, if it may be read.
    ///
    /// # Errors
    /// As [`Self::readable`], and if it is no folder.
    pub fn readable_folder(&self, path: &str) -> Result<PathBuf, String> {
        // Nothing is told of a folder outside, not even whether it exists.
        match fs::canonicalize(path) {
            Ok(real) if is_inside(&real, &self.read) && real.is_dir() => Ok(real),
            Ok(real) if is_inside(&real, &self.read) => Err(format!("`{path}` is not a folder")),
            _ => Err(outside(path, "read")),
        }
    }

    /// Where the file `path` really lies, if it may be written. It need not exist;
    /// a link is not followed.
    ///
    /// # Errors
    /// A sentence that says why not, and which flag allows it.
    pub fn writable(&self, path: &str) -> Result<PathBuf, String> {
        let real = self.folder_of(path, &self.write, "write")?;
        match fs::symlink_metadata(&real) {
            Ok(found) if found.is_symlink() => {
                Err(format!("`{path}` is a link; name the file itself"))
            }
            Ok(found) if !found.is_file() => Err(format!("`{path}` is not a file")),
            _ => Ok(real),
        }
    }

    /// `path` with its folder's links followed, which has to lie in one of `allowed`.
    fn folder_of(&self, path: &str, allowed: &[PathBuf], verb: &str) -> Result<PathBuf, String> {
        let given = Path::new(path);
        let name = given
            .file_name()
            .ok_or_else(|| format!("`{path}` is not the name of a file"))?;
        let parent = match given.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        match fs::canonicalize(parent) {
            Ok(folder) if is_inside(&folder, allowed) => Ok(folder.join(name)),
            _ => Err(outside(path, verb)),
        }
    }
}

fn folders(given: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let real = |folder: &PathBuf| match fs::canonicalize(folder) {
        Ok(real) if real.is_dir() => Ok(real),
        _ => Err(format!("`{}` is not a folder", folder.display())),
    };
    given.iter().map(real).collect()
}

fn is_inside(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

fn outside(path: &str, verb: &str) -> String {
    format!(
        "scripts may not {verb} `{path}`: start `keychai run`, `repl`, `lab` or `kernel install` \
         with `--allow-{verb} DIR`, and name a file in that folder"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &Path) -> &str {
        path.to_str().unwrap()
    }

    #[test]
    fn nothing_is_allowed_at_first() {
        let access = FileAccess::default();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "x").unwrap();
        let error = access.readable(text(&file)).unwrap_err();
        assert!(error.contains("--allow-read DIR"), "{error}");
        let error = access.writable(text(&file)).unwrap_err();
        assert!(error.contains("--allow-write DIR"), "{error}");
    }

    #[test]
    fn what_lies_in_the_folder_is_allowed_and_no_dots_lead_out() {
        let root = tempfile::tempdir().unwrap();
        let (inside, beside) = (root.path().join("in"), root.path().join("in-too"));
        for folder in [&inside, &beside, &inside.join("deep")] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("a"), "x").unwrap();
        }
        let access =
            FileAccess::new(std::slice::from_ref(&inside), std::slice::from_ref(&inside)).unwrap();
        for good in ["a", "deep/a", "deep/../a", "./a"] {
            let path = inside.join(good);
            assert!(access.readable(text(&path)).is_ok(), "{good}");
            assert!(access.writable(text(&path)).is_ok(), "{good}");
        }
        assert!(access.writable(text(&inside.join("new"))).is_ok());
        assert!(access.readable(text(&inside.join("new"))).is_err());
        for bad in ["../in-too/a", "..", ".", "deep", "../new", "no/new", ""] {
            let path = inside.join(bad);
            assert!(access.writable(text(&path)).is_err(), "{bad}");
        }
        assert!(access.readable(text(&beside.join("a"))).is_err());
        assert!(FileAccess::new(&[inside.join("a")], &[]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        let (inside, outside) = (root.path().join("in"), root.path().join("out"));
        fs::create_dir(&inside).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("a"), "x").unwrap();
        symlink(outside.join("a"), inside.join("link")).unwrap();
        symlink(outside.join("none"), inside.join("dangling")).unwrap();
        symlink(&outside, inside.join("folder")).unwrap();
        let folders = std::slice::from_ref(&inside);
        let access = FileAccess::new(folders, folders).unwrap();
        for bad in ["link", "dangling", "folder/a", "folder/new"] {
            let path = inside.join(bad);
            assert!(access.writable(text(&path)).is_err(), "{bad}");
            assert!(access.readable(text(&path)).is_err(), "{bad}");
        }
    }
}
