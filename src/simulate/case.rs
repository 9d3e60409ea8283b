//! A case, as it is written.

use serde::Deserialize;
use serde_json::{Map, Value};

/// What is wrong with a case, in a sentence.
pub(super) type Problem = String;

/// What kind of question a case asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// May the caller do what `request.checks` lists, one after the other?
    Authz,
    /// Does the service store this document?
    Validate,
    /// What does the service answer?
    Api,
}

/// One case. What is expected of it is not read.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) kind: Kind,
    pub(super) group: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) principal: PrincipalSpec,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) policies: Policies,
    pub(super) request: Request,
}

/// Who calls.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PrincipalSpec {
    #[serde(default)]
    pub(super) kind: PrincipalWord,
    pub(super) arn: Option<String>,
    pub(super) account: Option<String>,
    pub(super) unique_id: Option<String>,
    pub(super) issuer_arn: Option<String>,
    pub(super) issuer_id: Option<String>,
    pub(super) service: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) org_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tags: Map<String, Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) session_token: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) management_account: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) service_linked: bool,
}

/// The kinds of callers, as cases write them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PrincipalWord {
    IamUser,
    RoleSession,
    FederatedUser,
    Root,
    Service,
    WebIdentity,
    #[default]
    Anonymous,
}

/// Every policy that applies. A document may be an object or its text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Policies {
    pub(super) identity: Value,
    pub(super) permissions_boundary: Value,
    pub(super) session: Value,
    pub(super) scp: Value,
    pub(super) rcp: Value,
    pub(super) vpc_endpoint: Value,
    #[serde(deserialize_with = "or_default")]
    pub(super) resources: Map<String, Value>,
    #[serde(deserialize_with = "or_default")]
    pub(super) grants: Vec<GrantSpec>,
}

/// A resource with its policy; the ARN is the name under which it stands.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceSpec {
    pub(super) kind: String,
    pub(super) account: Option<String>,
    #[serde(default)]
    pub(super) policy: Value,
    pub(super) key_manager: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) aliases: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tags: Map<String, Value>,
}

/// A grant on a key, with the members of CreateGrant.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GrantSpec {
    pub(super) key_id: Option<String>,
    pub(super) grantee_principal: String,
    pub(super) retiring_principal: Option<String>,
    #[serde(default)]
    pub(super) operations: Vec<String>,
    pub(super) constraints: Option<Value>,
    pub(super) issuing_account: Option<String>,
}

/// What is asked.
#[derive(Debug, Deserialize)]
pub(super) struct Request {
    pub(super) api: String,
    #[serde(default)]
    pub(super) checks: Vec<Check>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) context: Map<String, Value>,
    /// Every other member: the document, and the members of the call.
    #[serde(flatten)]
    pub(super) members: Map<String, Value>,
}

/// One permission that the call needs.
#[derive(Debug, Deserialize)]
pub(super) struct Check {
    pub(super) action: String,
    pub(super) resource: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) context: Map<String, Value>,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(case: &Value) -> Result<Self, Problem> {
        Self::deserialize(case).map_err(|error| format!("this is no case of the format 1: {error}"))
    }
}

impl Request {
    /// The prefix of the service that is called; that of the first check where
    /// the call is described in words.
    pub(super) fn service(&self) -> &str {
        let named = self.api.split(':').next().unwrap_or_default();
        let is_prefix = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        match self.checks.first() {
            Some(check) if !is_prefix(named) => check.action.split(':').next().unwrap_or_default(),
            _ => named,
        }
    }

    /// The name of the operation, without service and what follows a `?`.
    pub(super) fn operation(&self) -> &str {
        let name = self.api.split_once(':').map_or("", |(_, name)| name);
        name.split(['?', ' ']).next().unwrap_or_default()
    }

    /// A member of the call.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A member of the call that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Value::as_str)
    }
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
