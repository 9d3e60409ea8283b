//! What a service checks before it stores a policy.
//!
//! In AWS's order: syntax (done by then), version, the second parser, Sids,
//! actions present, resources, actions, resources present, principals. Names of
//! services and actions are not looked up: an unknown one is stored and never
//! matches. The order is that of recorded answers to documents with two faults.

mod date;
mod name;
mod resource;

pub(super) use resource::IAM_PATHS;

use std::collections::BTreeSet;

use super::error::{Problem, Trouble};
use super::fault::Fault;
use super::operator::{Family, Quantifier};
use super::raw::{RawList, RawPolicy, RawPrincipal, RawStatement, Text};
use super::{PolicyKind, control};

type Check = fn(PolicyKind, &RawStatement<'_>) -> Result<(), Trouble>;

/// Refuses what the service would refuse.
pub(super) fn check(kind: PolicyKind, policy: &RawPolicy<'_>) -> Result<(), Trouble> {
    version(kind, policy)?;
    let passes: [Check; 4] = [effect, dates, parts, members];
    each(kind, policy, &passes)?;
    control::check(kind, policy)?;
    if kind.has_iam_sids() {
        sids(policy)?;
    }
    let passes: [Check; 7] = [
        actions_present,
        resources,
        name::actions,
        resources_present,
        name::principals,
        name::trust_actions,
        overly_permissive,
    ];
    each(kind, policy, &passes)
}

fn each(kind: PolicyKind, policy: &RawPolicy<'_>, passes: &[Check]) -> Result<(), Trouble> {
    passes
        .iter()
        .try_for_each(|pass| policy.statements.iter().try_for_each(|s| pass(kind, s)))
}

fn fail(fault: Fault, at: usize, detail: impl Into<String>) -> Result<(), Trouble> {
    Err((fault, Problem::new(at, detail)))
}

fn version(kind: PolicyKind, policy: &RawPolicy<'_>) -> Result<(), Trouble> {
    let old = policy
        .version
        .as_ref()
        .is_none_or(|version| version.text != "2012-10-17");
    if kind != PolicyKind::Managed || !old {
        return Ok(());
    }
    let (at, detail) = match &policy.version {
        None => (
            policy.start,
            "without `Version` the policy has the old version 2008-10-17".into(),
        ),
        Some(version) => (version.at, format!("`{}` is the old version", version.text)),
    };
    let problem = Problem::new(at, detail).hint("write `\"Version\": \"2012-10-17\"`");
    Err((Fault::OldVersion, problem))
}

/// AWS's first parser reads the effect in any case; the second one does not.
fn effect(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let (written, name) = (&statement.effect_text, statement.effect.name());
    if written.text == name {
        return Ok(());
    }
    let problem = Problem::new(
        written.at,
        format!("`{}` is written `{name}`", written.text),
    )
    .hint(format!("did you mean `{name}`?"));
    Err((Fault::EffectCase(written.text.to_string()), problem))
}

fn dates(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let wrong = statement
        .conditions
        .iter()
        .filter(|c| matches!(c.operator.comparison.family(), Family::Date(_)))
        .flat_map(|c| &c.values)
        .find(|value| !date::is_storable(&value.text));
    let Some(wrong) = wrong else { return Ok(()) };
    let problem = Problem::new(wrong.at, format!("`{}` is not a date", wrong.text))
        .hint("use ISO 8601 (`2026-06-01T12:00:00Z`) or seconds since 1970");
    Err((Fault::Legacy, problem))
}

/// An ARN that lacks parts is told only where no resource of the statement is worse.
fn parts(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let entries = items(&statement.resource);
    let found = entries.iter().try_for_each(resource::parts);
    let worse = || entries.iter().any(|entry| resource::check(entry).is_err());
    if found.is_err() && worse() {
        return Ok(());
    }
    found
}

/// Elements that this kind of policy does not take.
fn members(kind: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    if kind == PolicyKind::Trust {
        if let Some(list) = &statement.resource {
            let name = if list.negated {
                "NotResource"
            } else {
                "Resource"
            };
            let detail = "a trust policy is about its own role and names no resource";
            return fail(Fault::ProhibitedMember(name), list.at, detail);
        }
        if let Some(RawPrincipal {
            negated: true, at, ..
        }) = &statement.principal
        {
            let detail = "a trust policy takes `Principal` only";
            return fail(Fault::ProhibitedMember("NotPrincipal"), *at, detail);
        }
    }
    match &statement.principal {
        Some(principal) if !kind.takes_principal() => fail(
            Fault::PrincipalPresent,
            principal.at,
            format!("a {kind} is about whoever it is attached to"),
        ),
        _ => Ok(()),
    }
}

fn sids(policy: &RawPolicy<'_>) -> Result<(), Trouble> {
    let mut seen = BTreeSet::new();
    let sids = policy.statements.iter().filter_map(|s| s.sid.as_ref());
    for sid in sids.filter(|sid| !sid.text.is_empty()) {
        if !sid.text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let detail = format!(
                "the Sid `{}` has other characters than letters and digits",
                sid.text
            );
            return fail(Fault::SidCharacters, sid.at, detail);
        }
        if !seen.insert(&*sid.text) {
            let detail = format!("the Sid `{}` stands here a second time", sid.text);
            return fail(Fault::RepeatedSid, sid.at, detail);
        }
    }
    Ok(())
}

fn items<'r, 'a>(list: &'r Option<RawList<'a>>) -> &'r [Text<'a>] {
    list.as_ref().map_or(&[], |list| &list.items)
}

fn actions_present(kind: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let tolerated = kind == PolicyKind::Key && statement.action.is_none();
    if tolerated || !items(&statement.action).is_empty() {
        return Ok(());
    }
    let at = statement
        .action
        .as_ref()
        .map_or(statement.at, |list| list.at);
    fail(
        Fault::NoActions,
        at,
        "the statement names no action: give `Action` or `NotAction`",
    )
}

fn resources_present(kind: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let tolerated = match kind {
        PolicyKind::Trust => true,
        PolicyKind::Key => statement.resource.is_none(),
        _ => false,
    };
    if tolerated || !items(&statement.resource).is_empty() {
        return Ok(());
    }
    let at = statement
        .resource
        .as_ref()
        .map_or(statement.at, |list| list.at);
    fail(
        Fault::NoResources,
        at,
        "the statement names no resource: give `Resource` or `NotResource`",
    )
}

fn resources(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    items(&statement.resource)
        .iter()
        .try_for_each(resource::check)
}

/// KMS refuses `ForAllValues` on a key with one value, because it holds where the key is absent.
fn overly_permissive(kind: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let pair_key = |key: &str| {
        let prefix = "kms:EncryptionContext:";
        key.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let found = statement
        .conditions
        .iter()
        .find(|c| c.operator.quantifier == Some(Quantifier::ForAllValues) && pair_key(&c.key.text));
    match found {
        Some(condition) if kind == PolicyKind::Key => {
            let key = condition.key.text.to_string();
            let problem = Problem::new(condition.key.at, format!("`{key}` has a single value"))
                .hint("leave out `ForAllValues:`");
            Err((Fault::OverlyPermissive(key), problem))
        }
        _ => Ok(()),
    }
}
