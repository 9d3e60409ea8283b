//! Cases on which the engine was once wrong, each in its smallest form.

use serde_json::Value;

use crate::engine::{engine, text};
use crate::naive::{Verdict, judge};

#[test]
fn what_was_found_once_stays_repaired() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/found.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let expected = &case["expected"];
        let expected = Verdict {
            decision: text(expected, "decision").unwrap().to_owned(),
            layer: text(expected, "layer").map(str::to_owned),
            failed_action: text(expected, "failed_action").map(str::to_owned),
        };
        for model in ["exam", "aws"] {
            assert_eq!(
                engine(case, model).as_ref(),
                Ok(&expected),
                "engine, {model}: {case}"
            );
            assert_eq!(judge(case, model), expected, "naive, {model}: {case}");
        }
    }
}
