//! Sessions end; seeds replay; forks do not touch each other.

use keychai::authz::Model;
use keychai::base::Arn;
use keychai::crypto::message::Source as _;
use keychai::lab::{Lab, LabOptions};
use keychai::state::body::Body;
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{Bench, HOME, credentials, document, role_arn, shape, trust};

/// A role that the account may assume, with every permission.
fn role(bench: &mut Bench) {
    let trusted = trust(json!({ "AWS": format!("arn:aws:iam::{HOME}:root") }));
    bench.ok(
        "iam:CreateRole",
        json!({ "RoleName": "app", "AssumeRolePolicyDocument": trusted }),
    );
    bench.role_policy("app", "all", document("Allow", json!("*"), json!("*")));
}

fn assume(bench: &mut Bench, extra: Value) -> Credentials {
    let mut input = json!({ "RoleArn": role_arn("app"), "RoleSessionName": "s1" });
    input
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    credentials(&bench.ok("sts:AssumeRole", input)["Credentials"])
}

const CALLS: [(&str, &str, &str); 4] = [
    (
        "iam:ListUsers",
        "ExpiredToken",
        "The security token included in the request is expired",
    ),
    (
        "sts:GetCallerIdentity",
        "ExpiredToken",
        "The security token included in the request is expired",
    ),
    (
        "kms:ListKeys",
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    (
        "s3:ListBuckets",
        "ExpiredToken",
        "The provided token has expired.",
    ),
];

#[test]
fn a_session_ends_on_the_clock_with_each_services_own_error() {
    let mut bench = Bench::new();
    role(&mut bench);
    let session = assume(&mut bench, json!({ "DurationSeconds": 900 }));
    bench.lab.advance(899).unwrap();
    for (operation, ..) in CALLS {
        bench.ok_as(&session, operation, json!({}));
    }
    bench.lab.advance(1).unwrap();
    for (operation, code, message) in CALLS {
        let status = if operation.starts_with("iam") || operation.starts_with("sts") {
            403
        } else {
            400
        };
        let error = bench.call(&session, operation, json!({})).unwrap_err();
        assert_eq!(shape(&error), (code, status, message), "{operation}");
    }
    let again = assume(&mut bench, json!({}));
    bench.ok_as(&again, "kms:ListKeys", json!({}));
}

#[test]
fn deleting_the_role_ends_its_sessions_and_making_it_again_revives_none() {
    let mut bench = Bench::new();
    role(&mut bench);
    let session = assume(&mut bench, json!({}));
    bench.ok(
        "iam:DeleteRolePolicy",
        json!({ "RoleName": "app", "PolicyName": "all" }),
    );
    bench
        .call(&session, "kms:ListKeys", json!({}))
        .expect_err("a session follows its role's policies");
    bench.ok("iam:DeleteRole", json!({ "RoleName": "app" }));
    for revived in [false, true] {
        if revived {
            role(&mut bench);
        }
        for (operation, ..) in CALLS {
            assert!(
                bench.call(&session, operation, json!({})).is_err(),
                "{operation}"
            );
        }
    }
}

#[test]
fn sessions_before_a_moment_can_be_shut_out() {
    let mut bench = Bench::new();
    role(&mut bench);
    let old = assume(&mut bench, json!({}));
    bench.lab.advance(60).unwrap();
    let now = bench.lab.now().to_string();
    let deny = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": { "DateLessThan": { "aws:TokenIssueTime": now } },
    }]});
    bench.role_policy("app", "revoke", deny.to_string());
    let new = assume(&mut bench, json!({}));
    assert!(
        bench
            .call(&old, "kms:ListKeys", json!({}))
            .unwrap_err()
            .is_denial()
    );
    bench.ok_as(&new, "kms:ListKeys", json!({}));
}

#[test]
fn a_session_policy_takes_away_and_never_adds() {
    let mut bench = Bench::new();
    role(&mut bench);
    let limited = assume(
        &mut bench,
        json!({ "Policy": document("Allow", json!("kms:ListKeys"), json!("*")) }),
    );
    bench.ok_as(&limited, "kms:ListKeys", json!({}));
    bench
        .call(&limited, "kms:ListAliases", json!({}))
        .unwrap_err();
    bench.role_policy("app", "all", document("Allow", json!("s3:*"), json!("*")));
    bench.call(&limited, "kms:ListKeys", json!({})).unwrap_err();
}

