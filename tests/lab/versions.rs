//! Versions of objects, delete markers, and who may touch them.

use serde_json::{Value, json};

use crate::bench::{Bench, blob, document};

fn versioning(bench: &mut Bench, status: &str) {
    bench.ok(
        "s3:PutBucketVersioning",
        json!({ "Bucket": "first", "VersioningConfiguration": { "Status": status } }),
    );
}

fn put(bench: &mut Bench, body: &str) -> Value {
    let admin = bench.admin.clone();
    bench.put(&admin, "first", "k", body).unwrap()["VersionId"].clone()
}

fn get(bench: &mut Bench, version: &Value) -> Result<Value, String> {
    let admin = bench.admin.clone();
    let input = json!({ "Bucket": "first", "Key": "k", "VersionId": version });
    let answer = bench.call(&admin, "s3:GetObject", input);
    answer.map(|a| a["Body"].clone()).map_err(|e| e.code)
}

fn delete(bench: &mut Bench, version: &Value) -> Value {
    let input = json!({ "Bucket": "first", "Key": "k", "VersionId": version });
    bench.ok("s3:DeleteObject", input)
}

/// Key, whether it is the latest, and whether it is a delete marker, with ids.
fn list(bench: &mut Bench, list: &str) -> Vec<(Value, Value)> {
    let page = bench.ok("s3:ListObjectVersions", json!({ "Bucket": "first" }));
    let entries = page[list].as_array().unwrap().iter();
    entries
        .map(|e| (e["VersionId"].clone(), e["IsLatest"].clone()))
        .collect()
}

#[test]
fn an_object_that_is_written_again_or_deleted_is_still_there() {
    let mut bench = Bench::new();
    bench.bucket("first");
    let before = put(&mut bench, "zero");
    assert_eq!(before, Value::Null);
    versioning(&mut bench, "Enabled");
    let (one, two) = (put(&mut bench, "one"), put(&mut bench, "two"));
    let none = Value::Null;
    assert_eq!(get(&mut bench, &none), Ok(blob("two").into()));
    assert_eq!(get(&mut bench, &one), Ok(blob("one").into()));
    assert_eq!(get(&mut bench, &json!("null")), Ok(blob("zero").into()));
    let marker = delete(&mut bench, &none);
    assert_eq!(marker["DeleteMarker"], true);
    let marker = marker["VersionId"].clone();
    assert_eq!(get(&mut bench, &none), Err("NoSuchKey".to_owned()));
    assert_eq!(get(&mut bench, &two), Ok(blob("two").into()));
    assert_eq!(get(&mut bench, &marker), Err("MethodNotAllowed".to_owned()));
    let versions = [two.clone(), one.clone(), json!("null")].map(|id| (id, json!(false)));
    assert_eq!(list(&mut bench, "Versions"), versions);
    assert_eq!(
        list(&mut bench, "DeleteMarkers"),
        [(marker.clone(), json!(true))]
    );
    let undone = delete(&mut bench, &marker);
    assert_eq!(undone, json!({ "DeleteMarker": true, "VersionId": marker }));
    assert_eq!(get(&mut bench, &none), Ok(blob("two").into()));
    let gone = delete(&mut bench, &two);
    assert_eq!(gone, json!({ "VersionId": two }));
    assert_eq!(get(&mut bench, &none), Ok(blob("one").into()));
    assert_eq!(get(&mut bench, &two), Err("NoSuchVersion".to_owned()));
    let error = bench.fails("s3:DeleteBucket", json!({ "Bucket": "first" }));
    assert_eq!(error.code, "BucketNotEmpty");
    delete(&mut bench, &one);
    delete(&mut bench, &json!("null"));
    bench.ok("s3:DeleteBucket", json!({ "Bucket": "first" }));
}

#[test]
fn a_suspended_bucket_writes_the_version_null_again_and_again() {
    let mut bench = Bench::new();
    bench.bucket("first");
    versioning(&mut bench, "Enabled");
    let one = put(&mut bench, "one");
    versioning(&mut bench, "Suspended");
    assert_eq!(put(&mut bench, "two"), "null");
    assert_eq!(put(&mut bench, "three"), "null");
    let ids = list(&mut bench, "Versions");
    assert_eq!(
        ids,
        [(json!("null"), json!(true)), (one.clone(), json!(false))]
    );
    let marker = delete(&mut bench, &Value::Null);
    assert_eq!(marker, json!({ "DeleteMarker": true, "VersionId": "null" }));
    assert_eq!(list(&mut bench, "Versions"), [(one, json!(false))]);
}

#[test]
fn versions_have_permissions_of_their_own() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    bench.bucket("first");
    versioning(&mut bench, "Enabled");
    let one = put(&mut bench, "one");
    let calls = [
        ("s3:GetObject", json!({}), "s3:GetObject"),
        (
            "s3:GetObject",
            json!({ "VersionId": one }),
            "s3:GetObjectVersion",
        ),
        (
            "s3:HeadObject",
            json!({ "VersionId": one }),
            "s3:GetObjectVersion",
        ),
        (
            "s3:DeleteObject",
            json!({ "VersionId": one }),
            "s3:DeleteObjectVersion",
        ),
        ("s3:DeleteObject", json!({}), "s3:DeleteObject"),
    ];
    for (operation, mut input, action) in calls {
        input["Bucket"] = json!("first");
        input["Key"] = json!("k");
        let refused = bench.call(&ann, operation, input.clone()).unwrap_err();
        assert_eq!(&*refused.decision.unwrap().action, action, "{operation}");
        let only = document("Allow", json!(action), json!("arn:aws:s3:::first/k"));
        bench.ok(
            "iam:PutUserPolicy",
            json!({ "UserName": "ann", "PolicyName": "only", "PolicyDocument": only }),
        );
        let mut fork = Bench {
            lab: bench.lab.fork(),
            ..Bench::new()
        };
        fork.ok_as(&ann, operation, input);
        bench.ok(
            "iam:DeleteUserPolicy",
            json!({ "UserName": "ann", "PolicyName": "only" }),
        );
    }
}

#[test]
fn versions_come_in_pages_and_none_twice() {
    let mut bench = Bench::new();
    let admin = bench.admin.clone();
    bench.bucket("first");
    versioning(&mut bench, "Enabled");
    for key in ["a", "b/1", "b/2", "a", "c", "a"] {
        bench.put(&admin, "first", key, "x").unwrap();
    }
    for (size, delimiter, expected) in [
        (1, Value::Null, 6),
        (2, Value::Null, 6),
        (1, json!("/"), 5),
        (4, json!("/"), 5),
    ] {
        let (mut seen, mut markers) = (Vec::new(), json!({}));
        loop {
            let mut input = markers;
            input["Bucket"] = json!("first");
            input["MaxKeys"] = json!(size);
            input["Delimiter"] = delimiter.clone();
            let page = bench.ok("s3:ListObjectVersions", input);
            let entries = [&page["Versions"], &page["CommonPrefixes"]];
            let entries = entries
                .into_iter()
                .flat_map(|list| list.as_array().unwrap());
            let before = seen.len();
            seen.extend(
                entries.map(|e| format!("{} {} {}", e["Key"], e["VersionId"], e["Prefix"])),
            );
            assert!(seen.len() - before <= size);
            if page["IsTruncated"] == false {
                break;
            }
            markers = json!({
                "KeyMarker": page["NextKeyMarker"],
                "VersionIdMarker": page["NextVersionIdMarker"],
            });
        }
        let whole = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((whole, seen.len()), (expected, expected), "{seen:?}");
    }
}
