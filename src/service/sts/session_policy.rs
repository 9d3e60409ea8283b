//! Session policies: they narrow a session, and never widen it.
//!
//! Source: IAM User Guide, "Policies and permissions in AWS Identity and
//! Access Management", session policies; "IAM and AWS STS quotas".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check_length, error, validation};
use crate::api::{ApiError, Service};
use crate::authz::{NamedPolicy, PolicySet};
use crate::base::Arn;
use crate::policy::{Policy, PolicyKind};
use crate::state::iam::folded;
use crate::state::{Cloud, aws_managed};

/// The longest session policy, and the measure of the packed size.
const MAX_CHARACTERS: usize = 2048;
/// How many managed policies may be given.
const MAX_ARNS: usize = 10;

/// A managed policy by its ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PolicyDescriptor {
    /// The policy's ARN.
    pub arn: String,
}

/// Checks the members for themselves.
pub(super) fn check(policy: Option<&str>, arns: &[PolicyDescriptor]) -> Result<(), ApiError> {
    check_length("policy", policy, 1, MAX_CHARACTERS)?;
    if arns.len() > MAX_ARNS {
        return Err(validation(format!(
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: \
             Member must have length less than or equal to {MAX_ARNS}"
        )));
    }
    Ok(())
}

/// Compiles the session policies, if any were given.
pub(super) fn compile(
    cloud: &Cloud,
    owner: &Arn,
    policy: Option<&str>,
    arns: &[PolicyDescriptor],
) -> Result<Option<PolicySet>, ApiError> {
    let mut policies = Vec::new();
    if let Some(text) = policy {
        let policy = Policy::parse(PolicyKind::Session, text)
            .map_err(|e| ApiError::policy(Service::Sts, &e))?;
        policies.push(NamedPolicy::new("session policy", policy));
    }
    for descriptor in arns {
        let policy = managed(cloud, owner, &descriptor.arn)?;
        let name = descriptor.arn.rsplit('/').next().unwrap_or_default();
        policies.push(NamedPolicy::new(format!("session policy {name}"), policy));
    }
    Ok((!policies.is_empty()).then(|| policies.into()))
}

/// A managed policy of the role's account, or of AWS.
fn managed(cloud: &Cloud, role: &Arn, text: &str) -> Result<Policy, ApiError> {
    let arn = Arn::parse(text).map_err(|_| validation(format!("{text} is invalid")))?;
    let own = cloud
        .account_of(role)
        .filter(|account| account.id.as_str() == arn.account())
        .and_then(|account| account.policies.get(&folded(arn.base_name())))
        .filter(|policy| policy.arn == arn)
        .and_then(|policy| policy.default_document().cloned());
    own.or_else(|| aws_managed::policy(&arn)).ok_or_else(|| {
        error(
            "MalformedPolicyDocument",
            400,
            format!("Policy {arn} was not found."),
        )
        .with_detail("A session policy is a managed policy of the role's account, or of AWS.")
    })
}

/// How much of the packed size the session policies take, in per cent.
///
/// AWS packs them in a binary form that is not published; the lab counts characters.
///
/// # Errors
/// `PackedPolicyTooLarge` above 100 %.
pub(super) fn packed_size(
    policy: Option<&str>,
    arns: &[PolicyDescriptor],
) -> Result<Option<usize>, ApiError> {
    if policy.is_none() && arns.is_empty() {
        return Ok(None);
    }
    let inline = policy.map_or(0, |p| p.chars().filter(|c| !c.is_whitespace()).count());
    let characters = inline + arns.iter().map(|d| d.arn.chars().count()).sum::<usize>();
    let percent = (characters * 100).div_ceil(MAX_CHARACTERS);
    if percent > 100 {
        return Err(error(
            "PackedPolicyTooLarge",
            400,
            format!(
                "Packed policy consumes {percent}% of allotted space, please use smaller policy."
            ),
        ));
    }
    Ok(Some(percent))
}
