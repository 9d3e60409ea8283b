//! Rules on actions and on what they act on.

use serde_json::json;

use super::{allow, of, said};
use crate::policy::PolicyKind;
use crate::policy::lint::Severity;

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
