//! Rules on condition keys, operators, values and variables.

use serde_json::{Value, json};

use super::{allow, found_in, of, said};
use crate::policy::PolicyKind;
use crate::policy::lint::Severity;

fn with(condition: Value) -> Value {
    json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})
}

fn denied(condition: Value) -> Value {
    json!({"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*", "Condition": condition})
}

#[test]
fn condition_keys_are_looked_up() {
    for (key, expected) in [
        ("aws:PrincipalOrgId", None),
        ("aws:PrincpalArn", Some("did you mean `aws:PrincipalArn`?")),
        (
            "aws:RequestTags/team",
            Some("did you mean `aws:RequestTag/team`?"),
        ),
        ("s3:prefx", Some("did you mean `s3:prefix`?")),
        ("username", Some("did you mean `aws:username`?")),
        ("kms:EncryptionContext:aws:s3:arn", None),
        ("s3:ExistingObjectTag/team", None),
        ("ec2:Anything", None),
        ("token.actions.githubusercontent.com:sub", None),
    ] {
        let found = said(with(json!({"StringLike": {key: "x"}})));
        let expected: Vec<_> = expected
            .map(|text| ("unknown-key", Some(text.to_owned())))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{key}");
    }
    let far = of(
        PolicyKind::Managed,
        with(json!({"Null": {"aws:Zzzzzzzzzzzz": "false"}})),
    );
    assert_eq!(
        (far[0].code, far[0].severity),
        ("unknown-key", Severity::Warning)
    );
}

#[test]
fn an_operator_has_to_fit_the_key_and_its_values() {
    for (operator, key, value, code) in [
        (
            "StringEquals",
            "aws:SourceIp",
            "203.0.113.0/24",
            Some("wrong-operator-type"),
        ),
        (
            "NumericEquals",
            "aws:username",
            "5",
            Some("wrong-operator-type"),
        ),
        (
            "StringEquals",
            "aws:CurrentTime",
            "2026-01-01",
            Some("wrong-operator-type"),
        ),
        (
            "StringEquals",
            "s3:max-keys",
            "10",
            Some("wrong-operator-type"),
        ),
        (
            "IpAddress",
            "aws:SourceIp",
            "203.0.113.0/33",
            Some("unreadable-value"),
        ),
        (
            "NumericLessThan",
            "s3:max-keys",
            "ten",
            Some("unreadable-value"),
        ),
        (
            "Bool",
            "aws:SecureTransport",
            "yes",
            Some("unreadable-value"),
        ),
        (
            "ArnLike",
            "aws:PrincipalArn",
            "role/app",
            Some("unreadable-value"),
        ),
        ("Null", "aws:username", "no", Some("unreadable-value")),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", None),
        (
            "StringLike",
            "aws:PrincipalArn",
            "arn:aws:iam::*:role/app",
            None,
        ),
        (
            "ArnLike",
            "aws:PrincipalArn",
            "arn:aws:iam::${aws:PrincipalAccount}:role/app",
            None,
        ),
        (
            "DateGreaterThan",
            "aws:TokenIssueTime",
            "2026-06-01T12:00:00Z",
            None,
        ),
        ("NumericLessThan", "aws:EpochTime", "1780315200", None),
        ("StringEquals", "aws:SecureTransport", "true", None),
    ] {
        let found = said(with(json!({operator: {key: value}})));
        assert_eq!(
            found.first().map(|(code, _)| *code),
            code,
            "{operator} {key} {value}"
        );
        assert!(found.len() <= 1, "{operator} {key} {value}: {found:?}");
    }
}

