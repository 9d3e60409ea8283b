//! What a stored policy costs: AWS's managed policies, read and kept.

use std::io::Read as _;

use keychai::policy::{Policy, PolicyKind};
use serde_json::Value;

use crate::measure::alternating;
use crate::memory::in_use;
use crate::report::{Bar, Row};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../data/aws-managed-policies.jsonl.gz"
);

/// The texts of AWS's managed policies.
pub fn managed_policies() -> Result<Vec<String>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{FILE}: {error}");
    let file = std::fs::File::open(FILE).map_err(|e| wrong(&e))?;
    let mut lines = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut lines)
        .map_err(|e| wrong(&e))?;
    let document = |line: &str| {
        let policy: Value = serde_json::from_str(line).map_err(|e| wrong(&e))?;
        match policy.get("document") {
            Some(document) => Ok(document.to_string()),
            None => Err(wrong(&"a line has no `document`")),
        }
    };
    lines.lines().map(document).collect()
}

fn parse(text: &str) -> Result<Policy, String> {
    Policy::parse(PolicyKind::Managed, text).map_err(|error| error.to_string())
}

/// Parsing, checking and compiling, beside one parse of the JSON.
pub fn compiling(texts: &[String]) -> Result<Row, String> {
    texts.iter().try_for_each(|text| parse(text).map(drop))?;
    let medians = alternating(
        || {
            texts
                .iter()
                .for_each(|t| drop(serde_json::from_str::<Value>(t)))
        },
        || {
            texts
                .iter()
                .for_each(|t| drop(Policy::parse(PolicyKind::Managed, t)))
        },
    );
    Ok(Row {
        what: format!(
            "compiling a policy, mean of {}, beside serde_json",
            texts.len()
        ),
        unit: "ns",
        peer: medians.peer / texts.len() as f64,
        ours: medians.ours / texts.len() as f64,
        bar: Some(Bar::AtMost(2.0)),
    })
}

/// The bytes that a policy occupies, its text included, beside its text.
pub fn memory(texts: &[String]) -> Result<Row, String> {
    let mut policies = Vec::with_capacity(texts.len());
    let before = in_use();
    for text in texts {
        policies.push(parse(text)?);
    }
    let count = policies.len() as f64;
    let ours = (in_use() - before) as f64 / count;
    Ok(Row {
        what: format!("memory of a stored policy, mean of {count}, beside its text"),
        unit: "bytes",
        peer: texts.iter().map(String::len).sum::<usize>() as f64 / count,
        ours,
        bar: Some(Bar::AtMost(4.0)),
    })
}
