//! The matrix of a scenario as tables.

use serde_json::{Value, json};

use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::lab::scenario::{DecisionRow, Matrix, Outcome, RunRow};

/// How many odd things of one kind are told.
const TOLD: usize = 5;
/// Columns of a usual outcome, `✗ 403 s3:GetObject, identity`.
const OUTCOME_WIDTH: usize = 29;

/// The fewest rows that say what every combination comes to, and the rule in words.
/// Where no such table could be derived, every combination that was run.
pub fn scenario_table(matrix: &Matrix) -> Table {
    if matrix.decision.is_empty() {
        return scenario_rows_table(matrix);
    }
    let columns = fits(matrix);
    let mut table = match columns {
        true => headed(matrix),
        false => Table::new([
            Column::new("when").essential(),
            Column::new("→ outcome").essential().at_least(OUTCOME_WIDTH),
        ])
        .titled(title(matrix)),
    };
    for row in &matrix.decision {
        let Some(outcome) = matrix.outcomes.get(row.outcome) else {
            continue;
        };
        let cells = match columns {
            true => cells(matrix, row),
            false => vec![Text::from(when(matrix, row))],
        };
        table.push(outcome_row(cells, outcome));
    }
    let fewest = if matrix.fewest {
        "the fewest rows that say it"
    } else {
        "few rows, perhaps not the fewest"
    };
    let dash = if columns { "– does not matter; " } else { "" };
    let table = table.note(format!("{dash}{fewest}"));
    noted(table, matrix).with_data(scenario_json(matrix, false))
}

/// Whether a column for each switch fits into 80 terminal columns beside the outcome.
fn fits(matrix: &Matrix) -> bool {
    let widths = matrix.switches.iter().map(|dial| {
        let words = dial
            .name
            .split(' ')
            .chain(dial.states.iter().flat_map(|s| s.split(' ')));
        words.map(|word| word.chars().count()).max().unwrap_or(0) + 2
    });
    widths.sum::<usize>() + OUTCOME_WIDTH <= 80
}

fn cells(matrix: &Matrix, row: &DecisionRow) -> Vec<Text> {
    let conditions = matrix.conditions(row);
    let cells = conditions.iter().map(|states| match states {
        None => Text::new().muted("–"),
        Some(states) => state(&states.join(" or ")),
    });
    cells.collect()
}

/// The conditions of a row in words.
fn when(matrix: &Matrix, row: &DecisionRow) -> String {
    let words = matrix
        .switches
        .iter()
        .zip(matrix.conditions(row))
        .zip(&row.cube.0);
    let words: Vec<String> = words
        .filter(|((_, states), _)| states.is_some())
        .map(|((dial, _), mask)| dial.words(*mask))
        .collect();
    match words.is_empty() {
        true => "always".to_owned(),
        false => words.join(" ∧ "),
    }
}

/// Every combination that was run.
pub fn scenario_rows_table(matrix: &Matrix) -> Table {
    let mut table = headed(matrix);
    for row in matrix.rows() {
        let cells = named(matrix, &row).into_iter().map(state).collect();
        table.push(match row.outcome {
            Ok(outcome) => outcome_row(cells, outcome),
            Err(_) => {
                let mut cells: Vec<Text> = cells;
                cells.push(Text::new().muted("cannot be"));
                Row::new(cells)
            }
        });
    }
    noted(table, matrix).with_data(scenario_json(matrix, true))
}

fn headed(matrix: &Matrix) -> Table {
    let dials = matrix.switches.iter();
    let columns = dials.map(|dial| Column::new(dial.name.as_str()).centre());
    let outcome = Column::new("→ outcome").essential().at_least(14);
    Table::new(columns.chain([outcome])).titled(title(matrix))
}

fn title(matrix: &Matrix) -> String {
    format!(
        "When {} succeeds · model: {}",
        matrix.scenario, matrix.model
    )
}

/// The states of a row by their names.
fn named<'a>(matrix: &'a Matrix, row: &RunRow<'_>) -> Vec<&'a str> {
    let states = row.states.iter().zip(&matrix.switches);
    states
        .map(|(state, dial)| {
            dial.states
                .get(*state)
                .map(String::as_str)
                .unwrap_or_default()
        })
        .collect()
}

fn state(name: &str) -> Text {
    match name {
        "on" => Text::good(""),
        "off" => Text::bad(""),
        other => Text::from(other),
    }
}

fn outcome_row(mut cells: Vec<Text>, outcome: &Outcome) -> Row {
    let tone = if outcome.is_success() {
        Tone::Good
    } else {
        Tone::Bad
    };
    cells.push(Text::toned(tone, outcome.words()));
    Row::new(cells).toned(tone)
}

