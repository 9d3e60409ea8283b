//! `keychai matrix`.

use std::process::ExitCode;

use super::arguments::{Format, MatrixArguments};
use super::format::text_options;
use super::{FAILED, fail, say};
use crate::lab::failure_matrix::SEED;
use crate::lab::{LabOptions, failure_matrix};
use crate::render::failure_matrix_table;

/// Runs the matrix and prints it.
pub(super) fn run(wanted: &MatrixArguments) -> ExitCode {
    let options = LabOptions {
        model: wanted.model,
        seed: Some(SEED),
    };
    let matrix = match failure_matrix(&options) {
        Ok(matrix) => matrix,
        Err(error) => return fail(FAILED, &error.to_string()),
    };
    let table = failure_matrix_table(&matrix);
    match wanted.format {
        Format::Text => say(&table.text(&text_options())),
        Format::Markdown => say(&table.markdown()),
        Format::Html => say(&table.html()),
        Format::Csv => say(&table.csv()),
        Format::Json => say(&format!("{:#}", table.json())),
    }
}
