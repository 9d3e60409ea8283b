//! The conformance cases of kind `authz`, judged by the engine alone, in both models.
//!
//! Source: `tests/cases/decisions.json`, whose facts come from AWS's
//! documentation and recorded answers. Cases marked `uncertain` are counted apart.
#![expect(
    clippy::unwrap_used,
    reason = "a case without the expected shape fails"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "a case without the expected shape fails"
)]
#![expect(clippy::panic, reason = "a case that cannot be read fails")]
#![expect(
    clippy::print_stdout,
    reason = "the uncertain cases are reported apart"
)]

mod agreement;
mod engine;
mod faults;
mod found;
mod generate;
mod generated_laws;
mod laws;
mod naive;
mod shrink;

use std::collections::BTreeMap;

use keychai::authz::Model;
use serde_json::Value;

use engine::{Outcome, run, text};

fn mismatch(expected: &Value, got: &Outcome) -> Option<String> {
    let mut wrong = Vec::new();
    let mut same = |member: &str, got: Option<&str>| {
        if let Some(want) = text(expected, member)
            && Some(want) != got
        {
            wrong.push(format!("{member}: want {want}, got {got:?}"));
        }
    };
    same("decision", Some(got.decision));
    same("layer", got.layer.as_deref());
    same("failed_action", got.action.as_deref());
    if let Some(part) = text(expected, "message_contains")
        && !got.message.as_deref().unwrap_or_default().contains(part)
    {
        wrong.push(format!("message: want …{part}…, got {:?}", got.message));
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

#[test]
fn every_certain_authz_case_agrees_in_both_models() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/decisions.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut uncertain = BTreeMap::new();
    let mut judged = 0;
    for case in file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["kind"] == "authz")
    {
        let id = text(case, "id").unwrap();
        for (model, member) in [(Model::Aws, "expected_aws"), (Model::Exam, "expected_exam")] {
            judged += 1;
            if let Some(text) = mismatch(&case[member], &run(case, model).unwrap()) {
                let line = format!("{id} {model}: {text} ({})", case["description"]);
                if case["uncertain"] == true {
                    uncertain.insert(id, line);
                } else {
                    wrong.push(line);
                }
            }
        }
    }
    println!("{judged} judgements; uncertain and different: {uncertain:#?}");
    assert!(
        judged >= 360,
        "only {judged} judgements: is the case file whole?"
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
