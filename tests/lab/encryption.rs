//! Encryption at rest: defaults, copies, contexts, headers and keys.

use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, blob, shape, text};
use crate::objects::{bucket_policy, get, head};

#[test]
fn default_encryption_affects_new_objects_only() {
    let mut bench = Bench::new();
    let (admin, one, two) = (bench.admin.clone(), bench.key(), bench.key());
    bench.bucket("first");
    bench.put(&admin, "first", "plain", "x").unwrap();
    bench.encrypt_bucket("first", &one);
    bench.put(&admin, "first", "one", "x").unwrap();
    bench.encrypt_bucket("first", &two);
    bench.put(&admin, "first", "two", "x").unwrap();
    let mut under = |key: &str| {
        head(&mut bench, &admin, key)
            .unwrap()
            .get("SSEKMSKeyId")
            .cloned()
    };
    assert_eq!(under("plain"), None);
    assert_eq!(under("one"), Some(json!(one)));
    assert_eq!(under("two"), Some(json!(two)));
    bench.ok("s3:DeleteBucketEncryption", json!({ "Bucket": "first" }));
    assert_eq!(
        bench.put(&admin, "first", "k", "x").unwrap()["ServerSideEncryption"],
        "AES256"
    );
    assert_eq!(bench.get(&admin, "first", "two").unwrap(), "x");
}

#[test]
fn a_disabled_key_stops_reading_at_once_and_nothing_else() {
    let mut bench = Bench::new();
    let (admin, key) = (bench.admin.clone(), bench.key());
    bench.bucket_under("first", &key);
    bench.put(&admin, "first", "k", "x").unwrap();
    bench.ok("kms:DisableKey", json!({ "KeyId": key }));
    let disabled = format!("{key} is disabled.");
    assert_eq!(
        shape(&get(&mut bench, &admin, "k").unwrap_err()),
        ("KMS.DisabledException", 400, disabled.as_str())
    );
    assert_eq!(
        shape(&bench.put(&admin, "first", "l", "x").unwrap_err()),
        ("KMS.DisabledException", 400, disabled.as_str())
    );
    head(&mut bench, &admin, "k").unwrap();
    assert_eq!(
        bench.ok("s3:ListObjectsV2", json!({ "Bucket": "first" }))["KeyCount"],
        1
    );
    bench.ok("kms:EnableKey", json!({ "KeyId": key }));
    assert_eq!(bench.get(&admin, "first", "k").unwrap(), "x");
    bench.ok("kms:DisableKey", json!({ "KeyId": key }));
    bench.ok("s3:DeleteObject", json!({ "Bucket": "first", "Key": "k" }));
    bench.ok("s3:DeleteBucket", json!({ "Bucket": "first" }));
}

#[test]
fn copying_brings_an_object_under_another_key() {
    let mut bench = Bench::new();
    let (admin, one, two) = (bench.admin.clone(), bench.key(), bench.key());
    bench.bucket_under("first", &one);
    bench.put(&admin, "first", "k", "x").unwrap();
    let before = bench.event_count();
    let copy = json!({
        "Bucket": "first", "Key": "k", "CopySource": "first/k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": two,
    });
    assert_eq!(bench.ok("s3:CopyObject", copy)["SSEKMSKeyId"], two);
    let names: Vec<String> = bench
        .events_since(before)
        .iter()
        .map(|e| e.event_name.clone())
        .collect();
    assert_eq!(names, ["CopyObject", "Decrypt", "GenerateDataKey"]);
    bench.ok("kms:ScheduleKeyDeletion", json!({ "KeyId": one }));
    assert_eq!(bench.get(&admin, "first", "k").unwrap(), "x");
    bench.ok("kms:DisableKey", json!({ "KeyId": two }));
    get(&mut bench, &admin, "k").unwrap_err();
}

