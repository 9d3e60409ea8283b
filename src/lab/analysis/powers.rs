//! What a principal could change to give itself a right.
//!
//! Each change is asked for as a call, by the engine; then the right is asked
//! for again as if the change were made. Changes add up until the right is
//! there or nothing more can be changed.

use std::sync::Arc;

use super::asking::{Asker, admitting};
use super::seats::{Seat, everything};
use crate::api::{AccessRequest, Caller};
use crate::authz::{Grant, GrantOperation, PolicySet, ResourceKind, Subject};
use crate::base::{Arn, Entropy, GrantId};
use crate::lab::Lab;
use crate::policy::Principal;
use crate::state::iam::{Account, Entity};

/// What a call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// The caller's own policies allow everything.
    OwnPolicies,
    /// The caller has no permissions boundary.
    NoBoundary,
    /// The resource's own policy admits the caller.
    ResourcePolicy,
    /// A grant admits the caller.
    Grant,
}

/// A call that changes something, and what.
pub(super) struct Power {
    change: Change,
    pub(super) request: AccessRequest,
}

/// A principal with what it could change.
pub(super) struct Growth {
    /// The calls, in order.
    pub(super) calls: Vec<AccessRequest>,
    /// The principal after them.
    pub(super) caller: Caller,
}

/// The calls by which `seat` can give itself the right to make `request`.
pub(super) fn towards(asker: &Asker<'_>, seat: &Seat, request: &AccessRequest) -> Option<Growth> {
    let mut powers = on_itself(asker, seat);
    powers.extend(on_target(asker, seat, request));
    let all: Vec<&Power> = powers.iter().collect();
    let calls = grow(asker, seat, request, &all).filter(|(_, reached)| *reached)?;
    // What the right does not need is left out again.
    let mut needed = calls.0;
    let mut at = 0;
    while at < needed.len() {
        let mut fewer = needed.clone();
        fewer.remove(at);
        match grow(asker, seat, request, &fewer) {
            Some((_, true)) => needed = fewer,
            _ => at += 1,
        }
    }
    let caller = needed
        .iter()
        .fold(seat.caller.clone(), |caller, power| power.changed(&caller));
    Some(Growth {
        calls: needed.iter().map(|power| power.request.clone()).collect(),
        caller,
    })
}

/// `seat` with all that it can do for itself alone; `None` if that is nothing.
pub(super) fn alone(asker: &Asker<'_>, seat: &Seat) -> Option<Growth> {
    let powers = on_itself(asker, seat);
    let mut caller = seat.caller.clone();
    let mut made: Vec<&Power> = Vec::new();
    for change in [Change::OwnPolicies, Change::NoBoundary, Change::OwnPolicies] {
        if made.iter().any(|power| power.change == change) {
            continue;
        }
        let mut of_kind = powers.iter().filter(|power| power.change == change);
        if let Some(power) = of_kind.find(|power| asker.allows(&caller, &power.request)) {
            caller = power.changed(&caller);
            made.push(power);
        }
    }
    let calls: Vec<AccessRequest> = made.iter().map(|power| power.request.clone()).collect();
    (!calls.is_empty()).then_some(Growth { calls, caller })
}

/// Makes what can be made of `powers`, in any order, until `request` is allowed.
fn grow<'p>(
    asker: &Asker<'_>,
    seat: &Seat,
    request: &AccessRequest,
    powers: &[&'p Power],
) -> Option<(Vec<&'p Power>, bool)> {
    let (mut caller, mut wanted) = (seat.caller.clone(), request.clone());
    let mut made: Vec<&Power> = Vec::new();
    loop {
        if asker.allows(&caller, &wanted) {
            return Some((made, true));
        }
        let new = |power: &&&Power| !made.iter().any(|done| done.change == power.change);
        let next = powers
            .iter()
            .filter(new)
            .find(|power| asker.allows(&caller, &power.request));
        let Some(power) = next else {
            return Some((made, false));
        };
        caller = power.changed(&caller);
        wanted = power.reached(&caller, wanted, asker)?;
        made.push(power);
    }
}

impl Power {
    /// `caller` after the change.
    fn changed(&self, caller: &Caller) -> Caller {
        match self.change {
            Change::OwnPolicies => Caller {
                identity: with_everything(&caller.identity),
                ..caller.clone()
            },
            Change::NoBoundary => Caller {
                boundary: None,
                subject: Arc::new(Subject {
                    principal: Principal {
                        has_boundary: false,
                        ..caller.subject.principal.clone()
                    },
                    ..(*caller.subject).clone()
                }),
                ..caller.clone()
            },
            Change::ResourcePolicy | Change::Grant => caller.clone(),
        }
    }

