//! Uploads in parts: what KMS is asked, what is read back, what is refused.

use std::sync::Arc;

use keychai::api::{ApiError, Effects, Route, Service};
use keychai::base::BucketName;
use keychai::service::find;
use keychai::state::s3::Object;
use keychai::state::uploads::SealedPart;
use serde_json::{Value, json};

use crate::bench::{Bench, blob};

/// One byte more than the least length of a part, so that frames do not end with it.
const PART: usize = 5 * 1024 * 1024 + 1;

fn text(seed: usize) -> String {
    let letters = "abcdefghijklmnopqrstuvwxyz";
    letters.chars().cycle().skip(seed).take(PART).collect()
}

/// Uploads two parts under `wish` and completes them; the whole text.
fn upload(bench: &mut Bench, wish: Value, every_part: &Value) -> String {
    let named = |extra: Value| {
        let mut input = json!({ "Bucket": "first", "Key": "k" });
        let members = input.as_object_mut().unwrap();
        members.extend(extra.as_object().unwrap().clone());
        input
    };
    let begun = bench.ok("s3:CreateMultipartUpload", named(wish));
    let id = &begun["UploadId"];
    let mut parts = Vec::new();
    for (number, body) in [(2, "the end".to_owned()), (1, text(0))] {
        let mut input = named(every_part.clone());
        input["UploadId"] = id.clone();
        input["PartNumber"] = json!(number);
        input["Body"] = json!(blob(&body));
        let done = bench.ok("s3:UploadPart", input);
        parts.insert(0, json!({ "PartNumber": number, "ETag": done["ETag"] }));
    }
    let input = named(json!({ "UploadId": id, "MultipartUpload": { "Parts": parts } }));
    let done = bench.ok("s3:CompleteMultipartUpload", input);
    assert!(done["ETag"].as_str().unwrap().ends_with("-2\""), "{done}");
    text(0) + "the end"
}

fn names_since(bench: &Bench, count: usize) -> Vec<String> {
    let events = bench.events().into_iter().skip(count);
    events.map(|event| event.event_name).collect()
}

#[test]
fn parts_read_back_as_one_object_however_they_are_encrypted() {
    let key = "0123456789abcdef0123456789abcdef";
    let own = json!({ "SSECustomerAlgorithm": "AES256", "SSECustomerKey": blob(key) });
    let mut bench = Bench::new();
    let kms = bench.key();
    bench.bucket("first");
    let with_kms = |word: &str| json!({ "ServerSideEncryption": word, "SSEKMSKeyId": kms });
    for (wish, every) in [
        (json!({}), json!({})),
        (with_kms("aws:kms"), json!({})),
        (with_kms("aws:kms:dsse"), json!({})),
        (own.clone(), own),
    ] {
        let whole = upload(&mut bench, wish.clone(), &every);
        for (range, from, to) in [
            ("bytes=0-", 0, PART + 7),
            ("bytes=-3", PART + 4, PART + 7),
            ("bytes=5242870-5242883", 5_242_870, 5_242_884),
            ("bytes=10-12", 10, 13),
        ] {
            let mut input = every.clone();
            input["Bucket"] = json!("first");
            input["Key"] = json!("k");
            input["Range"] = json!(range);
            let read = bench.ok("s3:GetObject", input);
            assert_eq!(read["Body"], blob(&whole[from..to]), "{wish} {range}");
            assert_eq!(read["ContentLength"], to - from, "{wish} {range}");
        }
    }
}

#[test]
fn kms_makes_one_data_key_and_decrypts_it_with_every_part() {
    let mut bench = Bench::new();
    let kms = bench.key();
    bench.bucket_under("first", &kms);
    let before = bench.event_count();
    upload(&mut bench, json!({}), &json!({}));
    assert_eq!(
        names_since(&bench, before),
        [
            "CreateMultipartUpload",
            "GenerateDataKey",
            "UploadPart",
            "Decrypt",
            "UploadPart",
            "Decrypt",
            "CompleteMultipartUpload",
        ]
    );
    let before = bench.event_count();
    bench.ok("s3:GetObject", json!({ "Bucket": "first", "Key": "k" }));
    assert_eq!(names_since(&bench, before), ["GetObject", "Decrypt"]);
}

