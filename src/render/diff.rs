//! Which decisions change between two labs, as a report.

use serde_json::json;

use super::report::Report;
use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::lab::analysis::{Changed, Difference, Effect};

/// What an edit breaks and what it opens; first the calls that were really made.
pub fn diff_report(found: &Difference) -> Report {
    let count = |effect| {
        found
            .decisions
            .iter()
            .filter(|c| c.effect == effect)
            .count()
    };
    let (breaks, opens) = (count(Effect::Breaks), count(Effect::Opens));
    let (tone, headline) = match (breaks, opens, found.calls.len()) {
        (0, 0, 0) => (Tone::Good, "No decision changes.".to_owned()),
        _ => (
            Tone::Warning,
            format!("{breaks} would break, {opens} would open"),
        ),
    };
    let mut report = Report::new().headline(tone, headline);
    if !found.calls.is_empty() {
        let title = "Calls of the trail that would now be answered otherwise";
        report = report.table(table(title, &found.calls, true));
    }
    if !found.decisions.is_empty() {
        report = report.table(table("Decisions that change", &found.decisions, false));
    }
    report
        .paragraph(format!(
            "{} decisions were taken on both sides, {} calls of the trail judged again.",
            found.asked, found.replayed
        ))
        .with_data(json!(found))
}

fn table(title: &str, changes: &[Changed], with_time: bool) -> Table {
    let mut columns = vec![
        Column::new("change").essential(),
        Column::new("principal").essential(),
        Column::new("actions").essential(),
        Column::new("on").essential(),
        Column::new("by"),
    ];
    if with_time {
        columns.push(Column::new("made").detail());
    }
    let mut table = Table::new(columns).titled(title);
    for change in changes {
        let (tone, word) = match change.effect {
            Effect::Breaks => (Tone::Bad, "breaks"),
            Effect::Opens => (Tone::Warning, "opens"),
        };
        let made = change.made.iter().filter(|_| with_time).map(Text::from);
        let cells = [
            Text::toned(tone, word),
            Text::from(&change.principal),
            Text::from(change.actions.join("\n")),
            Text::from(&change.on),
            Text::from(change.by.join("\n")),
        ];
        table.push(Row::new(cells.into_iter().chain(made)));
    }
    table
}
