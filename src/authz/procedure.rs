//! The order of evaluation, and the two models.
//!
//! Source: IAM User Guide, "How AWS enforcement code logic evaluates requests
//! to allow or deny access" and "Cross-account policy evaluation logic"; KMS
//! Developer Guide, "Key policies in AWS KMS" and "Grants in AWS KMS".

use super::evaluate::{Reaches, Readings};
use super::layer::Layer;
use super::model::Model;
use super::question::{Question, ResourceKind};
use super::{StatementRef, Verdict};
use crate::policy::PrincipalKind;

/// A verdict with the layer that it hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) decisive: Option<Layer>,
    pub(super) statement: Option<StatementRef>,
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

/// One thing that must hold, and the layer that is to blame if it does not.
type Need = (Layer, bool);

pub(super) fn combine(question: &Question<'_>, readings: &Readings, model: Model) -> Outcome {
    if let Some(denied) = explicit_deny(readings) {
        return denied;
    }
    let mut needs: Vec<Need> = vec![
        (Layer::Scp, readings.passes(Layer::Scp)),
        (Layer::Rcp, readings.passes(Layer::Rcp)),
        (Layer::Vpce, readings.passes(Layer::Vpce)),
    ];
    needs.extend(access_needs(question, readings, model));
    let missing: Vec<Layer> = needs
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(layer, _)| *layer)
        .collect();
    match missing.first() {
        None => Outcome {
            verdict: Verdict::Allow,
            decisive: deciding_allow(question, readings, model),
            statement: None,
            missing,
        },
        Some(first) => Outcome {
            verdict: Verdict::ImplicitDeny,
            decisive: Some(*first),
            statement: None,
            missing,
        },
    }
}

fn explicit_deny(readings: &Readings) -> Option<Outcome> {
    let denying: Vec<Layer> = DENY_ORDER
        .into_iter()
        .filter(|layer| readings.of(*layer).is_some_and(|r| r.denial.is_some()))
        .collect();
    let first = *denying.first()?;
    Some(Outcome {
        verdict: Verdict::ExplicitDeny,
        decisive: Some(first),
        statement: readings.of(first).and_then(|r| r.denial.clone()),
        missing: denying,
    })
}

/// What must hold beyond the guardrails: a way that is open, or else the first to explain.
fn access_needs(question: &Question<'_>, readings: &Readings, model: Model) -> Vec<Need> {
    let mut ways = ways(question, readings, model);
    let open = ways
        .iter()
        .position(|way| way.iter().all(|(_, holds)| *holds));
    match open.unwrap_or_default() {
        index if index < ways.len() => ways.swap_remove(index),
        _ => vec![(Layer::Identity, false)],
    }
}

/// The ways in which this caller can be admitted, the one to explain first ahead.
fn ways(question: &Question<'_>, readings: &Readings, model: Model) -> Vec<Vec<Need>> {
    let resource = readings.allows(Layer::Resource);
    let principal = &question.subject.principal;
    let same_account = question
        .owner
        .is_none_or(|owner| principal.account.as_ref().is_some_and(|own| own == owner));
    match principal.kind {
        PrincipalKind::Service | PrincipalKind::Anonymous | PrincipalKind::WebIdentity => {
            return vec![vec![(Layer::Resource, resource.unlimited)]];
        }
        PrincipalKind::Root if same_account && !question.kind.is_gate() => return vec![Vec::new()],
        PrincipalKind::Root if question.kind.is_gate() && same_account => {
            return with_grants(vec![vec![(Layer::Resource, resource.any())]], readings);
        }
        PrincipalKind::Root => return vec![vec![(Layer::Resource, resource.any())]],
        _ => {}
    }
    let identity_side = identity_side(readings);
    let limits = limits(readings);
    if !same_account {
        let both: Vec<Need> = gate_first(question.kind, resource.any(), identity_side);
        return with_grants(vec![both], readings);
    }
    if !question.kind.is_gate() {
        let mut ways = vec![identity_side];
        if resource.limited {
            ways.insert(0, limits);
        }
        if resource.unlimited {
            ways.insert(0, Vec::new());
        }
        return ways;
    }
    let strict = model == Model::Exam && question.kind == ResourceKind::CustomerKey;
    with_grants(
        gated_ways(resource, strict, identity_side, limits),
        readings,
    )
}

fn gated_ways(
    resource: Reaches,
    strict: bool,
    identity_side: Vec<Need>,
    limits: Vec<Need>,
) -> Vec<Vec<Need>> {
    let mut ways = Vec::new();
    if !strict && resource.unlimited {
        ways.push(Vec::new());
    }
    if !strict && resource.limited {
        ways.push(limits);
    }
    if strict || resource.account || !resource.direct() {
        let mut both = vec![(Layer::Resource, resource.any())];
        both.extend(identity_side);
        ways.push(both);
    }
    ways
}

/// A gate is named first where both sides miss; elsewhere the identity side is.
fn gate_first(kind: ResourceKind, resource: bool, identity_side: Vec<Need>) -> Vec<Need> {
    let gate = (Layer::Resource, resource);
    let mut needs = identity_side;
    if kind.is_gate() {
        needs.insert(0, gate);
    } else {
        needs.push(gate);
    }
    needs
}

fn identity_side(readings: &Readings) -> Vec<Need> {
    let mut needs = vec![(Layer::Identity, readings.allows(Layer::Identity).any())];
    needs.extend(limits(readings));
    needs
}

fn limits(readings: &Readings) -> Vec<Need> {
    vec![
        (Layer::Boundary, readings.passes(Layer::Boundary)),
        (Layer::Session, readings.passes(Layer::Session)),
    ]
}

/// Adds the ways that grants open: to the caller itself, its role, its account.
fn with_grants(mut ways: Vec<Vec<Need>>, readings: &Readings) -> Vec<Vec<Need>> {
    let grants = readings.allows(Layer::Grant);
    if grants.unlimited {
        ways.push(Vec::new());
    }
    if grants.limited {
        ways.push(limits(readings));
    }
    if grants.account {
        ways.push(identity_side(readings));
    }
    ways
}

/// The layer that an allow rests on: the grant if nothing else carries it.
fn deciding_allow(question: &Question<'_>, readings: &Readings, model: Model) -> Option<Layer> {
    let satisfied = |way: &Vec<Need>| way.iter().all(|(_, holds)| *holds);
    let without_grants = Readings::without_grants(readings);
    let position = ways(question, &without_grants, model)
        .iter()
        .position(satisfied);
    let Some(position) = position else {
        return Some(Layer::Grant);
    };
    let way = ways(question, &without_grants, model)
        .into_iter()
        .nth(position)?;
    let by_identity = way.iter().any(|(layer, _)| *layer == Layer::Identity);
    Some(
        if by_identity || question.subject.principal.kind == PrincipalKind::Root {
            Layer::Identity
        } else {
            Layer::Resource
        },
    )
}
