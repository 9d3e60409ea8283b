//! The order of evaluation, and the two models.
//!
//! Source: IAM User Guide, "How AWS enforcement code logic evaluates requests
//! to allow or deny access" and "Cross-account policy evaluation logic"; KMS
//! Developer Guide, "Key policies in AWS KMS" and "Grants in AWS KMS".

use super::Verdict;
use super::layer::Layer;
use super::model::Model;
use super::question::{Question, ResourceKind};
use super::signal::{Reaches, Signals};
use crate::policy::PrincipalKind;

/// A verdict with the layer that it hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) decisive: Option<Layer>,
    /// Every layer that stood in the way, the decisive one first.
    pub(super) missing: Vec<Layer>,
}

/// The order in which an explicit deny is named where there are several.
const DENY_ORDER: [Layer; 7] = [
    Layer::Scp,
    Layer::Rcp,
    Layer::Resource,
    Layer::Identity,
    Layer::Boundary,
    Layer::Session,
    Layer::Vpce,
];

/// The layers that must let every call pass, whoever makes it.
const GUARDRAILS: [Layer; 3] = [Layer::Scp, Layer::Rcp, Layer::Vpce];

/// One way in which a caller can be admitted: what has to hold.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// Whether the resource's policy says what it has to say; `None` if it has nothing to say.
    resource: Option<bool>,
    /// Whether the caller's own policies have to allow.
    identity: bool,
    /// Whether the caller's boundary and session policies have to allow.
    limits: bool,
}

impl Way {
    /// Nothing more is needed.
    const OPEN: Self = Self {
        resource: None,
        identity: false,
        limits: false,
    };
    /// Boundary and session policies.
    const LIMITS: Self = Self {
        limits: true,
        ..Self::OPEN
    };
    /// The identity side: the caller's policies within their limits.
    const IDENTITY: Self = Self {
        identity: true,
        ..Self::LIMITS
    };

    const fn with_resource(self, holds: bool) -> Self {
        Self {
            resource: Some(holds),
            ..self
        }
    }

    /// Shows `visit` every layer that this way needs and that does not hold, in
    /// the order in which they are to be named.
    ///
    /// A gate is named first where both sides miss; elsewhere the identity side is.
    fn missing(self, signals: &Signals, is_gate: bool, visit: &mut impl FnMut(Layer)) {
        let mut need = |layer, needed: bool, holds: bool| {
            if needed && !holds {
                visit(layer);
            }
        };
        let resource = self.resource.unwrap_or(true);
        need(Layer::Resource, is_gate, resource);
        let identity = signals.allows(Layer::Identity).any();
        need(Layer::Identity, self.identity, identity);
        for layer in [Layer::Boundary, Layer::Session] {
            need(layer, self.limits, signals.passes(layer));
        }
        need(Layer::Resource, !is_gate, resource);
    }

    fn is_open(self, signals: &Signals) -> bool {
        let mut open = true;
        self.missing(signals, true, &mut |_| open = false);
        open
    }
}

/// The ways in which one caller can be admitted, the one to explain first ahead.
#[derive(Clone, Copy, Debug, Default)]
struct Ways([Option<Way>; 6]);

impl Ways {
    fn of(ways: impl IntoIterator<Item = Option<Way>>) -> Self {
        let mut list = Self::default();
        for (slot, way) in list.0.iter_mut().zip(ways.into_iter().flatten()) {
            *slot = Some(way);
        }
        list
    }

    fn iter(&self) -> impl Iterator<Item = Way> + '_ {
        self.0.iter().flatten().copied()
    }

    fn and(self, more: impl IntoIterator<Item = Option<Way>>) -> Self {
        Self::of(self.0.into_iter().chain(more))
    }
}

