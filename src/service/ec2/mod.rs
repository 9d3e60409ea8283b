//! EC2: instances that run as roles, their volumes, and VPC endpoints, through
//! which calls can be made to reach S3, KMS and STS.
//!
//! How instances and volumes use KMS is in `hardware`.
//! Virtual private clouds themselves are not modelled: any id of one will do.
//! What an endpoint's policy does to a decision is in [`crate::api`]. Start
//! with [`endpoints`].

pub mod change;
pub mod endpoints;
mod hardware;
pub mod instances;
pub mod power;
pub mod profiles;
pub mod volume_end;
pub mod volumes;

pub use change::{DeleteVpcEndpoints, ModifyVpcEndpoint};
pub use endpoints::{CreateVpcEndpoint, DescribeVpcEndpoints};
pub use instances::{DescribeInstances, RunInstances};
pub use power::{StartInstances, StopInstances, TerminateInstances};
pub use profiles::{AssociateIamInstanceProfile, instance_session};
pub use volume_end::{DeleteVolume, DetachVolume};
pub use volumes::{AttachVolume, CreateVolume, DescribeVolumes};

use std::sync::Arc;

use crate::api::{AccessRequest, ApiError, Service, Target, View};
use crate::authz::NamedPolicy;
use crate::base::{Arn, VpcEndpointId};
use crate::policy::{Policy, PolicyKind};
use crate::state::vpc::VpcEndpoint;

/// What an endpoint lets pass until it is given another policy: everything.
///
/// Source: AWS PrivateLink Guide, "Default endpoint policy".
const FULL_ACCESS: &str = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
/// The longest endpoint policy, in characters, white space included.
///
/// Source: AWS PrivateLink Guide, "Quotas".
const MAX_POLICY: usize = 20_480;

/// EC2 as a principal.
const HOST: &str = "ec2.amazonaws.com";

/// Asks for `action` on the caller's `resource`, such as `instance/i-…`.
fn on(view: &View<'_>, resource: &str, action: &str) -> AccessRequest {
    let account = &view.caller.account;
    let arn = Arn::of("ec2", view.region.as_str(), account.as_str(), resource);
    AccessRequest::new(action, Target::plain(&arn, account))
}

fn error(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Ec2, code, 400, message)
}

fn missing(id: &VpcEndpointId) -> ApiError {
    error(
        "InvalidVpcEndpointId.NotFound",
        format!("The Vpc Endpoint Id '{id}' does not exist"),
    )
}

/// The caller's endpoint with this id.
fn endpoint<'a>(view: &View<'a>, id: &VpcEndpointId) -> Result<&'a Arc<VpcEndpoint>, ApiError> {
    let found = view.cloud.endpoints.get(id);
    found
        .filter(|endpoint| endpoint.account == view.caller.account)
        .ok_or_else(|| missing(id))
}

fn on_endpoint(view: &View<'_>, action: &str, id: &VpcEndpointId) -> AccessRequest {
    let account = &view.caller.account;
    let arn = VpcEndpoint::arn_of(view.region, account, id);
    AccessRequest::new(action, Target::plain(&arn, account))
}

/// The policy of the endpoint `id`, by the name that decisions show.
fn named(id: &VpcEndpointId, text: Option<&str>) -> Result<NamedPolicy, ApiError> {
    let text = text.unwrap_or(FULL_ACCESS);
    let size = text.chars().count();
    if size > MAX_POLICY {
        return Err(
            error("InvalidPolicyDocument", "The policy document is too long.").with_detail(
                format!(
                    "It has {size} characters, white space included, and may have {MAX_POLICY}."
                ),
            ),
        );
    }
    let policy = Policy::parse(PolicyKind::Endpoint, text)
        .map_err(|e| ApiError::policy(Service::Ec2, &e))?;
    Ok(NamedPolicy::new(format!("endpoint policy of {id}"), policy))
}
