use super::managed;
use crate::service::testing::{Bench, HOME, document, shape, trust, user_arn};
use serde_json::json;

#[test]
fn a_user_has_the_members_of_aws() {
    let mut bench = Bench::new();
    let user = bench.ok(
        "iam:CreateUser",
        json!({ "UserName": "Alice", "Path": "/hr/" }),
    );
    let user = &user["User"];
    assert_eq!(user["Arn"], format!("arn:aws:iam::{HOME}:user/hr/Alice"));
    assert_eq!(
        (&user["Path"], &user["UserName"]),
        (&json!("/hr/"), &json!("Alice"))
    );
    assert!(user["UserId"].as_str().unwrap().starts_with("AIDA"));
    assert_eq!(user["CreateDate"], "2026-06-01T12:00:00Z");
    let shown = bench.ok("iam:GetUser", json!({ "UserName": "alice" }));
    assert_eq!(shown["User"]["UserId"], user["UserId"]);
}

#[test]
fn names_are_unique_ignoring_case() {
    let mut bench = Bench::new();
    bench.ok("iam:CreateUser", json!({ "UserName": "Alice" }));
    bench.ok("iam:CreateGroup", json!({ "GroupName": "Staff" }));
    bench.role("App", json!({ "Service": "ec2.amazonaws.com" }));
    managed(&mut bench, "Read");
    let trust = trust(json!({ "AWS": HOME }));
    let document = document("Allow", json!("s3:*"), "*");
    for (operation, input, message) in [
        (
            "iam:CreateUser",
            json!({ "UserName": "ALICE" }),
            "User with name Alice already exists.",
        ),
        (
            "iam:CreateGroup",
            json!({ "GroupName": "staff" }),
            "Group with name Staff already exists.",
        ),
        (
            "iam:CreateRole",
            json!({ "RoleName": "aPP", "AssumeRolePolicyDocument": trust }),
            "Role with name App already exists.",
        ),
        (
            "iam:CreatePolicy",
            json!({ "PolicyName": "READ", "PolicyDocument": document }),
            "A policy called READ already exists. Duplicate names are not allowed.",
        ),
    ] {
        assert_eq!(
            shape(&bench.fails(operation, input)),
            ("EntityAlreadyExists", 409, message)
        );
    }
}

#[test]
fn what_does_not_exist_is_not_found() {
    let mut bench = Bench::new();
    bench.ok("iam:CreateUser", json!({ "UserName": "alice" }));
    let arn = format!("arn:aws:iam::{HOME}:policy/none");
    for (operation, input, message) in [
        (
            "iam:GetUser",
            json!({ "UserName": "bob" }),
            "The user with name bob cannot be found.",
        ),
        (
            "iam:GetRole",
            json!({ "RoleName": "r" }),
            "The role with name r cannot be found.",
        ),
        (
            "iam:GetGroup",
            json!({ "GroupName": "g" }),
            "The group with name g cannot be found.",
        ),
        (
            "iam:GetUserPolicy",
            json!({ "UserName": "alice", "PolicyName": "p" }),
            "The user policy with name p cannot be found.",
        ),
        (
            "iam:AttachUserPolicy",
            json!({ "UserName": "alice", "PolicyArn": arn }),
            &format!("Policy {arn} does not exist or is not attachable."),
        ),
        (
            "iam:DeletePolicy",
            json!({ "PolicyArn": arn }),
            &format!("Policy {arn} was not found."),
        ),
    ] {
        assert_eq!(
            shape(&bench.fails(operation, input)),
            ("NoSuchEntity", 404, message)
        );
    }
}

#[test]
fn a_denied_caller_does_not_learn_what_exists() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    for name in ["bob", "nobody"] {
        let error = bench
            .call(&alice, "iam:GetUser", json!({ "UserName": name }))
            .unwrap_err();
        let text = format!(
            "User: {} is not authorized to perform: iam:GetUser on resource: {} because no \
             identity-based policy allows the iam:GetUser action",
            user_arn("alice"),
            user_arn(name)
        );
        assert_eq!(shape(&error), ("AccessDenied", 403, text.as_str()));
    }
}

