//! The linter over the policies that AWS wrote.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::time::Instant;

use flate2::read::GzDecoder;
use keychai::policy::lint::{Catalogue, Severity, lint};
use keychai::policy::{Policy, PolicyKind};
use serde_json::{Value, json};

static MANAGED: &[u8] = include_bytes!("../../data/aws-managed-policies.jsonl.gz");

fn managed() -> Vec<(String, Policy)> {
    let lines = BufReader::new(GzDecoder::new(MANAGED)).lines();
    lines
        .map(|line| {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let text = format!("{:#}", line["document"]);
            let policy = Policy::load(PolicyKind::Managed, &text).unwrap();
            (line["name"].as_str().unwrap().to_owned(), policy)
        })
        .collect()
}

#[test]
fn probe() {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let start = Instant::now();
    let mut out = String::new();
    for (name, policy) in managed() {
        for finding in lint(&policy, Catalogue::bundled()) {
            *counts
                .entry((finding.severity.to_string(), finding.code))
                .or_default() += 1;
            if finding.severity > Severity::Note {
                out.push_str(&format!("{name}: {finding} = {:?}\n", finding.suggestion));
            }
        }
    }
    std::fs::write("/tmp/lint_probe.txt", out).unwrap();
    println!("{:?} {counts:#?}", start.elapsed());
}
