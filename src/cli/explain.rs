//! `keychai explain`.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use super::arguments::{ExplainArguments, FileSettings};
use super::format::shown;
use super::{FAILED, USAGE, fail, keep, say};
use crate::lab::explain::explain;
use crate::lab::import::{Mask, import_folder};
use crate::lab::{Lab, LabOptions};
use crate::render::explain_report;

/// Explains one file or standard input.
pub(super) fn run(wanted: &ExplainArguments) -> ExitCode {
    let text = match read(&wanted.file) {
        Ok(text) => text,
        Err(error) => return fail(USAGE, &error),
    };
    let (lab, mask) = match account(wanted) {
        Ok(account) => account,
        Err(error) => return fail(USAGE, &error),
    };
    let text = match mask {
        Some(mut mask) => mask.text(&text),
        None => text,
    };
    match explain(&text, lab.as_ref()) {
        Ok(found) => say(&shown(&explain_report(&found), wanted.format)),
        Err(error) => fail(FAILED, &error),
    }
}

fn account(wanted: &ExplainArguments) -> Result<(Option<Lab>, Option<Mask>), String> {
    if let Some(folder) = &wanted.import {
        let options = LabOptions {
            model: wanted.model,
            seed: None,
        };
        let imported = import_folder(folder, &options, wanted.mask);
        let imported = imported.map_err(|error| error.to_string())?;
        return Ok((Some(imported.lab), imported.mask));
    }
    let Some(path) = &wanted.lab else {
        return Ok((None, None));
    };
    let files = FileSettings {
        passphrase_file: wanted.passphrase_file.clone(),
        key_file: wanted.key_file.clone(),
        ..FileSettings::default()
    };
    let lock = keep::lock_for(&files, path)?;
    let loaded = Lab::load(path, &lock).map_err(|error| error.to_string())?;
    let lab = loaded.ok_or_else(|| format!("there is no file `{}`", path.display()))?;
    Ok((Some(lab), None))
}

fn read(file: &Path) -> Result<String, String> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map(|_| text)
        .map_err(|error| format!("cannot read standard input: {error}"))
}
