//! One simulated question, decided by the engine that decides real calls.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::sources::Source;
use crate::authz::{
    Decision, Layer, LayerVerdict, Layers, Model, NamedPolicy, PolicySet, Question, ResourceKind,
    Subject, Verdict, decide,
};
use crate::base::{AccountId, Timestamp};
use crate::policy::{Effect, Element, Outcome, Place, RequestContext};

/// What the simulation of one operation on one resource came to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EvaluationResult {
    /// The operation.
    pub eval_action_name: String,
    /// The resource.
    pub eval_resource_name: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub eval_decision: EvalDecision,
    /// Always empty: there is nothing to tell apart within an account.
    pub eval_decision_details: Map<String, Value>,
    /// The statements that decided.
    pub matched_statements: Vec<MatchedStatement>,
    /// Keys that the policies ask for and the request gave no value of; where
    /// resources are named, they stand in the results of those.
    pub missing_context_values: Vec<String>,
    /// What the organization says, for the account of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizations_decision_detail: Option<OrganizationsDetail>,
    /// What the permissions boundary says, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
    /// The same for the one resource that was named.
    pub resource_specific_results: Vec<ResourceSpecificResult>,
}

/// What the simulation came to for a resource that was named.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceSpecificResult {
    /// The resource.
    pub eval_resource_name: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub eval_resource_decision: EvalDecision,
    /// The statements that decided.
    pub matched_statements: Vec<MatchedStatement>,
    /// Keys that the policies ask for and the request gave no value of.
    pub missing_context_values: Vec<String>,
    /// What the permissions boundary says, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

/// A verdict in IAM's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EvalDecision {
    /// Something allows and nothing denies.
    Allowed,
    /// A statement denies.
    ExplicitDeny,
    /// Nothing that would have to allow does.
    ImplicitDeny,
}

/// What the organization's policies say.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationsDetail {
    /// Whether the service control policies allow it.
    pub allowed_by_organizations: bool,
}

/// What the permissions boundary says.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BoundaryDetail {
    /// Whether the boundary allows it.
    pub allowed_by_permissions_boundary: bool,
}

/// A statement that decided.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MatchedStatement {
    /// The policy.
    pub source_policy_id: String,
    /// `IAM Policy` or `Resource Policy`.
    pub source_policy_type: String,
    /// Behind the brace that opens the statement.
    pub start_position: Position,
    /// Behind the brace that closes it.
    pub end_position: Position,
}

/// A place in a policy's text, both numbers counting from 1.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character within the line.
    pub column: u32,
}

/// Everything that the questions of one simulation share.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) model: Model,
    pub(super) subject: Arc<Subject>,
    pub(super) identity: Vec<Source>,
    pub(super) boundary: Option<Source>,
    /// The service control policies that bind the simulated account.
    pub(super) scp: Arc<[PolicySet]>,
    pub(super) context: RequestContext,
    pub(super) now: Timestamp,
}

/// One operation on one resource.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) action: &'a str,
    /// The resource, if one was named.
    pub(super) resource: Option<&'a str>,
    pub(super) owner: Option<AccountId>,
    pub(super) kind: ResourceKind,
    pub(super) policy: Option<&'a Source>,
}

impl Scene {
    /// Decides `asked`.
    pub(super) fn result(&self, asked: &Asked<'_>) -> EvaluationResult {
        let decision = self.decide(asked);
        let eval_decision = match decision.verdict {
            Verdict::Allow => EvalDecision::Allowed,
            Verdict::ExplicitDeny => EvalDecision::ExplicitDeny,
            Verdict::ImplicitDeny => EvalDecision::ImplicitDeny,
        };
        let boundary = self.boundary.as_ref().map(|_| BoundaryDetail {
            allowed_by_permissions_boundary: allows(&decision, Layer::Boundary),
        });
        let scp = decision.step(Layer::Scp);
        let bound = scp.filter(|step| step.verdict != LayerVerdict::NotSet);
        let matched_statements = self.matched(asked, &decision);
        let missing_context_values = self.missing(asked, &decision);
        let specific = asked.resource.map(|resource| ResourceSpecificResult {
            eval_resource_name: resource.to_owned(),
            eval_resource_decision: eval_decision,
            matched_statements: matched_statements.clone(),
            missing_context_values: missing_context_values.clone(),
            permissions_boundary_decision_detail: boundary,
        });
        EvaluationResult {
            eval_action_name: asked.action.to_owned(),
            eval_resource_name: asked.resource.unwrap_or("*").to_owned(),
            eval_decision,
            eval_decision_details: Map::new(),
            matched_statements,
            missing_context_values: match asked.resource {
                Some(_) => Vec::new(),
                None => missing_context_values,
            },
            organizations_decision_detail: bound.map(|_| OrganizationsDetail {
                allowed_by_organizations: allows(&decision, Layer::Scp),
            }),
            permissions_boundary_decision_detail: boundary,
            resource_specific_results: specific.into_iter().collect(),
        }
    }

