use super::{assume, lab, session};
use crate::service::testing::{Bench, HOME, document, role_arn, shape, trust, user_arn};
use crate::state::credential::Credentials;
use serde_json::{Value, json};

#[test]
fn durations_have_limits() {
    let (mut bench, alice) = lab();
    let mut fails = |who: &Credentials, seconds: i64| {
        let error = assume(&mut bench, who, json!({ "DurationSeconds": seconds })).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.status),
            ("ValidationError", 400)
        );
        error.message
    };
    assert_eq!(
        fails(&alice, 20),
        "1 validation error detected: Value '20' at 'durationSeconds' failed to satisfy \
         constraint: Member must have value greater than or equal to 900"
    );
    assert_eq!(
        fails(&alice, 3601),
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    bench.ok(
        "iam:UpdateRole",
        json!({ "RoleName": "app", "MaxSessionDuration": 43200 }),
    );
    let long = assume(&mut bench, &alice, json!({ "DurationSeconds": 43200 })).unwrap();
    bench.ok(
        "iam:PutRolePolicy",
        json!({
            "RoleName": "app", "PolicyName": "p",
            "PolicyDocument": document("Allow", json!("sts:AssumeRole"), "*"),
        }),
    );
    let chained = assume(
        &mut bench,
        &session(&long),
        json!({ "DurationSeconds": 3601 }),
    );
    assert_eq!(
        chained.unwrap_err().message,
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role \
         chaining."
    );
    assume(
        &mut bench,
        &session(&long),
        json!({ "DurationSeconds": 3600 }),
    )
    .unwrap();
}

#[test]
fn a_session_ends_on_the_clock_and_with_its_role() {
    let (mut bench, alice) = lab();
    let answer = bench.assume(&alice, "app").unwrap();
    let who = |bench: &mut Bench| bench.call(&session(&answer), "sts:GetCallerIdentity", json!({}));
    bench.advance(3599);
    who(&mut bench).unwrap();
    bench.advance(1);
    let error = who(&mut bench).unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "ExpiredToken",
            403,
            "The security token included in the request is expired"
        )
    );
    let answer = bench.assume(&alice, "app").unwrap();
    bench.ok("iam:DeleteRole", json!({ "RoleName": "app" }));
    bench.role("app", json!({ "AWS": HOME }));
    let error = bench
        .call(&session(&answer), "sts:GetCallerIdentity", json!({}))
        .unwrap_err();
    assert_eq!(error.code, "InvalidClientTokenId");
}

#[test]
fn a_temporary_key_needs_its_token() {
    let (mut bench, alice) = lab();
    let mut stolen = session(&bench.assume(&alice, "app").unwrap());
    stolen.session_token = None;
    let error = bench
        .call(&stolen, "sts:GetCallerIdentity", json!({}))
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("InvalidClientTokenId", 403)
    );
}

