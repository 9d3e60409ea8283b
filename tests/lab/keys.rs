//! KMS: what happens to keys over time.

use serde_json::{Value, json};

use crate::bench::{Bench, blob};

const DAY: i64 = 86_400;

pub fn encrypt(bench: &mut Bench, key: &str, body: &str) -> Value {
    let sealed = bench.ok(
        "kms:Encrypt",
        json!({ "KeyId": key, "Plaintext": blob(body) }),
    );
    sealed["CiphertextBlob"].clone()
}

pub fn decrypt(bench: &mut Bench, sealed: &Value) -> Value {
    bench.ok("kms:Decrypt", json!({ "CiphertextBlob": sealed }))
}

fn rotations(bench: &mut Bench, key: &str) -> Vec<Value> {
    bench.ok("kms:ListKeyRotations", json!({ "KeyId": key }))["Rotations"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn a_key_is_deleted_when_its_waiting_period_is_over_and_not_before() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.ok(
        "kms:CreateAlias",
        json!({ "AliasName": "alias/a", "TargetKeyId": key }),
    );
    let sealed = encrypt(&mut bench, &key, "x");
    bench.ok(
        "kms:ScheduleKeyDeletion",
        json!({ "KeyId": key, "PendingWindowInDays": 7 }),
    );
    bench.lab.advance(7 * DAY - 1).unwrap();
    let described = bench.ok("kms:DescribeKey", json!({ "KeyId": "alias/a" }));
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingDeletion");
    assert_eq!(described["KeyMetadata"]["Enabled"], false);
    bench.lab.advance(1).unwrap();
    let error = bench.fails("kms:DescribeKey", json!({ "KeyId": key }));
    assert_eq!(
        (error.code.as_str(), error.message),
        ("NotFoundException", format!("Key '{key}' does not exist"))
    );
    assert_eq!(
        bench
            .fails("kms:DescribeKey", json!({ "KeyId": "alias/a" }))
            .code,
        "NotFoundException"
    );
    assert_eq!(bench.ok("kms:ListAliases", json!({}))["Aliases"], json!([]));
    assert_eq!(
        bench
            .fails("kms:Decrypt", json!({ "CiphertextBlob": sealed }))
            .code,
        "AccessDeniedException"
    );
    let deleted: Vec<_> = bench
        .events()
        .into_iter()
        .filter(|e| e.event_name == "DeleteKey")
        .collect();
    assert_eq!(
        (deleted.len(), deleted[0].resources[0].arn.as_str()),
        (1, key.as_str())
    );
}

#[test]
fn a_cancelled_deletion_leaves_the_key_disabled_and_never_happens() {
    let mut bench = Bench::new();
    let key = bench.key();
    let sealed = encrypt(&mut bench, &key, "x");
    bench.ok(
        "kms:ScheduleKeyDeletion",
        json!({ "KeyId": key, "PendingWindowInDays": 7 }),
    );
    bench.ok("kms:CancelKeyDeletion", json!({ "KeyId": key }));
    let described = bench.ok("kms:DescribeKey", json!({ "KeyId": key }));
    assert_eq!(described["KeyMetadata"]["KeyState"], "Disabled");
    assert_eq!(described["KeyMetadata"].get("DeletionDate"), None);
    bench.ok("kms:EnableKey", json!({ "KeyId": key }));
    bench.advance_days(60);
    assert_eq!(decrypt(&mut bench, &sealed)["Plaintext"], blob("x"));
}

#[test]
fn automatic_rotation_follows_the_clock_and_changes_nothing_but_the_material() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.ok(
        "kms:CreateAlias",
        json!({ "AliasName": "alias/a", "TargetKeyId": key }),
    );
    let first = encrypt(&mut bench, "alias/a", "first");
    let first_material = decrypt(&mut bench, &first)["KeyMaterialId"].clone();
    bench.ok(
        "kms:EnableKeyRotation",
        json!({ "KeyId": key, "RotationPeriodInDays": 90 }),
    );
    bench.lab.advance(90 * DAY - 1).unwrap();
    assert_eq!(rotations(&mut bench, &key).len(), 0);
    bench.lab.advance(1).unwrap();
    assert_eq!(rotations(&mut bench, &key).len(), 1);
    bench.advance_days(2 * 90);
    let listed = rotations(&mut bench, &key);
    assert_eq!(listed.len(), 3, "a clock that jumps skips no rotation");
    assert!(listed.iter().all(|r| r["RotationType"] == "AUTOMATIC"));
    let states: Vec<&str> = listed
        .iter()
        .filter_map(|r| r["KeyMaterialState"].as_str())
        .collect();
    assert_eq!(states, ["NON_CURRENT", "NON_CURRENT", "CURRENT"]);

    let later = encrypt(&mut bench, "alias/a", "later");
    let opened = decrypt(&mut bench, &later);
    assert_eq!(opened["KeyMaterialId"], listed[2]["KeyMaterialId"]);
    assert_ne!(opened["KeyMaterialId"], first_material);
    let old = decrypt(&mut bench, &first);
    assert_eq!(
        (&old["Plaintext"], &old["KeyMaterialId"]),
        (&json!(blob("first")), &first_material)
    );
    assert_eq!(
        (&old["KeyId"], &opened["KeyId"]),
        (&json!(key), &json!(key))
    );
    let aliases = bench.ok("kms:ListAliases", json!({ "KeyId": key }));
    assert_eq!(aliases["Aliases"][0]["AliasName"], "alias/a");
    let recorded = bench
        .events()
        .into_iter()
        .filter(|e| e.event_name == "RotateKey")
        .count();
    assert_eq!(recorded, 3);
}

