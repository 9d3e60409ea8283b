//! Organizational units, and what lies in what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::{AccountInfo, Accounts};
use super::{change, constraint, error, managed, no_parent, on_node, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, NodeId};
use crate::state::organization::{Node, NodeKind, Tree};

/// How deep units may lie below the root.
///
/// Source: Organizations User Guide, "Quotas and service limits".
const MAX_DEPTH: usize = 5;
/// How many units an organization has at most.
const MAX_UNITS: usize = 2000;

/// The root or unit with this id.
fn parent<'a>(tree: &'a Tree, id: &NodeId) -> Result<&'a Node, ApiError> {
    let found = tree
        .nodes
        .get(id)
        .filter(|node| node.id.account().is_none());
    found.ok_or_else(no_parent)
}

/// An organizational unit.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UnitInfo {
    /// The id.
    pub id: NodeId,
    /// The ARN.
    pub arn: Arn,
    /// The name.
    pub name: String,
    /// Where it lies: `o-…/r-…/ou-…/`, itself included.
    pub path: String,
}

impl UnitInfo {
    fn of(tree: &Tree, node: &Node) -> Self {
        Self {
            id: node.id.clone(),
            arn: tree.node_arn(&node.id),
            name: node.name.clone(),
            path: tree.path_to(&node.id),
        }
    }
}

/// An organizational unit.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UnitAnswer {
    /// The unit.
    pub organizational_unit: UnitInfo,
}

/// Makes an organizational unit in the root or in another unit, at most five
/// deep. AWS's own policies of the enabled types are attached to it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateOrganizationalUnit {
    /// What it lies in: the root or a unit.
    pub parent_id: NodeId,
    /// The name, 1 to 128 characters; no two in one parent have the same.
    pub name: String,
}

impl CreateOrganizationalUnit {
    fn check(&self, tree: &Tree) -> Result<(), ApiError> {
        parent(tree, &self.parent_id)?;
        let is_unit = |node: &&Node| matches!(node.kind, NodeKind::Unit);
        let mut siblings = tree.children(&self.parent_id).filter(is_unit);
        if siblings.any(|unit| unit.name == self.name) {
            let text = "An OU with the same name already exists.";
            return Err(error("DuplicateOrganizationalUnitException", text));
        }
        // The way to the parent holds the root, which is no unit.
        if tree.way_to(&self.parent_id).len() > MAX_DEPTH {
            let text = "You have exceeded the allowed OU depth.";
            return Err(constraint("OU_DEPTH_LIMIT_EXCEEDED", text));
        }
        if tree.nodes.values().filter(is_unit).count() >= MAX_UNITS {
            let text = "You have exceeded the allowed number of OUs.";
            return Err(constraint("OU_NUMBER_LIMIT_EXCEEDED", text));
        }
        Ok(())
    }
}

impl Operation for CreateOrganizationalUnit {
    type Output = UnitAnswer;

    const SPEC: OperationSpec =
        OperationSpec::write(Service::Organizations, "CreateOrganizationalUnit")
            .needs(&["organizations:CreateOrganizationalUnit"])
            .fails(&[
                "ParentNotFoundException",
                "DuplicateOrganizationalUnitException",
                "ConstraintViolationException",
            ]);

    fn validate(&self) -> Result<(), ApiError> {
        super::check_length("Name", &self.name, 1..=128)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:CreateOrganizationalUnit";
        Ok(vec![on_node(view, action, &self.parent_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        self.check(tree)?;
        let root = tree.root.clone();
        let id = NodeId::fresh_unit(&root, &mut cx.effects.entropy);
        change(cx, |tree| {
            let unit = Node {
                id: id.clone(),
                parent: Some(self.parent_id),
                name: self.name,
                kind: NodeKind::Unit,
                attached: tree.first_policies(),
            };
            tree.nodes.insert(id.clone(), unit);
        })?;
        let view = cx.view();
        let tree = managed(&view)?;
        let organizational_unit = UnitInfo::of(tree, parent(tree, &id)?);
        Ok(UnitAnswer {
            organizational_unit,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Organizational units.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Units {
    /// The units.
    pub organizational_units: Vec<UnitInfo>,
}

/// Shows the organizational units directly in the root or in a unit.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListOrganizationalUnitsForParent {
    /// The root or the unit.
    pub parent_id: NodeId,
}

impl Operation for ListOrganizationalUnitsForParent {
    type Output = Units;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Organizations, "ListOrganizationalUnitsForParent")
            .needs(&["organizations:ListOrganizationalUnitsForParent"])
            .fails(&["ParentNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:ListOrganizationalUnitsForParent";
        Ok(vec![on_node(view, action, &self.parent_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        parent(tree, &self.parent_id)?;
        let units = tree.children(&self.parent_id);
        let organizational_units = units
            .filter(|node| matches!(node.kind, NodeKind::Unit))
            .map(|node| UnitInfo::of(tree, node))
            .collect();
        Ok(Units {
            organizational_units,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Shows the accounts directly in the root or in a unit.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListAccountsForParent {
    /// The root or the unit.
    pub parent_id: NodeId,
}

impl Operation for ListAccountsForParent {
    type Output = Accounts;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Organizations, "ListAccountsForParent")
            .needs(&["organizations:ListAccountsForParent"])
            .fails(&["ParentNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:ListAccountsForParent";
        Ok(vec![on_node(view, action, &self.parent_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        parent(tree, &self.parent_id)?;
        let nodes = tree.children(&self.parent_id);
        let accounts = nodes
            .filter_map(|node| AccountInfo::of(tree, node))
            .collect();
        Ok(Accounts { accounts })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// What something lies in.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ParentInfo {
    /// The id.
    pub id: NodeId,
    /// `ROOT` or `ORGANIZATIONAL_UNIT`.
    pub r#type: &'static str,
}

/// What something lies in; there is one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Parents {
    /// The parents.
    pub parents: Vec<ParentInfo>,
}

/// Shows what an account or an organizational unit lies in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListParents {
    /// The account or the unit.
    pub child_id: NodeId,
}

impl Operation for ListParents {
    type Output = Parents;

    const SPEC: OperationSpec = OperationSpec::read(Service::Organizations, "ListParents")
        .needs(&["organizations:ListParents"])
        .fails(&["ChildNotFoundException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:ListParents";
        Ok(vec![on_node(view, action, &self.child_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        let parent = tree
            .nodes
            .get(&self.child_id)
            .and_then(|node| node.parent.clone());
        let id = parent.ok_or_else(|| {
            error(
                "ChildNotFoundException",
                "You specified a child that doesn't exist.",
            )
        })?;
        let r#type = match id == tree.root {
            true => "ROOT",
            false => "ORGANIZATIONAL_UNIT",
        };
        let parents = vec![ParentInfo { id, r#type }];
        Ok(Parents { parents })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