#[test]
fn session_policies_narrow_and_never_widen() {
    let (mut bench, alice) = lab();
    let policy = |actions: Value| document("Allow", actions, "*");
    bench.ok(
        "iam:PutRolePolicy",
        json!({
            "RoleName": "app", "PolicyName": "p",
            "PolicyDocument": policy(json!(["iam:ListUsers", "iam:ListRoles"])),
        }),
    );
    let narrow = json!({ "Policy": policy(json!(["iam:ListUsers", "iam:ListGroups"])) });
    let answer = assume(&mut bench, &alice, narrow).unwrap();
    assert!(answer["PackedPolicySize"].as_u64().unwrap() > 0);
    let narrowed = session(&answer);
    bench.call(&narrowed, "iam:ListUsers", json!({})).unwrap();
    let error = bench
        .call(&narrowed, "iam:ListRoles", json!({}))
        .unwrap_err();
    assert!(
        error
            .message
            .ends_with("because no session policy allows the iam:ListRoles action")
    );
    assert!(bench.call(&narrowed, "iam:ListGroups", json!({})).is_err());
    let arns = json!({ "PolicyArns": [{ "Arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }] });
    let managed = session(&assume(&mut bench, &alice, arns).unwrap());
    bench.call(&managed, "iam:ListRoles", json!({})).unwrap();
    let error = assume(&mut bench, &alice, json!({ "Policy": "nonsense" })).unwrap_err();
    assert_eq!(error.message, "The policy is not in the valid JSON format.");
}

#[test]
fn tags_and_source_identity_are_asked_for_and_handed_on() {
    let (mut bench, alice) = lab();
    let team = json!([{ "Key": "team", "Value": "hr" }]);
    bench.ok(
        "iam:PutRolePolicy",
        json!({
            "RoleName": "app", "PolicyName": "p",
            "PolicyDocument": document("Allow", json!("sts:*"), "*"),
        }),
    );
    let first = assume(
        &mut bench,
        &alice,
        json!({
            "Tags": team, "TransitiveTagKeys": ["team"], "SourceIdentity": "alice",
        }),
    );
    let first = session(&first.unwrap());
    let second = assume(&mut bench, &first, json!({})).unwrap();
    assert_eq!(second["SourceIdentity"], "alice");
    let error = assume(&mut bench, &first, json!({ "Tags": team })).unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "InvalidParameterValue",
            400,
            "One of the specified transitive tag keys can't be set because it conflicts with a \
         transitive tag key from the calling session."
        )
    );
    let error = assume(&mut bench, &first, json!({ "SourceIdentity": "bob" })).unwrap_err();
    assert_eq!(error.code, "ValidationError");

    let error = assume(
        &mut bench,
        &alice,
        json!({ "Tags": team, "TransitiveTagKeys": ["x"] }),
    );
    assert_eq!(
        error.unwrap_err().message,
        "The specified transitive tag key must be included in the requested tags."
    );
    let plain = trust(json!({ "AWS": HOME })).replace("sts:TagSession", "sts:Nothing");
    bench.ok(
        "iam:UpdateAssumeRolePolicy",
        json!({ "RoleName": "app", "PolicyDocument": plain }),
    );
    let error = assume(&mut bench, &alice, json!({ "Tags": team })).unwrap_err();
    assert!(
        error.message.contains("perform: sts:TagSession"),
        "{}",
        error.message
    );
    assume(&mut bench, &alice, json!({})).unwrap();
}

#[test]
fn session_names_are_checked() {
    let (mut bench, alice) = lab();
    let error = bench.call(
        &alice,
        "sts:AssumeRole",
        json!({
            "RoleArn": role_arn("app"), "RoleSessionName": "Session1:2",
        }),
    );
    assert_eq!(
        shape(&error.unwrap_err()),
        (
            "ValidationError",
            400,
            "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        )
    );
    let error = bench.call(
        &alice,
        "sts:AssumeRole",
        json!({
            "RoleArn": "nothing-valid-in-here", "RoleSessionName": "s1",
        }),
    );
    assert_eq!(
        error.unwrap_err().message,
        "nothing-valid-in-here is invalid"
    );
}

#[test]
fn session_tokens_are_for_long_term_credentials() {
    let (mut bench, alice) = lab();
    bench.grant("alice", "Deny", json!("sts:Get*"), "*");
    let answer = bench
        .call(&alice, "sts:GetSessionToken", json!({}))
        .unwrap();
    assert_eq!(answer["Credentials"]["Expiration"], "2026-06-02T00:00:00Z");
    let token = session(&answer);
    let me = bench
        .call(&token, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    assert_eq!(me["Arn"], user_arn("alice"));
    bench.assume(&token, "app").unwrap();
    let error = bench
        .call(&token, "sts:GetSessionToken", json!({}))
        .unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "AccessDenied",
            403,
            "Cannot call GetSessionToken with session credentials"
        )
    );
    let serial = format!("arn:aws:iam::{HOME}:mfa/alice");
    let mfa = json!({ "SerialNumber": serial, "TokenCode": "123456" });
    let error = bench.call(&alice, "sts:GetSessionToken", mfa).unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "AccessDenied",
            403,
            "MultiFactorAuthentication failed with invalid MFA one time pass code."
        )
    );
}

#[test]
fn secrets_and_tokens_stay_out_of_debug_and_events() {
    let (mut bench, alice) = lab();
    let answer = bench.assume(&alice, "app").unwrap();
    let event = bench.last_event();
    let recorded = serde_json::to_string(&event).unwrap();
    let debugged = format!("{:?}", bench.cloud);
    for member in ["SecretAccessKey", "SessionToken"] {
        let secret = answer["Credentials"][member].as_str().unwrap();
        assert!(
            !recorded.contains(secret) && !debugged.contains(secret),
            "{member}"
        );
    }
    let elements = &event.response_elements;
    assert_eq!(
        elements["credentials"]["accessKeyId"],
        answer["Credentials"]["AccessKeyId"]
    );
    assert_eq!(
        elements["assumedRoleUser"]["arn"],
        answer["AssumedRoleUser"]["Arn"]
    );
    assert_eq!(
        event.request_parameters,
        json!({ "roleArn": role_arn("app"), "roleSessionName": "s1" })
    );
}
