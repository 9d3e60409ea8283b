use super::managed;
use crate::service::testing::{Bench, credentials, document, shape, trust, user_arn};
use serde_json::{Value, json};

#[test]
fn quotas_of_keys_attachments_versions_and_sizes() {
    let mut bench = Bench::new();
    bench.ok("iam:CreateUser", json!({ "UserName": "a" }));
    for _ in 0..2 {
        bench.ok("iam:CreateAccessKey", json!({ "UserName": "a" }));
    }
    let error = bench.fails("iam:CreateAccessKey", json!({ "UserName": "a" }));
    assert_eq!(
        shape(&error),
        (
            "LimitExceeded",
            409,
            "Cannot exceed quota for AccessKeysPerUser: 2"
        )
    );
    let attach = |arn: &str| json!({ "UserName": "a", "PolicyArn": arn });
    for number in 0..10 {
        let arn = managed(&mut bench, &format!("P{number}"));
        bench.ok("iam:AttachUserPolicy", attach(&arn));
        bench.ok("iam:AttachUserPolicy", attach(&arn));
    }
    let error = bench.fails(
        "iam:AttachUserPolicy",
        attach("arn:aws:iam::aws:policy/ReadOnlyAccess"),
    );
    assert_eq!(error.message, "Cannot exceed quota for PoliciesPerUser: 10");
    let text = |length: usize| {
        let fixed = document("Allow", json!("s3:GetObject"), "arn:aws:s3:::b/").len();
        document(
            "Allow",
            json!("s3:GetObject"),
            &format!("arn:aws:s3:::b/{}", "x".repeat(length - fixed)),
        )
    };
    let put = |text: String| json!({ "UserName": "a", "PolicyName": "p", "PolicyDocument": text });
    bench.ok("iam:PutUserPolicy", put(text(2048)));
    let error = bench.fails("iam:PutUserPolicy", put(text(2049)));
    assert_eq!(
        error.message,
        "Maximum policy size of 2048 bytes exceeded for user a"
    );
    let create = |text: String| json!({ "PolicyName": "Big", "PolicyDocument": text });
    let error = bench.fails("iam:CreatePolicy", create(text(6145)));
    assert_eq!(
        shape(&error),
        (
            "LimitExceeded",
            409,
            "Cannot exceed quota for PolicySize: 6144"
        )
    );
    bench.ok("iam:CreatePolicy", create(text(6144)));
}

#[test]
fn versions_count_up_and_the_default_one_is_in_force() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let arn = managed(&mut bench, "Read");
    bench.ok(
        "iam:AttachUserPolicy",
        json!({ "UserName": "alice", "PolicyArn": arn }),
    );
    let new = |default: bool| {
        json!({
            "PolicyArn": arn, "SetAsDefault": default,
            "PolicyDocument": document("Allow", json!("iam:GetUser"), "*"),
        })
    };
    let version = |id: &str| json!({ "PolicyArn": arn, "VersionId": id });
    bench.ok("iam:CreatePolicyVersion", new(false));
    assert!(bench.call(&alice, "iam:GetUser", json!({})).is_err());
    bench.ok("iam:SetDefaultPolicyVersion", version("v2"));
    bench.call(&alice, "iam:GetUser", json!({})).unwrap();
    let error = bench.fails("iam:DeletePolicyVersion", version("v2"));
    assert_eq!(
        shape(&error),
        (
            "DeleteConflict",
            409,
            "Cannot delete the default version of a policy."
        )
    );
    bench.ok("iam:DeletePolicyVersion", version("v1"));
    for _ in 0..4 {
        bench.ok("iam:CreatePolicyVersion", new(false));
    }
    assert_eq!(
        bench.fails("iam:CreatePolicyVersion", new(false)).code,
        "LimitExceeded"
    );
    let listed = bench.ok("iam:ListPolicyVersions", json!({ "PolicyArn": arn }));
    let ids: Vec<&str> = listed["Versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["VersionId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["v6", "v5", "v4", "v3", "v2"]);
    let error = bench.fails("iam:DeletePolicy", json!({ "PolicyArn": arn }));
    assert_eq!(
        error.message,
        "Cannot delete a policy attached to entities."
    );
}

