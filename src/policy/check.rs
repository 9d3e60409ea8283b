//! What a service checks before it stores a policy.
//!
//! In AWS's order: syntax (done by then), version, the second parser, Sids,
//! actions and resources present, resources, actions, principals. Names of
//! services and actions are not looked up: an unknown one is stored and never
//! matches.

use std::collections::HashSet;

use crate::base::Glob;
use crate::base::glob::Case;

use super::action::{is_vendor, split_action};
use super::error::{Problem, Trouble};
use super::fault::Fault;
use super::operator::{Family, Quantifier};
use super::principal_element::{PrincipalForm, PrincipalPattern};
use super::raw::{RawList, RawPolicy, RawPrincipal, RawStatement, Text};
use super::{PolicyKind, control, value};

/// Every partition of AWS.
const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
];

type Check = fn(PolicyKind, &RawStatement<'_>) -> Result<(), Trouble>;

/// Refuses what the service would refuse.
pub(super) fn check(kind: PolicyKind, policy: &RawPolicy<'_>) -> Result<(), Trouble> {
    version(kind, policy)?;
    let passes: [Check; 2] = [legacy, members];
    each(kind, policy, &passes)?;
    control::check(kind, policy)?;
    if kind.has_iam_sids() {
        sids(policy)?;
    }
    let passes: [Check; 6] = [
        actions_present,
        resources_present,
        resources,
        actions,
        principals,
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

/// What AWS's second parser refuses.
fn legacy(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let effect = &statement.effect_text;
    if effect.text != statement.effect.name() {
        let detail = format!("`{}` is written `{}`", effect.text, statement.effect.name());
        return fail(Fault::Legacy, effect.at, detail);
    }
    for condition in &statement.conditions {
        let dates = matches!(condition.operator.comparison.family(), Family::Date(_));
        let wrong = condition
            .values
            .iter()
            .find(|v| value::parse_date(&v.text).is_none());
        if let (true, Some(wrong)) = (dates, wrong) {
            let problem = Problem::new(wrong.at, format!("`{}` is not a date", wrong.text))
                .hint("use ISO 8601 (`2026-06-01T12:00:00Z`) or seconds since 1970");
            return Err((Fault::Legacy, problem));
        }
    }
    for resource in items(&statement.resource) {
        if resource.text.split(':').nth(2) == Some("s3") && resource.text.matches(':').count() < 5 {
            let problem = Problem::new(resource.at, format!("`{}` lacks parts", resource.text))
                .hint(
                    "the ARN of a bucket is `arn:aws:s3:::bucket`, with three colons behind `s3`",
                );
            return Err((Fault::Legacy, problem));
        }
    }
    Ok(())
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
    let mut seen = HashSet::new();
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
    items(&statement.resource).iter().try_for_each(resource)
}

fn resource(resource: &Text<'_>) -> Result<(), Trouble> {
    let text = &*resource.text;
    if text == "*" {
        return Ok(());
    }
    let mut parts = text.split(':');
    if parts.next() != Some("arn") || parts.clone().next().is_none() {
        let problem = Problem::new(resource.at, format!("`{text}` is neither an ARN nor `*`"))
            .hint("an ARN is `arn:aws:service:region:account:resource`");
        return Err((Fault::NotArn(text.into()), problem));
    }
    let [partition, service, region, account] = [(); 4].map(|()| parts.next().unwrap_or_default());
    if !is_partition(partition) {
        let problem = Problem::new(resource.at, format!("`{partition}` is no partition of AWS"))
            .suggest(partition, PARTITIONS);
        let fault = Fault::Partition {
            partition: partition.into(),
            resource: text.into(),
        };
        return Err((fault, problem));
    }
    if service == "s3" && !region.is_empty() && account.is_empty() {
        let problem = Problem::new(resource.at, format!("`{region}` stands where nothing may"))
            .hint("the ARN of a bucket has neither Region nor account: `arn:aws:s3:::bucket`");
        return Err((Fault::RegionInBucketArn(text.into()), problem));
    }
    Ok(())
}

/// Whether `text` is a partition, or a pattern that admits one.
fn is_partition(text: &str) -> bool {
    let admits = || {
        let pattern = Glob::new(text, Case::Sensitive);
        PARTITIONS.iter().any(|known| pattern.matches(known))
    };
    PARTITIONS.contains(&text) || (text.contains(['*', '?']) && admits())
}

fn actions(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    items(&statement.action).iter().try_for_each(action)
}

fn action(action: &Text<'_>) -> Result<(), Trouble> {
    let text = &*action.text;
    if text == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = split_action(text) else {
        let problem = Problem::new(action.at, format!("`{text}` has no service prefix")).hint(
            format!("write it as `s3:{text}`, with the service that it belongs to"),
        );
        return Err((Fault::NoVendor, problem));
    };
    if name.bytes().any(|b| b == b':') {
        let detail = format!("`{text}` has more than one colon");
        return fail(Fault::Colons, action.at, detail);
    }
    if !is_vendor(vendor) {
        let detail =
            format!("`{vendor}` is no service prefix: it takes letters, digits, `-` and `.`");
        return fail(Fault::Vendor(vendor.into()), action.at, detail);
    }
    Ok(())
}

fn principals(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let Some(principal) = &statement.principal else {
        return Ok(());
    };
    let invalid = principal.entries.iter().find(|(label, text)| {
        *PrincipalPattern::new(label, &text.text).form() == PrincipalForm::Unknown
    });
    match invalid {
        None => Ok(()),
        Some((label, text)) => Err(invalid_principal(label, text)),
    }
}

fn invalid_principal(label: &str, text: &Text<'_>) -> Trouble {
    let labels = ["AWS", "Service", "Federated", "CanonicalUser"];
    let problem = if !labels.contains(&label) {
        Problem::new(text.at, format!("`{label}` is no kind of principal")).suggest(label, labels)
    } else if text.text.contains(['*', '?']) {
        Problem::new(text.at, format!("`{}` has a wildcard", text.text))
            .hint("use `*` alone, with the condition `ArnLike` on `aws:PrincipalArn`")
    } else {
        Problem::new(text.at, format!("`{}` cannot be a principal", text.text))
            .hint("give an account, or the ARN of a user, role or session")
    };
    (
        Fault::InvalidPrincipal {
            label: label.to_owned(),
            text: text.text.to_string(),
        },
        problem,
    )
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
