//! The decision taken again, with repairs that are tried.

use std::sync::Arc;

use super::{Decided, Denial};
use crate::api::{AccessRequest, ApiError, Service, Target};
use crate::authz::{Decision, Verdict};
use crate::base::{AccessKeyId, Arn, SecretText};
use crate::lab::analysis::{Asker, Seat, seat_names, seat_of};
use crate::lab::call::Call;
use crate::lab::fix::attacked;
use crate::lab::proposals::proposals_for;
use crate::lab::{DecidedStep, Fixes, Lab, Repair, sentence};
use crate::state::credential::{AccessKeyStatus, Credential, Credentials};

/// How many faults in a row a repair may cover.
const DEEPEST: usize = 3;

/// What the lab's policies say of the call, and what is missing to say it.
pub(super) fn again(lab: &Lab, denial: &Denial) -> (Option<Decided>, Vec<String>) {
    let (Some(who), Some(action)) = (&denial.principal, &denial.action) else {
        return (None, Vec::new());
    };
    let Some(seat) = seat_of(lab, who) else {
        return (None, vec![unknown(lab, who)]);
    };
    let resource = denial.resource.as_deref().unwrap_or("*");
    let mut needed = Vec::new();
    let request = match request(lab, &seat, action, resource, &mut needed) {
        Ok(request) => with_event(request, denial),
        Err(why) => return (None, vec![why]),
    };
    let asker = Asker::new(lab);
    let decision = asker.decide(&seat.caller, &request);
    let agrees = decision.is_allow() == denial.succeeded;
    if !agrees {
        needed.push(disagreement(denial, &decision));
    }
    let error = denied(action, &decision);
    let repairs = match decision.is_allow() {
        true => Vec::new(),
        false => repairs(lab, &seat, &request, denial),
    };
    let said = match decision.is_allow() {
        true => "By these policies the call is allowed.".to_owned(),
        false => sentence(lab.cloud(), &error),
    };
    let decision = Arc::new(decision);
    let decided = Decided {
        sentence: said,
        step: DecidedStep::of(lab, &decision),
        decision,
        agrees,
        fixes: Fixes {
            repairs,
            advice: Vec::new(),
        },
    };
    (Some(decided), needed)
}

fn unknown(lab: &Lab, who: &str) -> String {
    let names = seat_names(lab);
    let near = crate::base::nearest(who, names.iter().map(String::as_str));
    let hint = near.map_or_else(String::new, |near| format!("; the nearest is {near}"));
    format!("the policies of {who}, who is not in this account{hint}")
}

/// The request, judged on the resource as far as the lab knows it.
fn request(
    lab: &Lab,
    seat: &Seat,
    action: &str,
    resource: &str,
    needed: &mut Vec<String>,
) -> Result<AccessRequest, String> {
    let service = action.split(':').next().unwrap_or_default();
    let asker = Asker::new(lab);
    if service.parse::<Service>().is_ok() {
        match asker.request(&seat.caller, action, resource) {
            Ok(request) => {
                let is_bare = request.target.policy.is_none() && resource != "*";
                if is_bare && service == "s3" {
                    let bucket = resource.split('/').next().unwrap_or(resource);
                    needed.push(format!("the policy of {bucket}, if it has one"));
                }
                return Ok(request);
            }
            Err(error) if Arn::parse(resource).is_err() => return Err(error.message),
            Err(_) => needed.push(format!(
                "the resource {resource}, which is not in this account"
            )),
        }
    } else {
        needed.push(format!(
            "a resource policy, if {service} has one: the lab does not know the service, so only \
             the IAM side is decided"
        ));
    }
    let target = match Arn::parse(resource) {
        Ok(arn) => {
            let owner = crate::base::AccountId::parse(arn.account());
            let owner = owner.unwrap_or_else(|_| seat.caller.account.clone());
            Target::plain(&arn, &owner)
        }
        Err(_) => Target::any(),
    };
    Ok(AccessRequest::new(action, target))
}

/// What the event tells of the request.
fn with_event(request: AccessRequest, denial: &Denial) -> AccessRequest {
    let request = match &denial.encryption_context {
        Some(context) => request.with_encryption_context(context),
        None => request,
    };
    let pairs = denial.context.iter();
    pairs.fold(request, |request, (key, value)| {
        request.with(key, value.as_str())
    })
}