#[test]
fn copying_needs_reading_there_writing_here_and_both_keys() {
    let mut bench = Bench::new();
    let (admin, ann, one, two) = (
        bench.admin.clone(),
        bench.user("ann"),
        bench.key(),
        bench.key(),
    );
    bench.bucket_under("first", &one);
    bench.bucket_under("second", &two);
    bench.put(&admin, "first", "k", "x").unwrap();
    let copy = json!({ "Bucket": "second", "Key": "k", "CopySource": "first/k" });
    let all = [
        "s3:GetObject",
        "s3:PutObject",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    ];
    for left_out in all {
        let rest: Vec<&str> = all.into_iter().filter(|a| *a != left_out).collect();
        bench.allow("ann", json!(rest));
        let error = bench.call(&ann, "s3:CopyObject", copy.clone()).unwrap_err();
        assert_eq!(&*error.decision.unwrap().action, left_out);
        assert!(
            bench
                .fails("s3:GetObject", json!({ "Bucket": "second", "Key": "k" }))
                .code
                == "NoSuchKey"
        );
    }
    bench.allow("ann", json!(all));
    bench.ok_as(&ann, "s3:CopyObject", copy);
}

#[test]
fn encrypt_is_never_needed_and_heading_needs_no_key() {
    let mut bench = Bench::new();
    let (ann, key) = (bench.user("ann"), bench.key());
    bench.bucket_under("first", &key);
    bench.allow(
        "ann",
        json!([
            "s3:PutObject",
            "s3:GetObject",
            "kms:GenerateDataKey",
            "kms:Decrypt"
        ]),
    );
    bench.policy("ann", "no-encrypt", "Deny", json!("kms:Encrypt"));
    bench.put(&ann, "first", "k", "x").unwrap();
    assert_eq!(bench.get(&ann, "first", "k").unwrap(), "x");
    bench.policy("ann", "no-kms", "Deny", json!("kms:*"));
    head(&mut bench, &ann, "k").unwrap();
    get(&mut bench, &ann, "k").unwrap_err();
}

#[test]
fn a_bucket_key_puts_the_bucket_into_the_context_and_old_objects_keep_theirs() {
    let mut bench = Bench::new();
    let (admin, key) = (bench.admin.clone(), bench.key());
    bench.bucket_under("first", &key);
    bench.put(&admin, "first", "old", "x").unwrap();
    let configuration = json!({ "Rules": [{
        "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key },
        "BucketKeyEnabled": true,
    }] });
    bench.ok(
        "s3:PutBucketEncryption",
        json!({ "Bucket": "first", "ServerSideEncryptionConfiguration": configuration }),
    );
    bench.put(&admin, "first", "new", "x").unwrap();
    for (object, arn) in [
        ("old", "arn:aws:s3:::first/old"),
        ("new", "arn:aws:s3:::first"),
    ] {
        get(&mut bench, &admin, object).unwrap();
        let event = bench.events().pop().unwrap();
        assert_eq!(event.event_name, "Decrypt");
        assert_eq!(
            event.request_parameters["encryptionContext"],
            json!({ "aws:s3:arn": arn })
        );
    }
}

