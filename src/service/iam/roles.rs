//! Roles and their trust policies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::boundary::{self, AttachedBoundary};
use super::entity::{
    check_bare, entity, missing_with_hint, new_entity, on_entity, on_list, on_new,
};
use super::last_used::RoleLastUsed;
use super::tags::{self, Tag, with_request_tags};
use super::{
    Kind, Nothing, account, account_mut, document, event_value, names, recorded, validation,
};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp, UniqueId};
use crate::state::Cloud;
use crate::state::iam::{Role, folded};

/// The longest session of a role unless it says otherwise, in seconds.
const DEFAULT_SESSION_SECONDS: u32 = 3600;

/// A role, as IAM shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RoleInfo {
    /// The path.
    pub path: String,
    /// The name.
    pub role_name: String,
    /// The unique id, `AROA…`.
    pub role_id: UniqueId,
    /// The ARN.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
    /// The trust policy, as JSON text; a principal that is gone shows as its unique id.
    pub assume_role_policy_document: String,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The longest session, in seconds.
    pub max_session_duration: u32,
    /// The permissions boundary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<AttachedBoundary>,
    /// The tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// When it was last used; `GetRole` alone tells, with nothing in it if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_last_used: Option<RoleLastUsed>,
}

impl RoleInfo {
    pub(super) fn of(cloud: &Cloud, role: &Role) -> Self {
        let entity = &role.entity;
        Self {
            path: entity.path.clone(),
            role_name: entity.name.clone(),
            role_id: entity.id.clone(),
            arn: entity.arn.clone(),
            create_date: entity.created,
            assume_role_policy_document: document::shown_trust(cloud, role),
            description: role.description.clone(),
            max_session_duration: role.max_session_seconds,
            permissions_boundary: AttachedBoundary::of(entity),
            tags: tags::listed(&entity.tags),
            role_last_used: None,
        }
    }
}

fn role<'a>(view: &View<'a>, name: &str) -> Result<&'a Role, ApiError> {
    account(view)?
        .role(name)
        .ok_or_else(|| missing_with_hint(view, Kind::Role, name))
}

fn role_mut<'a>(cx: &'a mut Context<'_>, name: &str) -> Result<&'a mut Role, ApiError> {
    entity(&cx.view(), Kind::Role, name)?;
    account_mut(cx)?
        .roles
        .get_mut(&folded(name))
        .ok_or_else(|| Kind::Role.missing(name))
}

fn check_session_seconds(seconds: Option<u32>) -> Result<(), ApiError> {
    let rule = match seconds {
        Some(seconds) if seconds < 3600 => "greater than or equal to 3600",
        Some(seconds) if seconds > 43_200 => "less than or equal to 43200",
        _ => return Ok(()),
    };
    Err(validation(format!(
        "1 validation error detected: Value '{}' at 'maxSessionDuration' failed to satisfy \
         constraint: Member must have value {rule}",
        seconds.unwrap_or_default()
    )))
}

/// Makes a role. The trust policy says who may assume it; what its sessions
/// may do is said by policies that are attached later.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateRole {
    /// The name, 1 to 64 characters, unique in the account ignoring case.
    pub role_name: String,
    /// The trust policy, as JSON text. Users and roles that it names must exist.
    pub assume_role_policy_document: String,
    /// The path, `/` by default.
    pub path: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// The longest session in seconds, 3,600 (default) to 43,200.
    pub max_session_duration: Option<u32>,
    /// The ARN of the managed policy that is to be its permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Tags, each with `Key` and `Value`.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// A role.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RoleAnswer {
    /// The role.
    pub role: RoleInfo,
}

