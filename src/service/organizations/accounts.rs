//! Accounts of the organization.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Nothing, change, error, managed, on, on_all, on_node, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn, NodeId, Timestamp};
use crate::state::organization::{Node, NodeKind, Tree};

/// An account of the organization.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccountInfo {
    /// The number.
    pub id: AccountId,
    /// The ARN.
    pub arn: Arn,
    /// The e-mail address of its root user.
    pub email: String,
    /// The name.
    pub name: String,
    /// `ACTIVE`.
    pub status: &'static str,
    /// How it became a member: `CREATED`, or `INVITED` for the management account.
    pub joined_method: &'static str,
    /// When it became a member.
    pub joined_timestamp: Timestamp,
}

impl AccountInfo {
    pub(super) fn of(tree: &Tree, node: &Node) -> Option<Self> {
        let NodeKind::Account { email, joined } = &node.kind else {
            return None;
        };
        let id = node.id.account()?;
        Some(Self {
            arn: tree.node_arn(&node.id),
            email: email.clone(),
            name: node.name.clone(),
            status: "ACTIVE",
            joined_method: match id == tree.management {
                true => "INVITED",
                false => "CREATED",
            },
            joined_timestamp: *joined,
            id,
        })
    }
}

/// Accounts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Accounts {
    /// The accounts.
    pub accounts: Vec<AccountInfo>,
}

/// Shows all accounts of the organization.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAccounts {}

impl Operation for ListAccounts {
    type Output = Accounts;

    const SPEC: OperationSpec = OperationSpec::read(Service::Organizations, "ListAccounts")
        .needs(&["organizations:ListAccounts"])
        .fails(&["AWSOrganizationsNotInUseException"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_all("organizations:ListAccounts")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        let nodes = tree.nodes.values();
        let accounts = nodes
            .filter_map(|node| AccountInfo::of(tree, node))
            .collect();
        Ok(Accounts { accounts })
    }
}

/// Moves an account from the root or an organizational unit to another; the
/// policies on its new way from the root bind it from then on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MoveAccount {
    /// The account.
    pub account_id: AccountId,
    /// What it lies in: the root or an organizational unit.
    pub source_parent_id: NodeId,
    /// What it is to lie in.
    pub destination_parent_id: NodeId,
}

impl MoveAccount {
    fn check(&self, tree: &Tree) -> Result<(), ApiError> {
        let holds = |id: &NodeId| id.account().is_none() && tree.nodes.contains_key(id);
        let account = tree.nodes.get(&NodeId::from(&self.account_id));
        let Some(account) = account else {
            let text = "You specified an account that doesn't exist.";
            return Err(error("AccountNotFoundException", text));
        };
        if !holds(&self.source_parent_id) || account.parent.as_ref() != Some(&self.source_parent_id)
        {
            let text =
                "You specified a source parent that doesn't exist, or that the account is not in.";
            return Err(error("SourceParentNotFoundException", text));
        }
        if !holds(&self.destination_parent_id) {
            let text = "You specified a destination parent that doesn't exist.";
            return Err(error("DestinationParentNotFoundException", text));
        }
        if self.source_parent_id == self.destination_parent_id {
            let text = "That account is already present in the specified destination.";
            return Err(error("DuplicateAccountException", text));
        }
        Ok(())
    }
}

impl Operation for MoveAccount {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "MoveAccount")
        .needs(&["organizations:MoveAccount"])
        .fails(&[
            "AccountNotFoundException",
            "SourceParentNotFoundException",
            "DestinationParentNotFoundException",
            "DuplicateAccountException",
        ]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "organizations:MoveAccount";
        let account = NodeId::from(&self.account_id);
        let touched = [
            &account,
            &self.source_parent_id,
            &self.destination_parent_id,
        ];
        if managed(view).is_err() {
            return Ok(vec![on(view, action, |_| None)]);
        }
        Ok(touched.map(|node| on_node(view, action, node)).into())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        self.check(managed(&cx.view())?)?;
        change(cx, |tree| {
            if let Some(node) = tree.nodes.get_mut(&NodeId::from(&self.account_id)) {
                node.parent = Some(self.destination_parent_id);
            }
        })?;
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
