//! The caller, as policies see it.

use crate::base::{AccountId, Arn, UniqueId};

/// Who makes a request.
///
/// Plain data: whoever authenticates the caller fills in what it knows, and a
/// principal element matches only what is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What kind of caller it is.
    pub kind: PrincipalKind,
    /// The caller's account; services and anonymous callers have none.
    pub account: Option<AccountId>,
    /// The caller's ARN: that of the session for role sessions and federated users.
    pub arn: Option<Arn>,
    /// Behind a session: the role, with its path, or the user who made it.
    pub issuer: Option<Arn>,
    /// The id of the user (`AIDA…`) or role (`AROA…`), without a session name; for
    /// a federated user that of the issuing user.
    pub unique_id: Option<UniqueId>,
    /// Of a service principal: its name, such as `glue.amazonaws.com`.
    pub service: Option<Box<str>>,
    /// Of a web or SAML identity: the provider's ARN or host.
    pub provider: Option<Box<str>>,
    /// The canonical user id of the caller's account, which only S3 knows.
    pub canonical_user: Option<Box<str>>,
    /// Whether a permissions boundary is set on the user or role.
    pub has_boundary: bool,
}

/// The kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum PrincipalKind {
    /// An IAM user, also with the credentials of GetSessionToken.
    User,
    /// A session of a role.
    RoleSession,
    /// A session made by GetFederationToken.
    FederatedUser,
    /// The root user of an account.
    Root,
    /// A service acting on its own.
    Service,
    /// A holder of a token of an identity provider, not yet in a session.
    WebIdentity,
    /// Nobody in particular: an unsigned request.
    Anonymous,
}

impl Principal {
    /// A caller of this kind of which nothing else is known.
    pub const fn of_kind(kind: PrincipalKind) -> Self {
        Self {
            kind,
            account: None,
            arn: None,
            issuer: None,
            unique_id: None,
            service: None,
            provider: None,
            canonical_user: None,
            has_boundary: false,
        }
    }

    /// An unsigned request.
    pub const fn anonymous() -> Self {
        Self::of_kind(PrincipalKind::Anonymous)
    }

    /// A user. The account is the one in the ARN.
    pub fn user(arn: Arn, unique_id: UniqueId) -> Self {
        Self {
            account: account_of(&arn),
            arn: Some(arn),
            unique_id: Some(unique_id),
            ..Self::of_kind(PrincipalKind::User)
        }
    }

    /// A session of the role `issuer`. The account is the one in the ARN.
    pub fn role_session(arn: Arn, issuer: Arn, unique_id: UniqueId) -> Self {
        Self {
            account: account_of(&arn),
            arn: Some(arn),
            issuer: Some(issuer),
            unique_id: Some(unique_id),
            ..Self::of_kind(PrincipalKind::RoleSession)
        }
    }

    /// A federated user whose session the user `issuer` made.
    pub fn federated_user(arn: Arn, issuer: Arn, unique_id: UniqueId) -> Self {
        Self {
            kind: PrincipalKind::FederatedUser,
            ..Self::role_session(arn, issuer, unique_id)
        }
    }

    /// The root user of `account`.
    pub fn root(account: AccountId) -> Self {
        Self {
            arn: Some(Arn::of("iam", "", account.as_str(), "root")),
            account: Some(account),
            ..Self::of_kind(PrincipalKind::Root)
        }
    }

    /// A service, such as `glue.amazonaws.com`.
    pub fn service(name: &str) -> Self {
        Self {
            service: Some(name.into()),
            ..Self::of_kind(PrincipalKind::Service)
        }
    }

    /// A holder of a token of `provider`, an ARN or a well-known host.
    pub fn web_identity(provider: &str) -> Self {
        Self {
            provider: Some(provider.into()),
            ..Self::of_kind(PrincipalKind::WebIdentity)
        }
    }

    /// How to name the caller in a sentence.
    pub fn label(&self) -> &str {
        let arn = self.arn.as_ref().map(Arn::as_str);
        arn.or(self.service.as_deref())
            .or(self.provider.as_deref())
            .unwrap_or("anonymous")
    }
}

fn account_of(arn: &Arn) -> Option<AccountId> {
    AccountId::parse(arn.account()).ok()
}

/// How a statement's principal element named the caller.
///
/// The order is that of strength: an Allow that reaches the caller by a later
/// form overcomes at least what an earlier one does. Source: IAM User Guide,
/// "Policy evaluation logic", how resource-based policies and boundaries meet.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// By the account, which leaves the decision to its IAM policies.
    Account,
    /// By the account, and the caller is its root user.
    Root,
    /// By the role behind the session: boundary and session policy still limit.
    Role,
    /// By the user who made the federated session: boundary and session policy still limit.
    IssuingUser,
    /// By `*`.
    Everyone,
    /// By a canonical user id.
    CanonicalUser,
    /// By the identity provider.
    Federated,
    /// By the service's name.
    Service,
    /// By the ARN of the federated session.
    FederatedUser,
    /// By the ARN of the role session.
    Session,
    /// By the user's ARN or id.
    User,
    /// There is no principal element: the policy belongs to the caller.
    Implicit,
}

impl Reach {
    /// Whether the statement names the caller itself rather than its account.
    pub const fn is_direct(self) -> bool {
        !matches!(self, Self::Account | Self::Root)
    }

    /// Whether boundary and session policy still limit an Allow of the same account.
    pub const fn is_limited(self) -> bool {
        matches!(self, Self::Account | Self::Role | Self::IssuingUser)
    }
}