impl Operation for CreateRole {
    type Output = RoleAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreateRole")
        .needs(&["iam:CreateRole", "iam:TagRole"])
        .fails(&[
            "EntityAlreadyExists",
            "MalformedPolicyDocument",
            "NoSuchEntity",
            "InvalidInput",
            "LimitExceeded",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Role.check_name(&self.role_name)?;
        names::path(self.path.as_deref())?;
        names::description(self.description.as_deref())?;
        check_session_seconds(self.max_session_duration)?;
        tags::check(&self.tags)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let ask = |action: &str| {
            let path = self.path.as_deref();
            let request = on_new(view, Kind::Role, path, &self.role_name, action).with_some(
                "iam:PermissionsBoundary",
                self.permissions_boundary.as_deref(),
            );
            with_request_tags(request, &self.tags)
        };
        let tagging = (!self.tags.is_empty()).then(|| ask("iam:TagRole"));
        Ok([ask("iam:CreateRole")].into_iter().chain(tagging).collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let trust = document::trust(
            cx.cloud,
            "assumeRolePolicyDocument",
            &self.assume_role_policy_document,
        )?;
        let mut entity = new_entity(cx, Kind::Role, self.path.as_deref(), &self.role_name)?;
        entity.boundary = boundary::parse(&cx.view(), self.permissions_boundary.as_deref())?;
        tags::set(&mut entity.tags, self.tags)?;
        let made = Role {
            entity,
            trust,
            max_session_seconds: self.max_session_duration.unwrap_or(DEFAULT_SESSION_SECONDS),
            description: self.description,
        };
        let role = RoleInfo::of(cx.cloud, &made);
        account_mut(cx)?
            .roles
            .insert_mut(folded(&self.role_name), made);
        Ok(RoleAnswer { role })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Shows a role with its trust policy.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetRole {
    /// The role.
    pub role_name: String,
}

impl Operation for GetRole {
    type Output = RoleAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetRole")
        .needs(&["iam:GetRole"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Role.check_name(&self.role_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Role,
            &self.role_name,
            "iam:GetRole",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let role = role(&view, &self.role_name)?;
        Ok(RoleAnswer {
            role: RoleInfo {
                role_last_used: Some(RoleLastUsed::of(&view, role)),
                ..RoleInfo::of(view.cloud, role)
            },
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Lists the roles of the account.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListRoles {
    /// Only roles whose path begins so.
    pub path_prefix: Option<String>,
}

/// Roles.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RoleList {
    /// The roles, by name.
    pub roles: Vec<RoleInfo>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for ListRoles {
    type Output = RoleList;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Iam, "ListRoles").needs(&["iam:ListRoles"]);

    fn validate(&self) -> Result<(), ApiError> {
        names::path(self.path_prefix.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_list(
            view,
            Kind::Role,
            self.path_prefix.as_deref(),
            "iam:ListRoles",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let below = account(&view)?
            .roles
            .values()
            .filter(|r| r.entity.path.starts_with(prefix));
        let shown = |role: &Role| RoleInfo {
            permissions_boundary: None,
            tags: Vec::new(),
            ..RoleInfo::of(view.cloud, role)
        };
        Ok(RoleList {
            roles: below.map(shown).collect(),
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes a role, which must have no policies. Its sessions end with it, and
/// policies that name it do not admit a later role of that name.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteRole {
    /// The role.
    pub role_name: String,
}

impl Operation for DeleteRole {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeleteRole")
        .needs(&["iam:DeleteRole"])
        .fails(&["NoSuchEntity", "DeleteConflict"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Role.check_name(&self.role_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Role,
            &self.role_name,
            "iam:DeleteRole",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        check_bare(entity(&cx.view(), Kind::Role, &self.role_name)?)?;
        super::instance_profiles::check_free(account(&cx.view())?, &self.role_name)?;
        account_mut(cx)?.roles.remove_mut(&folded(&self.role_name));
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Replaces the trust policy of a role.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateAssumeRolePolicy {
    /// The role.
    pub role_name: String,
    /// The trust policy, as JSON text. Users and roles that it names must exist.
    pub policy_document: String,
}

impl Operation for UpdateAssumeRolePolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "UpdateAssumeRolePolicy")
        .needs(&["iam:UpdateAssumeRolePolicy"])
        .fails(&["NoSuchEntity", "MalformedPolicyDocument", "LimitExceeded"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Role.check_name(&self.role_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Role,
            &self.role_name,
            "iam:UpdateAssumeRolePolicy",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        entity(&cx.view(), Kind::Role, &self.role_name)?;
        let trust = document::trust(cx.cloud, "policyDocument", &self.policy_document)?;
        role_mut(cx, &self.role_name)?.trust = trust;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Changes the description of a role, or how long its sessions may be.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateRole {
    /// The role.
    pub role_name: String,
    /// The new description.
    pub description: Option<String>,
    /// The longest session in seconds, 3,600 to 43,200.
    pub max_session_duration: Option<u32>,
}

impl Operation for UpdateRole {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "UpdateRole")
        .needs(&["iam:UpdateRole"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Role.check_name(&self.role_name)?;
        names::description(self.description.as_deref())?;
        check_session_seconds(self.max_session_duration)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::Role,
            &self.role_name,
            "iam:UpdateRole",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let role = role_mut(cx, &self.role_name)?;
        if let Some(seconds) = self.max_session_duration {
            role.max_session_seconds = seconds;
        }
        if self.description.is_some() {
            role.description = self.description;
        }
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
