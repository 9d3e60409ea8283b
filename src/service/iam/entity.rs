//! What users, groups and roles have in common.

use super::{account, error, names, no_such_entity, tags};
use crate::api::{AccessRequest, ApiError, Context, Target, View};
use crate::base::{AccountId, Arn, UniqueId};
use crate::state::iam::{Account, Entity, folded};

/// The kinds of entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IAM users.
    User,
    /// IAM groups.
    Group,
    /// IAM roles.
    Role,
    /// Instance profiles.
    InstanceProfile,
}

impl Kind {
    /// AWS's word for it in messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::InstanceProfile => "instance profile",
        }
    }

    /// What begins its ARN's resource.
    fn resource_type(self) -> &'static str {
        match self {
            Self::InstanceProfile => "instance-profile",
            other => other.noun(),
        }
    }

    /// The same with a capital letter.
    pub fn title(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
            Self::InstanceProfile => "Instance Profile",
        }
    }

    /// How many characters all embedded policies together may have, without white space.
    pub fn inline_quota(self) -> usize {
        match self {
            Self::User => 2048,
            Self::Group => 5120,
            Self::Role => 10_240,
            Self::InstanceProfile => 0,
        }
    }

    fn id_prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
            Self::InstanceProfile => "AIPA",
        }
    }

    fn arn(self, account: &AccountId, path: &str, name: &str) -> Arn {
        Arn::of(
            "iam",
            "",
            account.as_str(),
            &format!("{}{path}{name}", self.resource_type()),
        )
    }

    /// Checks a name of this kind.
    pub(super) fn check_name(self, name: &str) -> Result<(), ApiError> {
        let (member, limit) = match self {
            Self::User => ("userName", 64),
            Self::Group => ("groupName", 128),
            Self::Role => ("roleName", 64),
            Self::InstanceProfile => ("instanceProfileName", 128),
        };
        names::name(member, name, limit)
    }

    fn find<'a>(self, account: &'a Account, name: &str) -> Option<&'a Entity> {
        match self {
            Self::User => account.user(name).map(|u| &u.entity),
            Self::Group => account.group(name).map(|g| &g.entity),
            Self::Role => account.role(name).map(|r| &r.entity),
            Self::InstanceProfile => account.instance_profile(name).map(|p| &p.entity),
        }
    }

    fn find_mut<'a>(self, account: &'a mut Account, name: &str) -> Option<&'a mut Entity> {
        let key = folded(name);
        match self {
            Self::User => account.users.get_mut(&key).map(|u| &mut u.entity),
            Self::Group => account.groups.get_mut(&key).map(|g| &mut g.entity),
            Self::Role => account.roles.get_mut(&key).map(|r| &mut r.entity),
            Self::InstanceProfile => account
                .instance_profiles
                .get_mut(&key)
                .map(|p| &mut p.entity),
        }
    }

    /// There is none of this name.
    pub(super) fn missing(self, name: &str) -> ApiError {
        no_such_entity(match self {
            Self::InstanceProfile => format!("Instance Profile {name} cannot be found."),
            _ => format!("The {} with name {name} cannot be found.", self.noun()),
        })
    }
}

/// The entity of this name.
///
/// # Errors
/// `NoSuchEntity` 404.
pub(super) fn entity<'a>(view: &View<'a>, kind: Kind, name: &str) -> Result<&'a Entity, ApiError> {
    kind.find(account(view)?, name)
        .ok_or_else(|| missing_with_hint(view, kind, name))
}

/// The entity of this name, to be changed.
///
/// # Errors
/// `NoSuchEntity` 404.
pub(super) fn entity_mut<'a>(
    cx: &'a mut Context<'_>,
    kind: Kind,
    name: &str,
) -> Result<&'a mut Entity, ApiError> {
    entity(&cx.view(), kind, name)?;
    kind.find_mut(super::account_mut(cx)?, name)
        .ok_or_else(|| kind.missing(name))
}

