//! Names in the caller's policies that miss the denied action by a little.

use super::call::Call;
use super::facade::Lab;
use super::proposals::Actor;
use crate::authz::{Decision, Layer, Verdict};
use crate::policy::lint::{Catalogue, meant};
use crate::policy::{Effect, Policy};
use crate::state::aws_managed;
use crate::state::iam::{Entity, folded};

/// A sentence about an Allow that names no action, where the denied one was
/// meant: AWS stores such a policy, and it grants nothing.
pub(super) fn near_miss(lab: &Lab, call: &Call, decision: &Decision) -> Option<String> {
    let silent = decision.verdict == Verdict::ImplicitDeny
        && matches!(decision.decisive, Some(Layer::Identity | Layer::Resource));
    let actor = Actor::of(lab, call).filter(|_| silent)?;
    let account = lab.cloud().accounts.get(&actor.account)?;
    let (own, groups) = match account.user(&actor.name) {
        Some(user) if user.entity.arn == *actor.arn() => {
            let groups = user.groups.iter().filter_map(|name| account.group(name));
            (&user.entity, groups.map(|g| &g.entity).collect())
        }
        _ => (&account.role(&actor.name)?.entity, Vec::new()),
    };
    let mut entities = std::iter::once(own).chain(groups);
    entities.find_map(|entity| in_policies(lab, entity, &decision.action))
}

fn in_policies(lab: &Lab, entity: &Entity, action: &str) -> Option<String> {
    let embedded = entity.inline.iter();
    let mut embedded = embedded.map(|(name, policy)| (name.clone(), policy.clone()));
    let attached = entity.attached.iter().filter_map(|arn| {
        let account = lab.cloud().account_of(arn);
        let own = account.and_then(|a| a.policies.get(&folded(arn.base_name())));
        let policy = own
            .and_then(|p| p.default_document().cloned())
            .or_else(|| aws_managed::policy(arn))?;
        Some((arn.base_name().to_owned(), policy))
    });
    embedded
        .find_map(|(name, policy)| in_policy(&name, &policy, action))
        .or_else(|| {
            let mut attached = attached;
            attached.find_map(|(name, policy)| in_policy(&name, &policy, action))
        })
}

fn in_policy(name: &str, policy: &Policy, action: &str) -> Option<String> {
    let allows = policy
        .statements()
        .iter()
        .filter(|s| s.effect() == Effect::Allow);
    let mut written = allows
        .flat_map(|s| s.action().entries())
        .filter_map(|pattern| pattern.as_exact());
    let missed = written.find(|entry| meant(Catalogue::bundled(), entry).includes(action))?;
    let service = missed.split(':').next().unwrap_or_default().to_uppercase();
    Some(format!(
        "{name} allows `{missed}`, which is no action of {service}; did you mean `{action}`?"
    ))
}
