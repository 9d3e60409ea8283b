//! The policies of a layer, and the statements among them that can matter.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::question::NamedPolicy;
use super::statement_index::StatementIndex;
use crate::policy::{Effect, Principal, Request, RequestContext, Statement};

/// Fewer statements than this are read one by one in less time.
const WORTH_AN_INDEX: usize = 5;

/// The policies of one layer, shared and never changed.
///
/// A set that is asked more than once gets an index by action and resource, so
/// that a question costs what can match it, not what is stored. A clone costs a
/// reference count.
#[derive(Clone, Default)]
pub struct PolicySet(Option<Arc<Inner>>);

struct Inner {
    policies: Box<[NamedPolicy]>,
    statements: usize,
    asked: AtomicBool,
    index: OnceLock<StatementIndex>,
}

impl PolicySet {
    /// A set of these policies, in this order.
    pub fn new(policies: Vec<NamedPolicy>) -> Self {
        if policies.is_empty() {
            return Self::default();
        }
        let statements = policies.iter().map(|p| p.policy.statements().len()).sum();
        Self(Some(Arc::new(Inner {
            policies: policies.into(),
            statements,
            asked: AtomicBool::new(false),
            index: OnceLock::new(),
        })))
    }

    /// The policies.
    pub fn policies(&self) -> &[NamedPolicy] {
        self.0.as_ref().map_or(&[], |inner| &inner.policies)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a statement allows `action` on anything at all, conditions aside.
    ///
    /// Where none does, no question about the action can be answered by an
    /// allow of this set, so it need not be asked.
    pub fn may_allow(&self, action: &str) -> bool {
        let (nobody, context) = (Principal::anonymous(), RequestContext::new());
        let request = Request::new(action, "*", &nobody, &context);
        let statements = self.policies().iter().flat_map(|p| p.policy.statements());
        statements
            .filter(|s| s.effect() == Effect::Allow)
            .any(|s| s.speaks_of(&request))
    }

    /// Shows `visit` every statement that may cover `request`, until it answers `false`.
    ///
    /// A statement may come more than once, and need not cover the request.
    pub(super) fn candidates(
        &self,
        request: &Request<'_>,
        visit: &mut impl FnMut(&Statement) -> bool,
    ) {
        let Some(inner) = self.0.as_deref() else {
            return;
        };
        let Some(index) = inner.index() else {
            inner
                .policies
                .iter()
                .all(|named| named.policy.statements().iter().all(&mut *visit));
            return;
        };
        index.look_up(request.folded_action(), request.resource(), &mut |at| {
            inner.statement(at).is_none_or(&mut *visit)
        });
    }
}

impl Serialize for PolicySet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.policies().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PolicySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::new)
    }
}

impl Inner {
    /// The index, from the second question on.
    fn index(&self) -> Option<&StatementIndex> {
        if self.statements < WORTH_AN_INDEX || !self.asked.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(self.index.get_or_init(|| {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            StatementIndex::new(self.policies.iter().enumerate().flat_map(|(p, named)| {
                let statements = named.policy.statements().iter().enumerate();
                statements.map(move |(s, statement)| ((number(p), number(s)), statement))
            }))
        }))
    }

    fn statement(&self, (policy, at): (u32, u32)) -> Option<&Statement> {
        let named = self.policies.get(policy as usize)?;
        named.policy.statements().get(at as usize)
    }
}

impl From<Vec<NamedPolicy>> for PolicySet {
    fn from(policies: Vec<NamedPolicy>) -> Self {
        Self::new(policies)
    }
}

impl FromIterator<NamedPolicy> for PolicySet {
    fn from_iter<I: IntoIterator<Item = NamedPolicy>>(policies: I) -> Self {
        Self::new(policies.into_iter().collect())
    }
}

impl fmt::Debug for PolicySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.policies()).finish()
    }
}
