//! Rules on the document and on whole statements.

use super::super::raw::{RawPolicy, RawStatement};
use super::super::{Effect, PolicyKind};
use super::Linter;
use super::actions::entries;

/// The version, where it is an old one.
pub(super) fn version(linter: &mut Linter<'_>, policy: &RawPolicy<'_>) {
    let (at, message) = match &policy.version {
        Some(version) if version.text == "2012-10-17" => return,
        Some(version) => (
            version.at,
            "this is the old version of the language".to_owned(),
        ),
        None => (
            policy.start,
            "without `Version` the policy has the old version of the language".to_owned(),
        ),
    };
    linter.found.note("old-version", at, message);
    let suggestion = "write `\"Version\": \"2012-10-17\"`; variables need it";
    linter.found.suggest(Some(suggestion.to_owned()));
}

/// Elements that are missing, turned round, or of another service.
pub(super) fn elements(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    negations(linter, statement);
    if linter.kind == PolicyKind::Key {
        let lacks = match (&statement.action, &statement.resource) {
            (None, _) => Some("Action"),
            (_, None) => Some("Resource"),
            _ => None,
        };
        if let Some(lacks) = lacks {
            let message = format!("without `{lacks}` the statement has no effect");
            linter.found.warning("no-effect", statement.at, message);
            let suggestion = (lacks == "Resource").then(|| "add `\"Resource\": \"*\"`".to_owned());
            linter.found.suggest(suggestion);
        }
    }
    other_service(linter, statement);
}

/// A policy of a resource is asked about actions of the resource's service only.
fn other_service(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    let (service, whose) = match linter.kind {
        PolicyKind::Key => ("kms", "a key policy"),
        PolicyKind::Bucket => ("s3", "a bucket policy"),
        PolicyKind::Trust => ("sts", "a trust policy"),
        _ => return,
    };
    if statement.action.as_ref().is_some_and(|list| list.negated) {
        return;
    }
    let of_other = |text: &str| {
        text.split_once(':')
            .is_some_and(|(prefix, _)| !prefix.eq_ignore_ascii_case(service))
    };
    for entry in entries(statement).iter().filter(|e| of_other(&e.text)) {
        let message = format!("{whose} is never asked about `{}`", entry.text);
        linter.found.warning("no-effect", entry.at, message);
        let suggestion = format!("{whose} is about actions of `{service}:`");
        linter.found.suggest(Some(suggestion));
    }
}

/// An Allow of everything but a list grants what nobody thought of.
fn negations(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    if statement.effect != Effect::Allow {
        return;
    }
    if let Some(list) = statement.action.as_ref().filter(|list| list.negated) {
        let message = "an Allow with NotAction grants every other action of every service".into();
        linter.found.warning("not-action-allow", list.at, message);
        let suggestion = "list what is to be allowed, or make it a Deny";
        linter.found.suggest(Some(suggestion.to_owned()));
    }
    if let Some(list) = statement.resource.as_ref().filter(|list| list.negated) {
        let message = "an Allow with NotResource grants every other resource".into();
        linter.found.warning("not-resource-allow", list.at, message);
        linter.found.suggest(Some("list the resources".to_owned()));
    }
    if let Some(list) = statement.principal.as_ref().filter(|list| list.negated) {
        let message = "an Allow with NotPrincipal lets everybody else in, strangers too".into();
        linter
            .found
            .warning("not-principal-allow", list.at, message);
        let suggestion = "name who is to be let in with `Principal`";
        linter.found.suggest(Some(suggestion.to_owned()));
    }
}

/// `*` as principal of an Allow without condition: the whole world.
pub(super) fn everyone(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    let open = statement.effect == Effect::Allow
        && statement.conditions.is_empty()
        && linter.kind.needs_principal();
    let Some(principal) = statement.principal.as_ref().filter(|p| open && !p.negated) else {
        return;
    };
    let everyone = |label: &str, text: &str| label == "AWS" && text == "*";
    let found = principal
        .entries
        .iter()
        .find(|(label, text)| everyone(label, &text.text));
    if let Some((_, text)) = found {
        let message = "everybody is let in, callers of other accounts too".to_owned();
        linter
            .found
            .warning("wildcard-in-principal", text.at, message);
        let suggestion = "name the principals, or add a condition such as `aws:PrincipalArn`";
        linter.found.suggest(Some(suggestion.to_owned()));
    }
}