#[test]
fn who_only_uploads_needs_decrypt_too() {
    let mut bench = Bench::new();
    let (kms, ann) = (bench.key(), bench.user("ann"));
    bench.bucket_under("first", &kms);
    bench.allow("ann", json!(["s3:PutObject", "kms:GenerateDataKey"]));
    let named = json!({ "Bucket": "first", "Key": "k" });
    let begun = bench.ok_as(&ann, "s3:CreateMultipartUpload", named.clone());
    let mut part = named;
    part["UploadId"] = begun["UploadId"].clone();
    part["PartNumber"] = json!(1);
    let error = bench.call(&ann, "s3:UploadPart", part.clone()).unwrap_err();
    assert_eq!(&*error.decision.unwrap().action, "kms:Decrypt");
    bench.allow("ann", json!(["s3:PutObject", "kms:Decrypt"]));
    bench.ok_as(&ann, "s3:UploadPart", part);
}

/// A way to rearrange the parts of an object; `other` are those of another upload.
type Change = fn(&[SealedPart], &[SealedPart]) -> Vec<SealedPart>;

const CHANGES: [(&str, Change); 7] = [
    ("swapped", |own, _| vec![own[1].clone(), own[0].clone()]),
    ("swapped with their labels", |own, _| {
        let relabelled = |from: usize, to: usize| SealedPart {
            label: own[to].label.clone(),
            ..own[from].clone()
        };
        vec![relabelled(1, 0), relabelled(0, 1)]
    }),
    ("cut", |own, _| vec![own[0].clone()]),
    ("begun late", |own, _| vec![own[1].clone()]),
    ("repeated", |own, _| {
        vec![own[0].clone(), own[1].clone(), own[1].clone()]
    }),
    ("spliced", |own, other| {
        vec![own[0].clone(), other[1].clone()]
    }),
    ("another upload's", |_, other| other.to_vec()),
];

#[test]
fn parts_that_are_not_those_of_the_upload_are_refused() {
    let mut bench = Bench::new();
    let kms = bench.key();
    bench.bucket("first");
    let customer =
        json!({ "SSECustomerAlgorithm": "AES256", "SSECustomerKey": blob(&"k".repeat(32)) });
    for (wish, key) in [
        (json!({}), json!({})),
        (
            json!({ "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms }),
            json!({}),
        ),
        (
            json!({ "ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": kms }),
            json!({}),
        ),
        (customer.clone(), customer),
    ] {
        upload(&mut bench, wish.clone(), &key);
        let other = stored(&bench).parts.clone();
        upload(&mut bench, wish, &key);
        let own = stored(&bench);
        assert_eq!(own.parts.len(), 2);
        assert!(read_instead(&bench, (*own).clone(), &key).is_ok());
        for (name, change) in CHANGES {
            let parts = change(&own.parts, &other);
            let altered = Object {
                size: parts.iter().map(|part| part.size).sum(),
                parts: parts.into(),
                ..(*own).clone()
            };
            let error = read_instead(&bench, altered, &key).unwrap_err();
            assert_eq!(error.code, "InternalError", "{name}");
        }
        let unlisted = Object {
            manifest: None,
            ..(*own).clone()
        };
        assert!(read_instead(&bench, unlisted, &key).is_err());
    }
}

fn stored(bench: &Bench) -> Arc<Object> {
    let name = BucketName::parse("first").unwrap();
    let bucket = bench.lab.cloud().buckets.get(&name).unwrap();
    Arc::clone(&bucket.objects["k"])
}

/// Reads the object where `object` lies in its place.
fn read_instead(bench: &Bench, object: Object, key: &Value) -> Result<Value, ApiError> {
    let mut cloud = bench.lab.cloud().clone();
    let name = BucketName::parse("first").unwrap();
    let found = cloud.buckets.get_mut(&name).unwrap();
    found.objects.insert_mut("k".to_owned(), Arc::new(object));
    let route = Route::public(cloud.region.clone());
    let get = find(Service::S3, "GetObject").unwrap();
    let mut input = json!({ "Bucket": "first", "Key": "k" });
    let members = input.as_object_mut().unwrap();
    members.extend(key.as_object().unwrap().clone());
    let effects = &mut Effects::simulated(1);
    get.invoke(&mut cloud, effects, &bench.admin, &route, input)
        .result
}
