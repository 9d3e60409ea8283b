//! What a request might hold that changes the answer.
//!
//! A decision without a request lacks what only a request has: an encryption
//! context, a source address, a second factor. Where statements hang on such
//! keys, values are taken from the statements themselves and the engine is
//! asked again; what it then allows is reported with its conditions.

use super::asking::{Asker, with_context};
use crate::api::{AccessRequest, Caller};
use crate::authz::{Decision, Finding, Layer};
use crate::policy::{Clause, Comparison, Effect, Element, Operator, RequestContext};

/// Keys that the principal, the resource or the lab settles; all others are the request's.
const SETTLED: [&str; 13] = [
    "aws:principal",
    "aws:userid",
    "aws:username",
    "aws:resource",
    "aws:federatedprovider",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:viaawsservice",
    "kms:calleraccount",
    "kms:keyspec",
    "kms:keyusage",
    "kms:keyorigin",
    "kms:multiregion",
];

/// How many contexts are tried for one principal.
const MOST_TRIALS: usize = 12;

/// A context to try, and what it says in words.
#[derive(Clone, Default)]
struct Trial {
    context: RequestContext,
    words: Vec<String>,
}

/// The conditions under which `caller` is allowed what it is not allowed without
/// them; `None` if no context that the statements speak of opens it.
pub(super) fn opening(
    asker: &Asker<'_>,
    caller: &Caller,
    request: &AccessRequest,
) -> Option<(Vec<String>, Decision)> {
    let decision = asker.decide(caller, request);
    let denied = lifted(&decision);
    let mut trials = vec![denied.clone()];
    let allows = near_allows(&decision);
    trials.extend(allows.iter().map(|one| denied.and(one)));
    for (at, one) in allows.iter().enumerate() {
        let others = allows.iter().skip(at + 1);
        trials.extend(others.map(|other| denied.and(one).and(other)));
    }
    trials.extend(by_grants(caller, request).map(|one| denied.and(&one)));
    let mut worth = trials.into_iter().filter(|trial| !trial.words.is_empty());
    worth.by_ref().take(MOST_TRIALS).find_map(|trial| {
        let richer = with_context(request, &trial.context);
        let found = asker.allows(caller, &richer);
        found.then(|| (trial.words, asker.decide(caller, &richer)))
    })
}

/// What an allowed call hangs on: conditions of the statements that carry it,
/// and denies that another request would meet.
pub(super) fn of_allowed(decision: &Decision) -> Vec<String> {
    let mut words = Vec::new();
    for layer in [Layer::Identity, Layer::Resource] {
        let findings = decision.step(layer).map_or(&[][..], |step| &step.findings);
        let allows = findings
            .iter()
            .filter(|f| f.matched && f.effect == Effect::Allow);
        let each: Vec<Vec<String>> = allows.map(conditions_of).collect();
        // One that hangs on nothing makes the others idle.
        if each.iter().all(|conditions| !conditions.is_empty()) {
            words.extend(each.into_iter().next().into_iter().flatten());
        }
    }
    let steps = decision.steps.iter();
    let denies = steps
        .flat_map(|step| &step.findings)
        .filter(|f| !f.matched && f.effect == Effect::Deny);
    for finding in denies {
        let clauses = finding.clauses();
        let failing: Vec<&Clause> = clauses.iter().filter(|c| !c.holds()).collect();
        if !failing.is_empty() && failing.iter().all(|c| of_request(c).is_some()) {
            let conditions: Vec<String> = failing.into_iter().map(worded).collect();
            words.push(format!("unless {}", conditions.join(" and ")));
        }
    }
    words.dedup();
    words
}

fn conditions_of(finding: &Finding) -> Vec<String> {
    let clauses = finding.clauses();
    let of_it = clauses.iter().filter(|c| of_request(c).is_some());
    of_it.map(worded).collect()
}

impl Trial {
    fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.context.extend(&other.context);
        both.words.extend(other.words.iter().cloned());
        both
    }

    /// Adds what makes `clause` hold, or not hold; `false` if nothing is known to.
    fn settle(&mut self, clause: &Clause, holds: bool) -> bool {
        let Some((operator, key)) = of_request(clause) else {
            return false;
        };
        let Some(value) = value_for(operator, clause, holds) else {
            return false;
        };
        match operator.quantifier {
            Some(_) => self.context.set_many(key, [value]),
            None => self.context.set(key, value),
        };
        self.words.push(match holds {
            true => worded(clause),
            false => format!("not {}", worded(clause)),
        });
        true
    }
}

