//! What an import loaded, what it could not, and what is missing, as a report.

use serde_json::json;

use super::report::Report;
use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::lab::import;

/// How many lines of one kind are shown; JSON holds all.
const MOST_LINES: usize = 12;

/// What was loaded first; then problems with file and place; then what is missing.
pub fn import_report(found: &import::Report) -> Report {
    let account = found.account.as_ref().map_or("none", |id| id.as_str());
    let clean = found.problems.is_empty() && found.missing.is_empty();
    let tone = if clean { Tone::Good } else { Tone::Warning };
    let mut report = Report::new()
        .headline(tone, format!("account {account}"))
        .table(loaded(found));
    if !found.problems.is_empty() {
        report = report.table(problems(found));
    }
    if !found.missing.is_empty() {
        let lines = found.missing.iter().take(MOST_LINES).map(Text::from);
        let title = format!("Missing to decide everything: {}", found.missing.len());
        report = report
            .paragraph(Text::new().strong(title))
            .list(lines.chain(more(found.missing.len())));
    }
    for note in &found.notes {
        report = report.paragraph(note);
    }
    report.with_data(json!(found))
}

fn more(all: usize) -> Option<Text> {
    let rest = all.checked_sub(MOST_LINES).filter(|rest| *rest > 0)?;
    Some(Text::from(format!(
        "… {rest} more; `--format json` lists all"
    )))
}

fn loaded(found: &import::Report) -> Table {
    let mut table = Table::new([
        Column::new("loaded").essential(),
        Column::new("number").right(),
    ]);
    for (kind, count) in &found.loaded {
        table.push(Row::new([Text::from(kind), Text::from(count.to_string())]));
    }
    table
}

fn problems(found: &import::Report) -> Table {
    let mut table = Table::new([
        Column::new("file").essential(),
        Column::new("place"),
        Column::new("problem").essential(),
        Column::new("what to do"),
    ])
    .titled("Not loaded");
    for problem in found.problems.iter().take(MOST_LINES) {
        let cells = [
            &problem.file,
            &problem.place,
            &problem.what,
            &problem.remedy,
        ];
        table.push(Row::new(cells.map(Text::from)).toned(Tone::Bad));
    }
    match more(found.problems.len()) {
        Some(note) => table.note(note),
        None => table,
    }
}
