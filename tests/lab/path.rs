//! The one path: every call is decided, and leaves exactly its events.

use keychai::api::{AccessRequest, Service, Target, View, authenticate, judge};
use keychai::base::Arn;
use keychai::service::operations;
use serde_json::{Value, json};

use crate::bench::{
    Bench, HOME, allow_on_key, blob, credentials, document, role_arn, shape, user_arn,
};
use crate::cases;

/// A lab in which something of everything exists.
fn furnished() -> Bench {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.ok(
        "kms:CreateAlias",
        json!({ "AliasName": "alias/a", "TargetKeyId": key }),
    );
    bench.bucket_under("first", &key);
    bench
        .put(&bench.admin.clone(), "first", "k", "hello")
        .unwrap();
    bench.glue_role("app");
    bench
}

#[test]
fn no_operation_changes_anything_on_empty_or_wrong_input() {
    let mut bench = furnished();
    let nobody = bench.user("nobody");
    let admin = bench.admin.clone();
    let free = ["sts:GetCallerIdentity", "sts:GetSessionToken"];
    for entry in operations() {
        let action = entry.spec.action();
        let refused = |who, input: Value| {
            let mut fork = Bench {
                lab: bench.lab.fork(),
                ..Bench::new()
            };
            let (before, events) = (fork.state(), fork.event_count());
            let result = fork.call(who, &action, input.clone());
            assert_eq!(fork.event_count(), events + 1, "{action} {input}");
            let event = fork.events().pop().unwrap();
            assert_eq!(event.event_name, entry.spec.name);
            assert_eq!(
                event.error_code.is_some(),
                result.is_err(),
                "{action} {input}"
            );
            if result.is_err() || entry.spec.read_only && entry.spec.service != Service::Sts {
                assert_eq!(fork.state(), before, "{action} {input}");
            }
            result
        };
        let error = refused(&admin, json!({ "NoSuchMember": 1 })).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.status),
            (entry.spec.service.validation_code(), 400),
            "{action}"
        );
        assert!(error.message.contains("NoSuchMember"), "{action}: {error}");
        let _ = refused(&admin, json!({}));
        let _ = refused(&admin, json!([]));
        if !free.contains(&action.as_str()) {
            assert!(refused(&nobody, json!({})).is_err(), "{action} as nobody");
        }
    }
}

/// What else a call of a service that uses keys asks for: one of these, in order.
///
/// Sources: KMS Developer Guide, "How Amazon EBS uses AWS KMS", "How AWS Lambda
/// uses AWS KMS"; RDS User Guide, "AWS KMS key management". A key that is not named
/// is the service's own, which nobody has to describe; a disabled one ends it.
fn asked(operation: &str) -> &'static [&'static [&'static str]] {
    match operation {
        "ec2:RunInstances" => &[
            &[],
            &[
                "DescribeKey",
                "GenerateDataKeyWithoutPlaintext",
                "CreateGrant",
                "Decrypt",
            ],
            &["DescribeKey", "GenerateDataKeyWithoutPlaintext"],
        ],
        "ec2:CreateVolume" => &[
            &[],
            &["DescribeKey", "GenerateDataKeyWithoutPlaintext"],
            &["GenerateDataKeyWithoutPlaintext"],
        ],
        "ec2:AttachVolume" => &[&[], &["CreateGrant", "Decrypt"]],
        "ec2:DetachVolume" | "ec2:TerminateInstances" => &[&[], &["RetireGrant"]],
        "ec2:StartInstances" => &[&[], &["Decrypt"]],
        "lambda:CreateFunction" => &[&[], &["Encrypt", "CreateGrant"]],
        "lambda:GetFunction" => &[&[], &["Decrypt"]],
        "lambda:UpdateFunctionConfiguration" => &[
            &[],
            &["Encrypt", "CreateGrant", "RetireGrant", "Decrypt"],
            &["AssumeRole", "Decrypt"],
        ],
        "lambda:DeleteFunction" => &[&[], &["RetireGrant"]],
        "lambda:Invoke" => &[&["AssumeRole"], &["AssumeRole", "Decrypt"]],
        "rds:CreateDBInstance" => &[
            &[],
            &[
                "DescribeKey",
                "CreateGrant",
                "GenerateDataKeyWithoutPlaintext",
                "Decrypt",
            ],
            &["CreateGrant", "GenerateDataKeyWithoutPlaintext", "Decrypt"],
        ],
        "rds:StartDBInstance" => &[&[], &["Decrypt"]],
        "rds:DeleteDBInstance" => &[&[], &["RetireGrant"]],
        _ => &[&[]],
    }
}

