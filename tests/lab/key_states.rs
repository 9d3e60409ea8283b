//! Which operation a key allows in which state: the table of `tests/cases/key_states.json`.
//!
//! Each row is one operation; under the name of a state stands `null` where it
//! succeeds, or the name of the error that it gives. `kind` says which key it is
//! for, a symmetric encryption key by default.

use std::collections::BTreeSet;

use keychai::api::Service;
use keychai::service::operations;
use serde_json::{Value, json};

use crate::cases::Case;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/key_states.json");
/// Operations that act on no key in particular, or make one.
const KEYLESS: [&str; 4] = [
    "kms:CreateKey",
    "kms:ListKeys",
    "kms:GenerateRandom",
    "kms:ListRetirableGrants",
];

fn table() -> Value {
    serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap()
}

/// The call of `row` on a key in `state`.
fn cell(table: &Value, row: &Value, state: &str) -> Case {
    let kind = row["kind"].as_str().unwrap_or("symmetric");
    let common = table["kinds"][kind].as_array().unwrap().iter();
    let into_state = table["states"][state].as_array().unwrap().iter();
    Case {
        name: format!("{} of a key that is {state}", row["do"]),
        setup: common.chain(into_state).cloned().collect(),
        call: json!({ "do": row["do"], "with": row["with"] }),
        body: Value::Null,
    }
}

#[test]
fn every_operation_answers_in_every_state_as_the_table_says() {
    let table = table();
    let states = table["states"].as_object().unwrap();
    let mut wrong = Vec::new();
    for row in table["rows"].as_array().unwrap() {
        for state in states.keys() {
            let Some(name) = row.get(state) else {
                continue;
            };
            let case = cell(&table, row, state);
            let (mut bench, saved) = case.prepared();
            let got = case.make(&mut bench, &saved).result;
            let got = got
                .err()
                .map(|e| json!({ "code": e.code, "message": e.message }));
            let want = name
                .as_str()
                .map(|name| saved.resolve(&table["errors"][name]));
            if got != want {
                wrong.push(format!("{}: want {want:?}, got {got:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_operation_on_a_key_is_in_the_table() {
    let table = table();
    let rows = table["rows"].as_array().unwrap().iter();
    let listed: BTreeSet<&str> = rows.map(|row| row["do"].as_str().unwrap()).collect();
    let missing: Vec<String> = operations()
        .iter()
        .filter(|entry| entry.spec.service == Service::Kms)
        .map(|entry| entry.spec.action())
        .filter(|action| !listed.contains(action.as_str()) && !KEYLESS.contains(&action.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}