#[test]
fn rotation_that_was_switched_off_does_not_happen() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.ok(
        "kms:EnableKeyRotation",
        json!({ "KeyId": key, "RotationPeriodInDays": 90 }),
    );
    bench.ok("kms:DisableKeyRotation", json!({ "KeyId": key }));
    bench.advance_days(400);
    assert_eq!(rotations(&mut bench, &key).len(), 0);
    let status = bench.ok("kms:GetKeyRotationStatus", json!({ "KeyId": key }));
    assert_eq!(status["KeyRotationEnabled"], false);
}

#[test]
fn a_disabled_key_rotates_once_when_it_is_enabled_again() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.ok(
        "kms:EnableKeyRotation",
        json!({ "KeyId": key, "RotationPeriodInDays": 90 }),
    );
    bench.ok("kms:DisableKey", json!({ "KeyId": key }));
    bench.advance_days(3 * 90 + 10);
    let status = bench.ok("kms:GetKeyRotationStatus", json!({ "KeyId": key }));
    assert_eq!(status["KeyRotationEnabled"], true, "the setting is kept");
    assert_eq!(rotations(&mut bench, &key).len(), 0);
    bench.ok("kms:EnableKey", json!({ "KeyId": key }));
    assert_eq!(rotations(&mut bench, &key).len(), 1);
    bench.lab.advance(90 * DAY - 1).unwrap();
    assert_eq!(rotations(&mut bench, &key).len(), 1);
    bench.lab.advance(1).unwrap();
    assert_eq!(rotations(&mut bench, &key).len(), 2);
}

#[test]
fn enabling_rotation_twice_keeps_one_schedule() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.ok(
        "kms:EnableKeyRotation",
        json!({ "KeyId": key, "RotationPeriodInDays": 90 }),
    );
    bench.ok(
        "kms:EnableKeyRotation",
        json!({ "KeyId": key, "RotationPeriodInDays": 200 }),
    );
    bench.advance_days(199);
    assert_eq!(rotations(&mut bench, &key).len(), 0);
    bench.advance_days(1);
    assert_eq!(rotations(&mut bench, &key).len(), 1);
}

#[test]
fn twenty_five_rotations_on_demand_and_no_more() {
    let mut bench = Bench::new();
    let key = bench.key();
    let mut sealed = Vec::new();
    for number in 0..25 {
        sealed.push(encrypt(&mut bench, &key, &format!("text {number}")));
        bench.ok("kms:RotateKeyOnDemand", json!({ "KeyId": key }));
    }
    let error = bench.fails("kms:RotateKeyOnDemand", json!({ "KeyId": key }));
    let text = format!(
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
         performed for this key: {key}"
    );
    assert_eq!(
        (error.code.as_str(), error.message),
        ("LimitExceededException", text)
    );
    assert_eq!(rotations(&mut bench, &key).len(), 25);
    let all = bench.ok(
        "kms:ListKeyRotations",
        json!({ "KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL" }),
    );
    let all = all["Rotations"].as_array().unwrap();
    assert_eq!((all.len(), all[0].get("RotationType")), (26, None));
    for (number, sealed) in sealed.iter().enumerate() {
        assert_eq!(
            decrypt(&mut bench, sealed)["Plaintext"],
            blob(&format!("text {number}"))
        );
    }
}

