//! Why a statement matches a request, or does not.

use super::clause::{Clause, Element, Outcome};
use super::statement::{Listing, Statement};
use super::{Condition, PrincipalElement, Request};

impl Statement {
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
        let outcome = listing_outcome(&self.resource, |p| p.matches(request))?;
        let unresolved = self
            .resource
            .entries()
            .iter()
            .find_map(|p| p.unresolved(request));
        let decided = first(self.resource.entries(), |p| p.matches(request));
        let (outcome, because) = match (outcome, unresolved) {
            (Outcome::NotMatched, Some(variable)) if decided.is_none() => {
                (Outcome::Unresolved, Some(format!("${{{variable}}}")))
            }
            _ => (outcome, decided),
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