pub(super) fn combine(question: &Question<'_>, signals: &Signals, model: Model) -> Outcome {
    if let Some(denied) = explicit_deny(signals) {
        return denied;
    }
    let mut missing: Vec<Layer> = Vec::new();
    missing.extend(GUARDRAILS.iter().filter(|layer| !signals.passes(**layer)));
    let ways = ways(question, signals, model);
    if !ways.iter().any(|way| way.is_open(signals)) {
        // There is always a way to explain: every caller could be admitted somehow.
        let first = ways.iter().next().unwrap_or(Way::IDENTITY);
        first.missing(signals, question.kind.is_gate(), &mut |layer| {
            missing.push(layer);
        });
    }
    match missing.first() {
        None => Outcome {
            verdict: Verdict::Allow,
            decisive: Some(deciding_allow(question, signals, model)),
            missing,
        },
        Some(first) => Outcome {
            verdict: Verdict::ImplicitDeny,
            decisive: Some(*first),
            missing,
        },
    }
}

fn explicit_deny(signals: &Signals) -> Option<Outcome> {
    let denying = DENY_ORDER
        .into_iter()
        .filter(|layer| signals.of(*layer).denied);
    let missing: Vec<Layer> = denying.collect();
    missing.first().copied().map(|first| Outcome {
        verdict: Verdict::ExplicitDeny,
        decisive: Some(first),
        missing,
    })
}

fn ways(question: &Question<'_>, signals: &Signals, model: Model) -> Ways {
    let resource = signals.allows(Layer::Resource);
    let principal = &question.subject.principal;
    let same_account = question
        .owner
        .is_none_or(|owner| principal.account.as_ref().is_some_and(|own| own == owner));
    let grants = by_grant(signals);
    match principal.kind {
        PrincipalKind::Service | PrincipalKind::Anonymous | PrincipalKind::WebIdentity => {
            Ways::of([Some(Way::OPEN.with_resource(resource.unlimited))])
        }
        PrincipalKind::Root if same_account && !question.kind.is_gate() => {
            Ways::of([Some(Way::OPEN)])
        }
        PrincipalKind::Root => {
            Ways::of([Some(Way::OPEN.with_resource(resource.any()))]).and(grants)
        }
        _ if !same_account => {
            Ways::of([Some(Way::IDENTITY.with_resource(resource.any()))]).and(grants)
        }
        _ if question.kind.is_gate() => {
            let strict = model == Model::Exam && question.kind == ResourceKind::CustomerKey;
            gated(resource, strict).and(grants)
        }
        _ => Ways::of([
            resource.unlimited.then_some(Way::OPEN),
            resource.limited.then_some(Way::LIMITS),
            Some(Way::IDENTITY),
        ]),
    }
}

/// The ways through a resource policy without which nothing is allowed.
fn gated(resource: Reaches, strict: bool) -> Ways {
    let both = strict || resource.account || !resource.direct();
    Ways::of([
        (!strict && resource.unlimited).then_some(Way::OPEN),
        (!strict && resource.limited).then_some(Way::LIMITS),
        both.then_some(Way::IDENTITY.with_resource(resource.any())),
    ])
}

/// The ways that grants open: to the caller itself, its role, its account.
fn by_grant(signals: &Signals) -> [Option<Way>; 3] {
    let grants = signals.allows(Layer::Grant);
    [
        grants.unlimited.then_some(Way::OPEN),
        grants.limited.then_some(Way::LIMITS),
        grants.account.then_some(Way::IDENTITY),
    ]
}

/// The layer that an allow rests on: the grant if nothing else carries it.
fn deciding_allow(question: &Question<'_>, signals: &Signals, model: Model) -> Layer {
    let signals = signals.without_grants();
    let ways = ways(question, &signals, model);
    let by_identity =
        |way: Way| way.identity || question.subject.principal.kind == PrincipalKind::Root;
    match ways.iter().find(|way| way.is_open(&signals)) {
        None => Layer::Grant,
        Some(way) if by_identity(way) => Layer::Identity,
        Some(_) => Layer::Resource,
    }
}
