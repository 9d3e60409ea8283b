//! What EC2's denials carry, decoded.

use keychai::api::encoded_message;
use serde_json::{Value, json};

use crate::bench::{Bench, HOME, user_arn};

fn volume() -> Value {
    json!({ "Size": 1, "AvailabilityZone": "us-east-1a" })
}

/// The message of a denied CreateVolume of bob's, in clear.
fn told(bench: &mut Bench, bob: &keychai::state::credential::Credentials) -> Value {
    let error = bench.call(bob, "ec2:CreateVolume", volume()).unwrap_err();
    let encoded = encoded_message(&error.message).unwrap();
    let decoded = bench.ok(
        "sts:DecodeAuthorizationMessage",
        json!({ "EncodedMessage": encoded }),
    );
    serde_json::from_str(decoded["DecodedMessage"].as_str().unwrap()).unwrap()
}

#[test]
fn it_says_who_asked_for_what_and_that_nothing_allowed_it() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let told = told(&mut bench, &bob);
    assert_eq!(told["allowed"], false);
    assert_eq!(told["explicitDeny"], false);
    assert_eq!(told["matchedStatements"]["items"], json!([]));
    assert_eq!(told["failures"]["items"], json!([]));
    let context = &told["context"];
    assert_eq!(context["principal"]["name"], "bob");
    assert_eq!(context["principal"]["arn"], user_arn("bob"));
    assert_eq!(context["action"], "ec2:CreateVolume");
    let account =
        json!({ "key": "aws:PrincipalAccount", "values": { "items": [{ "value": HOME }] } });
    let conditions = context["conditions"]["items"].as_array().unwrap();
    assert!(conditions.contains(&account), "{conditions:?}");
}

#[test]
fn it_names_the_statement_that_denied() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "ec2:*", "Resource": "*" },
        { "Sid": "OnlyElsewhere", "Effect": "Deny", "Action": "ec2:Create*", "Resource": "*",
          "Condition": { "StringEquals": { "aws:RequestedRegion": "us-east-1" } } },
    ] });
    bench.ok(
        "iam:PutUserPolicy",
        json!({ "UserName": "bob", "PolicyName": "p", "PolicyDocument": policy.to_string() }),
    );
    let told = told(&mut bench, &bob);
    assert_eq!(told["explicitDeny"], true);
    let items = told["matchedStatements"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    let statement = &items[0];
    assert_eq!(statement["statementId"], "OnlyElsewhere");
    assert_eq!(statement["effect"], "DENY");
    assert_eq!(
        statement["actions"]["items"],
        json!([{ "value": "ec2:Create*" }])
    );
    assert_eq!(statement["resources"]["items"], json!([{ "value": "*" }]));
    assert_eq!(
        statement["conditions"]["items"],
        json!([{ "key": "aws:RequestedRegion", "values": { "items": [{ "value": "us-east-1" }] } }])
    );
}

#[test]
fn calls_that_read_carry_none() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let error = bench
        .call(&bob, "ec2:DescribeVolumes", json!({}))
        .unwrap_err();
    assert_eq!(encoded_message(&error.message), None);
}
