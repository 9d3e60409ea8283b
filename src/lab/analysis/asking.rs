//! Puts questions to the engine, as somebody.

use serde_json::json;

use super::seats::{SeatKind, is_root};
use crate::api::{AccessRequest, ApiError, Caller, Target, View, judge, quick_verdict};
use crate::authz::{Decision, Layer, NamedPolicy, ResourceKind, Verdict};
use crate::base::Timestamp;
use crate::lab::Lab;
use crate::lab::decide::{service_of, target};
use crate::policy::{Effect, Policy, PolicyKind, PrincipalKind, RequestContext};
use crate::service::kms::ON_FOREIGN_KEYS;

/// The lab that is asked, at one instant.
#[derive(Clone, Copy)]
pub(in crate::lab) struct Asker<'a> {
    pub(super) lab: &'a Lab,
    now: Timestamp,
}

impl<'a> Asker<'a> {
    pub(in crate::lab) fn new(lab: &'a Lab) -> Self {
        Self {
            lab,
            now: lab.now(),
        }
    }

    fn view<'v>(&'v self, caller: &'v Caller) -> View<'v> {
        let cloud = self.lab.cloud();
        View {
            cloud,
            caller,
            region: &cloud.region,
            endpoint: None,
            now: self.now,
        }
    }

    /// `action` on `resource` as a request, whoever will make it.
    ///
    /// # Errors
    /// For an action that is not of this lab, and a key that does not exist.
    pub(in crate::lab) fn request(
        &self,
        asker: &Caller,
        action: &str,
        resource: &str,
    ) -> Result<AccessRequest, ApiError> {
        service_of(action)?;
        let target = target(&self.view(asker), action, resource)?;
        Ok(AccessRequest::new(action, target))
    }

    /// Whether `caller` may make `request`.
    pub(super) fn allows(&self, caller: &Caller, request: &AccessRequest) -> bool {
        is_possible(caller, request) && quick_verdict(&self.view(caller), request) == Verdict::Allow
    }

    /// The decision with its trace.
    pub(in crate::lab) fn decide(&self, caller: &Caller, request: &AccessRequest) -> Decision {
        judge(&self.view(caller), request)
    }

    /// The statements and grants by which `caller` may make `request`.
    pub(super) fn by(&self, caller: &Caller, request: &AccessRequest) -> Vec<String> {
        carriers(&self.decide(caller, request))
    }
}

/// What no policy can allow: the service refuses it before or after it asks.
///
/// Source: KMS Developer Guide, "Allowing users in other accounts to use a KMS
/// key"; STS API Reference, `AssumeRole`.
fn is_possible(caller: &Caller, request: &AccessRequest) -> bool {
    let action = request.action.as_str();
    if is_unsigned(caller) {
        return action.starts_with("s3:");
    }
    let is_foreign = request.target.owner.as_ref() != Some(&caller.account);
    match action.strip_prefix("kms:") {
        Some(operation) if is_foreign && request.target.kind == ResourceKind::CustomerKey => {
            ON_FOREIGN_KEYS.contains(&operation)
        }
        Some(_) => true,
        None => !(action == "sts:AssumeRole" && is_root(caller)),
    }
}

/// Whether nobody signs its requests, which S3 alone answers.
fn is_unsigned(caller: &Caller) -> bool {
    caller.subject.principal.kind == PrincipalKind::Anonymous
}

/// The labels of the statements and grants that an allow rests on.
pub(super) fn carriers(decision: &Decision) -> Vec<String> {
    let layers: &[Layer] = match decision.decisive {
        Some(Layer::Grant) => &[Layer::Grant],
        _ => &[Layer::Identity, Layer::Resource],
    };
    let steps = layers.iter().filter_map(|layer| decision.step(*layer));
    let mut labels: Vec<String> = Vec::new();
    for finding in steps.flat_map(|step| &step.findings) {
        if finding.matched && finding.effect == Effect::Allow {
            let label = match finding.statement.policy.starts_with("grant ") {
                true => finding.statement.policy.to_string(),
                false => finding.statement.label(),
            };
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
    }
    if labels.is_empty() {
        labels.push("the account's own root user".to_owned());
    }
    labels
}

/// The layers that stood in the way, in words.
pub(super) fn missing(decision: &Decision) -> Vec<String> {
    let layers = decision.missing.iter();
    layers
        .map(|layer| format!("no {} allows it", layer.policy_type()))
        .collect()
}

/// `target` with one more statement in its own policy, which lets `caller` do `action`.
pub(super) fn admitting(target: &Target, caller: &Caller, action: &str) -> Option<Target> {
    let principal = &caller.subject.principal;
    let arn = principal.issuer.as_ref().or(principal.arn.as_ref())?;
    let kind = match target.kind {
        ResourceKind::CustomerKey => PolicyKind::Key,
        ResourceKind::RoleTrust => PolicyKind::Trust,
        _ => PolicyKind::Bucket,
    };
    let mut statement = json!({
        "Effect": "Allow", "Principal": { "AWS": arn.as_str() }, "Action": action, "Resource": "*",
    });
    if let (PolicyKind::Trust, Some(members)) = (kind, statement.as_object_mut()) {
        members.remove("Resource");
    }
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let policy = Policy::load(kind, &document.to_string()).ok()?;
    let name = "a policy of its own making".to_owned();
    Some(Target {
        policy: Some(NamedPolicy::new(name, policy)),
        ..target.clone()
    })
}

/// The same request with more condition keys.
pub(super) fn with_context(request: &AccessRequest, more: &RequestContext) -> AccessRequest {
    let mut richer = request.clone();
    richer.context.extend(more);
    richer
}

/// Whether the lab knows the policies of a principal of this kind.
pub(super) fn has_own_policies(kind: SeatKind) -> bool {
    matches!(kind, SeatKind::User | SeatKind::Role | SeatKind::Session)
}
