//! Denials that carry an encoded message, which STS decodes for who may read it.
//!
//! EC2's operations that change something add one. The message says what was
//! decided and why, sealed under a key of the cloud, for the account of whoever
//! made the call.
//! Source: STS API Reference, DecodeAuthorizationMessage; EC2 User Guide,
//! "Example policies", on encoded authorization failure messages.

use std::sync::Arc;

use serde_json::{Value, json};

use super::access::AccessRequest;
use super::caller::Caller;
use super::context_keys::context_of;
use super::error::ApiError;
use super::operation::View;
use super::route::Origin;
use super::spec::{OperationSpec, Service};
use crate::authz::{Decision, Finding};
use crate::base::{AccountId, Entropy};
use crate::crypto::opaque_text;
use crate::policy::{Clause, Effect, Element, RequestContext};
use crate::state::Cloud;
use crate::state::credential::{Owner, SessionKind};

/// What stands before the encoded message.
const BEFORE: &str = " Encoded authorization failure message: ";

/// What the message of a denial says, if a denial of this operation carries one.
pub(super) fn document(
    spec: OperationSpec,
    view: &View<'_>,
    origin: &Origin,
    requests: &[AccessRequest],
    decisions: &[Arc<Decision>],
) -> Option<Value> {
    if spec.service != Service::Ec2 || spec.read_only {
        return None;
    }
    let decision = decisions.last().filter(|d| !d.is_allow())?;
    let request = requests.get(decisions.len().checked_sub(1)?)?;
    let denied_by = decision.denied_by.as_ref();
    let denying = decision
        .steps
        .iter()
        .filter(|step| Some(step.layer) == decision.decisive)
        .flat_map(|step| &step.findings)
        .filter(|f| denied_by.is_some() && f.matched && f.effect == Effect::Deny);
    Some(json!({
        "allowed": false,
        "explicitDeny": denied_by.is_some(),
        "matchedStatements": items(denying.map(|finding| statement(finding, view.caller))),
        "failures": items([]),
        "context": {
            "principal": principal(view.caller),
            "action": decision.action,
            "resource": decision.resource,
            "conditions": conditions(&context_of(view, request, origin)),
        },
    }))
}

/// The denial with its message, sealed for `account`.
pub(super) fn with_message(
    error: ApiError,
    document: &Value,
    account: &AccountId,
    cloud: &Cloud,
    entropy: &mut Entropy,
) -> ApiError {
    let key = cloud.denial_key.as_ref();
    let text = document.to_string();
    match key.and_then(|key| opaque_text::seal(key, account.as_str(), &text, entropy)) {
        Some(sealed) => ApiError {
            message: format!("{}.{BEFORE}{sealed}", error.message.trim_end_matches('.')),
            ..error
        },
        None => error,
    }
}

/// The encoded message in the text of a denial.
pub fn encoded_message(message: &str) -> Option<&str> {
    message.split_once(BEFORE).map(|(_, encoded)| encoded)
}

/// What an encoded message says, if `cloud` made it for `account`.
pub fn decoded_message(cloud: &Cloud, account: &AccountId, encoded: &str) -> Option<String> {
    let key = cloud.denial_key.as_ref()?;
    opaque_text::open(key, account.as_str(), encoded)
}

/// Who called, with a name where it is a user.
fn principal(caller: &Caller) -> Value {
    let name = match &caller.owner {
        Owner::User { name, .. } => Some(name),
        Owner::Session(session) => match &session.kind {
            SessionKind::User { name, .. } => Some(name),
            _ => None,
        },
        _ => None,
    };
    let mut shown = json!({ "id": caller.user_id() });
    if let (Some(members), Some(name)) = (shown.as_object_mut(), name) {
        members.insert("name".to_owned(), name.as_str().into());
    }
    if let Some(members) = shown.as_object_mut() {
        members.insert("arn".to_owned(), caller.arn().into());
    }
    shown
}

/// A statement that denied, in its policy's own words.
fn statement(finding: &Finding, caller: &Caller) -> Value {
    let clauses = finding.clauses();
    let wanted = |is: fn(&Element) -> bool| {
        let found = clauses.iter().filter(move |clause| is(&clause.element));
        values(found.flat_map(|clause| &clause.wanted))
    };
    let caller_id = caller.user_id();
    let principals = match clauses.iter().any(|c| names_principals(&c.element)) {
        true => wanted(names_principals),
        false => values([&caller_id]),
    };
    json!({
        "statementId": finding.statement.sid.as_deref().unwrap_or_default(),
        "effect": "DENY",
        "principals": principals,
        "principalGroups": items([]),
        "actions": wanted(|e| matches!(e, Element::Action)),
        "resources": wanted(|e| matches!(e, Element::Resource)),
        "conditions": items(clauses.iter().filter_map(condition)),
    })
}

fn names_principals(element: &Element) -> bool {
    matches!(element, Element::Principal)
}

fn condition(clause: &Clause) -> Option<Value> {
    match &clause.element {
        Element::Condition { key, .. } => {
            Some(json!({ "key": key, "values": values(&clause.wanted) }))
        }
        _ => None,
    }
}

fn conditions(context: &RequestContext) -> Value {
    items(
        context
            .iter()
            .map(|(key, value)| json!({ "key": key, "values": values(value.values()) })),
    )
}

fn values<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Value {
    let wrapped = |text: T| json!({ "value": text.as_ref() });
    items(texts.into_iter().map(wrapped))
}

fn items(items: impl IntoIterator<Item = Value>) -> Value {
    json!({ "items": items.into_iter().collect::<Vec<_>>() })
}
