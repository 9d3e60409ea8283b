//! Whom `Principal` and `NotPrincipal` mean.

use serde_json::Value;

use super::caller::Caller;
use super::{Fault, strings};

/// How a statement reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As itself: no identity policy, boundary or session policy is needed in the same account.
    Direct,
    /// As the role of a session, or as the user behind a federated one: both are limited.
    Limited,
    /// Through the caller's account, whose policies have the last word.
    Account,
}

/// The ways in which `statement` reaches the caller; none means that it does not.
pub fn forms(statement: &Value, caller: &Caller, fault: Fault) -> Vec<Form> {
    let denies = statement["Effect"] == "Deny";
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(element), _) => named(element, caller, fault),
        (None, Some(element)) if denies && exempt(element, caller, fault) => Vec::new(),
        (None, Some(_)) if denies => vec![Form::Direct],
        (None, Some(element)) if named(element, caller, fault).is_empty() => vec![Form::Direct],
        _ => Vec::new(),
    }
}

/// The entries of an element as pairs of type and value; `"*"` is AWS's.
fn entries(element: &Value) -> Vec<(String, String)> {
    match element {
        Value::Object(types) => types
            .iter()
            .flat_map(|(kind, values)| {
                strings(values)
                    .into_iter()
                    .map(move |value| (kind.clone(), value))
            })
            .collect(),
        other => strings(other)
            .into_iter()
            .map(|value| ("AWS".to_owned(), value))
            .collect(),
    }
}

fn named(element: &Value, caller: &Caller, fault: Fault) -> Vec<Form> {
    entries(element)
        .iter()
        .filter_map(|(kind, value)| form(kind, value, caller, fault))
        .collect()
}

fn form(kind: &str, value: &str, caller: &Caller, fault: Fault) -> Option<Form> {
    let is = |own: &Option<String>| own.as_deref() == Some(value);
    let direct = match (kind, caller.kind.as_str()) {
        ("AWS", _) if value == "*" => true,
        ("Service", "service") | ("Federated", "web-identity") => {
            caller.outside_name() == Some(value)
        }
        ("AWS", "iam-user") => is(&caller.arn) || is(&caller.id),
        ("AWS", "role-session" | "federated-user") => is(&caller.arn),
        ("AWS", "root") => is_account(value, caller),
        _ => false,
    };
    let issuer = caller.has_identity() && (is(&caller.issuer) || is(&caller.id));
    if direct {
        Some(Form::Direct)
    } else if kind == "AWS" && issuer {
        Some(Form::Limited)
    } else if kind == "AWS" && caller.has_identity() && is_account(value, caller) {
        Some(if fault == Fault::AccountNamesDirectly {
            Form::Direct
        } else {
            Form::Account
        })
    } else {
        None
    }
}

/// Whether `value` is the caller's account: its number, or the ARN of its root.
fn is_account(value: &str, caller: &Caller) -> bool {
    let Some(account) = &caller.account else {
        return false;
    };
    value == account || value == format!("arn:aws:iam::{account}:root")
}

/// Whether a Deny with `NotPrincipal` spares the caller: every link of it must be listed.
fn exempt(element: &Value, caller: &Caller, fault: Fault) -> bool {
    if caller.has_boundary && fault != Fault::NotPrincipalIgnoresBoundary {
        return false;
    }
    if fault == Fault::NotPrincipalWithoutChain {
        return !named(element, caller, fault).is_empty();
    }
    let entries = entries(element);
    let listed = |kind: &str, name: &dyn Fn(&str) -> bool| {
        entries.iter().any(|(k, value)| k == kind && name(value))
    };
    let exactly = |own: &Option<String>| {
        let own = own.clone();
        move |value: &str| own.as_deref() == Some(value)
    };
    let account = listed("AWS", &|value| is_account(value, caller));
    let own = listed("AWS", &exactly(&caller.arn));
    let by_id = listed("AWS", &exactly(&caller.id));
    let issuer = listed("AWS", &exactly(&caller.issuer));
    let outside = |value: &str| caller.outside_name() == Some(value);
    match caller.kind.as_str() {
        _ if listed("AWS", &|value| value == "*") => true,
        "iam-user" => account && (own || by_id),
        "role-session" => account && (issuer || by_id) && own,
        "federated-user" => account && issuer && own,
        "root" => account,
        "service" => listed("Service", &outside),
        "web-identity" => listed("Federated", &outside),
        _ => false,
    }
}
