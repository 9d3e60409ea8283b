//! A Python that can make environments.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::LabError;
use super::places::Places;

/// The oldest Python on which the pinned JupyterLab runs.
const LEAST: (u32, u32) = (3, 10);
/// Prints the version; isolated (`-I`), so that no stray module is in the way.
const VERSION: &str = "import sys; print('%d.%d' % sys.version_info[:2])";

/// The first Python on the path that is new enough and can make environments.
///
/// # Errors
///
/// [`LabError::NoPython`] if none is new enough; [`LabError::NoVenv`] if the
/// first that is lacks `venv` or `ensurepip`, and no other has them.
pub(super) fn find(places: &Places) -> Result<PathBuf, LabError> {
    let mut complaint = None;
    for python in places.programs(&["python3", "python"]) {
        match examine(&python) {
            Ok(()) => return Ok(python),
            Err(error) => {
                complaint.get_or_insert(error);
            }
        }
    }
    let none = || LabError::NoPython {
        least: LEAST,
        found: "there is none on PATH".to_owned(),
    };
    Err(complaint.unwrap_or_else(none))
}

fn examine(python: &Path) -> Result<(), LabError> {
    let none = |found: String| LabError::NoPython {
        least: LEAST,
        found,
    };
    let version =
        version(python).ok_or_else(|| none(format!("`{}` does not answer", python.display())))?;
    if version < LEAST {
        let (major, minor) = version;
        return Err(none(format!("`{}` is {major}.{minor}", python.display())));
    }
    for module in ["venv", "ensurepip"] {
        if answer(python, &format!("import {module}")).is_none() {
            return Err(LabError::NoVenv {
                python: python.to_owned(),
                module,
            });
        }
    }
    Ok(())
}

/// Major and minor version of `python`; none if it does not run.
pub(super) fn version(python: &Path) -> Option<(u32, u32)> {
    let answer = answer(python, VERSION)?;
    let (major, minor) = answer.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What `code` prints; none if it fails.
fn answer(python: &Path, code: &str) -> Option<String> {
    let output = Command::new(python)
        .args(["-I", "-c", code])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}
