//! The failure-scenario matrix as a table.

use serde_json::json;

use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::authz::Layer;
use crate::lab::failure_matrix::{FailureMatrix, MatrixRow, Switches};

/// A switch: its name in the rule, and how to read it.
type Factor = (&'static str, fn(&Switches) -> bool);

const FACTORS: [Factor; 4] = [
    ("s3 permission", |s| s.s3),
    ("kms permission", |s| s.kms),
    ("key policy", |s| s.key_policy),
    ("object exists", |s| s.object),
];

/// Columns of the longest outcome, `403 kms:GenerateDataKey, identity`.
const OUTCOME_WIDTH: usize = 33;

/// The matrix for people: one row for each real call; below it the cause and
/// the repair of each failure, and the rule that the rows support. The JSON
/// form holds all data.
pub fn failure_matrix_table(matrix: &FailureMatrix) -> Table {
    let mut table = Table::new([
        Column::new("issue").essential().at_least(20),
        Column::new("s3").centre(),
        Column::new("kms").centre(),
        Column::new("key policy").centre().at_least(6),
        Column::new("object").centre(),
        Column::new("→ outcome").essential().at_least(OUTCOME_WIDTH),
    ])
    .titled(format!("What fails, and why · model: {}", matrix.model));
    for row in &matrix.rows {
        table.push(table_row(row));
    }
    for row in matrix.rows.iter().filter(|row| row.status >= 400) {
        table = table.note(explanation(row));
    }
    if let Some(rule) = rule(&matrix.rows) {
        table = table.note(Text::new().strong("rule").plain(format!(": {rule}")));
    }
    for note in differences(matrix) {
        table = table.note(note);
    }
    table.with_data(json!(matrix))
}

fn table_row(row: &MatrixRow) -> Row {
    let issue = match row.healthy {
        true => Text::new().muted("  healthy: ").code(operation(row)),
        false => Text::from(row.issue),
    };
    let marks = FACTORS.iter().map(|(_, is_on)| match is_on(&row.switches) {
        true => Text::good(""),
        false => Text::bad(""),
    });
    let tone = if row.status < 400 {
        Tone::Good
    } else {
        Tone::Bad
    };
    Row::new(
        std::iter::once(issue)
            .chain(marks)
            .chain([Text::from(outcome(row))]),
    )
    .toned(tone)
}

/// `GetObject`, without the object's key.
fn operation(row: &MatrixRow) -> &str {
    row.call.split(' ').next().unwrap_or_default()
}

/// `403 kms:Decrypt, key policy`, `404 NoSuchKey`, `200`.
fn outcome(row: &MatrixRow) -> String {
    match (&row.failed_action, row.layer) {
        _ if row.status < 400 => row.status.to_string(),
        (Some(action), Some(layer)) => format!("{} {action}, {}", row.status, layer_name(layer)),
        (Some(action), None) => format!("{} {action}", row.status),
        _ => format!("{} {}", row.status, row.code),
    }
}

fn layer_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Resource => "key policy",
        other => other.as_str(),
    }
}

fn explanation(row: &MatrixRow) -> Text {
    let text = Text::bad(row.issue)
        .plain(", ")
        .code(&row.call)
        .plain(format!(": {}", row.cause));
    match &row.repair {
        Some(advice) if row.repair_script.is_empty() => text.plain(" ").plain(advice),
        Some(_) => text.plain(" Repair: ").code(row.repair_script.join("; ")),
        None => text,
    }
}

/// The rule, if the rows support it: every factor was switched off alone, and
/// exactly the calls succeed in which all factors that matter are on.
fn rule(rows: &[MatrixRow]) -> Option<String> {
    let succeeded = |row: &MatrixRow| row.status < 400;
    let alone = |factor: &Factor| -> Vec<&MatrixRow> {
        let off = |row: &&MatrixRow| !(factor.1)(&row.switches);
        let only = |row: &&MatrixRow| {
            FACTORS
                .iter()
                .filter(|other| !(other.1)(&row.switches))
                .count()
                == 1
        };
        rows.iter().filter(off).filter(only).collect()
    };
    if FACTORS.iter().any(|factor| alone(factor).is_empty()) {
        return None;
    }
    let (matter, idle): (Vec<Factor>, Vec<Factor>) = FACTORS
        .into_iter()
        .partition(|factor| alone(factor).into_iter().any(|row| !succeeded(row)));
    let holds = rows
        .iter()
        .all(|row| succeeded(row) == matter.iter().all(|f| (f.1)(&row.switches)));
    let names = |factors: &[Factor]| factors.iter().map(|f| f.0).collect::<Vec<_>>().join(" ∧ ");
    let rule = format!("the call succeeds exactly if {}", names(&matter));
    match (holds, idle.is_empty()) {
        (false, _) => None,
        (true, true) => Some(rule),
        (true, false) => Some(format!("{rule}; without effect: {}", names(&idle))),
    }
}

fn differences(matrix: &FailureMatrix) -> Vec<Text> {
    let differing = matrix
        .rows
        .iter()
        .filter_map(|row| Some((row, row.other_model.as_ref()?)));
    differing
        .map(|(row, other)| {
            let verdict = json!(other.verdict);
            Text::warning(format!(
                "{}: the model `{}` says {} here",
                row.issue,
                other.model,
                verdict.as_str().unwrap_or_default()
            ))
        })
        .collect()
}
