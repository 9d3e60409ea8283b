//! Managed policies attached to users, groups and roles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{entity, entity_mut, on_entity};
use super::managed::check_attachable;
use super::{Kind, Nothing, limit_exceeded, names, no_such_entity, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::Arn;
use crate::state::iam::Entity;

/// How many managed policies an entity may have.
const MAX_ATTACHED: usize = 10;

/// A managed policy that is attached.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicy {
    /// The policy's name.
    pub policy_name: String,
    /// The policy's ARN.
    pub policy_arn: Arn,
}

/// Managed policies that are attached.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicies {
    /// The policies, in the order in which they were attached.
    pub attached_policies: Vec<AttachedPolicy>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

fn attach(cx: &mut Context<'_>, kind: Kind, name: &str, policy: &str) -> Result<Nothing, ApiError> {
    let arn = names::policy_arn(policy)?;
    entity(&cx.view(), kind, name)?;
    check_attachable(&cx.view(), &arn)?;
    let entity = entity_mut(cx, kind, name)?;
    if entity.attached.contains(&arn) {
        return Ok(Nothing {});
    }
    if entity.attached.len() >= MAX_ATTACHED {
        let quota = format!("PoliciesPer{}", kind.title());
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for {quota}: {MAX_ATTACHED}"
        )));
    }
    entity.attached.push(arn);
    Ok(Nothing {})
}

fn detach(cx: &mut Context<'_>, kind: Kind, name: &str, policy: &str) -> Result<Nothing, ApiError> {
    let arn = names::policy_arn(policy)?;
    let entity = entity_mut(cx, kind, name)?;
    let before = entity.attached.len();
    entity.attached.retain(|attached| *attached != arn);
    if entity.attached.len() == before {
        return Err(no_such_entity(format!("Policy {arn} was not found.")));
    }
    Ok(Nothing {})
}

/// The managed policies attached to `entity`, in the order in which they were.
pub(super) fn listed(entity: &Entity) -> Vec<AttachedPolicy> {
    let policies = entity.attached.iter().map(|arn| AttachedPolicy {
        policy_name: arn.base_name().to_owned(),
        policy_arn: arn.clone(),
    });
    policies.collect()
}

fn list(entity: &Entity) -> AttachedPolicies {
    AttachedPolicies {
        attached_policies: listed(entity),
        is_truncated: false,
    }
}

macro_rules! change_attachment {
    (
        $(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident,
        $errors:expr, $change:ident
    ) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
            /// The ARN of the managed policy, customer's or AWS's own.
            pub policy_arn: String,
        }

        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails($errors);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)?;
                names::policy_arn(&self.policy_arn).map(|_| ())
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![
                    on_entity(view, $kind, &self.$member, &Self::SPEC.action())
                        .with("iam:PolicyARN", self.policy_arn.as_str()),
                ])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                $change(cx, $kind, &self.$member, &self.policy_arn)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

macro_rules! list_attached {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
        }

        impl Operation for $operation {
            type Output = AttachedPolicies;

            const SPEC: OperationSpec = OperationSpec::read(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![on_entity(view, $kind, &self.$member, &Self::SPEC.action())])
            }

            fn execute(
                self,
                cx: &mut Context<'_>,
                _: &Permit,
            ) -> Result<AttachedPolicies, ApiError> {
                entity(&cx.view(), $kind, &self.$member).map(list)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

change_attachment!(
    /// Attaches a managed policy to a user.
    AttachUserPolicy, Kind::User,
    /// The user.
    user_name, &["NoSuchEntity", "LimitExceeded"], attach
);
change_attachment!(
    /// Attaches a managed policy to a group, and so to its members.
    AttachGroupPolicy, Kind::Group,
    /// The group.
    group_name, &["NoSuchEntity", "LimitExceeded"], attach
);
change_attachment!(
    /// Attaches a managed policy to a role. It says what sessions of the role may do.
    AttachRolePolicy, Kind::Role,
    /// The role.
    role_name, &["NoSuchEntity", "LimitExceeded"], attach
);
change_attachment!(
    /// Detaches a managed policy from a user.
    DetachUserPolicy, Kind::User,
    /// The user.
    user_name, &["NoSuchEntity"], detach
);
change_attachment!(
    /// Detaches a managed policy from a group.
    DetachGroupPolicy, Kind::Group,
    /// The group.
    group_name, &["NoSuchEntity"], detach
);
change_attachment!(
    /// Detaches a managed policy from a role.
    DetachRolePolicy, Kind::Role,
    /// The role.
    role_name, &["NoSuchEntity"], detach
);
list_attached!(
    /// Lists the managed policies that are attached to a user.
    ListAttachedUserPolicies, Kind::User,
    /// The user.
    user_name
);
list_attached!(
    /// Lists the managed policies that are attached to a group.
    ListAttachedGroupPolicies, Kind::Group,
    /// The group.
    group_name
);
list_attached!(
    /// Lists the managed policies that are attached to a role.
    ListAttachedRolePolicies, Kind::Role,
    /// The role.
    role_name
);
