//! `keychai import`, and the `--import` of other verbs.

use std::path::Path;
use std::process::ExitCode;

use super::arguments::{FileSettings, ImportArguments, LabSettings};
use super::format::shown;
use super::{FAILED, USAGE, fail, keep, say};
use crate::authz::Model;
use crate::lab::import::{Imported, import_folder};
use crate::lab::{Lab, LabOptions};
use crate::render::import_report;

/// Imports, tells, and writes the lab where one is asked for.
pub(super) fn run(wanted: &ImportArguments) -> ExitCode {
    let options = LabOptions {
        model: wanted.model,
        seed: None,
    };
    let imported = match import_folder(&wanted.dir, &options, wanted.mask) {
        Ok(imported) => imported,
        Err(error) => return fail(USAGE, &error.to_string()),
    };
    if let Some(path) = &wanted.lab
        && let Err(code) = written(&imported.lab, path, wanted)
    {
        return code;
    }
    let said = say(&shown(&import_report(&imported.report), wanted.format));
    match imported.report.problems.is_empty() {
        true => said,
        false => ExitCode::from(FAILED),
    }
}

fn written(lab: &Lab, path: &Path, wanted: &ImportArguments) -> Result<(), ExitCode> {
    if path.exists() {
        let text = format!(
            "`{}` exists; an import begins a lab and is not merged into one",
            path.display()
        );
        return Err(fail(USAGE, &text));
    }
    let files = FileSettings {
        passphrase_file: wanted.passphrase_file.clone(),
        key_file: wanted.key_file.clone(),
        ..FileSettings::default()
    };
    let lock = keep::lock_for(&files, path).map_err(|error| fail(USAGE, &error))?;
    lab.save(path, &lock)
        .map_err(|error| fail(FAILED, &error.to_string()))
}

/// The lab that `--import` begins; what it cannot load is told to standard error.
pub(super) fn begun(settings: &LabSettings, folder: &Path, masked: bool) -> Result<Lab, ExitCode> {
    let options = LabOptions {
        model: settings.model.unwrap_or(Model::Aws),
        seed: settings.seed,
    };
    let Imported { lab, report, .. } =
        import_folder(folder, &options, masked).map_err(|error| fail(USAGE, &error.to_string()))?;
    let (problems, missing) = (report.problems.len(), report.missing.len());
    if problems + missing > 0 {
        let text = format!(
            "{problems} entries of `{0}` could not be loaded, and {missing} things are missing to \
             decide everything; `keychai import {0}` lists them",
            folder.display()
        );
        let _ = fail(FAILED, &text);
    }
    Ok(lab)
}
