//! The least that users and roles need for a piece of work, found and verified by running it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::facade::Lab;
use super::least_policies::{
    ActorPolicy, GrantInstead, KeyPolicy, LeastPrivilege, Permission, Spare,
};
use super::requirements::actor_of;
use crate::authz::{Decision, GrantOperation, Layer, LayerVerdict, NamedPolicy, PolicySet};
use crate::base::{AccountId, Arn};
use crate::policy::{Effect, Policy, PolicyKind, Reach};
use crate::state::credential::Owner;
use crate::state::stand_in::StandIns;
use crate::state::trail::Event;

/// One run of the work.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// What it left in the trail, oldest first.
    pub events: Vec<Arc<Event>>,
    /// Whether it came to its end.
    pub succeeded: bool,
}

impl Trial {
    /// The first thing in which `other` does not come to the same as this: a call
    /// of another name or outcome, or another end.
    pub fn difference(&self, other: &Self) -> Option<String> {
        for (was, is) in self.events.iter().zip(&other.events) {
            if was.event_name != is.event_name || was.event_source != is.event_source {
                return Some(format!("{} in place of {}", is.event_name, was.event_name));
            }
            if was.error_code != is.error_code {
                let code = is.error_code.as_deref().unwrap_or("succeeds");
                return Some(format!("{}: {code}", is.event_name));
            }
        }
        let counts = (self.events.len(), other.events.len());
        match self.succeeded == other.succeeded {
            _ if counts.0 != counts.1 => {
                Some(format!("{} calls in place of {}", counts.1, counts.0))
            }
            true => None,
            false if other.succeeded => Some("the work succeeds".to_owned()),
            false => Some("the work fails".to_owned()),
        }
    }
}

impl Lab {
    /// Limits users and roles to `stand_ins`, in this lab and its forks.
    pub fn narrow(&mut self, stand_ins: &StandIns) {
        let (cloud, _) = self.parts();
        cloud.stand_ins = stand_ins.clone().over(&cloud.stand_ins);
    }

    /// Whether the user is one that the lab itself put into `account` to administer it.
    pub fn is_administrator(&self, account: &AccountId, user: &str) -> bool {
        let credentials = self.admin_of(account);
        let known = credentials.and_then(|c| self.cloud().credentials.get(&c.access_key_id));
        known.is_some_and(|known| matches!(&known.owner, Owner::User { name, .. } if name == user))
    }
}

/// An account, `user` or `role`, and a name.
type Actor = (AccountId, String, String);

/// A permission that the identity side gave.
struct Need {
    actor: Actor,
    action: String,
    resources: Vec<String>,
    without: Option<String>,
    spare: Option<String>,
}

/// Finds the least that the actors of `first` need, for whom `counts` (account, kind,
/// name) holds. `again` runs the same work with policies in place of the actors' own.
pub fn least_privilege(
    first: &Trial,
    counts: impl Fn(&AccountId, &str, &str) -> bool,
    mut again: impl FnMut(&StandIns) -> Trial,
) -> LeastPrivilege {
    let counts = |actor: &Actor| counts(&actor.0, &actor.1, &actor.2);
    let actors = actors(first, counts);
    let mut needs = needs(first, &actors);
    let mut runs = 0;
    let mut differs = |needs: &[Need], left_out: Option<usize>| {
        runs += 1;
        let trial = again(&stand_ins(&actors, needs, left_out));
        (first.difference(&trial), trial)
    };
    let mut unlike = differs(&needs, None).0;
    if unlike.is_none() {
        drop_each(&mut needs, &mut differs);
    }
    // What is necessary was found while more was there; with less it must be so still.
    if unlike.is_none() && needs.iter().any(|need| need.spare.is_some()) {
        unlike = differs(&needs, None).0;
        for index in kept(&needs) {
            let difference = differs(&needs, Some(index)).0;
            if let Some(need) = needs.get_mut(index) {
                need.without = difference;
            }
        }
    }
    let proved = kept(&needs)
        .iter()
        .all(|index| needs.get(*index).is_some_and(|need| need.without.is_some()));
    LeastPrivilege {
        policies: policies(&actors, &needs),
        key_policies: key_policies(first, &actors),
        grants: grants(&actors, &needs),
        spare: spares(&needs),
        verified: unlike.is_none() && proved,
        unlike,
        runs,
    }
}

/// Leaves out one permission after the other; what the work does without stays out.
fn drop_each(
    needs: &mut [Need],
    differs: &mut impl FnMut(&[Need], Option<usize>) -> (Option<String>, Trial),
) {
    for index in 0..needs.len() {
        let (difference, trial) = differs(needs, Some(index));
        if let Some(need) = needs.get_mut(index) {
            if difference.is_none() {
                need.spare = Some(other_way(&trial, need));
            }
            need.without = difference;
        }
    }
}

