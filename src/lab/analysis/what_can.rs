//! All that one principal may do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::asking::{Asker, carriers};
use super::conditions;
use super::seats::{Seat, is_root, seat_names, seat_of};
use crate::api::{AccessRequest, ApiError, Service};
use crate::base::nearest;
use crate::lab::{Lab, resource_label};
use crate::policy::Effect;
use crate::policy::lint::Catalogue;
use crate::service;

/// What a principal may do on some resources, by the same statements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Power {
    /// What people call the resources.
    pub resources: Vec<String>,
    /// Their ARNs, or `*`.
    pub arns: Vec<String>,
    /// `service:Operation`, sorted.
    pub actions: Vec<String>,
    /// The statements and grants that allow.
    pub by: Vec<String>,
    /// What the request has to hold.
    pub conditions: Vec<String>,
}

/// All that one principal may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhatCan {
    /// The name.
    pub principal: String,
    /// The ARN, or the name of a service.
    pub arn: String,
    /// How many pairs of action and resource were asked about.
    pub asked: usize,
    /// What it may do.
    pub found: Vec<Power>,
    /// Actions that its policies allow in services whose calls the lab does not
    /// judge, as the policies write them.
    pub beyond: Vec<String>,
}

type Group = (Vec<String>, Vec<String>);

/// All that `who` may do in `lab`: a user, role or root user by its ARN, or a
/// service by its name.
///
/// Asked are all actions of the services that the lab knows, on all resources
/// that exist.
///
/// # Errors
/// If there is no such principal, with the nearest name.
pub fn what_can(lab: &Lab, who: &str) -> Result<WhatCan, ApiError> {
    let seat = seat_of(lab, who).ok_or_else(|| unknown(lab, who))?;
    let asker = Asker::new(lab);
    let mut asked = 0;
    let mut by_resource: BTreeMap<(String, Group), BTreeSet<String>> = BTreeMap::new();
    let resources = resources(lab);
    for (action, kinds) in actions() {
        let may = is_root(&seat.caller) || seat.caller.identity.may_allow(&action);
        let judged_elsewhere = ["kms:", "s3:", "sts:"]
            .iter()
            .any(|s| action.starts_with(s));
        if !may && !judged_elsewhere {
            continue;
        }
        let everything = vec!["*".to_owned()];
        let on = match kinds.is_empty() {
            true => vec![&everything],
            false => kinds
                .iter()
                .filter_map(|kind| resources.get(kind))
                .collect(),
        };
        for arn in on.into_iter().flatten() {
            let Ok(request) = asker.request(&seat.caller, &action, arn) else {
                continue;
            };
            asked += 1;
            if let Some(group) = power(&asker, &seat, &request) {
                let entry = by_resource.entry((arn.clone(), group)).or_default();
                entry.insert(action.clone());
            }
        }
    }
    Ok(WhatCan {
        principal: seat.label.clone(),
        arn: seat.name.clone(),
        asked,
        found: gathered(lab, by_resource),
        beyond: beyond(&seat),
    })
}

fn unknown(lab: &Lab, who: &str) -> ApiError {
    let names = seat_names(lab);
    let near = nearest(who, names.iter().map(String::as_str));
    let hint = near.map(|near| format!("; did you mean `{near}`?"));
    let hint = hint.unwrap_or_default();
    ApiError::validation(
        Service::Iam,
        format!("`{who}` is no user, role or root user of this lab{hint}"),
    )
}

/// By what `seat` may make `request`, and under which conditions.
fn power(asker: &Asker<'_>, seat: &Seat, request: &AccessRequest) -> Option<Group> {
    if asker.allows(&seat.caller, request) {
        let decision = asker.decide(&seat.caller, request);
        return Some((carriers(&decision), conditions::of_allowed(&decision)));
    }
    let (words, decision) = conditions::opening(asker, &seat.caller, request)?;
    Some((carriers(&decision), words))
}

/// Resources with the same powers by the same statements are one row.
fn gathered(lab: &Lab, found: BTreeMap<(String, Group), BTreeSet<String>>) -> Vec<Power> {
    let mut rows: BTreeMap<(Vec<String>, Group), Vec<String>> = BTreeMap::new();
    for ((arn, group), actions) in found {
        let actions = actions.into_iter().collect();
        rows.entry((actions, group)).or_default().push(arn);
    }
    rows.into_iter()
        .map(|((actions, (by, conditions)), arns)| Power {
            resources: arns
                .iter()
                .map(|arn| resource_label(lab.cloud(), arn))
                .collect(),
            arns,
            actions,
            by,
            conditions,
        })
        .collect()
}

/// Every action of the services of the lab, with the kinds of its resources.
fn actions() -> BTreeMap<String, Vec<String>> {
    let catalogue = Catalogue::bundled();
    let mut actions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for service in Service::ALL.map(Service::prefix) {
        for action in catalogue.actions(service).into_iter().flatten() {
            let kinds = action.resource_types.iter();
            let kinds = kinds.map(|kind| format!("{service}:{kind}")).collect();
            actions.insert(action.name.clone(), kinds);
        }
    }
    for entry in service::operations() {
        let known = catalogue.actions(entry.spec.service.prefix()).is_some();
        for permission in entry.spec.permissions.iter().filter(|_| !known) {
            actions.entry((*permission).to_owned()).or_default();
        }
    }
    actions
}

/// The ARNs of what exists, by the catalogue's kinds.
fn resources(lab: &Lab) -> BTreeMap<String, Vec<String>> {
    let cloud = lab.cloud();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut put = |kind: &str, arn: String| found.entry(kind.to_owned()).or_default().push(arn);
    for key in cloud.keys.values() {
        put("kms:key", key.arn.to_string());
    }
    for bucket in cloud.buckets.values() {
        put("s3:bucket", bucket.arn().to_string());
        put("s3:object", bucket.object_arn("*").to_string());
    }
    for account in cloud.accounts.values() {
        for user in account.users.values() {
            put("iam:user", user.entity.arn.to_string());
        }
        for role in account.roles.values() {
            put("iam:role", role.entity.arn.to_string());
            put("sts:role", role.entity.arn.to_string());
        }
        for group in account.groups.values() {
            put("iam:group", group.entity.arn.to_string());
        }
        for policy in account.policies.values() {
            put("iam:policy", policy.arn.to_string());
        }
    }
    found
}

/// What the principal's policies allow in services that the lab does not have.
fn beyond(seat: &Seat) -> Vec<String> {
    let policies = seat.caller.identity.policies().iter();
    let statements = policies.flat_map(|named| named.policy.statements());
    let patterns = statements
        .filter(|s| s.effect() == Effect::Allow)
        .flat_map(|s| s.action().entries());
    let unknown = patterns.filter(|pattern| {
        let service = pattern.service();
        service.is_some_and(|service| service.to_ascii_lowercase().parse::<Service>().is_err())
    });
    let names: BTreeSet<String> = unknown.map(|p| p.as_str().to_owned()).collect();
    names.into_iter().collect()
}
