//! Cases of kind `authz`: the checks in order; the first that fails decides.

use super::answer::Answer;
use super::case::{Case, Problem};
use super::question::Prepared;
use super::world;
use crate::authz::{Decision, Model, Verdict};
use crate::base::Arn;

pub(super) fn answer(case: &Case, model: Model) -> Result<Answer, Problem> {
    Ok(match first_denial(case, model)? {
        None => Answer::allow(),
        Some(decision) => denied(case, &decision),
    })
}

/// The first check that is denied, decided with its trace.
fn first_denial(case: &Case, model: Model) -> Result<Option<Decision>, Problem> {
    if case.request.checks.is_empty() {
        return Err("the case needs at least one entry in `request.checks`".to_owned());
    }
    let prepared = Prepared::new(case)?;
    for check in &case.request.checks {
        let asked = prepared.ask(check)?;
        if asked.verdict(model) != Verdict::Allow {
            return Ok(Some(asked.decide(model)));
        }
    }
    Ok(None)
}

pub(super) fn denied(case: &Case, decision: &Decision) -> Answer {
    let answer = Answer::denied(decision, case.request.service());
    let listed = case.policies.resources.contains_key(&*decision.resource);
    let assumes = decision.action.starts_with("sts:AssumeRole");
    let missing = Arn::parse(&decision.resource).is_ok_and(|arn| !world::exists(&arn));
    if assumes && (missing && !listed) {
        return Answer {
            message: Some(without_reason(decision)),
            ..answer
        };
    }
    answer
}

/// What STS says of a role that does not exist.
fn without_reason(decision: &Decision) -> String {
    format!(
        "User: {} is not authorized to perform: {} on resource: {}",
        decision.principal, decision.action, decision.resource
    )
}
