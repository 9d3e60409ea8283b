//! Writing policies as AWS's own examples are written.

use serde_json::{Map, Value};

use super::Policy;
use super::{Effect, Operator, PolicyError, PolicyKind};

/// A policy under construction.
///
/// ```
/// use keychai::policy::{PolicyBuilder, PolicyKind, StatementDraft};
///
/// let policy = PolicyBuilder::new()
///     .statement(
///         StatementDraft::allow()
///             .sid("ReadData")
///             .action("s3:GetObject")
///             .resource("arn:aws:s3:::payroll-data/*"),
///     )
///     .build(PolicyKind::Inline)?;
/// assert_eq!(policy.statements().len(), 1);
/// # Ok::<(), keychai::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PolicyBuilder {
    id: Option<String>,
    statements: Vec<StatementDraft>,
}

/// A statement under construction; members come out in AWS's order.
#[derive(Debug, Clone)]
pub struct StatementDraft {
    sid: Option<String>,
    effect: Effect,
    everyone: bool,
    principals: Vec<(PrincipalLabel, String)>,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<(String, String, Vec<String>)>,
}

/// The kinds of principals as a principal element writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalLabel {
    /// `AWS`: accounts, users, roles and sessions.
    Aws,
    /// `Service`.
    Service,
    /// `Federated`: identity providers.
    Federated,
    /// `CanonicalUser`.
    CanonicalUser,
}

impl PrincipalLabel {
    /// AWS's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Service => "Service",
            Self::Federated => "Federated",
            Self::CanonicalUser => "CanonicalUser",
        }
    }

    /// The label under which `text` belongs.
    ///
    /// Identity providers are ARNs of that kind or one of the four hosts that
    /// AWS knows by itself; services end in `.amazonaws.com`; everything else
    /// is `AWS`.
    pub fn of(text: &str) -> Self {
        const HOSTS: [&str; 4] = [
            "accounts.google.com",
            "cognito-identity.amazonaws.com",
            "graph.facebook.com",
            "www.amazon.com",
        ];
        if HOSTS.contains(&text) {
            Self::Federated
        } else if text.ends_with(".amazonaws.com") && !text.starts_with("arn:") {
            Self::Service
        } else if text.contains(":oidc-provider/") || text.contains(":saml-provider/") {
            Self::Federated
        } else {
            Self::Aws
        }
    }
}

impl StatementDraft {
    /// An Allow about nothing yet.
    pub const fn allow() -> Self {
        Self::of(Effect::Allow)
    }

    /// A Deny about nothing yet.
    pub const fn deny() -> Self {
        Self::of(Effect::Deny)
    }

