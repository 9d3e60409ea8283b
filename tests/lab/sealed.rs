//! What is stored is ciphertext, and nothing else holds the plaintext.

use keychai::api::{Effects, Route, Service};
use keychai::base::{Blob, BucketName};
use keychai::service::find;
use keychai::state::Cloud;
use serde_json::json;
use std::sync::Arc;

use crate::bench::{Bench, blob, text};

const MARK: &str = "MARK:the payroll of the first quarter:MARK";

/// A lab that stores the mark in every way there is; the data key that it handed out.
fn stored() -> (Bench, Blob) {
    let mut bench = Bench::new();
    let admin = bench.admin.clone();
    let (one, two) = (bench.key(), bench.key());
    bench.bucket("plain");
    bench.bucket_under("sealed", &one);
    bench.put(&admin, "plain", "sse-s3", MARK).unwrap();
    bench.put(&admin, "sealed", "sse-kms", MARK).unwrap();
    bench.ok(
        "s3:PutObject",
        json!({
            "Bucket": "sealed", "Key": "bucket-key", "Body": blob(MARK), "BucketKeyEnabled": true,
            "ServerSideEncryption": "aws:kms",
        }),
    );
    bench.ok(
        "s3:PutObject",
        json!({ "Bucket": "plain", "Key": "managed", "Body": blob(MARK), "ServerSideEncryption": "aws:kms" }),
    );
    bench.ok(
        "s3:CopyObject",
        json!({
            "Bucket": "plain", "Key": "copy", "CopySource": "sealed/sse-kms",
            "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": two,
        }),
    );
    bench.ok(
        "kms:Encrypt",
        json!({ "KeyId": one, "Plaintext": blob(MARK) }),
    );
    let data_key = bench.ok(
        "kms:GenerateDataKey",
        json!({ "KeyId": one, "KeySpec": "AES_256" }),
    );
    for (bucket, key) in [
        ("plain", "sse-s3"),
        ("sealed", "sse-kms"),
        ("sealed", "bucket-key"),
        ("plain", "managed"),
        ("plain", "copy"),
    ] {
        assert_eq!(bench.get(&admin, bucket, key).unwrap(), MARK);
    }
    (
        bench,
        Blob::from_base64(&text(&data_key, "/Plaintext")).unwrap(),
    )
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// The ways in which bytes show up in a text: as they are, as base64, as hex, as a list.
fn disguises(bytes: &[u8]) -> Vec<String> {
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let list: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    let as_bytes = format!("{:?}", bytes::Bytes::copy_from_slice(bytes));
    vec![
        Blob::from(bytes).to_base64(),
        hex,
        list.join(", "),
        as_bytes
            .trim_start_matches("b\"")
            .trim_end_matches('"')
            .to_owned(),
    ]
}

#[test]
fn neither_plaintext_nor_data_key_stands_anywhere_in_the_lab() {
    let (bench, data_key) = stored();
    let state = format!("{:?}", bench.lab);
    let events: String = bench
        .events()
        .iter()
        .map(|e| serde_json::to_string(e).unwrap())
        .collect();
    assert!(state.contains("sse-kms") && events.contains("PutObject"));
    let mut needles = disguises(MARK.as_bytes());
    needles.push(MARK.to_owned());
    needles.extend(disguises(data_key.as_bytes()));
    for needle in &needles {
        assert!(!state.contains(needle), "the state shows {needle}");
        assert!(!events.contains(needle), "an event shows {needle}");
    }
    let mut bodies = 0;
    for bucket in bench.lab.cloud().buckets.values() {
        for (key, object) in bucket.objects.iter() {
            bodies += 1;
            let body = object.body.message().unwrap();
            assert!(!holds(&body, MARK.as_bytes()), "{key} is stored in clear");
            assert!(!holds(&body, b"payroll"), "{key} shows a part");
            assert!(!holds(&body, data_key.as_bytes()));
            assert_eq!(object.size, MARK.len() as u64);
        }
    }
    assert_eq!(bodies, 5);
}

/// The answer to GetObject in `cloud` after `change` to the stored body.
fn read_after(
    bench: &Bench,
    bucket: &str,
    key: &str,
    change: impl Fn(&mut Vec<u8>),
) -> Result<String, String> {
    let mut cloud: Cloud = bench.lab.cloud().clone();
    let name = BucketName::parse(bucket).unwrap();
    let found = cloud.buckets.get_mut(&name).unwrap();
    let mut object = (**found.objects.get(key).unwrap()).clone();
    let mut body = object.body.message().unwrap();
    change(&mut body);
    object.body = body.into();
    found.objects.insert_mut(key.to_owned(), Arc::new(object));
    let route = Route::public(cloud.region.clone());
    let get = find(Service::S3, "GetObject").unwrap();
    let input = json!({ "Bucket": bucket, "Key": key });
    get.invoke(
        &mut cloud,
        &mut Effects::simulated(1),
        &bench.admin,
        &route,
        input,
    )
    .result
    .map(|answer| text(&answer, "/Body"))
    .map_err(|e| format!("{} {} {:?}", e.code, e.message, e.detail))
}

#[test]
fn a_body_that_was_tampered_with_gives_an_error_and_no_plaintext() {
    let (bench, _) = stored();
    for (bucket, key) in [
        ("plain", "sse-s3"),
        ("sealed", "sse-kms"),
        ("sealed", "bucket-key"),
    ] {
        assert_eq!(read_after(&bench, bucket, key, |_| ()).unwrap(), blob(MARK));
        let name = BucketName::parse(bucket).unwrap();
        let length = bench
            .lab
            .cloud()
            .buckets
            .get(&name)
            .unwrap()
            .objects
            .get(key)
            .unwrap()
            .body
            .message()
            .unwrap()
            .len();
        for at in 0..length {
            let error = read_after(&bench, bucket, key, |body| body[at] ^= 1).unwrap_err();
            assert!(!error.contains("payroll"), "byte {at}: {error}");
        }
        for cut in [0, 1, length / 2, length - 1] {
            assert!(
                read_after(&bench, bucket, key, |body| body.truncate(cut)).is_err(),
                "cut to {cut}"
            );
        }
        assert!(
            read_after(&bench, bucket, key, |body| body.push(0)).is_err(),
            "a byte behind the end"
        );
    }
}

#[test]
fn a_body_moved_to_another_key_cannot_be_read_there() {
    let (bench, _) = stored();
    let sealed = |name: &str, key: &str| {
        let name = BucketName::parse(name).unwrap();
        bench
            .lab
            .cloud()
            .buckets
            .get(&name)
            .unwrap()
            .objects
            .get(key)
            .unwrap()
            .body
            .message()
            .unwrap()
    };
    for (bucket, key, from) in [
        ("plain", "sse-s3", sealed("plain", "copy")),
        ("sealed", "sse-kms", sealed("sealed", "bucket-key")),
    ] {
        assert!(
            read_after(&bench, bucket, key, |body| body.clone_from(&from)).is_err(),
            "{bucket}/{key}"
        );
    }
}

#[test]
fn the_same_body_twice_is_stored_as_different_bytes() {
    let mut bench = Bench::new();
    let admin = bench.admin.clone();
    bench.bucket("plain");
    bench.put(&admin, "plain", "a", MARK).unwrap();
    bench.put(&admin, "plain", "b", MARK).unwrap();
    let name = BucketName::parse("plain").unwrap();
    let objects = &bench.lab.cloud().buckets.get(&name).unwrap().objects;
    let (a, b) = (objects.get("a").unwrap(), objects.get("b").unwrap());
    assert_eq!(a.etag, b.etag);
    assert_ne!(a.body.message(), b.body.message());
}
