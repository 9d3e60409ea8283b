//! Cases of kind `authz`: the checks in order; the first that fails decides.

use super::answer::Answer;
use super::case::{Case, PrincipalWord, Problem};
use super::question::Prepared;
use super::world;
use crate::authz::{Decision, Model, Verdict};
use crate::base::Arn;

pub(super) fn answer(case: &Case, model: Model) -> Result<Answer, Problem> {
    Ok(match first_denial(case, model)? {
        denied if root_assumes(case, denied.as_ref()) => of_root(case, denied.as_ref()),
        None => Answer::allow(),
        Some(decision) => denied(case, &decision),
    })
}

/// The first check that is denied, decided with its trace.
fn first_denial(case: &Case, model: Model) -> Result<Option<Decision>, Problem> {
    if case.request.checks.is_empty() && !is_free(&case.request.api) {
        return Err("the case needs at least one entry in `request.checks`".to_owned());
    }
    let prepared = Prepared::new(case)?;
    for check in case.request.checks.iter().filter(|c| !is_free(&c.action)) {
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

/// Whether the root user asks for a role, and nothing else is refused before.
fn root_assumes(case: &Case, denied: Option<&Decision>) -> bool {
    let assumes = |action: &str| action.eq_ignore_ascii_case("sts:AssumeRole");
    let mut checks = case.request.checks.iter();
    case.principal.kind == PrincipalWord::Root
        && denied.is_none_or(|decision| assumes(&decision.action))
        && checks.any(|check| assumes(&check.action))
}

/// Whether everybody may call this, even under an explicit deny.
///
/// Source: STS API Reference, GetCallerIdentity and GetSessionToken, "Permissions".
fn is_free(action: &str) -> bool {
    ["sts:GetCallerIdentity", "sts:GetSessionToken"]
        .iter()
        .any(|free| free.eq_ignore_ascii_case(action))
}

/// STS refuses the root user whatever the policies say.
///
/// Source: STS API Reference, AssumeRole.
fn of_root(case: &Case, denied: Option<&Decision>) -> Answer {
    let judged = denied.map(|decision| Answer::denied(decision, case.request.service()));
    let decision = judged
        .as_ref()
        .map_or(Verdict::ImplicitDeny.as_str(), |j| j.decision);
    Answer {
        decision,
        layer: judged.and_then(|judged| judged.layer),
        failed_action: Some("sts:AssumeRole".to_owned()),
        ..Answer::error(
            "AccessDenied",
            403,
            "Roles may not be assumed by root accounts.",
        )
    }
}

/// What STS says of a role that does not exist.
fn without_reason(decision: &Decision) -> String {
    format!(
        "User: {} is not authorized to perform: {} on resource: {}",
        decision.principal, decision.action, decision.resource
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::authz::Model;
    use crate::simulate::simulate;

    /// Source: STS API Reference, AssumeRole: the root user cannot call it.
    #[test]
    fn no_policy_lets_the_root_user_assume_a_role() {
        let role = "arn:aws:iam::111122223333:role/app";
        let root = "arn:aws:iam::111122223333:root";
        let ask = |effect: &str, kind: &str, arn: &str| {
            let statement = json!([{
                "Effect": effect, "Principal": { "AWS": root }, "Action": "sts:AssumeRole",
            }]);
            let case = json!({
                "id": "root", "kind": "authz",
                "principal": { "kind": kind, "arn": arn, "account": "111122223333" },
                "policies": {
                    "identity": [{ "Version": "2012-10-17", "Statement": [{
                        "Effect": "Allow", "Action": "*", "Resource": "*" }] }],
                    "resources": { role: { "kind": "iam-role", "account": "111122223333",
                        "policy": { "Version": "2012-10-17", "Statement": statement } } },
                },
                "request": { "api": "sts:AssumeRole",
                    "checks": [{ "action": "sts:AssumeRole", "resource": role }] },
            });
            let answer = simulate(&case, Model::Aws);
            (answer.decision, answer.http_status, answer.message)
        };
        let told = Some("Roles may not be assumed by root accounts.".to_owned());
        let refused = ("implicit-deny", Some(403), told.clone());
        assert_eq!(ask("Allow", "root", root), refused);
        let denied = ("explicit-deny", Some(403), told);
        assert_eq!(ask("Deny", "root", root), denied);
        let user = "arn:aws:iam::111122223333:user/ann";
        assert_eq!(ask("Allow", "iam-user", user), ("allow", None, None));
    }
}
