//! `Principal` and `NotPrincipal`.

use std::fmt;

use crate::base::{AccountId, Arn, UniqueId};

use super::{Effect, Principal, PrincipalKind, Reach};

/// The principal element of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalElement {
    /// `Principal`: any of these.
    Is(Box<[PrincipalPattern]>),
    /// `NotPrincipal`: none of these.
    IsNot(Box<[PrincipalPattern]>),
}

/// One entry of a principal element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalPattern {
    text: Box<str>,
    form: PrincipalForm,
    /// The entity behind a user or role ARN when the policy was saved.
    bound: Option<UniqueId>,
}

/// What an entry names, in one spelling: an account is an account however it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalForm {
    /// `*`.
    Everyone,
    /// An account, written as its number or as the ARN of its root user.
    Account(AccountId),
    /// A user's ARN.
    User(Arn),
    /// A role's ARN.
    Role(Arn),
    /// The ARN of one role session.
    Session(Arn),
    /// The ARN of one federated session.
    FederatedUser(Arn),
    /// The id that stands in the policy once the user or role is deleted.
    UniqueId(UniqueId),
    /// A service's name.
    Service,
    /// An identity provider's ARN or host.
    Federated,
    /// A canonical user id.
    CanonicalUser,
    /// Nothing that can be a principal; never matches.
    Unknown,
}

/// What a lookup of a principal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// There is no such principal: the policy is refused.
    Unknown,
    /// It exists, and is known by what the policy says.
    Known,
    /// It exists now under this id; a later entity of the same name has another.
    Id(UniqueId),
}

impl PrincipalPattern {
    /// Reads an entry under `label`: `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub(super) fn new(label: &str, text: &str) -> Self {
        let plain = !text.is_empty() && !text.contains(['*', '?']);
        let form = match label {
            "AWS" => aws_form(text),
            "Service" if plain => PrincipalForm::Service,
            "Federated" if plain => PrincipalForm::Federated,
            "CanonicalUser" if plain => PrincipalForm::CanonicalUser,
            _ => PrincipalForm::Unknown,
        };
        Self {
            text: text.into(),
            form,
            bound: None,
        }
    }

    /// The entry as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the entry names.
    pub fn form(&self) -> &PrincipalForm {
        &self.form
    }

    /// The ARN of the user or role that has to exist when the policy is saved.
    pub fn arn(&self) -> Option<&Arn> {
        match &self.form {
            PrincipalForm::User(arn) | PrincipalForm::Role(arn) => Some(arn),
            _ => None,
        }
    }

    /// The id that the entry was bound to, or consists of.
    pub fn unique_id(&self) -> Option<&UniqueId> {
        match &self.form {
            PrincipalForm::UniqueId(id) => Some(id),
            _ => self.bound.as_ref(),
        }
    }

    /// Whether somebody has to be there under this entry when the policy is saved.
    pub(super) fn has_to_exist(&self) -> bool {
        matches!(
            self.form,
            PrincipalForm::Account(_)
                | PrincipalForm::User(_)
                | PrincipalForm::Role(_)
                | PrincipalForm::Session(_)
                | PrincipalForm::FederatedUser(_)
                | PrincipalForm::UniqueId(_)
        )
    }

    /// How AWS shows the entry later, where that is not as it was written.
    pub(super) fn shown(&self, lives: &dyn Fn(&UniqueId) -> bool) -> Option<String> {
        match &self.form {
            PrincipalForm::Account(account) if *self.text == *account.as_str() => {
                Some(Arn::of("iam", "", account.as_str(), "root").to_string())
            }
            PrincipalForm::User(_) | PrincipalForm::Role(_) => self
                .bound
                .as_ref()
                .filter(|id| !lives(id))
                .map(UniqueId::to_string),
            _ => None,
        }
    }

    pub(super) fn bound_to(mut self, id: UniqueId) -> Self {
        self.bound = Some(id);
        self
    }

    /// The id that the entry is bound to.
    pub(super) fn bound(&self) -> Option<&UniqueId> {
        self.bound.as_ref()
    }

    pub(super) fn tie(&mut self, id: Option<UniqueId>) {
        self.bound = id;
    }

    /// How this entry names `caller`, if it does.
    pub fn reach(&self, caller: &Principal) -> Option<Reach> {
        let kind = caller.kind;
        match &self.form {
            PrincipalForm::Everyone => Some(Reach::Everyone),
            PrincipalForm::Account(account) => {
                let reach = if kind == PrincipalKind::Root {
                    Reach::Root
                } else {
                    Reach::Account
                };
                (caller.account.as_ref() == Some(account)).then_some(reach)
            }
            PrincipalForm::User(arn) => match kind {
                PrincipalKind::User => self
                    .is_entity(arn, caller.arn.as_ref(), caller)
                    .then_some(Reach::User),
                PrincipalKind::FederatedUser => self
                    .is_entity(arn, caller.issuer.as_ref(), caller)
                    .then_some(Reach::IssuingUser),
                _ => None,
            },
            PrincipalForm::Role(arn) => (kind == PrincipalKind::RoleSession
                && self.is_entity(arn, caller.issuer.as_ref(), caller))
            .then_some(Reach::Role),
            PrincipalForm::Session(arn) => (kind == PrincipalKind::RoleSession
                && caller.arn.as_ref() == Some(arn))
            .then_some(Reach::Session),
            PrincipalForm::FederatedUser(arn) => (kind == PrincipalKind::FederatedUser
                && caller.arn.as_ref() == Some(arn))
            .then_some(Reach::FederatedUser),
            PrincipalForm::UniqueId(id) if caller.unique_id.as_ref() == Some(id) => match kind {
                PrincipalKind::User => Some(Reach::User),
                PrincipalKind::RoleSession => Some(Reach::Role),
                PrincipalKind::FederatedUser => Some(Reach::IssuingUser),
                _ => None,
            },
            PrincipalForm::Service => self.is_text(caller.service.as_deref(), Reach::Service),
            PrincipalForm::Federated => self.is_text(caller.provider.as_deref(), Reach::Federated),
            PrincipalForm::CanonicalUser => {
                self.is_text(caller.canonical_user.as_deref(), Reach::CanonicalUser)
            }
            PrincipalForm::UniqueId(_) | PrincipalForm::Unknown => None,
        }
    }

    /// A bound entry means the entity that had the name when the policy was saved.
    fn is_entity(&self, arn: &Arn, found: Option<&Arn>, caller: &Principal) -> bool {
        match &self.bound {
            Some(id) => caller.unique_id.as_ref() == Some(id),
            None => found == Some(arn),
        }
    }

    fn is_text(&self, found: Option<&str>, reach: Reach) -> Option<Reach> {
        (found == Some(&*self.text)).then_some(reach)
    }
}

