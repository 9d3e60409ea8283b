//! Attaching policies to the root, to units and to accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policies::{Policies, PolicySummary, on_policy, policy};
use super::types::not_enabled;
use super::{Nothing, change, constraint, error, managed, no_target, on_node, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, ControlPolicyId, NodeId};
use crate::state::organization::{Node, NodeKind, PolicyType, Tree};

/// How many policies of one type may be attached to one target, AWS's own included.
///
/// Source: Organizations User Guide, "Quotas and service limits".
const MAX_ATTACHED: usize = 5;

fn target<'a>(tree: &'a Tree, id: &NodeId) -> Result<&'a Node, ApiError> {
    tree.nodes.get(id).ok_or_else(no_target)
}

/// Both the policy and the target are asked for.
fn on_both(
    view: &View<'_>,
    action: &str,
    id: &ControlPolicyId,
    target: &NodeId,
) -> Vec<AccessRequest> {
    let of_policy = on_policy(view, action, id);
    if managed(view).is_err() {
        return vec![of_policy];
    }
    let kind = managed(view).ok().and_then(|tree| tree.policies.get(id));
    let of_target = on_node(view, action, target)
        .with_some("organizations:PolicyType", kind.map(|p| p.kind.as_str()));
    vec![of_policy, of_target]
}

/// Attaches a policy to the root, a unit or an account: it binds every account
/// below, but never the management account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AttachPolicy {
    /// The policy.
    pub policy_id: ControlPolicyId,
    /// The root, the unit or the account.
    pub target_id: NodeId,
}

impl AttachPolicy {
    fn check(&self, tree: &Tree) -> Result<(), ApiError> {
        let policy = policy(tree, &self.policy_id)?;
        let target = target(tree, &self.target_id)?;
        if !tree.enabled.contains(&policy.kind) {
            return Err(not_enabled(policy.kind));
        }
        if target.attached.contains(&policy.id) {
            return Err(error(
                "DuplicatePolicyAttachmentException",
                "A policy with the specified name and type already attached to the target.",
            ));
        }
        if tree.attached(target, policy.kind).count() >= MAX_ATTACHED {
            let text = "You have exceeded the number of policies of this type that can be \
                        attached to the specified target.";
            return Err(constraint(
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                text,
            ));
        }
        Ok(())
    }
}

impl Operation for AttachPolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "AttachPolicy")
        .needs(&["organizations:AttachPolicy"])
        .fails(&[
            "PolicyNotFoundException",
            "TargetNotFoundException",
            "PolicyTypeNotEnabledException",
            "DuplicatePolicyAttachmentException",
            "ConstraintViolationException",
        ]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:AttachPolicy";
        Ok(on_both(view, action, &self.policy_id, &self.target_id))
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        self.check(managed(&cx.view())?)?;
        change(cx, |tree| {
            if let Some(node) = tree.nodes.get_mut(&self.target_id) {
                node.attached.push(self.policy_id);
            }
        })?;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Detaches a policy. The last policy of a type stays, and so does
/// `RCPFullAWSAccess`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DetachPolicy {
    /// The policy.
    pub policy_id: ControlPolicyId,
    /// The root, the unit or the account.
    pub target_id: NodeId,
}

impl DetachPolicy {
    fn check(&self, tree: &Tree) -> Result<(), ApiError> {
        let policy = policy(tree, &self.policy_id)?;
        let target = target(tree, &self.target_id)?;
        if !target.attached.contains(&policy.id) {
            let text = "The policy isn't attached to the specified target.";
            return Err(error("PolicyNotAttachedException", text));
        }
        if policy.aws_managed && policy.kind == PolicyType::ResourceControlPolicy {
            let text = "You cannot detach RCPFullAWSAccess from the specified target.";
            return Err(constraint(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                text,
            ));
        }
        if tree.attached(target, policy.kind).count() <= 1 {
            let text = "You cannot remove the last policy attached to the specified target. You \
                        must have at least one attached at all times.";
            return Err(constraint(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                text,
            ));
        }
        Ok(())
    }
}

impl Operation for DetachPolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "DetachPolicy")
        .needs(&["organizations:DetachPolicy"])
        .fails(&[
            "PolicyNotFoundException",
            "TargetNotFoundException",
            "PolicyNotAttachedException",
            "ConstraintViolationException",
        ]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:DetachPolicy";
        Ok(on_both(view, action, &self.policy_id, &self.target_id))
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        self.check(managed(&cx.view())?)?;
        change(cx, |tree| {
            if let Some(node) = tree.nodes.get_mut(&self.target_id) {
                node.attached.retain(|id| *id != self.policy_id);
            }
        })?;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Shows the policies of a type that are attached to the root, a unit or an
/// account itself; not those that it inherits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListPoliciesForTarget {
    /// The root, the unit or the account.
    pub target_id: NodeId,
    /// `SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`.
    pub filter: PolicyType,
}

impl Operation for ListPoliciesForTarget {
    type Output = Policies;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Organizations, "ListPoliciesForTarget")
            .needs(&["organizations:ListPoliciesForTarget"])
            .fails(&["TargetNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:ListPoliciesForTarget";
        let request = on_node(view, action, &self.target_id);
        Ok(vec![
            request.with("organizations:PolicyType", self.filter.as_str()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        let attached = tree.attached(target(tree, &self.target_id)?, self.filter);
        let policies = attached
            .map(|policy| PolicySummary::of(tree, policy))
            .collect();
        Ok(Policies { policies })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// What a policy is attached to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TargetSummary {
    /// The id.
    pub target_id: NodeId,
    /// The ARN.
    pub arn: Arn,
    /// The name.
    pub name: String,
    /// `ROOT`, `ORGANIZATIONAL_UNIT` or `ACCOUNT`.
    pub r#type: &'static str,
}

/// What a policy is attached to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Targets {
    /// The targets.
    pub targets: Vec<TargetSummary>,
}

/// Shows what a policy is attached to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListTargetsForPolicy {
    /// The policy.
    pub policy_id: ControlPolicyId,
}

impl Operation for ListTargetsForPolicy {
    type Output = Targets;

    const SPEC: OperationSpec = OperationSpec::read(Service::Organizations, "ListTargetsForPolicy")
        .needs(&["organizations:ListTargetsForPolicy"])
        .fails(&["PolicyNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:ListTargetsForPolicy";
        Ok(vec![on_policy(view, action, &self.policy_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        policy(tree, &self.policy_id)?;
        let attached = tree
            .nodes
            .values()
            .filter(|node| node.attached.contains(&self.policy_id));
        let summary = |node: &Node| TargetSummary {
            target_id: node.id.clone(),
            arn: tree.node_arn(&node.id),
            name: node.name.clone(),
            r#type: match node.kind {
                NodeKind::Root => "ROOT",
                NodeKind::Unit => "ORGANIZATIONAL_UNIT",
                NodeKind::Account { .. } => "ACCOUNT",
            },
        };
        let targets = attached.map(summary).collect();
        Ok(Targets { targets })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
