//! Instance profiles: how an EC2 instance gets its role.
//!
//! Source: IAM User Guide, "Using instance profiles".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{entity, missing_with_hint, new_entity, on_entity, on_list, on_new};
use super::roles::RoleInfo;
use super::tags::{self, Tag, with_request_tags};
use super::{Kind, Nothing, account, account_mut, delete_conflict, event_value, names, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp, UniqueId};
use crate::state::iam::{Account, InstanceProfile, folded};

/// An instance profile, as IAM shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfileInfo {
    /// The path.
    pub path: String,
    /// The name.
    pub instance_profile_name: String,
    /// The unique id, `AIPA…`.
    pub instance_profile_id: UniqueId,
    /// The ARN.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
    /// Its role; none or one.
    pub roles: Vec<RoleInfo>,
    /// The tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// What keeps a role, and an instance profile, from being deleted.
const ROLE_INSIDE: &str = "Cannot delete entity, must remove roles from instance profile first.";

impl InstanceProfileInfo {
    pub(super) fn of(view: &View<'_>, account: &Account, profile: &InstanceProfile) -> Self {
        let entity = &profile.entity;
        let role = account.role_in(profile);
        Self {
            path: entity.path.clone(),
            instance_profile_name: entity.name.clone(),
            instance_profile_id: entity.id.clone(),
            arn: entity.arn.clone(),
            create_date: entity.created,
            roles: role
                .map(|r| RoleInfo::of(view.cloud, r))
                .into_iter()
                .collect(),
            tags: tags::listed(&entity.tags),
        }
    }
}

/// What an operation on the one entity of this name asks for.
fn on_one(
    view: &View<'_>,
    kind: Kind,
    name: &str,
    operation: OperationSpec,
) -> Result<Vec<AccessRequest>, ApiError> {
    Ok(vec![on_entity(view, kind, name, &operation.action())])
}

fn profile<'a>(view: &View<'a>, name: &str) -> Result<&'a InstanceProfile, ApiError> {
    account(view)?
        .instance_profile(name)
        .ok_or_else(|| missing_with_hint(view, Kind::InstanceProfile, name))
}

pub(super) fn profile_mut<'a>(
    cx: &'a mut Context<'_>,
    name: &str,
) -> Result<&'a mut InstanceProfile, ApiError> {
    entity(&cx.view(), Kind::InstanceProfile, name)?;
    account_mut(cx)?
        .instance_profiles
        .get_mut(&folded(name))
        .ok_or_else(|| Kind::InstanceProfile.missing(name))
}

/// Whether the role is in no instance profile, so that it can be deleted.
///
/// # Errors
/// `DeleteConflict` 409.
pub(super) fn check_free(account: &Account, role: &str) -> Result<(), ApiError> {
    let profiles: Vec<&str> = account
        .profiles_of(role)
        .map(|profile| profile.entity.name.as_str())
        .collect();
    if profiles.is_empty() {
        return Ok(());
    }
    let detail = format!("It is in {}.", profiles.join(", "));
    Err(delete_conflict(ROLE_INSIDE).with_detail(detail))
}

/// Makes an instance profile, without a role as yet.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateInstanceProfile {
    /// The name, 1 to 128 characters, unique in the account ignoring case.
    pub instance_profile_name: String,
    /// The path, `/` by default.
    pub path: Option<String>,
    /// Tags, each with `Key` and `Value`.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// An instance profile.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfileAnswer {
    /// The instance profile.
    pub instance_profile: InstanceProfileInfo,
}

