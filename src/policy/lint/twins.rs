//! Rules on two statements of one policy.
//!
//! Both rules look statements up in a table, so that a policy of many
//! statements costs no more than its size.

use std::collections::{HashMap, HashSet};

use super::super::Effect;
use super::super::raw::{RawList, RawPolicy, RawPrincipal, RawStatement};
use super::Linter;
use super::actions::entries;

/// A statement that says again what one before it said.
pub(super) fn duplicates(linter: &mut Linter<'_>, policy: &RawPolicy<'_>) {
    let mut seen = HashMap::new();
    for (index, statement) in policy.statements.iter().enumerate() {
        if let Some(first) = seen.insert(meaning(statement), index) {
            let message = format!("statement {} says the same", first + 1);
            linter
                .found
                .warning("duplicate-statement", statement.at, message);
            linter
                .found
                .suggest(Some("leave one of them out".to_owned()));
        }
    }
}

/// The statement without its Sid, its lists in order.
fn meaning(statement: &RawStatement<'_>) -> String {
    let mut conditions: Vec<String> = statement
        .conditions
        .iter()
        .map(|c| {
            let mut values: Vec<&str> = c.values.iter().map(|v| &*v.text).collect();
            values.sort_unstable();
            format!("{} {:?} {values:?}", c.operator, c.key.text.to_lowercase())
        })
        .collect();
    conditions.sort_unstable();
    let actions = statement.action.as_ref().map(|list| {
        let folded = list.items.iter().map(|a| a.text.to_ascii_lowercase());
        let mut folded: Vec<String> = folded.collect();
        folded.sort_unstable();
        (list.negated, folded)
    });
    format!(
        "{:?} {:?} {actions:?} {} {conditions:?}",
        statement.effect,
        whom(statement.principal.as_ref()),
        what(statement.resource.as_ref()),
    )
}

fn whom(principal: Option<&RawPrincipal<'_>>) -> Option<(bool, Vec<(String, String)>)> {
    principal.map(|principal| {
        let pairs = principal.entries.iter();
        let mut pairs: Vec<(String, String)> = pairs
            .map(|(label, text)| (label.to_string(), text.text.to_string()))
            .collect();
        pairs.sort_unstable();
        (principal.negated, pairs)
    })
}

fn what(resource: Option<&RawList<'_>>) -> String {
    let sorted = resource.map(|list| {
        let mut texts: Vec<&str> = list.items.iter().map(|r| &*r.text).collect();
        texts.sort_unstable();
        (list.negated, texts)
    });
    format!("{sorted:?}")
}

/// Actions that unconditional denials take away.
#[derive(Default)]
struct Taken {
    everything: bool,
    exact: HashSet<String>,
    /// Patterns that end in their only `*`, without it.
    prefixes: HashSet<String>,
}

impl Taken {
    fn add(&mut self, entry: &str) {
        let folded = entry.to_ascii_lowercase();
        match folded.find(['*', '?']) {
            _ if folded == "*" => self.everything = true,
            None => drop(self.exact.insert(folded)),
            Some(at) if at + 1 == folded.len() && folded.ends_with('*') => {
                self.prefixes
                    .insert(folded.get(..at).unwrap_or_default().to_owned());
            }
            Some(_) => {}
        }
    }

    fn covers(&self, entry: &str) -> bool {
        let folded = entry.to_ascii_lowercase();
        let fixed = folded.split(['*', '?']).next().unwrap_or_default();
        self.everything
            || self.exact.contains(&folded)
            || (0..=fixed.len())
                .any(|end| fixed.get(..end).is_some_and(|p| self.prefixes.contains(p)))
    }
}

/// An Allow all of which a Deny of the same policy takes back, always.
///
/// Found are denials without condition that are about everybody or the same
/// principals, and about `*` or the same resources.
pub(super) fn shadowed(linter: &mut Linter<'_>, policy: &RawPolicy<'_>) {
    let mut taken: HashMap<(String, String), Taken> = HashMap::new();
    for denial in policy
        .statements
        .iter()
        .filter(|s| is_plain(s, Effect::Deny))
    {
        let entry = taken.entry(place(denial)).or_default();
        entries(denial).iter().for_each(|a| entry.add(&a.text));
    }
    for allow in policy
        .statements
        .iter()
        .filter(|s| is_plain(s, Effect::Allow))
    {
        let (whom, what) = place(allow);
        let all = what_is_all();
        let candidates = [
            (whom.clone(), what.clone()),
            (whom, all.clone()),
            (everyone(), what),
            (everyone(), all),
        ];
        let tables: Vec<&Taken> = candidates.iter().filter_map(|c| taken.get(c)).collect();
        let gone = |text: &str| tables.iter().any(|table| table.covers(text));
        if !entries(allow).is_empty() && entries(allow).iter().all(|a| gone(&a.text)) {
            let message = "a Deny of this policy takes back all that this Allow grants".to_owned();
            linter.found.warning("shadowed", allow.at, message);
            let suggestion = "leave one of them out, or give the Deny a condition";
            linter.found.suggest(Some(suggestion.to_owned()));
        }
    }
}

/// Whether the statement has the effect and lists what it is about. The
/// conditions of an Allow do not matter: what is denied anyway stays denied.
fn is_plain(statement: &RawStatement<'_>, effect: Effect) -> bool {
    let listed = |list: &Option<RawList<'_>>| list.as_ref().is_none_or(|list| !list.negated);
    let named = statement.principal.as_ref().is_none_or(|p| !p.negated);
    statement.effect == effect
        && (effect == Effect::Allow || statement.conditions.is_empty())
        && listed(&statement.action)
        && listed(&statement.resource)
        && named
}

/// Whom and what a statement is about; everybody and everything in one spelling.
fn place(statement: &RawStatement<'_>) -> (String, String) {
    let all = |list: &&RawList<'_>| list.items.iter().any(|r| r.text == "*");
    let what = match statement.resource.as_ref().filter(all) {
        Some(_) => what_is_all(),
        None => what(statement.resource.as_ref()),
    };
    let anybody = |p: &RawPrincipal<'_>| {
        p.entries
            .iter()
            .any(|(label, text)| &**label == "AWS" && text.text == "*")
    };
    let whom = match statement.principal.as_ref() {
        Some(principal) if anybody(principal) => everyone(),
        other => format!("{:?}", whom(other)),
    };
    (whom, what)
}

fn what_is_all() -> String {
    "*".to_owned()
}

fn everyone() -> String {
    "*".to_owned()
}
