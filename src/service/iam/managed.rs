//! Managed policies: the customer's own, and AWS's to be read and attached.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Nothing, account, account_mut, delete_conflict, document, error, event_value, names,
    no_such_entity, recorded,
};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp, UniqueId};
use crate::state::aws_managed;
use crate::state::iam::{Account, Entity, ManagedPolicy, PolicyVersion, folded};

/// A managed policy without its document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyInfo {
    /// The name.
    pub policy_name: String,
    /// The unique id; AWS's own policies show none here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_id: Option<UniqueId>,
    /// The ARN.
    pub arn: Arn,
    /// The path.
    pub path: String,
    /// The version that is in force, such as `v1`.
    pub default_version_id: String,
    /// How many users, groups and roles it is attached to.
    pub attachment_count: usize,
    /// How many users and roles it bounds.
    pub permissions_boundary_usage_count: usize,
    /// Whether it can be attached.
    pub is_attachable: bool,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_date: Option<Timestamp>,
    /// When its newest version was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_date: Option<Timestamp>,
}

impl PolicyInfo {
    pub(super) fn of(account: &Account, policy: &ManagedPolicy) -> Self {
        Self {
            policy_name: policy.name.clone(),
            policy_id: Some(policy.id.clone()),
            path: policy.path.clone(),
            default_version_id: format!("v{}", policy.default_version),
            description: policy.description.clone(),
            create_date: Some(policy.created),
            update_date: policy.versions.values().map(|v| v.created).max(),
            ..Self::aws(account, &policy.arn)
        }
    }

    pub(super) fn aws(account: &Account, arn: &Arn) -> Self {
        let name = arn.base_name();
        let path = arn
            .resource()
            .strip_prefix("policy")
            .and_then(|r| r.strip_suffix(name));
        Self {
            policy_name: name.to_owned(),
            policy_id: None,
            path: path.unwrap_or("/").to_owned(),
            default_version_id: "v1".to_owned(),
            attachment_count: entities(account)
                .filter(|e| e.attached.contains(arn))
                .count(),
            permissions_boundary_usage_count: entities(account)
                .filter(|e| e.boundary.as_ref() == Some(arn))
                .count(),
            is_attachable: true,
            description: None,
            create_date: None,
            update_date: None,
            arn: arn.clone(),
        }
    }
}

/// The users, groups and roles of the account.
pub(super) fn entities(account: &Account) -> impl Iterator<Item = &Entity> {
    let users = account.users.values().map(|u| &u.entity);
    let groups = account.groups.values().map(|g| &g.entity);
    users
        .chain(groups)
        .chain(account.roles.values().map(|r| &r.entity))
}

/// The customer managed policy with this ARN.
///
/// # Errors
/// `NoSuchEntity` 404.
pub(super) fn customer<'a>(view: &View<'a>, arn: &Arn) -> Result<&'a ManagedPolicy, ApiError> {
    let policies = &account(view)?.policies;
    policies
        .get(&folded(arn.base_name()))
        .filter(|policy| policy.arn == *arn)
        .ok_or_else(|| {
            let missing = no_such_entity(format!("Policy {arn} was not found."));
            match crate::base::nearest(arn.base_name(), policies.values().map(|p| p.name.as_str()))
            {
                Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
                None => missing,
            }
        })
}

/// The customer managed policy with this ARN, to be changed.
///
/// # Errors
/// `NoSuchEntity` 404, also for a policy of AWS's own.
pub(super) fn customer_mut<'a>(
    cx: &'a mut Context<'_>,
    arn: &Arn,
) -> Result<&'a mut ManagedPolicy, ApiError> {
    customer(&cx.view(), arn)?;
    account_mut(cx)?
        .policies
        .get_mut(&folded(arn.base_name()))
        .ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

/// Whether the policy can be attached by the caller, or serve as a boundary.
///
/// # Errors
/// `NoSuchEntity` 404.
pub(super) fn check_attachable(view: &View<'_>, arn: &Arn) -> Result<(), ApiError> {
    if customer(view, arn).is_ok() || aws_managed::policy(arn).is_some() {
        return Ok(());
    }
    let missing = no_such_entity(format!("Policy {arn} does not exist or is not attachable."));
    let own = account(view)?.policies.values().map(|p| p.name.as_str());
    let aws = aws_managed::names().iter().map(String::as_str);
    let near = match arn.account() {
        "aws" => crate::base::nearest(arn.base_name(), aws),
        _ => crate::base::nearest(arn.base_name(), own),
    };
    Err(match near {
        Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
        None => missing,
    })
}

/// Asks for `action` on a managed policy, which need not exist.
pub(super) fn on_policy(
    view: &View<'_>,
    arn: &str,
    action: &str,
) -> Result<Vec<AccessRequest>, ApiError> {
    let arn = names::policy_arn(arn)?;
    Ok(vec![AccessRequest::new(
        action,
        Target::plain(&arn, &view.caller.account),
    )])
}

/// Makes a managed policy, which can be attached to users, groups and roles
/// and can be a permissions boundary.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreatePolicy {
    /// The name, unique in the account ignoring case.
    pub policy_name: String,
    /// The policy, as JSON text of at most 6,144 characters without white space.
    pub policy_document: String,
    /// The path, `/` by default.
    pub path: Option<String>,
    /// A description.
    pub description: Option<String>,
}

