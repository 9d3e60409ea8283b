//! Policy documents of every kind.

use keychai::base::{Arn, UniqueId};
use keychai::policy::{
    Clause, ContextValue, Policy, PolicyError, PolicyKind, Principal, Request, RequestContext,
    Resolution, Statement,
};

use super::text;

const KINDS: [PolicyKind; 9] = [
    PolicyKind::Managed,
    PolicyKind::Inline,
    PolicyKind::Trust,
    PolicyKind::Key,
    PolicyKind::Bucket,
    PolicyKind::Session,
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
    PolicyKind::Endpoint,
];

/// Statements of one document that are asked; more would only repeat.
const ASKED: usize = 8;

/// A document: it is refused with a place, or it answers as it explains.
pub fn policy(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    for kind in KINDS {
        let parsed = Policy::parse(kind, text);
        match Policy::load(kind, text) {
            Ok(policy) => {
                is_the_document(kind, text, &policy);
                if let Err(error) = &parsed {
                    names_its_place(text, error);
                }
                is_bound_and_shown(&policy);
                policy
                    .statements()
                    .iter()
                    .take(ASKED)
                    .for_each(answers_as_it_explains);
            }
            Err(error) => {
                names_its_place(text, &error);
                assert!(parsed.is_err(), "what may be written may be read");
            }
        }
    }
}

fn is_the_document(kind: PolicyKind, text: &str, policy: &Policy) {
    assert_eq!(policy.text(), text);
    let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(policy.to_value(), theirs);
    let again = Policy::load(kind, &theirs.to_string()).unwrap();
    assert_eq!(again, *policy);
    assert_eq!(again.statements().len(), policy.statements().len());
}

fn names_its_place(text: &str, error: &PolicyError) {
    let lines = text.matches('\n').count() + 1;
    assert!((1..=lines).contains(&(error.line() as usize)));
    assert!(error.column() as usize <= text.chars().count() + 1);
    assert!(!error.message().is_empty() && !error.detail().is_empty());
    assert!(error.excerpt().contains('^') && error.to_string().contains(error.message()));
}

fn is_bound_and_shown(policy: &Policy) {
    let id = UniqueId::parse("AIDAEXAMPLE000000000").unwrap();
    let bound = policy.bind(&mut |_| Resolution::Id(id.clone())).unwrap();
    assert_eq!(bound, *policy);
    assert_eq!(bound.shown(&|_| true), policy.shown(&|_| true));
    bound.shown(&|_| false);
    let refused = policy.bind(&mut |_| Resolution::Unknown);
    if let Err(error) = refused {
        names_its_place(policy.text(), &error);
    }
}

fn answers_as_it_explains(statement: &Statement) {
    let actions = sample(
        statement.action().entries().iter().map(|a| a.as_str()),
        "kms:Decrypt",
    );
    let resources = sample(
        statement.resource().entries().iter().map(|r| r.as_str()),
        "*",
    );
    for caller in callers() {
        for context in contexts(statement) {
            for (action, resource) in actions.iter().zip(&resources) {
                let request = Request::new(action, resource, &caller, &context);
                let clauses = statement.explain(&request);
                let all = clauses.iter().all(Clause::holds);
                assert_eq!(statement.matches(&request).is_some(), all, "{clauses:?}");
                clauses.iter().for_each(|clause| drop(clause.to_string()));
            }
        }
    }
}

/// What the first entry would match, and something else.
fn sample<'a>(mut entries: impl Iterator<Item = &'a str>, other: &str) -> [String; 2] {
    let like = entries.next().unwrap_or(other);
    [
        like.replace(['*', '?'], "x")
            .replace("${aws:username}", "alice"),
        other.to_owned(),
    ]
}

fn callers() -> [Principal; 4] {
    let id = UniqueId::parse("AIDAEXAMPLE000000000").unwrap();
    let arn = |text| Arn::parse(text).unwrap();
    [
        Principal::user(arn("arn:aws:iam::111122223333:user/alice"), id.clone()),
        Principal::role_session(
            arn("arn:aws:sts::111122223333:assumed-role/Glue/s"),
            arn("arn:aws:iam::111122223333:role/Glue"),
            id,
        ),
        Principal::service("glue.amazonaws.com"),
        Principal::anonymous(),
    ]
}

/// No keys; every key with its first listed value; every key with all of them.
fn contexts(statement: &Statement) -> [RequestContext; 3] {
    let (mut one, mut many) = (RequestContext::new(), RequestContext::new());
    one.set("aws:username", "alice");
    for condition in statement.conditions() {
        one.set(condition.key(), condition.values().next().unwrap_or("x"));
        let values = condition.values().map(Into::into).collect();
        many.insert(condition.key(), ContextValue::Multi(values));
    }
    [RequestContext::new(), one, many]
}