/// The rule, how much was run, and what is odd about the scenario.
fn noted(mut table: Table, matrix: &Matrix) -> Table {
    if let Some(rule) = &matrix.rule {
        let words = Text::new().strong("rule");
        table = table.note(words.plain(format!(": it succeeds exactly if {}", rule.words)));
    }
    if !matrix.idle.is_empty() && !matrix.switches.is_empty() {
        table = table.note(format!(
            "no difference in any combination: {}",
            matrix.idle.join(", ")
        ));
    }
    table = table.note(coverage(matrix));
    if matrix.switches.is_empty() {
        table = table.note(Text::warning(
            "The scenario has no switches, so there is nothing to combine: this is the one call.",
        ));
    }
    if let Some(outcome) = matrix.as_built().filter(|outcome| !outcome.is_success()) {
        let text = format!(
            "With every switch as built, the work fails: {}.",
            outcome.words()
        );
        table = table.note(Text::warning(text));
    }
    let odd = unstable(matrix)
        .into_iter()
        .chain(contradictions(matrix))
        .chain(impossible(matrix));
    odd.fold(table, |table, text| table.note(Text::warning(text)))
}

/// How many combinations were run, out of how many.
fn coverage(matrix: &Matrix) -> String {
    let coverage = &matrix.coverage;
    let absent: usize = matrix.impossible.iter().map(|of| of.combinations).sum();
    let ran = match absent {
        0 => format!("all {} combinations run", coverage.run),
        _ => format!("{} combinations run, {absent} cannot be", coverage.run),
    };
    match (coverage.all, matrix.rule.is_some()) {
        (true, true) => format!("{ran}; table and rule proved equal on each"),
        (true, false) => format!("{ran}; no rule is derived"),
        (false, _) => {
            let cannot = match absent {
                0 => String::new(),
                _ => format!(", and {absent} that cannot be"),
            };
            format!(
                "{} of {} combinations run{cannot}: all {} pairs of states of two switches; what \
                 three or more do together was not tried, so no rule is derived",
                coverage.run, coverage.of, coverage.pairs
            )
        }
    }
}

fn unstable(matrix: &Matrix) -> Vec<String> {
    let found = matrix.unstable.iter().take(TOLD);
    found
        .map(|unstable| {
            let row = RunRow {
                states: unstable.states.clone(),
                outcome: Err(""),
            };
            let names = matrix.switches.iter().zip(named(matrix, &row));
            let off: Vec<String> = names
                .zip(&unstable.states)
                .filter(|(_, state)| **state != 0)
                .map(|((dial, state), _)| format!("{} {state}", dial.name))
                .collect();
            let place = if off.is_empty() {
                "as built".to_owned()
            } else {
                format!("with {}", off.join(", "))
            };
            format!(
                "The work does not come to the same twice: {place}, {} and then {}. No rule holds.",
                unstable.first, unstable.second
            )
        })
        .collect()
}

fn contradictions(matrix: &Matrix) -> Vec<String> {
    let found = matrix.contradictions.iter().take(TOLD);
    found
        .map(|pair| {
            format!(
                "Contradictory switches: {} then {} gives {}, the other way round {}. The table \
                 sets them in the order of the columns.",
                pair.first, pair.second, pair.this_way, pair.other_way
            )
        })
        .collect()
}

fn impossible(matrix: &Matrix) -> Vec<String> {
    let found = matrix.impossible.iter().take(TOLD);
    found
        .map(|one| {
            format!(
                "{} combinations cannot be, and are left open: {}",
                one.combinations, one.reason
            )
        })
        .collect()
}

/// Everything about a matrix as data; the rows where they are wanted.
pub fn scenario_json(matrix: &Matrix, rows: bool) -> Value {
    let states = |states: Vec<Option<Vec<&str>>>| -> Value {
        let named = matrix.switches.iter().zip(states);
        let known = named.filter_map(|(dial, states)| Some((dial.name.clone(), json!(states?))));
        Value::Object(known.collect())
    };
    let decision: Vec<Value> = matrix
        .decision
        .iter()
        .map(|row| {
            json!({
                "if": states(matrix.conditions(row)),
                "outcome": matrix.outcomes.get(row.outcome),
            })
        })
        .collect();
    let mut data = json!({
        "scenario": matrix.scenario,
        "model": matrix.model,
        "switches": matrix.switches,
        "coverage": {
            "run": matrix.coverage.run,
            "of": matrix.coverage.of.to_string(),
            "all": matrix.coverage.all,
            "pairs": matrix.coverage.pairs,
        },
        "decision": decision,
        "fewest": matrix.fewest,
        "rule": matrix.rule.as_ref().map(|rule| &rule.words),
        "without_effect": matrix.idle,
        "impossible": matrix.impossible,
        "contradictions": matrix.contradictions,
        "unstable": matrix.unstable,
    });
    if let (true, Some(members)) = (rows, data.as_object_mut()) {
        let rows = matrix.rows().map(|row| {
            let states = named(matrix, &row);
            match row.outcome {
                Ok(outcome) => json!({ "states": states, "outcome": outcome }),
                Err(reason) => json!({ "states": states, "cannot_be": reason }),
            }
        });
        members.insert("rows".to_owned(), rows.collect());
    }
    data
}
