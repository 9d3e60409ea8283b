//! Policy documents on their way in and out.

use super::{error, limit_exceeded};
use crate::api::{ApiError, Service};
use crate::policy::{Policy, PolicyKind};
use crate::service::principals::{lives, unique_id_resolver};
use crate::state::Cloud;
use crate::state::iam::Role;

/// The longest managed policy, in characters without white space.
const MANAGED_QUOTA: usize = 6144;
/// The longest trust policy, in characters without white space.
const TRUST_QUOTA: usize = 2048;

/// Compiles a managed policy.
pub(super) fn managed(text: &str) -> Result<Policy, ApiError> {
    let policy = parse(PolicyKind::Managed, text)?;
    quota("PolicySize", policy, MANAGED_QUOTA)
}

/// Compiles a policy that is to be embedded.
pub(super) fn inline(text: &str) -> Result<Policy, ApiError> {
    parse(PolicyKind::Inline, text)
}

/// Compiles a trust policy and binds its principals to what exists now.
pub(super) fn trust(cloud: &Cloud, text: &str) -> Result<Policy, ApiError> {
    let policy = quota(
        "ACLSizePerRole",
        parse(PolicyKind::Trust, text)?,
        TRUST_QUOTA,
    )?;
    policy
        .bind(&mut unique_id_resolver(cloud))
        .map_err(|e| ApiError::policy(Service::Iam, &e))
}

/// The trust policy as text; principals that are gone show as their unique ids.
pub(super) fn shown_trust(cloud: &Cloud, role: &Role) -> String {
    let alive = |id: &crate::base::UniqueId| lives(cloud, id);
    let all_alive = role
        .trust
        .principals()
        .filter_map(|p| p.unique_id())
        .all(alive);
    if all_alive {
        role.trust.text().to_owned()
    } else {
        role.trust.shown(&alive).to_string()
    }
}

fn parse(kind: PolicyKind, text: &str) -> Result<Policy, ApiError> {
    if text.is_empty() {
        return Err(
            error("MalformedPolicyDocument", 400, "Syntax errors in policy.")
                .with_detail("The policy document is empty."),
        );
    }
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
