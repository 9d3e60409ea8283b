//! What a managed policy is attached to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::managed::{check_attachable, on_policy};
use super::{account, names, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, UniqueId};
use crate::state::iam::Entity;

/// Which kind of entities to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EntityFilter {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
}

/// What a policy is to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PolicyUsage {
    /// It grants permissions.
    PermissionsPolicy,
    /// It is the permissions boundary.
    PermissionsBoundary,
}

/// Lists the users, groups and roles that have a managed policy, attached or as
/// their permissions boundary.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListEntitiesForPolicy {
    /// The policy's ARN.
    pub policy_arn: String,
    /// Only entities of this kind: `User`, `Group` or `Role`.
    pub entity_filter: Option<EntityFilter>,
    /// Only entities whose path begins so.
    pub path_prefix: Option<String>,
    /// Only those it is attached to (`PermissionsPolicy`) or bounds (`PermissionsBoundary`).
    pub policy_usage_filter: Option<PolicyUsage>,
}

/// The holders of a policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyEntities {
    /// The groups, by name.
    pub policy_groups: Vec<PolicyGroup>,
    /// The users, by name.
    pub policy_users: Vec<PolicyUser>,
    /// The roles, by name.
    pub policy_roles: Vec<PolicyRole>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

macro_rules! holder {
    ($(#[$doc:meta])* $holder:ident, $name:ident, $id:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        #[serde(rename_all = "PascalCase")]
        pub struct $holder {
            /// The name.
            pub $name: String,
            /// The unique id.
            pub $id: UniqueId,
        }

        impl $holder {
            fn of(entity: &Entity) -> Self {
                Self {
                    $name: entity.name.clone(),
                    $id: entity.id.clone(),
                }
            }
        }
    };
}

holder!(
    /// A group that holds the policy.
    PolicyGroup, group_name, group_id
);
holder!(
    /// A user who holds the policy.
    PolicyUser, user_name, user_id
);
holder!(
    /// A role that holds the policy.
    PolicyRole, role_name, role_id
);

impl ListEntitiesForPolicy {
    fn lists(&self, kind: EntityFilter) -> bool {
        self.entity_filter.is_none_or(|wanted| wanted == kind)
    }

    /// Whether `entity` is to be listed among the holders of the policy `arn`.
    fn covers(&self, entity: &Entity, arn: &Arn) -> bool {
        let attached = entity.attached.contains(arn);
        let bounds = entity.boundary.as_ref() == Some(arn);
        let used = match self.policy_usage_filter {
            None => attached || bounds,
            Some(PolicyUsage::PermissionsPolicy) => attached,
            Some(PolicyUsage::PermissionsBoundary) => bounds,
        };
        used && entity
            .path
            .starts_with(self.path_prefix.as_deref().unwrap_or("/"))
    }
}

impl Operation for ListEntitiesForPolicy {
    type Output = PolicyEntities;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "ListEntitiesForPolicy")
        .needs(&["iam:ListEntitiesForPolicy"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        names::policy_arn(&self.policy_arn)?;
        names::path(self.path_prefix.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:ListEntitiesForPolicy")
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
        let (view, arn) = (cx.view(), names::policy_arn(&self.policy_arn)?);
        check_attachable(&view, &arn)?;
        let own = account(&view)?;
        let users = own.users.values().map(|user| &user.entity);
        let groups = own.groups.values().map(|group| &group.entity);
        let roles = own.roles.values().map(|role| &role.entity);
        let held = |kind| {
            let (wanted, this) = (self.lists(kind), &self);
            let arn = &arn;
            move |entity: &&Entity| wanted && this.covers(entity, arn)
        };
        Ok(PolicyEntities {
            policy_groups: groups
                .filter(held(EntityFilter::Group))
                .map(PolicyGroup::of)
                .collect(),
            policy_users: users
                .filter(held(EntityFilter::User))
                .map(PolicyUser::of)
                .collect(),
            policy_roles: roles
                .filter(held(EntityFilter::Role))
                .map(PolicyRole::of)
                .collect(),
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
