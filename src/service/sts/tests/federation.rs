//! Federated users: what they can do is what the user and the session policy allow.
//!
//! Source: IAM User Guide, "Compare AWS STS credentials" and "Permissions for
//! GetFederationToken"; STS API Reference, GetFederationToken.

use super::session;
use crate::service::testing::{AWAY, Bench, HOME, document, shape, user_arn};
use crate::state::credential::Credentials;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:sts::111122223333:federated-user/guest";

/// A user who may federate and make buckets, and whose buckets `data` and `open` exist.
fn lab() -> (Bench, Credentials) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let actions = json!([
        "sts:GetFederationToken",
        "s3:CreateBucket",
        "iam:*",
        "sts:*"
    ]);
    bench.grant("alice", "Allow", actions, "*");
    bench.ok("s3:CreateBucket", json!({ "Bucket": "data" }));
    (bench, alice)
}

fn federate(
    bench: &mut Bench,
    who: &Credentials,
    extra: Value,
) -> Result<Value, crate::api::ApiError> {
    let mut input = json!({ "Name": "guest" });
    let members = input.as_object_mut().unwrap();
    members.extend(extra.as_object().unwrap().clone());
    bench.call(who, "sts:GetFederationToken", input)
}

/// A session that may do no more than `actions`.
fn narrowed(bench: &mut Bench, who: &Credentials, actions: Value) -> Credentials {
    let policy = document("Allow", actions, "*");
    session(&federate(bench, who, json!({ "Policy": policy })).unwrap())
}

fn create(bench: &mut Bench, who: &Credentials, name: &str) -> Result<Value, crate::api::ApiError> {
    bench.call(who, "s3:CreateBucket", json!({ "Bucket": name }))
}

fn open_bucket(bench: &mut Bench, principal: &str) {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::data" }] });
    let input = json!({ "Bucket": "data", "Policy": policy.to_string() });
    bench.ok("s3:PutBucketPolicy", input);
}

fn list(bench: &mut Bench, who: &Credentials) -> Result<Value, crate::api::ApiError> {
    bench.call(who, "s3:ListObjectsV2", json!({ "Bucket": "data" }))
}

#[test]
fn the_session_policy_and_the_users_policies_both_have_to_allow() {
    let (mut bench, alice) = lab();
    let both = narrowed(&mut bench, &alice, json!("s3:*"));
    create(&mut bench, &both, "made-by-guest").unwrap();
    assert_eq!(
        shape(&list(&mut bench, &both).unwrap_err()),
        (
            "AccessDenied",
            403,
            "User: arn:aws:sts::111122223333:federated-user/guest is not authorized to perform: \
             s3:ListBucket on resource: \"arn:aws:s3:::data\" because no identity-based policy \
             allows the s3:ListBucket action"
        )
    );
    let other = narrowed(&mut bench, &alice, json!("kms:*"));
    assert!(
        create(&mut bench, &other, "not-made")
            .unwrap_err()
            .message
            .ends_with("because no session policy allows the s3:CreateBucket action")
    );
}

#[test]
fn without_a_session_policy_only_a_resources_policy_helps_that_names_the_session() {
    let (mut bench, alice) = lab();
    let bare = session(&federate(&mut bench, &alice, json!({})).unwrap());
    assert_eq!(
        create(&mut bench, &bare, "not-made").unwrap_err().code,
        "AccessDenied"
    );
    assert!(list(&mut bench, &bare).is_err());
    open_bucket(&mut bench, ARN);
    list(&mut bench, &bare).unwrap();
    // Named as the user who federated, it is still bound by its session policies.
    open_bucket(&mut bench, &user_arn("alice"));
    assert!(list(&mut bench, &bare).is_err());
    let narrow = narrowed(&mut bench, &alice, json!("s3:ListBucket"));
    list(&mut bench, &narrow).unwrap();
}

#[test]
fn a_boundary_of_the_user_binds_its_federated_users() {
    let (mut bench, alice) = lab();
    let guest = narrowed(&mut bench, &alice, json!("s3:*"));
    let bound = json!({
        "PolicyName": "bound", "PolicyDocument": document("Allow", json!("kms:*"), "*"),
    });
    let arn = bench.ok("iam:CreatePolicy", bound)["Policy"]["Arn"].clone();
    let put = json!({ "UserName": "alice", "PermissionsBoundary": arn });
    bench.ok("iam:PutUserPermissionsBoundary", put);
    assert!(
        create(&mut bench, &guest, "not-made")
            .unwrap_err()
            .message
            .contains("no permissions boundary allows")
    );
}