#[test]
fn a_denial_changes_nothing_but_the_trail() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.role("app", json!({ "Service": "ec2.amazonaws.com" }));
    let (before, events) = (bench.state(), bench.cloud.trail.len());
    let trust = trust(json!({ "AWS": HOME }));
    for (operation, input) in [
        ("iam:CreateUser", json!({ "UserName": "bob" })),
        ("iam:CreateAccessKey", json!({})),
        ("iam:DeleteRole", json!({ "RoleName": "app" })),
        (
            "iam:UpdateAssumeRolePolicy",
            json!({ "RoleName": "app", "PolicyDocument": trust }),
        ),
        (
            "sts:AssumeRole",
            json!({
                "RoleArn": format!("arn:aws:iam::{HOME}:role/app"), "RoleSessionName": "s1",
            }),
        ),
    ] {
        assert!(
            bench
                .call(&alice, operation, input)
                .unwrap_err()
                .is_denial(),
            "{operation}"
        );
    }
    assert_eq!(bench.state(), before);
    assert_eq!(bench.cloud.trail.len(), events + 5);
    assert_eq!(
        bench.last_event().error_code.as_deref(),
        Some("AccessDenied")
    );
}

#[test]
fn a_user_with_belongings_is_not_deleted() {
    let mut bench = Bench::new();
    let arn = managed(&mut bench, "Read");
    bench.ok("iam:CreateUser", json!({ "UserName": "a" }));
    bench.ok("iam:CreateGroup", json!({ "GroupName": "g" }));
    let key = bench.ok("iam:CreateAccessKey", json!({ "UserName": "a" }));
    bench.ok(
        "iam:AddUserToGroup",
        json!({ "UserName": "a", "GroupName": "g" }),
    );
    bench.ok(
        "iam:AttachUserPolicy",
        json!({ "UserName": "a", "PolicyArn": arn }),
    );
    bench.grant("a", "Allow", json!("s3:*"), "*");
    let policy = bench.ok("iam:ListUserPolicies", json!({ "UserName": "a" }));
    let key = key["AccessKey"]["AccessKeyId"].clone();
    for (remove, input, message) in [
        (
            "iam:DetachUserPolicy",
            json!({ "UserName": "a", "PolicyArn": arn }),
            "detach all policies",
        ),
        (
            "iam:DeleteUserPolicy",
            json!({ "UserName": "a", "PolicyName": policy["PolicyNames"][0] }),
            "delete policies",
        ),
        (
            "iam:DeleteAccessKey",
            json!({ "UserName": "a", "AccessKeyId": key }),
            "delete access keys",
        ),
        (
            "iam:RemoveUserFromGroup",
            json!({ "UserName": "a", "GroupName": "g" }),
            "remove users from group",
        ),
    ] {
        let error = bench.fails("iam:DeleteUser", json!({ "UserName": "a" }));
        let text = format!("Cannot delete entity, must {message} first.");
        assert_eq!(shape(&error), ("DeleteConflict", 409, text.as_str()));
        bench.ok(remove, input);
    }
    bench.ok("iam:DeleteUser", json!({ "UserName": "a" }));
    assert_eq!(bench.ok("iam:ListUsers", json!({}))["Users"], json!([]));
}

#[test]
fn groups_hand_their_policies_to_their_members() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.ok("iam:CreateGroup", json!({ "GroupName": "Readers" }));
    bench.ok(
        "iam:PutGroupPolicy",
        json!({
            "GroupName": "readers", "PolicyName": "p",
            "PolicyDocument": document("Allow", json!("iam:GetUser"), "*"),
        }),
    );
    assert!(bench.call(&alice, "iam:GetUser", json!({})).is_err());
    bench.ok(
        "iam:AddUserToGroup",
        json!({ "GroupName": "READERS", "UserName": "alice" }),
    );
    let me = bench.call(&alice, "iam:GetUser", json!({})).unwrap();
    assert_eq!(me["User"]["UserName"], "alice");
    let group = bench.ok("iam:GetGroup", json!({ "GroupName": "Readers" }));
    assert_eq!(group["Users"][0]["UserName"], "alice");
    let conflict = bench.fails("iam:DeleteGroup", json!({ "GroupName": "Readers" }));
    assert_eq!(conflict.code, "DeleteConflict");
}