fn aws_form(text: &str) -> PrincipalForm {
    if text == "*" {
        return PrincipalForm::Everyone;
    }
    if let Ok(account) = AccountId::parse(text) {
        return PrincipalForm::Account(account);
    }
    if (text.starts_with("AIDA") || text.starts_with("AROA"))
        && let Ok(id) = UniqueId::parse(text)
    {
        return PrincipalForm::UniqueId(id);
    }
    if text.contains(['*', '?']) {
        return PrincipalForm::Unknown;
    }
    Arn::parse(text).map_or(PrincipalForm::Unknown, arn_form)
}

fn arn_form(arn: Arn) -> PrincipalForm {
    let Ok(account) = AccountId::parse(arn.account()) else {
        return PrincipalForm::Unknown;
    };
    if !arn.region().is_empty() {
        return PrincipalForm::Unknown;
    }
    let named = !arn.resource_name().is_empty() && !arn.base_name().is_empty();
    match (arn.service(), arn.resource_type()) {
        ("iam", "root") if arn.resource() == "root" => PrincipalForm::Account(account),
        ("iam", "user") if named => PrincipalForm::User(arn),
        ("iam", "role") if named => PrincipalForm::Role(arn),
        ("sts", "assumed-role") if arn.resource_name().split('/').count() == 2 && named => {
            PrincipalForm::Session(arn)
        }
        ("sts", "federated-user") if named => PrincipalForm::FederatedUser(arn),
        _ => PrincipalForm::Unknown,
    }
}

impl PrincipalElement {
    /// The entries.
    pub fn patterns(&self) -> &[PrincipalPattern] {
        match self {
            Self::Is(patterns) | Self::IsNot(patterns) => patterns,
        }
    }

    pub(super) fn patterns_mut(&mut self) -> &mut [PrincipalPattern] {
        match self {
            Self::Is(patterns) | Self::IsNot(patterns) => patterns,
        }
    }

    /// How the element names `caller`, by the strongest of its entries.
    pub fn reach(&self, caller: &Principal, effect: Effect) -> Option<Reach> {
        match self {
            Self::Is(patterns) => patterns.iter().filter_map(|p| p.reach(caller)).max(),
            Self::IsNot(patterns) => {
                let exempt = match effect {
                    Effect::Deny => !caller.has_boundary && names_every_link(patterns, caller),
                    Effect::Allow => patterns.iter().any(|p| p.reach(caller).is_some()),
                };
                (!exempt).then_some(Reach::Everyone)
            }
        }
    }

    /// The same element with the patterns that `change` makes of its own.
    pub(super) fn try_map<E>(
        &self,
        change: &mut dyn FnMut(&PrincipalPattern) -> Result<PrincipalPattern, E>,
    ) -> Result<Self, E> {
        let changed: Result<Box<[_]>, E> = self.patterns().iter().map(change).collect();
        changed.map(|patterns| match self {
            Self::Is(_) => Self::Is(patterns),
            Self::IsNot(_) => Self::IsNot(patterns),
        })
    }
}

/// Whether a Deny with `NotPrincipal` spares `caller`: every link of the chain
/// from the account to the session has to be listed.
///
/// Source: IAM User Guide, "IAM JSON policy elements: NotPrincipal".
fn names_every_link(patterns: &[PrincipalPattern], caller: &Principal) -> bool {
    let listed = |wanted: &[Reach]| {
        patterns
            .iter()
            .filter_map(|p| p.reach(caller))
            .any(|reach| wanted.contains(&reach))
    };
    let account = || listed(&[Reach::Account, Reach::Root, Reach::CanonicalUser]);
    if listed(&[Reach::Everyone]) {
        return true;
    }
    match caller.kind {
        PrincipalKind::User => account() && listed(&[Reach::User]),
        PrincipalKind::RoleSession => {
            account() && listed(&[Reach::Role]) && listed(&[Reach::Session])
        }
        PrincipalKind::FederatedUser => {
            account() && listed(&[Reach::IssuingUser]) && listed(&[Reach::FederatedUser])
        }
        PrincipalKind::Root => account(),
        PrincipalKind::Service => listed(&[Reach::Service]),
        PrincipalKind::WebIdentity => listed(&[Reach::Federated]),
        PrincipalKind::Anonymous => false,
    }
}

impl fmt::Display for PrincipalPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
