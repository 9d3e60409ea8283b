//! `keychai kernel`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::arguments::{FolderSettings, InstallArguments, KernelCommand, KernelPlace};
use super::lab::places::Places;
use super::{FAILED, USAGE, fail, keep, say};
use crate::kernel::rhai::RhaiKernel;
use crate::kernel::{Interpreter, KernelError, Target, install, start, uninstall};
use crate::lab::{Lab, LabOptions};

/// Does what `keychai kernel …` asks for.
pub(super) fn run(verb: KernelCommand) -> ExitCode {
    match verb {
        KernelCommand::Install(wanted) => match install_for(&wanted) {
            Ok(folder) => say(&format!("The kernel is installed in {}", folder.display())),
            Err(text) => fail(FAILED, &text),
        },
        KernelCommand::Uninstall(place) => match uninstall_from(&place) {
            Ok(folder) => say(&format!("The kernel is gone from {}", folder.display())),
            Err(text) => fail(FAILED, &text),
        },
        KernelCommand::Start {
            connection_file,
            seed,
            model,
            system,
            folders,
        } => {
            let options = LabOptions {
                model,
                seed: (!system).then_some(seed),
            };
            serve(&connection_file, options, folders.inherited())
        }
    }
}

fn serve(connection_file: &Path, options: LabOptions, folders: FolderSettings) -> ExitCode {
    let lab = match Lab::new(&options) {
        Ok(lab) => lab,
        Err(error) => return fail(FAILED, &error.to_string()),
    };
    let keeping = match keep::for_kernel(&folders) {
        Ok(keeping) => keeping,
        Err(error) => return fail(USAGE, &error),
    };
    let interpreter =
        move || Box::new(RhaiKernel::with_files(lab, keeping)) as Box<dyn Interpreter>;
    let history = Places::from_environment()
        .ok()
        .map(|places| places.data.join("notebook-history.jsonl"));
    match start(connection_file, history, interpreter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(FAILED, &error.to_string()),
    }
}

fn install_for(wanted: &InstallArguments) -> Result<PathBuf, String> {
    let options = wanted.folders.options()?;
    install(&target(&wanted.place)?, &own_path()?, &options).map_err(|error| error.to_string())
}

fn uninstall_from(place: &KernelPlace) -> Result<PathBuf, String> {
    uninstall(&target(place)?).map_err(|error| error.to_string())
}

fn target(place: &KernelPlace) -> Result<Target, String> {
    Ok(match (&place.prefix, place.sys_prefix) {
        (Some(prefix), _) => Target::Prefix(prefix.clone()),
        (None, true) => Target::SysPrefix(sys_prefix()?),
        (None, false) => Target::User,
    })
}

/// Installs the kernel in a Jupyter data directory, for `keychai lab`.
pub(super) fn install_below(data_dir: &Path) -> Result<PathBuf, String> {
    let target = Target::DataDirectory(data_dir.to_owned());
    install(&target, &own_path()?, &[]).map_err(|error: KernelError| error.to_string())
}

fn own_path() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| format!("the path of keychai is not known: {error}"))
}

/// Python's `sys.prefix`, of the environment that is active.
fn sys_prefix() -> Result<PathBuf, String> {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .find_map(std::env::var_os);
    if let Some(prefix) = active.filter(|p| !p.is_empty()) {
        return Ok(PathBuf::from(prefix));
    }
    let hint = "activate the environment, or give its path with --prefix";
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.prefix)"])
        .output()
        .map_err(|error| format!("python3 cannot be started ({error}): {hint}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim() {
        "" => Err(format!(
            "python3 does not say where it is installed: {hint}"
        )),
        prefix => Ok(PathBuf::from(prefix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_installed_where_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = InstallArguments {
            place: KernelPlace {
                user: false,
                sys_prefix: false,
                prefix: Some(folder.path().to_owned()),
            },
            folders: FolderSettings {
                allow_read: vec![folder.path().to_owned()],
                ..FolderSettings::default()
            },
        };
        let installed = install_for(&wanted).unwrap();
        assert!(installed.starts_with(folder.path()));
        let description = std::fs::read_to_string(installed.join("kernel.json")).unwrap();
        assert!(description.contains("\"--allow-read\""), "{description}");
        assert_eq!(uninstall_from(&wanted.place).unwrap(), installed);
        assert!(!installed.exists());
        let again = uninstall_from(&wanted.place).unwrap_err();
        assert!(again.contains("is not installed"), "{again}");
    }
}
