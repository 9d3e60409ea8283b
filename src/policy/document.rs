//! A policy: its text, and what it was compiled to.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::base::UniqueId;

use super::error::{Place, Places, Problem, Trouble};
use super::fault::Fault;
use super::json::{self, JsonError};
use super::principal_element::{PrincipalElement, PrincipalPattern, Resolution};
use super::raw::{self, RawList, RawPolicy, RawStatement, Text, Variables};
use super::statement::Listing;
use super::{
    ActionPattern, Condition, Effect, PolicyError, PolicyKind, ResourcePattern, Statement, check,
};

/// A policy, parsed and compiled once; a clone costs a reference count.
///
/// Two policies are equal if their documents are equal as JSON.
#[derive(Clone)]
pub struct Policy(Arc<Compiled>);

struct Compiled {
    kind: PolicyKind,
    variables: Variables,
    text: Arc<str>,
    statements: Box<[Statement]>,
}

impl Policy {
    /// The longest text that is read at all, in bytes; no quota of AWS is near it.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Reads a policy that somebody wants to store, with every check of the service.
    ///
    /// Whether the named users and roles exist is for [`Self::bind`]; size
    /// quotas are for the caller, with [`Self::size_without_whitespace`].
    ///
    /// # Errors
    /// [`PolicyError`] with the service's code and message, and the place.
    pub fn parse(kind: PolicyKind, text: &str) -> Result<Self, PolicyError> {
        Self::read(kind, text, check::check)
    }

    /// Reads a policy that is stored already: the grammar only.
    ///
    /// What the service would refuse today, such as an action without prefix,
    /// stays and never matches.
    ///
    /// # Errors
    /// [`PolicyError`] if the text is not a policy at all.
    pub fn load(kind: PolicyKind, text: &str) -> Result<Self, PolicyError> {
        Self::read(kind, text, |_, _| Ok(()))
    }

    fn read(
        kind: PolicyKind,
        text: &str,
        check: fn(PolicyKind, &RawPolicy<'_>) -> Result<(), Trouble>,
    ) -> Result<Self, PolicyError> {
        let compiled = raw_policy(kind, text).and_then(|raw| {
            check(kind, &raw)?;
            Ok((raw.variables(), compile(kind, text, &raw)))
        });
        match compiled {
            Ok((variables, statements)) => {
                let text = Arc::from(text);
                Ok(Self(Arc::new(Compiled {
                    kind,
                    variables,
                    text,
                    statements,
                })))
            }
            Err((fault, problem)) => Err(PolicyError::new(kind, &fault, text, problem)),
        }
    }

    /// What the policy is attached to.
    pub fn kind(&self) -> PolicyKind {
        self.0.kind
    }

    /// The version of the language: `2012-10-17`, or `2008-10-17`, which has no variables.
    pub fn version(&self) -> &'static str {
        match self.0.variables {
            Variables::Replaced => "2012-10-17",
            Variables::Literal => "2008-10-17",
        }
    }

