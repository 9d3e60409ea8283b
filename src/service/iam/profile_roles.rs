//! The role in an instance profile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{entity, on_entity};
use super::instance_profiles::profile_mut;
use super::{Kind, Nothing, limit_exceeded, no_such_entity, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::service::pass_role;
use crate::state::iam::folded;

/// The service that a role in an instance profile is passed to.
const PASSED_TO: &str = "ec2.amazonaws.com";

/// Puts a role into an instance profile, which holds one at most. The caller
/// must be allowed to pass the role to EC2 (`iam:PassRole`).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AddRoleToInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
    /// The role.
    pub role_name: String,
}

impl Operation for AddRoleToInstanceProfile {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "AddRoleToInstanceProfile")
        .needs(&["iam:AddRoleToInstanceProfile", "iam:PassRole"])
        .fails(&["NoSuchEntity", "LimitExceeded"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::InstanceProfile.check_name(&self.instance_profile_name)?;
        Kind::Role.check_name(&self.role_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let name = &self.instance_profile_name;
        let role = on_entity(view, Kind::Role, &self.role_name, "iam:PassRole");
        Ok(vec![
            on_entity(view, Kind::InstanceProfile, name, &Self::SPEC.action()),
            pass_role::to(role, PASSED_TO),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        entity(&cx.view(), Kind::Role, &self.role_name)?;
        let profile = profile_mut(cx, &self.instance_profile_name)?;
        if profile.role.is_some() {
            return Err(limit_exceeded(
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            ));
        }
        profile.role = Some(folded(&self.role_name));
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Takes a role out of an instance profile; instances that run lose it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RemoveRoleFromInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
    /// The role.
    pub role_name: String,
}

impl Operation for RemoveRoleFromInstanceProfile {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "RemoveRoleFromInstanceProfile")
        .needs(&["iam:RemoveRoleFromInstanceProfile"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::InstanceProfile.check_name(&self.instance_profile_name)?;
        Kind::Role.check_name(&self.role_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let name = &self.instance_profile_name;
        Ok(vec![on_entity(
            view,
            Kind::InstanceProfile,
            name,
            &Self::SPEC.action(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let role = folded(&self.role_name);
        let profile = profile_mut(cx, &self.instance_profile_name)?;
        if profile.role.as_ref() != Some(&role) {
            return Err(no_such_entity(format!(
                "The role with name {} cannot be found.",
                self.role_name
            ))
            .with_detail("The instance profile does not have it."));
        }
        profile.role = None;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
