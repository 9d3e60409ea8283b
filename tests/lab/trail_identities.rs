//! Who called, as CloudTrail's records tell it, and in whose trail a call stands.

use keychai::base::AccountId;
use keychai::state::trail::Event;
use serde_json::{Value, json};

use crate::bench::{
    AWAY, Bench, HOME, allow_on_key, blob, credentials, role_arn, text, trust, user_arn,
};

pub fn last(bench: &Bench) -> Event {
    bench.events().pop().unwrap()
}

fn identity(bench: &Bench) -> Value {
    last(bench).user_identity
}

/// CloudTrail User Guide, "CloudTrail userIdentity element".
#[test]
fn a_user_is_named_with_id_arn_account_key_and_name() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench
        .call(&alice, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    let shown = identity(&bench);
    assert_eq!(shown["type"], "IAMUser");
    assert!(shown["principalId"].as_str().unwrap().starts_with("AIDA"));
    assert_eq!(shown["arn"], user_arn("alice"));
    assert_eq!(shown["accountId"], HOME);
    assert_eq!(shown["accessKeyId"], alice.access_key_id.as_str());
    assert_eq!(shown["userName"], "alice");
}

#[test]
fn a_root_user_is_named_by_its_account() {
    let mut bench = Bench::new();
    let root = bench
        .lab
        .root_credentials(&AccountId::parse(HOME).unwrap())
        .unwrap();
    bench
        .call(&root, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    let shown = identity(&bench);
    assert_eq!(
        (&shown["type"], &shown["principalId"], &shown["arn"]),
        (
            &json!("Root"),
            &json!(HOME),
            &json!(format!("arn:aws:iam::{HOME}:root"))
        )
    );
}

pub fn role(bench: &mut Bench, name: &str, principal: Value) {
    let with = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust(principal) });
    bench.ok("iam:CreateRole", with);
}

/// CloudTrail User Guide, "CloudTrail userIdentity element", `sessionContext`.
#[test]
fn a_session_tells_its_issuer_and_when_it_began() {
    let mut bench = Bench::new();
    role(&mut bench, "app", json!({ "AWS": user_arn("admin") }));
    let answer = bench.ok(
        "sts:AssumeRole",
        json!({ "RoleArn": role_arn("app"), "RoleSessionName": "s1" }),
    );
    let assumed = last(&bench);
    assert!(assumed.read_only);
    assert_eq!(
        assumed.request_parameters,
        json!({ "roleArn": role_arn("app"), "roleSessionName": "s1" })
    );
    let elements = &assumed.response_elements;
    assert_eq!(
        elements["credentials"]["accessKeyId"],
        answer["Credentials"]["AccessKeyId"]
    );
    assert_eq!(elements["credentials"]["secretAccessKey"], Value::Null);
    assert_eq!(
        elements["assumedRoleUser"]["arn"],
        answer["AssumedRoleUser"]["Arn"]
    );
    let session = credentials(&answer["Credentials"]);
    bench
        .call(&session, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    let shown = identity(&bench);
    let role = bench.ok("iam:GetRole", json!({ "RoleName": "app" }));
    let id = text(&role, "/Role/RoleId");
    assert_eq!(
        shown,
        json!({
            "type": "AssumedRole",
            "principalId": format!("{id}:s1"),
            "arn": format!("arn:aws:sts::{HOME}:assumed-role/app/s1"),
            "accountId": HOME,
            "accessKeyId": session.access_key_id,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": id, "arn": role_arn("app"),
                    "accountId": HOME, "userName": "app",
                },
                "attributes": {
                    "creationDate": "2026-06-01T12:00:00Z", "mfaAuthenticated": "false",
                },
            },
        })
    );
}

/// CloudTrail User Guide, "CloudTrail userIdentity element", `AWSService`.
#[test]
fn a_service_that_assumes_a_role_has_no_identity_but_its_host() {
    let mut bench = Bench::new();
    bench.glue_role("etl");
    let event = last(&bench);
    assert_eq!(
        event.user_identity,
        json!({ "type": "AWSService", "invokedBy": "glue.amazonaws.com" })
    );
    assert_eq!(event.source_ip_address, "glue.amazonaws.com");
    assert!(event.read_only);
}

/// IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail".
#[test]
fn a_role_of_another_account_leaves_an_event_in_both() {
    let mut bench = Bench::new();
    role(
        &mut bench,
        "shared",
        json!({ "AWS": format!("arn:aws:iam::{AWAY}:root") }),
    );
    let away = bench.away.clone();
    let with = json!({ "RoleArn": role_arn("shared"), "RoleSessionName": "guest" });
    bench.ok_as(&away, "sts:AssumeRole", with);
    let own = last(&bench);
    assert_eq!(own.recipient_account_id.as_str(), AWAY);
    assert_eq!(own.user_identity["type"], "IAMUser");
    let [copy] = own.copies.as_slice() else {
        panic!("one other account is concerned");
    };
    assert_eq!(copy.recipient_account_id.as_str(), HOME);
    assert_eq!(
        copy.user_identity,
        json!({
            "type": "AWSAccount", "principalId": own.user_identity["principalId"],
            "accountId": AWAY,
        })
    );
    assert!(own.shared_event_id.is_some() && own.shared_event_id == copy.shared_event_id);
    assert_ne!(own.event_id, copy.event_id);
    assert_eq!(copy.resources[0].arn, role_arn("shared"));
}

/// KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
#[test]
fn a_key_of_another_account_is_logged_in_both_unless_access_is_denied() {
    let mut bench = Bench::new();
    let away = bench.away.clone();
    let root = format!("arn:aws:iam::{AWAY}:root");
    let open = bench.key_with(&[allow_on_key(&root, json!("kms:*"))]);
    let closed = bench.key();
    let encrypt = |key: &str| json!({ "KeyId": key, "Plaintext": blob("x") });
    bench.ok_as(&away, "kms:Encrypt", encrypt(&open));
    let shared = last(&bench);
    assert_eq!(shared.copies[0].recipient_account_id.as_str(), HOME);
    assert_eq!(shared.copies[0].user_identity["type"], "AWSAccount");
    bench
        .call(&away, "kms:Encrypt", encrypt(&closed))
        .unwrap_err();
    let denied = last(&bench);
    assert_eq!(denied.recipient_account_id.as_str(), AWAY);
    assert!(denied.copies.is_empty() && denied.shared_event_id.is_none());
}

#[test]
fn through_s3_the_owner_of_the_key_learns_which_service_called() {
    let mut bench = Bench::new();
    let away = bench.away.clone();
    let key = bench.key_with(&[allow_on_key(
        &format!("arn:aws:iam::{AWAY}:root"),
        json!("kms:*"),
    )]);
    bench.ok_as(&away, "s3:CreateBucket", json!({ "Bucket": "theirs" }));
    bench.ok_as(
        &away,
        "s3:PutObject",
        json!({
            "Bucket": "theirs", "Key": "k", "Body": blob("x"),
            "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key,
        }),
    );
    let events = bench.events();
    let [.., put, generated] = events.as_slice() else {
        panic!("two calls");
    };
    assert!(put.copies.is_empty());
    let copy = &generated.copies[0].user_identity;
    assert_eq!(copy["type"], "AWSAccount");
    assert_eq!(copy["invokedBy"], "fas.s3.amazonaws.com");
}

/// IAM User Guide, "Monitor and control actions taken with assumed roles".
#[test]
fn a_source_identity_stays_in_the_session_context() {
    let mut bench = Bench::new();
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": user_arn("admin") },
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
        }],
    });
    bench.ok(
        "iam:CreateRole",
        json!({ "RoleName": "app", "AssumeRolePolicyDocument": trust.to_string() }),
    );
    let answer = bench.ok(
        "sts:AssumeRole",
        json!({
            "RoleArn": role_arn("app"), "RoleSessionName": "s1", "SourceIdentity": "ann",
        }),
    );
    let session = credentials(&answer["Credentials"]);
    bench
        .call(&session, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    assert_eq!(identity(&bench)["sessionContext"]["sourceIdentity"], "ann");
}
