//! What the trail tells of callers who sign nothing.

use keychai::crypto::jwt::JwtAlgorithm;
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, credentials, document, role_arn};

const GITHUB: &str = "token.actions.githubusercontent.com";

fn identity(bench: &Bench) -> Value {
    let event = bench.events().pop().unwrap();
    assert_eq!(event.recipient_account_id.as_str(), HOME);
    serde_json::to_value(event.user_identity).unwrap()
}

/// Source: CloudTrail User Guide, "CloudTrail userIdentity element".
#[test]
fn a_stranger_is_recorded_with_the_owner_of_the_bucket() {
    let mut bench = Bench::new();
    bench.bucket("site");
    let read = bench.call(
        &Credentials::anonymous(),
        "s3:ListObjectsV2",
        json!({ "Bucket": "site" }),
    );
    assert_eq!(read.unwrap_err().code, "AccessDenied");
    let expected = json!({
        "type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL",
    });
    assert_eq!(identity(&bench), expected);
}

/// Source: CloudTrail User Guide, "CloudTrail userIdentity element", web
/// identity federation.
#[test]
fn a_token_is_nowhere_but_its_holder_is() {
    let mut bench = Bench::new();
    bench.lab.open_issuer(GITHUB, JwtAlgorithm::Es256);
    let claims = json!({ "sub": "repo:me/app", "aud": "sts.amazonaws.com" });
    let claims = claims.as_object().unwrap().clone();
    let token = bench.lab.issue_token(GITHUB, claims, 300).unwrap();
    let provider = format!("arn:aws:iam::{HOME}:oidc-provider/{GITHUB}");
    bench.ok(
        "iam:CreateOpenIDConnectProvider",
        json!({ "Url": format!("https://{GITHUB}"), "ClientIDList": ["sts.amazonaws.com"] }),
    );
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity",
    }] });
    bench.ok(
        "iam:CreateRole",
        json!({ "RoleName": "deploy", "AssumeRolePolicyDocument": trust.to_string() }),
    );
    bench.role_policy(
        "deploy",
        "own",
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {
                "StringEquals": { format!("{GITHUB}:sub"): "repo:me/app" },
            },
        }] })
        .to_string(),
    );
    let input = json!({
        "RoleArn": role_arn("deploy"), "RoleSessionName": "run",
        "WebIdentityToken": token.reveal(),
    });
    let nobody = Credentials::anonymous();
    let begun = bench.ok_as(&nobody, "sts:AssumeRoleWithWebIdentity", input);
    let expected = json!({
        "type": "WebIdentityUser",
        "principalId": format!("{provider}:sts.amazonaws.com:repo:me/app"),
        "userName": "repo:me/app", "identityProvider": provider,
    });
    assert_eq!(identity(&bench), expected);
    // The session keeps the claims as condition keys, and events name the provider.
    let session = credentials(&begun["Credentials"]);
    bench.ok_as(&session, "s3:ListBuckets", json!({}));
    assert_eq!(
        identity(&bench)["sessionContext"]["webIdFederationData"]["federatedProvider"],
        provider
    );
    let trail = serde_json::to_string(&bench.events()).unwrap();
    assert!(!trail.contains(token.reveal()));
    assert!(!trail.contains(token.reveal().rsplit('.').next().unwrap()));
    bench.role_policy("deploy", "own", document("Deny", json!("*"), json!("*")));
    assert!(bench.call(&session, "s3:ListBuckets", json!({})).is_err());
}

/// Source: CloudTrail User Guide, "CloudTrail userIdentity element", web
/// identity federation: the event is the role's account's.
#[test]
fn a_token_that_does_not_hold_is_told_in_the_account_of_the_role() {
    let mut bench = Bench::new();
    let role = format!("arn:aws:iam::{AWAY}:role/deploy");
    let input = json!({
        "RoleArn": role, "RoleSessionName": "run", "WebIdentityToken": "no.token",
    });
    let signed_elsewhere = bench.admin.clone();
    for who in [Credentials::anonymous(), signed_elsewhere] {
        let refused = bench.call(&who, "sts:AssumeRoleWithWebIdentity", input.clone());
        assert_eq!(refused.unwrap_err().code, "InvalidIdentityToken");
        let event = bench.events().pop().unwrap();
        assert_eq!(event.recipient_account_id.as_str(), AWAY);
        assert_eq!(event.error_code.as_deref(), Some("InvalidIdentityToken"));
        assert_eq!(event.request_parameters["roleArn"], role);
        assert_eq!(event.request_parameters["roleSessionName"], "run");
        assert_eq!(event.resources[0].arn, role);
        let written = serde_json::to_string(&event).unwrap();
        assert!(!written.contains("no.token"));
    }
}
