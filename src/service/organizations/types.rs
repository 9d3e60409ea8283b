//! Types of policies: enabling and disabling them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::organization::RootInfo;
use super::{change, error, managed, on_node, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{ControlPolicyId, NodeId};
use crate::state::organization::{PolicyType, Tree};

/// A root.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RootAnswer {
    /// The root.
    pub root: RootInfo,
}

fn request(view: &View<'_>, action: &str, root: &NodeId, kind: PolicyType) -> Vec<AccessRequest> {
    let request = on_node(view, action, root);
    vec![request.with("organizations:PolicyType", kind.as_str())]
}

fn check_root(tree: &Tree, root: &NodeId) -> Result<(), ApiError> {
    if tree.root == *root {
        return Ok(());
    }
    Err(error(
        "RootNotFoundException",
        "You specified a root that doesn't exist.",
    )
    .with_detail(format!("The root is {}.", tree.root)))
}

pub(super) fn not_enabled(kind: PolicyType) -> ApiError {
    let text = "This operation can be performed only for enabled policy types.";
    error("PolicyTypeNotEnabledException", text)
        .with_detail(format!("Enable {kind} in the root first."))
}

/// Enables a type of policies in the root. AWS's own policy of this type, which
/// lets everything pass, is attached to the root, every unit and every account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EnablePolicyType {
    /// The root.
    pub root_id: NodeId,
    /// `SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`.
    pub policy_type: PolicyType,
}

impl Operation for EnablePolicyType {
    type Output = RootAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "EnablePolicyType")
        .needs(&["organizations:EnablePolicyType"])
        .fails(&["PolicyTypeAlreadyEnabledException", "RootNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:EnablePolicyType";
        Ok(request(view, action, &self.root_id, self.policy_type))
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        check_root(tree, &self.root_id)?;
        if tree.enabled.contains(&self.policy_type) {
            let text = "The specified policy type is already enabled.";
            return Err(error("PolicyTypeAlreadyEnabledException", text));
        }
        let root = change(cx, |tree| {
            tree.enabled.insert(self.policy_type);
            let full = tree
                .full_access(self.policy_type)
                .map(|policy| policy.id.clone());
            for node in tree.nodes.values_mut() {
                node.attached.extend(full.clone());
            }
            RootInfo::of(tree)
        })?;
        Ok(RootAnswer { root })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Disables a type of policies in the root: its policies stay, but are detached
/// from everything.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DisablePolicyType {
    /// The root.
    pub root_id: NodeId,
    /// `SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`.
    pub policy_type: PolicyType,
}

impl Operation for DisablePolicyType {
    type Output = RootAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "DisablePolicyType")
        .needs(&["organizations:DisablePolicyType"])
        .fails(&["PolicyTypeNotEnabledException", "RootNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:DisablePolicyType";
        Ok(request(view, action, &self.root_id, self.policy_type))
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        check_root(tree, &self.root_id)?;
        if !tree.enabled.contains(&self.policy_type) {
            return Err(not_enabled(self.policy_type));
        }
        let root = change(cx, |tree| {
            tree.enabled.remove(&self.policy_type);
            let of_type = tree
                .policies
                .values()
                .filter(|p| p.kind == self.policy_type);
            let gone: Vec<ControlPolicyId> = of_type.map(|p| p.id.clone()).collect();
            for node in tree.nodes.values_mut() {
                node.attached.retain(|id| !gone.contains(id));
            }
            RootInfo::of(tree)
        })?;
        Ok(RootAnswer { root })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
