//! Rules on condition keys and on how operators treat them.

use std::collections::HashSet;

use super::super::Effect;
use super::super::operator::{Comparison, Family, Quantifier};
use super::super::raw::{RawCondition, RawStatement};
use super::actions::matching;
use super::catalogue::KeyInfo;
use super::global_keys::{is_always_there, is_for_all};
use super::{Linter, did_you_mean, values};

/// Everything about the conditions of a statement.
pub(super) fn check(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    let guarded = guarded_keys(statement);
    for condition in &statement.conditions {
        if condition.values.is_empty() {
            let message = format!("`{}` lists no value", condition.key.text);
            linter.found.warning("no-effect", condition.key.at, message);
        }
        values::listed(linter, condition);
        let is_guarded = guarded.contains(&condition.key.text.to_ascii_lowercase());
        if let Some(key) = known_key(linter, condition) {
            values::operator(linter, condition, key);
            quantifier(linter, condition, key);
            carried(linter, statement, condition, key);
            if statement.effect == Effect::Deny {
                without_mfa(linter, condition);
                if !is_guarded {
                    denial(linter, condition);
                }
            }
        }
        if statement.effect == Effect::Allow && !is_guarded {
            unguarded_set(linter, condition);
        }
    }
}

/// The keys, in lower case, without which the statement does not match anyway.
fn guarded_keys(statement: &RawStatement<'_>) -> HashSet<String> {
    let mut keys = HashSet::new();
    for condition in statement.conditions.iter().filter(|c| wants_presence(c)) {
        let key = condition.key.text.to_ascii_lowercase();
        // Who sends a tag sends its key.
        if key.starts_with("aws:requesttag/") {
            keys.insert("aws:tagkeys".to_owned());
        }
        keys.insert(key);
    }
    keys
}

/// Whether the condition fails where its key is absent.
fn wants_presence(condition: &RawCondition<'_>) -> bool {
    let operator = condition.operator;
    if operator.comparison == Comparison::Null {
        return condition.values.iter().any(|v| v.text == "false");
    }
    let passes_absent = operator.comparison.is_negated()
        || operator.if_exists
        || operator.quantifier == Some(Quantifier::ForAllValues);
    !passes_absent
}

fn known_key<'c>(linter: &mut Linter<'c>, condition: &RawCondition<'_>) -> Option<&'c KeyInfo> {
    let catalogue = linter.catalogue;
    let name = &condition.key.text;
    let known = catalogue.condition_key(name);
    if known.is_none() && is_ours(linter, name) {
        unknown_key(linter, "unknown-key", condition.key.at, name);
    }
    known
}

/// Whether all keys of the name's vendor are known.
///
/// Names with a dot or slash before the colon are those of identity providers.
pub(super) fn is_ours(linter: &Linter<'_>, name: &str) -> bool {
    match name.split_once(':') {
        None => true,
        Some((vendor, _)) => {
            vendor.eq_ignore_ascii_case("aws") || linter.catalogue.actions(vendor).is_some()
        }
    }
}

/// Reports a key that nobody knows; an error where a known one is near.
pub(super) fn unknown_key(linter: &mut Linter<'_>, code: &'static str, at: usize, name: &str) {
    let catalogue = linter.catalogue;
    let (stem, part) = match name.split_once('/') {
        Some((stem, part)) => (format!("{stem}/"), part),
        None => (name.to_owned(), ""),
    };
    let near = linter
        .nearest(&stem, catalogue.condition_keys())
        .or_else(|| linter.nearest(&format!("aws:{stem}"), catalogue.condition_keys()));
    let message = match name.contains(':') {
        true => format!("there is no condition key `{name}`, so it is always absent"),
        false => format!("`{name}` has no prefix, and every condition key has one"),
    };
    match near {
        Some(near) => {
            linter.found.error(code, at, message);
            linter
                .found
                .suggest(Some(did_you_mean(&format!("{near}{part}"))));
        }
        None => linter.found.warning(code, at, message),
    }
}