#[test]
fn every_call_leaves_one_event_and_one_for_each_call_that_it_forwards() {
    for case in cases::all().iter().filter(|c| c.succeeds()) {
        let (mut bench, saved) = case.prepared();
        let before = bench.event_count();
        let response = case.make(&mut bench, &saved);
        response.result.unwrap();
        let events = bench.events_since(before);
        let (own, forwarded) = events.split_first().unwrap();
        assert_eq!(own.request_id, response.request_id, "{}", case.name);
        assert_eq!(own.caused_by, None);
        let expected = match case.operation() {
            "s3:PutObject" | "s3:CopyObject" | "s3:CreateMultipartUpload"
                if case.call["with"]["SSEKMSKeyId"].is_string() =>
            {
                1
            }
            "s3:GetObject" | "s3:UploadPart" if case.body["output"]["/SSEKMSKeyId"].is_string() => {
                1
            }
            operation => {
                let names: Vec<&str> = forwarded.iter().map(|e| &*e.event_name).collect();
                let fits = asked(operation).iter().any(|asked| **asked == *names);
                assert!(fits, "{}: {names:?}", case.name);
                names.len()
            }
        };
        assert_eq!(forwarded.len(), expected, "{}", case.name);
        for event in forwarded {
            assert_eq!(
                event.caused_by.as_ref(),
                Some(&own.event_id),
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn s3_calls_kms_as_the_caller_and_the_event_says_so() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket_under("first", &key);
    let session = bench.glue_role("app");
    bench.role_policy(
        "app",
        "all",
        document("Allow", json!(["s3:*", "kms:*"]), json!("*")),
    );
    let before = bench.event_count();
    bench.put(&session, "first", "k", "hello").unwrap();
    bench.get(&session, "first", "k").unwrap();
    let events = bench.events_since(before);
    let names: Vec<&str> = events.iter().map(|e| e.event_name.as_str()).collect();
    assert_eq!(
        names,
        ["PutObject", "GenerateDataKey", "GetObject", "Decrypt"]
    );
    let forwarded = &events[1];
    let arn = format!("arn:aws:sts::{HOME}:assumed-role/app/GlueJobRunnerSession");
    assert_eq!(forwarded.user_identity["arn"], arn);
    assert_eq!(forwarded.user_identity["invokedBy"], "fas.s3.amazonaws.com");
    assert_eq!(forwarded.source_ip_address, "fas.s3.amazonaws.com");
    assert_eq!(forwarded.user_agent, "fas.s3.amazonaws.com");
    assert_eq!(forwarded.caused_by.as_ref(), Some(&events[0].event_id));
    assert_eq!(
        forwarded.request_parameters["encryptionContext"],
        json!({ "aws:s3:arn": "arn:aws:s3:::first/k" })
    );
    assert_eq!(forwarded.request_parameters["keySpec"], "AES_256");
    assert_eq!(forwarded.resources[0].arn, key);
    assert!(forwarded.read_only && forwarded.management_event);
    assert_eq!(
        (&*events[0].event_category, events[0].management_event),
        ("Data", false)
    );
    assert_eq!(events[3].response_elements, Value::Null);
    assert_eq!(
        events[0].user_identity["sessionContext"]["sessionIssuer"]["arn"],
        role_arn("app")
    );
}

#[test]
fn a_denial_by_kms_is_recorded_without_exception() {
    let mut bench = Bench::new();
    let key = bench.key();
    let ann = bench.user("ann");
    let error = bench
        .call(
            &ann,
            "kms:Encrypt",
            json!({ "KeyId": key, "Plaintext": blob("x") }),
        )
        .unwrap_err();
    assert_eq!(error.code, "AccessDeniedException");
    let event = bench.events().pop().unwrap();
    assert_eq!(event.error_code.as_deref(), Some("AccessDenied"));
    assert_eq!(event.error_message.as_deref(), Some(error.message.as_str()));
    assert_eq!(event.user_identity["userName"], "ann");
    assert_eq!(event.decisions.len(), 1);
}

#[test]
fn a_refused_forwarded_call_undoes_the_call_and_leaves_both_events() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket_under("first", &key);
    let ann = bench.user("ann");
    bench.allow("ann", json!("s3:*"));
    let (before, events) = (bench.state(), bench.event_count());
    let error = bench.put(&ann, "first", "k", "hello").unwrap_err();
    let text = format!(
        "User: {} is not authorized to perform: kms:GenerateDataKey on resource: {key} because no \
         identity-based policy allows the kms:GenerateDataKey action",
        user_arn("ann")
    );
    assert_eq!(shape(&error), ("AccessDenied", 403, text.as_str()));
    assert_eq!(bench.state(), before);
    let events = bench.events_since(events);
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|e| e.error_code.as_deref() == Some("AccessDenied"))
    );
}

