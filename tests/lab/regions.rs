//! Multi-Region keys beyond single cases, and imported material that must not show.

use keychai::api::Response;
use keychai::base::{Blob, Entropy};
use keychai::crypto::import::wrap;
use keychai::crypto::key_spec::WrappingAlgorithm;
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{Bench, blob, shape, text};

const EUROPE: &str = "eu-west-1";

fn primary(bench: &mut Bench) -> String {
    let made = bench.ok("kms:CreateKey", json!({ "MultiRegion": true }));
    text(&made, "/KeyMetadata/KeyId")
}

fn abroad(bench: &mut Bench, operation: &str, input: Value) -> Response<Value> {
    let admin = bench.admin.clone();
    bench.respond_in(Some(EUROPE), &admin, operation, input)
}

fn replicate(bench: &mut Bench, who: &Credentials, key: &str) -> Response<Value> {
    let input = json!({ "KeyId": key, "ReplicaRegion": EUROPE });
    bench.respond(who, "kms:ReplicateKey", input)
}

#[test]
fn replicating_needs_a_permission_on_the_key_and_one_in_the_other_region() {
    let mut bench = Bench::new();
    let key = primary(&mut bench);
    let bob = bench.user("bob");
    let create = |regions: Value| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "kms:ReplicateKey", "Resource": "*",
              "Condition": { "StringEquals": { "kms:ReplicaRegion": EUROPE } } },
            { "Effect": "Allow", "Action": ["kms:CreateKey", "kms:PutKeyPolicy"], "Resource": "*",
              "Condition": { "StringEquals": { "aws:RequestedRegion": regions } } },
        ] })
        .to_string()
    };
    let set = |bench: &mut Bench, document: String| {
        bench.ok(
            "iam:PutUserPolicy",
            json!({ "UserName": "bob", "PolicyName": "p", "PolicyDocument": document }),
        );
    };
    set(&mut bench, create(json!("us-east-1")));
    let refused = replicate(&mut bench, &bob, &key).result.unwrap_err();
    assert!(refused.message.contains("kms:CreateKey"), "{refused}");
    set(&mut bench, create(json!(EUROPE)));
    replicate(&mut bench, &bob, &key).result.unwrap();
}

#[test]
fn a_replica_is_creating_until_the_delay_is_over_and_updating_keys_still_encrypt() {
    let mut bench = Bench::new();
    bench.lab.set_replication_delay(5);
    let admin = bench.admin.clone();
    let key = primary(&mut bench);
    replicate(&mut bench, &admin, &key).result.unwrap();
    let plaintext = json!({ "KeyId": key, "Plaintext": blob("hello") });
    let refused = abroad(&mut bench, "kms:Encrypt", plaintext.clone());
    let refused = refused.result.unwrap_err();
    let arn = format!("arn:aws:kms:eu-west-1:111122223333:key/{key}");
    let creating = format!("{arn} is creating.");
    assert_eq!(
        shape(&refused),
        ("KMSInvalidStateException", 400, creating.as_str())
    );
    bench.lab.advance(5).unwrap();
    abroad(&mut bench, "kms:Encrypt", plaintext.clone())
        .result
        .unwrap();
    let change = json!({ "KeyId": key, "PrimaryRegion": EUROPE });
    bench.ok("kms:UpdatePrimaryRegion", change);
    abroad(&mut bench, "kms:Encrypt", plaintext).result.unwrap();
    let disable = abroad(&mut bench, "kms:DisableKey", json!({ "KeyId": key }));
    let updating = format!("{arn} is updating.");
    assert_eq!(
        shape(&disable.result.unwrap_err()),
        ("KMSInvalidStateException", 400, updating.as_str())
    );
    bench.lab.advance(5).unwrap();
    abroad(&mut bench, "kms:DisableKey", json!({ "KeyId": key }))
        .result
        .unwrap();
}

