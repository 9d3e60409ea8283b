//! What to know about a failure that no repair of the lab's puts right.

use super::call::Call;
use super::facade::Lab;
use super::proposals::Actor;
use super::sentence::closed_level;
use super::undo::on_purpose;
use crate::api::ApiError;
use crate::authz::{Decision, Layer, StatementRef, Verdict};
use crate::base::Arn;

/// What to know about a failure beyond repairs that can be applied.
pub(super) fn advice_for(
    lab: &Lab,
    call: &Call,
    error: &ApiError,
    none_found: bool,
) -> Vec<String> {
    let mut advice = Vec::new();
    if let Some(detail) = &error.detail {
        advice.push(detail.clone());
    }
    if let Some(decision) = &error.decision {
        for layer in &decision.missing {
            advice.extend(guardrail(decision, *layer));
        }
        let denied_by = decision.denied_by.as_ref().filter(|_| none_found);
        advice.extend(
            denied_by.map(|by| guard(lab, decision, by).unwrap_or_else(|| denial(decision, by))),
        );
    }
    if error.code.ends_with("KMSInvalidStateException") && error.message.contains("pending import")
    {
        advice.push(
            "Import key material into the key: it has none. What expired or was deleted must be \
             imported again, the very same."
                .into(),
        );
    }
    // The token of a web identity is the issuer's: there is no session to begin again.
    let of_issuer = call.operation == "AssumeRoleWithWebIdentity";
    if error.code.starts_with("ExpiredToken") && !of_issuer {
        let who = Actor::of(lab, call).map_or_else(|| "the role".to_owned(), |a| a.name);
        advice.push(format!(
            "Assume {who} again: temporary credentials cannot be prolonged."
        ));
    }
    if error.code.contains("AlreadyExists") || error.code == "BucketAlreadyOwnedByYou" {
        advice.push("Choose another name, or use what exists under this one.".into());
    }
    if advice.is_empty() && none_found && error.decision.is_some() {
        advice.push(
            "No change of a policy, grant or key that was tried makes the call succeed.".into(),
        );
    }
    advice
}

/// That a Deny of a resource's own policy does its work, if it guards how calls are
/// made: there is nothing to repair but the call.
fn guard(lab: &Lab, decision: &Decision, by: &StatementRef) -> Option<String> {
    let (cloud, resource) = (lab.cloud(), &*decision.resource);
    let document = match (decision.decisive?, decision.service()) {
        (Layer::Resource, "s3") => {
            let name = resource.strip_prefix("arn:aws:s3:::")?.split('/').next()?;
            cloud.buckets.get(name)?.policy.as_ref()?.to_value()
        }
        (Layer::Resource, "kms") => cloud
            .key_by_arn(&Arn::parse(resource).ok()?)?
            .policy
            .to_value(),
        _ => return None,
    };
    let key = on_purpose(&document, by.index)?;
    Some(format!(
        "{} denies by {key}: it is a guardrail and does its work, so no policy should be \
         repaired. Make the call as it demands, or ask the resource's owner.",
        by.label()
    ))
}

/// What there is to do about a Deny that no repair lifts.
fn denial(decision: &Decision, by: &StatementRef) -> String {
    let label = by.label();
    match decision.decisive {
        Some(Layer::Scp | Layer::Rcp) => format!(
            "{label} denies the call from above the account. Only the organization's management \
             account can change it: detach the policy, or except this call in its `Condition`; or \
             leave it if it does its work."
        ),
        Some(Layer::Vpce) => format!(
            "{label} denies what comes through the endpoint. Change that statement, or call by \
             another way."
        ),
        _ => format!(
            "{label} denies the call. A Deny beats every Allow: change that statement, or leave it \
             if it does its work."
        ),
    }
}

/// A layer that limits on purpose is named, not opened.
fn guardrail(decision: &Decision, layer: Layer) -> Option<String> {
    let what = match layer {
        Layer::Boundary => "The permissions boundary",
        Layer::Session => "The session policy",
        Layer::Scp => {
            let level = decision.step(Layer::Scp).and_then(closed_level);
            let place = level.unwrap_or("some level");
            return (decision.verdict == Verdict::ImplicitDeny).then(|| {
                format!(
                    "Attach a service control policy that allows {} on {place}: only the \
                     organization's management account can, and it is done only on purpose.",
                    decision.action
                )
            });
        }
        Layer::Vpce => "The VPC endpoint policy",
        _ => return None,
    };
    (decision.verdict == Verdict::ImplicitDeny).then(|| {
        format!(
            "{what} does not allow {}. It limits what other policies can give, so it is changed \
             only on purpose.",
            decision.action
        )
    })
}
