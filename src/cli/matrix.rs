//! `keychai matrix`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::arguments::{Format, MatrixArguments};
use super::{FAILED, fail, say};
use crate::lab::failure_matrix::SEED;
use crate::lab::{LabOptions, failure_matrix};
use crate::render::{Destination, TextOptions, failure_matrix_table};

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
        Format::Json => say(&format!("{:#}", table.json())),
    }
}

fn text_options() -> TextOptions {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    TextOptions::from(Destination {
        terminal: std::io::stdout().is_terminal(),
        no_color: refused,
        columns,
    })
}
