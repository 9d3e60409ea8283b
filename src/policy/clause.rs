//! What each part of a statement made of a request.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::operator::Operator;

/// One part of a statement, with what it wanted and what the request had.
///
/// The clauses of a statement all hold exactly if the statement matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// Which part.
    #[serde(flatten)]
    pub element: Element,
    /// What came of it.
    pub outcome: Outcome,
    /// What the policy lists, as written.
    pub wanted: Vec<String>,
    /// What the request had; several values are joined by `, `.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The entry of `wanted` that decided, or the variable that has no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// A part of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "element")]
pub enum Element {
    /// `Principal`.
    Principal,
    /// `NotPrincipal`.
    NotPrincipal,
    /// `Action`.
    Action,
    /// `NotAction`.
    NotAction,
    /// `Resource`.
    Resource,
    /// `NotResource`.
    NotResource,
    /// One key of one operator in `Condition`.
    Condition {
        /// The operator with its prefix and suffix.
        operator: Operator,
        /// The key as written.
        key: String,
    },
}

/// What came of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds for what the request had.
    Matched,
    /// It holds although the request lacks the key.
    HoldsWithoutKey,
    /// It does not hold for what the request had.
    NotMatched,
    /// The request lacks the key.
    KeyAbsent,
    /// The key has several values, and the operator no `ForAllValues:` or `ForAnyValue:`.
    Multivalued,
    /// A policy variable has no value in the request.
    Unresolved,
    /// A value is not of the operator's kind: not a number, a date, an address.
    Invalid,
    /// The statement lacks the element, and so has no effect.
    Missing,
}

impl Outcome {
    /// Whether the clause holds.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Matched | Self::HoldsWithoutKey)
    }

    /// A phrase for people.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::HoldsWithoutKey => "holds, because the key is absent",
            Self::NotMatched => "did not match",
            Self::KeyAbsent => "the request lacks the key",
            Self::Multivalued => "the key is multivalued and the operator has no set prefix",
            Self::Unresolved => "a variable has no value",
            Self::Invalid => "a value is not of the operator's kind",
            Self::Missing => "the statement lacks it, and so has no effect",
        }
    }
}

impl Clause {
    /// Whether the clause holds.
    pub fn holds(&self) -> bool {
        self.outcome.holds()
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal => f.write_str("Principal"),
            Self::NotPrincipal => f.write_str("NotPrincipal"),
            Self::Action => f.write_str("Action"),
            Self::NotAction => f.write_str("NotAction"),
            Self::Resource => f.write_str("Resource"),
            Self::NotResource => f.write_str("NotResource"),
            Self::Condition { operator, key } => write!(f, "{operator} {key}"),
        }
    }
}

/// `Action: did not match: wants kms:Decrypt; found s3:GetObject`.
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.element, self.outcome.phrase())?;
        if !self.wanted.is_empty() {
            write!(f, ": wants {}", self.wanted.join(" or "))?;
        }
        match &self.found {
            Some(found) => write!(f, "; found {found}"),
            None => Ok(()),
        }
    }
}
