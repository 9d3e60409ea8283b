//! Which permissions a piece of work needs, found by experiment.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::facade::Lab;
use super::least_policies::LeastPrivilege;
use super::least_privilege::{Trial, least_privilege};
use crate::api::Service;
use crate::base::AccountId;
use crate::policy::StatementDraft;
use crate::state::stand_in::StandIns;
use crate::state::trail::Event;

/// One permission, and what the experiment said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// Who needs it: the user's or role's name.
    pub principal: String,
    /// `service:Operation`.
    pub action: String,
    /// On what it was asked for.
    pub resources: Vec<String>,
    /// Whether the work fails when it alone is taken away.
    pub necessary: bool,
}

/// What a piece of work needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requirements {
    /// The permissions that were asked for, in order.
    pub needed: Vec<Requirement>,
    /// Permissions that people think are needed: taken away, and the work still succeeded.
    pub not_needed: Vec<String>,
    /// The least that each actor needs, verified by further runs.
    #[serde(flatten)]
    pub least: LeastPrivilege,
}

/// What is often added to a policy for SSE-KMS without need.
const SUSPECTS: [&str; 4] = [
    "kms:Encrypt",
    "kms:DescribeKey",
    "kms:ReEncryptTo",
    "s3:ListBucket",
];

/// Runs `work` in forks of `lab`: once as things stand, to see which permissions
/// are asked for, then once for each of them with that one denied, then with the least
/// policies that do, and without each of their actions.
///
/// # Errors
/// What `work` answers if it already fails as things stand.
pub fn requirements<E>(
    lab: &Lab,
    mut work: impl FnMut(&mut Lab) -> Result<(), E>,
) -> Result<Requirements, E> {
    let mut plain = lab.fork();
    let before = plain.cloud().trail.len();
    work(&mut plain)?;
    let asked = asked_for(plain.cloud().trail.iter().skip(before).map(|e| &**e));
    let mut needed = Vec::new();
    let mut actors: Vec<(AccountId, String, String)> = Vec::new();
    for ((account, kind, name, action), resources) in asked {
        let actor = (account, kind, name);
        let necessary = fails_without(lab, &actor, &action, &mut work);
        needed.push(Requirement {
            principal: actor.2.clone(),
            action,
            resources,
            necessary,
        });
        if !actors.contains(&actor) {
            actors.push(actor);
        }
    }
    let not_needed = SUSPECTS
        .iter()
        .filter(|action| needed.iter().all(|r| r.action != **action))
        .filter(|action| {
            actors
                .iter()
                .all(|a| !fails_without(lab, a, action, &mut work))
        })
        .map(|action| (*action).to_owned())
        .collect();
    let first = Trial {
        events: plain.cloud().trail.iter().skip(before).cloned().collect(),
        succeeded: true,
    };
    let again = |stand_ins: &StandIns| {
        let mut trial = lab.fork();
        trial.narrow(stand_ins);
        let succeeded = work(&mut trial).is_ok();
        Trial {
            events: trial.cloud().trail.iter().skip(before).cloned().collect(),
            succeeded,
        }
    };
    Ok(Requirements {
        needed,
        not_needed,
        least: least_privilege(&first, |_, _, _| true, again),
    })
}

type Asked = (AccountId, String, String, String);

/// Every permission that was judged, by actor, in the order of first appearance.
fn asked_for<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<(Asked, Vec<String>)> {
    let mut order: Vec<Asked> = Vec::new();
    let mut resources: BTreeMap<Asked, Vec<String>> = BTreeMap::new();
    for decision in events.flat_map(|e| &e.decisions) {
        let Some(actor) = actor_of(&decision.principal) else {
            continue;
        };
        let key = (actor.0, actor.1, actor.2, decision.action.to_string());
        if !order.contains(&key) {
            order.push(key.clone());
        }
        let known = resources.entry(key).or_default();
        if !known
            .iter()
            .any(|resource| **resource == *decision.resource)
        {
            known.push(decision.resource.to_string());
        }
    }
    order
        .into_iter()
        .map(|key| {
            let found = resources.remove(&key).unwrap_or_default();
            (key, found)
        })
        .collect()
}

/// The user or role behind a caller's ARN: account, kind, name.
pub(super) fn actor_of(principal: &str) -> Option<(AccountId, String, String)> {
    let arn = crate::base::Arn::parse(principal).ok()?;
    let account = AccountId::parse(arn.account()).ok()?;
    match arn.resource_type() {
        "user" => Some((account, "user".to_owned(), arn.base_name().to_owned())),
        "assumed-role" => {
            let role = arn.resource_name().split('/').next()?.to_owned();
            Some((account, "role".to_owned(), role))
        }
        _ => None,
    }
}

fn fails_without<E>(
    lab: &Lab,
    (account, kind, name): &(AccountId, String, String),
    action: &str,
    work: &mut impl FnMut(&mut Lab) -> Result<(), E>,
) -> bool {
    let deny = StatementDraft::deny()
        .action(action)
        .resource("*")
        .to_value();
    let document = json!({ "Version": "2012-10-17", "Statement": [deny] }).to_string();
    let (operation, member) = if kind == "user" {
        ("PutUserPolicy", "UserName")
    } else {
        ("PutRolePolicy", "RoleName")
    };
    let input = json!({
        member: name, "PolicyName": "keychai-experiment", "PolicyDocument": document,
    });
    let mut trial = lab.fork();
    let denied = trial
        .call_as_admin(account, Service::Iam, operation, input)
        .is_ok();
    denied && work(&mut trial).is_err()
}