    fn decide(&self, asked: &Asked<'_>) -> Decision {
        let named = |source: &Source| NamedPolicy::new(source.id.as_str(), source.policy.clone());
        let layers = Layers {
            identity: self.identity.iter().map(named).collect(),
            boundary: self.boundary.as_ref().map(named),
            resource: asked.policy.map(named),
            scp: Arc::clone(&self.scp),
            ..Layers::default()
        };
        decide(&Question {
            model: self.model,
            subject: &self.subject,
            action: asked.action,
            resource: asked.resource.unwrap_or("*"),
            owner: asked.owner.as_ref(),
            kind: asked.kind,
            context: &self.context,
            layers: &layers,
            grant_tokens: &[],
            now: self.now,
        })
    }

    /// The policies of `layer`, in the order in which the decision names their statements.
    fn sources<'s>(&'s self, asked: &Asked<'s>, layer: Layer) -> Vec<&'s Source> {
        match layer {
            Layer::Identity => self.identity.iter().collect(),
            Layer::Resource => asked.policy.into_iter().collect(),
            Layer::Boundary => self.boundary.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Of a deny only what denies is told; of an implicit one there is nothing to tell.
    fn matched(&self, asked: &Asked<'_>, decision: &Decision) -> Vec<MatchedStatement> {
        let (effect, layers): (Effect, &[Layer]) = match decision.verdict {
            Verdict::ImplicitDeny => return Vec::new(),
            Verdict::Allow => (Effect::Allow, &[Layer::Identity, Layer::Resource]),
            Verdict::ExplicitDeny => (
                Effect::Deny,
                &[Layer::Identity, Layer::Resource, Layer::Boundary],
            ),
        };
        let mut matched = Vec::new();
        for layer in layers {
            self.each_statement(asked, decision, *layer, |source, index, finding| {
                if finding.matched && finding.effect == effect {
                    matched.extend(MatchedStatement::of(source, index));
                }
            });
        }
        matched
    }

    /// The keys without a value that statements about this operation and resource ask for.
    fn missing(&self, asked: &Asked<'_>, decision: &Decision) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for layer in [Layer::Identity, Layer::Resource, Layer::Boundary] {
            self.each_statement(asked, decision, layer, |source, index, finding| {
                let concerns = finding.clauses().iter().all(|clause| match clause.element {
                    Element::Condition { .. } => true,
                    _ => clause.holds() || clause.outcome == Outcome::Unresolved,
                });
                let statement = source.policy.statements().get(index);
                for statement in statement.into_iter().filter(|_| concerns) {
                    let keys = source.policy.context_keys_of(statement).into_iter();
                    for key in keys.filter(|key| self.context.get(key).is_none()) {
                        if !missing.iter().any(|known| known.eq_ignore_ascii_case(key)) {
                            missing.push(key.to_owned());
                        }
                    }
                }
            });
        }
        missing
    }

    fn each_statement(
        &self,
        asked: &Asked<'_>,
        decision: &Decision,
        layer: Layer,
        mut visit: impl FnMut(&Source, usize, &crate::authz::Finding),
    ) {
        let findings = decision.step(layer).map_or(&[][..], |step| &step.findings);
        let statements = self.sources(asked, layer).into_iter().flat_map(|source| {
            (0..source.policy.statements().len()).map(move |index| (source, index))
        });
        for ((source, index), finding) in statements.zip(findings) {
            visit(source, index, finding);
        }
    }
}

fn allows(decision: &Decision, layer: Layer) -> bool {
    let step = decision.step(layer);
    step.is_some_and(|step| step.verdict == LayerVerdict::Allow)
}

impl MatchedStatement {
    fn of(source: &Source, index: usize) -> Option<Self> {
        let statement = source.policy.statements().get(index)?;
        let (start, end) = span(source.policy.text(), statement.place())?;
        Some(Self {
            source_policy_id: source.id.clone(),
            source_policy_type: source.sort.to_owned(),
            start_position: start,
            end_position: end,
        })
    }
}

/// The places behind both braces of the statement that begins at `place`.
fn span(text: &str, place: Place) -> Option<(Position, Position)> {
    let lines_before = (place.line as usize).checked_sub(1)?;
    let line_start: usize = text
        .split_inclusive('\n')
        .take(lines_before)
        .map(str::len)
        .sum();
    let characters_before = (place.column as usize).checked_sub(1)?;
    let in_line = text
        .get(line_start..)?
        .char_indices()
        .nth(characters_before)?
        .0;
    let from = line_start + in_line;
    let statement = serde_json::Deserializer::from_str(text.get(from..)?);
    let mut statement = statement.into_iter::<serde::de::IgnoredAny>();
    statement.next()?.ok()?;
    let position = |at: usize| {
        let Place { line, column } = Place::of(text, at);
        Position { line, column }
    };
    Some((position(from + 1), position(from + statement.byte_offset())))
}