/// A managed policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyAnswer {
    /// The policy.
    pub policy: PolicyInfo,
}

impl CreatePolicy {
    fn arn(&self, view: &View<'_>) -> Arn {
        let path = self.path.as_deref().unwrap_or("/");
        let resource = format!("policy{path}{}", self.policy_name);
        Arn::of("iam", "", view.caller.account.as_str(), &resource)
    }
}

impl Operation for CreatePolicy {
    type Output = PolicyAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreatePolicy")
        .needs(&["iam:CreatePolicy"])
        .fails(&[
            "EntityAlreadyExists",
            "MalformedPolicyDocument",
            "LimitExceeded",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        names::policy(&self.policy_name)?;
        names::path(self.path.as_deref())?;
        names::description(self.description.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::plain(&self.arn(view), &view.caller.account);
        Ok(vec![AccessRequest::new("iam:CreatePolicy", target)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let document = document::managed(&self.policy_document)?;
        let (arn, key) = (self.arn(&cx.view()), folded(&self.policy_name));
        if account(&cx.view())?.policies.contains_key(&key) {
            return Err(error(
                "EntityAlreadyExists",
                409,
                format!(
                    "A policy called {} already exists. Duplicate names are not allowed.",
                    self.policy_name
                ),
            ));
        }
        let created = cx.now();
        let policy = ManagedPolicy {
            name: self.policy_name,
            path: self.path.unwrap_or_else(|| "/".to_owned()),
            arn,
            id: UniqueId::fresh("ANPA", &mut cx.effects.entropy),
            created,
            default_version: 1,
            next_version: 2,
            versions: BTreeMap::from([(1, PolicyVersion { document, created })]),
            description: self.description,
        };
        let account = account_mut(cx)?;
        let info = PolicyInfo::of(account, &policy);
        account.policies.insert_mut(key, policy);
        Ok(PolicyAnswer { policy: info })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Describes a managed policy, the customer's own or AWS's; for its document
/// see `GetPolicyVersion`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetPolicy {
    /// The policy's ARN.
    pub policy_arn: String,
}

impl Operation for GetPolicy {
    type Output = PolicyAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetPolicy")
        .needs(&["iam:GetPolicy"])
        .fails(&["NoSuchEntity"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:GetPolicy")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (view, arn) = (cx.view(), names::policy_arn(&self.policy_arn)?);
        let account = account(&view)?;
        let policy = match aws_managed::policy(&arn) {
            Some(_) => PolicyInfo::aws(account, &arn),
            None => PolicyInfo::of(account, customer(&view, &arn)?),
        };
        Ok(PolicyAnswer { policy })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes a managed policy. It must be detached from everything first, and
/// have no version but the default one.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeletePolicy {
    /// The policy's ARN.
    pub policy_arn: String,
}

impl Operation for DeletePolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeletePolicy")
        .needs(&["iam:DeletePolicy"])
        .fails(&["NoSuchEntity", "DeleteConflict"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:DeletePolicy")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let arn = names::policy_arn(&self.policy_arn)?;
        let view = cx.view();
        let policy = customer(&view, &arn)?;
        let info = PolicyInfo::of(account(&view)?, policy);
        if info.attachment_count + info.permissions_boundary_usage_count > 0 {
            return Err(delete_conflict(
                "Cannot delete a policy attached to entities.",
            ));
        }
        if policy.versions.len() > 1 {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must \
                 delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        account_mut(cx)?
            .policies
            .remove_mut(&folded(arn.base_name()));
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Whose managed policies are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// The customer's and AWS's.
    #[default]
    All,
    /// AWS's.
    #[serde(rename = "AWS")]
    Aws,
    /// The customer's.
    Local,
}

/// Lists managed policies.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListPolicies {
    /// `All` (default), `AWS` or `Local`.
    pub scope: Scope,
    /// Whether to list only policies that are attached to something.
    pub only_attached: bool,
    /// Only policies whose path begins so.
    pub path_prefix: Option<String>,
}

/// Managed policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyList {
    /// The policies, the customer's first.
    pub policies: Vec<PolicyInfo>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for ListPolicies {
    type Output = PolicyList;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Iam, "ListPolicies").needs(&["iam:ListPolicies"]);

    fn validate(&self) -> Result<(), ApiError> {
        names::path(self.path_prefix.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let path = self.path_prefix.as_deref().unwrap_or("/");
        let target = Target {
            resource: format!("policy path {path}"),
            owner: Some(view.caller.account.clone()),
            ..Target::any()
        };
        Ok(vec![AccessRequest::new("iam:ListPolicies", target)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let account = account(&view)?;
        let mut policies: Vec<PolicyInfo> = Vec::new();
        if self.scope != Scope::Aws {
            policies.extend(
                account
                    .policies
                    .values()
                    .map(|p| PolicyInfo::of(account, p)),
            );
        }
        if self.scope != Scope::Local {
            let aws = aws_managed::names().iter();
            policies.extend(aws.map(|name| {
                PolicyInfo::aws(
                    account,
                    &Arn::of("iam", "", "aws", &format!("policy/{name}")),
                )
            }));
        }
        let prefix = self.path_prefix.unwrap_or_else(|| "/".to_owned());
        policies.retain(|p| {
            p.path.starts_with(&prefix) && (!self.only_attached || p.attachment_count > 0)
        });
        Ok(PolicyList {
            policies,
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
