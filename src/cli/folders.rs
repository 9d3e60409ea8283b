//! Folders that notebooks may touch: from `keychai lab` to the kernels that its
//! JupyterLab starts, and into the kernel's specification.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::arguments::FolderSettings;

/// The variables by which kernels inherit what `keychai lab` was told. They hold
/// for the kernels of that JupyterLab only, whatever others are started later.
const DATA: &str = "KEYCHAI_BODIES";
const ALLOW_READ: &str = "KEYCHAI_ALLOW_READ";
const ALLOW_WRITE: &str = "KEYCHAI_ALLOW_WRITE";

impl FolderSettings {
    /// What a child of this process inherits: variables and their values.
    ///
    /// # Errors
    /// A sentence that names a folder that is none, or that no variable can hold.
    pub(super) fn variables(&self) -> Result<Vec<(&'static str, OsString)>, String> {
        let listed = |folders: &[PathBuf]| {
            let folders = folders
                .iter()
                .map(|f| real(f))
                .collect::<Result<Vec<_>, _>>()?;
            std::env::join_paths(folders).map_err(|error| error.to_string())
        };
        let mut variables = Vec::new();
        if let Some(data) = &self.data {
            variables.push((DATA, made(data)?.into_os_string()));
        }
        for (name, folders) in [
            (ALLOW_READ, &self.allow_read),
            (ALLOW_WRITE, &self.allow_write),
        ] {
            if !folders.is_empty() {
                variables.push((name, listed(folders)?));
            }
        }
        Ok(variables)
    }

    /// These settings and those inherited.
    pub(super) fn inherited(self) -> Self {
        self.inherited_from(|name| std::env::var_os(name))
    }

    fn inherited_from(mut self, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let folders = |name| {
            let list = variable(name).unwrap_or_default();
            let folders: Vec<PathBuf> = std::env::split_paths(&list)
                .filter(|folder| folder.as_os_str() != OsStr::new(""))
                .collect();
            folders
        };
        self.allow_read.extend(folders(ALLOW_READ));
        self.allow_write.extend(folders(ALLOW_WRITE));
        let data = || folders(DATA).into_iter().next();
        self.data = self.data.or_else(data);
        self
    }

    /// The same as options of `keychai kernel start`, from wherever it is started.
    ///
    /// # Errors
    /// A sentence that names a folder that is none.
    pub(super) fn options(&self) -> Result<Vec<PathBuf>, String> {
        let mut options = Vec::new();
        if let Some(data) = &self.data {
            options.extend([PathBuf::from("--data"), made(data)?]);
        }
        for folder in &self.allow_read {
            options.extend([PathBuf::from("--allow-read"), real(folder)?]);
        }
        for folder in &self.allow_write {
            options.extend([PathBuf::from("--allow-write"), real(folder)?]);
        }
        Ok(options)
    }
}

fn real(folder: &Path) -> Result<PathBuf, String> {
    match std::fs::canonicalize(folder) {
        Ok(real) if real.is_dir() => Ok(real),
        _ => Err(format!("`{}` is not a folder", folder.display())),
    }
}

fn made(folder: &Path) -> Result<PathBuf, String> {
    // What keeps it from being made is told when it is looked at.
    let _ = std::fs::create_dir_all(folder);
    real(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lab_is_told_its_kernels_inherit() {
        let root = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(root.path()).unwrap();
        let (one, other) = (root.join("one"), root.join("other"));
        std::fs::create_dir_all(&one).unwrap();
        std::fs::create_dir_all(&other).unwrap();
        let settings = FolderSettings {
            data: Some(root.join("bodies")),
            allow_read: vec![one.clone(), other.clone()],
            allow_write: vec![other.join("../one")],
        };
        let variables = settings.variables().unwrap();
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let inherited = FolderSettings::default().inherited_from(find);
        assert_eq!(inherited.data, Some(root.join("bodies")));
        assert_eq!(inherited.allow_read, [one.clone(), other]);
        assert_eq!(inherited.allow_write, [one]);
        let none = FolderSettings::default().inherited_from(|_| Some(OsString::new()));
        assert!(none.data.is_none() && none.allow_read.is_empty());
    }

    #[test]
    fn a_folder_that_is_none_is_named() {
        let settings = FolderSettings {
            allow_read: vec![PathBuf::from("no/such/folder")],
            ..FolderSettings::default()
        };
        assert!(settings.options().unwrap_err().contains("`no/such/folder`"));
        assert!(settings.variables().is_err());
    }
}
