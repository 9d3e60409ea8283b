//! Policy documents on their way in and out.

use super::{limit_exceeded, names};
use crate::api::{ApiError, Service};
use crate::policy::{Policy, PolicyKind};
use crate::service::principals::{shown, unique_id_resolver};
use crate::state::Cloud;
use crate::state::iam::Role;

/// The longest managed policy, in characters without white space.
const MANAGED_QUOTA: usize = 6144;
/// The longest trust policy, in characters without white space.
const TRUST_QUOTA: usize = 2048;

/// The longest text that IAM reads at all.
///
/// Source: IAM API Reference, CreatePolicy, length constraints.
const MAX_TEXT: usize = 131_072;

/// Compiles a managed policy.
pub(super) fn managed(text: &str) -> Result<Policy, ApiError> {
    let policy = parse(PolicyKind::Managed, "policyDocument", text)?;
    quota("PolicySize", policy, MANAGED_QUOTA)
}

/// Compiles a policy that is to be embedded.
pub(super) fn inline(text: &str) -> Result<Policy, ApiError> {
    parse(PolicyKind::Inline, "policyDocument", text)
}

/// Compiles the trust policy given as `member`, and binds its principals to what exists now.
pub(super) fn trust(cloud: &Cloud, member: &str, text: &str) -> Result<Policy, ApiError> {
    let policy = quota(
        "ACLSizePerRole",
        parse(PolicyKind::Trust, member, text)?,
        TRUST_QUOTA,
    )?;
    policy
        .bind(&mut unique_id_resolver(cloud))
        .map_err(|e| ApiError::policy(Service::Iam, &e))
}

/// The trust policy as text; principals that are gone show as their unique ids.
pub(super) fn shown_trust(cloud: &Cloud, role: &Role) -> String {
    shown(cloud, &role.trust)
}

fn parse(kind: PolicyKind, member: &str, text: &str) -> Result<Policy, ApiError> {
    names::length(member, text, 1, MAX_TEXT)?;
    Policy::parse(kind, text).map_err(|e| ApiError::policy(Service::Iam, &e))
}

fn quota(name: &str, policy: Policy, limit: usize) -> Result<Policy, ApiError> {
    let size = policy.size_without_whitespace();
    if size <= limit {
        return Ok(policy);
    }
    Err(
        limit_exceeded(format!("Cannot exceed quota for {name}: {limit}")).with_detail(format!(
            "The policy has {size} characters without white space."
        )),
    )
}
