//! Reads every statement of every layer, and keeps what it found.

use std::sync::Arc;

use super::decision::Step;
use super::evaluate::Reader;
use super::finding::{Asked, Finding, StatementRef};
use super::grant::{Coverage, Grant};
use super::layer::Layer;
use super::policy_set::PolicySet;
use super::question::{NamedPolicy, Question};
use super::signal::{Signal, Signals};
use crate::policy::{Effect, Request};

/// The findings of each layer.
pub(super) struct Trace {
    pub(super) asked: Arc<Asked>,
    findings: [Vec<Finding>; Layer::ALL.len()],
}

/// Fills a [`Trace`].
pub(super) struct Tracer<'q> {
    request: Request<'q>,
    trace: Trace,
}

impl<'q> Tracer<'q> {
    pub(super) fn new(question: &Question<'q>) -> Self {
        Self {
            request: question.request(),
            trace: Trace {
                asked: Arc::new(Asked::new(question)),
                findings: Default::default(),
            },
        }
    }

    pub(super) fn into_trace(self) -> Trace {
        self.trace
    }

    fn read(&mut self, layer: Layer, policies: &[NamedPolicy]) -> Signal {
        let caller = self.request.principal().kind;
        let mut signal = Signal::SILENT;
        let Some(findings) = self.trace.findings.get_mut(layer as usize) else {
            return signal;
        };
        findings.reserve_exact(policies.iter().map(|p| p.policy.statements().len()).sum());
        for named in policies {
            for statement in named.policy.statements() {
                let finding =
                    Finding::of_statement(named, statement, &self.request, &self.trace.asked);
                if let Some(reach) = finding.reach {
                    signal.hear(finding.effect, reach, caller);
                }
                findings.push(finding);
            }
        }
        signal
    }
}

impl Reader for Tracer<'_> {
    const STOPS_AT_DENY: bool = false;

    fn set(&mut self, layer: Layer, policies: &PolicySet) -> Signal {
        self.read(layer, policies.policies())
    }

    fn one(&mut self, layer: Layer, policy: &NamedPolicy) -> Signal {
        self.read(layer, std::slice::from_ref(policy))
    }

    fn grant(&mut self, grant: &Grant, coverage: Coverage) {
        let reach = match &coverage {
            Coverage::Covers(reach) => Some(*reach),
            _ => None,
        };
        let finding = Finding::of_grant(grant.label(), reach, grant.note(coverage));
        if let Some(findings) = self.trace.findings.get_mut(Layer::Grant as usize) {
            findings.push(finding);
        }
    }
}

impl Trace {
    /// The first statement of `layer` that denies.
    pub(super) fn denial(&self, layer: Layer) -> Option<StatementRef> {
        let findings = self.findings.get(layer as usize)?;
        findings
            .iter()
            .find(|f| f.matched && f.effect == Effect::Deny)
            .map(|f| f.statement.clone())
    }

    pub(super) fn into_steps(self, signals: &Signals, decisive: Option<Layer>) -> Vec<Step> {
        Layer::ALL
            .into_iter()
            .zip(self.findings)
            .map(|(layer, findings)| Step {
                layer,
                verdict: signals.of(layer).verdict(),
                decisive: decisive == Some(layer),
                findings,
            })
            .collect()
    }
}
