//! Where things are: the data directory, the search path, Jupyter's folders.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::LabError;

/// The folders that the lab reads and fills, taken from the environment once.
#[derive(Debug, Clone)]
pub struct Places {
    /// Keychai's own data: `KEYCHAI_DATA_DIR`, or the platform's data folder.
    pub data: PathBuf,
    /// The user's Jupyter data directory, which every Jupyter of the user reads.
    pub jupyter_data: PathBuf,
    /// The folders of `PATH`, in order.
    pub path: Vec<PathBuf>,
    /// Where the command was given.
    pub current: PathBuf,
    /// The folder of this program, if it can be told.
    pub program: Option<PathBuf>,
}

impl Places {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// [`LabError::NoDataDirectory`] if nothing names a folder for our data.
    pub fn from_environment() -> Result<Self, LabError> {
        Self::from_lookup(&|name| env::var_os(name))
    }

    /// The same with the variables from `lookup`; an empty one counts as unset.
    fn from_lookup(lookup: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, LabError> {
        let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let folder = |name: &str| variable(name).map(PathBuf::from);
        let home = folder(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        let current = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let data = folder("KEYCHAI_DATA_DIR")
            .or_else(|| platform_data(home.as_deref(), &folder).map(|data| data.join("keychai")))
            .ok_or(LabError::NoDataDirectory)?;
        // Environments and kernelspecs hold absolute paths.
        let data = current.join(data);
        let jupyter_data = folder("JUPYTER_DATA_DIR")
            .or_else(|| jupyter_data(home.as_deref(), &folder))
            .unwrap_or_else(|| data.join("share").join("jupyter"));
        Ok(Self {
            jupyter_data: current.join(jupyter_data),
            path: variable("PATH")
                .map(|p| env::split_paths(&p).collect())
                .unwrap_or_default(),
            program: env::current_exe()
                .ok()
                .and_then(|exe| exe.parent().map(Path::to_owned)),
            data,
            current,
        })
    }

    /// The first program on the path that has one of `names`, in the order of the names.
    pub fn programs<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = PathBuf> + 'a {
        names
            .iter()
            .flat_map(|name| {
                self.path
                    .iter()
                    .map(move |folder| folder.join(executable(name)))
            })
            .filter(|candidate| candidate.is_file())
    }
}

/// Where programs of this platform keep a user's data.
fn platform_data(home: Option<&Path>, folder: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(data) = folder("XDG_DATA_HOME").filter(|data| data.is_absolute()) {
        return Some(data);
    }
    if cfg!(windows) {
        return folder("LOCALAPPDATA");
    }
    let home = home?;
    Some(if cfg!(target_os = "macos") {
        home.join("Library").join("Application Support")
    } else {
        home.join(".local").join("share")
    })
}

/// Where Jupyter looks for the kernels of a user, as its documentation lists it.
fn jupyter_data(home: Option<&Path>, folder: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if cfg!(windows) {
        return folder("APPDATA").map(|data| data.join("jupyter"));
    }
    if cfg!(target_os = "macos") {
        return home.map(|home| home.join("Library").join("Jupyter"));
    }
    let data = folder("XDG_DATA_HOME").or_else(|| home.map(|h| h.join(".local").join("share")));
    data.map(|data| data.join("jupyter"))
}

/// `name` as this platform writes the file of a program.
pub(super) fn executable(name: &str) -> String {
    if cfg!(windows) {
        format!("{name}.exe")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Result<Places, LabError> {
        Places::from_lookup(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })
    }

    #[test]
    fn our_own_variable_comes_first() {
        let found = places(&[
            ("KEYCHAI_DATA_DIR", "/data"),
            ("XDG_DATA_HOME", "/xdg"),
            ("HOME", "/home/ann"),
        ]);
        assert_eq!(found.unwrap().data, Path::new("/data"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_platform_folder_is_next_and_an_empty_variable_is_none() {
        let xdg = places(&[("XDG_DATA_HOME", "/xdg"), ("HOME", "/home/ann")]).unwrap();
        assert_eq!(xdg.data, Path::new("/xdg/keychai"));
        assert_eq!(xdg.jupyter_data, Path::new("/xdg/jupyter"));
        let home = places(&[("KEYCHAI_DATA_DIR", ""), ("HOME", "/home/ann")]).unwrap();
        assert_eq!(home.data, Path::new("/home/ann/.local/share/keychai"));
        assert_eq!(
            home.jupyter_data,
            Path::new("/home/ann/.local/share/jupyter")
        );
    }

    #[test]
    fn without_a_home_the_error_names_the_variable_to_set() {
        let error = places(&[]).unwrap_err();
        assert!(matches!(error, LabError::NoDataDirectory));
        assert!(error.to_string().contains("KEYCHAI_DATA_DIR"));
    }

    #[test]
    fn a_relative_data_directory_is_made_absolute() {
        assert!(
            places(&[("KEYCHAI_DATA_DIR", "here")])
                .unwrap()
                .data
                .is_absolute()
        );
    }
}
