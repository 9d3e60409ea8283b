//! Each rule: a policy in which it speaks, and one in which it keeps silent.

use serde_json::{Value, json};

use super::{Catalogue, Finding, lint};
use crate::policy::{Policy, PolicyKind};

mod actions;
mod conditions;

fn found_in(kind: PolicyKind, document: &Value) -> Vec<Finding> {
    let policy = Policy::load(kind, &format!("{document:#}")).unwrap();
    lint(&policy, Catalogue::bundled())
}

fn of(kind: PolicyKind, statements: Value) -> Vec<Finding> {
    found_in(
        kind,
        &json!({"Version": "2012-10-17", "Statement": statements}),
    )
}

/// What is said of an identity policy with these statements.
fn said(statements: Value) -> Vec<(&'static str, Option<String>)> {
    let found = of(PolicyKind::Managed, statements);
    found.into_iter().map(|f| (f.code, f.suggestion)).collect()
}

fn codes(kind: PolicyKind, statements: Value) -> Vec<&'static str> {
    of(kind, statements).into_iter().map(|f| f.code).collect()
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

#[test]
fn negations_that_allow_are_told() {
    let not_action = json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"});
    assert_eq!(said(not_action)[0].0, "not-action-allow");
    let not_resource =
        json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b"});
    assert_eq!(said(not_resource)[0].0, "not-resource-allow");
    let denial = json!({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"});
    assert_eq!(said(denial), []);
    let not_principal = json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
    assert_eq!(
        codes(PolicyKind::Bucket, not_principal),
        ["not-principal-allow"]
    );
}

#[test]
fn policies_of_resources_are_about_their_own_service_and_somebody() {
    let key = |action: &str, principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"});
    let account = json!({"AWS": "111122223333"});
    assert_eq!(
        codes(PolicyKind::Key, key("kms:*", account.clone())),
        Vec::<&str>::new()
    );
    assert_eq!(
        codes(PolicyKind::Key, key("s3:GetObject", account.clone())),
        ["no-effect"]
    );
    assert_eq!(
        codes(PolicyKind::Key, key("kms:*", json!("*"))),
        ["wildcard-in-principal"]
    );
    let mut narrowed = key("kms:*", json!({"AWS": "*"}));
    narrowed["Condition"] = json!({"StringEquals": {"kms:CallerAccount": "111122223333"}});
    assert_eq!(codes(PolicyKind::Key, narrowed), Vec::<&str>::new());
    let without = json!({"Effect": "Allow", "Principal": account, "Action": "kms:Decrypt"});
    assert_eq!(codes(PolicyKind::Key, without), ["no-effect"]);
    let trust = json!({"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"});
    assert_eq!(codes(PolicyKind::Trust, trust), Vec::<&str>::new());
}

#[test]
fn statements_that_repeat_or_undo_others_are_told() {
    let first = json!({"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"});
    let again = json!({"Sid": "B", "Effect": "Allow", "Action": ["S3:PutObject", "s3:GetObject"], "Resource": ["*"]});
    let found = of(PolicyKind::Managed, json!([first, again]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "statement 1 says the same");
    let other = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
    assert_eq!(said(json!([first, other])), []);
    for (denied, resource, expected) in [
        (json!("s3:*"), "*", true),
        (json!(["s3:Get*", "s3:PutObject"]), "*", true),
        (json!("*"), "arn:aws:s3:::b/*", true),
        (json!("s3:Get*"), "*", false),
        (json!("s3:*"), "arn:aws:s3:::other/*", false),
    ] {
        let statements = json!([
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"},
            {"Effect": "Deny", "Action": denied, "Resource": resource},
        ]);
        let found = codes(PolicyKind::Managed, statements);
        assert_eq!(found.contains(&"shadowed"), expected, "{denied} {resource}");
    }
    let conditional = json!([
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ]);
    assert_eq!(said(conditional), []);
}

#[test]
fn a_finding_shows_its_place() {
    let found = of(
        PolicyKind::Managed,
        json!({
            "Sid": "漢字", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjects"], "Resource": "*",
        }),
    );
    assert_eq!((found[0].place.line, found[0].place.column), (8, 7));
    assert_eq!(
        found[0].excerpt(),
        "  8 |       \"s3:GetObjects\"\n    |       ^ error[unknown-action]: S3 has no action \
         `GetObjects`\n    = did you mean `s3:GetObject`?"
    );
}

#[test]
fn a_policy_of_thousands_of_statements_in_one_line_is_linted_to_its_end() {
    let entry = |n: u32| {
        json!({"Sid": format!("S{n}"), "Effect": if n.is_multiple_of(2) { "Allow" } else { "Deny" },
        "Action": [format!("s3:Nope{n}"), "s3:GetObject"], "Resource": format!("arn:aws:s3:::b{n}"),
        "Condition": {"StringEquals": {format!("aws:Nope{n}"): "${nope}"}}})
    };
    let document =
        json!({"Version": "2012-10-17", "Statement": (0..3000).map(entry).collect::<Vec<_>>()});
    let policy = Policy::load(PolicyKind::Inline, &document.to_string()).unwrap();
    let found = lint(&policy, Catalogue::bundled());
    assert!(found.len() > 9000, "{}", found.len());
    let all: String = found.iter().map(Finding::excerpt).collect();
    assert!(all.lines().all(|line| line.chars().count() < 300));
}
