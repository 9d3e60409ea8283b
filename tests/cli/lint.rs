//! `keychai lint`: what it says of a document, and how it ends.

use super::{holds_in_order, keychai};

fn document(statement: &str) -> String {
    format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {statement}\n}}\n")
}

const WRONG: &str = r#"{"Effect":"Allow","Action":"s3:GetObjects","Resource":"*"}"#;
const RIGHT: &str = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#;
const DOUBTFUL: &str = r#"{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}"#;

#[test]
fn an_error_ends_with_one_and_shows_the_line() {
    let outcome = keychai(["lint", "-"]).input(document(WRONG)).run();
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let shown = r#"  3 |   "Statement": {"Effect":"Allow","Action":"s3:GetObjects","Resource":"*"}
    |                                           ^ error[unknown-action]: S3 has no action `GetObjects`
    = did you mean `s3:GetObject`?

- (inline policy): 1 error
"#;
    assert_eq!(outcome.stdout, shown);
}

#[test]
fn warnings_and_silence_end_with_nought() {
    let outcome = keychai(["lint", "-"]).input(document(RIGHT)).run();
    assert_eq!(
        outcome.succeeds(),
        "- (inline policy): nothing to say against this policy\n"
    );
    let outcome = keychai(["lint", "-"]).input(document(DOUBTFUL)).run();
    holds_in_order(
        outcome.succeeds(),
        &["warning[not-action-allow]", "1 warning"],
    );
}

#[test]
fn a_document_that_aws_refuses_is_told_in_its_words() {
    let outcome = keychai(["lint", "-"])
        .input(document(r#"{"Effect": "Allow", "Actions": "*"}"#))
        .run();
    holds_in_order(
        outcome.fails(1),
        &[
            "  3 | ",
            "unknown element `Actions`",
            "did you mean `Action`?",
            "MalformedPolicyDocument (400)",
        ],
    );
    let outcome = keychai(["lint", "-", "--kind", "bucket"]).input("x").run();
    holds_in_order(
        outcome.fails(1),
        &["MalformedPolicy (400): Policies must be valid JSON"],
    );
}

#[test]
fn as_json_it_is_data() {
    let outcome = keychai(["lint", "-", "--format", "json"])
        .input(document(WRONG))
        .run();
    assert_eq!(outcome.code, Some(1));
    let data: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(data["kind"], "inline");
    assert_eq!(data["findings"][0]["code"], "unknown-action");
    assert_eq!(data["findings"][0]["line"], 3);
    let outcome = keychai(["lint", "-", "--format", "json"]).input("{").run();
    assert_eq!(outcome.code, Some(1));
    let data: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(data["error"]["code"], "MalformedPolicyDocument");
}

#[test]
fn a_wrong_call_ends_with_two() {
    let outcome = keychai(["lint", "nowhere.json"]).run();
    holds_in_order(outcome.fails(2), &["cannot read nowhere.json"]);
    let outcome = keychai(["lint", "-", "--kind", "buckt"]).input("").run();
    holds_in_order(outcome.fails(2), &["buckt", "did you mean `bucket`?"]);
    keychai(["lint"]).run().fails(2);
}
