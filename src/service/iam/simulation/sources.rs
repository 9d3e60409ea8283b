//! The policies that a simulation, or a list of context keys, is about.

use crate::api::{AccessRequest, ApiError, Target, View};
use crate::base::{AccountId, Arn};
use crate::policy::{Policy, PolicyKind};
use crate::service::iam::entity::{entity, on_entity};
use crate::service::iam::{Kind, error, validation};
use crate::state::Cloud;
use crate::state::iam::Entity;

/// A policy of a simulation.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// How results name it.
    pub(super) id: String,
    /// What sort of policy it is, in the words of results.
    pub(super) sort: &'static str,
    /// The policy.
    pub(super) policy: Policy,
}

impl Source {
    fn identity(id: String, policy: Policy) -> Self {
        Self {
            id,
            sort: "IAM Policy",
            policy,
        }
    }
}

/// A user, group or role by its ARN.
#[derive(Clone, Debug)]
pub(super) struct Principal {
    pub(super) kind: Kind,
    pub(super) arn: Arn,
}

impl Principal {
    /// Reads the ARN given as `member`.
    pub(super) fn parse(member: &str, text: &str) -> Result<Self, ApiError> {
        let kind = |arn: &Arn| match (arn.service(), arn.resource_type()) {
            ("iam", "user") => Some(Kind::User),
            ("iam", "group") => Some(Kind::Group),
            ("iam", "role") => Some(Kind::Role),
            _ => None,
        };
        let read = Arn::parse(text).ok();
        read.and_then(|arn| {
            Some(Self {
                kind: kind(&arn)?,
                arn,
            })
        })
        .ok_or_else(|| {
            validation(format!("Invalid ARN in {member}: {text}")).with_detail(
                "It names a user, group or role, such as `arn:aws:iam::111122223333:role/App`.",
            )
        })
    }

    /// Asks for `action` on it, which need not exist.
    pub(super) fn ask(&self, view: &View<'_>, action: &str) -> AccessRequest {
        match AccountId::parse(self.arn.account()) {
            Ok(owner) if owner != view.caller.account => {
                AccessRequest::new(action, Target::plain(&self.arn, &owner))
            }
            _ => on_entity(view, self.kind, self.arn.base_name(), action),
        }
    }

    /// The entity itself.
    pub(super) fn entity<'a>(&self, view: &View<'a>) -> Result<&'a Entity, ApiError> {
        let found = entity(view, self.kind, self.arn.base_name())?;
        match found.arn == self.arn {
            true => Ok(found),
            false => Err(self
                .kind
                .missing(self.arn.base_name())
                .with_detail(format!("Its ARN is `{}`.", found.arn))),
        }
    }

    /// Every policy that speaks for it: of its own, and of the groups of a user.
    pub(super) fn sources(&self, view: &View<'_>) -> Result<Vec<Source>, ApiError> {
        let own = self.entity(view)?;
        let mut sources = attached_to(view.cloud, self.kind, own);
        let account = super::super::account(view)?;
        let user = account.user(&own.name).filter(|_| self.kind == Kind::User);
        for group in user.into_iter().flat_map(|user| &user.groups) {
            if let Some(group) = account.groups.get(group) {
                sources.extend(attached_to(view.cloud, Kind::Group, &group.entity));
            }
        }
        Ok(sources)
    }

    /// Its permissions boundary.
    pub(super) fn boundary(&self, view: &View<'_>) -> Result<Option<Source>, ApiError> {
        let arn = self.entity(view)?.boundary.as_ref();
        Ok(arn.and_then(|arn| {
            let policy = view.cloud.managed_policy(arn)?;
            Some(Source::identity(arn.base_name().to_owned(), policy))
        }))
    }
}

/// An embedded policy has no name that is unique in the account: its holder goes before it.
fn attached_to(cloud: &Cloud, kind: Kind, entity: &Entity) -> Vec<Source> {
    let inline = entity.inline.iter().map(|(name, policy)| {
        let id = format!("{}_{}_{name}", kind.noun(), entity.name);
        Source::identity(id, policy.clone())
    });
    let attached = entity.attached.iter().filter_map(|arn| {
        let policy = cloud.managed_policy(arn)?;
        Some(Source::identity(arn.base_name().to_owned(), policy))
    });
    inline.chain(attached).collect()
}

/// The policies that a request carries as text in the list `member`.
///
/// # Errors
/// `InvalidInput` 400 for a text that is no policy.
pub(super) fn given(member: &str, texts: &[String]) -> Result<Vec<Source>, ApiError> {
    let numbered = (1..).zip(texts);
    numbered
        .map(|(number, text)| {
            let policy = Policy::parse(PolicyKind::Inline, text)
                .map_err(|e| error("InvalidInput", 400, e.message()).with_detail(e.excerpt()))?;
            Ok(Source::identity(format!("{member}.{number}"), policy))
        })
        .collect()
}

/// The policy of the resource, as the request carries it.
///
/// # Errors
/// `InvalidInput` 400 for a text that is no policy.
pub(super) fn of_resource(kind: PolicyKind, text: &str) -> Result<Source, ApiError> {
    let policy = Policy::load(kind, text)
        .map_err(|e| error("InvalidInput", 400, e.message()).with_detail(e.excerpt()))?;
    Ok(Source {
        id: "ResourcePolicy".to_owned(),
        sort: "Resource Policy",
        policy,
    })
}
