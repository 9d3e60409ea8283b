//! One statement: whom, what, on what, when.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::Place;
use super::{ActionPattern, Condition, PrincipalElement, Reach, Request, ResourcePattern};

/// `Allow` or `Deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Effect {
    /// Grants what the statement covers, unless something denies it.
    Allow,
    /// Refuses what the statement covers, whatever grants it.
    Deny,
}

impl Effect {
    /// AWS's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// A list under a name (`Action`) or its opposite (`NotAction`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing<T> {
    /// Any of these.
    Any(Box<[T]>),
    /// None of these.
    NoneOf(Box<[T]>),
    /// The element stands nowhere, and for this kind of policy needs not.
    NotNeeded,
    /// The element stands nowhere, so the statement has no effect.
    Missing,
}

impl<T> Listing<T> {
    /// The entries.
    pub fn entries(&self) -> &[T] {
        match self {
            Self::Any(entries) | Self::NoneOf(entries) => entries,
            Self::NotNeeded | Self::Missing => &[],
        }
    }

    /// Whether the entries are listed to be left out.
    pub const fn is_negated(&self) -> bool {
        matches!(self, Self::NoneOf(_))
    }

    /// Whether the element holds, given whether one entry matches.
    pub(super) fn holds(&self, matches: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Any(entries) => entries.iter().any(matches),
            Self::NoneOf(entries) => !entries.iter().any(matches),
            Self::NotNeeded => true,
            Self::Missing => false,
        }
    }
}

/// A compiled statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(super) index: usize,
    pub(super) sid: Option<Arc<str>>,
    pub(super) effect: Effect,
    pub(super) principal: Option<PrincipalElement>,
    pub(super) action: Listing<ActionPattern>,
    pub(super) resource: Listing<ResourcePattern>,
    pub(super) conditions: Box<[Condition]>,
    pub(super) place: Place,
}

impl Statement {
    /// The statement's name, if it has one.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The statement's name, shared.
    pub fn shared_sid(&self) -> Option<&Arc<str>> {
        self.sid.as_ref()
    }

    /// Where it stands in its document, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// How to name the statement at `index` of its policy: by Sid, or by position.
    pub fn label(&self, index: usize) -> String {
        match self.sid().filter(|sid| !sid.is_empty()) {
            Some(sid) => sid.to_owned(),
            None => format!("[{index}]"),
        }
    }

    /// Whether it allows or denies.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whom it is about; identity policies do not say.
    pub fn principal(&self) -> Option<&PrincipalElement> {
        self.principal.as_ref()
    }

    /// The actions.
    pub fn action(&self) -> &Listing<ActionPattern> {
        &self.action
    }

    /// The resources.
    pub fn resource(&self) -> &Listing<ResourcePattern> {
        &self.resource
    }

    /// The conditions, all of which have to hold.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Where the statement starts in the policy's text.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether the statement covers the request, and how it names the caller.
    pub fn matches(&self, request: &Request<'_>) -> Option<Reach> {
        if !self.action.holds(|pattern| pattern.matches(request))
            || !self.resource.holds(|pattern| pattern.matches(request))
        {
            return None;
        }
        let reach = self.reach(request)?;
        self.conditions
            .iter()
            .all(|condition| condition.outcome(request.context()).holds())
            .then_some(reach)
    }

    /// Whether the statement speaks of the request's action, whatever its other
    /// elements say.
    pub fn speaks_of(&self, request: &Request<'_>) -> bool {
        self.action.holds(|pattern| pattern.matches(request))
    }

    /// How the statement names the caller, whatever its other elements say.
    pub fn reach(&self, request: &Request<'_>) -> Option<Reach> {
        match &self.principal {
            None => Some(Reach::Implicit),
            Some(element) => element.reach(request.principal(), self.effect),
        }
    }
}
