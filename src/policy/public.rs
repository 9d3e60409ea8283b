//! Whether a bucket policy is public, as S3 sees it.
//!
//! A policy is public unless every Allow is for fixed principals, or is narrowed
//! by a condition with fixed values on one of a few keys. Source: S3 User Guide,
//! "Blocking public access to your Amazon S3 storage", the meaning of "public".

use super::operator::Family;
use super::template::{first_wildcard, has_variables};
use super::value::Cidr;
use super::{Condition, Effect, Policy, PrincipalElement, PrincipalForm, Statement};

/// The keys whose fixed values narrow a statement, in lower case.
const NARROWING: [&str; 11] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

impl Policy {
    /// Whether S3 takes a bucket with this policy for public.
    pub fn is_public(&self) -> bool {
        self.statements().iter().any(is_public)
    }
}

fn is_public(statement: &Statement) -> bool {
    statement.effect() == Effect::Allow
        && statement.principal().is_none_or(names_everyone)
        && !statement.conditions().iter().any(narrows)
}

fn names_everyone(element: &PrincipalElement) -> bool {
    match element {
        PrincipalElement::Is(patterns) => patterns
            .iter()
            .any(|pattern| *pattern.form() == PrincipalForm::Everyone),
        PrincipalElement::IsNot(_) => true,
    }
}

/// Whether the condition holds for few: it has to compare for equality, and to
/// fail where the key is absent.
fn narrows(condition: &Condition) -> bool {
    let operator = condition.operator();
    let all_values = matches!(operator.quantifier, Some(super::Quantifier::ForAllValues));
    if operator.comparison.is_negated() || operator.if_exists || all_values {
        return false;
    }
    let key = condition.key().to_ascii_lowercase();
    let mut values = condition.values();
    match operator.comparison.family() {
        Family::Ip => key == "aws:sourceip" && values.all(is_narrow_block),
        Family::String | Family::StringIgnoreCase | Family::StringLike | Family::Arn => {
            let fixed = |text: &str| first_wildcard(text).is_none() && !has_variables(text);
            NARROWING.contains(&key.as_str()) && values.all(fixed)
        }
        _ => false,
    }
}

/// Blocks of addresses broader than /8 (IPv4) or /32 (IPv6) are public.
fn is_narrow_block(text: &str) -> bool {
    Cidr::parse(text).is_some_and(|block| block.prefix() >= if block.is_v4() { 8 } else { 32 })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::{Policy, PolicyKind};

    fn is_public(principal: Value, condition: Value) -> bool {
        let mut statement = json!({
            "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::bucket/*",
        });
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
        Policy::parse(PolicyKind::Bucket, &policy.to_string())
            .unwrap()
            .is_public()
    }

    #[test]
    fn everyone_is_public_unless_fixed_values_narrow_it() {
        let cases = [
            (json!("*"), Value::Null, true),
            (json!({ "AWS": "*" }), Value::Null, true),
            (json!({ "AWS": "111122223333" }), Value::Null, false),
            (
                json!({ "Service": "glue.amazonaws.com" }),
                Value::Null,
                false,
            ),
            (
                json!("*"),
                json!({ "StringEquals": { "aws:SourceVpc": "vpc-91237329" } }),
                false,
            ),
            (
                json!("*"),
                json!({ "StringLike": { "aws:SourceVpc": "vpc-*" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "StringEquals": { "aws:SourceVpce": ["vpce-1", "vpce-2"] } }),
                false,
            ),
            (
                json!("*"),
                json!({ "StringNotEquals": { "aws:SourceVpce": "vpce-1" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "StringEqualsIfExists": { "aws:SourceVpce": "vpce-1" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } }),
                false,
            ),
            (
                json!("*"),
                json!({ "StringLike": { "aws:PrincipalOrgID": "o-*" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:topic" } }),
                false,
            ),
            (
                json!("*"),
                json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns:*:*:*" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "StringEquals": { "aws:userid": "${aws:userid}" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "StringLike": { "aws:userid": "AROAEXAMPLE:*" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }),
                false,
            ),
            (
                json!("*"),
                json!({ "IpAddress": { "aws:SourceIp": "0.0.0.0/1" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "IpAddress": { "aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/7"] } }),
                true,
            ),
            (
                json!("*"),
                json!({ "IpAddress": { "aws:SourceIp": "2001:db8::/32" } }),
                false,
            ),
            (
                json!("*"),
                json!({ "IpAddress": { "aws:SourceIp": "2001::/16" } }),
                true,
            ),
            (
                json!("*"),
                json!({ "StringEquals": { "s3:prefix": "a" } }),
                true,
            ),
        ];
        for (principal, condition, public) in cases {
            let shown = format!("{principal} {condition}");
            assert_eq!(is_public(principal, condition), public, "{shown}");
        }
    }

    #[test]
    fn one_public_statement_is_enough_and_a_deny_is_none() {
        let statement = |effect: &str, principal: &str| {
            json!({
                "Effect": effect, "Principal": { "AWS": principal }, "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::bucket/*",
            })
        };
        let of = |statements: Value| {
            let policy = json!({ "Version": "2012-10-17", "Statement": statements });
            Policy::parse(PolicyKind::Bucket, &policy.to_string()).unwrap()
        };
        let both = of(json!([
            statement("Allow", "111122223333"),
            statement("Allow", "*")
        ]));
        assert!(both.is_public());
        assert!(!of(json!([statement("Deny", "*")])).is_public());
        assert_eq!(both.denials().statements().len(), 0);
        let mixed = of(json!([statement("Allow", "*"), statement("Deny", "*")]));
        let denials = mixed.denials();
        let places: Vec<usize> = denials.statements().iter().map(|s| s.index()).collect();
        assert_eq!(places, [1]);
        assert!(denials.statement(0).is_none());
        assert_eq!(denials.statement(1), mixed.statement(1));
    }
}
