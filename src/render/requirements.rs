//! Which permissions a piece of work needs, as a table.

use serde_json::json;

use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::lab::{Requirement, Requirements};

/// One row for each permission: those that were asked for, then those that
/// people expect and that the work did without. `name` gives a resource's name.
pub fn requirements_table(found: &Requirements, name: impl Fn(&str) -> String) -> Table {
    let mut table = Table::new([
        Column::new("permission").essential().code(),
        Column::new("needed").essential(),
        Column::new("by"),
        Column::new("on"),
        Column::new("without it"),
    ])
    .titled("What this work needs, found by denying each permission in turn");
    for requirement in &found.needed {
        table.push(Row::new(needed(requirement, &name)));
    }
    for action in &found.not_needed {
        let cells = [
            Text::from(action),
            Text::toned(Tone::Bad, "no"),
            Text::new(),
            Text::new(),
            Text::from("works"),
        ];
        table.push(Row::new(cells));
    }
    table.with_data(json!(found))
}

fn needed(requirement: &Requirement, name: impl Fn(&str) -> String) -> [Text; 5] {
    let (mark, experiment) = match requirement.necessary {
        true => (Text::good("yes"), "fails"),
        false => (Text::warning("asked for"), "works"),
    };
    let resources: Vec<String> = requirement.resources.iter().map(|r| name(r)).collect();
    [
        Text::from(&requirement.action),
        mark,
        Text::from(&requirement.principal),
        Text::from(resources.join("\n")),
        Text::from(experiment),
    ]
}
