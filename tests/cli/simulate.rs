//! `keychai simulate`.

use serde_json::{Value, json};

use crate::keychai;

fn case(id: &str, statement: Value) -> Value {
    json!({
        "id": id,
        "kind": "authz",
        "principal": { "kind": "iam-user", "arn": "arn:aws:iam::111122223333:user/alice",
            "account": "111122223333", "unique_id": "AIDAEXAMPLEALICE0001A" },
        "policies": { "identity": [{ "Version": "2012-10-17", "Statement": [statement] }] },
        "request": { "api": "s3:GetObject", "checks": [
            { "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "context": {} },
        ] },
    })
}

fn allowed() -> Value {
    case(
        "A",
        json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }),
    )
}

fn denied() -> Value {
    case(
        "D",
        json!({ "Effect": "Deny", "Action": "s3:*", "Resource": "*" }),
    )
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_form_of_input_is_answered_one_line_a_case() {
    let (a, d) = (allowed(), denied());
    for input in [
        json!({ "format": 1, "cases": [a, d] }).to_string(),
        json!([a, d]).to_string(),
        format!("{a}\n{d}\n"),
    ] {
        let outcome = keychai(["simulate"]).input(&input).run();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(outcome.stderr, "");
        assert_eq!(
            lines(&outcome.stdout),
            [
                json!({ "id": "A", "decision": "allow", "layer": null, "failed_action": null,
                    "error_code": null, "http_status": null, "message": null }),
                json!({ "id": "D", "decision": "explicit-deny", "layer": "identity",
                    "failed_action": "s3:GetObject", "error_code": "AccessDenied", "http_status": 403,
                    "message": "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: \
                                s3:GetObject on resource: \"arn:aws:s3:::b/k\" with an explicit deny in \
                                an identity-based policy" }),
            ]
        );
    }
}

#[test]
fn the_models_answer_differently_where_they_differ() {
    let file = "tests/cases/decisions.json";
    let answers = |model| {
        let outcome = keychai(["simulate", file, "--model", model]).run();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        lines(&outcome.stdout)
    };
    let (exam, aws) = (answers("exam"), answers("aws"));
    assert_eq!(exam.len(), aws.len());
    let named = |answers: &[Value]| {
        let found = answers.iter().find(|a| a["id"] == "KTT-13").unwrap();
        found["decision"].clone()
    };
    assert_eq!(
        (named(&exam), named(&aws)),
        (json!("implicit-deny"), json!("allow"))
    );
    let differ = exam
        .iter()
        .zip(&aws)
        .filter(|(e, a)| e["decision"] != a["decision"]);
    assert!(differ.count() > 3);
}

#[test]
fn what_cannot_be_read_is_said_in_its_place_and_by_the_exit_code() {
    let input = format!(
        "{}\n{{\"id\": 7, \"kind\": \"authz\"}}\nnonsense\n",
        allowed()
    );
    let outcome = keychai(["simulate", "-"]).input(&input).run();
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("2 cases could not be read"),
        "{}",
        outcome.stderr
    );
    let answers = lines(&outcome.stdout);
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[1]["id"], 7);
    assert!(
        answers[1]["message"]
            .as_str()
            .unwrap()
            .contains("`request`")
    );
    assert!(answers[2]["message"].as_str().unwrap().contains("line 3"));
}

#[test]
fn a_missing_file_and_an_empty_input_are_told_apart() {
    let missing = keychai(["simulate", "no-such-file.json"]).run();
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("`no-such-file.json`"));
    let empty = keychai(["simulate"]).input("").run();
    assert_eq!(empty.code, Some(1));
    assert!(empty.stderr.contains("there is no case") || empty.stderr.contains("not JSON"));
}
