//! A decision taken apart: every clause of every statement, as a table.

use serde_json::json;

use super::decision::{layer_name, short};
use super::table::{Column, Row, Table};
use super::text::Text;
use crate::authz::{Decision, Finding, Step};
use crate::lab::DecidedStep;
use crate::policy::Clause;

/// How many values of a list are shown.
const SHOWN: usize = 3;
/// How long a key's id is.
const KEY_ID: usize = 36;

/// One row for each clause that was judged, layer by layer: what the policy
/// wants, what the call has, and what came of it.
pub fn clauses_table(step: &DecidedStep) -> Table {
    let decision = &*step.decision;
    let mut table = Table::new([
        Column::new("layer"),
        Column::new("statement").code(),
        Column::new("clause").essential(),
        Column::new("wants").code(),
        Column::new("the call has").code(),
        Column::new("outcome").essential(),
    ])
    .titled(
        Text::new()
            .code(&decision.action)
            .plain(format!(" on {}, by {}", step.resource, step.caller)),
    );
    for layer in &decision.steps {
        for finding in &layer.findings {
            push(&mut table, decision, layer, finding);
        }
    }
    table
        .note(
            "A statement speaks only if all of its clauses hold; a Deny that speaks beats every Allow.",
        )
        .with_data(json!(decision))
}

fn push(table: &mut Table, decision: &Decision, step: &Step, finding: &Finding) {
    let (mut layer, mut statement) = (
        layer_name(decision, step.layer),
        format!("{} ({})", finding.statement.label(), finding.effect.name()),
    );
    if let Some(note) = &finding.note {
        let cells = [
            Text::from(layer),
            Text::from(statement),
            Text::from("grant"),
            Text::new(),
            Text::new(),
            Text::bad(note.as_str()),
        ];
        table.push(Row::new(cells));
        return;
    }
    for clause in finding.clauses() {
        let cells = [
            filled(std::mem::take(&mut layer)),
            filled(&std::mem::take(&mut statement)),
            Text::from(clause.element.to_string()),
            Text::from(wanted(&clause)),
            filled(&clause.found.as_deref().map(brief).unwrap_or_default()),
            outcome(&clause),
        ];
        table.push(Row::new(cells));
    }
}

/// The first values of a clause; the one that decided ahead.
fn wanted(clause: &Clause) -> String {
    let decided = clause
        .because
        .as_ref()
        .filter(|b| clause.wanted.contains(b));
    let others = clause.wanted.iter().filter(|w| Some(*w) != decided);
    let mut shown: Vec<String> = decided
        .into_iter()
        .chain(others)
        .map(|w| brief(w))
        .collect();
    let more = shown.len().saturating_sub(SHOWN);
    shown.truncate(SHOWN);
    match more {
        0 => shown.join("\n"),
        more => format!("{}\nand {more} more", shown.join("\n")),
    }
}

/// A cell that is left white where there is nothing to say.
fn filled(text: &str) -> Text {
    match text {
        "" => Text::new(),
        text => Text::from(text),
    }
}

/// An ARN without what is the same in all of them, and of an id only the beginning.
fn brief(text: &str) -> String {
    let short = short(text);
    match short.split_once('/') {
        Some(("key", id)) if id.len() == KEY_ID => {
            format!("key/{}…", id.get(..8).unwrap_or(id))
        }
        _ => short,
    }
}

fn outcome(clause: &Clause) -> Text {
    match clause.holds() {
        true => Text::good(clause.outcome.phrase()),
        false => Text::bad(clause.outcome.phrase()),
    }
}
