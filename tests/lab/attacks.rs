//! Repairs beside whom they must not touch: those who had access keep it, and what
//! a repair opens to others is said.

use keychai::api::Service;
use keychai::authz::Model;
use keychai::lab::{Call, fix};
use keychai::state::credential::Credentials;
use serde_json::json;

use crate::bench::{Bench, document, role_arn};

fn reading(credentials: &Credentials) -> Call {
    Call::new(
        credentials.clone(),
        Service::S3,
        "GetObject",
        json!({ "Bucket": "payroll", "Key": "q1.csv" }),
    )
}

fn may_all(bench: &mut Bench, role: &str) -> Credentials {
    let session = bench.glue_role(role);
    let actions = json!(["s3:GetObject", "s3:PutObject", "kms:*"]);
    bench.role_policy(role, "all", document("Allow", actions, json!("*")));
    session
}

/// A bucket with an object, under a key with this policy.
fn stored(bench: &mut Bench, statements: &[serde_json::Value]) {
    let key = bench.key_with(statements);
    bench.bucket_under("payroll", &key);
    let admin = bench.admin.clone();
    bench.put(&admin, "payroll", "q1.csv", "id,amount").unwrap();
}

/// The letters of both names are the same, and so would be the Sids made from them.
#[test]
fn a_repair_takes_nothing_from_one_of_a_like_name() {
    let mut bench = Bench::with(Model::Exam, 7);
    let first = may_all(&mut bench, "GlueRole");
    stored(&mut bench, &[]);
    let repairs = fix(&bench.lab, &reading(&first)).repairs;
    let of_policy = repairs
        .iter()
        .find(|r| r.changes[0].action == "kms:PutKeyPolicy");
    of_policy.unwrap().apply(&mut bench.lab).unwrap();
    let second = may_all(&mut bench, "Glue-Role");
    let fixes = fix(&bench.lab, &reading(&second));
    assert!(fixes.repairs.len() > 1);
    for repair in fixes.repairs {
        let mut repaired = bench.lab.fork();
        repair.apply(&mut repaired).unwrap();
        for session in [&first, &second] {
            let read = reading(session).try_in(&repaired);
            assert!(read.result.is_ok(), "{}", repair.title);
        }
    }
}

/// Taking a Deny on two roles out lets the other one in as well, also where it has the
/// name of an administrator.
#[test]
fn what_a_repair_opens_to_others_is_said() {
    for other in ["zed", "admin"] {
        let mut bench = Bench::with(Model::Aws, 7);
        let me = may_all(&mut bench, "me");
        may_all(&mut bench, other);
        let both = json!([role_arn("me"), role_arn(other)]);
        let allow = json!({ "Sid": "Use", "Effect": "Allow", "Principal": { "AWS": both }, "Action": "kms:*", "Resource": "*" });
        let deny = json!({ "Sid": "Stop", "Effect": "Deny", "Principal": { "AWS": both }, "Action": "kms:Decrypt", "Resource": "*" });
        stored(&mut bench, &[allow, deny]);
        let fixes = fix(&bench.lab, &reading(&me));
        let opened: Vec<(&str, &str)> = fixes.repairs[0]
            .opens
            .iter()
            .filter(|opened| opened.by_others)
            .map(|opened| (opened.principal.as_str(), opened.action.as_str()))
            .collect();
        assert_eq!(opened, [(other, "kms:Decrypt")]);
    }
}

/// Both ways behind a first fault are proposed, the key policy and the grant.
#[test]
fn two_faults_have_more_than_one_way() {
    let mut bench = Bench::with(Model::Exam, 7);
    let session = bench.glue_role("GlueRole");
    bench.role_policy(
        "GlueRole",
        "key",
        document("Allow", json!("kms:*"), json!("*")),
    );
    stored(&mut bench, &[]);
    let fixes = fix(&bench.lab, &reading(&session));
    let by = |action: &str| {
        let mut repairs = fixes.repairs.iter();
        repairs.any(|r| r.changes.iter().any(|c| c.action == action))
    };
    assert!(by("kms:PutKeyPolicy") && by("kms:CreateGrant"), "{fixes:?}");
}
