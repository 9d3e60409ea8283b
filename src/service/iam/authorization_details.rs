//! Everything that IAM knows of an account's permissions, in one list.
//!
//! Source: IAM API Reference, GetAccountAuthorizationDetails.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attached::{self, AttachedPolicy};
use super::boundary::AttachedBoundary;
use super::instance_profiles::InstanceProfileInfo;
use super::last_used::{RoleLastUsed, RoleUses};
use super::managed::{self, PolicyInfo};
use super::tags::{self, Tag};
use super::versions::VersionInfo;
use super::{account, document, recorded, validation};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp, UniqueId};
use crate::policy::Policy;
use crate::service::page::{Paged, shown};
use crate::state::aws_managed;
use crate::state::iam::{Account, Group, ManagedPolicy, Role, User};

/// How many entities a page has unless the request says otherwise.
const DEFAULT_ITEMS: u32 = 100;
/// The largest page.
const MAX_ITEMS: u32 = 1000;

/// A kind of entity to list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum EntityType {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
    /// Customer managed policies.
    LocalManagedPolicy,
    /// AWS managed policies that the account uses.
    AWSManagedPolicy,
}

/// Shows all users, groups, roles and managed policies of the account, how they
/// belong together, and every policy document: the state to audit.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct GetAccountAuthorizationDetails {
    /// Only entities of these kinds; all by default.
    pub filter: Vec<EntityType>,
    /// How many entities a page has at most, 1 to 1,000; 100 by default.
    pub max_items: Option<u32>,
    /// The `Marker` of the page before.
    pub marker: Option<String>,
}

/// A page of the account's entities.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizationDetails {
    /// The users, by name.
    pub user_detail_list: Vec<UserDetail>,
    /// The groups, by name.
    pub group_detail_list: Vec<GroupDetail>,
    /// The roles, by name.
    pub role_detail_list: Vec<RoleDetail>,
    /// The managed policies: the account's own, and those of AWS that it uses.
    pub policies: Vec<ManagedPolicyDetail>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Where the next page begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
}

/// An embedded policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDetail {
    /// The name.
    pub policy_name: String,
    /// The policy, as JSON text.
    pub policy_document: String,
}

/// A user with its policies and groups.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UserDetail {
    /// The path.
    pub path: String,
    /// The name.
    pub user_name: String,
    /// The unique id, `AIDA…`.
    pub user_id: UniqueId,
    /// The ARN.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
    /// The embedded policies, by name.
    pub user_policy_list: Vec<PolicyDetail>,
    /// The names of its groups.
    pub group_list: Vec<String>,
    /// The managed policies attached.
    pub attached_managed_policies: Vec<AttachedPolicy>,
    /// The permissions boundary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<AttachedBoundary>,
    /// The tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// A group with its policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupDetail {
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
    /// The embedded policies, by name.
    pub group_policy_list: Vec<PolicyDetail>,
    /// The managed policies attached.
    pub attached_managed_policies: Vec<AttachedPolicy>,
}

/// A role with its trust policy, policies and instance profiles.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RoleDetail {
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
    /// The instance profiles that it is in.
    pub instance_profile_list: Vec<InstanceProfileInfo>,
    /// The embedded policies, by name.
    pub role_policy_list: Vec<PolicyDetail>,
    /// The managed policies attached.
    pub attached_managed_policies: Vec<AttachedPolicy>,
    /// The permissions boundary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<AttachedBoundary>,
    /// The tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// When a session of it last called; empty if none did.
    pub role_last_used: RoleLastUsed,
}

/// A managed policy with its versions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicyDetail {
    /// The policy.
    #[serde(flatten)]
    pub policy: PolicyInfo,
    /// The versions with their documents, newest first.
    pub policy_version_list: Vec<VersionInfo>,
}

fn embedded(policies: &BTreeMap<String, Policy>) -> Vec<PolicyDetail> {
    let shown = policies.iter().map(|(name, policy)| PolicyDetail {
        policy_name: name.clone(),
        policy_document: policy.text().to_owned(),
    });
    shown.collect()
}

impl UserDetail {
    fn of(account: &Account, user: &User) -> Self {
        let entity = &user.entity;
        let groups = user.groups.iter().filter_map(|name| account.group(name));
        Self {
            path: entity.path.clone(),
            user_name: entity.name.clone(),
            user_id: entity.id.clone(),
            arn: entity.arn.clone(),
            create_date: entity.created,
            user_policy_list: embedded(&entity.inline),
            group_list: groups.map(|group| group.entity.name.clone()).collect(),
            attached_managed_policies: attached::listed(entity),
            permissions_boundary: AttachedBoundary::of(entity),
            tags: tags::listed(&entity.tags),
        }
    }
}

impl GroupDetail {
    fn of(group: &Group) -> Self {
        let entity = &group.entity;
        Self {
            path: entity.path.clone(),
            group_name: entity.name.clone(),
            group_id: entity.id.clone(),
            arn: entity.arn.clone(),
            create_date: entity.created,
            group_policy_list: embedded(&entity.inline),
            attached_managed_policies: attached::listed(entity),
        }
    }
}

