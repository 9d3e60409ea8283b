//! The engine and the naive evaluator say the same, on the stored cases and on generated ones.
//!
//! A case of the generator is its number: to look at one, put `generate::case(NUMBER)`
//! to both. What fails is printed in its smallest form.

use std::collections::BTreeMap;
use std::thread;

use serde_json::Value;

use crate::engine::engine;
use crate::generate;
use crate::naive::{Verdict, judge};
use crate::shrink::shrink;

/// Generated cases in each run.
const CASES: u64 = 100_000;

/// How often each possible kind of answer must turn up among them.
const OFTEN: usize = 40;

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

fn model_of(number: u64) -> &'static str {
    if number.is_multiple_of(2) {
        "exam"
    } else {
        "aws"
    }
}

/// How the answers are spread, and the number of the first case that is answered differently.
#[derive(Default)]
struct Run {
    tally: BTreeMap<(String, String, Option<String>), usize>,
    differs: Option<u64>,
}

/// Puts every case whose number is `first` plus a multiple of `step` to both.
fn run(first: u64, step: usize) -> Run {
    let mut run = Run::default();
    for number in (first..CASES).step_by(step) {
        let case = generate::case(number);
        let model = model_of(number);
        let expected = judge(&case, model);
        if engine(&case, model).as_ref() != Ok(&expected) {
            run.differs = Some(number);
            return run;
        }
        let kind = case["principal"]["kind"].as_str().unwrap().to_owned();
        let answer = (kind, expected.decision, expected.layer);
        *run.tally.entry(answer).or_default() += 1;
    }
    run
}

fn run_all() -> Run {
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let mut whole = Run::default();
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || run(u64::try_from(first).unwrap(), threads)))
            .collect();
        for part in started {
            let part = part.join().unwrap();
            whole.differs = whole.differs.into_iter().chain(part.differs).min();
            for (answer, count) in part.tally {
                *whole.tally.entry(answer).or_default() += count;
            }
        }
    });
    whole
}

/// The smallest case that is still answered differently, with both answers.
fn report(number: u64) -> String {
    let model = model_of(number);
    let case = generate::case(number);
    let smallest = match engine(&case, model) {
        // The engine cannot be asked at all: nothing to compare while it shrinks.
        Err(_) => case,
        Ok(_) => shrink(&case, &|c| {
            engine(c, model).is_ok_and(|got| got != judge(c, model))
        }),
    };
    format!(
        "case {number}, model {model}\nengine: {:?}\nnaive:  {:?}\n{}",
        engine(&smallest, model),
        judge(&smallest, model),
        serde_json::to_string_pretty(&smallest).unwrap()
    )
}

/// Every answer that a caller of this kind can get.
fn possible(kind: &str) -> Vec<(&'static str, Option<&'static str>)> {
    let own = ["iam-user", "role-session", "federated-user"].contains(&kind);
    let bound = own || kind == "root";
    let in_session = own && kind != "iam-user";
    let explicit = [
        ("scp", bound),
        ("rcp", true),
        ("resource", true),
        ("identity", own),
        ("boundary", own),
        ("session", in_session),
        ("vpce", true),
    ];
    let implicit = explicit.iter().filter(|(layer, _)| *layer != "rcp");
    let allow = [("allow", None)];
    let named = |word: &'static str| {
        move |(layer, may): &(&'static str, bool)| may.then_some((word, Some(*layer)))
    };
    allow
        .into_iter()
        .chain(explicit.iter().filter_map(named("explicit-deny")))
        .chain(implicit.filter_map(named("implicit-deny")))
        .collect()
}

const KINDS: [&str; 7] = [
    "iam-user",
    "role-session",
    "federated-user",
    "root",
    "service",
    "anonymous",
    "web-identity",
];

#[test]
fn engine_and_naive_evaluator_agree_on_generated_cases_of_every_kind() {
    let run = run_all();
    if let Some(number) = run.differs {
        panic!("{}", report(number));
    }
    let mut rare = Vec::new();
    for kind in KINDS {
        for (decision, layer) in possible(kind) {
            let answer = (
                kind.to_owned(),
                decision.to_owned(),
                layer.map(str::to_owned),
            );
            let count = run.tally.get(&answer).copied().unwrap_or_default();
            if count < OFTEN {
                rare.push(format!("{answer:?}: {count}"));
            }
        }
    }
    assert!(
        rare.is_empty(),
        "too rare among {CASES}:\n{}",
        rare.join("\n")
    );
    let total: usize = run.tally.values().sum();
    let allows = run
        .tally
        .iter()
        .filter(|((_, decision, _), _)| decision == "allow");
    let allows: usize = allows.map(|(_, count)| count).sum();
    assert!(allows * 4 >= total, "only {allows} of {total} are allowed");
}
