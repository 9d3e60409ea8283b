//! The organization itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{error, managed, on, on_all, organization, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn, NodeId, OrganizationId};
use crate::state::organization::{NodeKind, Organization, PolicyType, Tree};

/// A type of policies, and whether it is enabled.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyTypeSummary {
    /// The type.
    pub r#type: PolicyType,
    /// `ENABLED`.
    pub status: &'static str,
}

impl PolicyTypeSummary {
    fn enabled(kind: PolicyType) -> Self {
        Self {
            r#type: kind,
            status: "ENABLED",
        }
    }
}

/// An organization.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationInfo {
    /// The id.
    pub id: OrganizationId,
    /// The ARN.
    pub arn: Arn,
    /// `ALL`.
    pub feature_set: &'static str,
    /// The ARN of the management account.
    pub master_account_arn: Arn,
    /// The management account.
    pub master_account_id: AccountId,
    /// The e-mail address of its root user.
    pub master_account_email: String,
    /// The types of policies that the organization can use.
    pub available_policy_types: Vec<PolicyTypeSummary>,
}

/// An organization.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationAnswer {
    /// The organization.
    pub organization: OrganizationInfo,
}

impl OrganizationAnswer {
    fn of(tree: &Tree) -> Self {
        let management = NodeId::from(&tree.management);
        let email = match tree.nodes.get(&management).map(|node| &node.kind) {
            Some(NodeKind::Account { email, .. }) => email.clone(),
            _ => String::new(),
        };
        Self {
            organization: OrganizationInfo {
                id: tree.id.clone(),
                arn: tree.own_arn(),
                feature_set: "ALL",
                master_account_arn: tree.node_arn(&management),
                master_account_id: tree.management.clone(),
                master_account_email: email,
                // AWS shows the one type here, whatever the root has enabled.
                available_policy_types: vec![PolicyTypeSummary::enabled(
                    PolicyType::ServiceControlPolicy,
                )],
            },
        }
    }
}

/// What the organization can do: the lab has `ALL` only.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub enum FeatureSet {
    /// All features, policies included.
    #[default]
    #[serde(rename = "ALL")]
    All,
}

/// Makes an organization, which the caller's account manages. Service control
/// policies are enabled in it from the start; resource control policies are
/// not.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateOrganization {
    /// `ALL`, the default.
    #[serde(default)]
    pub feature_set: FeatureSet,
}

impl Operation for CreateOrganization {
    type Output = OrganizationAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "CreateOrganization")
        .needs(&["organizations:CreateOrganization"])
        .fails(&["AlreadyInOrganizationException"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_all("organizations:CreateOrganization")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let account = cx.caller.account.clone();
        if cx.cloud.organization_of(&account).is_some() {
            return Err(error(
                "AlreadyInOrganizationException",
                "The AWS account is already a member of an organization.",
            ));
        }
        let entropy = &mut cx.effects.entropy;
        let id = OrganizationId::fresh(entropy);
        let root = NodeId::fresh_root(entropy);
        let email = format!("root+{account}@example.com");
        let made = Organization::new(id.clone(), root, &account, email, cx.now())
            .map_err(|e| error("ServiceException", e.to_string()))?;
        let answer = OrganizationAnswer::of(made.tree());
        cx.cloud.organizations.insert_mut(id.clone(), made);
        cx.cloud.memberships.insert_mut(account, id);
        Ok(answer)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Shows the organization that the caller's account belongs to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeOrganization {}

impl Operation for DescribeOrganization {
    type Output = OrganizationAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Organizations, "DescribeOrganization")
        .needs(&["organizations:DescribeOrganization"])
        .fails(&["AWSOrganizationsNotInUseException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:DescribeOrganization";
        Ok(vec![on(view, action, |tree| Some(tree.own_arn()))])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        Ok(OrganizationAnswer::of(organization(&cx.view())?.tree()))
    }
}

/// A root.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RootInfo {
    /// The id.
    pub id: NodeId,
    /// The ARN.
    pub arn: Arn,
    /// The name.
    pub name: String,
    /// The types of policies that are enabled.
    pub policy_types: Vec<PolicyTypeSummary>,
}

impl RootInfo {
    pub(super) fn of(tree: &Tree) -> Self {
        let enabled = tree.enabled.iter();
        Self {
            id: tree.root.clone(),
            arn: tree.node_arn(&tree.root),
            name: "Root".to_owned(),
            policy_types: enabled
                .map(|kind| PolicyTypeSummary::enabled(*kind))
                .collect(),
        }
    }
}

/// The roots; there is one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Roots {
    /// The roots.
    pub roots: Vec<RootInfo>,
}

/// Shows the root of the organization with the types of policies enabled in it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRoots {}

impl Operation for ListRoots {
    type Output = Roots;

    const SPEC: OperationSpec = OperationSpec::read(Service::Organizations, "ListRoots")
        .needs(&["organizations:ListRoots"])
        .fails(&["AWSOrganizationsNotInUseException"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_all("organizations:ListRoots")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let roots = vec![RootInfo::of(managed(&cx.view())?)];
        Ok(Roots { roots })
    }
}
