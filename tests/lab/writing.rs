//! The cases of `tests/cases/validation`: documents given to the operations that
//! store policies, found by walking the folder.
//!
//! A file names the operations (`apis`), the error `code`, its source and the
//! cases. A case has a `document` (an object, or text), or a `statement` that is
//! put into one; with `error` it is refused with that message (`null`: any), and
//! `hint` and `line` are then ours beside it. Without `error` it is stored.

use std::path::Path;

use keychai::api::ApiError;
use serde_json::{Value, json};

use crate::bench::{Bench, HOME};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/validation");

struct File {
    name: String,
    body: Value,
}

fn files() -> Vec<File> {
    let read = |path: &Path| File {
        name: path.file_name().unwrap().display().to_string(),
        body: serde_json::from_str(&std::fs::read_to_string(path).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display())),
    };
    let entries = std::fs::read_dir(FOLDER).unwrap();
    entries.map(|entry| read(&entry.unwrap().path())).collect()
}

/// A lab in which every operation of the cases has something to write to.
fn furnished() -> (Bench, String) {
    let mut bench = Bench::new();
    bench.ok("iam:CreateUser", json!({ "UserName": "ann" }));
    bench.ok("iam:CreateGroup", json!({ "GroupName": "ops" }));
    let trust = statement_of(json!({
        "Effect": "Allow", "Principal": { "AWS": HOME }, "Action": "sts:AssumeRole",
    }));
    bench.ok(
        "iam:CreateRole",
        json!({ "RoleName": "app", "AssumeRolePolicyDocument": trust }),
    );
    let policy = statement_of(json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }));
    bench.ok(
        "iam:CreatePolicy",
        json!({ "PolicyName": "own", "PolicyDocument": policy }),
    );
    bench.bucket("lab-bucket");
    bench.ok(
        "s3:DeletePublicAccessBlock",
        json!({ "Bucket": "lab-bucket" }),
    );
    let key = bench.key();
    (bench, key)
}

fn statement_of(statement: Value) -> String {
    format!(
        "{:#}",
        json!({ "Version": "2012-10-17", "Statement": statement })
    )
}

fn document(api: &str, case: &Value) -> String {
    match (&case["document"], &case["statement"]) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, statement) if api.starts_with("kms:") => statement_of(json!([
            { "Sid": "Enable IAM policies", "Effect": "Allow", "Principal": { "AWS": HOME },
              "Action": "kms:*", "Resource": "*" },
            statement,
        ])),
        (Value::Null, statement) => statement_of(statement.clone()),
        (document, _) => format!("{document:#}"),
    }
}

fn write(bench: &mut Bench, key: &str, api: &str, text: &str) -> Result<Value, ApiError> {
    let input = match api {
        "iam:CreatePolicy" => json!({ "PolicyName": "new", "PolicyDocument": text }),
        "iam:CreatePolicyVersion" => json!({
            "PolicyArn": format!("arn:aws:iam::{HOME}:policy/own"), "PolicyDocument": text,
        }),
        "iam:PutUserPolicy" => {
            json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": text })
        }
        "iam:PutGroupPolicy" => {
            json!({ "GroupName": "ops", "PolicyName": "p", "PolicyDocument": text })
        }
        "iam:PutRolePolicy" => {
            json!({ "RoleName": "app", "PolicyName": "p", "PolicyDocument": text })
        }
        "iam:CreateRole" => json!({ "RoleName": "new", "AssumeRolePolicyDocument": text }),
        "iam:UpdateAssumeRolePolicy" => json!({ "RoleName": "app", "PolicyDocument": text }),
        "kms:PutKeyPolicy" => json!({ "KeyId": key, "Policy": text }),
        "kms:CreateKey" => json!({ "Policy": text }),
        "s3:PutBucketPolicy" => json!({ "Bucket": "lab-bucket", "Policy": text }),
        "sts:AssumeRole" => json!({
            "RoleArn": format!("arn:aws:iam::{HOME}:role/app"), "RoleSessionName": "s1", "Policy": text,
        }),
        other => panic!("no input for {other}"),
    };
    let admin = bench.admin.clone();
    bench.call(&admin, api, input)
}