#[test]
fn imported_material_stands_nowhere_in_the_lab() {
    const MATERIAL: &[u8] = b"imported material, 32 bytes long";
    let mut bench = Bench::new();
    let made = bench.ok("kms:CreateKey", json!({ "Origin": "EXTERNAL" }));
    let key = text(&made, "/KeyMetadata/KeyId");
    let wish = json!({ "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
    let parameters = bench.ok("kms:GetParametersForImport", wish);
    let public_key = Blob::from_base64(&text(&parameters, "/PublicKey")).unwrap();
    let wrapped = wrap(
        WrappingAlgorithm::RSAES_OAEP_SHA_256,
        public_key.as_bytes(),
        MATERIAL,
        &mut Entropy::simulated(9),
    );
    let answer = bench.ok(
        "kms:ImportKeyMaterial",
        json!({
            "KeyId": key, "ImportToken": text(&parameters, "/ImportToken"),
            "EncryptedKeyMaterial": Blob::from(wrapped.unwrap()).to_base64(),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }),
    );
    let shown = format!("{:?} {:?} {answer} {parameters}", bench.lab, bench.events());
    let hex: String = MATERIAL.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{MATERIAL:?}");
    let base64 = Blob::from(MATERIAL).to_base64();
    for disguise in [hex.as_str(), base64.as_str(), list.trim_matches(['[', ']'])] {
        assert!(!shown.contains(disguise));
    }
    assert!(!shown.contains("32 bytes long"));
}

/// Source: KMS Developer Guide, "AWS managed keys", one per Region; `kms:ViaService`.
#[test]
fn s3_asks_kms_in_the_region_of_the_bucket_whatever_the_region_of_the_call() {
    let mut bench = Bench::new();
    let place = json!({ "LocationConstraint": EUROPE });
    let wish = json!({ "Bucket": "europe", "CreateBucketConfiguration": place });
    bench.ok("s3:CreateBucket", wish);
    bench.bucket("home");
    let mut managed = Vec::new();
    for (bucket, region) in [("europe", EUROPE), ("home", "us-east-1")] {
        let put = json!({
            "Bucket": bucket, "Key": "k", "Body": blob("hello"), "ServerSideEncryption": "aws:kms",
        });
        let before = bench.event_count();
        let stored = text(&bench.ok("s3:PutObject", put), "/SSEKMSKeyId");
        assert!(stored.contains(&format!(":kms:{region}:")), "{stored}");
        let events = bench.events_since(before);
        let asked = events
            .iter()
            .find(|e| e.event_name == "GenerateDataKey")
            .unwrap();
        assert_eq!(asked.aws_region.as_str(), region);
        let policy = json!({ "KeyId": stored, "PolicyName": "default" });
        let admin = bench.admin.clone();
        let policy = bench.respond_in(Some(region), &admin, "kms:GetKeyPolicy", policy);
        let policy = text(&policy.result.unwrap(), "/Policy");
        assert!(policy.contains(&format!("s3.{region}.amazonaws.com")));
        managed.push(stored);
    }
    let copy = json!({ "Bucket": "europe", "Key": "c", "CopySource": "home/k", "ServerSideEncryption": "aws:kms" });
    let copied = bench.ok("s3:CopyObject", copy);
    assert_eq!(text(&copied, "/SSEKMSKeyId"), managed[0]);
    let admin = bench.admin.clone();
    assert_eq!(bench.get(&admin, "europe", "c").unwrap(), "hello");
}

/// Source: KMS API Reference, `EnableKeyRotation`: rotation of related keys is
/// a property of the primary key.
#[test]
fn to_enable_a_replica_does_not_move_the_overdue_rotation_of_its_primary() {
    let mut bench = Bench::new();
    let admin = bench.admin.clone();
    let key = primary(&mut bench);
    let named = json!({ "KeyId": key });
    bench.ok(
        "kms:EnableKeyRotation",
        json!({ "KeyId": key, "RotationPeriodInDays": 90 }),
    );
    replicate(&mut bench, &admin, &key).result.unwrap();
    bench.lab.advance(0).unwrap();
    let status = "kms:GetKeyRotationStatus";
    let due = bench.ok(status, named.clone())["NextRotationDate"].clone();
    bench.ok("kms:DisableKey", named.clone());
    abroad(&mut bench, "kms:DisableKey", named.clone())
        .result
        .unwrap();
    bench.advance_days(100);
    abroad(&mut bench, "kms:EnableKey", named.clone())
        .result
        .unwrap();
    let shown = abroad(&mut bench, status, named.clone()).result.unwrap();
    assert_eq!(shown["NextRotationDate"], due);
    assert_eq!(bench.ok(status, named.clone())["NextRotationDate"], due);
    let rotations = bench.ok("kms:ListKeyRotations", named.clone());
    assert_eq!(rotations["Rotations"], json!([]));
    // With the primary key the rotation happens, once and for both.
    bench.ok("kms:EnableKey", named.clone());
    let shown = bench.ok("kms:ListKeyRotations", named.clone());
    assert_eq!(shown["Rotations"].as_array().unwrap().len(), 1);
    let next = bench.ok(status, named.clone())["NextRotationDate"].clone();
    let there = abroad(&mut bench, status, named).result.unwrap();
    assert_eq!(there["NextRotationDate"], next);
    assert_ne!(next, due);
}