#[test]
fn a_federated_user_calls_neither_iam_nor_most_of_sts() {
    let (mut bench, alice) = lab();
    bench.role("app", json!({ "AWS": "*" }));
    let guest = narrowed(&mut bench, &alice, json!("*"));
    let error = bench.call(&guest, "iam:ListUsers", json!({})).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("InvalidClientTokenId", 403)
    );
    let error = bench.assume(&guest, "app").unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "AccessDenied",
            403,
            "User: arn:aws:sts::111122223333:federated-user/guest is not authorized to perform: \
             sts:AssumeRole on resource: arn:aws:iam::111122223333:role/app"
        )
    );
    let error = bench
        .call(&guest, "sts:GetSessionToken", json!({}))
        .unwrap_err();
    assert_eq!(error.code, "AccessDenied");
    let error = federate(&mut bench, &guest, json!({})).unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "AccessDenied",
            403,
            "Cannot call GetFederationToken with session credentials"
        )
    );
    let who = bench
        .call(&guest, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    assert_eq!(
        who,
        json!({ "UserId": "111122223333:guest", "Account": HOME, "Arn": ARN })
    );
}

#[test]
fn conditions_see_a_federated_user() {
    let (mut bench, alice) = lab();
    let tags = json!({
        "Policy": document("Allow", json!("s3:*"), "*"), "Tags": [{ "Key": "team", "Value": "red" }],
    });
    let guest = session(&federate(&mut bench, &alice, tags).unwrap());
    bench.ok(
        "iam:TagUser",
        json!({ "UserName": "alice", "Tags": [
        { "Key": "team", "Value": "blue" }, { "Key": "site", "Value": "north" } ] }),
    );
    let policy = |condition: Value| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Action": ["s3:CreateBucket", "sts:GetFederationToken"], "Resource": "*",
            "Condition": condition }] })
    };
    let mut allowed = |name: &str, condition: Value| {
        for entry in ["p0", "only"] {
            let _ = bench.call(
                &bench.root.clone(),
                "iam:DeleteUserPolicy",
                json!({ "UserName": "alice", "PolicyName": entry }),
            );
        }
        let names = bench.ok("iam:ListUserPolicies", json!({ "UserName": "alice" }));
        for old in names["PolicyNames"].as_array().unwrap() {
            let input = json!({ "UserName": "alice", "PolicyName": old });
            bench.ok("iam:DeleteUserPolicy", input);
        }
        let input = json!({ "UserName": "alice", "PolicyName": "only",
            "PolicyDocument": policy(condition).to_string() });
        bench.ok("iam:PutUserPolicy", input);
        create(&mut bench, &guest, name).is_ok()
    };
    let held = json!({
        "StringEquals": {
            "aws:PrincipalType": "FederatedUser", "aws:userid": "111122223333:guest",
            "aws:PrincipalAccount": HOME, "aws:PrincipalTag/team": "red",
            "aws:PrincipalTag/site": "north",
        },
        "ArnEquals": { "aws:PrincipalArn": ARN },
        "Null": { "aws:username": "true", "aws:TokenIssueTime": "false" },
    });
    assert!(allowed("conditions-hold", held));
    let user = json!({ "StringEquals": { "aws:username": "alice" } });
    assert!(!allowed("not-a-user", user));
}