#[test]
fn malformed_input_is_refused_in_the_words_of_aws() {
    let mut bench = Bench::new();
    bench.ok("iam:CreateUser", json!({ "UserName": "a" }));
    let name = bench.fails("iam:CreateUser", json!({ "UserName": "a b" }));
    assert_eq!(
        shape(&name),
        (
            "ValidationError",
            400,
            "The specified value for userName is \
        invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
        )
    );
    let long = bench.fails("iam:CreateUser", json!({ "UserName": "a".repeat(65) }));
    assert!(
        long.message
            .ends_with("Member must have length less than or equal to 64")
    );
    let json_error = bench.fails(
        "iam:CreateRole",
        json!({
            "RoleName": "r", "AssumeRolePolicyDocument": "{",
        }),
    );
    assert_eq!(
        shape(&json_error),
        (
            "MalformedPolicyDocument",
            400,
            "This policy contains invalid Json"
        )
    );
    let syntax = bench.fails(
        "iam:PutUserPolicy",
        json!({
            "UserName": "a", "PolicyName": "p", "PolicyDocument": "{",
        }),
    );
    assert_eq!(
        shape(&syntax),
        ("MalformedPolicyDocument", 400, "Syntax errors in policy.")
    );
    let twice = json!([{ "Key": "a", "Value": "1" }, { "Key": "A", "Value": "2" }]);
    let tags = bench.fails("iam:TagUser", json!({ "UserName": "a", "Tags": twice }));
    assert_eq!(
        shape(&tags),
        (
            "InvalidInput",
            400,
            crate::service::iam::tags::DUPLICATE_KEYS
        )
    );
}

#[test]
fn access_keys_can_be_switched_off_and_their_secret_is_shown_once() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let secret = alice.secret_access_key.reveal().to_owned();
    assert_eq!(secret.len(), 40);
    let recorded = serde_json::to_string(&bench.last_event()).unwrap();
    assert!(recorded.contains(alice.access_key_id.as_str()) && !recorded.contains(&secret));
    assert!(!format!("{:?}", bench.cloud).contains(&secret));
    let listed = bench
        .ok("iam:ListAccessKeys", json!({ "UserName": "alice" }))
        .to_string();
    assert!(listed.contains(alice.access_key_id.as_str()) && !listed.contains(&secret));

    let who = |bench: &mut Bench| bench.call(&alice, "sts:GetCallerIdentity", json!({}));
    assert_eq!(who(&mut bench).unwrap()["Arn"], user_arn("alice"));
    let update = |status: &str| {
        json!({
            "UserName": "alice", "AccessKeyId": alice.access_key_id, "Status": status,
        })
    };
    bench.ok("iam:UpdateAccessKey", update("Inactive"));
    assert_eq!(who(&mut bench).unwrap_err().code, "InvalidClientTokenId");
    bench.ok("iam:UpdateAccessKey", update("Active"));
    who(&mut bench).unwrap();
}

#[test]
fn events_show_requests_in_camel_case() {
    let mut bench = Bench::new();
    bench.ok(
        "iam:CreateUser",
        json!({
            "UserName": "alice", "Tags": [{ "Key": "team", "Value": "hr" }],
        }),
    );
    let event = bench.last_event();
    assert_eq!(
        event.request_parameters,
        json!({ "userName": "alice", "tags": [{ "key": "team", "value": "hr" }] })
    );
    assert_eq!(event.response_elements["user"]["userName"], "alice");
}