#[test]
fn aws_managed_policies_can_be_read_and_attached() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let arn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    assert!(bench.call(&alice, "iam:ListUsers", json!({})).is_err());
    bench.ok(
        "iam:AttachUserPolicy",
        json!({ "UserName": "alice", "PolicyArn": arn }),
    );
    bench.call(&alice, "iam:ListUsers", json!({})).unwrap();
    let policy = bench.ok("iam:GetPolicy", json!({ "PolicyArn": arn }));
    assert_eq!(policy["Policy"]["AttachmentCount"], 1);
    let shown = bench.ok(
        "iam:GetPolicyVersion",
        json!({ "PolicyArn": arn, "VersionId": "v1" }),
    );
    let text = shown["PolicyVersion"]["Document"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(text).unwrap()["Statement"].is_array());
}

#[test]
fn a_boundary_limits_and_its_arn_is_a_condition_key() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let arn = managed(&mut bench, "Edge");
    bench.grant("alice", "Allow", json!("iam:*"), "*");
    bench.call(&alice, "iam:GetUser", json!({})).unwrap();
    bench.ok(
        "iam:PutUserPermissionsBoundary",
        json!({
            "UserName": "alice", "PermissionsBoundary": arn,
        }),
    );
    let error = bench.call(&alice, "iam:GetUser", json!({})).unwrap_err();
    assert!(
        error
            .message
            .ends_with("because no permissions boundary allows the iam:GetUser action")
    );
    let shown = bench.ok("iam:GetUser", json!({ "UserName": "alice" }));
    assert_eq!(
        shown["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"],
        arn
    );
    bench.ok(
        "iam:DeleteUserPermissionsBoundary",
        json!({ "UserName": "alice" }),
    );
    bench.call(&alice, "iam:GetUser", json!({})).unwrap();
    let again = bench.fails(
        "iam:DeleteUserPermissionsBoundary",
        json!({ "UserName": "alice" }),
    );
    assert_eq!(again.code, "NoSuchEntity");

    bench.user("bob");
    let only_edge = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*",
        "Condition": { "StringEquals": { "iam:PermissionsBoundary": arn } },
    }});
    bench.ok(
        "iam:PutUserPolicy",
        json!({
            "UserName": "bob", "PolicyName": "p", "PolicyDocument": only_edge.to_string(),
        }),
    );
    let made = bench.ok("iam:CreateAccessKey", json!({ "UserName": "bob" }));
    let bob = credentials(&made["AccessKey"]);
    assert!(
        bench
            .call(&bob, "iam:CreateUser", json!({ "UserName": "c" }))
            .is_err()
    );
    let bounded = json!({ "UserName": "c", "PermissionsBoundary": arn });
    bench.call(&bob, "iam:CreateUser", bounded).unwrap();
}

#[test]
fn trust_policies_name_what_exists_and_stay_with_it() {
    let mut bench = Bench::new();
    let create = |principal: &str| {
        json!({
            "RoleName": "app", "AssumeRolePolicyDocument": trust(json!({ "AWS": principal })),
        })
    };
    let error = bench.fails("iam:CreateRole", create(&user_arn("alice")));
    let text = format!(
        "Invalid principal in policy: \"AWS\":\"{}\"",
        user_arn("alice")
    );
    assert_eq!(
        shape(&error),
        ("MalformedPolicyDocument", 400, text.as_str())
    );

    bench.ok("iam:CreateUser", json!({ "UserName": "alice" }));
    bench.ok("iam:CreateRole", create(&user_arn("alice")));
    let old = bench.ok("iam:GetUser", json!({ "UserName": "alice" }))["User"]["UserId"].clone();
    bench.ok("iam:DeleteUser", json!({ "UserName": "alice" }));
    let alice = bench.user("alice");
    bench.grant("alice", "Allow", json!("sts:AssumeRole"), "*");
    assert_eq!(
        bench.assume(&alice, "app").unwrap_err().code,
        "AccessDenied"
    );
    let shown = bench.ok("iam:GetRole", json!({ "RoleName": "app" }));
    let document = shown["Role"]["AssumeRolePolicyDocument"].as_str().unwrap();
    assert!(document.contains(old.as_str().unwrap()) && !document.contains("user/alice"));

    bench.ok(
        "iam:UpdateAssumeRolePolicy",
        json!({
            "RoleName": "app", "PolicyDocument": trust(json!({ "AWS": user_arn("alice") })),
        }),
    );
    bench.assume(&alice, "app").unwrap();
}
