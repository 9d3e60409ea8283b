//! Telling Jupyter that the kernel exists.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::KernelError;

/// The name by which notebooks and `--kernel` refer to this kernel.
pub const NAME: &str = "keychai";

/// What menus show.
pub const DISPLAY_NAME: &str = "keychai (Rhai)";

const LOGO_SVG: &[u8] = include_bytes!("../../assets/logo-svg.svg");
const LOGO_PNG: &[u8] = include_bytes!("../../assets/logo-64x64.png");

/// For whom the kernel is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// For this user: `JUPYTER_DATA_DIR`, or the system's place for user data.
    User,
    /// For the Python environment at this path (Python's `sys.prefix`).
    SysPrefix(PathBuf),
    /// Below this path, as `share/jupyter/kernels/keychai`.
    Prefix(PathBuf),
    /// In this Jupyter data directory, the parent of `kernels`.
    DataDirectory(PathBuf),
}

/// Writes the kernel specification, so that Jupyter starts `executable` as
/// `EXECUTABLE kernel start -f CONNECTION_FILE` with `options`; gives the folder it is in.
///
/// An earlier specification is replaced file by file, `kernel.json` last, each
/// in one step: a Jupyter that looks meanwhile sees the old or the new one.
///
/// # Errors
/// No known place for user data, a relative or unreadable path of the program,
/// or a folder that cannot be written.
pub fn install(
    target: &Target,
    executable: &Path,
    options: &[PathBuf],
) -> Result<PathBuf, KernelError> {
    install_with(target, executable, options, &|name| std::env::var_os(name))
}

/// Removes the kernel specification; gives the folder that it was in.
///
/// # Errors
/// [`KernelError::NotInstalled`], no known place for user data, or a folder that
/// cannot be removed.
pub fn uninstall(target: &Target) -> Result<PathBuf, KernelError> {
    let folder = kernel_folder(target, &|name| std::env::var_os(name))?;
    match fs::remove_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(KernelError::NotInstalled { path: folder })
        }
        Err(source) => Err(KernelError::Write {
            path: folder,
            source,
        }),
    }
}

fn kernel_folder(target: &Target, environment: Environment<'_>) -> Result<PathBuf, KernelError> {
    let data = data_directory(target, environment)?;
    Ok(data.join("kernels").join(NAME))
}

/// Looks up an environment variable.
type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn install_with(
    target: &Target,
    executable: &Path,
    options: &[PathBuf],
    environment: Environment<'_>,
) -> Result<PathBuf, KernelError> {
    let description = kernel_json(executable, options)?;
    let folder = kernel_folder(target, environment)?;
    fs::create_dir_all(&folder).map_err(|source| KernelError::Write {
        path: folder.clone(),
        source,
    })?;
    write(&folder.join("logo-svg.svg"), LOGO_SVG)?;
    write(&folder.join("logo-64x64.png"), LOGO_PNG)?;
    write(&folder.join("kernel.json"), description.as_bytes())?;
    Ok(folder)
}

/// The text of `kernel.json`. No member is `null`, which Jupyter would refuse.
fn kernel_json(executable: &Path, options: &[PathBuf]) -> Result<String, KernelError> {
    if !executable.is_absolute() {
        return Err(KernelError::RelativeExecutable {
            path: executable.into(),
        });
    }
    let text = |path: &Path| match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(KernelError::PathEncoding { path: path.into() }),
    };
    let start = ["kernel", "start", "-f", "{connection_file}"].map(PathBuf::from);
    let words =
        std::iter::once(executable).chain(start.iter().chain(options).map(PathBuf::as_path));
    let argv = words.map(text).collect::<Result<Vec<_>, _>>()?;
    let description = json!({
        "argv": argv,
        "display_name": DISPLAY_NAME,
        "language": "rhai",
        "interrupt_mode": "message",
        "metadata": {},
    });
    Ok(format!("{description:#}\n"))
}

/// Jupyter's data directory, the parent of `kernels`.
fn data_directory(target: &Target, environment: Environment<'_>) -> Result<PathBuf, KernelError> {
    match target {
        Target::SysPrefix(prefix) | Target::Prefix(prefix) => Ok(prefix.join("share/jupyter")),
        Target::DataDirectory(path) => Ok(path.clone()),
        Target::User => user_data_directory(environment),
    }
}