#[test]
fn names_and_durations_have_limits() {
    let (mut bench, alice) = lab();
    for (extra, rule) in [
        (json!({ "Name": "a" }), "length greater than or equal to 2"),
        (
            json!({ "Name": "a".repeat(33) }),
            "length less than or equal to 32",
        ),
        (json!({ "Name": "a b" }), "regular expression pattern"),
        (
            json!({ "DurationSeconds": 899 }),
            "greater than or equal to 900",
        ),
        (
            json!({ "DurationSeconds": 129_601 }),
            "less than or equal to 129600",
        ),
    ] {
        let error = federate(&mut bench, &alice, extra.clone()).unwrap_err();
        assert_eq!(error.code, "ValidationError", "{extra}");
        assert!(error.message.contains(rule), "{error}");
    }
    let mut ends = |who: &Credentials, extra: Value| {
        let answer = federate(&mut bench, who, extra).unwrap();
        answer["Credentials"]["Expiration"].clone()
    };
    let by_default = ends(&alice, json!({}));
    assert_eq!(
        by_default,
        ends(&alice, json!({ "DurationSeconds": 43_200 }))
    );
    let root = Bench::new().root;
    let an_hour = ends(&root, json!({ "DurationSeconds": 3600 }));
    assert_eq!(an_hour, ends(&root, json!({})));
    assert_eq!(an_hour, ends(&root, json!({ "DurationSeconds": 129_600 })));
    assert_ne!(an_hour, by_default);
}

#[test]
fn the_roots_federated_user_has_what_the_session_policy_leaves() {
    let (mut bench, _) = lab();
    let root = bench.root.clone();
    let guest = narrowed(&mut bench, &root, json!("s3:CreateBucket"));
    create(&mut bench, &guest, "made-by-guest").unwrap();
    assert!(list(&mut bench, &guest).is_err());
    let away = bench.away.clone();
    let stranger = narrowed(&mut bench, &away, json!("*"));
    let who = bench.call(&stranger, "sts:GetCallerIdentity", json!({}));
    assert_eq!(who.unwrap()["Account"], AWAY);
    assert!(list(&mut bench, &stranger).is_err());
}

#[test]
fn the_session_ends_on_the_clock_and_with_its_user() {
    let (mut bench, alice) = lab();
    let short = session(&federate(&mut bench, &alice, json!({ "DurationSeconds": 900 })).unwrap());
    let long = session(&federate(&mut bench, &alice, json!({})).unwrap());
    let who = |bench: &mut Bench, whose: &Credentials| {
        bench.call(whose, "sts:GetCallerIdentity", json!({}))
    };
    who(&mut bench, &short).unwrap();
    bench.advance(900);
    assert_eq!(who(&mut bench, &short).unwrap_err().code, "ExpiredToken");
    who(&mut bench, &long).unwrap();
    let account = crate::base::AccountId::parse(HOME).unwrap();
    let known = bench.cloud.accounts.get_mut(&account).unwrap();
    known.users.remove_mut("alice");
    assert_eq!(
        who(&mut bench, &long).unwrap_err().code,
        "InvalidClientTokenId"
    );
}

#[test]
fn tags_need_tag_session_and_the_trail_tells_who_vouched() {
    let (mut bench, _) = lab();
    let bob = bench.user("bob");
    bench.grant(
        "bob",
        "Allow",
        json!(["sts:GetFederationToken", "s3:*"]),
        "*",
    );
    let tags = json!({ "Tags": [{ "Key": "team", "Value": "red" }] });
    let error = federate(&mut bench, &bob, tags).unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "AccessDenied",
            403,
            "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: \
             sts:TagSession on resource: arn:aws:sts::111122223333:federated-user/guest because \
             no identity-based policy allows the sts:TagSession action"
        )
    );
    let guest = narrowed(&mut bench, &bob, json!("s3:*"));
    let made = serde_json::to_value(bench.last_event()).unwrap();
    assert_eq!(made["requestParameters"]["name"], "guest");
    assert_eq!(
        made["responseElements"]["federatedUser"],
        json!({ "federatedUserId": "111122223333:guest", "arn": ARN })
    );
    let shown = made.to_string();
    assert!(!shown.contains(guest.secret_access_key.reveal()));
    assert!(!shown.contains(guest.session_token.as_ref().unwrap().reveal()));
    create(&mut bench, &guest, "made-by-guest").unwrap();
    let identity = bench.last_event().user_identity;
    let bob_id = bench.ok("iam:GetUser", json!({ "UserName": "bob" }))["User"]["UserId"].clone();
    assert_eq!(identity["type"], "FederatedUser");
    assert_eq!(identity["principalId"], "111122223333:guest");
    assert_eq!(identity["arn"], ARN);
    assert_eq!(
        identity["sessionContext"]["sessionIssuer"],
        json!({
            "type": "IAMUser", "principalId": bob_id, "arn": user_arn("bob"),
            "accountId": HOME, "userName": "bob",
        })
    );
}
