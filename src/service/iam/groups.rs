//! Groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{check_bare, entity, new_entity, on_entity, on_list, on_new};
use super::users::UserInfo;
use super::{Kind, Nothing, account, account_mut, delete_conflict, event_value, names, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp, UniqueId};
use crate::state::iam::{Account, Entity, Group, User, folded};

/// A group, as IAM shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupInfo {
    /// The path.
    pub path: String,
    /// The name.
    pub group_name: String,
    /// The unique id, `AGPA…`.
    pub group_id: UniqueId,
    /// The ARN.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
}

impl GroupInfo {
    fn of(entity: &Entity) -> Self {
        Self {
            path: entity.path.clone(),
            group_name: entity.name.clone(),
            group_id: entity.id.clone(),
            arn: entity.arn.clone(),
            create_date: entity.created,
        }
    }
}

/// The members of the group `name`.
fn members<'a>(account: &'a Account, name: &str) -> impl Iterator<Item = &'a User> {
    let key = folded(name);
    account
        .users
        .values()
        .filter(move |user| user.groups.contains(&key))
}

/// Makes a group. Its policies hold for its members; a group is never a
/// principal itself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateGroup {
    /// The name, 1 to 128 characters, unique in the account ignoring case.
    pub group_name: String,
    /// The path, `/` by default.
    pub path: Option<String>,
}

/// A group.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupAnswer {
    /// The group.
    pub group: GroupInfo,
}

impl Operation for CreateGroup {
    type Output = GroupAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreateGroup")
        .needs(&["iam:CreateGroup"])
        .fails(&["EntityAlreadyExists"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Group.check_name(&self.group_name)?;
        names::path(self.path.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let path = self.path.as_deref();
        Ok(vec![on_new(
            view,
            Kind::Group,
            path,
            &self.group_name,
            "iam:CreateGroup",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let entity = new_entity(cx, Kind::Group, self.path.as_deref(), &self.group_name)?;
        let group = GroupInfo::of(&entity);
        account_mut(cx)?
            .groups
            .insert_mut(folded(&self.group_name), Group { entity });
        Ok(GroupAnswer { group })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Shows a group with its members.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetGroup {
    /// The group.
    pub group_name: String,
}

/// A group with its members.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupWithUsers {
    /// The group.
    pub group: GroupInfo,
    /// Its members, by name.
    pub users: Vec<UserInfo>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for GetGroup {
    type Output = GroupWithUsers;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetGroup")
        .needs(&["iam:GetGroup"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Group.check_name(&self.group_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Group,
            &self.group_name,
            "iam:GetGroup",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let group = GroupInfo::of(entity(&view, Kind::Group, &self.group_name)?);
        let members = members(account(&view)?, &self.group_name);
        let users = members.map(|user| UserInfo::of(&user.entity)).collect();
        Ok(GroupWithUsers {
            group,
            users,
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Lists the groups of the account.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListGroups {
    /// Only groups whose path begins so.
    pub path_prefix: Option<String>,
}

/// Groups.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupList {
    /// The groups, by name.
    pub groups: Vec<GroupInfo>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for ListGroups {
    type Output = GroupList;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Iam, "ListGroups").needs(&["iam:ListGroups"]);

    fn validate(&self) -> Result<(), ApiError> {
        names::path(self.path_prefix.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_list(
            view,
            Kind::Group,
            self.path_prefix.as_deref(),
            "iam:ListGroups",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let entities = account(&view)?.groups.values().map(|g| &g.entity);
        let groups = entities
            .filter(|e| e.path.starts_with(prefix))
            .map(GroupInfo::of)
            .collect();
        Ok(GroupList {
            groups,
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes a group. It must have neither members nor policies.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteGroup {
    /// The group.
    pub group_name: String,
}

impl Operation for DeleteGroup {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeleteGroup")
        .needs(&["iam:DeleteGroup"])
        .fails(&["NoSuchEntity", "DeleteConflict"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Group.check_name(&self.group_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Group,
            &self.group_name,
            "iam:DeleteGroup",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        check_bare(entity(&view, Kind::Group, &self.group_name)?)?;
        if members(account(&view)?, &self.group_name).next().is_some() {
            return Err(delete_conflict(
                "Cannot delete entity, must remove users from group first.",
            ));
        }
        account_mut(cx)?
            .groups
            .remove_mut(&folded(&self.group_name));
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