fn denied(action: &str, decision: &Decision) -> ApiError {
    let service = action.split(':').next().unwrap_or_default();
    let service = service.parse().unwrap_or(Service::Iam);
    ApiError::denied(service, Arc::new(decision.clone()))
}

/// AWS and these policies differ: something else has a say.
fn disagreement(denial: &Denial, decision: &Decision) -> String {
    if denial.succeeded {
        return "what allowed the call: these policies do not; they changed since, or a policy is \
                missing (`keychai import` lists what is)"
            .to_owned();
    }
    let named = denial.policy_type.as_deref();
    match (named, decision.verdict) {
        (Some(kind), Verdict::Allow) => format!(
            "the {kind} that AWS names: by the policies here the call would be allowed, so it is \
             missing, was changed since, or hangs on something that the message does not tell"
        ),
        _ => "what denied the call: by the policies here it would be allowed; a policy is missing \
              (organization, VPC endpoint, session), or was changed since"
            .to_owned(),
    }
}

/// Repairs that were tried: after each the call would be allowed.
fn repairs(lab: &Lab, seat: &Seat, request: &AccessRequest, denial: &Denial) -> Vec<Repair> {
    let mut trial = lab.fork();
    let Some(credentials) = credentials(&mut trial, seat) else {
        return Vec::new();
    };
    let action = request.action.clone();
    let service = action
        .split(':')
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or(Service::Iam);
    let operation = action.split(':').nth(1).unwrap_or_default();
    let call = Call::new(credentials, service, operation, serde_json::Value::Null);
    let resource = &request.target.resource;
    let found = search(&trial, seat, &call, denial, resource, DEEPEST);
    attacked(&trial, &call, Some(&(action, resource.clone())), found)
}

/// Credentials of the caller, in a fork.
fn credentials(lab: &mut Lab, seat: &Seat) -> Option<Credentials> {
    let key = AccessKeyId::fresh("AKIA", lab.entropy_mut());
    let secret = SecretText::new(String::new());
    let credential = Credential {
        secret: secret.clone(),
        token: None,
        owner: seat.caller.owner.clone(),
        status: AccessKeyStatus::Active,
        created: lab.now(),
        expires: None,
    };
    lab.cloud_mut()
        .credentials
        .insert_mut(key.clone(), credential);
    Some(Credentials {
        access_key_id: key,
        secret_access_key: secret,
        session_token: None,
    })
}

fn search(
    lab: &Lab,
    seat: &Seat,
    call: &Call,
    denial: &Denial,
    resource: &str,
    depth: usize,
) -> Vec<Repair> {
    let action = denial.action.as_deref().unwrap_or_default();
    let decision = |lab: &Lab| {
        let name = denial.principal.as_deref().unwrap_or(&seat.name);
        let seat = seat_of(lab, name)?;
        let request = request(lab, &seat, action, resource, &mut Vec::new()).ok()?;
        let request = with_event(request, denial);
        Some(Asker::new(lab).decide(&seat.caller, &request))
    };
    let Some(before) = decision(lab) else {
        return Vec::new();
    };
    let error = denied(action, &before);
    let mut found = Vec::new();
    for proposal in proposals_for(lab, call, &error) {
        let repair = Repair {
            title: proposal.title,
            script: proposal.script,
            changes: proposal.changes,
            diff: String::new(),
            opens: Vec::new(),
        };
        let mut changed = lab.fork();
        if repair.apply(&mut changed).is_err() {
            continue;
        }
        match decision(&changed) {
            Some(after) if after.is_allow() => found.push(repair),
            Some(after) if depth > 1 && after.missing != before.missing => {
                let rest = search(&changed, seat, call, denial, resource, depth - 1);
                found.extend(rest.into_iter().next().map(|then| joined(repair, then)));
            }
            _ => {}
        }
    }
    found
}

fn joined(mut first: Repair, then: Repair) -> Repair {
    first.title = format!("{}; {}", first.title, then.title);
    first.script.extend(then.script);
    first.changes.extend(then.changes);
    first
}
