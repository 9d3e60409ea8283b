//! Each rule: a policy in which it speaks, and one in which it keeps silent.

use serde_json::{Value, json};

use super::{Catalogue, Finding, Severity, lint};
use crate::policy::{Policy, PolicyKind};

fn found_in(kind: PolicyKind, document: &Value) -> Vec<Finding> {
    let policy = Policy::load(kind, &format!("{document:#}")).unwrap();
    lint(&policy, Catalogue::bundled())
}

fn of(kind: PolicyKind, statements: Value) -> Vec<Finding> {
    found_in(
        kind,
        &json!({"Version": "2012-10-17", "Statement": statements}),
    )
}

/// What is said of an identity policy with these statements.
fn said(statements: Value) -> Vec<(&'static str, Option<String>)> {
    let found = of(PolicyKind::Managed, statements);
    found.into_iter().map(|f| (f.code, f.suggestion)).collect()
}

fn codes(kind: PolicyKind, statements: Value) -> Vec<&'static str> {
    of(kind, statements).into_iter().map(|f| f.code).collect()
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn with(condition: Value) -> Value {
    json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition})
}

fn denied(condition: Value) -> Value {
    json!({"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*", "Condition": condition})
}

#[test]
fn names_of_actions_are_looked_up() {
    for (action, code, suggestion) in [
        (
            "s3:GetObjects",
            "unknown-action",
            "did you mean `s3:GetObject`?",
        ),
        (
            "KMS:decrpyt",
            "unknown-action",
            "did you mean `kms:Decrypt`?",
        ),
        (
            "s3:ListObjectsV2",
            "unknown-action",
            "the permission for this operation is `s3:ListBucket`",
        ),
        (
            "kms:ReEncrypt",
            "unknown-action",
            "the permission for this operation is `kms:ReEncryptFrom` and `kms:ReEncryptTo`",
        ),
        (
            "iam:AssumeRole",
            "unknown-action",
            "did you mean `sts:AssumeRole`?",
        ),
        (
            "sts:PassRole",
            "unknown-action",
            "did you mean `iam:PassRole`?",
        ),
        ("s3:Gte*", "unreachable-action", "did you mean `s3:Get*`?"),
        (
            "ss3:GetObject",
            "unknown-service",
            "did you mean `s3:GetObject`?",
        ),
        (
            "dynamdb:GetItem",
            "unknown-service",
            "did you mean `dynamodb:GetItem`?",
        ),
    ] {
        let expected = vec![(code, Some(suggestion.to_owned()))];
        assert_eq!(said(json!(allow(action, "*"))), expected, "{action}");
    }
    for action in [
        "*",
        "s3:*",
        "s3:Get*",
        "S3:GETOBJECT",
        "kms:ReEncrypt*",
        "kms:?ecrypt",
    ] {
        assert_eq!(said(allow(action, "*")), [], "{action}");
    }
    let unheard = said(allow("nosuchservice:DoThing", "*"));
    assert_eq!(unheard, [("unknown-service", None)]);
}

#[test]
fn services_outside_the_catalogue_are_noted_once() {
    let statements = json!([
        {"Effect": "Allow", "Action": ["ec2:Nonsense", "sqs:SendMessage"], "Resource": "*"},
        {"Effect": "Deny", "Action": "ec2:More*", "Resource": "*"},
    ]);
    let found = of(PolicyKind::Managed, statements);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].code, found[0].severity),
        ("not-in-catalogue", Severity::Note)
    );
    assert!(found[0].message.contains("ec2, sqs"), "{}", found[0]);
}

