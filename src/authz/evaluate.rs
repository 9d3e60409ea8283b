//! Shows every layer's policies to a reader, in the order in which people look at them.

use super::grant::{Coverage, Grant};
use super::layer::Layer;
use super::policy_set::PolicySet;
use super::question::{NamedPolicy, Question, ResourceKind};
use super::rcp_services;
use super::signal::{Signal, Signals};
use crate::policy::{Effect, PrincipalKind, Request};

/// What is done with the policies of a question: decide quickly, or keep a trace.
pub(super) trait Reader {
    /// Whether one deny is all that has to be known.
    const STOPS_AT_DENY: bool;

    /// Reads the policies of one layer, or of one level of it.
    fn set(&mut self, layer: Layer, policies: &PolicySet) -> Signal;

    /// Reads a layer that is one policy.
    fn one(&mut self, layer: Layer, policy: &NamedPolicy) -> Signal;

    /// Takes note of a grant that covers the call, or does not.
    fn grant(&mut self, grant: &Grant, coverage: Coverage);
}

/// What every layer says to `question`.
pub(super) fn read_layers<R: Reader>(question: &Question<'_>, reader: &mut R) -> Signals {
    let mut signals = Signals::default();
    for layer in Layer::ALL {
        let signal = read_layer(question, layer, reader);
        signals.put(layer, signal);
        if R::STOPS_AT_DENY && signal.denied {
            break;
        }
    }
    signals
}

fn read_layer<R: Reader>(question: &Question<'_>, layer: Layer, reader: &mut R) -> Signal {
    let layers = question.layers;
    let optional = |policy: Option<&NamedPolicy>, reader: &mut R| {
        policy.map_or_else(Signal::default, |policy| reader.one(layer, policy))
    };
    match layer {
        Layer::Scp if is_free_of_scp(question) => Signal::default(),
        Layer::Rcp if layers.rcp.is_empty() || is_free_of_rcp(question) => Signal::default(),
        Layer::Vpce if layers.vpce.is_none() || is_forwarded(question) => Signal::default(),
        Layer::Scp => read_levels(&layers.scp, layer, reader),
        Layer::Rcp => read_levels(&layers.rcp, layer, reader),
        Layer::Vpce => optional(layers.vpce.as_ref(), reader),
        Layer::Identity => Signal {
            set: has_identity_side(question),
            ..reader.set(layer, &layers.identity)
        },
        Layer::Resource => optional(layers.resource.as_ref(), reader),
        Layer::Grant => read_grants(question, reader),
        Layer::Boundary => optional(layers.boundary.as_ref(), reader),
        Layer::Session => layers
            .session
            .as_ref()
            .map_or_else(Signal::default, |policies| reader.set(layer, policies)),
    }
}

fn has_identity_side(question: &Question<'_>) -> bool {
    !matches!(
        question.subject.principal.kind,
        PrincipalKind::Service | PrincipalKind::Anonymous | PrincipalKind::WebIdentity
    )
}

fn is_free_of_scp(question: &Question<'_>) -> bool {
    question.subject.in_management_account
        || question.subject.service_linked
        || !has_identity_side(question)
}

fn is_free_of_rcp(question: &Question<'_>) -> bool {
    !rcp_services::covers(question.action)
        || question.kind == ResourceKind::AwsManagedKey
        || question.action == "kms:RetireGrant"
        || is_exempt_at_home(question)
        || question.subject.service_linked
}

/// The organization binds no resource of the account that manages it.
fn is_exempt_at_home(question: &Question<'_>) -> bool {
    let subject = question.subject;
    let at_home = |owner| subject.principal.account.as_ref() == Some(owner);
    subject.in_management_account && question.owner.is_none_or(at_home)
}

/// A service that calls on with the caller's identity does not come through the
/// caller's endpoint. Source: IAM User Guide, "Forward access sessions".
fn is_forwarded(question: &Question<'_>) -> bool {
    let via = question.context.get("aws:ViaAWSService");
    via.is_some_and(|value| value.as_single() == Some("true"))
}

/// An organization's levels: an allow is needed at each of them.
fn read_levels<R: Reader>(levels: &[PolicySet], layer: Layer, reader: &mut R) -> Signal {
    let mut whole = Signal {
        set: !levels.is_empty(),
        ..Signal::default()
    };
    let mut all_allow = whole.set;
    for level in levels {
        let signal = reader.set(layer, level);
        all_allow &= signal.allows.any();
        whole.denied |= signal.denied;
    }
    // A resource control policy only takes away: full access is attached to every level.
    whole.allows.unlimited = all_allow || (layer == Layer::Rcp && whole.set);
    whole
}

fn read_grants<R: Reader>(question: &Question<'_>, reader: &mut R) -> Signal {
    let mut signal = Signal::default();
    for grant in &question.layers.grants {
        signal.set = true;
        let coverage = grant.coverage(question);
        if let Coverage::Covers(reach) = coverage {
            let caller = question.subject.principal.kind;
            signal.hear(Effect::Allow, reach, caller);
        }
        reader.grant(grant, coverage);
    }
    signal
}

/// Reads only what can matter, and keeps nothing.
pub(super) struct Hasty<'q> {
    request: Request<'q>,
}

impl<'q> Hasty<'q> {
    pub(super) fn new(question: &Question<'q>) -> Self {
        Self {
            request: question.request(),
        }
    }
}

impl Reader for Hasty<'_> {
    const STOPS_AT_DENY: bool = true;

    fn set(&mut self, _: Layer, policies: &PolicySet) -> Signal {
        let request = &self.request;
        let caller = request.principal().kind;
        let mut signal = Signal::SILENT;
        policies.candidates(request, &mut |statement| {
            if let Some(reach) = statement.matches(request) {
                signal.hear(statement.effect(), reach, caller);
            }
            !signal.denied
        });
        signal
    }

    fn one(&mut self, _: Layer, named: &NamedPolicy) -> Signal {
        let request = &self.request;
        let caller = request.principal().kind;
        let mut signal = Signal::SILENT;
        for statement in named.policy.statements() {
            if let Some(reach) = statement.matches(request) {
                signal.hear(statement.effect(), reach, caller);
            }
        }
        signal
    }

    fn grant(&mut self, _: &Grant, _: Coverage) {}
}
