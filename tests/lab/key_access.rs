//! KMS: how callers name keys, and which callers a key policy keeps.

use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, allow_on_key, blob, text, user_arn};
use crate::keys::{decrypt, encrypt};

#[test]
fn key_operations_are_judged_on_the_key_even_when_an_alias_names_it() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let key = bench.key();
    bench.ok(
        "kms:CreateAlias",
        json!({ "AliasName": "alias/a", "TargetKeyId": key }),
    );
    let alias = format!("arn:aws:kms:us-east-1:{HOME}:alias/a");
    let put = |bench: &mut Bench, statement: Value| {
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        bench.ok(
            "iam:PutUserPolicy",
            json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": document }),
        );
    };
    let by_alias = json!({ "KeyId": alias, "Plaintext": blob("x") });
    let by_key = json!({ "KeyId": key, "Plaintext": blob("x") });
    put(
        &mut bench,
        json!({ "Effect": "Allow", "Action": "kms:*", "Resource": alias }),
    );
    bench
        .call(&ann, "kms:Encrypt", by_alias.clone())
        .unwrap_err();
    let requested = json!({ "StringEquals": { "kms:RequestAlias": "alias/a" } });
    put(
        &mut bench,
        json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": requested }),
    );
    bench.ok_as(&ann, "kms:Encrypt", by_alias.clone());
    bench.call(&ann, "kms:Encrypt", by_key.clone()).unwrap_err();
    let owned = json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/a" } });
    put(
        &mut bench,
        json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": owned }),
    );
    bench.ok_as(&ann, "kms:Encrypt", by_key);
    let other = bench.key();
    bench.ok(
        "kms:UpdateAlias",
        json!({ "AliasName": "alias/a", "TargetKeyId": other }),
    );
    bench.ok_as(&ann, "kms:Encrypt", by_alias);
}

#[test]
fn alias_operations_need_the_alias_and_the_key() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let key = bench.key();
    let alias = format!("arn:aws:kms:us-east-1:{HOME}:alias/a");
    let make = json!({ "AliasName": "alias/a", "TargetKeyId": key });
    for (resources, missing) in [
        (json!([key]), Some(alias.clone())),
        (json!([alias]), Some(key.clone())),
        (json!([alias, key]), None),
    ] {
        let document = crate::bench::document("Allow", json!("kms:CreateAlias"), resources);
        bench.ok(
            "iam:PutUserPolicy",
            json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": document }),
        );
        let refused = bench.call(&ann, "kms:CreateAlias", make.clone()).err();
        assert_eq!(
            refused.map(|e| e.decision.unwrap().resource.to_string()),
            missing
        );
    }
}

#[test]
fn foreign_keys_take_cryptography_and_grants_but_no_management() {
    let mut bench = Bench::new();
    let away = bench.away.clone();
    let all = allow_on_key(&format!("arn:aws:iam::{AWAY}:root"), json!("kms:*"));
    let key = bench.key_with(&[all]);
    let input = json!({ "KeyId": key });
    for operation in [
        "kms:DescribeKey",
        "kms:GetKeyRotationStatus",
        "kms:ListGrants",
    ] {
        bench.ok_as(&away, operation, input.clone());
    }
    bench.ok_as(
        &away,
        "kms:Encrypt",
        json!({ "KeyId": key, "Plaintext": blob("x") }),
    );
    for operation in [
        "DisableKey",
        "EnableKeyRotation",
        "GetKeyPolicy",
        "ListKeyRotations",
        "RotateKeyOnDemand",
        "ScheduleKeyDeletion",
    ] {
        let error = bench
            .call(&away, &format!("kms:{operation}"), input.clone())
            .unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.status),
            ("AccessDeniedException", 400),
            "{operation}"
        );
    }
    let id = text(&bench.ok("kms:DescribeKey", input), "/KeyMetadata/KeyId");
    let error = bench
        .call(&away, "kms:DescribeKey", json!({ "KeyId": id }))
        .unwrap_err();
    let expected = format!("Key 'arn:aws:kms:us-east-1:{AWAY}:key/{id}' does not exist");
    assert_eq!(
        (error.code.as_str(), error.message),
        ("NotFoundException", expected)
    );
}

