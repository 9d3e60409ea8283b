//! Permissions boundaries of users and roles.
//!
//! Source: IAM User Guide, "Permissions boundaries for IAM entities".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{entity, entity_mut, on_entity};
use super::managed::check_attachable;
use super::{Kind, Nothing, names, no_such_entity, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::Arn;
use crate::state::iam::Entity;

/// The boundary of a user or role, as IAM shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedBoundary {
    /// `Policy`.
    pub permissions_boundary_type: &'static str,
    /// The managed policy that bounds.
    pub permissions_boundary_arn: Arn,
}

impl AttachedBoundary {
    /// The boundary of `entity`, if it has one.
    pub(super) fn of(entity: &Entity) -> Option<Self> {
        entity.boundary.clone().map(|arn| Self {
            permissions_boundary_type: "Policy",
            permissions_boundary_arn: arn,
        })
    }
}

/// Reads the boundary that a new entity is to have, if any.
pub(super) fn parse(view: &View<'_>, boundary: Option<&str>) -> Result<Option<Arn>, ApiError> {
    let Some(text) = boundary else {
        return Ok(None);
    };
    let arn = names::policy_arn(text)?;
    check_attachable(view, &arn)?;
    Ok(Some(arn))
}

fn put(cx: &mut Context<'_>, kind: Kind, name: &str, boundary: &str) -> Result<Nothing, ApiError> {
    entity(&cx.view(), kind, name)?;
    let boundary = parse(&cx.view(), Some(boundary))?;
    entity_mut(cx, kind, name)?.boundary = boundary;
    Ok(Nothing {})
}

fn delete(cx: &mut Context<'_>, kind: Kind, name: &str) -> Result<Nothing, ApiError> {
    let entity = entity_mut(cx, kind, name)?;
    entity.boundary.take().map(|_| Nothing {}).ok_or_else(|| {
        no_such_entity(format!(
            "{} {name} does not have a permissions boundary.",
            kind.title()
        ))
    })
}

macro_rules! put_boundary {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
            /// The ARN of the managed policy that is to be the boundary.
            pub permissions_boundary: String,
        }

        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)?;
                names::policy_arn(&self.permissions_boundary).map(|_| ())
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![
                    on_entity(view, $kind, &self.$member, &Self::SPEC.action())
                        .with("iam:PermissionsBoundary", self.permissions_boundary.as_str()),
                ])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                put(cx, $kind, &self.$member, &self.permissions_boundary)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

macro_rules! delete_boundary {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
        }

        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                let boundary = entity(view, $kind, &self.$member).ok().and_then(|e| e.boundary.as_ref());
                Ok(vec![
                    on_entity(view, $kind, &self.$member, &Self::SPEC.action())
                        .with_some("iam:PermissionsBoundary", boundary.map(Arn::to_string)),
                ])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                delete(cx, $kind, &self.$member)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

put_boundary!(
    /// Sets the permissions boundary of a user: what its policies can allow at most.
    PutUserPermissionsBoundary, Kind::User,
    /// The user.
    user_name
);
put_boundary!(
    /// Sets the permissions boundary of a role: what its policies can allow at most.
    PutRolePermissionsBoundary, Kind::Role,
    /// The role.
    role_name
);
delete_boundary!(
    /// Takes the permissions boundary from a user.
    DeleteUserPermissionsBoundary, Kind::User,
    /// The user.
    user_name
);
delete_boundary!(
    /// Takes the permissions boundary from a role.
    DeleteRolePermissionsBoundary, Kind::Role,
    /// The role.
    role_name
);
