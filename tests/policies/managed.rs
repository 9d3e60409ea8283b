//! Every AWS-managed policy is accepted and comes back as an equal document.

use std::io::{BufRead as _, BufReader};

use flate2::read::GzDecoder;
use keychai::policy::{Policy, PolicyKind};
use serde_json::Value;

const DATA: &[u8] = include_bytes!("../../data/aws-managed-policies.jsonl.gz");

#[test]
fn all_of_them_parse_and_come_back_equal() {
    let mut count = 0;
    for line in BufReader::new(GzDecoder::new(DATA)).lines() {
        let entry: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = format!("{:#}", entry["document"]);
        let policy = Policy::parse(PolicyKind::Managed, &text)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", entry["name"], error.excerpt()));
        assert_eq!(policy.to_value(), entry["document"], "{}", entry["name"]);
        assert_eq!(policy.text(), text);
        let statements = entry["document"]["Statement"].as_array().unwrap();
        assert_eq!(policy.statements().len(), statements.len());
        count += 1;
    }
    assert_eq!(count, 1641);
}