    /// The document exactly as it was given.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The document as JSON, members in the order of the text.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0.text).unwrap_or_default()
    }

    /// The statements in order.
    pub fn statements(&self) -> &[Statement] {
        &self.0.statements
    }

    /// The statement that stands at `index` of the document, if it is in force.
    pub fn statement(&self, index: usize) -> Option<&Statement> {
        self.statements().iter().find(|s| s.index() == index)
    }

    /// The same policy with its Deny statements alone, each where it stands in the document.
    #[must_use]
    pub fn denials(&self) -> Self {
        let denials = self
            .statements()
            .iter()
            .filter(|s| s.effect() == Effect::Deny);
        Self(Arc::new(Compiled {
            kind: self.0.kind,
            variables: self.0.variables,
            text: Arc::clone(&self.0.text),
            statements: denials.cloned().collect(),
        }))
    }

    /// Every entry of every principal element, in order.
    pub fn principals(&self) -> impl Iterator<Item = &PrincipalPattern> {
        self.statements()
            .iter()
            .filter_map(Statement::principal)
            .flat_map(PrincipalElement::patterns)
    }

    /// Ties every entry of the principal elements to what exists now.
    ///
    /// `resolve` is asked about every account, user, role, session, federated
    /// user and unique id that the policy names, in order. A statement tied
    /// to an id matches only the caller with that id, so it stays dead when
    /// the entity is deleted and made again under the same name.
    ///
    /// # Errors
    /// The service's error for an invalid principal, if one is
    /// [`Resolution::Unknown`].
    pub fn bind(
        &self,
        resolve: &mut dyn FnMut(&PrincipalPattern) -> Resolution,
    ) -> Result<Self, PolicyError> {
        let mut tie = |pattern: &PrincipalPattern| {
            if !pattern.has_to_exist() {
                return Ok(pattern.clone());
            }
            match resolve(pattern) {
                Resolution::Unknown => Err(self.unknown_principal(pattern)),
                Resolution::Known => Ok(pattern.clone()),
                Resolution::Id(id) => Ok(pattern.clone().bound_to(id)),
            }
        };
        let mut statements = self.0.statements.clone();
        for statement in &mut statements {
            if let Some(element) = &statement.principal {
                statement.principal = Some(element.try_map(&mut tie)?);
            }
        }
        let Compiled {
            kind, variables, ..
        } = *self.0;
        let text = Arc::clone(&self.0.text);
        Ok(Self(Arc::new(Compiled {
            kind,
            variables,
            text,
            statements,
        })))
    }

    /// Refuses a resource that is not `inside` what the policy is attached to.
    ///
    /// # Errors
    /// The service's error for an invalid resource, with the place of the first.
    pub fn check_resources(&self, inside: &dyn Fn(&str) -> bool) -> Result<(), PolicyError> {
        let raw = raw_policy(self.0.kind, &self.0.text).ok();
        let lists = raw
            .iter()
            .flat_map(|raw| &raw.statements)
            .filter_map(|s| s.resource.as_ref());
        let outside = lists
            .flat_map(|list| &list.items)
            .find(|r| !inside(&r.text));
        let Some(outside) = outside else {
            return Ok(());
        };
        let detail = format!("`{}` does not lie in it", outside.text);
        let problem = Problem::new(outside.at, detail)
            .hint("name what the policy is attached to, and what lies in it");
        let (kind, text) = (self.0.kind, &self.0.text);
        Err(PolicyError::new(
            kind,
            &Fault::ForeignResource,
            text,
            problem,
        ))
    }

    /// The ids that principal entries are tied to, by their place among [`Self::principals`].
    pub(super) fn ties(&self) -> Vec<(usize, UniqueId)> {
        let entries = self.principals().enumerate();
        entries
            .filter_map(|(place, entry)| Some((place, entry.bound()?.clone())))
            .collect()
    }

    /// The same policy with these ties and no others.
    pub(super) fn tied(&self, ties: &BTreeMap<usize, UniqueId>) -> Self {
        let mut statements = self.0.statements.clone();
        let elements = statements.iter_mut().filter_map(|s| s.principal.as_mut());
        let entries = elements.flat_map(PrincipalElement::patterns_mut);
        for (place, entry) in entries.enumerate() {
            entry.tie(ties.get(&place).cloned());
        }
        let Compiled {
            kind, variables, ..
        } = *self.0;
        let text = Arc::clone(&self.0.text);
        Self(Arc::new(Compiled {
            kind,
            variables,
            text,
            statements,
        }))
    }

    fn unknown_principal(&self, pattern: &PrincipalPattern) -> PolicyError {
        let text = pattern.as_str();
        let fault = Fault::InvalidPrincipal {
            label: "AWS".into(),
            text: text.into(),
        };
        let problem = Problem::new(
            self.place_of_principal(text),
            format!("there is no `{text}`"),
        )
        .hint("create it first, or name one that exists");
        PolicyError::new(self.0.kind, &fault, &self.0.text, problem)
    }

    /// Where the entry stands; read again, because nobody asks but for an error.
    fn place_of_principal(&self, entry: &str) -> usize {
        let raw = raw_policy(self.0.kind, &self.0.text).ok();
        let statements = raw.iter().flat_map(|raw| &raw.statements);
        let mut entries = statements
            .filter_map(|s| s.principal.as_ref())
            .flat_map(|p| &p.entries);
        entries
            .find(|(_, text)| text.text == entry)
            .map_or(0, |(_, text)| text.at)
    }

    /// The document as AWS shows it later: an entry whose entity is gone shows
    /// the id, and an account's number has become the ARN of its root user.
    ///
    /// `lives` says whether the entity with this id still exists. `None` where
    /// the document shows as it was written. Source: IAM User Guide, "AWS JSON
    /// policy elements: Principal".
    pub fn shown(&self, lives: &dyn Fn(&UniqueId) -> bool) -> Option<serde_json::Value> {
        let changed: HashMap<&str, String> = self
            .principals()
            .filter_map(|p| Some((p.as_str(), p.shown(lives)?)))
            .collect();
        if changed.is_empty() {
            return None;
        }
        let mut value = self.to_value();
        replace_principals(&mut value, &changed);
        Some(value)
    }

    /// The number of characters that count against IAM's quotas.
    pub fn size_without_whitespace(&self) -> usize {
        self.0.text.chars().filter(|c| !c.is_whitespace()).count()
    }
}

