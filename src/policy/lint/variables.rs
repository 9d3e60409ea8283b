//! Rules on `${…}`.

use super::super::operator::Family;
use super::super::raw::{RawStatement, Text, Variables};
use super::super::template::{has_variables, variable_names};
use super::Linter;
use super::conditions::{is_ours, unknown_key};

/// Variables in resources and in the values of conditions.
pub(super) fn check(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    let resources = statement.resource.iter().flat_map(|list| &list.items);
    for resource in resources.filter(|r| has_variables(&r.text)) {
        let head_end = fifth_colon(&resource.text);
        let head = resource.text.get(..head_end).unwrap_or_default();
        if linter.variables == Variables::Replaced && has_variables(head) {
            let message = "a variable before the fifth colon is not replaced".to_owned();
            linter
                .found
                .warning("variable-in-arn-head", resource.at, message);
            let suggestion = "use `*` there, and a condition on the key";
            linter.found.suggest(Some(suggestion.to_owned()));
        }
        one(linter, resource);
    }
    for condition in &statement.conditions {
        let text = matches!(
            condition.operator.comparison.family(),
            Family::String
                | Family::StringIgnoreCase
                | Family::StringLike
                | Family::Arn
                | Family::Bool
        );
        for value in condition.values.iter().filter(|_| text) {
            one(linter, value);
        }
    }
}

fn fifth_colon(text: &str) -> usize {
    text.match_indices(':')
        .nth(4)
        .map_or(text.len(), |(at, _)| at)
}

fn one(linter: &mut Linter<'_>, text: &Text<'_>) {
    if !has_variables(&text.text) {
        return;
    }
    for name in variable_names(&text.text) {
        let known = linter.catalogue.condition_key(name);
        if linter.variables == Variables::Literal {
            if known.is_some() {
                let message = format!("in the old version `${{{name}}}` is text like any other");
                linter
                    .found
                    .warning("variable-in-old-version", text.at, message);
                let suggestion = "write `\"Version\": \"2012-10-17\"`";
                linter.found.suggest(Some(suggestion.to_owned()));
            }
            continue;
        }
        match known {
            None if is_ours(linter, name) => unknown_key(linter, "unknown-variable", text.at, name),
            Some(key) if key.multivalued => {
                let message = format!("`{name}` holds several values and cannot be a variable");
                linter
                    .found
                    .warning("multivalued-variable", text.at, message);
            }
            _ => {}
        }
    }
}
