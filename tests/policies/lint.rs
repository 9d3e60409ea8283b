//! The linter over the policies that AWS wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};

use flate2::read::GzDecoder;
use keychai::policy::lint::{Catalogue, Severity, lint};
use keychai::policy::{Policy, PolicyKind};
use proptest::prelude::*;
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

/// Names that AWS's own policies use and that no service has: its API's names
/// for operations whose permissions are called otherwise.
const WRONG_AT_AWS: [&str; 3] = ["ListBuckets", "ListObjects", "ListObjectsV2"];

#[test]
fn the_policies_of_aws_hold_no_error_but_their_own() {
    let mut errors = Vec::new();
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, policy) in managed() {
        for finding in lint(&policy, Catalogue::bundled()) {
            *told.entry(finding.code).or_default() += 1;
            if finding.severity == Severity::Error {
                errors.push((name.clone(), finding));
            }
        }
    }
    for (name, finding) in &errors {
        let of_aws = WRONG_AT_AWS
            .iter()
            .any(|wrong| finding.message == format!("S3 has no action `{wrong}`"));
        assert!(of_aws, "{name}: {finding}");
        assert!(
            finding.suggestion.as_deref().unwrap().contains("s3:List"),
            "{finding}"
        );
    }
    assert_eq!(errors.len(), 3, "{errors:?}");
    // What is left was looked at: each is true of the policy that it is said of.
    let codes: Vec<&str> = told.keys().copied().collect();
    let seen = [
        "action-resource-mismatch",
        "missing-null-guard",
        "not-in-catalogue",
        "not-resource-allow",
        "passrole-star",
        "set-operator-on-single-valued",
        "unknown-action",
        "variable-in-arn-head",
    ];
    assert_eq!(codes, seen);
}

/// The prefixes of the catalogue are those of the policies and of its own services.
#[test]
fn the_catalogue_knows_every_service_that_aws_names() {
    let catalogue = Catalogue::bundled();
    let mut named: BTreeSet<String> = catalogue.services().map(str::to_owned).collect();
    for (_, policy) in managed() {
        for statement in policy.statements() {
            let entries = statement.action().entries();
            named.extend(
                entries
                    .iter()
                    .filter_map(|a| a.service().map(str::to_lowercase)),
            );
        }
    }
    let known: BTreeSet<String> = catalogue.prefixes().map(str::to_owned).collect();
    assert_eq!(known, named);
}

/// Everything that an action refers to is in the catalogue itself.
#[test]
fn the_catalogue_hangs_together() {
    let catalogue = Catalogue::bundled();
    for service in catalogue.services() {
        let types: BTreeSet<&str> = catalogue
            .resource_types(service)
            .map(|(name, _)| name)
            .collect();
        for action in catalogue.actions(service).unwrap() {
            assert_eq!(catalogue.action(&action.name), Some(action));
            assert!(
                action
                    .resource_types
                    .iter()
                    .all(|t| types.contains(t.as_str())),
                "{action:?}"
            );
            let keys = action.condition_keys.iter();
            for key in keys.filter(|k| !k.contains("${") || k.ends_with('}')) {
                let name = key.replace("${", "x").replace('}', "");
                assert!(
                    catalogue.condition_key(&name).is_some(),
                    "{key} of {}",
                    action.name
                );
            }
        }
    }
}

#[test]
fn a_finding_as_data_has_its_place_and_words() {
    let document = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "s3:GetObjects", "Resource": "*",
    }});
    let policy = Policy::parse(PolicyKind::Inline, &format!("{document:#}")).unwrap();
    let found = lint(&policy, Catalogue::bundled());
    assert_eq!(
        json!(found),
        json!([{
            "code": "unknown-action", "severity": "error", "line": 5, "column": 15,
            "message": "S3 has no action `GetObjects`",
            "suggestion": "did you mean `s3:GetObject`?",
        }])
    );
}

/// The policies of the conformance cases under every kind, as stored ones may be.
#[test]
fn no_policy_of_the_cases_breaks_the_linter_whatever_its_kind() {
    let all: Value = serde_json::from_str(include_str!("../cases/decisions.json")).unwrap();
    let mut errors = BTreeSet::new();
    let mut ran = 0;
    for case in all["cases"].as_array().unwrap() {
        for (own, value) in crate::cases::policies(case) {
            let text = crate::cases::document(&value);
            for (_, kind) in PolicyKind::WORDS {
                let Ok(policy) = Policy::load(kind, &text) else {
                    continue;
                };
                let found = lint(&policy, Catalogue::bundled());
                ran += 1;
                let wrong = found.iter().filter(|f| f.severity == Severity::Error);
                for finding in wrong.filter(|_| kind == own) {
                    errors.insert(format!("{}: {finding}", case["id"]));
                }
            }
        }
    }
    assert!(ran > 2000, "only {ran} ran");
    assert_eq!(errors, BTreeSet::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever stands in a document that loads, the linter comes to its end,
    /// and every place lies in the text.
    #[test]
    fn any_document_is_linted(
        action in "(s3|kms|S3|[a-z]{0,3}):?[a-zA-Z*?:$\\{\\}é]{0,8}",
        resource in "(arn:aws:s3:::)?[a-z0-9:*?$\\{\\},'/ 漢]{0,16}",
        key in "(aws:|s3:|kms:EncryptionContext:)?[a-zA-Z:/$\\{\\}]{0,10}",
        value in "(\\$\\{)?[a-z0-9:./*\\{\\}$, ']{0,16}",
        operator in prop::sample::select(vec!["StringLike", "ForAllValues:ArnLike", "Bool", "Null",
            "NotIpAddress", "DateEquals", "NumericLessThanIfExists", "BinaryEquals"]),
        version in prop::sample::select(vec!["2012-10-17", "2008-10-17"]),
        deny: bool,
    ) {
        let document = json!({"Version": version, "Statement": [{
            "Effect": if deny { "Deny" } else { "Allow" }, "Principal": {"AWS": value},
            "Action": [action, "s3:GetObject"], "Resource": resource,
            "Condition": {operator: {key: [value]}},
        }]});
        for text in [document.to_string(), format!("{document:#}").replace('\n', "\r\n")] {
            for (_, kind) in PolicyKind::WORDS {
                let policy = Policy::load(kind, &text).unwrap();
                for finding in lint(&policy, Catalogue::bundled()) {
                    let line = text.lines().nth(finding.place.line as usize - 1).unwrap();
                    prop_assert!(finding.place.column as usize <= line.chars().count());
                    prop_assert!(finding.excerpt().contains('^'));
                }
            }
        }
    }
}