pub(super) fn raw_policy(kind: PolicyKind, text: &str) -> Result<RawPolicy<'_>, Trouble> {
    if text.len() > Policy::MAX_BYTES {
        let detail = format!("a policy has at most {} bytes here", Policy::MAX_BYTES);
        return Err((Fault::Syntax, Problem::new(0, detail)));
    }
    match json::read(text) {
        Ok(node) => raw::read(kind, node),
        Err(JsonError {
            at,
            what,
            repeated_member,
        }) => {
            let fault = if repeated_member {
                Fault::Syntax
            } else {
                Fault::NotJson
            };
            Err((fault, Problem::new(at, what)))
        }
    }
}

fn compile(kind: PolicyKind, text: &str, raw: &RawPolicy<'_>) -> Box<[Statement]> {
    let variables = raw.variables();
    let mut places = Places::new(text);
    raw.statements
        .iter()
        .enumerate()
        .map(|(index, statement)| {
            compile_one(kind, index, statement, variables, places.at(statement.at))
        })
        .collect()
}

fn compile_one(
    kind: PolicyKind,
    index: usize,
    raw: &RawStatement<'_>,
    variables: Variables,
    place: Place,
) -> Statement {
    let resource = match &raw.resource {
        None if kind == PolicyKind::Trust => Listing::NotNeeded,
        list => listing(list.as_ref(), |text| ResourcePattern::new(text, variables)),
    };
    Statement {
        index,
        sid: raw.sid.as_ref().map(|sid| sid.text.as_ref().into()),
        effect: raw.effect,
        principal: raw.principal.as_ref().map(|principal| {
            let patterns = principal
                .entries
                .iter()
                .map(|(label, entry)| PrincipalPattern::new(label, &entry.text))
                .collect();
            if principal.negated {
                PrincipalElement::IsNot(patterns)
            } else {
                PrincipalElement::Is(patterns)
            }
        }),
        action: listing(raw.action.as_ref(), ActionPattern::new),
        resource,
        conditions: raw
            .conditions
            .iter()
            .map(|c| {
                let values = c.values.iter().map(|value| &*value.text);
                Condition::new(c.operator, &c.key.text, values, variables)
            })
            .collect(),
        place,
    }
}

fn listing<T>(list: Option<&RawList<'_>>, compile: impl Fn(&str) -> T) -> Listing<T> {
    let Some(list) = list else {
        return Listing::Missing;
    };
    let entries = list
        .items
        .iter()
        .map(|Text { text, .. }| compile(text))
        .collect();
    if list.negated {
        Listing::NoneOf(entries)
    } else {
        Listing::Any(entries)
    }
}

/// Replaces the entries that changed wherever they stand under a principal element.
fn replace_principals(document: &mut serde_json::Value, changed: &HashMap<&str, String>) {
    use serde_json::Value;
    let swap = |value: &mut Value| {
        if let Some(now) = value.as_str().and_then(|entry| changed.get(entry)) {
            *value = Value::from(now.as_str());
        }
    };
    let statements = match document.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => return,
    };
    for statement in statements {
        for element in ["Principal", "NotPrincipal"] {
            match statement.get_mut(element).and_then(|p| p.get_mut("AWS")) {
                Some(Value::Array(entries)) => entries.iter_mut().for_each(swap),
                Some(one) => swap(one),
                None => {}
            }
        }
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.text() == other.text()
            || self.to_value() == other.to_value()
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({}, {})", self.kind(), self.text())
    }
}
