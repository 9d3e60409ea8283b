//! Lists of objects and buckets, and deleting many objects at once.

use serde_json::{Value, json};

use crate::bench::{Bench, document, user_arn};

fn texts(answer: &Value, list: &str, member: &str) -> Vec<String> {
    let list = answer[list].as_array().unwrap();
    let text = |entry: &Value| entry[member].as_str().unwrap().to_owned();
    list.iter().map(text).collect()
}

#[test]
fn deleting_many_judges_each_and_deletes_what_is_allowed() {
    let mut bench = Bench::new();
    let (admin, ann) = (bench.admin.clone(), bench.user("ann"));
    bench.bucket("first");
    for key in ["mine/a", "other/b"] {
        bench.put(&admin, "first", key, "x").unwrap();
    }
    let call = json!({ "Bucket": "first", "Delete": { "Objects": [
        { "Key": "mine/a" }, { "Key": "other/b" }, { "Key": "mine/none" },
    ] } });
    let none = bench.ok_as(&ann, "s3:DeleteObjects", call.clone());
    assert_eq!(none["Deleted"], json!([]));
    let own = document(
        "Allow",
        json!("s3:DeleteObject"),
        json!("arn:aws:s3:::first/mine/*"),
    );
    bench.ok(
        "iam:PutUserPolicy",
        json!({ "UserName": "ann", "PolicyName": "own", "PolicyDocument": own }),
    );
    let some = bench.respond(&ann, "s3:DeleteObjects", call);
    let verdicts: Vec<bool> = some.decisions.iter().map(|d| d.is_allow()).collect();
    assert_eq!(verdicts, [true, false, true]);
    let some = some.result.unwrap();
    assert_eq!(texts(&some, "Deleted", "Key"), ["mine/a", "mine/none"]);
    let text = format!(
        "User: {} is not authorized to perform: s3:DeleteObject on resource: \
         \"arn:aws:s3:::first/other/b\" because no identity-based policy allows the \
         s3:DeleteObject action",
        user_arn("ann")
    );
    assert_eq!(
        some["Errors"],
        json!([{ "Key": "other/b", "Code": "AccessDenied", "Message": text }])
    );
    let left = bench.ok("s3:ListObjectsV2", json!({ "Bucket": "first" }));
    assert_eq!(texts(&left, "Contents", "Key"), ["other/b"]);
}

#[test]
fn a_start_in_the_middle_of_a_folder_still_shows_the_folder_and_a_token_does_not() {
    let mut bench = Bench::new();
    let admin = bench.admin.clone();
    bench.bucket("first");
    for key in ["b/1", "b/2", "c"] {
        bench.put(&admin, "first", key, "x").unwrap();
    }
    let mut list = |mut input: Value| {
        input["Bucket"] = json!("first");
        input["Delimiter"] = json!("/");
        bench.ok("s3:ListObjectsV2", input)
    };
    let page = list(json!({ "StartAfter": "b/1" }));
    assert_eq!(texts(&page, "CommonPrefixes", "Prefix"), ["b/"]);
    let page = list(json!({ "MaxKeys": 1 }));
    assert_eq!(texts(&page, "CommonPrefixes", "Prefix"), ["b/"]);
    let page = list(json!({ "ContinuationToken": page["NextContinuationToken"] }));
    assert_eq!(page["CommonPrefixes"], json!([]));
    assert_eq!(texts(&page, "Contents", "Key"), ["c"]);
}

#[test]
fn buckets_come_in_pages_by_name() {
    let mut bench = Bench::new();
    for name in ["one-a", "one-b", "two-a", "one-c"] {
        bench.bucket(name);
    }
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let input = json!({ "Prefix": "one-", "MaxBuckets": 2, "ContinuationToken": token });
        let page = bench.ok("s3:ListBuckets", input);
        seen.push(texts(&page, "Buckets", "Name"));
        token = page["ContinuationToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, [vec!["one-a", "one-b"], vec!["one-c"]]);
}