/// The administrator's statement, and `condition` on the role's use through S3.
fn only_if(condition: Value) -> Value {
    let mut statement = allow_on_key(
        &role_arn("app"),
        json!(["kms:GenerateDataKey", "kms:Decrypt"]),
    );
    statement["Condition"] = condition;
    statement
}

#[test]
fn conditions_of_a_key_policy_see_the_service_and_the_object() {
    let mut bench = Bench::new();
    let session = bench.glue_role("app");
    bench.role_policy(
        "app",
        "all",
        document("Allow", json!(["s3:*", "kms:*"]), json!("*")),
    );
    let key = bench.key_with(&[]);
    bench.bucket_under("first", &key);
    let direct = json!({ "KeyId": key, "KeySpec": "AES_256" });
    let through = |host: &str| json!({ "StringEquals": { "kms:ViaService": host } });
    let object = |arn: &str| json!({ "StringEquals": { "kms:EncryptionContext:aws:s3:arn": arn } });

    bench.set_key_policy(&key, &[only_if(through("s3.us-east-1.amazonaws.com"))]);
    bench.put(&session, "first", "a", "x").unwrap();
    assert!(
        bench
            .call(&session, "kms:GenerateDataKey", direct.clone())
            .is_err()
    );
    bench.set_key_policy(&key, &[only_if(through("glue.us-east-1.amazonaws.com"))]);
    assert!(bench.put(&session, "first", "a", "x").is_err());

    bench.set_key_policy(&key, &[only_if(object("arn:aws:s3:::first/a"))]);
    bench.put(&session, "first", "a", "x").unwrap();
    assert!(bench.put(&session, "first", "b", "x").is_err());

    bench.set_key_policy(
        &key,
        &[only_if(json!({ "Bool": { "aws:ViaAWSService": "false" } }))],
    );
    bench.call(&session, "kms:GenerateDataKey", direct).unwrap();
    assert!(bench.put(&session, "first", "a", "x").is_err());
}

