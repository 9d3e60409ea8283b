//! A failed call, explained.

use std::sync::Arc;

use super::advice::advice_for;
use super::call::Call;
use super::facade::Lab;
use super::fix::{Fixes, fix};
use super::near_miss::near_miss;
use super::sentence::{caller_label, resource_label, sentence};
use crate::api::ApiError;
use crate::authz::{Decision, Model};

/// A failed call with everything that can be said of it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The call.
    pub call: Call,
    /// What the service answered.
    pub error: ApiError,
    /// Every decision that was taken, in order; the last one denied, if any did.
    pub decisions: Vec<DecidedStep>,
    /// Why it failed, in one sentence; in a second one, which name in the
    /// caller's policies misses the denied action by a little, if one does.
    pub sentence: String,
    /// The model that decided.
    pub model: Model,
}

/// One decision with the names that people use.
#[derive(Clone, Debug)]
pub struct DecidedStep {
    /// The decision.
    pub decision: Arc<Decision>,
    /// What people call the resource.
    pub resource: String,
    /// What people call the caller.
    pub caller: String,
}

impl DecidedStep {
    /// Names the parts of `decision`.
    pub fn of(lab: &Lab, decision: &Arc<Decision>) -> Self {
        Self {
            decision: Arc::clone(decision),
            resource: resource_label(lab.cloud(), &decision.resource),
            caller: caller_label(&decision.principal),
        }
    }
}

impl Failure {
    /// Explains `error`, which `call` was answered in `lab` after `decisions`.
    pub fn new(lab: &Lab, call: Call, decisions: &[Arc<Decision>], error: ApiError) -> Self {
        let mut decisions: Vec<DecidedStep> =
            decisions.iter().map(|d| DecidedStep::of(lab, d)).collect();
        if let Some(last) = &error.decision
            && !decisions.iter().any(|d| Arc::ptr_eq(&d.decision, last))
        {
            decisions.push(DecidedStep::of(lab, last));
        }
        let why = sentence(lab.cloud(), &error);
        let sentence = match passed(&decisions) {
            Some(prefix) if error.decision.is_some() => {
                format!("{prefix}, but KMS refuses: {}", lower_first(&why))
            }
            _ => why,
        };
        let denied = error.decision.as_deref();
        let sentence = match denied.and_then(|decision| near_miss(lab, &call, decision)) {
            Some(hint) => format!("{sentence} {hint}"),
            None => sentence,
        };
        Self {
            call,
            error,
            decisions,
            sentence,
            model: lab.model(),
        }
    }

    /// Looks for repairs; each is tried in a fork of `lab`.
    ///
    /// A call of a group that was taken back may fail otherwise now, because
    /// what the group had made is gone; the advice is then on the first failure.
    pub fn fix(&self, lab: &Lab) -> Fixes {
        let mut fixes = fix(lab, &self.call);
        if fixes.repairs.is_empty() && fixes.advice.is_empty() {
            fixes.advice = advice_for(lab, &self.call, &self.error, true);
        }
        fixes
    }
}

/// What S3 had allowed before KMS refused.
fn passed(decisions: &[DecidedStep]) -> Option<String> {
    let first = decisions.first().filter(|d| d.decision.is_allow())?;
    let last = decisions.last().filter(|d| d.decision.service() == "kms")?;
    (first.decision.service() == "s3" && !last.decision.is_allow()).then(|| {
        format!(
            "{} may call {} on {}",
            first.caller, first.decision.action, first.resource
        )
    })
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !text.starts_with("KMS") && !text.contains(" denies ") => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