impl Operation for CreateInstanceProfile {
    type Output = InstanceProfileAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreateInstanceProfile")
        .needs(&["iam:CreateInstanceProfile", "iam:TagInstanceProfile"])
        .fails(&["EntityAlreadyExists", "InvalidInput", "LimitExceeded"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::InstanceProfile.check_name(&self.instance_profile_name)?;
        names::path(self.path.as_deref())?;
        tags::check(&self.tags)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let ask = |action: &str| {
            let (path, name) = (self.path.as_deref(), &self.instance_profile_name);
            let request = on_new(view, Kind::InstanceProfile, path, name, action);
            with_request_tags(request, &self.tags)
        };
        let tagging = (!self.tags.is_empty()).then(|| ask("iam:TagInstanceProfile"));
        let making = ask("iam:CreateInstanceProfile");
        Ok([making].into_iter().chain(tagging).collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (path, name) = (self.path.as_deref(), &self.instance_profile_name);
        let mut entity = new_entity(cx, Kind::InstanceProfile, path, name)?;
        tags::set(&mut entity.tags, self.tags)?;
        let made = InstanceProfile { entity, role: None };
        let view = cx.view();
        let instance_profile = InstanceProfileInfo::of(&view, account(&view)?, &made);
        account_mut(cx)?
            .instance_profiles
            .insert_mut(folded(name), made);
        Ok(InstanceProfileAnswer { instance_profile })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Shows an instance profile with its role.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
}

impl Operation for GetInstanceProfile {
    type Output = InstanceProfileAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetInstanceProfile")
        .needs(&["iam:GetInstanceProfile"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::InstanceProfile.check_name(&self.instance_profile_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_one(
            view,
            Kind::InstanceProfile,
            &self.instance_profile_name,
            Self::SPEC,
        )
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let found = profile(&view, &self.instance_profile_name)?;
        Ok(InstanceProfileAnswer {
            instance_profile: InstanceProfileInfo::of(&view, account(&view)?, found),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Instance profiles.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfileList {
    /// The instance profiles, by name.
    pub instance_profiles: Vec<InstanceProfileInfo>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl InstanceProfileList {
    fn of<'a>(
        view: &View<'_>,
        profiles: impl Iterator<Item = &'a InstanceProfile>,
    ) -> Result<Self, ApiError> {
        let account = account(view)?;
        let shown = profiles.map(|profile| InstanceProfileInfo {
            tags: Vec::new(),
            ..InstanceProfileInfo::of(view, account, profile)
        });
        Ok(Self {
            instance_profiles: shown.collect(),
            is_truncated: false,
        })
    }
}

/// Lists the instance profiles of the account.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListInstanceProfiles {
    /// Only those whose path begins so.
    pub path_prefix: Option<String>,
}

impl Operation for ListInstanceProfiles {
    type Output = InstanceProfileList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "ListInstanceProfiles")
        .needs(&["iam:ListInstanceProfiles"]);

    fn validate(&self) -> Result<(), ApiError> {
        names::path(self.path_prefix.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let path = self.path_prefix.as_deref();
        Ok(vec![on_list(
            view,
            Kind::InstanceProfile,
            path,
            &Self::SPEC.action(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let below = account(&view)?
            .instance_profiles
            .values()
            .filter(|p| p.entity.path.starts_with(prefix));
        InstanceProfileList::of(&view, below)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Lists the instance profiles that a role is in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListInstanceProfilesForRole {
    /// The role.
    pub role_name: String,
}

impl Operation for ListInstanceProfilesForRole {
    type Output = InstanceProfileList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "ListInstanceProfilesForRole")
        .needs(&["iam:ListInstanceProfilesForRole"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::Role.check_name(&self.role_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_one(view, Kind::Role, &self.role_name, Self::SPEC)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        entity(&view, Kind::Role, &self.role_name)?;
        InstanceProfileList::of(&view, account(&view)?.profiles_of(&self.role_name))
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes an instance profile, which must have no role.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
}

impl Operation for DeleteInstanceProfile {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeleteInstanceProfile")
        .needs(&["iam:DeleteInstanceProfile"])
        .fails(&["NoSuchEntity", "DeleteConflict"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::InstanceProfile.check_name(&self.instance_profile_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_one(
            view,
            Kind::InstanceProfile,
            &self.instance_profile_name,
            Self::SPEC,
        )
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let found = profile(&cx.view(), &self.instance_profile_name)?;
        if found.role.is_some() {
            return Err(delete_conflict(ROLE_INSIDE));
        }
        let key = folded(&self.instance_profile_name);
        account_mut(cx)?.instance_profiles.remove_mut(&key);
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Lists the tags of an instance profile.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListInstanceProfileTags {
    /// The instance profile.
    pub instance_profile_name: String,
}

/// Tags.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfileTags {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for ListInstanceProfileTags {
    type Output = InstanceProfileTags;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "ListInstanceProfileTags")
        .needs(&["iam:ListInstanceProfileTags"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::InstanceProfile.check_name(&self.instance_profile_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_one(
            view,
            Kind::InstanceProfile,
            &self.instance_profile_name,
            Self::SPEC,
        )
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let found = profile(&view, &self.instance_profile_name)?;
        Ok(InstanceProfileTags {
            tags: tags::listed(&found.entity.tags),
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