/// Some of everything; what it looks like afterwards.
fn played(seed: u64, model: Model) -> (String, String) {
    let mut bench = Bench::with(model, seed);
    role(&mut bench);
    let session = assume(&mut bench, json!({}));
    let key = bench.key();
    bench.bucket_under("first", &key);
    bench.put(&session, "first", "k", "hello").unwrap();
    bench.ok("kms:EnableKeyRotation", json!({ "KeyId": key }));
    bench.ok(
        "kms:CreateGrant",
        json!({ "KeyId": key, "GranteePrincipal": role_arn("app"), "Operations": ["Decrypt"] }),
    );
    bench.advance_days(366);
    let _ = bench.get(&session, "first", "k");
    let events: Vec<String> = bench
        .events()
        .iter()
        .map(|e| serde_json::to_string(e).unwrap())
        .collect();
    let bodies: String = bench
        .lab
        .cloud()
        .buckets
        .values()
        .flat_map(|b| b.objects.values())
        .map(|o| format!("{:?}", o.body))
        .collect();
    (format!("{:?}{bodies}", bench.lab), events.join("\n"))
}

#[test]
fn a_seed_replays_a_run_exactly_and_another_seed_does_not() {
    let (state, trail) = played(1, Model::Exam);
    assert_eq!(played(1, Model::Exam), (state.clone(), trail.clone()));
    let (other_state, other_trail) = played(2, Model::Exam);
    assert_ne!(state, other_state);
    assert_ne!(trail, other_trail);
}

#[test]
fn a_fork_and_its_origin_do_not_see_each_other() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket_under("first", &key);
    let admin = bench.admin.clone();
    bench.put(&admin, "first", "k", "before").unwrap();
    let mut fork = Bench {
        lab: bench.lab.fork(),
        ..Bench::new()
    };
    assert_eq!(format!("{:?}", bench.lab), format!("{:?}", fork.lab));
    let here = format!("{:?}", bench.lab);
    fork.put(&admin, "first", "k", "in the fork").unwrap();
    fork.ok("kms:DisableKey", json!({ "KeyId": key }));
    fork.ok("iam:CreateUser", json!({ "UserName": "ann" }));
    fork.lab.advance(3600).unwrap();
    assert_eq!(format!("{:?}", bench.lab), here);
    assert_eq!(bench.get(&admin, "first", "k").unwrap(), "before");
    let there = format!("{:?}", fork.lab);
    bench.put(&admin, "first", "k", "after").unwrap();
    bench.ok("kms:RotateKeyOnDemand", json!({ "KeyId": key }));
    bench.lab.advance(7200).unwrap();
    assert_eq!(format!("{:?}", fork.lab), there);
    fork.ok("kms:EnableKey", json!({ "KeyId": key }));
    assert_eq!(fork.get(&admin, "first", "k").unwrap(), "in the fork");
    assert_eq!(bench.get(&admin, "first", "k").unwrap(), "after");
}

#[test]
fn forks_share_the_bodies_of_objects() {
    let mut bench = Bench::new();
    let admin = bench.admin.clone();
    bench.bucket("first");
    bench.put(&admin, "first", "k", "hello").unwrap();
    let fork = bench.lab.fork();
    let body = |lab: &Lab| {
        let bucket = lab.cloud().buckets.values().next().unwrap();
        match &bucket.objects.get("k").unwrap().body {
            Body::Framed(framed) => framed.header().unwrap().as_ptr(),
            other => panic!("{other:?} is not how a body is kept in memory"),
        }
    };
    assert_eq!(body(&bench.lab), body(&fork));
}

#[test]
fn a_lab_without_a_seed_uses_the_systems_randomness() {
    let options = LabOptions::default();
    let (one, two) = (Lab::new(&options).unwrap(), Lab::new(&options).unwrap());
    assert!(!one.is_simulated());
    assert_ne!(
        one.admin().unwrap().access_key_id,
        two.admin().unwrap().access_key_id
    );
    assert!(
        Lab::new(&LabOptions {
            seed: Some(1),
            ..options
        })
        .unwrap()
        .is_simulated()
    );
}

#[test]
fn the_clock_does_not_go_back() {
    let mut bench = Bench::new();
    let before = bench.lab.now();
    assert!(bench.lab.advance(-1).is_err());
    assert_eq!(bench.lab.now(), before);
    assert!(Arn::parse(&role_arn("app")).is_ok());
}
