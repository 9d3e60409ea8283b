//! The organization's policies: making, changing and reading them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Nothing, change, check_length, constraint, error, managed, on, on_all, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, ControlPolicyId, nearest};
use crate::policy::Policy;
use crate::state::organization::{ControlPolicy, PolicyType, Tree};

/// The longest document, in characters, white space included.
///
/// Source: Organizations User Guide, "Quotas and service limits".
const fn max_size(kind: PolicyType) -> usize {
    match kind {
        PolicyType::ServiceControlPolicy => 10_240,
        PolicyType::ResourceControlPolicy => 5_120,
    }
}

/// How many policies of one type an organization has at most.
const fn max_policies(kind: PolicyType) -> usize {
    match kind {
        PolicyType::ServiceControlPolicy => 10_000,
        PolicyType::ResourceControlPolicy => 1_000,
    }
}

/// A policy without its document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicySummary {
    /// The id, `p-…`.
    pub id: ControlPolicyId,
    /// The ARN.
    pub arn: Arn,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The type.
    pub r#type: PolicyType,
    /// Whether it is AWS's own.
    pub aws_managed: bool,
}

impl PolicySummary {
    pub(super) fn of(tree: &Tree, policy: &ControlPolicy) -> Self {
        Self {
            id: policy.id.clone(),
            arn: tree.policy_arn(policy),
            name: policy.name.clone(),
            description: policy.description.clone(),
            r#type: policy.kind,
            aws_managed: policy.aws_managed,
        }
    }
}

/// A policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyInfo {
    /// All but the document.
    pub policy_summary: PolicySummary,
    /// The document, JSON text.
    pub content: String,
}

/// A policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyAnswer {
    /// The policy.
    pub policy: PolicyInfo,
}

impl PolicyAnswer {
    fn of(tree: &Tree, policy: &ControlPolicy) -> Self {
        Self {
            policy: PolicyInfo {
                policy_summary: PolicySummary::of(tree, policy),
                content: policy.document.text().to_owned(),
            },
        }
    }
}

/// The policy with this id.
pub(super) fn policy<'a>(
    tree: &'a Tree,
    id: &ControlPolicyId,
) -> Result<&'a ControlPolicy, ApiError> {
    tree.policies.get(id).ok_or_else(|| {
        let missing = error(
            "PolicyNotFoundException",
            "You specified a policy that doesn't exist.",
        );
        let known = tree.policies.keys().map(ControlPolicyId::as_str);
        match nearest(id.as_str(), known) {
            Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
            None => missing,
        }
    })
}

/// The policy with this id, which is not AWS's own.
fn own<'a>(tree: &'a Tree, id: &ControlPolicyId) -> Result<&'a ControlPolicy, ApiError> {
    let found = policy(tree, id)?;
    if !found.aws_managed {
        return Ok(found);
    }
    let text = "You specified a policy that is managed by AWS; it can't be changed or deleted.";
    Err(error("InvalidInputException", text)
        .with_detail("The reason is IMMUTABLE_POLICY. Make a policy of your own."))
}

/// Asks for `action` on a policy; its type is a condition key.
pub(super) fn on_policy(view: &View<'_>, action: &str, id: &ControlPolicyId) -> AccessRequest {
    let found = managed(view).ok().and_then(|tree| tree.policies.get(id));
    let kind = found.map(|policy| policy.kind.as_str());
    let arn = |tree: &Tree| {
        Some(match tree.policies.get(id) {
            Some(policy) => tree.policy_arn(policy),
            None => {
                let resource = format!("policy/{}/service_control_policy/{id}", tree.id);
                Arn::of("organizations", "", tree.management.as_str(), &resource)
            }
        })
    };
    on(view, action, arn).with_some("organizations:PolicyType", kind)
}

fn document(kind: PolicyType, text: &str) -> Result<Policy, ApiError> {
    let size = text.chars().count();
    if size > max_size(kind) {
        let text = "You have exceeded the maximum policy content size.";
        return Err(error("ConstraintViolationException", text).with_detail(format!(
            "The constraint is POLICY_CONTENT_LIMIT_EXCEEDED: the document has {size} characters, \
             white space included, and may have {}.",
            max_size(kind)
        )));
    }
    Policy::parse(kind.kind(), text).map_err(|e| ApiError::policy(Service::Organizations, &e))
}

fn check_name(tree: &Tree, name: &str, except: Option<&ControlPolicyId>) -> Result<(), ApiError> {
    let mut others = tree.policies.values().filter(|p| Some(&p.id) != except);
    match others.any(|policy| policy.name == name) {
        false => Ok(()),
        true => Err(error(
            "DuplicatePolicyException",
            "A policy with the same name already exists.",
        )),
    }
}

/// Makes a policy. It binds nobody until it is attached to the root, a unit or
/// an account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreatePolicy {
    /// The document, JSON text.
    pub content: String,
    /// A description, at most 512 characters.
    pub description: String,
    /// The name, 1 to 128 characters.
    pub name: String,
    /// `SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`.
    pub r#type: PolicyType,
}

