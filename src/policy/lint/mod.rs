//! What a policy says that its author can hardly have meant.
//!
//! AWS stores a policy without looking its names up, so that `s3:GetObjects`
//! grants nothing and nobody says so. [`lint`] looks them up in a
//! [`Catalogue`] of actions, condition keys and resource types, and compares
//! what a statement says with what can ever match. It takes no decision and
//! knows no state; a policy with findings is stored and evaluated all the same.
//! Start with [`lint`]; each file of rules is about one element.

mod actions;
mod catalogue;
mod conditions;
mod finding;
mod global_keys;
mod meant;
mod overlap;
mod resources;
mod statements;
#[cfg(test)]
mod tests;
mod twins;
mod values;
mod variables;

pub use catalogue::{ActionInfo, Catalogue, KeyInfo, KeyType};
pub use finding::{Finding, Severity};
pub use meant::{Meant, meant};

use super::document::raw_policy;
use super::raw::{RawPolicy, RawStatement, Variables};
use super::{Policy, PolicyKind};
use finding::Findings;

/// How many names of one policy get a suggestion: looking for the nearest name
/// costs more than all other rules together.
const MAX_SUGGESTIONS: usize = 100;

/// What all rules look at.
struct Linter<'c> {
    catalogue: &'c Catalogue,
    kind: PolicyKind,
    variables: Variables,
    found: Findings,
    suggestions: usize,
}

/// Everything worth saying about `policy`, in the order of its text.
///
/// ```
/// use keychai::policy::lint::{Catalogue, lint};
/// use keychai::policy::{Policy, PolicyKind};
///
/// let text = r#"{"Version": "2012-10-17", "Statement":
///   {"Effect": "Allow", "Action": "s3:GetObjects", "Resource": "*"}}"#;
/// let policy = Policy::parse(PolicyKind::Managed, text).unwrap();
/// let findings = lint(&policy, Catalogue::bundled());
/// assert_eq!(findings[0].code, "unknown-action");
/// assert_eq!(findings[0].suggestion.as_deref(), Some("did you mean `s3:GetObject`?"));
/// ```
pub fn lint(policy: &Policy, catalogue: &Catalogue) -> Vec<Finding> {
    let Ok(raw) = raw_policy(policy.kind(), policy.text()) else {
        return Vec::new();
    };
    let mut linter = Linter {
        catalogue,
        kind: policy.kind(),
        variables: raw.variables(),
        found: Findings::default(),
        suggestions: 0,
    };
    linter.policy(&raw);
    linter.found.placed(policy.text())
}

impl Linter<'_> {
    fn policy(&mut self, raw: &RawPolicy<'_>) {
        statements::version(self, raw);
        for statement in &raw.statements {
            self.statement(statement);
        }
        actions::foreign(self, raw);
        twins::duplicates(self, raw);
        twins::shadowed(self, raw);
    }

    fn statement(&mut self, statement: &RawStatement<'_>) {
        statements::elements(self, statement);
        statements::everyone(self, statement);
        actions::names(self, statement);
        actions::pass_role(self, statement);
        resources::fitting(self, statement);
        conditions::check(self, statement);
        variables::check(self, statement);
    }

    /// The candidate nearest to `word`, as long as there were few questions.
    fn nearest<'w>(
        &mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'w str>,
    ) -> Option<String> {
        self.suggestions += 1;
        if self.suggestions > MAX_SUGGESTIONS {
            return None;
        }
        crate::base::nearest(word, candidates).map(str::to_owned)
    }
}

/// How a suggestion begins.
fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}