fn kept(needs: &[Need]) -> Vec<usize> {
    let kept = needs.iter().enumerate().filter(|(_, n)| n.spare.is_none());
    kept.map(|(index, _)| index).collect()
}

/// Every actor of the trial with its ARN, in order of appearance.
fn actors(trial: &Trial, counts: impl Fn(&Actor) -> bool) -> Vec<(Actor, String)> {
    let mut found: Vec<(Actor, String)> = Vec::new();
    for event in &trial.events {
        for decision in &event.decisions {
            let Some(actor) = actor_of(&decision.principal) else {
                continue;
            };
            // A service at work bears a name that no role can have.
            if !actor.2.contains(':') && counts(&actor) && found.iter().all(|f| f.0 != actor) {
                let arn = entity_arn(event, &actor, decision);
                found.push((actor, arn));
            }
        }
    }
    found
}

/// The ARN of the user or role; the event knows a role's path, its session's ARN does not.
fn entity_arn(event: &Event, (account, kind, name): &Actor, decision: &Decision) -> String {
    if kind == "user" {
        return decision.principal.to_string();
    }
    let issuer = event
        .user_identity
        .pointer("/sessionContext/sessionIssuer/arn");
    let path_known = issuer.and_then(Value::as_str).filter(|arn| {
        Arn::parse(arn).is_ok_and(|arn| arn.resource_type() == "role" && arn.base_name() == name)
    });
    let built = Arn::of("iam", "", account.as_str(), &format!("role/{name}"));
    path_known.unwrap_or(built.as_str()).to_owned()
}

fn says(decision: &Decision, layer: Layer) -> Option<LayerVerdict> {
    decision.step(layer).map(|step| step.verdict)
}

fn allowed(trial: &Trial) -> impl Iterator<Item = (Actor, &Decision)> {
    let decisions = trial.events.iter().flat_map(|event| &event.decisions);
    let allowed = decisions.filter(|decision| decision.is_allow());
    allowed.filter_map(|decision| Some((actor_of(&decision.principal)?, &**decision)))
}

/// What the identity side was asked for, and gave.
fn needs(trial: &Trial, actors: &[(Actor, String)]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for (actor, decision) in allowed(trial) {
        let by_identity = says(decision, Layer::Identity) == Some(LayerVerdict::Allow);
        if !by_identity || actors.iter().all(|known| known.0 != actor) {
            continue;
        }
        let resource = literal(&decision.resource);
        let known = needs
            .iter_mut()
            .find(|need| need.actor == actor && *need.action == *decision.action);
        match known {
            Some(need) if need.resources.contains(&resource) => {}
            Some(need) => need.resources.push(resource),
            None => needs.push(Need {
                actor,
                action: decision.action.to_string(),
                resources: vec![resource],
                without: None,
                spare: None,
            }),
        }
    }
    needs
}

/// An object's key may hold signs that a policy reads as wildcards or variables.
fn literal(resource: &str) -> String {
    if !resource.starts_with("arn:aws:s3:::") {
        return resource.to_owned();
    }
    let escaped = resource.chars().map(|sign| match sign {
        '*' | '?' | '$' => format!("${{{sign}}}"),
        other => other.to_string(),
    });
    escaped.collect()
}

fn stand_ins(actors: &[(Actor, String)], needs: &[Need], left_out: Option<usize>) -> StandIns {
    let mut stand_ins = StandIns::default();
    for (actor, _) in actors {
        let kept = needs.iter().enumerate().filter(|(index, need)| {
            need.actor == *actor && need.spare.is_none() && Some(*index) != left_out
        });
        let document = document(kept.map(|(_, need)| need));
        // Such a document always reads; if one did not, its actor could do nothing.
        let policy = document
            .and_then(|document| Policy::load(PolicyKind::Inline, &document.to_string()).ok())
            .map(|policy| NamedPolicy::new(format!("{} › least privilege", actor.2), policy));
        let policies = PolicySet::new(policy.into_iter().collect());
        stand_ins.put(
            actor.0.clone(),
            format!("{}/{}", actor.1, actor.2),
            policies,
        );
    }
    stand_ins
}

