use super::{assume, lab, session};
use crate::service::testing::{AWAY, Bench, HOME, document, role_arn, shape, trust, user_arn};
use serde_json::json;

#[test]
fn a_session_has_the_members_of_aws() {
    let (mut bench, alice) = lab();
    let answer = bench.assume(&alice, "app").unwrap();
    let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
    assert!(key.starts_with("ASIA"));
    assert_eq!(answer["Credentials"]["Expiration"], "2026-06-01T13:00:00Z");
    let user = &answer["AssumedRoleUser"];
    assert_eq!(
        user["Arn"],
        format!("arn:aws:sts::{HOME}:assumed-role/app/s1")
    );
    let id = user["AssumedRoleId"].as_str().unwrap();
    assert!(id.starts_with("AROA") && id.ends_with(":s1"));
    assert!(answer.get("PackedPolicySize").is_none());
    let me = bench
        .call(&session(&answer), "sts:GetCallerIdentity", json!({}))
        .unwrap();
    assert_eq!(
        me,
        json!({ "UserId": id, "Account": HOME, "Arn": user["Arn"] })
    );
}

/// Authorization reference §4: who needs what.
#[test]
fn the_trust_policy_admits_and_the_identity_side_is_asked_where_it_must() {
    for (principal, granted, admitted) in [
        (json!({ "AWS": user_arn("alice") }), false, true),
        (json!({ "AWS": user_arn("alice") }), true, true),
        (json!("*"), false, true),
        (json!({ "AWS": HOME }), false, false),
        (json!({ "AWS": HOME }), true, true),
        (json!({ "AWS": AWAY }), true, false),
        (json!({ "Service": "ec2.amazonaws.com" }), true, false),
    ] {
        let mut bench = Bench::new();
        let alice = bench.user("alice");
        bench.role("app", principal.clone());
        if granted {
            bench.grant("alice", "Allow", json!("*"), "*");
        }
        let result = bench.assume(&alice, "app");
        assert_eq!(result.is_ok(), admitted, "{principal} granted={granted}");
    }
}

#[test]
fn from_another_account_both_sides_must_allow() {
    for (admin, trusted, admitted) in [
        (true, true, true),
        (false, true, false),
        (true, false, false),
    ] {
        let mut bench = Bench::new();
        let away = bench.away.clone();
        let eve = bench.user_of(&away, "eve");
        if admin {
            let policy = json!({
                "UserName": "eve", "PolicyName": "p",
                "PolicyDocument": document("Allow", json!("sts:AssumeRole"), "*"),
            });
            bench.call(&away, "iam:PutUserPolicy", policy).unwrap();
        }
        let principal = format!("arn:aws:iam::{AWAY}:user/eve");
        bench.role(
            "app",
            json!({ "AWS": if trusted { principal.as_str() } else { HOME } }),
        );
        let result = bench.assume(&eve, "app");
        assert_eq!(result.is_ok(), admitted, "admin={admin} trusted={trusted}");
        if let Err(error) = result {
            let text = format!(
                "User: {principal} is not authorized to perform: sts:AssumeRole on resource: {}",
                role_arn("app")
            );
            assert_eq!(shape(&error), ("AccessDenied", 403, text.as_str()));
        }
    }
}

#[test]
fn a_missing_role_is_a_denial_and_root_is_refused() {
    let (mut bench, alice) = lab();
    let error = bench.assume(&alice, "missing").unwrap_err();
    let text = format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
        user_arn("alice"),
        role_arn("missing")
    );
    assert_eq!(shape(&error), ("AccessDenied", 403, text.as_str()));
    let root = bench.root.clone();
    let error = bench.assume(&root, "app").unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "AccessDenied",
            403,
            "Roles may not be assumed by root accounts."
        )
    );
}

#[test]
fn a_denial_names_the_trust_policy_or_the_identity_side() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.role("app", json!({ "AWS": HOME }));
    bench.role("closed", json!({ "Service": "ec2.amazonaws.com" }));
    let error = bench.assume(&alice, "app").unwrap_err();
    assert!(
        error
            .message
            .ends_with("because no identity-based policy allows the sts:AssumeRole action"),
        "{}",
        error.message
    );
    let error = bench.assume(&alice, "closed").unwrap_err();
    assert!(
        error
            .message
            .ends_with("because no role trust policy allows the sts:AssumeRole action"),
        "{}",
        error.message
    );
}

#[test]
fn the_external_id_is_a_condition_key() {
    let (mut bench, alice) = lab();
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "AWS": HOME }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "sts:ExternalId": "blue-7" } },
    }});
    bench.ok(
        "iam:UpdateAssumeRolePolicy",
        json!({
            "RoleName": "app", "PolicyDocument": policy.to_string(),
        }),
    );
    assert!(assume(&mut bench, &alice, json!({})).is_err());
    assert!(assume(&mut bench, &alice, json!({ "ExternalId": "red-1" })).is_err());
    assume(&mut bench, &alice, json!({ "ExternalId": "blue-7" })).unwrap();
}

#[test]
fn a_role_made_again_stays_dead_in_a_trust_policy() {
    let (mut bench, alice) = lab();
    bench.role("first", json!({ "AWS": HOME }));
    bench.role("second", json!({ "AWS": role_arn("first") }));
    let first = session(&bench.assume(&alice, "first").unwrap());
    bench.assume(&first, "second").unwrap();

    bench.ok("iam:DeleteRole", json!({ "RoleName": "first" }));
    bench.role("first", json!({ "AWS": HOME }));
    let first = session(&bench.assume(&alice, "first").unwrap());
    let error = bench.assume(&first, "second").unwrap_err();
    assert_eq!(error.code, "AccessDenied");

    bench.ok(
        "iam:UpdateAssumeRolePolicy",
        json!({
            "RoleName": "second", "PolicyDocument": trust(json!({ "AWS": role_arn("first") })),
        }),
    );
    bench.assume(&first, "second").unwrap();
}