#[test]
fn re_encrypting_moves_to_the_current_material_or_another_key_and_context() {
    let mut bench = Bench::new();
    let (one, two) = (bench.key(), bench.key());
    let sealed = encrypt(&mut bench, &one, "x");
    bench.ok("kms:RotateKeyOnDemand", json!({ "KeyId": one }));
    let again = bench.ok(
        "kms:ReEncrypt",
        json!({ "CiphertextBlob": sealed, "DestinationKeyId": one }),
    );
    assert_ne!(
        again["SourceKeyMaterialId"],
        again["DestinationKeyMaterialId"]
    );
    assert_eq!(again["SourceKeyId"], again["KeyId"]);
    let moved = bench.ok(
        "kms:ReEncrypt",
        json!({ "CiphertextBlob": again["CiphertextBlob"], "DestinationKeyId": two, "DestinationEncryptionContext": { "a": "1" } }),
    );
    assert_eq!(
        bench
            .fails(
                "kms:Decrypt",
                json!({ "CiphertextBlob": moved["CiphertextBlob"] })
            )
            .code,
        "InvalidCiphertextException"
    );
    let opened = bench.ok(
        "kms:Decrypt",
        json!({ "CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": { "a": "1" } }),
    );
    assert_eq!(
        (&opened["Plaintext"], &opened["KeyId"]),
        (&json!(blob("x")), &json!(two))
    );
}

#[test]
fn re_encrypting_needs_from_on_the_one_key_and_to_on_the_other() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let (one, two) = (bench.key(), bench.key());
    let sealed = encrypt(&mut bench, &one, "x");
    let input = json!({ "CiphertextBlob": sealed, "DestinationKeyId": two });
    for (actions, missing) in [
        (json!("kms:ReEncryptTo"), Some("kms:ReEncryptFrom")),
        (json!("kms:ReEncryptFrom"), Some("kms:ReEncryptTo")),
        (json!("kms:ReEncrypt*"), None),
    ] {
        bench.allow("ann", actions);
        let refused = bench.call(&ann, "kms:ReEncrypt", input.clone()).err();
        assert_eq!(
            refused
                .map(|e| e.decision.unwrap().action.clone())
                .as_deref(),
            missing
        );
    }
}

#[test]
fn the_encryption_context_binds_names_values_and_number_but_not_order() {
    let mut bench = Bench::new();
    let key = bench.key();
    let sealed = bench.ok(
        "kms:Encrypt",
        json!({ "KeyId": key, "Plaintext": blob("x"), "EncryptionContext": { "a": "1", "b": "2" } }),
    );
    let open = |context: Value| json!({ "CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": context });
    bench.ok("kms:Decrypt", open(json!({ "b": "2", "a": "1" })));
    for context in [
        json!({}),
        json!({ "a": "1" }),
        json!({ "a": "1", "b": "3" }),
        json!({ "A": "1", "b": "2" }),
        json!({ "a": "1", "b": "2", "c": "3" }),
        json!({ "a": "2", "b": "1" }),
    ] {
        let error = bench.fails("kms:Decrypt", open(context));
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("InvalidCiphertextException", "")
        );
    }
}

/// Source: KMS API Reference, `CreateKey`, `ReplicateKey` and `UpdateKeyDescription`.
#[test]
fn a_description_has_8192_characters_at_most_wherever_it_is_given() {
    let mut bench = Bench::new();
    let made = bench.ok("kms:CreateKey", json!({ "MultiRegion": true }));
    let key = &made["KeyMetadata"]["KeyId"];
    let calls = |description: &str| {
        [
            ("kms:CreateKey", json!({ "Description": description })),
            (
                "kms:ReplicateKey",
                json!({ "KeyId": key, "ReplicaRegion": "eu-west-1", "Description": description }),
            ),
            (
                "kms:UpdateKeyDescription",
                json!({ "KeyId": key, "Description": description }),
            ),
        ]
    };
    for (operation, input) in calls(&"é".repeat(8193)) {
        let refused = bench.fails(operation, input);
        assert_eq!(refused.code, "ValidationException", "{operation}");
    }
    for (operation, input) in calls(&"é".repeat(8192)) {
        bench.ok(operation, input);
    }
}