#[test]
fn further_context_pairs_are_added_and_kept() {
    let mut bench = Bench::new();
    let (admin, key) = (bench.admin.clone(), bench.key());
    bench.bucket_under("first", &key);
    let put = |context: &str| {
        json!({
            "Bucket": "first", "Key": "k", "Body": blob("x"), "ServerSideEncryption": "aws:kms",
            "SSEKMSEncryptionContext": context,
        })
    };
    bench.ok("s3:PutObject", put(&blob(r#"{"team":"pay"}"#)));
    get(&mut bench, &admin, "k").unwrap();
    let event = bench.events().pop().unwrap();
    let expected = json!({ "aws:s3:arn": "arn:aws:s3:::first/k", "team": "pay" });
    assert_eq!(event.request_parameters["encryptionContext"], expected);
    assert_eq!(
        bench.fails("s3:PutObject", put("no base64 of JSON")).code,
        "InvalidArgument"
    );
}

#[test]
fn the_managed_key_serves_its_account_through_s3_only() {
    let mut bench = Bench::new();
    let (admin, ann) = (bench.admin.clone(), bench.user("ann"));
    bench.bucket("first");
    bench.allow("ann", json!("s3:*"));
    let put = json!({ "Bucket": "first", "Key": "k", "Body": blob("x"), "ServerSideEncryption": "aws:kms" });
    let stored = bench.ok_as(&ann, "s3:PutObject", put.clone());
    let key = text(&stored, "/SSEKMSKeyId");
    assert_eq!(bench.get(&ann, "first", "k").unwrap(), "x");
    let described = bench.ok("kms:DescribeKey", json!({ "KeyId": "alias/aws/s3" }));
    assert_eq!(
        (
            &described["KeyMetadata"]["Arn"],
            &described["KeyMetadata"]["KeyManager"]
        ),
        (&json!(key), &json!("AWS"))
    );
    let direct = bench.call(
        &admin,
        "kms:GenerateDataKey",
        json!({ "KeyId": key, "KeySpec": "AES_256" }),
    );
    assert!(direct.unwrap_err().is_denial());
    assert_eq!(
        bench.ok("s3:PutObject", put)["SSEKMSKeyId"],
        key,
        "one key for all"
    );
    assert_eq!(bench.lab.cloud().keys.size(), 1);
}

#[test]
fn a_refused_first_use_makes_no_managed_key() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    bench.bucket("first");
    bench.allow("ann", json!("s3:*"));
    bench.policy("ann", "no-kms", "Deny", json!("kms:*"));
    let put = json!({ "Bucket": "first", "Key": "k", "ServerSideEncryption": "aws:kms" });
    bench.call(&ann, "s3:PutObject", put).unwrap_err();
    assert_eq!(bench.lab.cloud().keys.size(), 0);
    assert_eq!(bench.lab.cloud().aliases.size(), 0);
}

#[test]
fn a_bucket_policy_sees_the_headers_as_they_were_sent() {
    let mut bench = Bench::new();
    let (admin, key) = (bench.admin.clone(), bench.key());
    bench.bucket_under("first", &key);
    let deny = |condition: Value| json!([{ "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::first/*", "Condition": condition }]);
    let other = json!({ "s3:x-amz-server-side-encryption": "aws:kms" });
    bucket_policy(&mut bench, deny(json!({ "StringNotEquals": other })));
    bench
        .put(&admin, "first", "k", "x")
        .expect_err("the default does not count as a header");
    bench.ok(
        "s3:PutObject",
        json!({ "Bucket": "first", "Key": "k", "ServerSideEncryption": "aws:kms" }),
    );
    let sent = json!({ "s3:x-amz-server-side-encryption": "false" });
    bucket_policy(
        &mut bench,
        deny(json!({ "StringNotEquals": other, "Null": sent })),
    );
    bench.put(&admin, "first", "k", "x").unwrap();
}

#[test]
fn key_names_of_a_request_belong_to_the_caller() {
    let mut bench = Bench::new();
    let away = bench.away.clone();
    let key = bench.key_with(&[crate::bench::allow_on_key(
        &format!("arn:aws:iam::{AWAY}:root"),
        json!("kms:*"),
    )]);
    let id = key.rsplit('/').next().unwrap().to_owned();
    bench.ok_as(&away, "s3:CreateBucket", json!({ "Bucket": "first" }));
    let put = |key: &str| json!({ "Bucket": "first", "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key });
    bench.ok_as(&away, "s3:PutObject", put(&key));
    let error = bench.call(&away, "s3:PutObject", put(&id)).unwrap_err();
    let text = format!("Key 'arn:aws:kms:us-east-1:{AWAY}:key/{id}' does not exist");
    assert_eq!(shape(&error), ("KMS.NotFoundException", 400, text.as_str()));
    assert_ne!(HOME, AWAY);
}