/// There is none of this name; the detail names one that is near.
pub(super) fn missing_with_hint(view: &View<'_>, kind: Kind, name: &str) -> ApiError {
    let missing = kind.missing(name);
    let Ok(account) = account(view) else {
        return missing;
    };
    let known: Vec<&str> = match kind {
        Kind::User => account
            .users
            .values()
            .map(|u| u.entity.name.as_str())
            .collect(),
        Kind::Group => account
            .groups
            .values()
            .map(|g| g.entity.name.as_str())
            .collect(),
        Kind::Role => account
            .roles
            .values()
            .map(|r| r.entity.name.as_str())
            .collect(),
        Kind::InstanceProfile => account
            .instance_profiles
            .values()
            .map(|p| p.entity.name.as_str())
            .collect(),
    };
    match crate::base::nearest(name, known) {
        Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
        None => missing,
    }
}

/// Asks for `action` on the entity of this name, which need not exist.
pub(super) fn on_entity(view: &View<'_>, kind: Kind, name: &str, action: &str) -> AccessRequest {
    let own = &view.caller.account;
    let found = account(view)
        .ok()
        .and_then(|account| kind.find(account, name));
    let Some(entity) = found else {
        return AccessRequest::new(action, Target::plain(&kind.arn(own, "/", name), own));
    };
    let mut target = Target::plain(&entity.arn, own);
    tags::show(&mut target, &["aws", "iam"], &entity.tags);
    AccessRequest::new(action, target)
}

/// Asks for `action` on the entity that is to be made.
pub(super) fn on_new(
    view: &View<'_>,
    kind: Kind,
    path: Option<&str>,
    name: &str,
    action: &str,
) -> AccessRequest {
    let own = &view.caller.account;
    let arn = kind.arn(own, path.unwrap_or("/"), name);
    AccessRequest::new(action, Target::plain(&arn, own))
}

/// Asks to list the entities below `path`.
pub(super) fn on_list(
    view: &View<'_>,
    kind: Kind,
    path: Option<&str>,
    action: &str,
) -> AccessRequest {
    on_new(view, kind, path, "", action)
}

/// A new entity without policies.
///
/// # Errors
/// `EntityAlreadyExists` 409 if the name is taken, in whatever case.
pub(super) fn new_entity(
    cx: &mut Context<'_>,
    kind: Kind,
    path: Option<&str>,
    name: &str,
) -> Result<Entity, ApiError> {
    if let Some(taken) = kind.find(account(&cx.view())?, name) {
        let message = match kind {
            Kind::InstanceProfile => format!("Instance Profile {} already exists.", taken.name),
            _ => format!("{} with name {} already exists.", kind.title(), taken.name),
        };
        return Err(error("EntityAlreadyExists", 409, message));
    }
    let path = path.unwrap_or("/");
    Ok(Entity {
        name: name.to_owned(),
        path: path.to_owned(),
        arn: kind.arn(&cx.caller.account, path, name),
        id: UniqueId::fresh(kind.id_prefix(), &mut cx.effects.entropy),
        created: cx.now(),
        inline: std::collections::BTreeMap::new(),
        attached: Vec::new(),
        boundary: None,
        tags: std::collections::BTreeMap::new(),
    })
}

/// Whether `entity` holds no policies any more, so that it can be deleted.
///
/// # Errors
/// `DeleteConflict` 409.
pub(super) fn check_bare(entity: &Entity) -> Result<(), ApiError> {
    if !entity.attached.is_empty() {
        let attached: Vec<&str> = entity.attached.iter().map(Arn::base_name).collect();
        return Err(super::delete_conflict(
            "Cannot delete entity, must detach all policies first.",
        )
        .with_detail(format!("Attached: {}.", attached.join(", "))));
    }
    if !entity.inline.is_empty() {
        let inline: Vec<&str> = entity.inline.keys().map(String::as_str).collect();
        return Err(
            super::delete_conflict("Cannot delete entity, must delete policies first.")
                .with_detail(format!("Embedded: {}.", inline.join(", "))),
        );
    }
    Ok(())
}