#[test]
fn a_foreign_caller_is_not_told_whether_the_key_exists() {
    let mut bench = Bench::new();
    let away = bench.away.clone();
    let key = bench.key();
    let sealed = encrypt(&mut bench, &key, "x");
    let tail = "because the resource does not exist in this Region, no resource-based policies allow access, or a \
                resource-based policy explicitly denies access";
    let error = bench
        .call(
            &away,
            "kms:Encrypt",
            json!({ "KeyId": key, "Plaintext": blob("x") }),
        )
        .unwrap_err();
    let who = format!("User: arn:aws:iam::{AWAY}:user/admin is not authorized to perform:");
    assert_eq!(
        error.message,
        format!("{who} kms:Encrypt on this resource {tail}")
    );
    let error = bench
        .call(&away, "kms:Decrypt", json!({ "CiphertextBlob": sealed }))
        .unwrap_err();
    assert_eq!(
        error.message,
        format!("{who} kms:Decrypt on the resource associated with this ciphertext {tail}")
    );
}

#[test]
fn the_lockout_check_looks_at_the_caller_and_can_be_skipped() {
    let mut bench = Bench::new();
    bench.user("ann");
    let key = bench.key();
    let only_ann = json!({ "Version": "2012-10-17", "Statement": [allow_on_key(&user_arn("ann"), json!("kms:*"))] });
    let mut input = json!({ "KeyId": key, "Policy": only_ann.to_string() });
    assert_eq!(
        bench.fails("kms:PutKeyPolicy", input.clone()).code,
        "MalformedPolicyDocumentException"
    );
    input["BypassPolicyLockoutSafetyCheck"] = json!(true);
    bench.ok("kms:PutKeyPolicy", input);
    assert!(
        bench
            .fails("kms:DescribeKey", json!({ "KeyId": key }))
            .is_denial()
    );
}

#[test]
fn a_principal_that_was_made_again_is_another_one() {
    let mut bench = Bench::new();
    bench.lab.set_model(keychai::authz::Model::Aws);
    let ann = bench.user("ann");
    let key = bench.key_with(&[allow_on_key(&user_arn("ann"), json!("kms:Encrypt"))]);
    let input = json!({ "KeyId": key, "Plaintext": blob("x") });
    bench.ok_as(&ann, "kms:Encrypt", input.clone());
    let id = ann.access_key_id.to_string();
    bench.ok(
        "iam:DeleteAccessKey",
        json!({ "UserName": "ann", "AccessKeyId": id }),
    );
    bench.ok("iam:DeleteUser", json!({ "UserName": "ann" }));
    let again = bench.user("ann");
    bench
        .call(&again, "kms:Encrypt", input.clone())
        .unwrap_err();
    bench.set_key_policy(
        &key,
        &[allow_on_key(&user_arn("ann"), json!("kms:Encrypt"))],
    );
    bench.ok_as(&again, "kms:Encrypt", input);
}

#[test]
fn data_keys_have_the_length_that_was_asked_for() {
    let mut bench = Bench::new();
    let key = bench.key();
    for (member, value, length) in [
        ("KeySpec", json!("AES_256"), 32),
        ("KeySpec", json!("AES_128"), 16),
        ("NumberOfBytes", json!(1024), 1024),
        ("NumberOfBytes", json!(1), 1),
    ] {
        let made = bench.ok(
            "kms:GenerateDataKey",
            json!({ "KeyId": key, member: value }),
        );
        let plaintext = keychai::base::Blob::from_base64(&text(&made, "/Plaintext")).unwrap();
        assert_eq!(plaintext.len(), length);
        assert_eq!(
            decrypt(&mut bench, &made["CiphertextBlob"])["Plaintext"],
            made["Plaintext"]
        );
    }
    for input in [
        json!({ "KeyId": key }),
        json!({ "KeyId": key, "KeySpec": "AES_256", "NumberOfBytes": 32 }),
        json!({ "KeyId": key, "NumberOfBytes": 1025 }),
    ] {
        assert_eq!(
            bench.fails("kms:GenerateDataKey", input).code,
            "ValidationException"
        );
    }
}

#[test]
fn keys_are_listed_in_pages() {
    let mut bench = Bench::new();
    let mut keys: Vec<String> = (0..5).map(|_| bench.key()).collect();
    keys.sort_unstable();
    let (mut seen, mut marker) = (Vec::new(), Value::Null);
    for size in [2, 2, 1] {
        let page = bench.ok("kms:ListKeys", json!({ "Limit": 2, "Marker": marker }));
        let listed = page["Keys"].as_array().unwrap();
        assert_eq!(listed.len(), size);
        seen.extend(
            listed
                .iter()
                .map(|k| k["KeyArn"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page["Truncated"], size == 2);
        marker = page["NextMarker"].clone();
    }
    assert_eq!(seen, keys);
}
