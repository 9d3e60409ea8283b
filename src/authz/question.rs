//! Everything that a decision depends on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::grant::Grant;
use super::model::Model;
use super::policy_set::PolicySet;
use crate::base::{AccountId, Timestamp};
use crate::policy::{Policy, Principal, Request, RequestContext};

/// A policy with the name that people know it by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NamedPolicy {
    /// Such as `GlueRole › ReadData` or `key policy of alias/payroll`.
    pub name: Arc<str>,
    /// The compiled document.
    pub policy: Policy,
}

impl NamedPolicy {
    /// Names `policy`.
    pub fn new(name: impl Into<Arc<str>>, policy: Policy) -> Self {
        Self {
            name: name.into(),
            policy,
        }
    }
}

/// The caller, and what binds it beyond its own policies.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The caller as policies see it.
    pub principal: Principal,
    /// Whether its account manages the organization, which binds neither that
    /// account's principals nor its resources.
    pub in_management_account: bool,
    /// Whether it is a session of a service-linked role, which no organization binds.
    pub service_linked: bool,
}

/// How the resource's policy takes part in the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A customer managed KMS key: the key policy gates, and the models differ.
    CustomerKey,
    /// An AWS managed KMS key: gated, by the rule of the service in both models.
    AwsManagedKey,
    /// A role's trust policy: gated.
    RoleTrust,
    /// The resource policy, if there is one, adds to the identity side (S3 and others).
    Additive,
}

impl ResourceKind {
    /// Whether nothing is allowed without the resource's own policy.
    pub fn is_gate(self) -> bool {
        !matches!(self, Self::Additive)
    }
}

/// The policies that apply, by layer.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Inline, managed and group policies of the caller.
    pub identity: PolicySet,
    /// The policy on the resource.
    pub resource: Option<NamedPolicy>,
    /// The permissions boundary, if one is set.
    pub boundary: Option<NamedPolicy>,
    /// Session policies; `Some` and empty for a federated session without one.
    pub session: Option<PolicySet>,
    /// Service control policies, level by level from the root; empty without an organization.
    pub scp: Arc<[PolicySet]>,
    /// Resource control policies, level by level.
    pub rcp: Arc<[PolicySet]>,
    /// The endpoint's policy, if the call came through one.
    pub vpce: Option<NamedPolicy>,
    /// The grants of the key.
    pub grants: Vec<Arc<Grant>>,
}

/// Who asks for what, with everything that applies.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The rule for KMS.
    pub model: Model,
    /// Who asks.
    pub subject: &'a Arc<Subject>,
    /// `service:Operation`.
    pub action: &'a str,
    /// The resource's ARN, or `*`.
    pub resource: &'a str,
    /// The account that owns the resource; `None` for calls on no resource.
    pub owner: Option<&'a AccountId>,
    /// How the resource's policy takes part.
    pub kind: ResourceKind,
    /// The condition keys of this request.
    pub context: &'a RequestContext,
    /// The policies and grants.
    pub layers: &'a Layers,
    /// Grant tokens that the request carries.
    pub grant_tokens: &'a [String],
    /// When it is asked; decides which grants have become visible.
    pub now: Timestamp,
}

impl<'a> Question<'a> {
    /// The question as a statement sees it.
    pub(super) fn request(&self) -> Request<'a> {
        Request::new(
            self.action,
            self.resource,
            &self.subject.principal,
            self.context,
        )
    }
}
