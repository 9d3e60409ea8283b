//! The alias of an account, and what the account holds.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Kind, Nothing, account, account_mut, error, names, no_such_entity, recorded, validation,
};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::state::credential::Owner;

/// Gives the account an alias, in place of the one that it has. No two accounts have the same.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateAccountAlias {
    /// The alias: 3 to 63 lowercase letters, digits and single hyphens inside.
    pub account_alias: String,
}

/// Takes the alias from the account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteAccountAlias {
    /// The alias.
    pub account_alias: String,
}

/// Lists the account's alias; there is at most one.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListAccountAliases {}

/// Aliases of an account.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AliasList {
    /// The alias, if there is one.
    pub account_aliases: Vec<String>,
    /// Whether there are more; never so.
    pub is_truncated: bool,
}

/// Counts the account's IAM entities, and tells the quotas of IAM.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct GetAccountSummary {}

/// Counts and quotas.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccountSummary {
    /// Numbers by name, such as `Users` and `UsersQuota`.
    pub summary_map: BTreeMap<&'static str, usize>,
}

/// Source: IAM API Reference, CreateAccountAlias, length and pattern.
fn check_alias(alias: &str) -> Result<(), ApiError> {
    names::length("accountAlias", alias, 3, 63)?;
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let edges = alias.starts_with('-') || alias.ends_with('-');
    if alias.bytes().all(inner) && !edges && !alias.contains("--") {
        return Ok(());
    }
    Err(validation(format!(
        "1 validation error detected: Value '{alias}' at 'accountAlias' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: \
         ^[a-z0-9]([a-z0-9]|-(?!-)){{1,61}}[a-z0-9]$"
    )))
}

impl Operation for CreateAccountAlias {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreateAccountAlias")
        .needs(&["iam:CreateAccountAlias"])
        .fails(&["EntityAlreadyExists"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_alias(&self.account_alias)
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            &Self::SPEC.action(),
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
        let alias = Some(&self.account_alias);
        if cx
            .cloud
            .accounts
            .values()
            .any(|a| a.alias.as_ref() == alias)
        {
            let message = format!("The account alias {} already exists.", self.account_alias);
            return Err(error("EntityAlreadyExists", 409, message));
        }
        account_mut(cx)?.alias = Some(self.account_alias);
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

impl Operation for DeleteAccountAlias {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeleteAccountAlias")
        .needs(&["iam:DeleteAccountAlias"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_alias(&self.account_alias)
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            &Self::SPEC.action(),
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
        let account = account_mut(cx)?;
        if account.alias.as_ref() != Some(&self.account_alias) {
            return Err(no_such_entity(format!(
                "The account alias {} cannot be found.",
                self.account_alias
            )));
        }
        account.alias = None;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

impl Operation for ListAccountAliases {
    type Output = AliasList;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Iam, "ListAccountAliases").needs(&["iam:ListAccountAliases"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            &Self::SPEC.action(),
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
        Ok(AliasList {
            account_aliases: account(&cx.view())?.alias.iter().cloned().collect(),
            is_truncated: false,
        })
    }
}

/// The quotas that IAM tells beside the counts.
///
/// Source: IAM API Reference, GetAccountSummary; IAM User Guide, "IAM and AWS
/// STS quotas".
const QUOTAS: [(&str, usize); 13] = [
    ("UsersQuota", 5000),
    ("GroupsQuota", 300),
    ("RolesQuota", 1000),
    ("InstanceProfilesQuota", 1000),
    ("PoliciesQuota", 1500),
    ("PolicySizeQuota", 6144),
    ("VersionsPerPolicyQuota", 5),
    ("AccessKeysPerUserQuota", 2),
    ("GroupsPerUserQuota", 10),
    ("AttachedPoliciesPerUserQuota", 10),
    ("AttachedPoliciesPerGroupQuota", 10),
    ("AttachedPoliciesPerRoleQuota", 10),
    ("AssumeRolePolicySizeQuota", 2048),
];

impl Operation for GetAccountSummary {
    type Output = AccountSummary;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Iam, "GetAccountSummary").needs(&["iam:GetAccountSummary"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            &Self::SPEC.action(),
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let own = account(&view)?;
        let versions = own.policies.values().map(|policy| policy.versions.len());
        let of_root = |owner: &Owner| matches!(owner, Owner::Root(id) if *id == own.id);
        let has_root_key = view
            .cloud
            .credentials
            .values()
            .any(|key| of_root(&key.owner));
        let counts = [
            ("Users", own.users.size()),
            ("Groups", own.groups.size()),
            ("Roles", own.roles.size()),
            ("InstanceProfiles", own.instance_profiles.size()),
            ("Policies", own.policies.size()),
            ("PolicyVersionsInUse", versions.sum()),
            ("AccountAccessKeysPresent", usize::from(has_root_key)),
            ("AccountMFAEnabled", 0),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("UserPolicySizeQuota", Kind::User.inline_quota()),
            ("GroupPolicySizeQuota", Kind::Group.inline_quota()),
            ("RolePolicySizeQuota", Kind::Role.inline_quota()),
        ];
        Ok(AccountSummary {
            summary_map: counts.into_iter().chain(QUOTAS).collect(),
        })
    }
}
