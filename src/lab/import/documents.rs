//! Policy documents in every form in which the CLI prints them.

use serde_json::Value;

use crate::base::{AccountId, Timestamp};
use crate::policy::{Policy, PolicyKind, Resolution};
use crate::state::Cloud;

/// The text of a document: an object, JSON in a string, or that URL-encoded.
///
/// # Errors
/// A sentence about what it is instead.
pub(super) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::Object(_) => Ok(value.to_string()),
        Value::String(text) if text.trim_start().starts_with('{') => Ok(text.clone()),
        Value::String(text) => {
            let decoded = decoded(text).ok_or("this is neither JSON nor URL-encoded JSON")?;
            match decoded.trim_start().starts_with('{') {
                true => Ok(decoded),
                false => Err("this is neither JSON nor URL-encoded JSON".to_owned()),
            }
        }
        _ => Err("a policy document is an object or a string".to_owned()),
    }
}

/// The document of `value`, compiled; by the grammar alone, because AWS stores it already.
///
/// # Errors
/// A sentence with the place in the document.
pub(super) fn policy(kind: PolicyKind, value: &Value) -> Result<Policy, String> {
    let text = text(value)?;
    Policy::load(kind, &text)
        .map_err(|error| format!("{}: {}", error.message(), first(&error.excerpt())))
}

fn first(excerpt: &str) -> String {
    excerpt.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// A URL-encoded text as it was; `None` if it is not one.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let pair = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Ties the principals of `policy` to the users and roles of the cloud; those of
/// other accounts stay what they are written as.
pub(super) fn bound(cloud: &Cloud, policy: &Policy) -> Policy {
    let mut resolve = |pattern: &crate::policy::PrincipalPattern| {
        let id = pattern.arn().and_then(|arn| {
            let account = cloud.account_of(arn)?;
            account.unique_id(arn).cloned()
        });
        id.map_or(Resolution::Known, Resolution::Id)
    };
    policy.bind(&mut resolve).unwrap_or_else(|_| policy.clone())
}

/// A member's text.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// A member's list; empty without one.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// An instant, as text or as seconds; the present one where it cannot be read.
pub(super) fn instant(value: Option<&Value>, now: Timestamp) -> Timestamp {
    match value {
        Some(Value::String(text)) => Timestamp::parse(text).unwrap_or(now),
        Some(Value::Number(number)) => {
            let seconds = number.as_i64().or_else(|| {
                // Whole seconds are all that is kept.
                number.to_string().split('.').next()?.parse().ok()
            });
            seconds.map_or(now, Timestamp::from_seconds)
        }
        _ => now,
    }
}

/// The account in an ARN.
pub(super) fn account_in(arn: &str) -> Option<AccountId> {
    AccountId::parse(arn.split(':').nth(4)?).ok()
}
