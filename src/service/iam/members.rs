//! Membership in groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{entity, on_entity};
use super::{Kind, Nothing, account_mut, limit_exceeded, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::state::iam::{User, folded};

/// In how many groups a user may be.
const MAX_GROUPS: usize = 10;

/// Both exist; the user is to be changed.
fn user_of<'a>(cx: &'a mut Context<'_>, group: &str, user: &str) -> Result<&'a mut User, ApiError> {
    entity(&cx.view(), Kind::Group, group)?;
    entity(&cx.view(), Kind::User, user)?;
    account_mut(cx)?
        .users
        .get_mut(&folded(user))
        .ok_or_else(|| Kind::User.missing(user))
}

/// Puts a user into a group, whose policies then hold for it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AddUserToGroup {
    /// The group.
    pub group_name: String,
    /// The user.
    pub user_name: String,
}

impl Operation for AddUserToGroup {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "AddUserToGroup")
        .needs(&["iam:AddUserToGroup"])
        .fails(&["NoSuchEntity", "LimitExceeded"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Group.check_name(&self.group_name)?;
        Kind::User.check_name(&self.user_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Group,
            &self.group_name,
            "iam:AddUserToGroup",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let group = folded(&self.group_name);
        let user = user_of(cx, &self.group_name, &self.user_name)?;
        if user.groups.contains(&group) {
            return Ok(Nothing {});
        }
        if user.groups.len() >= MAX_GROUPS {
            return Err(limit_exceeded(format!(
                "Cannot exceed quota for GroupsPerUser: {MAX_GROUPS}"
            )));
        }
        user.groups.push(group);
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Takes a user out of a group.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RemoveUserFromGroup {
    /// The group.
    pub group_name: String,
    /// The user.
    pub user_name: String,
}

impl Operation for RemoveUserFromGroup {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "RemoveUserFromGroup")
        .needs(&["iam:RemoveUserFromGroup"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Group.check_name(&self.group_name)?;
        Kind::User.check_name(&self.user_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Group,
            &self.group_name,
            "iam:RemoveUserFromGroup",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let group = folded(&self.group_name);
        user_of(cx, &self.group_name, &self.user_name)?
            .groups
            .retain(|g| *g != group);
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
