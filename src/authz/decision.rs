//! A decision as data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::finding::{Finding, StatementRef};
use super::layer::{Layer, LayerVerdict};
use super::model::Model;
use super::procedure::Outcome;
use super::question::Question;
use super::signal::Signals;
use super::trace::Trace;

/// Whether a call may go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Something allows and nothing denies.
    Allow,
    /// Nothing that would have to allow does.
    ImplicitDeny,
    /// A statement denies.
    ExplicitDeny,
}

impl Verdict {
    /// `allow`, `implicit-deny` or `explicit-deny`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::ImplicitDeny => "implicit-deny",
            Self::ExplicitDeny => "explicit-deny",
        }
    }
}

/// What one layer said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The layer.
    pub layer: Layer,
    /// What it said.
    pub verdict: LayerVerdict,
    /// Whether the decision hangs on this layer.
    pub decisive: bool,
    /// Every statement of the layer.
    pub findings: Vec<Finding>,
}

/// What the other model says, where it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherModel {
    /// The other model.
    pub model: Model,
    /// Its verdict.
    pub verdict: Verdict,
    /// The layer that its verdict hangs on.
    pub layer: Option<Layer>,
}

/// The answer to one question, with everything that led to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// Who asked: the caller's ARN, or `anonymous`.
    pub principal: Arc<str>,
    /// The caller's account.
    pub account: Option<Arc<str>>,
    /// `service:Operation`.
    pub action: Arc<str>,
    /// The resource's ARN, or `*`.
    pub resource: Arc<str>,
    /// Whether the resource belongs to another account than the caller.
    pub cross_account: bool,
    /// The model that spoke.
    pub model: Model,
    /// Allow or deny.
    pub verdict: Verdict,
    /// The layer that the verdict hangs on.
    pub decisive: Option<Layer>,
    /// The statement that denies, for an explicit deny.
    pub denied_by: Option<StatementRef>,
    /// Every layer that stood in the way, the decisive one first.
    pub missing: Vec<Layer>,
    /// The other model's verdict, where it differs.
    pub other_model: Option<OtherModel>,
    /// All layers.
    pub steps: Vec<Step>,
}

impl Decision {
    /// Whether the call may go ahead.
    pub fn is_allow(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    /// What `layer` said.
    pub fn step(&self, layer: Layer) -> Option<&Step> {
        self.steps.iter().find(|s| s.layer == layer)
    }

    /// The service part of the action.
    pub fn service(&self) -> &str {
        self.action.split(':').next().unwrap_or_default()
    }
}

pub(super) fn assemble(
    question: &Question<'_>,
    signals: &Signals,
    trace: Trace,
    outcome: &Outcome,
    other: &Outcome,
) -> Decision {
    let principal = &question.subject.principal;
    let account = principal.account.as_ref().map(|a| a.as_str());
    let other_model = (other.verdict != outcome.verdict).then_some(OtherModel {
        model: question.model.other(),
        verdict: other.verdict,
        layer: other.decisive,
    });
    let denying = outcome
        .decisive
        .filter(|_| outcome.verdict == Verdict::ExplicitDeny);
    Decision {
        principal: principal.label().into(),
        cross_account: question.owner.is_some_and(|o| Some(o.as_str()) != account),
        account: account.map(Into::into),
        action: trace.asked.action(),
        resource: trace.asked.resource(),
        model: question.model,
        verdict: outcome.verdict,
        decisive: outcome.decisive,
        denied_by: denying.and_then(|layer| trace.denial(layer)),
        missing: outcome.missing.clone(),
        other_model,
        steps: trace.into_steps(signals, outcome.decisive),
    }
}
