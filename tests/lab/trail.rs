//! The trail against what CloudTrail's, KMS's and IAM's guides say of it.

use keychai::api::{Category, Service};
use keychai::base::Arn;
use keychai::service::operations;
use keychai::state::trail::log_file;
use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, blob, document, role_arn, user_arn};
use crate::cases;
use crate::trail_identities::{last, role};

/// KMS Developer Guide, "Examples of AWS KMS log entries".
#[test]
fn cryptography_is_recorded_without_plaintext_and_ciphertext() {
    let mut bench = Bench::new();
    let key = bench.key();
    let context = json!({ "Dept": "IT" });
    let made = bench.ok(
        "kms:GenerateDataKey",
        json!({ "KeyId": key, "KeySpec": "AES_256", "EncryptionContext": context }),
    );
    let event = last(&bench);
    assert_eq!(
        event.request_parameters,
        json!({ "keyId": key, "keySpec": "AES_256", "encryptionContext": context })
    );
    let sealed = made["CiphertextBlob"].clone();
    bench.ok(
        "kms:Decrypt",
        json!({ "CiphertextBlob": sealed, "EncryptionContext": context }),
    );
    let event = last(&bench);
    assert_eq!(
        event.request_parameters,
        json!({ "encryptionContext": context, "encryptionAlgorithm": "SYMMETRIC_DEFAULT" })
    );
    assert_eq!(event.response_elements, Value::Null);
    assert_eq!(
        serde_json::to_value(&event.resources).unwrap(),
        json!([{ "ARN": key, "accountId": HOME, "type": "AWS::KMS::Key" }])
    );
}

#[test]
fn a_grant_is_recorded_with_its_constraints_and_id() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.user("alice");
    let made = bench.ok(
        "kms:CreateGrant",
        json!({
            "KeyId": key, "GranteePrincipal": user_arn("alice"), "Operations": ["Decrypt"],
            "Constraints": { "EncryptionContextSubset": { "Dept": "IT" } },
        }),
    );
    let event = last(&bench);
    assert!(!event.read_only);
    assert_eq!(
        event.request_parameters,
        json!({
            "keyId": key, "granteePrincipal": user_arn("alice"), "operations": ["Decrypt"],
            "constraints": { "encryptionContextSubset": { "Dept": "IT" } },
        })
    );
    assert_eq!(
        event.response_elements,
        json!({ "grantId": made["GrantId"], "keyId": key })
    );
}

/// KMS Developer Guide, "CreateKey" among the log entries.
#[test]
fn a_new_key_is_what_its_making_is_about() {
    let mut bench = Bench::new();
    let key = bench.key();
    let event = last(&bench);
    assert_eq!(event.resources[0].arn, key);
    assert_eq!(event.response_elements["keyMetadata"]["arn"], key);
}

/// KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail": the
/// answer of an operation that manages a key holds the key's ARN.
#[test]
fn what_manages_a_key_is_recorded_with_its_arn() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.ok("kms:DisableKey", json!({ "KeyId": key }));
    assert_eq!(last(&bench).response_elements, json!({ "keyId": key }));
}

#[test]
fn a_denial_by_kms_loses_its_exception_and_other_errors_keep_their_names() {
    let mut bench = Bench::new();
    let key = bench.key();
    let alice = bench.user("alice");
    let with = json!({ "KeyId": key, "Plaintext": blob("x") });
    let error = bench.call(&alice, "kms:Encrypt", with.clone()).unwrap_err();
    let event = last(&bench);
    assert_eq!(event.error_code.as_deref(), Some("AccessDenied"));
    assert_eq!(event.error_message.as_deref(), Some(error.message.as_str()));
    assert!(event.is_denied());
    bench.ok("kms:DisableKey", json!({ "KeyId": key }));
    bench.fails("kms:Encrypt", with);
    assert_eq!(
        last(&bench).error_code.as_deref(),
        Some("DisabledException")
    );
}

/// `readOnly` and the category of every operation.
#[test]
fn reading_writing_and_data_are_told_apart() {
    let reading = ["Get", "List", "Describe", "Generate", "Lookup", "Head"];
    let cryptography = [
        "Encrypt",
        "Decrypt",
        "ReEncrypt",
        "Sign",
        "Verify",
        "VerifyMac",
        "DeriveSharedSecret",
        "Encapsulate",
        "Decapsulate",
    ];
    for entry in operations() {
        let (spec, name) = (entry.spec, entry.spec.name);
        let reads = reading.iter().any(|verb| name.starts_with(verb));
        if spec.service == Service::Kms {
            let expected = reads || cryptography.contains(&name);
            assert_eq!(spec.read_only, expected, "{name}");
        }
        let on_objects = spec.service == Service::S3
            && !name.contains("Bucket")
            && !(name == "ListMultipartUploads" && spec.category == Category::Management)
            || ["ListObjectsV2", "ListObjectVersions"].contains(&name);
        if spec.category == Category::Data {
            assert!(on_objects || spec.service == Service::Lambda, "{name}");
        }
        if ["PutObject", "GetObject", "CopyObject", "DeleteObject"].contains(&name) {
            assert_eq!(spec.category, Category::Data, "{name}");
        }
    }
}

/// CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail log file examples".
#[test]
fn the_log_file_has_the_records_of_all_accounts_and_only_cloudtrails_members() {
    let mut bench = Bench::new();
    role(
        &mut bench,
        "shared",
        json!({ "AWS": format!("arn:aws:iam::{AWAY}:root") }),
    );
    let away = bench.away.clone();
    let with = json!({ "RoleArn": role_arn("shared"), "RoleSessionName": "guest" });
    bench.ok_as(&away, "sts:AssumeRole", with);
    let trail = &bench.lab.cloud().trail;
    let file = log_file(trail.records());
    let records = file["Records"].as_array().unwrap();
    assert_eq!(records.len(), trail.len() + 1);
    let known = [
        "eventVersion",
        "userIdentity",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "requestID",
        "eventID",
        "readOnly",
        "resources",
        "eventType",
        "managementEvent",
        "recipientAccountId",
        "sharedEventID",
        "vpcEndpointId",
        "vpcEndpointAccountId",
        "eventCategory",
    ];
    for record in records {
        let members = record.as_object().unwrap();
        assert!(members.keys().all(|m| known.contains(&m.as_str())));
    }
}

/// Texts under members that hold secrets or content, wherever they stand.
fn secrets_in(value: &Value, found: &mut Vec<String>) {
    const NAMES: [&str; 10] = [
        "SecretAccessKey",
        "SessionToken",
        "Plaintext",
        "PrivateKeyPlaintext",
        "SharedSecret",
        "SSECustomerKey",
        "CopySourceSSECustomerKey",
        "Body",
        "Variables",
        "MasterUserPassword",
    ];
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if NAMES.contains(&name.as_str()) => {
                        found.push(text.clone());
                    }
                    Value::Object(texts) if name == "Variables" => {
                        found.extend(texts.values().filter_map(|v| Some(v.as_str()?.to_owned())));
                    }
                    other => secrets_in(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| secrets_in(item, found)),
        _ => {}
    }
}

#[test]
fn no_record_of_any_case_holds_a_secret() {
    let mut looked_for = 0;
    for case in cases::all() {
        let (mut bench, saved) = case.prepared();
        let answer = case.make(&mut bench, &saved);
        let mut secrets = Vec::new();
        secrets_in(&saved.resolve(&case.call), &mut secrets);
        for step in &case.setup {
            if let Some(with) = step.get("with").filter(|w| !w.to_string().contains("${")) {
                secrets_in(&saved.resolve(with), &mut secrets);
            }
        }
        if let Ok(output) = &answer.result {
            secrets_in(output, &mut secrets);
        }
        for known in bench.lab.cloud().credentials.values() {
            secrets.push(known.secret.reveal().to_owned());
            secrets.extend(known.token.iter().map(|token| token.reveal().to_owned()));
        }
        // Shorter ones may stand somewhere by chance.
        secrets.retain(|secret| secret.len() >= 8);
        looked_for += secrets.len();
        let file = log_file(bench.lab.cloud().trail.records()).to_string();
        for secret in &secrets {
            assert!(!file.contains(secret), "{}: {secret}", case.name);
        }
    }
    assert!(looked_for > 1000, "{looked_for}");
}

/// Glue calls S3 with the job's role; KMS's event has the encryption context by
/// which the two can be joined in CloudTrail, and the lab's own link.
#[test]
fn the_event_of_kms_is_joined_to_that_of_s3() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket_under("first", &key);
    let session = bench.glue_role("app");
    let all = document("Allow", json!(["s3:*", "kms:*"]), json!("*"));
    bench.role_policy("app", "all", all);
    bench.put(&session, "first", "k", "hello").unwrap();
    let events = bench.events();
    let [.., put, generated] = events.as_slice() else {
        panic!("two calls");
    };
    assert_eq!(generated.caused_by.as_ref(), Some(&put.event_id));
    let arn = Arn::parse("arn:aws:s3:::first/k").unwrap();
    assert_eq!(
        generated.request_parameters["encryptionContext"]["aws:s3:arn"],
        arn.as_str()
    );
    assert_eq!(
        generated.user_identity["principalId"],
        put.user_identity["principalId"]
    );
}
