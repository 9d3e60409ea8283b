//! Organizations: accounts in a tree, and the policies that limit them.
//!
//! All but DescribeOrganization is for the management account. As in IAM, the
//! caller is judged before it learns what there is. What an attached policy
//! does to a decision is no matter of this folder: see
//! [`crate::state::organization`]. Start with [`mod@organization`].

pub mod accounts;
pub mod attachments;
pub mod create_account;
pub mod organization;
pub mod policies;
pub mod types;
pub mod units;

pub use accounts::{ListAccounts, MoveAccount};
pub use attachments::{AttachPolicy, DetachPolicy, ListPoliciesForTarget, ListTargetsForPolicy};
pub use create_account::{CreateAccount, DescribeCreateAccountStatus};
pub use organization::{CreateOrganization, DescribeOrganization, ListRoots};
pub use policies::{CreatePolicy, DeletePolicy, DescribePolicy, ListPolicies, UpdatePolicy};
pub use types::{DisablePolicyType, EnablePolicyType};
pub use units::{
    CreateOrganizationalUnit, ListAccountsForParent, ListOrganizationalUnitsForParent, ListParents,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{AccessRequest, ApiError, Context, Record, Service, Target, View};
use crate::base::{Arn, NodeId};
use crate::service::iam::event_value;
use crate::state::organization::{Organization, Tree};

/// The answer of operations that answer nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Nothing {}

fn error(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Organizations, code, 400, message)
}

fn constraint(reason: &str, message: &str) -> ApiError {
    error("ConstraintViolationException", message)
        .with_detail(format!("The constraint is {reason}."))
}

fn not_in_use() -> ApiError {
    error(
        "AWSOrganizationsNotInUseException",
        "Your account is not a member of an organization.",
    )
}

/// The organization of the caller's account.
fn organization<'a>(view: &View<'a>) -> Result<&'a Organization, ApiError> {
    view.cloud
        .organization_of(&view.caller.account)
        .ok_or_else(not_in_use)
}

fn is_managing(view: &View<'_>, tree: &Tree) -> bool {
    tree.management == view.caller.account
}

/// The organization that the caller's account manages.
///
/// # Errors
/// `AWSOrganizationsNotInUseException`; `AccessDeniedException` for a member account.
fn managed<'a>(view: &View<'a>) -> Result<&'a Tree, ApiError> {
    let tree = organization(view)?.tree();
    if is_managing(view, tree) {
        return Ok(tree);
    }
    let text = "You don't have permissions to access this resource.";
    Err(error("AccessDeniedException", text).with_detail(format!(
        "Only the management account, {}, may do this.",
        tree.management
    )))
}

/// The same, to be changed.
fn change<T>(cx: &mut Context<'_>, change: impl FnOnce(&mut Tree) -> T) -> Result<T, ApiError> {
    let id = managed(&cx.view())?.id.clone();
    let organization = cx.cloud.organizations.get_mut(&id).ok_or_else(not_in_use)?;
    Ok(organization.change(change))
}

/// Asks for `action` on what `arn` names in the organization; on everything
/// where the caller's account does not manage one.
fn on(view: &View<'_>, action: &str, arn: impl FnOnce(&Tree) -> Option<Arn>) -> AccessRequest {
    let tree = organization(view).ok().map(Organization::tree);
    let managing = tree.filter(|tree| is_managing(view, tree));
    let target = managing.and_then(|tree| Some(Target::plain(&arn(tree)?, &tree.management)));
    AccessRequest::new(action, target.unwrap_or_else(Target::any))
}

/// Asks for `action` on no resource in particular.
fn on_all(action: &str) -> AccessRequest {
    AccessRequest::new(action, Target::any())
}

/// Asks for `action` on a node of the tree, which need not exist.
fn on_node(view: &View<'_>, action: &str, node: &NodeId) -> AccessRequest {
    on(view, action, |tree| Some(tree.node_arn(node)))
}

fn no_target() -> ApiError {
    error(
        "TargetNotFoundException",
        "You specified a target that doesn't exist.",
    )
}

fn no_parent() -> ApiError {
    error(
        "ParentNotFoundException",
        "You specified parent that doesn't exist.",
    )
}

fn check_length(
    member: &str,
    text: &str,
    allowed: std::ops::RangeInclusive<usize>,
) -> Result<(), ApiError> {
    if allowed.contains(&text.chars().count()) {
        return Ok(());
    }
    let (least, most) = (allowed.start(), allowed.end());
    Err(error(
        "InvalidInputException",
        "You provided a value that does not match the required pattern.",
    )
    .with_detail(format!("`{member}` has {least} to {most} characters.")))
}

/// The record of a request.
fn recorded(request: &impl Serialize) -> Record {
    Record::of(event_value(request))
}
