//! The layers that come with accounts and networks, not with a caller or a resource.
//!
//! An organization keeps them ready for each of its accounts, so that to gather
//! them is to look them up. Source: Organizations User Guide, "SCP evaluation",
//! "RCP evaluation" and "Resource control policies (RCPs)".

use super::access::Target;
use super::operation::View;
use super::route::Origin;
use super::spec::Service;
use crate::authz::{Layers, Subject};
use crate::base::AccountId;
use crate::state::Cloud;

/// The services of the lab whose resources resource control policies cover.
///
/// Source: Organizations User Guide, "List of AWS services that support RCPs".
const UNDER_RCP: [Service; 3] = [Service::S3, Service::Sts, Service::Kms];

/// Adds the guardrails of a call of `action` by `subject` to its layers.
pub(super) fn add(
    layers: &mut Layers,
    cloud: &Cloud,
    subject: &Subject,
    action: &str,
    target: &Target,
    origin: &Origin,
) {
    let account = subject.principal.account.as_ref();
    if let Some(own) = account.and_then(|account| cloud.guardrails_of(account))
        && !subject.exempt_from_scp
    {
        layers.scp = own.scp.clone();
    }
    add_rcp(layers, cloud, subject, action, target.owner.as_ref());
    layers.vpce = origin.endpoint.as_ref().map(|e| e.policy.clone());
}

/// Adds the resource control policies of the account that owns the resource;
/// they bind every caller but service-linked roles.
pub fn add_rcp(
    layers: &mut Layers,
    cloud: &Cloud,
    subject: &Subject,
    action: &str,
    owner: Option<&AccountId>,
) {
    let covered = UNDER_RCP
        .iter()
        .any(|service| action.split(':').next() == Some(service.prefix()));
    if !covered || is_service_linked(subject) {
        return;
    }
    if let Some(of_owner) = owner.and_then(|owner| cloud.guardrails_of(owner)) {
        layers.rcp = of_owner.rcp.clone();
    }
}

/// Whether the caller's account and the resource's are in one organization.
pub(super) fn share_organization(view: &View<'_>, target: &Target) -> bool {
    let of = |account| view.cloud.memberships.get(account);
    let owner = target.owner.as_ref().and_then(of);
    owner.is_some() && owner == of(&view.caller.account)
}

fn is_service_linked(subject: &Subject) -> bool {
    let role = subject.principal.issuer.as_ref();
    role.is_some_and(|role| role.resource().starts_with("role/aws-service-role/"))
}