#[test]
fn an_action_has_to_fit_one_of_the_resources() {
    for (action, resource, expected) in [
        (
            "s3:ListBucket",
            "arn:aws:s3:::b/*",
            Some("name the bucket itself: `arn:aws:s3:::bucket`"),
        ),
        (
            "s3:GetObject",
            "arn:aws:s3:::b",
            Some("name the objects: `arn:aws:s3:::bucket/*`"),
        ),
        (
            "s3:ListAllMyBuckets",
            "arn:aws:s3:::b",
            Some("put it into a statement of its own with the resource `*`"),
        ),
        (
            "kms:Decrypt",
            "arn:aws:s3:::b",
            Some("name `arn:aws:kms:${Region}:${Account}:key/${KeyId}`"),
        ),
        ("s3:ListBucket", "arn:aws:s3:::b", None),
        ("s3:ListBucket", "arn:aws:s3:::b*", None),
        ("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*", None),
        (
            "s3:GetObject",
            "arn:aws:s3:us-east-1:111122223333:accesspoint/p/object/*",
            None,
        ),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::*", None),
        ("s3:*", "arn:aws:s3:::b", None),
        ("iam:PassRole", "arn:aws:iam::111122223333:role/eng/*", None),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:role/app", None),
        ("sqs:SendMessage", "arn:aws:s3:::b", None),
        ("*", "arn:aws:s3:::b", None),
    ] {
        let found = said(allow(action, resource));
        let found = found
            .iter()
            .find(|(code, _)| *code == "action-resource-mismatch");
        assert_eq!(
            found.map(|(_, text)| text.as_deref().unwrap()),
            expected,
            "{action} {resource}"
        );
    }
    let both = json!({"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]});
    assert_eq!(said(both), []);
    let others =
        json!({"Effect": "Deny", "Action": "s3:ListBucket", "NotResource": "arn:aws:s3:::b/*"});
    assert_eq!(said(others), []);
}

#[test]
fn an_alias_is_no_key() {
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/pay";
    assert_eq!(
        said(allow("kms:Decrypt", alias))[0].0,
        "alias-arn-in-kms-statement"
    );
    assert_eq!(said(allow("kms:CreateAlias", alias)), []);
    let key = "arn:aws:kms:us-east-1:111122223333:key/1";
    assert_eq!(
        said(json!({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": [alias, key]})),
        []
    );
}

#[test]
fn passing_any_role_is_told_but_not_of_administrators() {
    assert_eq!(said(allow("iam:PassRole", "*"))[0].0, "passrole-star");
    assert_eq!(said(allow("iam:Pass*", "*"))[0].0, "passrole-star");
    assert_eq!(said(allow("iam:*", "*")), []);
    assert_eq!(said(allow("*", "*")), []);
    assert_eq!(
        said(json!({"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"})),
        []
    );
    let limited = json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}});
    assert_eq!(said(limited), []);
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

#[test]
fn negations_that_allow_are_told() {
    let not_action = json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"});
    assert_eq!(said(not_action)[0].0, "not-action-allow");
    let not_resource =
        json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b"});
    assert_eq!(said(not_resource)[0].0, "not-resource-allow");
    let denial = json!({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"});
    assert_eq!(said(denial), []);
    let not_principal = json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
    assert_eq!(
        codes(PolicyKind::Bucket, not_principal),
        ["not-principal-allow"]
    );
}

#[test]
fn policies_of_resources_are_about_their_own_service_and_somebody() {
    let key = |action: &str, principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"});
    let account = json!({"AWS": "111122223333"});
    assert_eq!(
        codes(PolicyKind::Key, key("kms:*", account.clone())),
        Vec::<&str>::new()
    );
    assert_eq!(
        codes(PolicyKind::Key, key("s3:GetObject", account.clone())),
        ["no-effect"]
    );
    assert_eq!(
        codes(PolicyKind::Key, key("kms:*", json!("*"))),
        ["wildcard-in-principal"]
    );
    let mut narrowed = key("kms:*", json!({"AWS": "*"}));
    narrowed["Condition"] = json!({"StringEquals": {"kms:CallerAccount": "111122223333"}});
    assert_eq!(codes(PolicyKind::Key, narrowed), Vec::<&str>::new());
    let without = json!({"Effect": "Allow", "Principal": account, "Action": "kms:Decrypt"});
    assert_eq!(codes(PolicyKind::Key, without), ["no-effect"]);
    let trust = json!({"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"});
    assert_eq!(codes(PolicyKind::Trust, trust), Vec::<&str>::new());
}

#[test]
fn statements_that_repeat_or_undo_others_are_told() {
    let first = json!({"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"});
    let again = json!({"Sid": "B", "Effect": "Allow", "Action": ["S3:PutObject", "s3:GetObject"], "Resource": ["*"]});
    let found = of(PolicyKind::Managed, json!([first, again]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "statement 1 says the same");
    let other = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
    assert_eq!(said(json!([first, other])), []);
    for (denied, resource, expected) in [
        (json!("s3:*"), "*", true),
        (json!(["s3:Get*", "s3:PutObject"]), "*", true),
        (json!("*"), "arn:aws:s3:::b/*", true),
        (json!("s3:Get*"), "*", false),
        (json!("s3:*"), "arn:aws:s3:::other/*", false),
    ] {
        let statements = json!([
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"},
            {"Effect": "Deny", "Action": denied, "Resource": resource},
        ]);
        let found = codes(PolicyKind::Managed, statements);
        assert_eq!(found.contains(&"shadowed"), expected, "{denied} {resource}");
    }
    let conditional = json!([
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ]);
    assert_eq!(said(conditional), []);
}

#[test]
fn a_finding_shows_its_place() {
    let found = of(
        PolicyKind::Managed,
        json!({
            "Sid": "漢字", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjects"], "Resource": "*",
        }),
    );
    assert_eq!((found[0].place.line, found[0].place.column), (8, 7));
    assert_eq!(
        found[0].excerpt(),
        "  8 |       \"s3:GetObjects\"\n    |       ^ error[unknown-action]: S3 has no action \
         `GetObjects`\n    = did you mean `s3:GetObject`?"
    );
}

#[test]
fn a_policy_as_long_as_any_is_linted_in_time_with_its_size() {
    let entry = |n: usize| {
        json!({"Sid": format!("S{n}"), "Effect": if n % 2 == 0 { "Allow" } else { "Deny" },
        "Action": [format!("s3:Nope{n}"), "s3:GetObject"], "Resource": format!("arn:aws:s3:::b{n}"),
        "Condition": {"StringEquals": {format!("aws:Nope{n}"): "${nope}"}}})
    };
    let document =
        json!({"Version": "2012-10-17", "Statement": (0..3000).map(entry).collect::<Vec<_>>()});
    let policy = Policy::load(PolicyKind::Inline, &document.to_string()).unwrap();
    let before = std::time::Instant::now();
    let found = lint(&policy, Catalogue::bundled());
    assert!(found.len() > 9000, "{}", found.len());
    let all: String = found.iter().map(Finding::excerpt).collect();
    assert!(all.lines().all(|line| line.chars().count() < 300));
    assert!(before.elapsed().as_secs() < 20, "{:?}", before.elapsed());
}