/// A key that the requests of none of the statement's actions carry.
fn carried(
    linter: &mut Linter<'_>,
    statement: &RawStatement<'_>,
    condition: &RawCondition<'_>,
    key: &KeyInfo,
) {
    let vendor = key.name.split(':').next().unwrap_or_default();
    let listed = statement.action.as_ref().filter(|list| !list.negated);
    // Keys of `aws:` go with every action, and so may those of unknown vendors.
    if vendor == "aws" || linter.catalogue.actions(vendor).is_none() || is_for_all(&key.name) {
        return;
    }
    let mut first = None;
    for entry in listed.map_or(&[][..], |list| &list.items) {
        let mut known = matching(linter, &entry.text).peekable();
        // `*`, and actions of services that are not known, may carry anything.
        if known.peek().is_none() {
            return;
        }
        first = first.or_else(|| known.peek().map(|action| action.name.as_str()));
        if known.any(|action| action.condition_keys.contains(&key.name)) {
            return;
        }
    }
    let Some(first) = first else { return };
    let message = format!("no request for {first} carries `{}`", condition.key.text);
    let message = match listed.map_or(0, |list| list.items.len()) {
        0 | 1 => message,
        _ => format!("{message}, nor for the other actions"),
    };
    linter
        .found
        .warning("key-not-in-request", condition.key.at, message);
    let suggestion = "put actions that carry it into a statement of their own";
    linter.found.suggest(Some(suggestion.to_owned()));
}

/// A set operator where there is one value, or none where there are several.
fn quantifier(linter: &mut Linter<'_>, condition: &RawCondition<'_>, key: &KeyInfo) {
    let operator = condition.operator;
    let name = &condition.key.text;
    if operator.comparison.family() == Family::Null {
        return;
    }
    match operator.quantifier {
        None if key.multivalued => {
            let message =
                format!("`{name}` holds several values, and without a set operator none matches");
            let code = "multivalued-without-set-operator";
            linter.found.warning(code, condition.key.at, message);
            let comparison = operator.comparison.name();
            let suggestion =
                format!("use `ForAnyValue:{comparison}` or `ForAllValues:{comparison}`");
            linter.found.suggest(Some(suggestion));
        }
        Some(quantifier) if !key.multivalued => {
            let message = format!("`{name}` holds one value, and a set operator is for several");
            let code = "set-operator-on-single-valued";
            match quantifier {
                Quantifier::ForAllValues => {
                    linter.found.warning(code, condition.key.at, message);
                }
                Quantifier::ForAnyValue => linter.found.note(code, condition.key.at, message),
            }
            let suggestion = format!("use `{}`", operator.comparison.name());
            linter.found.suggest(Some(suggestion));
        }
        _ => {}
    }
}

/// `ForAllValues` holds where the key is absent, so an Allow lets everybody in.
fn unguarded_set(linter: &mut Linter<'_>, condition: &RawCondition<'_>) {
    let name = &condition.key.text;
    if condition.operator.quantifier != Some(Quantifier::ForAllValues) || is_always_there(name) {
        return;
    }
    let message = format!("ForAllValues holds for requests that have no `{name}` at all");
    linter
        .found
        .warning("missing-null-guard", condition.key.at, message);
    let suggestion = format!("add `\"Null\": {{\"{name}\": \"false\"}}` beside it");
    linter.found.suggest(Some(suggestion));
}

/// What a denial catches where the key is absent.
fn denial(linter: &mut Linter<'_>, condition: &RawCondition<'_>) {
    let operator = condition.operator;
    let name = &condition.key.text;
    let absent = !operator.if_exists && !is_always_there(name);
    if operator.comparison.is_negated() && absent && operator.quantifier.is_none() {
        let message = format!("the denial also catches requests that have no `{name}`");
        linter
            .found
            .note("missing-null-guard", condition.key.at, message);
        let suggestion =
            format!("to spare them, add `\"Null\": {{\"{name}\": \"false\"}}` beside it");
        linter.found.suggest(Some(suggestion));
    }
}

/// `Bool` does not catch who has not signed in with MFA, because the key is then absent.
fn without_mfa(linter: &mut Linter<'_>, condition: &RawCondition<'_>) {
    let (operator, name) = (condition.operator, &condition.key.text);
    let mfa = name.eq_ignore_ascii_case("aws:MultiFactorAuthPresent");
    let wants_none = condition
        .values
        .iter()
        .any(|v| v.text.eq_ignore_ascii_case("false"));
    if mfa && wants_none && !operator.if_exists && operator.comparison == Comparison::Bool {
        let message = "calls with a long-term access key have no `aws:MultiFactorAuthPresent`, \
                       so the denial does not catch them"
            .to_owned();
        linter
            .found
            .warning("missing-if-exists", condition.key.at, message);
        linter.found.suggest(Some("use `BoolIfExists`".to_owned()));
    }
}
