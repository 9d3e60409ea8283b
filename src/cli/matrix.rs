//! `keychai matrix`.

use std::convert::Infallible;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::{Format, MatrixArguments};
use super::format::text_options;
use super::{FAILED, USAGE, fail, say};
use crate::lab::failure_matrix::SEED;
use crate::lab::scenario::{self, Matrix, MatrixError, Scenario, Space, ready};
use crate::lab::{LabOptions, failure_matrix};
use crate::render::{Column, Table, failure_matrix_table, scenario_rows_table, scenario_table};

/// Runs the matrix and prints it.
pub(super) fn run(wanted: &MatrixArguments) -> ExitCode {
    if wanted.list {
        return print(&list(), wanted.format);
    }
    let table = match &wanted.scenario {
        Some(name) => of_scenario(name, wanted),
        None => of_notes(wanted),
    };
    match table {
        Ok(table) => print(&table, wanted.format),
        Err(code) => code,
    }
}

/// The matrix of the notes.
fn of_notes(wanted: &MatrixArguments) -> Result<Table, ExitCode> {
    let options = LabOptions {
        model: wanted.model,
        seed: Some(SEED),
    };
    let matrix = failure_matrix(&options).map_err(|error| fail(FAILED, &error.to_string()))?;
    Ok(failure_matrix_table(&matrix))
}

fn of_scenario(name: &str, wanted: &MatrixArguments) -> Result<Table, ExitCode> {
    let built = ready::build(name, wanted.model);
    let built = built.ok_or_else(|| {
        fail(
            USAGE,
            &format!(
                "{}\nkeychai matrix --list names all of them",
                ready::unknown(name)
            ),
        )
    })?;
    let scenario = built.map_err(|error| fail(FAILED, &error.to_string()))?;
    let matrix = combined(&scenario, wanted).map_err(|error| fail(FAILED, &error.to_string()))?;
    Ok(match wanted.exhaustive {
        true => scenario_rows_table(&matrix),
        false => scenario_table(&matrix),
    })
}

fn combined(
    scenario: &Scenario,
    wanted: &MatrixArguments,
) -> Result<Matrix, MatrixError<Infallible>> {
    let bar = progress_bar(scenario, wanted.quiet);
    let progress = |count: usize| bar.inc(count as u64);
    let jobs = usize::from(wanted.jobs);
    let found =
        scenario::matrix_parallel(scenario.name(), scenario, scenario.lab(), jobs, &progress);
    bar.finish_and_clear();
    found
}

/// A bar on standard error, if that is a terminal.
fn progress_bar(scenario: &Scenario, quiet: bool) -> ProgressBar {
    let states = scenario
        .switches()
        .iter()
        .map(|switch| switch.dial().states.len());
    let size = Space::new(states).size().min(scenario::explore::MAX_EXACT);
    let bar = ProgressBar::new(u64::try_from(size).unwrap_or(u64::MAX));
    let hidden = quiet || !std::io::stderr().is_terminal();
    bar.set_draw_target(match hidden {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    });
    let style = ProgressStyle::with_template("  combinations {bar:30} {pos} of {len}, {eta} left");
    style
        .map(|style| bar.with_style(style))
        .unwrap_or_else(|_| ProgressBar::hidden())
}

fn list() -> Table {
    let columns = [
        Column::new("scenario").essential().code(),
        Column::new("about").essential(),
    ];
    let table = Table::new(columns).titled("Scenarios: keychai matrix SCENARIO");
    ready::ALL
        .iter()
        .fold(table, |table, ready| table.row([ready.name, ready.about]))
}

fn print(table: &Table, format: Format) -> ExitCode {
    match format {
        Format::Text => say(&table.text(&text_options())),
        Format::Markdown => say(&table.markdown()),
        Format::Html => say(&table.html()),
        Format::Json => say(&format!("{:#}", table.json())),
        Format::Csv => say(&table.csv()),
    }
}
