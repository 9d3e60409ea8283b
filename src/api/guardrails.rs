//! The layers that come with accounts and networks, not with a caller or a resource.
//!
//! An organization keeps them ready for each of its accounts, so that to gather
//! them is to look them up. Source: Organizations User Guide, "SCP evaluation",
//! "RCP evaluation" and "Resource control policies (RCPs)".

use std::sync::Arc;

use super::access::Target;
use super::operation::View;
use super::route::Origin;
use crate::authz::{Layers, NamedPolicy, Subject};
use crate::base::{AccountId, BucketName};
use crate::policy::PrincipalKind;
use crate::state::Cloud;
use crate::state::s3::Bucket;

/// Adds the guardrails of a call by `subject` to its layers.
///
/// Whom and what they do not bind, the decision itself knows.
pub(super) fn add(
    layers: &mut Layers,
    cloud: &Cloud,
    subject: &Subject,
    target: &Target,
    origin: &Origin,
) {
    let account = subject.principal.account.as_ref();
    if let Some(own) = account.and_then(|account| cloud.guardrails_of(account)) {
        layers.scp = Arc::clone(&own.scp);
    }
    add_rcp(layers, cloud, target.owner.as_ref());
    layers.vpce = origin.endpoint.as_ref().map(|e| e.policy.clone());
}

/// Adds the resource control policies of the account that owns the resource.
pub fn add_rcp(layers: &mut Layers, cloud: &Cloud, owner: Option<&AccountId>) {
    if let Some(of_owner) = owner.and_then(|owner| cloud.guardrails_of(owner)) {
        layers.rcp = Arc::clone(&of_owner.rcp);
    }
}

/// The policy of `target` as it counts for `subject`.
///
/// Block Public Access leaves of a public bucket policy what it denies, for all
/// but the bucket's account and services. Source: S3 User Guide, "Blocking
/// public access to your Amazon S3 storage", `RestrictPublicBuckets`.
pub(super) fn resource_policy(
    cloud: &Cloud,
    subject: &Subject,
    target: &Target,
) -> Option<NamedPolicy> {
    let named = target.policy.as_ref()?;
    let caller = &subject.principal;
    let is_insider = caller.account == target.owner || caller.kind == PrincipalKind::Service;
    let restricted = !is_insider
        && bucket_of(cloud, target)
            .is_some_and(|bucket| cloud.public_access_block(bucket).restrict_public_buckets)
        && named.policy.is_public();
    if !restricted {
        return Some(named.clone());
    }
    let name = format!("{} without its Allows (RestrictPublicBuckets)", named.name);
    Some(NamedPolicy::new(name, named.policy.denials()))
}

/// The bucket that `target` is, or lies in.
fn bucket_of<'a>(cloud: &'a Cloud, target: &Target) -> Option<&'a Bucket> {
    let path = target.resource.strip_prefix("arn:aws:s3:::")?;
    let name = path.split('/').next().unwrap_or(path);
    cloud.buckets.get(&BucketName::parse(name).ok()?)
}

/// Whether the caller's account and the resource's are in one organization.
pub(super) fn share_organization(view: &View<'_>, target: &Target) -> bool {
    let of = |account| view.cloud.memberships.get(account);
    let owner = target.owner.as_ref().and_then(of);
    owner.is_some() && owner == of(&view.caller.account)
}
