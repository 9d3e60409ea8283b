//! The conformance cases of every kind, answered in both models.
//!
//! Source: `tests/cases/decisions.json`, whose facts come from AWS's
//! documentation and recorded answers. Cases marked `uncertain` are counted apart.

use std::collections::BTreeMap;

use keychai::authz::Model;
use keychai::simulate::{Answer, simulate};
use serde_json::Value;

use crate::engine::text;

/// Certain cases that are not answered as expected, each with the reason.
const OPEN: [(&str, &str); 8] = [
    ("S3-50", "the parts are described in words only"),
    ("MSG-03", "the Deny is described in words only"),
    ("MSG-05", "the foreign key is described in words only"),
    (
        "MSG-10",
        "the missing permission is described in words only",
    ),
    ("MSG-18", "the session policy is described in words only"),
    ("MSG-19", "the job is described in words only"),
    ("MSG-21", "the dry run is described in words only"),
    ("CT-06", "an answer holds no event"),
];

fn cases() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/decisions.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// What of `expected` the answer does not say.
fn mismatch(case: &Value, expected: &Value, got: &Answer) -> Option<String> {
    let mut wrong = Vec::new();
    let wanted = text(expected, "decision").unwrap();
    let denied = case["kind"] == "api" && got.decision.ends_with("-deny");
    let agrees = match wanted {
        "accepted" => got.decision == "ok",
        // What CloudTrail records of a call is compared by the tests of the trail.
        "recorded" => matches!(got.decision, "ok" | "allow") || denied,
        "error" => got.decision == "error" || denied,
        other => got.decision == other,
    };
    if !agrees {
        wrong.push(format!("decision: want {wanted}, got {}", got.decision));
    }
    let status = got.http_status.map(|status| status.to_string());
    for (member, got) in [
        ("layer", got.layer),
        ("failed_action", got.failed_action.as_deref()),
        ("error_code", got.error_code.as_deref()),
        ("http_status", status.as_deref()),
        ("message", got.message.as_deref()),
    ] {
        let want = match &expected[member] {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if Some(&*want) != got {
            wrong.push(format!("{member}: want {want}, got {got:?}"));
        }
    }
    let message = got.message.as_deref().unwrap_or_default();
    if let Some(part) = text(expected, "message_contains").filter(|part| !message.contains(part)) {
        wrong.push(format!("message: want …{part}…, got {message:?}"));
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// Every answer that is not the expected one, by case, with whether it is certain.
fn different(cases: &[Value]) -> BTreeMap<String, (bool, String)> {
    let mut different = BTreeMap::new();
    for case in cases {
        let id = text(case, "id").unwrap();
        for (model, member) in [(Model::Aws, "expected_aws"), (Model::Exam, "expected_exam")] {
            if let Some(text) = mismatch(case, &case[member], &simulate(case, model)) {
                let line = format!("{id} {model}: {text} ({})", case["description"]);
                different.insert(id.to_owned(), (case["uncertain"] != true, line));
            }
        }
    }
    different
}

#[test]
fn every_certain_case_is_answered_as_aws_does() {
    let cases = cases();
    assert!(cases.len() >= 250, "only {} cases", cases.len());
    let different = different(&cases);
    let open = |id: &str| OPEN.iter().any(|(known, _)| *known == id);
    let wrong: Vec<&str> = different
        .iter()
        .filter(|(id, (certain, _))| *certain && !open(id))
        .map(|(_, (_, line))| line.as_str())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let solved: Vec<&str> = OPEN
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| !different.contains_key(*id))
        .collect();
    assert!(solved.is_empty(), "no longer open: {solved:?}");
    let uncertain: Vec<&str> = different
        .iter()
        .filter(|(_, (certain, _))| !certain)
        .map(|(_, (_, line))| line.as_str())
        .collect();
    println!("uncertain and different:\n{}", uncertain.join("\n"));
}

#[test]
fn a_case_that_is_none_is_answered_with_what_is_wrong() {
    for (case, wrong) in [
        (serde_json::json!({}), "missing field `kind`"),
        (
            serde_json::json!({ "kind": "guess" }),
            "unknown variant `guess`",
        ),
        (
            serde_json::json!({ "id": "X", "kind": "authz", "request": { "api": "s3:GetObject" } }),
            "request.checks",
        ),
        (
            serde_json::json!({
                "kind": "authz",
                "policies": { "identity": [{ "Statement": [{ "Effect": "Perhaps" }] }] },
                "request": { "api": "s3:GetObject", "checks": [{ "action": "s3:GetObject", "resource": "*" }] },
            }),
            "inline policy",
        ),
        (serde_json::json!(7), "this is no case"),
    ] {
        let answer = simulate(&case, Model::Exam);
        assert_eq!(answer.decision, "error", "{case}");
        assert!(answer.is_malformed(), "{case}");
        let message = answer.message.unwrap();
        assert!(message.contains(wrong), "{case}: {message}");
    }
}