#[test]
fn set_operators_are_for_keys_of_several_values() {
    for (statement, code) in [
        (
            with(json!({"StringEquals": {"aws:TagKeys": "team"}})),
            Some("multivalued-without-set-operator"),
        ),
        (
            with(json!({"ForAnyValue:StringEquals": {"aws:username": "ann"}})),
            Some("set-operator-on-single-valued"),
        ),
        (
            with(json!({"ForAllValues:StringEquals": {"aws:TagKeys": "team"}})),
            Some("missing-null-guard"),
        ),
        (
            with(json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}})),
            None,
        ),
        (
            with(
                json!({"ForAllValues:StringEquals": {"aws:TagKeys": "team"}, "Null": {"aws:TagKeys": "false"}}),
            ),
            None,
        ),
        (
            with(
                json!({"ForAllValues:StringEquals": {"aws:TagKeys": "team"}, "StringEquals": {"aws:RequestTag/team": "x"}}),
            ),
            None,
        ),
        (
            denied(json!({"ForAllValues:StringEquals": {"aws:TagKeys": "team"}})),
            None,
        ),
        (
            denied(json!({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}})),
            Some("missing-null-guard"),
        ),
        (
            denied(json!({"StringNotEquals": {"aws:PrincipalArn": "x"}})),
            None,
        ),
        (
            denied(json!({"StringNotEqualsIfExists": {"aws:SourceVpce": "x"}})),
            None,
        ),
        (
            denied(
                json!({"StringNotEquals": {"aws:SourceVpce": "x"}, "Null": {"aws:SourceVpce": "false"}}),
            ),
            None,
        ),
        (
            denied(json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}})),
            Some("missing-if-exists"),
        ),
        (
            denied(json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})),
            None,
        ),
        (
            with(json!({"StringEquals": {"aws:username": []}})),
            Some("no-effect"),
        ),
    ] {
        let found = said(statement.clone());
        assert_eq!(found.first().map(|(code, _)| *code), code, "{statement}");
        assert!(found.len() <= 1, "{statement}: {found:?}");
    }
}

#[test]
fn a_key_has_to_be_in_the_requests_of_the_actions() {
    for (action, key, expected) in [
        (json!("s3:GetObject"), "s3:prefix", true),
        (json!(["s3:GetObject", "s3:PutObject"]), "s3:prefix", true),
        (json!("kms:Decrypt"), "kms:GrantIsForAWSResource", true),
        (json!("s3:GetObject"), "kms:ViaService", true),
        (json!("s3:ListBucket"), "s3:prefix", false),
        (json!(["s3:GetObject", "s3:ListBucket"]), "s3:prefix", false),
        (json!("s3:*"), "s3:prefix", false),
        (json!("*"), "s3:prefix", false),
        (
            json!("kms:Decrypt"),
            "kms:EncryptionContext:aws:s3:arn",
            false,
        ),
        (json!("kms:Decrypt"), "kms:ResourceAliases", false),
        (json!("kms:CreateGrant"), "kms:GrantIsForAWSResource", false),
        (json!("iam:PassRole"), "iam:PassedToService", false),
        (json!("sts:AssumeRole"), "sts:ExternalId", false),
        (
            json!("s3:PutObject"),
            "s3:x-amz-server-side-encryption",
            false,
        ),
        (json!("sqs:SendMessage"), "s3:prefix", false),
        (json!("s3:GetObject"), "aws:SourceIp", false),
    ] {
        let statement = json!({"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::b",
            "Condition": {"Null": {key: "false"}}});
        let found = said(statement);
        let told = found.iter().any(|(code, _)| *code == "key-not-in-request");
        assert_eq!(told, expected, "{action} {key}");
    }
}

#[test]
fn variables_are_looked_up() {
    for (resource, code, suggestion) in [
        (
            "arn:aws:s3:::b/${aws:usernme}/*",
            Some("unknown-variable"),
            Some("did you mean `aws:username`?"),
        ),
        (
            "arn:aws:s3:::b/${username}",
            Some("unknown-variable"),
            Some("did you mean `aws:username`?"),
        ),
        (
            "arn:aws:s3:::b/${aws:TagKeys}",
            Some("multivalued-variable"),
            None,
        ),
        (
            "arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q",
            Some("variable-in-arn-head"),
            Some("use `*` there, and a condition on the key"),
        ),
        (
            "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/${*}",
            None,
            None,
        ),
        (
            "arn:aws:s3:::b/${cognito-identity.amazonaws.com:sub}",
            None,
            None,
        ),
    ] {
        let found = said(allow("s3:GetObject", resource));
        let of_variables = found.iter().find(|(code, _)| code.contains("variable"));
        assert_eq!(of_variables.map(|(code, _)| *code), code, "{resource}");
        assert_eq!(
            of_variables.and_then(|(_, text)| text.as_deref()),
            suggestion,
            "{resource}"
        );
    }
    let old = json!({"Statement": allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*")});
    let found = found_in(PolicyKind::Inline, &old);
    let codes: Vec<_> = found.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["old-version", "variable-in-old-version"]);
}
