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
                wrong.push(format!(
                    "{} {model}: want {want:?}, got {got:?}",
                    case["id"]
                ));
            }
        }
    }
    assert!(cases.len() >= 180, "only {} cases", cases.len());
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn probe() {
    let n: u64 = std::env::var("PROBE")
        .ok()
        .and_then(|t| t.parse().ok())
        .unwrap_or(2000);
    let from: u64 = std::env::var("FROM")
        .ok()
        .and_then(|t| t.parse().ok())
        .unwrap_or(0);
    let mut shapes = std::collections::BTreeMap::<String, (usize, String)>::new();
    for i in from..from + n {
        let case = generate::case(i);
        let model = if i % 2 == 0 { "aws" } else { "exam" };
        let want = judge(&case, model);
        let got = match engine(&case, model) {
            Err(e) => panic!("{e}"),
            Ok(got) => got,
        };
        if got == want {
            continue;
        }
        let sig = |n: &Verdict, e: &Verdict| {
            format!(
                "naive {:?} engine {:?}",
                (&n.decision, &n.layer),
                (&e.decision, &e.layer)
            )
        };
        let key = sig(&want, &got);
        if shapes.get(&key).is_some_and(|s| s.0 >= 3) {
            shapes.get_mut(&key).unwrap().0 += 1;
            continue;
        }
        let small = crate::shrink::shrink(&case, &|c| {
            engine(c, model).is_ok_and(|e| sig(&judge(c, model), &e) == key)
        });
        let e = shapes.entry(key).or_insert((0, String::new()));
        e.0 += 1;
        let mut s = small;
        let o = s.as_object_mut().unwrap();
        o.shift_remove("kind");
        e.1 += &format!("  {model} {s}\n");
    }
    for (k, v) in shapes {
        println!("{k} x{}\n{}", v.0, v.1);
    }
}
