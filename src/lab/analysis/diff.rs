//! Which decisions change between two labs: what an edit would break, and what
//! it would open, before it is saved.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::asking::{Asker, carriers, missing};
use super::seats::{Seat, guests, residents, seat_of};
use crate::api::AccessRequest;
use crate::authz::{Decision, NamedPolicy, Verdict};
use crate::crypto::EncryptionContext;
use crate::lab::{Lab, resource_label};
use crate::policy::Policy;
use crate::state::trail::Event;

/// What is asked of a key, a bucket, its objects and a role whatever policies say.
const COMMON: [(&str, &[&str]); 4] = [
    (
        "key",
        &[
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:DescribeKey",
            "kms:CreateGrant",
            "kms:PutKeyPolicy",
            "kms:ScheduleKeyDeletion",
        ],
    ),
    (
        "bucket",
        &["s3:ListBucket", "s3:PutBucketPolicy", "s3:DeleteBucket"],
    ),
    (
        "object",
        &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    ),
    (
        "role",
        &["sts:AssumeRole", "iam:PassRole", "iam:PutRolePolicy"],
    ),
];

/// Whether a change gives or takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// What was allowed is denied.
    Breaks,
    /// What was denied is allowed.
    Opens,
}

/// Decisions of one principal on one resource that change in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Whether it gives or takes.
    pub effect: Effect,
    /// Who.
    pub principal: String,
    /// The ARN of the user or role, or the name of a service.
    pub arn: String,
    /// What.
    pub actions: Vec<String>,
    /// On what, by its name.
    pub on: String,
    /// On what, by its ARN.
    pub resource: String,
    /// Of what opens, the statements that allow; of what breaks, what denies or is missing.
    pub by: Vec<String>,
    /// The id of the event, for a call that was really made.
    pub event: Option<String>,
    /// When that call was made.
    pub made: Option<String>,
}

/// All decisions that change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// How many decisions were asked for on both sides.
    pub asked: usize,
    /// How many calls of the trail were judged again.
    pub replayed: usize,
    /// Calls of the trail that would be answered otherwise.
    pub calls: Vec<Changed>,
    /// Decisions that change, what breaks first.
    pub decisions: Vec<Changed>,
}

/// Which decisions differ between `before` and `after`, a fork with an edit.
///
/// Asked are all principals of both, about everything that exists in both: the
/// actions that a policy of either names for it, and the common ones. A pair of
/// principal and resource of which nothing changed is not asked about. The
/// calls in the trail of `before` are judged again with their encryption
/// context and the service that made them.
pub fn diff(before: &Lab, after: &Lab) -> Difference {
    let sides = Sides {
        before: Asker::new(before),
        after: Asker::new(after),
    };
    let mut found = Difference::default();
    sides.decisions(&mut found);
    sides.calls(before, &mut found);
    found
        .decisions
        .sort_by(|a, b| (a.effect, &a.arn, &a.resource).cmp(&(b.effect, &b.arn, &b.resource)));
    found
}

/// What changes how, for whom, on what, and by what.
type Group = (Effect, String, String, Vec<String>);

struct Sides<'a> {
    before: Asker<'a>,
    after: Asker<'a>,
}