/// The operator and key of a condition on what only a request has.
fn of_request(clause: &Clause) -> Option<(Operator, &str)> {
    let Element::Condition { operator, key } = &clause.element else {
        return None;
    };
    let folded = key.to_ascii_lowercase();
    let settled = SETTLED.iter().any(|known| folded.starts_with(known));
    (!settled).then_some((*operator, key.as_str()))
}

fn worded(clause: &Clause) -> String {
    format!("{} {}", clause.element, clause.wanted.join(" or "))
}

/// What takes every matching deny away.
fn lifted(decision: &Decision) -> Trial {
    let mut trial = Trial::default();
    let findings = decision.steps.iter().flat_map(|step| &step.findings);
    for finding in findings.filter(|f| f.matched && f.effect == Effect::Deny) {
        let clauses = finding.clauses();
        let _ = clauses.iter().any(|clause| trial.settle(clause, false));
    }
    trial
}

/// For every Allow that fails by conditions of the request alone, what makes it match.
fn near_allows(decision: &Decision) -> Vec<Trial> {
    let findings = decision.steps.iter().flat_map(|step| &step.findings);
    let near = findings.filter(|f| !f.matched && f.effect == Effect::Allow);
    near.filter_map(|finding| {
        let mut trial = Trial::default();
        let clauses = finding.clauses();
        let mut failing = clauses.iter().filter(|c| !c.holds()).peekable();
        failing.peek()?;
        failing
            .all(|clause| trial.settle(clause, true))
            .then_some(trial)
    })
    .collect()
}

/// For every grant that names the caller, the encryption context that it wants.
fn by_grants<'r>(
    caller: &'r Caller,
    request: &'r AccessRequest,
) -> impl Iterator<Item = Trial> + 'r {
    let operation = request.action.strip_prefix("kms:").unwrap_or_default();
    let grants = request.target.grants.iter().filter(move |grant| {
        grant.reach(&caller.subject.principal).is_some()
            && grant.operations.iter().any(|o| o.as_str() == operation)
    });
    grants.filter_map(|grant| {
        let constraints = grant.constraints.as_ref()?;
        let pairs = [
            &constraints.encryption_context_equals,
            &constraints.encryption_context_subset,
        ];
        let mut trial = Trial::default();
        for (name, value) in pairs.into_iter().flatten().flat_map(|pairs| pairs.iter()) {
            let key = format!("kms:EncryptionContext:{name}");
            trial.words.push(format!("{key} = {value}"));
            trial.context.set(&key, value);
        }
        Some(trial)
    })
}

/// A value of the key for which the clause holds, or does not.
fn value_for(operator: Operator, clause: &Clause, holds: bool) -> Option<String> {
    let listed = clause.wanted.first()?;
    let equal = holds != operator.comparison.is_negated();
    match operator.comparison {
        // `Null: true` wants the key absent, which no value can be.
        Comparison::Null => (listed.eq_ignore_ascii_case("false") == holds).then(|| "x".to_owned()),
        Comparison::Bool => Some(match (listed.as_str(), equal) {
            ("true", true) | ("false", false) => "true".to_owned(),
            _ => "false".to_owned(),
        }),
        Comparison::IpAddress | Comparison::NotIpAddress => Some(match equal {
            true => listed.split('/').next()?.to_owned(),
            false => "192.0.2.1".to_owned(),
        }),
        Comparison::NumericLessThan | Comparison::NumericGreaterThan => {
            let number: i64 = listed.parse().ok()?;
            let less = operator.comparison == Comparison::NumericLessThan;
            let step = if less == holds { -1 } else { 1 };
            number.checked_add(step).map(|n| n.to_string())
        }
        _ if equal => Some(filled(listed)),
        _ => Some("another".to_owned()),
    }
}

/// A text that a pattern matches.
fn filled(pattern: &str) -> String {
    pattern.replace(['*', '?'], "x")
}