/// As `jupyter --data-dir` says.
fn user_data_directory(environment: Environment<'_>) -> Result<PathBuf, KernelError> {
    let path = |name: &str| {
        environment(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = |below: &str| path("HOME").map(|home| home.join(below));
    let system = || {
        if cfg!(target_os = "macos") {
            home("Library/Jupyter")
        } else if cfg!(windows) {
            path("APPDATA").map(|data| data.join("jupyter"))
        } else {
            path("XDG_DATA_HOME")
                .map(|data| data.join("jupyter"))
                .or_else(|| home(".local/share/jupyter"))
        }
    };
    path("JUPYTER_DATA_DIR")
        .or_else(system)
        .ok_or(KernelError::NoDataDirectory {
            tried: if cfg!(windows) {
                "`JUPYTER_DATA_DIR`, `APPDATA`"
            } else {
                "`JUPYTER_DATA_DIR`, `XDG_DATA_HOME`, `HOME`"
            },
        })
}

/// Replaces a file in one step.
fn write(path: &Path, content: &[u8]) -> Result<(), KernelError> {
    let failed = |source| KernelError::Write {
        path: path.into(),
        source,
    };
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    fs::write(&fresh, content).map_err(failed)?;
    fs::rename(&fresh, path).map_err(|source| {
        // The failure to report is the one above; a left-over file does no harm.
        drop(fs::remove_file(&fresh));
        failed(source)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const PROGRAM: &str = "/opt/keychai/bin/keychai";

    fn environment(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        }
    }

    #[test]
    fn the_specification_starts_the_program_and_holds_no_null() {
        let prefix = tempfile::tempdir().unwrap();
        let target = Target::Prefix(prefix.path().into());
        let folder = install_with(&target, Path::new(PROGRAM), &[], &environment(&[])).unwrap();
        assert_eq!(folder, prefix.path().join("share/jupyter/kernels/keychai"));
        let text = fs::read_to_string(folder.join("kernel.json")).unwrap();
        let spec: Value = serde_json::from_str(&text).unwrap();
        let argv = json!([PROGRAM, "kernel", "start", "-f", "{connection_file}"]);
        assert_eq!(spec.get("argv"), Some(&argv));
        assert_eq!(spec.get("interrupt_mode"), Some(&json!("message")));
        assert_eq!(spec.get("metadata"), Some(&json!({})));
        assert!(!text.contains("null"));
    }

    #[test]
    fn installing_twice_replaces_and_leaves_nothing_behind() {
        let prefix = tempfile::tempdir().unwrap();
        let target = Target::SysPrefix(prefix.path().into());
        install_with(&target, Path::new("/old/keychai"), &[], &environment(&[])).unwrap();
        let folder = install_with(&target, Path::new(PROGRAM), &[], &environment(&[])).unwrap();
        let text = fs::read_to_string(folder.join("kernel.json")).unwrap();
        assert!(text.contains(PROGRAM) && !text.contains("/old/keychai"));
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["kernel.json", "logo-64x64.png", "logo-svg.svg"]);
        assert!(
            fs::read(folder.join("logo-64x64.png"))
                .unwrap()
                .starts_with(b"\x89PNG")
        );
    }

    #[test]
    fn the_environment_decides_where_a_user_keeps_kernels() {
        let at = |pairs| user_data_directory(&environment(pairs)).unwrap();
        let own = at(&[
            ("JUPYTER_DATA_DIR", "/j"),
            ("XDG_DATA_HOME", "/x"),
            ("HOME", "/h"),
        ]);
        assert_eq!(own, Path::new("/j"));
        #[cfg(target_os = "linux")]
        {
            assert_eq!(
                at(&[("XDG_DATA_HOME", "/x"), ("HOME", "/h")]),
                Path::new("/x/jupyter")
            );
            let home = at(&[("XDG_DATA_HOME", ""), ("HOME", "/h")]);
            assert_eq!(home, Path::new("/h/.local/share/jupyter"));
        }
    }

    #[test]
    fn errors_say_what_to_do() {
        let nowhere = install_with(&Target::User, Path::new(PROGRAM), &[], &environment(&[]));
        assert!(nowhere.unwrap_err().to_string().contains("`--prefix DIR`"));
        let relative = install_with(&Target::User, Path::new("keychai"), &[], &environment(&[]));
        assert!(matches!(
            relative,
            Err(KernelError::RelativeExecutable { .. })
        ));
        let file = tempfile::NamedTempFile::new().unwrap();
        let blocked = Target::Prefix(file.path().into());
        let error = install_with(&blocked, Path::new(PROGRAM), &[], &environment(&[])).unwrap_err();
        assert!(matches!(error, KernelError::Write { .. }));
    }
}