#[test]
fn events_hold_no_secret_plaintext_or_data_key() {
    const MARK: &str = "the-plaintext-that-nobody-records";
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket_under("first", &key);
    let admin = bench.admin.clone();
    let mut secrets = vec![MARK.to_owned(), blob(MARK)];
    secrets.push(admin.secret_access_key.reveal().to_owned());
    bench.ok("iam:CreateUser", json!({ "UserName": "ann" }));
    let made = bench.ok("iam:CreateAccessKey", json!({ "UserName": "ann" }));
    secrets.push(
        credentials(&made["AccessKey"])
            .secret_access_key
            .reveal()
            .to_owned(),
    );
    let session = bench.glue_role("app");
    secrets.push(session.secret_access_key.reveal().to_owned());
    secrets.push(session.session_token.unwrap().reveal().to_owned());
    let token = bench.ok("sts:GetSessionToken", json!({}));
    secrets.push(
        token["Credentials"]["SecretAccessKey"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    secrets.push(
        token["Credentials"]["SessionToken"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    let data_key = bench.ok(
        "kms:GenerateDataKey",
        json!({ "KeyId": key, "KeySpec": "AES_256" }),
    );
    secrets.push(data_key["Plaintext"].as_str().unwrap().to_owned());
    secrets.push(data_key["CiphertextBlob"].as_str().unwrap().to_owned());
    let sealed = bench.ok(
        "kms:Encrypt",
        json!({ "KeyId": key, "Plaintext": blob(MARK) }),
    );
    bench.ok(
        "kms:Decrypt",
        json!({ "CiphertextBlob": sealed["CiphertextBlob"] }),
    );
    bench.ok(
        "kms:ReEncrypt",
        json!({ "CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": key }),
    );
    let random = bench.ok("kms:GenerateRandom", json!({ "NumberOfBytes": 32 }));
    secrets.push(random["Plaintext"].as_str().unwrap().to_owned());
    bench.put(&admin, "first", "k", MARK).unwrap();
    bench.get(&admin, "first", "k").unwrap();
    let shown: String = bench
        .events()
        .iter()
        .map(|e| format!("{e:?}\n{}\n", serde_json::to_string(e).unwrap()))
        .collect();
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} stands in the trail");
    }
    assert!(shown.contains("PutObject") && shown.contains("GenerateRandom"));
}

#[test]
fn credentials_are_checked_with_each_services_own_errors() {
    let mut bench = Bench::new();
    let mut wrong_secret = bench.user("ann");
    let mut unknown = wrong_secret.clone();
    wrong_secret.secret_access_key = keychai::base::SecretText::new("guess".into());
    unknown.access_key_id = keychai::base::AccessKeyId::parse("AKIAAAAAAAAAAAAAAAAA").unwrap();
    let calls = [
        (
            "iam:ListUsers",
            "InvalidClientTokenId",
            403,
            "SignatureDoesNotMatch",
            403,
        ),
        (
            "sts:GetCallerIdentity",
            "InvalidClientTokenId",
            403,
            "SignatureDoesNotMatch",
            403,
        ),
        (
            "kms:ListKeys",
            "UnrecognizedClientException",
            400,
            "InvalidSignatureException",
            400,
        ),
        (
            "s3:ListBuckets",
            "InvalidAccessKeyId",
            403,
            "SignatureDoesNotMatch",
            403,
        ),
    ];
    for (operation, code, status, signature, signature_status) in calls {
        let error = bench.call(&unknown, operation, json!({})).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.status),
            (code, status),
            "{operation}"
        );
        let error = bench.call(&wrong_secret, operation, json!({})).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.status),
            (signature, signature_status),
            "{operation}"
        );
    }
    let error = bench
        .call(&unknown, "s3:HeadBucket", json!({ "Bucket": "first" }))
        .unwrap_err();
    assert_eq!(shape(&error), ("403", 403, "Forbidden"));
}

#[test]
fn an_inactive_key_is_unknown() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    bench
        .call(&ann, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    let id = ann.access_key_id.to_string();
    let status = |status: &str| json!({ "UserName": "ann", "AccessKeyId": id, "Status": status });
    bench.ok("iam:UpdateAccessKey", status("Inactive"));
    let error = bench
        .call(&ann, "sts:GetCallerIdentity", json!({}))
        .unwrap_err();
    assert_eq!(error.code, "InvalidClientTokenId");
    bench.ok("iam:UpdateAccessKey", status("Active"));
    bench
        .call(&ann, "sts:GetCallerIdentity", json!({}))
        .unwrap();
}

#[test]
fn judging_a_call_agrees_with_making_it() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let statements = [
        ("Allow", json!("kms:*")),
        ("Allow", json!("kms:Enc*")),
        ("Deny", json!("kms:Encrypt")),
        ("Allow", json!("kms:Decrypt")),
    ];
    let keys = [
        bench.key(),
        bench.key_with(&[]),
        bench.key_with(&[allow_on_key(&user_arn("ann"), json!("kms:Encrypt"))]),
    ];
    let mut outcomes = std::collections::BTreeSet::new();
    for (effect, actions) in statements {
        bench.policy("ann", "own", effect, actions);
        for key in &keys {
            for model in [keychai::authz::Model::Exam, keychai::authz::Model::Aws] {
                bench.lab.set_model(model);
                let cloud = bench.lab.cloud();
                let now = bench.lab.now();
                let caller = authenticate(cloud, &ann, Service::Kms, now).unwrap();
                let view = View {
                    cloud,
                    caller: &caller,
                    region: &cloud.region,
                    endpoint: None,
                    now,
                };
                let found = cloud.key_by_arn(&Arn::parse(key).unwrap()).unwrap();
                let request = AccessRequest::new("kms:Encrypt", Target::key(cloud, found));
                let judged = judge(&view, &request);
                let input = json!({ "KeyId": key, "Plaintext": blob("x") });
                let made = bench.call(&ann, "kms:Encrypt", input);
                assert_eq!(judged.is_allow(), made.is_ok(), "{key} {effect} {model}");
                if let Err(error) = made {
                    assert_eq!(error.decision.unwrap().verdict, judged.verdict);
                }
                outcomes.insert(judged.is_allow());
            }
        }
    }
    assert_eq!(outcomes.len(), 2, "the matrix holds only one outcome");
}
