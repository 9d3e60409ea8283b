//! Embedded policies of users, groups and roles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{entity, entity_mut, on_entity};
use super::{Kind, Nothing, document, limit_exceeded, names, no_such_entity, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::state::iam::Entity;

/// The names of embedded policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyNames {
    /// The names, sorted.
    pub policy_names: Vec<String>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

fn missing(kind: Kind, policy: &str) -> ApiError {
    no_such_entity(format!(
        "The {} policy with name {policy} cannot be found.",
        kind.noun()
    ))
}

fn put(
    cx: &mut Context<'_>,
    kind: Kind,
    name: &str,
    policy_name: String,
    text: &str,
) -> Result<Nothing, ApiError> {
    let policy = document::inline(text)?;
    let entity = entity_mut(cx, kind, name)?;
    let others = entity
        .inline
        .iter()
        .filter(|(other, _)| **other != policy_name);
    let size = policy.size_without_whitespace()
        + others
            .map(|(_, p)| p.size_without_whitespace())
            .sum::<usize>();
    let quota = kind.inline_quota();
    if size > quota {
        return Err(limit_exceeded(format!(
            "Maximum policy size of {quota} bytes exceeded for {} {name}",
            kind.noun()
        ))
        .with_detail(format!(
            "All embedded policies together would have {size} characters."
        )));
    }
    entity.inline.insert(policy_name, policy);
    Ok(Nothing {})
}

fn document_of(entity: &Entity, kind: Kind, policy_name: &str) -> Result<String, ApiError> {
    let policy = entity
        .inline
        .get(policy_name)
        .ok_or_else(|| missing(kind, policy_name))?;
    Ok(policy.text().to_owned())
}

fn delete(
    cx: &mut Context<'_>,
    kind: Kind,
    name: &str,
    policy_name: &str,
) -> Result<Nothing, ApiError> {
    let entity = entity_mut(cx, kind, name)?;
    entity
        .inline
        .remove(policy_name)
        .map(|_| Nothing {})
        .ok_or_else(|| missing(kind, policy_name))
}

fn list(entity: &Entity) -> PolicyNames {
    PolicyNames {
        policy_names: entity.inline.keys().cloned().collect(),
        is_truncated: false,
    }
}

macro_rules! put_policy {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
            /// The policy's name, unique within its owner.
            pub policy_name: String,
            /// The policy, as JSON text.
            pub policy_document: String,
        }

        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity", "MalformedPolicyDocument", "LimitExceeded"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)?;
                names::policy(&self.policy_name)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![on_entity(view, $kind, &self.$member, &Self::SPEC.action())])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                put(cx, $kind, &self.$member, self.policy_name, &self.policy_document)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

macro_rules! get_policy {
    (
        $(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident,
        $(#[$output_doc:meta])* $output:ident
    ) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
            /// The policy's name.
            pub policy_name: String,
        }

        $(#[$output_doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        #[serde(rename_all = "PascalCase")]
        pub struct $output {
            $(#[$member_doc])*
            pub $member: String,
            /// The policy's name.
            pub policy_name: String,
            /// The policy, as JSON text.
            pub policy_document: String,
        }

        impl Operation for $operation {
            type Output = $output;

            const SPEC: OperationSpec = OperationSpec::read(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)?;
                names::policy(&self.policy_name)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![on_entity(view, $kind, &self.$member, &Self::SPEC.action())])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<$output, ApiError> {
                let view = cx.view();
                let entity = entity(&view, $kind, &self.$member)?;
                Ok($output {
                    $member: entity.name.clone(),
                    policy_document: document_of(entity, $kind, &self.policy_name)?,
                    policy_name: self.policy_name,
                })
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

macro_rules! delete_policy {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
            /// The policy's name.
            pub policy_name: String,
        }

        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)?;
                names::policy(&self.policy_name)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![on_entity(view, $kind, &self.$member, &Self::SPEC.action())])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                delete(cx, $kind, &self.$member, &self.policy_name)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

macro_rules! list_policies {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
        }

        impl Operation for $operation {
            type Output = PolicyNames;

            const SPEC: OperationSpec = OperationSpec::read(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![on_entity(view, $kind, &self.$member, &Self::SPEC.action())])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<PolicyNames, ApiError> {
                entity(&cx.view(), $kind, &self.$member).map(list)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

put_policy!(
    /// Embeds a policy in a user, or replaces the embedded policy of that name.
    PutUserPolicy, Kind::User,
    /// The user.
    user_name
);
put_policy!(
    /// Embeds a policy in a group, or replaces the embedded policy of that name.
    PutGroupPolicy, Kind::Group,
    /// The group.
    group_name
);
put_policy!(
    /// Embeds a policy in a role, or replaces the embedded policy of that name.
    /// It says what sessions of the role may do.
    PutRolePolicy, Kind::Role,
    /// The role.
    role_name
);
get_policy!(
    /// Shows a policy that is embedded in a user.
    GetUserPolicy, Kind::User,
    /// The user.
    user_name,
    /// A policy embedded in a user.
    UserPolicy
);
get_policy!(
    /// Shows a policy that is embedded in a group.
    GetGroupPolicy, Kind::Group,
    /// The group.
    group_name,
    /// A policy embedded in a group.
    GroupPolicy
);
get_policy!(
    /// Shows a policy that is embedded in a role.
    GetRolePolicy, Kind::Role,
    /// The role.
    role_name,
    /// A policy embedded in a role.
    RolePolicy
);
delete_policy!(
    /// Deletes a policy that is embedded in a user.
    DeleteUserPolicy, Kind::User,
    /// The user.
    user_name
);
delete_policy!(
    /// Deletes a policy that is embedded in a group.
    DeleteGroupPolicy, Kind::Group,
    /// The group.
    group_name
);
delete_policy!(
    /// Deletes a policy that is embedded in a role.
    DeleteRolePolicy, Kind::Role,
    /// The role.
    role_name
);
list_policies!(
    /// Lists the names of the policies that are embedded in a user.
    ListUserPolicies, Kind::User,
    /// The user.
    user_name
);
list_policies!(
    /// Lists the names of the policies that are embedded in a group.
    ListGroupPolicies, Kind::Group,
    /// The group.
    group_name
);
list_policies!(
    /// Lists the names of the policies that are embedded in a role.
    ListRolePolicies, Kind::Role,
    /// The role.
    role_name
);
