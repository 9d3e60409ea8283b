//! A decision as data.

use serde::Serialize;

use super::evaluate::{Reading, Readings};
use super::layer::{Layer, LayerVerdict};
use super::model::Model;
use super::procedure::Outcome;
use super::question::Question;
use crate::policy::{Clause, Effect, Reach};

/// Whether a call may go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Something allows and nothing denies.
    Allow,
    /// Nothing that would have to allow does.
    ImplicitDeny,
    /// A statement denies.
    ExplicitDeny,
}

/// Where a statement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementRef {
    /// The policy's name, such as `GlueRole › UseKey`.
    pub policy: String,
    /// The statement's place in the policy, from 0.
    pub index: usize,
    /// Its `Sid`, if it has one.
    pub sid: Option<String>,
}

impl StatementRef {
    /// `GlueRole › UseKey › AllowDecrypt`, or `GlueRole › UseKey[0]` where there is no `Sid`.
    pub fn label(&self) -> String {
        match &self.sid {
            Some(sid) => format!("{} › {sid}", self.policy),
            None => format!("{}[{}]", self.policy, self.index),
        }
    }
}

/// What one statement, or one grant, had to do with the call.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Which statement.
    pub statement: StatementRef,
    /// What it would do.
    pub effect: Effect,
    /// Whether it applies to the call.
    pub matched: bool,
    /// How its principal names the caller, where it does.
    pub reach: Option<Reach>,
    /// Each of its clauses with its outcome.
    pub clauses: Vec<Clause>,
    /// For a grant, why it does not cover the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What one layer said.
#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherModel {
    /// The other model.
    pub model: Model,
    /// Its verdict.
    pub verdict: Verdict,
    /// The layer that its verdict hangs on.
    pub layer: Option<Layer>,
}

/// The answer to one question, with everything that led to it.
#[derive(Clone, Debug, Serialize)]
pub struct Decision {
    /// Who asked: the caller's ARN, or `anonymous`.
    pub principal: String,
    /// The caller's account.
    pub account: Option<String>,
    /// `service:Operation`.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
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
    readings: Readings,
    outcome: Outcome,
    other: &Outcome,
) -> Decision {
    let principal = &question.subject.principal;
    let account = principal.account.as_ref().map(|a| a.as_str().to_owned());
    let other_model = (other.verdict != outcome.verdict).then(|| OtherModel {
        model: question.model.other(),
        verdict: other.verdict,
        layer: other.decisive,
    });
    Decision {
        principal: principal.label().to_owned(),
        cross_account: question
            .owner
            .is_some_and(|o| Some(o.as_str()) != account.as_deref()),
        account,
        action: question.action.to_owned(),
        resource: question.resource.to_owned(),
        model: question.model,
        verdict: outcome.verdict,
        decisive: outcome.decisive,
        denied_by: outcome.statement,
        missing: outcome.missing,
        other_model,
        steps: readings
            .into_vec()
            .into_iter()
            .map(|reading| step(reading, outcome.decisive))
            .collect(),
    }
}

fn step(reading: Reading, decisive: Option<Layer>) -> Step {
    Step {
        layer: reading.layer,
        verdict: reading.verdict(),
        decisive: decisive == Some(reading.layer),
        findings: reading.findings,
    }
}
