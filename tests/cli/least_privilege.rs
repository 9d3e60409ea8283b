//! `keychai least-privilege`: the policies of every script, and how it ends.

use serde_json::Value;

use super::scripts::scripts;
use super::{holds_in_order, keychai};

fn found(path: &str, model: &str) -> Value {
    let arguments = [
        "least-privilege",
        path,
        "--model",
        model,
        "--format",
        "json",
    ];
    serde_json::from_str(keychai(arguments).run().succeeds()).unwrap()
}

/// A script in a folder of its own.
fn written(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.rhai");
    std::fs::write(&path, text).unwrap();
    let name = path.to_str().unwrap().to_owned();
    (folder, name)
}

#[test]
fn the_policies_of_every_script_are_verified() {
    for script in scripts() {
        let found = found(script.to_str().unwrap(), "exam");
        assert_eq!(found["verified"], true, "{}: {found:#}", script.display());
        for actor in found["policies"].as_array().unwrap() {
            for action in actor["actions"].as_array().unwrap() {
                assert!(action["without"].is_string(), "{action}");
            }
        }
    }
}

const UPLOAD: &str = r#"
    let key = kms.create_key("payroll");
    s3.create_bucket("payroll-data", #{ encryption: key });
    let role = iam.create_role("GlueRole", #{ trust: "glue.amazonaws.com" });
    role.allow(["s3:*", "kms:*"], "*");
    key.trust(role);
    glue.run_as(role).s3.put_object("payroll-data/q1.csv", "x");
"#;

#[test]
fn an_upload_needs_two_actions_in_the_exam_and_one_if_the_key_policy_is_enough() {
    let (_folder, path) = written(UPLOAD);
    let exam = found(&path, "exam");
    let statements = exam["policies"][0]["document"]["Statement"]
        .as_array()
        .unwrap();
    let actions: Vec<&Value> = statements.iter().map(|s| &s["Action"][0]).collect();
    assert_eq!(actions, ["kms:GenerateDataKey", "s3:PutObject"]);
    assert_eq!(
        statements[1]["Resource"][0],
        "arn:aws:s3:::payroll-data/q1.csv"
    );
    let trusted = &exam["key_policies"][0]["statements"][0];
    assert_eq!(
        trusted["Principal"]["AWS"],
        "arn:aws:iam::111122223333:role/GlueRole"
    );
    assert_eq!(exam["grants"][0]["Operations"][0], "GenerateDataKey");
    // IAM User Guide: a key policy that names the role is enough in the same account.
    let aws = found(&path, "aws");
    assert_eq!(aws["spare"][0]["action"], "kms:GenerateDataKey");
    let because = aws["spare"][0]["because"].as_str().unwrap();
    assert!(
        because.contains("allowed by the resource's policy"),
        "{because}"
    );
    assert_eq!(aws["verified"], true);
}

#[test]
fn what_has_no_answer_is_said() {
    let (_folder, path) = written("s3.create_bucket(\"alone\");");
    let outcome = keychai(["least-privilege", path.as_str()]).run();
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("anybody but the administrator"));
    let (_folder, path) = written("throw 1;");
    let outcome = keychai(["least-privilege", path.as_str()]).run();
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("the script fails as it stands"));
    let outcome = keychai(["least-privilege", "no-such.rhai"]).run();
    assert_eq!(outcome.code, Some(2));
}

#[test]
fn the_text_holds_the_policy_and_the_grants_if_asked_for() {
    let (_folder, path) = written(UPLOAD);
    let outcome = keychai(["least-privilege", path.as_str(), "--grants"]).run();
    holds_in_order(
        outcome.succeeds(),
        &[
            "Verified",
            "UseKMS",
            "UseS3",
            "Key policy of",
            "GranteePrincipal",
        ],
    );
}
