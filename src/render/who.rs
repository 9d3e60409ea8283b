//! Who can, and what can: the answers about all principals as tables and graphs.

use serde_json::json;

use super::diagram::Graph;
use super::report::Report;
use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::lab::analysis::{PathStep, Power, Standing, WhatCan, Who, WhoCan};

/// How many principals a graph draws.
const MOST_DRAWN: usize = 24;
/// How many names one cell lists.
const MOST_NAMES: usize = 6;

/// One row for each principal: by what it may, under which conditions, by which way.
pub fn who_can_table(answer: &WhoCan) -> Table {
    let hang_on_requests = answer.found.iter().any(|who| !who.conditions.is_empty());
    let columns = [
        Column::new("principal").essential(),
        Column::new("kind").detail(),
        Column::new("may").essential(),
        Column::new("by, or by way of").essential(),
    ];
    let mut table = Table::new(
        columns
            .into_iter()
            .chain(conditions_column(hang_on_requests)),
    )
    .titled(format!(
        "Who can {} on {} · model: {}",
        answer.action, answer.label, answer.model
    ));
    for who in &answer.found {
        table.push(row(who, hang_on_requests));
    }
    let count = |standing| {
        answer
            .found
            .iter()
            .filter(|w| w.standing == standing)
            .count()
    };
    let (can, conditional) = (count(Standing::Can), count(Standing::If));
    table
        .note(format!(
            "{can} can, {conditional} can under conditions, {} could give themselves the right; \
             {} principals were asked about.",
            count(Standing::Could),
            answer.asked
        ))
        .with_data(json!(answer))
}

/// The column of conditions, where any row has one.
fn conditions_column(wanted: bool) -> Option<Column> {
    wanted.then(|| Column::new("if"))
}

fn row(who: &Who, with_conditions: bool) -> Row {
    let (tone, word) = match who.standing {
        Standing::Can => (Tone::Good, "yes"),
        Standing::If => (Tone::Warning, "if"),
        Standing::Could => (Tone::Bad, "could"),
    };
    let way = match who.standing {
        Standing::Could => who.path.iter().map(step).collect::<Vec<_>>().join("\n"),
        _ => who.by.join("\n"),
    };
    let cells = [
        Text::from(&who.principal),
        Text::from(who.kind.as_str()),
        Text::toned(tone, word),
        Text::from(way),
    ];
    let conditions = with_conditions.then(|| Text::from(who.conditions.join("\n")));
    Row::new(cells.into_iter().chain(conditions))
}

/// `iam:PassRole on GlueRole (Dev › Pass[0]), as GlueRole`.
fn step(step: &PathStep) -> String {
    let then = match step.becomes == step.actor {
        true => String::new(),
        false => format!(", as {}", step.becomes),
    };
    format!(
        "{} on {} ({}){then}",
        step.action,
        step.on,
        step.by.join(", ")
    )
}

/// The ways to the right: from each principal to what it acts as, and on to the resource.
pub fn who_can_graph(answer: &WhoCan) -> Graph {
    let title = format!("Who can {} on {}", answer.action, answer.label);
    let mut graph = Graph::to(title, &answer.label);
    let drawn = answer.found.iter().take(MOST_DRAWN);
    for who in drawn {
        for step in &who.path {
            let onward = match step.becomes == step.actor {
                false => &step.becomes,
                // What it gives to itself lets it act on the resource.
                true if step.on == step.actor => &answer.label,
                true => &step.on,
            };
            graph = graph.arrow(&step.actor, &step.action, onward);
        }
        let label = match who.standing {
            Standing::Can => answer.action.clone(),
            Standing::If => format!("{}, if …", answer.action),
            Standing::Could => continue,
        };
        graph = graph.arrow(&who.principal, label, &answer.label);
    }
    graph.leaving_out(answer.found.len().saturating_sub(MOST_DRAWN))
}

/// The answer with its headline.
pub fn who_can_report(answer: &WhoCan) -> Report {
    let nobody = answer.found.is_empty();
    let headline = match nobody {
        true => format!("Nobody can {} on {}.", answer.action, answer.label),
        false => format!("{} on {}", answer.action, answer.label),
    };
    let tone = if nobody { Tone::Neutral } else { Tone::Good };
    let report = Report::new().headline(tone, headline);
    let report = match nobody {
        true => report,
        false => report.table(who_can_table(answer)),
    };
    report.with_data(json!(answer))
}

/// One row for each group of resources on which the same is allowed by the same.
pub fn what_can_table(answer: &WhatCan) -> Table {
    let hang_on_requests = answer
        .found
        .iter()
        .any(|power| !power.conditions.is_empty());
    let columns = [
        Column::new("on").essential(),
        Column::new("actions").essential(),
        Column::new("by"),
    ];
    let mut table = Table::new(
        columns
            .into_iter()
            .chain(conditions_column(hang_on_requests)),
    )
    .titled(format!("What {} can do", answer.principal));
    for power in &answer.found {
        table.push(power_row(power, hang_on_requests));
    }
    table = table.note(format!(
        "{} pairs of action and resource were asked about; cells list {MOST_NAMES} names, JSON all.",
        answer.asked
    ));
    if !answer.beyond.is_empty() {
        table = table.note(format!(
            "Also allowed by its policies, in services that the lab does not judge: {}.",
            answer.beyond.join(", ")
        ));
    }
    table.with_data(json!(answer))
}

fn power_row(power: &Power, with_conditions: bool) -> Row {
    let cells = [
        Text::from(short(&power.resources)),
        Text::from(short(&power.actions)),
        Text::from(power.by.join("\n")),
    ];
    let conditions = with_conditions.then(|| Text::from(power.conditions.join("\n")));
    Row::new(cells.into_iter().chain(conditions))
}

fn short(names: &[String]) -> String {
    let mut lines: Vec<String> = names.iter().take(MOST_NAMES).cloned().collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => {}
        more => lines.push(format!("… {more} more")),
    }
    lines.join("\n")
}