/// What differs from the expectation.
fn mismatch(code: &Value, case: &Value, answer: Result<Value, ApiError>) -> Option<String> {
    let error = match (answer, case.get("error")) {
        (Ok(_), None) => return None,
        (Ok(_), Some(wanted)) => return Some(format!("stored; wanted {wanted}")),
        (Err(error), None) => return Some(format!("refused: {error}")),
        (Err(error), Some(_)) => error,
    };
    let message = &case["error"];
    let mut same = *code == error.code && error.status == 400;
    same &= message.is_null() || *message == error.message;
    let detail = error.detail.clone().unwrap_or_default();
    // What is wrong with the text is shown in it; what is wrong with the world is told.
    let told = error.message.contains("in the future");
    same &= told || (detail.contains(" | ") && detail.contains("^ "));
    same &= case["hint"]
        .as_str()
        .is_none_or(|hint| detail.contains(hint));
    same &= case["line"]
        .as_u64()
        .is_none_or(|n| detail.contains(&format!("{n} |")));
    (!same).then(|| format!("{error}"))
}

#[test]
fn every_document_is_stored_or_refused_in_the_words_of_the_service() {
    let mut wrong = Vec::new();
    let mut ran = 0;
    for File { name, body } in files() {
        assert!(
            body["source"].as_str().is_some_and(|s| s.len() > 5),
            "{name} has no source"
        );
        for case in body["cases"].as_array().unwrap() {
            let apis = case
                .get("apis")
                .unwrap_or(&body["apis"])
                .as_array()
                .unwrap();
            for api in apis.iter().filter_map(Value::as_str) {
                let (mut bench, key) = furnished();
                let before = bench.state();
                let answer = write(&mut bench, &key, api, &document(api, case));
                let refused = answer.is_err();
                if let Some(difference) = mismatch(&body["code"], case, answer) {
                    wrong.push(format!("{name}: {}, {api}: {difference}", case["id"]));
                }
                if refused {
                    assert_eq!(bench.state(), before, "{name}: {}, {api}", case["id"]);
                }
                ran += 1;
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(ran > 300, "only {ran} ran");
}

/// A document of `size` characters without white space, and with some of it.
fn sized(statement: Value, size: usize) -> String {
    let mut document = json!({ "Version": "2012-10-17", "Id": "", "Statement": statement });
    let empty = document.to_string().len();
    document["Id"] = "x".repeat(size - empty).into();
    format!("\n  {document}\n")
}

fn quota_error(error: &ApiError) -> (&str, u16, &str) {
    (&error.code, error.status, &error.message)
}

#[test]
fn quotas_count_characters_without_white_space() {
    let identity = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
    let trust =
        json!({ "Effect": "Allow", "Principal": { "AWS": HOME }, "Action": "sts:AssumeRole" });
    let bucket = json!({
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::lab-bucket/*",
    });
    let policy_size = "Cannot exceed quota for PolicySize: 6144";
    let trust_size = "Cannot exceed quota for ACLSizePerRole: 2048";
    for (api, statement, limit, code, status, message) in [
        (
            "iam:CreatePolicy",
            &identity,
            6144,
            "LimitExceeded",
            409,
            policy_size,
        ),
        (
            "iam:CreatePolicyVersion",
            &identity,
            6144,
            "LimitExceeded",
            409,
            policy_size,
        ),
        (
            "iam:PutUserPolicy",
            &identity,
            2048,
            "LimitExceeded",
            409,
            "Maximum policy size of 2048 bytes exceeded for user ann",
        ),
        (
            "iam:PutGroupPolicy",
            &identity,
            5120,
            "LimitExceeded",
            409,
            "Maximum policy size of 5120 bytes exceeded for group ops",
        ),
        (
            "iam:PutRolePolicy",
            &identity,
            10_240,
            "LimitExceeded",
            409,
            "Maximum policy size of 10240 bytes exceeded for role app",
        ),
        (
            "iam:CreateRole",
            &trust,
            2048,
            "LimitExceeded",
            409,
            trust_size,
        ),
        (
            "iam:UpdateAssumeRolePolicy",
            &trust,
            2048,
            "LimitExceeded",
            409,
            trust_size,
        ),
        (
            "s3:PutBucketPolicy",
            &bucket,
            20_480,
            "MalformedPolicy",
            400,
            "Normalized policy document exceeds the maximum allowed size of 20480 bytes",
        ),
    ] {
        let (mut bench, key) = furnished();
        let longest = sized(statement.clone(), limit);
        write(&mut bench, &key, api, &longest).unwrap_or_else(|e| panic!("{api}: {e}"));
        let (mut bench, key) = furnished();
        let longer = sized(statement.clone(), limit + 1);
        let error = write(&mut bench, &key, api, &longer).unwrap_err();
        assert_eq!(quota_error(&error), (code, status, message), "{api}");
    }
}

#[test]
fn a_key_policy_counts_every_byte() {
    let statement = json!({ "Effect": "Allow", "Principal": { "AWS": HOME }, "Action": "kms:*", "Resource": "*" });
    let (mut bench, key) = furnished();
    // `sized` adds four characters of white space.
    let longest = sized(statement.clone(), 32_768 - 4);
    write(&mut bench, &key, "kms:PutKeyPolicy", &longest).unwrap();
    let longer = sized(statement, 32_768 - 3);
    let error = write(&mut bench, &key, "kms:PutKeyPolicy", &longer).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("LimitExceededException", 400)
    );
}

#[test]
fn a_session_policy_is_bounded_in_length_and_in_packed_size() {
    let statement = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
    let (mut bench, key) = furnished();
    let longer = sized(statement.clone(), 2045);
    let error = write(&mut bench, &key, "sts:AssumeRole", &longer).unwrap_err();
    assert_eq!(error.code, "ValidationError");
    assert!(
        error
            .message
            .ends_with("Member must have length less than or equal to 2048")
    );
    let input = json!({
        "RoleArn": format!("arn:aws:iam::{HOME}:role/app"), "RoleSessionName": "s1",
        "Policy": sized(statement, 2040),
        "PolicyArns": [{ "Arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }],
    });
    let error = bench.fails("sts:AssumeRole", input);
    assert_eq!(
        (error.code.as_str(), error.status),
        ("PackedPolicyTooLarge", 400)
    );
    assert!(
        error.message.starts_with("Packed policy consumes 1"),
        "{error}"
    );
}

#[test]
fn an_empty_or_endless_document_is_refused_by_its_length() {
    for (text, rule) in [
        (String::new(), "greater than or equal to 1"),
        (" ".repeat(131_073), "less than or equal to 131072"),
    ] {
        for (api, member) in [
            ("iam:CreatePolicy", "policyDocument"),
            ("iam:PutUserPolicy", "policyDocument"),
            ("iam:CreateRole", "assumeRolePolicyDocument"),
        ] {
            let (mut bench, key) = furnished();
            let error = write(&mut bench, &key, api, &text).unwrap_err();
            let message = format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
                 Member must have length {rule}"
            );
            assert_eq!(
                quota_error(&error),
                ("ValidationError", 400, message.as_str()),
                "{api}"
            );
        }
    }
}

#[test]
fn versions_and_attachments_are_counted() {
    let (mut bench, key) = furnished();
    let text = statement_of(json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }));
    for _ in 0..4 {
        write(&mut bench, &key, "iam:CreatePolicyVersion", &text).unwrap();
    }
    let error = write(&mut bench, &key, "iam:CreatePolicyVersion", &text).unwrap_err();
    let message = "A managed policy can have up to 5 versions. Before you create a new version, you must \
                   delete an existing version.";
    assert_eq!(quota_error(&error), ("LimitExceeded", 409, message));
    for n in 0..=10 {
        let made = bench.ok(
            "iam:CreatePolicy",
            json!({ "PolicyName": format!("p{n}"), "PolicyDocument": text }),
        );
        let input = json!({ "UserName": "ann", "PolicyArn": made["Policy"]["Arn"] });
        if n < 10 {
            bench.ok("iam:AttachUserPolicy", input);
        } else {
            let error = bench.fails("iam:AttachUserPolicy", input);
            let message = "Cannot exceed quota for PoliciesPerUser: 10";
            assert_eq!(quota_error(&error), ("LimitExceeded", 409, message));
        }
    }
}
