//! Rules on the names of actions.

use std::collections::BTreeSet;

use crate::base::Glob;
use crate::base::glob::Case;

use super::super::Effect;
use super::super::action::at_colon;
use super::super::raw::{RawPolicy, RawStatement, Text};
use super::super::template::first_wildcard;
use super::catalogue::ActionInfo;
use super::meant::{Meant, meant};
use super::{Linter, MAX_SUGGESTIONS, did_you_mean};

/// How many services the note on unknown ones names.
const MAX_NAMED: usize = 5;

/// The entries of `Action` or `NotAction`.
pub(super) fn entries<'r, 'a>(statement: &'r RawStatement<'a>) -> &'r [Text<'a>] {
    statement.action.as_ref().map_or(&[], |list| &list.items)
}

/// Every entry names a service and, where its actions are known, one of them.
pub(super) fn names(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    for entry in entries(statement) {
        let Some((service, name)) = at_colon(&entry.text) else {
            continue;
        };
        if linter.catalogue.actions(service).is_some() {
            known_service(linter, entry, service, name);
        } else if !linter.catalogue.is_service(service) {
            unknown_service(linter, entry, service, name);
        }
    }
}

fn unknown_service(linter: &mut Linter<'_>, entry: &Text<'_>, service: &str, name: &str) {
    let catalogue = linter.catalogue;
    let near = linter
        .nearest(service, catalogue.prefixes())
        .filter(|near| strsim::damerau_levenshtein(near, &service.to_ascii_lowercase()) == 1);
    match near {
        Some(near) => {
            let message = format!("`{service}` is no service that is known here");
            linter.found.error("unknown-service", entry.at, message);
            let suggestion = did_you_mean(&format!("{near}:{name}"));
            linter.found.suggest(Some(suggestion));
        }
        None => {
            let message = format!("`{service}` is no service that is known here");
            linter.found.warning("unknown-service", entry.at, message);
        }
    }
}

fn known_service(linter: &mut Linter<'_>, entry: &Text<'_>, service: &str, name: &str) {
    let catalogue = linter.catalogue;
    if matching(linter, &entry.text).next().is_some() {
        return;
    }
    let upper = service.to_uppercase();
    if first_wildcard(name).is_some() {
        let message = format!(
            "no action of {upper} that is known matches `{}`",
            entry.text
        );
        linter.found.error("unreachable-action", entry.at, message);
        let stem: String = name
            .chars()
            .take_while(|c| !matches!(c, '*' | '?'))
            .collect();
        let near = near_beginning(linter, service, &stem);
        linter.found.suggest(near);
        return;
    }
    let message = format!("{upper} has no action `{name}`");
    linter.found.error("unknown-action", entry.at, message);
    linter.suggestions += 1;
    if linter.suggestions <= MAX_SUGGESTIONS {
        let full = format!("{}:{name}", service.to_ascii_lowercase());
        linter.found.suggest(suggestion(&meant(catalogue, &full)));
    }
}

fn suggestion(meant: &Meant) -> Option<String> {
    match meant {
        Meant::Nothing => None,
        Meant::Name(name) => Some(did_you_mean(name)),
        Meant::Permissions(names) => {
            let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            let names = quoted.join(" and ");
            Some(format!("the permission for this operation is {names}"))
        }
    }
}

/// Suggests a pattern whose beginning is near to `stem`: `s3:Gte*`, `s3:Get*`.
fn near_beginning(linter: &mut Linter<'_>, service: &str, stem: &str) -> Option<String> {
    let catalogue = linter.catalogue;
    let length = stem.chars().count();
    let starts: BTreeSet<String> = catalogue
        .actions(service)?
        .filter_map(|action| at_colon(&action.name))
        .map(|(_, name)| name.chars().take(length).collect())
        .collect();
    let near = linter.nearest(stem, starts.iter().map(String::as_str))?;
    Some(did_you_mean(&format!("{service}:{near}*")))
}

/// The known actions that an entry covers; none where its service is not known.
pub(super) fn matching<'c>(
    linter: &Linter<'c>,
    entry: &str,
) -> Box<dyn Iterator<Item = &'c ActionInfo> + 'c> {
    let catalogue = linter.catalogue;
    let Some((service, name)) = at_colon(entry) else {
        return Box::new(std::iter::empty());
    };
    if first_wildcard(name).is_none() {
        return Box::new(catalogue.action(entry).into_iter());
    }
    let glob = Glob::new(&entry.to_ascii_lowercase(), Case::Sensitive);
    let all = catalogue.actions(service).into_iter().flatten();
    Box::new(all.filter(move |action| glob.matches(&action.name.to_ascii_lowercase())))
}

/// One note for all services whose actions nobody looked up.
pub(super) fn foreign(linter: &mut Linter<'_>, policy: &RawPolicy<'_>) {
    let mut services = BTreeSet::new();
    let mut at = None;
    for entry in policy.statements.iter().flat_map(entries) {
        let Some((service, _)) = at_colon(&entry.text) else {
            continue;
        };
        let unknown = linter.catalogue.actions(service).is_none();
        if unknown && linter.catalogue.is_service(service) {
            services.insert(service.to_ascii_lowercase());
            at.get_or_insert(entry.at);
        }
    }
    let Some(at) = at else { return };
    let named: Vec<&str> = services
        .iter()
        .take(MAX_NAMED)
        .map(String::as_str)
        .collect();
    let more = match services.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let message = format!(
        "actions of {}{more} are not in the catalogue, so their names were not looked up",
        named.join(", ")
    );
    linter.found.note("not-in-catalogue", at, message);
}

/// Handing any role to any service is handing out every role's permissions.
pub(super) fn pass_role(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    let unlimited = |list: &super::super::raw::RawList<'_>| {
        !list.negated && list.items.iter().any(|r| r.text == "*")
    };
    let limited = statement
        .conditions
        .iter()
        .any(|c| c.key.text.eq_ignore_ascii_case("iam:PassedToService"));
    let negated = statement.action.as_ref().is_some_and(|list| list.negated);
    if statement.effect != Effect::Allow
        || negated
        || limited
        || !statement.resource.as_ref().is_some_and(unlimited)
    {
        return;
    }
    // Who may do everything with IAM needs no role to be passed.
    let whole = |text: &str| text == "*" || text.eq_ignore_ascii_case("iam:*");
    if entries(statement).iter().any(|entry| whole(&entry.text)) {
        return;
    }
    let passes = |text: &str| matching(linter, text).any(|a| a.name == "iam:PassRole");
    let Some(entry) = entries(statement).iter().find(|entry| passes(&entry.text)) else {
        return;
    };
    let message = "iam:PassRole on `*` hands any role to any service".to_owned();
    linter.found.warning("passrole-star", entry.at, message);
    let suggestion = "name the roles in `Resource`, or add the condition `iam:PassedToService`";
    linter.found.suggest(Some(suggestion.to_owned()));
}