    /// `request` after the change.
    fn reached(
        &self,
        caller: &Caller,
        mut request: AccessRequest,
        asker: &Asker<'_>,
    ) -> Option<AccessRequest> {
        match self.change {
            Change::ResourcePolicy => {
                request.target = admitting(&request.target, caller, &request.action)?;
            }
            Change::Grant => {
                let grant = grant_to(caller, &request.action, asker.lab)?;
                request.target.grants.push(Arc::new(grant));
            }
            Change::OwnPolicies | Change::NoBoundary => {}
        }
        Some(request)
    }
}

fn with_everything(identity: &PolicySet) -> PolicySet {
    let own = identity.policies().iter().cloned();
    own.chain(everything().policies().iter().cloned()).collect()
}

fn grant_to(caller: &Caller, action: &str, lab: &Lab) -> Option<Grant> {
    let operation: GrantOperation = action.parse().ok()?;
    let principal = &caller.subject.principal;
    let grantee = principal.issuer.as_ref().or(principal.arn.as_ref())?;
    let now = lab.now();
    Some(Grant {
        id: GrantId::fresh(&mut Entropy::simulated(0)),
        name: Some("of its own making".to_owned()),
        grantee: grantee.clone(),
        grantee_id: principal.unique_id.clone(),
        retiring: None,
        operations: [operation].into(),
        constraints: None,
        issuing_account: caller.account.clone(),
        created: now,
        visible_from: now,
        tokens: Vec::new(),
    })
}

/// The calls by which `seat` changes its own policies.
fn on_itself(asker: &Asker<'_>, seat: &Seat) -> Vec<Power> {
    let Some((account, arn)) = own(asker.lab, seat) else {
        return Vec::new();
    };
    let found = match arn.resource_type() {
        "user" => account.user(arn.base_name()).map(|user| {
            let groups = user.groups.iter().filter_map(|name| account.group(name));
            let mut calls = of_entity(&user.entity, "User");
            for group in groups {
                let policies = of_entity(&group.entity, "Group").into_iter();
                calls.extend(policies.filter(|(change, _, _)| *change == Change::OwnPolicies));
            }
            calls
        }),
        _ => account
            .role(arn.base_name())
            .map(|role| of_entity(&role.entity, "Role")),
    };
    let calls = found.unwrap_or_default();
    calls
        .into_iter()
        .filter(|(_, action, _)| seat.caller.identity.may_allow(action))
        .filter_map(|(change, action, resource)| {
            let request = asker.request(&seat.caller, &action, &resource).ok()?;
            Some(Power { change, request })
        })
        .collect()
}

fn of_entity(entity: &Entity, title: &str) -> Vec<(Change, String, String)> {
    let on_it = |change, verb: &str, noun: &str| {
        (
            change,
            format!("iam:{verb}{title}{noun}"),
            entity.arn.to_string(),
        )
    };
    let mut calls = vec![
        on_it(Change::OwnPolicies, "Put", "Policy"),
        on_it(Change::OwnPolicies, "Attach", "Policy"),
    ];
    let own = entity.attached.iter().filter(|arn| arn.account() != "aws");
    calls.extend(own.map(|arn| {
        let action = "iam:CreatePolicyVersion".to_owned();
        (Change::OwnPolicies, action, arn.to_string())
    }));
    if entity.boundary.is_some() {
        calls.push(on_it(Change::NoBoundary, "Delete", "PermissionsBoundary"));
    }
    calls
}

/// The account of a user or role, and its own ARN.
fn own<'a>(lab: &'a Lab, seat: &Seat) -> Option<(&'a Account, Arn)> {
    let principal = &seat.caller.subject.principal;
    let arn = principal.issuer.as_ref().or(principal.arn.as_ref())?;
    Some((lab.cloud().account_of(arn)?, arn.clone()))
}

/// The calls by which `seat` changes who may use the resource of `request`.
fn on_target(asker: &Asker<'_>, seat: &Seat, request: &AccessRequest) -> Vec<Power> {
    let resource = request.target.resource.as_str();
    let at_home = request.target.owner.as_ref() == Some(&seat.caller.account);
    let mut calls: Vec<(Change, &str, String)> = Vec::new();
    match request.target.kind {
        ResourceKind::CustomerKey => {
            calls.push((Change::ResourcePolicy, "kms:PutKeyPolicy", resource.into()));
            if request.action.parse::<GrantOperation>().is_ok() {
                calls.push((Change::Grant, "kms:CreateGrant", resource.into()));
            }
        }
        ResourceKind::RoleTrust => calls.push((
            Change::ResourcePolicy,
            "iam:UpdateAssumeRolePolicy",
            resource.into(),
        )),
        _ if at_home && resource.starts_with("arn:aws:s3:::") => {
            let bucket = resource.split('/').next().unwrap_or(resource);
            calls.push((Change::ResourcePolicy, "s3:PutBucketPolicy", bucket.into()));
        }
        _ => {}
    }
    calls
        .into_iter()
        .filter_map(|(change, action, resource)| {
            let request = asker.request(&seat.caller, action, &resource).ok()?;
            Some(Power { change, request })
        })
        .collect()
}
