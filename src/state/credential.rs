//! Access keys and the sessions behind temporary ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::oidc::WebIdentity;
use crate::authz::PolicySet;
use crate::base::{AccessKeyId, AccountId, Arn, SecretText, Timestamp, UniqueId};

/// What a caller signs with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// The key's id.
    pub access_key_id: AccessKeyId,
    /// The key's secret.
    #[serde(with = "crate::base::secret::kept")]
    pub secret_access_key: SecretText,
    /// The token that goes with a temporary key.
    #[serde(with = "crate::base::secret::kept_option")]
    pub session_token: Option<SecretText>,
}

impl Credentials {
    /// Of a caller who has none: its requests are not signed.
    pub fn anonymous() -> Self {
        Self {
            access_key_id: AccessKeyId::none(),
            secret_access_key: SecretText::new(String::new()),
            session_token: None,
        }
    }

    /// Whether requests are not signed.
    pub fn is_anonymous(&self) -> bool {
        self.access_key_id.is_none()
    }
}

/// An access key as the cloud knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// The secret that a caller must show.
    #[serde(with = "crate::base::secret::kept")]
    pub secret: SecretText,
    /// The token that a caller must show, for temporary keys.
    #[serde(with = "crate::base::secret::kept_option")]
    pub token: Option<SecretText>,
    /// Whose key it is.
    pub owner: Owner,
    /// Whether it is `Active` or `Inactive`.
    pub status: AccessKeyStatus,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends, for temporary keys.
    pub expires: Option<Timestamp>,
}

/// Whether an access key may be used.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum AccessKeyStatus {
    /// It may.
    Active,
    /// It may not.
    Inactive,
}

/// Whose an access key is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Owner {
    /// The root user of an account.
    Root(AccountId),
    /// An IAM user, by unique id: a user re-created under the name has none of these keys.
    User {
        /// The user's account.
        account: AccountId,
        /// The user's name.
        name: String,
        /// The user's unique id.
        id: UniqueId,
    },
    /// A session.
    Session(Arc<Session>),
    /// Nobody in particular: the request was not signed.
    Anonymous,
    /// The holder of a token of an identity provider.
    WebIdentity(Arc<WebIdentity>),
}

impl Owner {
    /// The account that it belongs to, if it belongs to one.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root(account) | Self::User { account, .. } => Some(account.clone()),
            Self::Session(session) => session.kind.account(),
            Self::Anonymous | Self::WebIdentity(_) => None,
        }
    }
}

/// What STS knows of a session that it issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// What it is a session of.
    pub kind: SessionKind,
    /// When it was issued.
    pub issued: Timestamp,
    /// Whether a second factor was shown.
    pub mfa: bool,
    /// The session policies, if any were given.
    pub policies: Option<PolicySet>,
    /// The session tags.
    pub tags: BTreeMap<String, String>,
    /// The keys of those session tags that sessions made with this one inherit.
    pub transitive_tag_keys: BTreeSet<String>,
    /// The source identity, if one was set.
    pub source_identity: Option<String>,
    /// Whom the session is for, where a token of an identity provider began it.
    pub web_identity: Option<Arc<WebIdentity>>,
    /// The service that asked for the session and calls with it, such as `glue.amazonaws.com`.
    pub service: Option<String>,
}

/// What a session is a session of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SessionKind {
    /// A role.
    Role {
        /// The role's ARN, path included.
        role: Arn,
        /// The role's unique id when it was assumed.
        role_id: UniqueId,
        /// The session's name.
        name: String,
        /// The session's ARN.
        arn: Arn,
    },
    /// The root user's own temporary credentials.
    Root(AccountId),
    /// An IAM user's own temporary credentials.
    User {
        /// The user's account.
        account: AccountId,
        /// The user's name.
        name: String,
        /// The user's unique id.
        id: UniqueId,
    },
    /// A service at work for an account, such as EC2 for one instance of it. It
    /// has no credentials and no policies: grants name it.
    Infrastructure {
        /// The account.
        account: AccountId,
        /// The role that stands for the service, such as `…:role/aws:ec2-infrastructure`.
        role: Arn,
        /// What it works for, such as an instance's id.
        name: String,
        /// The session's ARN.
        arn: Arn,
    },
    /// A federated user: somebody whom a user of the account vouched for.
    Federated {
        /// The account.
        account: AccountId,
        /// The federated user's name.
        name: String,
        /// The federated user's ARN.
        arn: Arn,
        /// Who vouched for it.
        federator: Federator,
    },
}

impl SessionKind {
    /// The account in which the session acts.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Role { role, .. } => AccountId::parse(role.account()).ok(),
            Self::Root(account)
            | Self::User { account, .. }
            | Self::Infrastructure { account, .. }
            | Self::Federated { account, .. } => Some(account.clone()),
        }
    }

    /// The id by which policies and events know who is in the session.
    pub fn user_id(&self) -> String {
        match self {
            Self::Role { role_id, name, .. } => format!("{role_id}:{name}"),
            Self::Root(account) => account.to_string(),
            Self::User { id, .. } => id.to_string(),
            Self::Infrastructure {
                account,
                role,
                name,
                ..
            } => format!("{account}:{}:{name}", role.base_name()),
            Self::Federated { account, name, .. } => format!("{account}:{name}"),
        }
    }
}

/// Who called GetFederationToken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Federator {
    /// The root user of the account.
    Root,
    /// An IAM user, by unique id: the session ends with the user.
    User {
        /// The user's name.
        name: String,
        /// The user's unique id.
        id: UniqueId,
    },
}

impl Federator {
    /// The credentials' owner behind the session.
    pub fn owner(&self, account: &AccountId) -> Owner {
        match self {
            Self::Root => Owner::Root(account.clone()),
            Self::User { name, id } => Owner::User {
                account: account.clone(),
                name: name.clone(),
                id: id.clone(),
            },
        }
    }
}
