//! Why a statement matches a request, or does not.

use super::clause::{Clause, Element, Outcome};
use super::statement::{Listing, Statement};
use super::{Condition, PrincipalElement, Reach, Request};

/// What a statement made of a request, clause by clause, without the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How the statement names the caller, if it covers the request.
    pub reach: Option<Reach>,
    /// What came of each clause, in the order of [`Statement::explain`].
    pub outcomes: Box<[Outcome]>,
}

impl Statement {
    /// Judges every clause, also behind one that does not hold.
    ///
    /// `reach` is what [`Statement::matches`] answers.
    pub fn judge(&self, request: &Request<'_>) -> Judgement {
        let needed = |element: bool| usize::from(element);
        let mut outcomes = Vec::with_capacity(
            needed(self.principal.is_some())
                + needed(self.action != Listing::NotNeeded)
                + needed(self.resource != Listing::NotNeeded)
                + self.conditions.len(),
        );
        let reach = self.reach(request);
        if self.principal.is_some() {
            outcomes.push(matched(reach.is_some()));
        }
        outcomes.extend(listing_outcome(&self.action, |p| p.matches(request)));
        outcomes.extend(self.resource_outcome(request));
        let context = request.context();
        outcomes.extend(self.conditions.iter().map(|c| c.diagnosis(context)));
        Judgement {
            reach: reach.filter(|_| outcomes.iter().all(|outcome| outcome.holds())),
            outcomes: outcomes.into_boxed_slice(),
        }
    }

    /// What came of the resources; `None` where the element is not needed.
    fn resource_outcome(&self, request: &Request<'_>) -> Option<Outcome> {
        let outcome = listing_outcome(&self.resource, |p| p.matches(request))?;
        let unresolved = || {
            let mut entries = self.resource.entries().iter();
            outcome == Outcome::NotMatched
                && !self.resource.is_negated()
                && entries.any(|p| p.unresolved(request).is_some())
        };
        Some(if unresolved() {
            Outcome::Unresolved
        } else {
            outcome
        })
    }

    /// Every clause with its outcome, in the order of AWS's grammar.
    ///
    /// All clauses hold exactly if [`Statement::matches`] answers.
    pub fn explain(&self, request: &Request<'_>) -> Vec<Clause> {
        let mut clauses = Vec::with_capacity(3 + self.conditions.len());
        if let Some(element) = &self.principal {
            clauses.push(self.explain_principal(element, request));
        }
        clauses.extend(self.explain_action(request));
        clauses.extend(self.explain_resource(request));
        clauses.extend(
            self.conditions
                .iter()
                .map(|c| explain_condition(c, request)),
        );
        clauses
    }

    fn explain_principal(&self, element: &PrincipalElement, request: &Request<'_>) -> Clause {
        let caller = request.principal();
        let because = element
            .patterns()
            .iter()
            .filter_map(|p| p.reach(caller).map(|reach| (reach, p)));
        Clause {
            element: match element {
                PrincipalElement::Is(_) => Element::Principal,
                PrincipalElement::IsNot(_) => Element::NotPrincipal,
            },
            outcome: matched(element.reach(caller, self.effect).is_some()),
            wanted: written(element.patterns()),
            found: Some(caller.label().to_owned()),
            because: because
                .max_by_key(|(reach, _)| *reach)
                .map(|(_, p)| p.as_str().to_owned()),
        }
    }

    fn explain_action(&self, request: &Request<'_>) -> Option<Clause> {
        let outcome = listing_outcome(&self.action, |p| p.matches(request))?;
        Some(Clause {
            element: match self.action {
                Listing::NoneOf(_) => Element::NotAction,
                _ => Element::Action,
            },
            outcome,
            wanted: written(self.action.entries()),
            found: Some(request.action().to_owned()),
            because: first(self.action.entries(), |p| p.matches(request)),
        })
    }

    fn explain_resource(&self, request: &Request<'_>) -> Option<Clause> {
        let outcome = self.resource_outcome(request)?;
        let entries = self.resource.entries();
        let because = match outcome {
            Outcome::Unresolved => entries
                .iter()
                .find_map(|p| p.unresolved(request))
                .map(|variable| format!("${{{variable}}}")),
            _ => first(entries, |p| p.matches(request)),
        };
        Some(Clause {
            element: match self.resource {
                Listing::NoneOf(_) => Element::NotResource,
                _ => Element::Resource,
            },
            outcome,
            wanted: written(self.resource.entries()),
            found: Some(request.resource().to_owned()),
            because,
        })
    }
}

fn explain_condition(condition: &Condition, request: &Request<'_>) -> Clause {
    let found = condition.found(request.context());
    Clause {
        element: Element::Condition {
            operator: condition.operator(),
            key: condition.key().to_owned(),
        },
        outcome: condition.diagnosis(request.context()),
        wanted: condition.values().map(str::to_owned).collect(),
        found: found.map(|value| value.values().join(", ")),
        because: condition.because(request.context()),
    }
}

/// What came of a listing; `None` where the element is not needed.
fn listing_outcome<T>(listing: &Listing<T>, matches: impl Fn(&T) -> bool) -> Option<Outcome> {
    match listing {
        Listing::NotNeeded => None,
        Listing::Missing => Some(Outcome::Missing),
        _ => Some(matched(listing.holds(matches))),
    }
}

fn matched(holds: bool) -> Outcome {
    if holds {
        Outcome::Matched
    } else {
        Outcome::NotMatched
    }
}

fn written<T: ToString>(entries: &[T]) -> Vec<String> {
    entries.iter().map(ToString::to_string).collect()
}

fn first<T: ToString>(entries: &[T], matches: impl Fn(&T) -> bool) -> Option<String> {
    entries
        .iter()
        .find(|entry| matches(entry))
        .map(ToString::to_string)
}
