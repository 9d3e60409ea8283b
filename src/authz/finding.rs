//! What one statement, or one grant, had to do with a call.

use std::fmt;
use std::sync::Arc;

use serde::de::Deserializer;
use serde::ser::{SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};

use super::question::{NamedPolicy, Question, Subject};
use crate::policy::{Clause, Effect, Outcome, Policy, Reach, Request, RequestContext, Statement};

/// Where a statement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRef {
    /// The policy's name, such as `GlueRole › UseKey`.
    pub policy: Arc<str>,
    /// The statement's place in the policy, from 0.
    pub index: usize,
    /// Its `Sid`, if it has one.
    pub sid: Option<Arc<str>>,
}

impl StatementRef {
    pub(super) fn new(named: &NamedPolicy, statement: &Statement) -> Self {
        Self {
            policy: Arc::clone(&named.name),
            index: statement.index(),
            sid: statement.shared_sid().cloned(),
        }
    }

    /// `GlueRole › UseKey › AllowDecrypt`, or `GlueRole › UseKey[0]` where there is no `Sid`.
    pub fn label(&self) -> String {
        match &self.sid {
            Some(sid) => format!("{} › {sid}", self.policy),
            None => format!("{}[{}]", self.policy, self.index),
        }
    }
}

/// What was asked, kept so that a finding can be put in words at any time.
#[derive(Debug)]
pub(super) struct Asked {
    action: Arc<str>,
    resource: Arc<str>,
    subject: Arc<Subject>,
    context: RequestContext,
}

impl Asked {
    pub(super) fn new(question: &Question<'_>) -> Self {
        Self {
            action: question.action.into(),
            resource: question.resource.into(),
            subject: Arc::clone(question.subject),
            context: question.context.clone(),
        }
    }

    pub(super) fn action(&self) -> Arc<str> {
        Arc::clone(&self.action)
    }

    pub(super) fn resource(&self) -> Arc<str> {
        Arc::clone(&self.resource)
    }

    fn request(&self) -> Request<'_> {
        Request::new(
            &self.action,
            &self.resource,
            &self.subject.principal,
            &self.context,
        )
    }
}

/// What one statement, or one grant, had to do with the call.
///
/// Every clause is judged when the decision is taken; the words for it are made
/// when somebody asks, by [`Finding::clauses`].
#[derive(Clone)]
pub struct Finding {
    /// Which statement.
    pub statement: StatementRef,
    /// What it would do.
    pub effect: Effect,
    /// Whether it applies to the call.
    pub matched: bool,
    /// How its principal names the caller, where it does.
    pub reach: Option<Reach>,
    /// For a grant, why it does not cover the call.
    pub note: Option<String>,
    outcomes: Box<[Outcome]>,
    source: Source,
}

/// Where the words for the clauses come from.
#[derive(Clone)]
enum Source {
    /// There are none: a grant has no clauses.
    Nothing,
    /// The statement, asked again.
    Statement(Policy, Arc<Asked>),
    /// A finding of another run, which was put in words when it was written down.
    Words(Arc<[Clause]>),
}

impl Finding {
    pub(super) fn of_statement(
        named: &NamedPolicy,
        statement: &Statement,
        request: &Request<'_>,
        asked: &Arc<Asked>,
    ) -> Self {
        let judgement = statement.judge(request);
        Self {
            statement: StatementRef::new(named, statement),
            effect: statement.effect(),
            matched: judgement.reach.is_some(),
            reach: judgement.reach,
            note: None,
            outcomes: judgement.outcomes,
            source: Source::Statement(named.policy.clone(), Arc::clone(asked)),
        }
    }

    pub(super) fn of_grant(name: String, reach: Option<Reach>, note: Option<String>) -> Self {
        Self {
            statement: StatementRef {
                policy: name.into(),
                index: 0,
                sid: None,
            },
            effect: Effect::Allow,
            matched: reach.is_some(),
            reach,
            note,
            outcomes: Box::default(),
            source: Source::Nothing,
        }
    }

    /// What came of each clause, in the order of [`Finding::clauses`]; none for a grant.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Each clause with its outcome, what it wanted and what the call had; none for a grant.
    pub fn clauses(&self) -> Vec<Clause> {
        match &self.source {
            Source::Nothing => Vec::new(),
            Source::Words(clauses) => clauses.to_vec(),
            Source::Statement(policy, asked) => {
                let statement = policy.statement(self.statement.index);
                statement
                    .map(|statement| statement.explain(&asked.request()))
                    .unwrap_or_default()
            }
        }
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("statement", &self.statement)
            .field("effect", &self.effect)
            .field("reach", &self.reach)
            .field("note", &self.note)
            .field("outcomes", &self.outcomes)
            .finish_non_exhaustive()
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = 5 + usize::from(self.note.is_some());
        let mut shown = serializer.serialize_struct("Finding", length)?;
        shown.serialize_field("statement", &self.statement)?;
        shown.serialize_field("effect", &self.effect)?;
        shown.serialize_field("matched", &self.matched)?;
        shown.serialize_field("reach", &self.reach)?;
        shown.serialize_field("clauses", &self.clauses())?;
        match &self.note {
            Some(note) => shown.serialize_field("note", note)?,
            None => shown.skip_field("note")?,
        }
        shown.end()
    }
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A finding as it is written.
        #[derive(Deserialize)]
        struct Written {
            statement: StatementRef,
            effect: Effect,
            matched: bool,
            reach: Option<Reach>,
            clauses: Vec<Clause>,
            note: Option<String>,
        }
        let written = Written::deserialize(deserializer)?;
        Ok(Self {
            statement: written.statement,
            effect: written.effect,
            matched: written.matched,
            reach: written.reach,
            note: written.note,
            outcomes: written.clauses.iter().map(|c| c.outcome).collect(),
            source: match written.clauses.is_empty() {
                true => Source::Nothing,
                false => Source::Words(written.clauses.into()),
            },
        })
    }
}