    /// A statement about nothing yet.
    pub const fn of(effect: Effect) -> Self {
        Self {
            sid: None,
            effect,
            everyone: false,
            principals: Vec::new(),
            actions: Vec::new(),
            resources: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// Names the statement.
    pub fn sid(mut self, sid: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// Makes it about everyone, `"Principal": "*"`.
    pub fn everyone(mut self) -> Self {
        self.everyone = true;
        self
    }

    /// Adds a principal.
    pub fn principal(mut self, label: PrincipalLabel, text: impl Into<String>) -> Self {
        self.principals.push((label, text.into()));
        self
    }

    /// Adds an action.
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.actions.push(action.into());
        self
    }

    /// Adds actions.
    pub fn actions<A: Into<String>>(mut self, actions: impl IntoIterator<Item = A>) -> Self {
        self.actions.extend(actions.into_iter().map(Into::into));
        self
    }

    /// Adds a resource.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Adds resources.
    pub fn resources<R: Into<String>>(mut self, resources: impl IntoIterator<Item = R>) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// Adds a condition.
    pub fn condition<V: Into<String>>(
        mut self,
        operator: Operator,
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.conditions
            .push((operator.to_string(), key.into(), values));
        self
    }

    /// The statement as JSON; a list of one is written without brackets.
    pub fn to_value(&self) -> Value {
        let mut statement = Map::new();
        if let Some(sid) = &self.sid {
            statement.insert("Sid".into(), sid.as_str().into());
        }
        statement.insert("Effect".into(), self.effect.name().into());
        if let Some(principal) = self.principal_value() {
            statement.insert("Principal".into(), principal);
        }
        for (name, list) in [("Action", &self.actions), ("Resource", &self.resources)] {
            if !list.is_empty() {
                statement.insert(name.into(), one_or_many(list));
            }
        }
        if !self.conditions.is_empty() {
            statement.insert("Condition".into(), self.condition_value());
        }
        Value::Object(statement)
    }

    fn principal_value(&self) -> Option<Value> {
        if self.everyone {
            return Some("*".into());
        }
        let mut labels: Vec<PrincipalLabel> = Vec::new();
        for (label, _) in &self.principals {
            if !labels.contains(label) {
                labels.push(*label);
            }
        }
        let entries = labels.iter().map(|label| {
            let texts: Vec<String> = self
                .principals
                .iter()
                .filter(|(l, _)| l == label)
                .map(|(_, text)| text.clone())
                .collect();
            (label.name().to_owned(), one_or_many(&texts))
        });
        (!labels.is_empty()).then(|| Value::Object(entries.collect()))
    }

    fn condition_value(&self) -> Value {
        let mut operators = Map::new();
        for (operator, key, values) in &self.conditions {
            let keys = operators
                .entry(operator.as_str())
                .or_insert_with(|| Map::new().into());
            if let Value::Object(keys) = keys {
                keys.insert(key.clone(), one_or_many(values));
            }
        }
        operators.into()
    }
}

impl PolicyBuilder {
    /// A policy without statements, version 2012-10-17.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `Id`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Adds a statement.
    pub fn statement(mut self, statement: StatementDraft) -> Self {
        self.statements.push(statement);
        self
    }

    /// The document as JSON.
    pub fn to_value(&self) -> Value {
        let mut document = Map::new();
        document.insert("Version".into(), "2012-10-17".into());
        if let Some(id) = &self.id {
            document.insert("Id".into(), id.as_str().into());
        }
        let statements = self
            .statements
            .iter()
            .map(StatementDraft::to_value)
            .collect();
        document.insert("Statement".into(), Value::Array(statements));
        document.into()
    }

    /// The document as text, indented.
    pub fn to_text(&self) -> String {
        format!("{:#}", self.to_value())
    }

    /// The policy, checked like any other.
    ///
    /// # Errors
    /// [`PolicyError`] as from [`Policy::parse`].
    pub fn build(&self, kind: PolicyKind) -> Result<Policy, PolicyError> {
        Policy::parse(kind, &self.to_text())
    }
}

/// A list as policies write it: one entry stands alone.
pub(super) fn one_or_many(entries: &[String]) -> Value {
    match entries {
        [one] => one.as_str().into(),
        many => many.iter().map(String::as_str).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn statements_are_written_as_in_awss_examples() {
        let statement = StatementDraft::allow()
            .condition(
                Operator::parse("Bool").unwrap(),
                "aws:SecureTransport",
                ["true"],
            )
            .resource("*")
            .actions(["kms:Decrypt", "kms:Encrypt"])
            .principal(PrincipalLabel::Aws, "111122223333")
            .principal(PrincipalLabel::Service, "glue.amazonaws.com")
            .sid("Use");
        let expected = json!({
            "Sid": "Use",
            "Effect": "Allow",
            "Principal": {"AWS": "111122223333", "Service": "glue.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:Encrypt"],
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        });
        assert_eq!(statement.to_value().to_string(), expected.to_string());
    }

    #[test]
    fn a_principal_finds_its_label() {
        for (text, label) in [
            ("*", "AWS"),
            ("arn:aws:iam::111122223333:role/a", "AWS"),
            ("glue.amazonaws.com", "Service"),
            ("cognito-identity.amazonaws.com", "Federated"),
            (
                "arn:aws:iam::111122223333:oidc-provider/idp.example",
                "Federated",
            ),
        ] {
            assert_eq!(PrincipalLabel::of(text).name(), label, "{text}");
        }
    }
}
