//! A question as an experiment puts it: with policies that stand in for the caller's.

use super::operation::View;
use crate::authz::{Layer, LayerVerdict, Layers, PolicySet, Question, decide};

/// The policies that stand in for the caller's own in this question, if any do:
/// where its own allow the call.
fn identity(view: &View<'_>, question: &Question<'_>) -> Option<PolicySet> {
    let policies = view.cloud.stand_ins.of(&view.caller.owner)?;
    let own = decide(question);
    let allows = own.step(Layer::Identity)?.verdict == LayerVerdict::Allow;
    allows.then(|| policies.clone())
}

/// Answers `question`, with what stands in for the caller's policies.
pub(super) fn answered<T>(
    view: &View<'_>,
    question: &Question<'_>,
    answer: fn(&Question<'_>) -> T,
) -> T {
    let Some(identity) = identity(view, question) else {
        return answer(question);
    };
    let layers = Layers {
        identity,
        ..question.layers.clone()
    };
    answer(&Question {
        layers: &layers,
        ..question.clone()
    })
}
