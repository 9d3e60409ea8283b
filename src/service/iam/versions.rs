//! Versions of managed policies.
//!
//! Source: IAM User Guide, "Versioning IAM policies".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::managed::{customer, customer_mut, on_policy};
use super::{
    Nothing, delete_conflict, document, event_value, limit_exceeded, names, no_such_entity,
    recorded, validation,
};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::state::aws_managed;
use crate::state::iam::{ManagedPolicy, PolicyVersion};

/// How many versions a policy may have.
const MAX_VERSIONS: usize = 5;

/// A version of a managed policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VersionInfo {
    /// The policy, as JSON text; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Such as `v1`.
    pub version_id: String,
    /// Whether it is the version in force.
    pub is_default_version: bool,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_date: Option<Timestamp>,
}

impl VersionInfo {
    fn of(policy: &ManagedPolicy, number: u32, version: &PolicyVersion) -> Self {
        Self {
            document: None,
            version_id: format!("v{number}"),
            is_default_version: policy.default_version == number,
            create_date: Some(version.created),
        }
    }

    /// The same with the document.
    pub(super) fn with_document(
        policy: &ManagedPolicy,
        number: u32,
        version: &PolicyVersion,
    ) -> Self {
        Self {
            document: Some(version.document.text().to_owned()),
            ..Self::of(policy, number, version)
        }
    }

    /// The one version that a policy of AWS's own has here.
    pub(super) fn only(document: Option<String>) -> Self {
        Self {
            document,
            version_id: "v1".to_owned(),
            is_default_version: true,
            create_date: None,
        }
    }
}

/// A version of a managed policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VersionAnswer {
    /// The version.
    pub policy_version: VersionInfo,
}

/// Reads a version id such as `v1`.
fn number(version_id: &str) -> Result<u32, ApiError> {
    version_id
        .strip_prefix('v')
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| {
            validation(format!(
                "1 validation error detected: Value '{version_id}' at 'versionId' failed to \
                 satisfy constraint: Member must satisfy regular expression pattern: \
                 v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"
            ))
        })
}

fn missing(arn: &str, version_id: &str) -> ApiError {
    no_such_entity(format!(
        "Policy {arn} version {version_id} does not exist or is not attachable."
    ))
}

/// Makes a new version of a managed policy, which then has at most five.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreatePolicyVersion {
    /// The policy's ARN.
    pub policy_arn: String,
    /// The policy, as JSON text of at most 6,144 characters without white space.
    pub policy_document: String,
    /// Whether to put the new version in force.
    #[serde(default)]
    pub set_as_default: bool,
}

impl Operation for CreatePolicyVersion {
    type Output = VersionAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreatePolicyVersion")
        .needs(&["iam:CreatePolicyVersion"])
        .fails(&["NoSuchEntity", "MalformedPolicyDocument", "LimitExceeded"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:CreatePolicyVersion")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let arn = names::policy_arn(&self.policy_arn)?;
        let version = PolicyVersion {
            document: document::managed(&self.policy_document)?,
            created: cx.now(),
        };
        let policy = customer_mut(cx, &arn)?;
        if policy.versions.len() >= MAX_VERSIONS {
            return Err(limit_exceeded(
                "A managed policy can have up to 5 versions. Before you create a new version, you \
                 must delete an existing version.",
            ));
        }
        let number = policy.next_version;
        policy.next_version += 1;
        if self.set_as_default {
            policy.default_version = number;
        }
        let policy_version = VersionInfo::of(policy, number, &version);
        policy.versions.insert(number, version);
        Ok(VersionAnswer { policy_version })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Shows one version of a managed policy with its document.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetPolicyVersion {
    /// The policy's ARN, the customer's own or AWS's.
    pub policy_arn: String,
    /// The version, such as `v1`.
    pub version_id: String,
}

impl Operation for GetPolicyVersion {
    type Output = VersionAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetPolicyVersion")
        .needs(&["iam:GetPolicyVersion"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        number(&self.version_id).map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:GetPolicyVersion")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let arn = names::policy_arn(&self.policy_arn)?;
        let number = number(&self.version_id)?;
        let absent = || missing(&self.policy_arn, &self.version_id);
        let policy_version = match aws_managed::policy(&arn) {
            Some(policy) if number == 1 => VersionInfo::only(Some(policy.text().to_owned())),
            Some(_) => return Err(absent()),
            None => {
                let view = cx.view();
                let policy = customer(&view, &arn)?;
                let version = policy.versions.get(&number).ok_or_else(absent)?;
                VersionInfo::with_document(policy, number, version)
            }
        };
        Ok(VersionAnswer { policy_version })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Lists the versions of a customer managed policy.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListPolicyVersions {
    /// The policy's ARN.
    pub policy_arn: String,
}

/// Versions of a managed policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VersionList {
    /// The versions, newest first.
    pub versions: Vec<VersionInfo>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for ListPolicyVersions {
    type Output = VersionList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "ListPolicyVersions")
        .needs(&["iam:ListPolicyVersions"])
        .fails(&["NoSuchEntity"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:ListPolicyVersions")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let arn = names::policy_arn(&self.policy_arn)?;
        if aws_managed::policy(&arn).is_some() {
            return Ok(VersionList {
                versions: vec![VersionInfo::only(None)],
                is_truncated: false,
            });
        }
        let view = cx.view();
        let policy = customer(&view, &arn)?;
        let newest_first = policy.versions.iter().rev();
        let versions = newest_first
            .map(|(number, v)| VersionInfo::of(policy, *number, v))
            .collect();
        Ok(VersionList {
            versions,
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Puts a version of a managed policy in force, wherever the policy is attached.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SetDefaultPolicyVersion {
    /// The policy's ARN.
    pub policy_arn: String,
    /// The version, such as `v1`.
    pub version_id: String,
}

impl Operation for SetDefaultPolicyVersion {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "SetDefaultPolicyVersion")
        .needs(&["iam:SetDefaultPolicyVersion"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        number(&self.version_id).map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:SetDefaultPolicyVersion")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (arn, number) = (
            names::policy_arn(&self.policy_arn)?,
            number(&self.version_id)?,
        );
        let policy = customer_mut(cx, &arn)?;
        if !policy.versions.contains_key(&number) {
            return Err(missing(&self.policy_arn, &self.version_id));
        }
        policy.default_version = number;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes a version of a managed policy that is not the one in force. Its
/// number is not used again.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeletePolicyVersion {
    /// The policy's ARN.
    pub policy_arn: String,
    /// The version, such as `v1`.
    pub version_id: String,
}

impl Operation for DeletePolicyVersion {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeletePolicyVersion")
        .needs(&["iam:DeletePolicyVersion"])
        .fails(&["NoSuchEntity", "DeleteConflict"]);

    fn validate(&self) -> Result<(), ApiError> {
        number(&self.version_id).map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_policy(view, &self.policy_arn, "iam:DeletePolicyVersion")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (arn, number) = (
            names::policy_arn(&self.policy_arn)?,
            number(&self.version_id)?,
        );
        let policy = customer_mut(cx, &arn)?;
        if policy.default_version == number {
            return Err(delete_conflict(
                "Cannot delete the default version of a policy.",
            ));
        }
        let removed = policy.versions.remove(&number);
        removed
            .map(|_| Nothing {})
            .ok_or_else(|| missing(&self.policy_arn, &self.version_id))
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
