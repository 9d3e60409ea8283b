//! The answer of the search for least privilege: policies, and what was found beside them.

use serde::Serialize;
use serde_json::Value;

/// The least that the actors of a piece of work need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeastPrivilege {
    /// One document for each user and role that made calls.
    pub policies: Vec<ActorPolicy>,
    /// What the key policies have to say.
    pub key_policies: Vec<KeyPolicy>,
    /// Grants that could stand in place of the permissions on keys; these are not run.
    pub grants: Vec<GrantInstead>,
    /// Permissions that were used and that the work did without: they are in no document.
    pub spare: Vec<Spare>,
    /// Whether the work came to the same with exactly these documents, and to
    /// something else without any one of their actions.
    pub verified: bool,
    /// Why it is not verified.
    pub unlike: Option<String>,
    /// How many times the work was run for this.
    pub runs: usize,
}

/// The least that a user or role needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActorPolicy {
    /// Its name.
    pub principal: String,
    /// Its ARN.
    pub arn: String,
    /// What it needs, in the order in which it was asked for.
    pub actions: Vec<Permission>,
    /// The identity-based policy; `None` if it needs none.
    pub document: Option<Value>,
}

/// An action that an actor needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// `service:Operation`.
    pub action: String,
    /// On what it was asked for.
    pub resources: Vec<String>,
    /// What was first to come out otherwise when it was left out.
    pub without: Option<String>,
}

/// What the policy of a key has to allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyPolicy {
    /// The key's ARN.
    pub key: String,
    /// The statements.
    pub statements: Vec<Value>,
}

/// A grant, as CreateGrant takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GrantInstead {
    /// The key's ARN.
    pub key_id: String,
    /// Who gets it.
    pub grantee_principal: String,
    /// What it allows.
    pub operations: Vec<String>,
}

/// A permission that was used, and that the work did without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spare {
    /// The user's or role's name.
    pub principal: String,
    /// `service:Operation`.
    pub action: String,
    /// The other way, or that no outcome hangs on it.
    pub because: String,
}