impl RoleDetail {
    fn of(view: &View<'_>, account: &Account, role: &Role, uses: &RoleUses<'_>) -> Self {
        let entity = &role.entity;
        let profiles = account.profiles_of(&entity.name);
        Self {
            path: entity.path.clone(),
            role_name: entity.name.clone(),
            role_id: entity.id.clone(),
            arn: entity.arn.clone(),
            create_date: entity.created,
            assume_role_policy_document: document::shown_trust(view.cloud, role),
            instance_profile_list: profiles
                .map(|profile| InstanceProfileInfo::of(view, account, profile))
                .collect(),
            role_policy_list: embedded(&entity.inline),
            attached_managed_policies: attached::listed(entity),
            permissions_boundary: AttachedBoundary::of(entity),
            tags: tags::listed(&entity.tags),
            role_last_used: uses.last(role),
        }
    }
}

impl ManagedPolicyDetail {
    fn own(account: &Account, policy: &ManagedPolicy) -> Self {
        let versions = policy.versions.iter().rev();
        Self {
            policy: PolicyInfo::of(account, policy),
            policy_version_list: versions
                .map(|(number, version)| VersionInfo::with_document(policy, *number, version))
                .collect(),
        }
    }

    fn aws(account: &Account, arn: &Arn) -> Option<Self> {
        let policy = aws_managed::policy(arn)?;
        Some(Self {
            policy: PolicyInfo::aws(account, arn),
            policy_version_list: vec![VersionInfo::only(Some(policy.text().to_owned()))],
        })
    }
}

/// One thing of the list, not yet written out.
enum Item<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a Role),
    Own(&'a ManagedPolicy),
    Aws(&'a Arn),
}

impl Item<'_> {
    fn kind(&self) -> EntityType {
        match self {
            Self::User(_) => EntityType::User,
            Self::Group(_) => EntityType::Group,
            Self::Role(_) => EntityType::Role,
            Self::Own(_) => EntityType::LocalManagedPolicy,
            Self::Aws(_) => EntityType::AWSManagedPolicy,
        }
    }

    /// What tells it from the others; unique ids and ARNs do not change.
    fn place(&self) -> &str {
        match self {
            Self::User(user) => user.entity.id.as_str(),
            Self::Group(group) => group.entity.id.as_str(),
            Self::Role(role) => role.entity.id.as_str(),
            Self::Own(policy) => policy.id.as_str(),
            Self::Aws(arn) => arn.as_str(),
        }
    }
}

/// All entities of the account, in the order in which pages have them.
fn items(account: &Account) -> Vec<Item<'_>> {
    let holders = managed::entities(account);
    let aws: BTreeSet<&Arn> = holders
        .flat_map(|entity| entity.attached.iter().chain(&entity.boundary))
        .filter(|arn| arn.account() == "aws")
        .collect();
    let users = account.users.values().map(Item::User);
    let groups = account.groups.values().map(Item::Group);
    let roles = account.roles.values().map(Item::Role);
    let own = account.policies.values().map(Item::Own);
    users
        .chain(groups)
        .chain(roles)
        .chain(own)
        .chain(aws.into_iter().map(Item::Aws))
        .collect()
}

impl AuthorizationDetails {
    fn add(&mut self, view: &View<'_>, account: &Account, item: &Item<'_>, uses: &RoleUses<'_>) {
        match item {
            Item::User(user) => self.user_detail_list.push(UserDetail::of(account, user)),
            Item::Group(group) => self.group_detail_list.push(GroupDetail::of(group)),
            Item::Role(role) => {
                let detail = RoleDetail::of(view, account, role, uses);
                self.role_detail_list.push(detail);
            }
            Item::Own(policy) => {
                let detail = ManagedPolicyDetail::own(account, policy);
                self.policies.push(detail);
            }
            Item::Aws(arn) => self.policies.extend(ManagedPolicyDetail::aws(account, arn)),
        }
    }
}

impl GetAccountAuthorizationDetails {
    fn lists(&self, item: &Item<'_>) -> bool {
        self.filter.is_empty() || self.filter.contains(&item.kind())
    }
}

fn invalid_marker() -> ApiError {
    validation("Invalid Marker.").with_detail("Marker is the Marker of the page before, unchanged.")
}

impl Operation for GetAccountAuthorizationDetails {
    type Output = AuthorizationDetails;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetAccountAuthorizationDetails")
        .needs(&["iam:GetAccountAuthorizationDetails"]);

    fn validate(&self) -> Result<(), ApiError> {
        let rule = match self.max_items {
            Some(0) => "greater than or equal to 1".to_owned(),
            Some(items) if items > MAX_ITEMS => format!("less than or equal to {MAX_ITEMS}"),
            _ => return Ok(()),
        };
        Err(validation(format!(
            "1 validation error detected: Value '{}' at 'maxItems' failed to satisfy constraint: \
             Member must have value {rule}",
            self.max_items.unwrap_or_default()
        )))
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            &Self::SPEC.action(),
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let own = account(&view)?;
        let mut all = items(own);
        all.retain(|item| self.lists(item));
        let limit = self.max_items.unwrap_or(DEFAULT_ITEMS) as usize;
        let shown = shown(&all, self.marker.as_deref(), Item::place, invalid_marker)?;
        let rest = all.iter().skip(shown);
        let paged = Paged::of(rest, limit, |item| item.place().to_owned());
        let (mut page, uses) = (AuthorizationDetails::default(), RoleUses::of(&view));
        for item in paged.items {
            page.add(&view, own, item, &uses);
        }
        page.is_truncated = paged.next_marker.is_some();
        page.marker = paged.next_marker;
        Ok(page)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