impl Sides<'_> {
    fn decisions(&self, found: &mut Difference) {
        let present = resources(self.before.lab);
        let kept = resources(self.after.lab);
        let same_guardrails = self.same_guardrails();
        let mut groups: BTreeMap<Group, (String, BTreeSet<String>)> = BTreeMap::new();
        let pairs = self.seats();
        let named = named_actions([self.before.lab, self.after.lab]);
        for (arn, kind) in present.iter().filter(|(arn, _)| kept.contains_key(*arn)) {
            for (old, new) in &pairs {
                let same_caller = same_guardrails && same_caller(old, new);
                let actions = actions_of(kind, &named);
                for action in actions {
                    let Some((was, is)) = self.requests(old, new, &action, arn) else {
                        continue;
                    };
                    // Another action may have another target: a role is passed, and assumed.
                    if same_caller && same_target(&was, &is) {
                        continue;
                    }
                    found.asked += 1;
                    if let Some((effect, by)) = self.compared((old, &was), (new, &is)) {
                        let key = (effect, old.name.clone(), arn.clone(), by);
                        let entry = groups
                            .entry(key)
                            .or_insert((old.label.clone(), BTreeSet::new()));
                        entry.1.insert(action);
                    }
                }
            }
        }
        let cloud = self.after.lab.cloud();
        let changed =
            |((effect, arn, resource, by), (principal, actions)): (Group, (_, BTreeSet<_>))| {
                Changed {
                    effect,
                    principal,
                    arn,
                    actions: actions.into_iter().collect(),
                    on: resource_label(cloud, &resource),
                    resource,
                    by,
                    event: None,
                    made: None,
                }
            };
        found.decisions = groups.into_iter().map(changed).collect();
    }

    /// The principals that both sides have, those included whom a policy of either names.
    fn seats(&self) -> Vec<(Seat, Seat)> {
        let labs = [self.before.lab, self.after.lab];
        let policies: Vec<Policy> = labs.into_iter().flat_map(resource_policies).collect();
        let of = |lab: &Lab| {
            let mut seats = residents(lab);
            seats.extend(guests(lab, policies.iter()));
            seats
        };
        let new: BTreeMap<String, Seat> = of(self.after.lab)
            .into_iter()
            .map(|seat| (seat.name.clone(), seat))
            .collect();
        let old = of(self.before.lab).into_iter();
        old.filter_map(|seat| {
            let same = new.get(&seat.name)?.clone();
            Some((seat, same))
        })
        .collect()
    }

    fn requests(
        &self,
        old: &Seat,
        new: &Seat,
        action: &str,
        arn: &str,
    ) -> Option<(AccessRequest, AccessRequest)> {
        let was = self.before.request(&old.caller, action, arn).ok()?;
        let is = self.after.request(&new.caller, action, arn).ok()?;
        Some((was, is))
    }

    /// What changes for one principal and request, and by what.
    fn compared(
        &self,
        (old, was): (&Seat, &AccessRequest),
        (new, is): (&Seat, &AccessRequest),
    ) -> Option<(Effect, Vec<String>)> {
        let before = self.before.allows(&old.caller, was);
        let after = self.after.allows(&new.caller, is);
        let decision = || self.after.decide(&new.caller, is);
        match (before, after) {
            (true, false) => Some((Effect::Breaks, denials(&decision()))),
            (false, true) => Some((Effect::Opens, carriers(&decision()))),
            _ => None,
        }
    }

    fn same_guardrails(&self) -> bool {
        let (before, after) = (self.before.lab.cloud(), self.after.lab.cloud());
        before.model == after.model
            && before.accounts.keys().all(|account| {
                let of = |cloud: &crate::state::Cloud| {
                    cloud.guardrails_of(account).map(|own| {
                        let levels = own.scp.iter().chain(own.rcp.iter());
                        let policies = levels.flat_map(|level| level.policies().to_vec());
                        policies.collect::<Vec<_>>()
                    })
                };
                match (of(before), of(after)) {
                    (Some(old), Some(new)) => same_policies(&old, &new),
                    (None, None) => true,
                    _ => false,
                }
            })
    }

    /// The calls of the trail, each judged again on both sides.
    fn calls(&self, lab: &Lab, found: &mut Difference) {
        let mut seen = BTreeSet::new();
        for event in lab.cloud().trail.iter().rev() {
            for decision in &event.decisions {
                let context = event.request_parameters.get("encryptionContext");
                let asked = format!(
                    "{} {} {} {context:?}",
                    decision.principal, decision.action, decision.resource
                );
                if seen.insert(asked) {
                    self.call(event, decision, found);
                }
            }
        }
    }

    fn call(&self, event: &Event, decision: &Decision, found: &mut Difference) {
        let (Some(old), Some(new)) = (
            seat_of(self.before.lab, &decision.principal),
            seat_of(self.after.lab, &decision.principal),
        ) else {
            return;
        };
        let requests = self.requests(&old, &new, &decision.action, &decision.resource);
        let Some((was, is)) = requests else {
            return;
        };
        let region = event.aws_region.as_str();
        let (was, is) = (as_made(was, event, region), as_made(is, event, region));
        found.replayed += 1;
        if let Some((effect, by)) = self.compared((&old, &was), (&new, &is)) {
            found.calls.push(Changed {
                effect,
                principal: old.label,
                arn: decision.principal.to_string(),
                actions: vec![decision.action.to_string()],
                on: resource_label(self.after.lab.cloud(), &decision.resource),
                resource: decision.resource.to_string(),
                by,
                event: Some(event.event_id.clone()),
                made: Some(event.event_time.to_string()),
            });
        }
    }
}

