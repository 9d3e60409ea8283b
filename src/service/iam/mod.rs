//! IAM: users, groups, roles, managed policies, access keys.
//!
//! Every operation acts in the caller's own account, and asks for permission
//! before it looks whether the entity exists: who is denied does not learn
//! what there is. What users, groups and roles share is written once, in
//! terms of [`Kind`]: [`inline`], [`attached`], [`boundary`] and [`tags`].
//! Start with [`entity`].

pub mod access_keys;
pub mod account_alias;
pub mod attached;
pub mod authorization_details;
pub mod boundary;
mod document;
pub mod entity;
pub mod groups;
pub mod inline;
pub mod instance_profiles;
pub mod last_used;
pub mod managed;
pub mod members;
mod names;
pub mod oidc;
pub mod policy_entities;
mod profile_roles;
pub mod roles;
pub mod simulation;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod users;
pub mod versions;

pub use access_keys::{CreateAccessKey, DeleteAccessKey, ListAccessKeys, UpdateAccessKey};
pub use account_alias::{
    CreateAccountAlias, DeleteAccountAlias, GetAccountSummary, ListAccountAliases,
};
pub use attached::{
    AttachGroupPolicy, AttachRolePolicy, AttachUserPolicy, DetachGroupPolicy, DetachRolePolicy,
    DetachUserPolicy, ListAttachedGroupPolicies, ListAttachedRolePolicies,
    ListAttachedUserPolicies,
};
pub use authorization_details::GetAccountAuthorizationDetails;
pub use boundary::{
    DeleteRolePermissionsBoundary, DeleteUserPermissionsBoundary, PutRolePermissionsBoundary,
    PutUserPermissionsBoundary,
};
pub use entity::Kind;
pub use groups::{CreateGroup, DeleteGroup, GetGroup, ListGroups};
pub use inline::{
    DeleteGroupPolicy, DeleteRolePolicy, DeleteUserPolicy, GetGroupPolicy, GetRolePolicy,
    GetUserPolicy, ListGroupPolicies, ListRolePolicies, ListUserPolicies, PutGroupPolicy,
    PutRolePolicy, PutUserPolicy,
};
pub use instance_profiles::{
    CreateInstanceProfile, DeleteInstanceProfile, GetInstanceProfile, ListInstanceProfileTags,
    ListInstanceProfiles, ListInstanceProfilesForRole,
};
pub use last_used::GetAccessKeyLastUsed;
pub use managed::{CreatePolicy, DeletePolicy, GetPolicy, ListPolicies};
pub use members::{AddUserToGroup, RemoveUserFromGroup};
pub use oidc::{
    AddClientIDToOpenIDConnectProvider, CreateOpenIDConnectProvider, DeleteOpenIDConnectProvider,
    GetOpenIDConnectProvider, ListOpenIDConnectProviders, RemoveClientIDFromOpenIDConnectProvider,
    UpdateOpenIDConnectProviderThumbprint,
};
pub use policy_entities::ListEntitiesForPolicy;
pub use profile_roles::{AddRoleToInstanceProfile, RemoveRoleFromInstanceProfile};
pub use roles::{CreateRole, DeleteRole, GetRole, ListRoles, UpdateAssumeRolePolicy, UpdateRole};
pub use simulation::{
    GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy, SimulateCustomPolicy,
    SimulatePrincipalPolicy,
};
pub use tags::{TagInstanceProfile, TagRole, TagUser, UntagInstanceProfile, UntagRole, UntagUser};
pub use users::{CreateUser, DeleteUser, GetUser, ListUsers};
pub use versions::{
    CreatePolicyVersion, DeletePolicyVersion, GetPolicyVersion, ListPolicyVersions,
    SetDefaultPolicyVersion,
};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::api::{ApiError, Context, Record, Service, View};
use crate::state::iam::Account;

/// The answer of operations that answer nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Nothing {}

fn error(code: &str, status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Iam, code, status, message)
}

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::validation(Service::Iam, message)
}

fn no_such_entity(message: impl Into<String>) -> ApiError {
    error("NoSuchEntity", 404, message)
}

fn limit_exceeded(message: impl Into<String>) -> ApiError {
    error("LimitExceeded", 409, message)
}

fn delete_conflict(message: impl Into<String>) -> ApiError {
    error("DeleteConflict", 409, message)
}

/// The caller's account.
fn account<'a>(view: &View<'a>) -> Result<&'a Account, ApiError> {
    view.cloud
        .accounts
        .get(&view.caller.account)
        .ok_or_else(no_account)
}

/// The caller's account, to be changed.
fn account_mut<'a>(cx: &'a mut Context<'_>) -> Result<&'a mut Account, ApiError> {
    cx.cloud
        .accounts
        .get_mut(&cx.caller.account)
        .ok_or_else(no_account)
}

fn no_account() -> ApiError {
    error(
        "ServiceFailure",
        500,
        "The caller's account does not exist.",
    )
}

/// The record of a request; no request of IAM carries a secret.
fn recorded(request: &impl Serialize) -> Record {
    Record::of(event_value(request))
}

/// A value as events show it: members begin with a small letter, and those
/// that were not given are left out.
pub(super) fn event_value(value: &impl Serialize) -> Value {
    camel_case(serde_json::to_value(value).unwrap_or_default())
}

fn camel_case(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null() && *member != Value::Array(Vec::new()))
            .map(|(name, member)| (small_initial(&name), camel_case(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(camel_case).collect(),
        other => other,
    }
}

fn small_initial(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|c| c.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}