impl Operation for CreatePolicy {
    type Output = PolicyAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "CreatePolicy")
        .needs(&["organizations:CreatePolicy"])
        .fails(&[
            "DuplicatePolicyException",
            "MalformedPolicyDocumentException",
            "ConstraintViolationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_length("Name", &self.name, 1..=128)?;
        check_length("Description", &self.description, 0..=512)
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = on_all("organizations:CreatePolicy");
        Ok(vec![
            request.with("organizations:PolicyType", self.r#type.as_str()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        check_name(tree, &self.name, None)?;
        let same_type = tree.policies.values().filter(|p| p.kind == self.r#type);
        if same_type.count() >= max_policies(self.r#type) {
            let text = "You have exceeded the allowed number of policies.";
            return Err(constraint("POLICY_NUMBER_LIMIT_EXCEEDED", text));
        }
        let made = ControlPolicy {
            id: ControlPolicyId::fresh(&mut cx.effects.entropy),
            document: document(self.r#type, &self.content)?,
            name: self.name,
            description: self.description,
            kind: self.r#type,
            aws_managed: false,
        };
        change(cx, |tree| {
            let answer = PolicyAnswer::of(tree, &made);
            tree.policies.insert(made.id.clone(), made);
            answer
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Changes the name, the description or the document of a policy; wherever it
/// is attached, the new document holds at once.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdatePolicy {
    /// The policy.
    pub policy_id: ControlPolicyId,
    /// The new name.
    pub name: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new document, JSON text.
    pub content: Option<String>,
}

impl Operation for UpdatePolicy {
    type Output = PolicyAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "UpdatePolicy")
        .needs(&["organizations:UpdatePolicy"])
        .fails(&[
            "PolicyNotFoundException",
            "DuplicatePolicyException",
            "MalformedPolicyDocumentException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_length("Name", self.name.as_deref().unwrap_or("-"), 1..=128)?;
        let description = self.description.as_deref().unwrap_or_default();
        check_length("Description", description, 0..=512)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:UpdatePolicy";
        Ok(vec![on_policy(view, action, &self.policy_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        let present = own(tree, &self.policy_id)?;
        if let Some(name) = &self.name {
            check_name(tree, name, Some(&self.policy_id))?;
        }
        let content = self.content.as_deref();
        let changed = content
            .map(|text| document(present.kind, text))
            .transpose()?;
        let present = present.clone();
        let new = ControlPolicy {
            name: self.name.unwrap_or(present.name),
            description: self.description.unwrap_or(present.description),
            document: changed.unwrap_or(present.document),
            ..present
        };
        change(cx, |tree| {
            let answer = PolicyAnswer::of(tree, &new);
            tree.policies.insert(self.policy_id, new);
            answer
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Shows a policy with its document.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribePolicy {
    /// The policy.
    pub policy_id: ControlPolicyId,
}

impl Operation for DescribePolicy {
    type Output = PolicyAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Organizations, "DescribePolicy")
        .needs(&["organizations:DescribePolicy"])
        .fails(&["PolicyNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:DescribePolicy";
        Ok(vec![on_policy(view, action, &self.policy_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        Ok(PolicyAnswer::of(tree, policy(tree, &self.policy_id)?))
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes a policy that is attached to nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeletePolicy {
    /// The policy.
    pub policy_id: ControlPolicyId,
}

impl Operation for DeletePolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "DeletePolicy")
        .needs(&["organizations:DeletePolicy"])
        .fails(&["PolicyNotFoundException", "PolicyInUseException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:DeletePolicy";
        Ok(vec![on_policy(view, action, &self.policy_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        own(tree, &self.policy_id)?;
        let mut nodes = tree.nodes.values();
        if let Some(node) = nodes.find(|node| node.attached.contains(&self.policy_id)) {
            let text = "The policy is attached to one or more entities.";
            return Err(error("PolicyInUseException", text).with_detail(format!(
                "Detach it first, for instance from {}.",
                node.label()
            )));
        }
        change(cx, |tree| tree.policies.remove(&self.policy_id))?;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Policies {
    /// The policies.
    pub policies: Vec<PolicySummary>,
}

/// Shows all policies of a type, AWS's own included.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListPolicies {
    /// `SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`.
    pub filter: PolicyType,
}

impl Operation for ListPolicies {
    type Output = Policies;

    const SPEC: OperationSpec = OperationSpec::read(Service::Organizations, "ListPolicies")
        .needs(&["organizations:ListPolicies"])
        .fails(&["AWSOrganizationsNotInUseException"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = on_all("organizations:ListPolicies");
        Ok(vec![
            request.with("organizations:PolicyType", self.filter.as_str()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        let of_type = tree.policies.values().filter(|p| p.kind == self.filter);
        let policies = of_type
            .map(|policy| PolicySummary::of(tree, policy))
            .collect();
        Ok(Policies { policies })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