/// A request with what the event tells of it.
fn as_made(request: AccessRequest, event: &Event, region: &str) -> AccessRequest {
    let context = event.request_parameters.get("encryptionContext").cloned();
    let context: Option<EncryptionContext> =
        context.and_then(|value: Value| serde_json::from_value(value).ok());
    let request = match context {
        Some(context) => request.with_encryption_context(&context),
        None => request,
    };
    let by = event.user_identity.get("invokedBy").and_then(Value::as_str);
    let service = by.map(|host| host.trim_start_matches("fas.").split('.').next());
    match service.flatten() {
        Some(service) if request.action.starts_with("kms:") => {
            request.with("aws:ViaAWSService", "true").with(
                "kms:ViaService",
                format!("{service}.{region}.amazonaws.com"),
            )
        }
        _ => request,
    }
}

/// What denies, or which layers are silent.
fn denials(decision: &Decision) -> Vec<String> {
    match (&decision.denied_by, decision.verdict) {
        (Some(statement), _) => vec![format!("denied by {}", statement.label())],
        (None, Verdict::ExplicitDeny) => vec!["an explicit deny".to_owned()],
        (None, _) => missing(decision),
    }
}

fn same_caller(old: &Seat, new: &Seat) -> bool {
    let boundary = |seat: &Seat| seat.caller.boundary.clone().into_iter().collect::<Vec<_>>();
    let (was, is) = (&old.caller, &new.caller);
    was.subject.principal.unique_id == is.subject.principal.unique_id
        && was.tags == is.tags
        && same_policies(was.identity.policies(), is.identity.policies())
        && same_policies(&boundary(old), &boundary(new))
}

fn same_target(was: &AccessRequest, is: &AccessRequest) -> bool {
    let policy = |request: &AccessRequest| request.target.policy.clone();
    let policies = |request: &AccessRequest| policy(request).into_iter().collect::<Vec<_>>();
    was.target.grants == is.target.grants
        && was.target.context.iter().eq(is.target.context.iter())
        && same_policies(&policies(was), &policies(is))
}

fn same_policies(old: &[NamedPolicy], new: &[NamedPolicy]) -> bool {
    let ids = |policy: &Policy| {
        let ids = policy.principals().map(|p| p.unique_id().cloned());
        ids.collect::<Vec<_>>()
    };
    old.len() == new.len()
        && old
            .iter()
            .zip(new)
            .all(|(a, b)| a.policy.text() == b.policy.text() && ids(&a.policy) == ids(&b.policy))
}

/// The ARNs of what exists, each with its kind.
fn resources(lab: &Lab) -> BTreeMap<String, &'static str> {
    let cloud = lab.cloud();
    let mut found = BTreeMap::new();
    found.extend(cloud.keys.values().map(|k| (k.arn.to_string(), "key")));
    for bucket in cloud.buckets.values() {
        found.insert(bucket.arn().to_string(), "bucket");
        found.insert(bucket.object_arn("*").to_string(), "object");
        let objects = bucket.objects.keys().take(20);
        found.extend(objects.map(|key| (bucket.object_arn(key).to_string(), "object")));
    }
    for account in cloud.accounts.values() {
        let roles = account.roles.values();
        found.extend(roles.map(|role| (role.entity.arn.to_string(), "role")));
    }
    found
}

fn resource_policies(lab: &Lab) -> Vec<Policy> {
    let cloud = lab.cloud();
    let keys = cloud.keys.values().map(|key| key.policy.clone());
    let buckets = cloud.buckets.values().filter_map(|b| b.policy.clone());
    let roles = cloud.accounts.values().flat_map(|a| a.roles.values());
    let trusts = roles.map(|role| role.trust.clone());
    keys.chain(buckets).chain(trusts).collect()
}

/// The actions that policies name without wildcards, by service.
fn named_actions(labs: [&Lab; 2]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut read = |policy: &Policy| {
        let statements = policy.statements().iter();
        let patterns = statements.flat_map(|s| s.action().entries());
        named.extend(patterns.filter_map(|p| p.as_exact()).map(str::to_owned));
    };
    for lab in labs {
        for seat in residents(lab) {
            let own = seat.caller.identity.policies().iter();
            own.for_each(|named| read(&named.policy));
        }
        resource_policies(lab).iter().for_each(&mut read);
    }
    named
}

/// What to ask about a resource of this kind.
fn actions_of(kind: &str, named: &BTreeSet<String>) -> BTreeSet<String> {
    let common = COMMON.iter().filter(|(of, _)| *of == kind);
    let common = common.flat_map(|(_, actions)| actions.iter().map(|a| (*a).to_owned()));
    let catalogue = crate::policy::lint::Catalogue::bundled();
    let fits = |action: &&String| {
        let known = catalogue.action(action);
        known.is_some_and(|known| known.resource_types.iter().any(|of| of == kind))
    };
    common.chain(named.iter().filter(fits).cloned()).collect()
}
