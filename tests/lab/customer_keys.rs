//! SSE-C and DSSE-KMS: what is stored, what is shown, and who asks KMS.

use serde_json::{Value, json};

use crate::bench::{Bench, blob};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn own_key(bucket: &str, key: &str) -> Value {
    json!({
        "Bucket": bucket, "Key": key,
        "SSECustomerAlgorithm": "AES256", "SSECustomerKey": blob(KEY),
    })
}

fn put_under_own_key(bench: &mut Bench, body: &str) {
    let mut input = own_key("first", "k");
    input["Body"] = json!(blob(body));
    bench.ok("s3:PutObject", input);
}

#[test]
fn a_customers_key_is_nowhere_but_in_the_request() {
    let mut bench = Bench::new();
    bench.bucket("first");
    put_under_own_key(&mut bench, "hello");
    bench.ok("s3:GetObject", own_key("first", "k"));
    let cloud = format!("{:?}", bench.lab.cloud());
    let events = format!("{:?}", bench.events());
    // The same in hexadecimal, in base64, as bytes and as the list of their numbers.
    let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let numbers = format!("{:?}", &KEY.as_bytes()[..8]);
    for text in [KEY, &blob(KEY), &hex, numbers.trim_matches(['[', ']'])] {
        assert!(!cloud.contains(text), "{text}");
        assert!(!events.contains(text), "{text}");
    }
    let stored = &bench.lab.cloud().buckets.values().next().unwrap().objects["k"];
    let body = stored.body.message().unwrap();
    let windows = body.windows(KEY.len());
    assert!(windows.into_iter().all(|w| w != KEY.as_bytes()));
}

#[test]
fn kms_is_not_asked_for_a_customers_key_even_where_the_default_is_sse_kms() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket_under("first", &key);
    bench.ok("kms:DisableKey", json!({ "KeyId": key }));
    put_under_own_key(&mut bench, "hello");
    let read = bench.ok("s3:GetObject", own_key("first", "k"));
    assert_eq!(read["Body"], blob("hello"));
}

#[test]
fn a_policy_sees_that_the_key_is_the_callers() {
    let mut bench = Bench::new();
    bench.bucket("first");
    let statement = json!([{
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::first/*",
        "Condition": { "Null": { "s3:x-amz-server-side-encryption-customer-algorithm": "false" } },
    }]);
    crate::objects::bucket_policy(&mut bench, statement);
    let admin = bench.admin.clone();
    let error = bench
        .call(&admin, "s3:PutObject", own_key("first", "k"))
        .unwrap_err();
    assert!(error.is_denial(), "{error}");
    bench.put(&admin, "first", "k", "hello").unwrap();
}

#[test]
fn two_layers_need_the_kms_key_once_and_hide_each_other() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket("first");
    let body: String = (0..40_000).map(|n| format!("{n:05}")).collect();
    bench.ok(
        "s3:PutObject",
        json!({
            "Bucket": "first", "Key": "k", "Body": blob(&body),
            "ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": key,
        }),
    );
    let names = |bench: &Bench| -> Vec<String> {
        let events = bench.events();
        events.into_iter().map(|event| event.event_name).collect()
    };
    let before = names(&bench).len();
    let range = json!({ "Bucket": "first", "Key": "k", "Range": "bytes=65530-131080" });
    let read = bench.ok("s3:GetObject", range);
    assert_eq!(read["Body"], blob(&body[65_530..131_081]));
    assert_eq!(names(&bench)[before..], ["GetObject", "Decrypt"]);
    // The outer message names S3's key; the ARN of the KMS key is inside.
    let stored = &bench.lab.cloud().buckets.values().next().unwrap().objects["k"];
    let arn = key.as_bytes();
    let body = stored.body.message().unwrap();
    assert!(body.windows(arn.len()).all(|window| window != arn));
}