/// A policy that allows this and nothing else: one statement for each service and
/// set of resources.
fn document<'a>(needs: impl Iterator<Item = &'a Need>) -> Option<Value> {
    let mut groups: BTreeMap<(&str, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for need in needs {
        let service = need.action.split(':').next().unwrap_or_default();
        let resources = need.resources.iter().map(String::as_str).collect();
        let actions = groups.entry((service, resources)).or_default();
        actions.insert(&need.action);
    }
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut statements = Vec::new();
    for ((service, resources), actions) in &groups {
        let number = count.entry(service).or_default();
        *number += 1;
        let part = match *number {
            1 => String::new(),
            number => format!("Part{number}"),
        };
        statements.push(json!({
            "Sid": format!("Use{}{part}", service.to_uppercase()),
            "Effect": "Allow",
            "Action": actions,
            "Resource": resources,
        }));
    }
    (!statements.is_empty()).then(|| json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn policies(actors: &[(Actor, String)], needs: &[Need]) -> Vec<ActorPolicy> {
    let of = |(actor, arn): &(Actor, String)| {
        let kept: Vec<&Need> = needs
            .iter()
            .filter(|need| need.actor == *actor && need.spare.is_none())
            .collect();
        let actions = kept.iter().map(|need| Permission {
            action: need.action.clone(),
            resources: need.resources.clone(),
            without: need.without.clone(),
        });
        ActorPolicy {
            principal: actor.2.clone(),
            arn: arn.clone(),
            actions: actions.collect(),
            document: document(kept.iter().copied()),
        }
    };
    actors.iter().map(of).collect()
}

fn spares(needs: &[Need]) -> Vec<Spare> {
    let spare = needs.iter().filter_map(|need| {
        Some(Spare {
            principal: need.actor.2.clone(),
            action: need.action.clone(),
            because: need.spare.clone()?,
        })
    });
    spare.collect()
}

/// What allowed the action in a run without the permission.
fn other_way(trial: &Trial, need: &Need) -> String {
    let of_need =
        |(actor, d): &(Actor, &Decision)| *actor == need.actor && *d.action == *need.action;
    for (_, decision) in allowed(trial).filter(of_need) {
        for layer in [Layer::Grant, Layer::Resource] {
            let steps = decision.step(layer).into_iter();
            let mut findings = steps.flat_map(|step| &step.findings);
            let by = findings.find(|f| f.matched && f.effect == Effect::Allow);
            if let Some(by) = by {
                let kind = match layer {
                    Layer::Grant => "allowed by a grant",
                    _ => "allowed by the resource's policy",
                };
                return format!("{kind}: {}", by.statement.label());
            }
        }
    }
    "no call ends otherwise without it".to_owned()
}

/// Who has to be named by which key's policy, as far as grants did not do instead.
fn key_policies(trial: &Trial, actors: &[(Actor, String)]) -> Vec<KeyPolicy> {
    let mut keys: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (actor, decision) in allowed(trial) {
        let by_key = says(decision, Layer::Resource) == Some(LayerVerdict::Allow)
            && says(decision, Layer::Grant) != Some(LayerVerdict::Allow);
        let known = actors.iter().find(|known| known.0 == actor);
        let (true, true, Some((_, arn))) = (is_key(&decision.resource), by_key, known) else {
            continue;
        };
        let findings = decision.step(Layer::Resource).into_iter();
        let mut findings = findings.flat_map(|step| &step.findings);
        let named = findings.any(|f| f.matched && f.reach != Some(Reach::Account));
        let principal = match named {
            true => arn.clone(),
            false => format!("arn:aws:iam::{}:root", actor.0),
        };
        let key = keys.entry(decision.resource.to_string()).or_default();
        let actions = key.entry(principal).or_default();
        actions.insert(decision.action.to_string());
    }
    let statement = |(principal, actions): (&String, &BTreeSet<String>)| {
        json!({
            "Effect": "Allow",
            "Principal": { "AWS": principal },
            "Action": actions,
            "Resource": "*",
        })
    };
    let policy = |(key, principals): (String, BTreeMap<String, BTreeSet<String>>)| KeyPolicy {
        key,
        statements: principals.iter().map(statement).collect(),
    };
    keys.into_iter().map(policy).collect()
}

fn is_key(resource: &str) -> bool {
    resource.starts_with("arn:aws:kms:") && resource.contains(":key/")
}

fn grants(actors: &[(Actor, String)], needs: &[Need]) -> Vec<GrantInstead> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for need in needs.iter().filter(|need| need.spare.is_none()) {
        let Ok(operation) = need.action.parse::<GrantOperation>() else {
            continue;
        };
        let arn = actors.iter().find(|known| known.0 == need.actor);
        let arn = arn.map(|known| known.1.clone()).unwrap_or_default();
        for key in need.resources.iter().filter(|r| is_key(r)) {
            let operations = found.entry((key.clone(), arn.clone())).or_default();
            operations.push(operation.as_str().to_owned());
        }
    }
    let grant = |((key_id, grantee_principal), operations)| GrantInstead {
        key_id,
        grantee_principal,
        operations,
    };
    found.into_iter().map(grant).collect()
}
