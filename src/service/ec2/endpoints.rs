//! Making VPC endpoints and looking at them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{endpoint, error, named};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn, Region, Timestamp, VpcEndpointId, VpcId, nearest};
use crate::service::iam::event_value;
use crate::state::vpc::VpcEndpoint;

/// The services that an endpoint can lead to.
const SERVICES: [Service; 3] = [Service::S3, Service::Kms, Service::Sts];

/// A VPC endpoint.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VpcEndpointInfo {
    /// The id, `vpce-…`.
    pub vpc_endpoint_id: VpcEndpointId,
    /// `Gateway` for S3, else `Interface`.
    pub vpc_endpoint_type: &'static str,
    /// The VPC.
    pub vpc_id: VpcId,
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service_name: String,
    /// `available`.
    pub state: &'static str,
    /// The policy, JSON text.
    pub policy_document: String,
    /// Whose it is.
    pub owner_id: AccountId,
    /// When it was made.
    pub creation_timestamp: Timestamp,
}

impl VpcEndpointInfo {
    fn of(endpoint: &VpcEndpoint) -> Self {
        Self {
            vpc_endpoint_id: endpoint.id.clone(),
            vpc_endpoint_type: match endpoint.service.as_str() {
                "s3" => "Gateway",
                _ => "Interface",
            },
            vpc_id: endpoint.vpc.clone(),
            service_name: endpoint.service_name(),
            state: "available",
            policy_document: endpoint.policy.policy.text().to_owned(),
            owner_id: endpoint.account.clone(),
            creation_timestamp: endpoint.created,
        }
    }
}

/// A VPC endpoint.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VpcEndpointAnswer {
    /// The endpoint.
    pub vpc_endpoint: VpcEndpointInfo,
}

/// Makes a VPC endpoint: a way from a virtual private cloud to S3, KMS or STS.
/// Calls that come through it carry `aws:SourceVpce`, and its policy must
/// allow them too.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateVpcEndpoint {
    /// The VPC; the lab has none, so any id will do.
    pub vpc_id: VpcId,
    /// The service: `com.amazonaws.<region>.s3`, `….kms` or `….sts`.
    pub service_name: String,
    /// What may pass, JSON text; everything by default.
    pub policy_document: Option<String>,
}

impl CreateVpcEndpoint {
    fn service(&self, region: &Region) -> Result<Service, ApiError> {
        let name = |service: &Service| format!("com.amazonaws.{region}.{service}");
        let found = SERVICES.into_iter().find(|s| name(s) == self.service_name);
        found.ok_or_else(|| {
            let text = format!(
                "The Vpc Endpoint Service '{}' does not exist",
                self.service_name
            );
            let known: Vec<String> = SERVICES.iter().map(name).collect();
            let hint = match nearest(&self.service_name, known.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("The lab has {}.", known.join(", ")),
            };
            error("InvalidServiceName", text).with_detail(hint)
        })
    }
}

impl Operation for CreateVpcEndpoint {
    type Output = VpcEndpointAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "CreateVpcEndpoint")
        .needs(&["ec2:CreateVpcEndpoint"])
        .fails(&["InvalidServiceName", "InvalidPolicyDocument"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (region, account) = (view.region.as_str(), &view.caller.account);
        let on = |resource: String| {
            let arn = Arn::of("ec2", region, account.as_str(), &resource);
            AccessRequest::new("ec2:CreateVpcEndpoint", Target::plain(&arn, account))
                .with("ec2:VpceServiceName", self.service_name.as_str())
        };
        Ok(vec![
            on(format!("vpc/{}", self.vpc_id)),
            on("vpc-endpoint/*".to_owned()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let service = self.service(&cx.region)?;
        let id = VpcEndpointId::fresh(&mut cx.effects.entropy);
        let made = VpcEndpoint {
            policy: named(&id, self.policy_document.as_deref())?,
            id: id.clone(),
            account: cx.caller.account.clone(),
            vpc: self.vpc_id,
            region: cx.region.clone(),
            service: service.prefix().to_owned(),
            created: cx.now(),
        };
        let vpc_endpoint = VpcEndpointInfo::of(&made);
        cx.cloud.endpoints.insert_mut(id, Arc::new(made));
        Ok(VpcEndpointAnswer { vpc_endpoint })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// VPC endpoints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VpcEndpoints {
    /// The endpoints.
    pub vpc_endpoints: Vec<VpcEndpointInfo>,
}

/// Shows the account's VPC endpoints, or those of them that are named.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeVpcEndpoints {
    /// Which; all by default.
    #[serde(default)]
    pub vpc_endpoint_ids: Vec<VpcEndpointId>,
}

impl Operation for DescribeVpcEndpoints {
    type Output = VpcEndpoints;

    const SPEC: OperationSpec = OperationSpec::read(Service::Ec2, "DescribeVpcEndpoints")
        .needs(&["ec2:DescribeVpcEndpoints"])
        .fails(&["InvalidVpcEndpointId.NotFound"]);

    /// As all Describe operations of EC2, it knows no resources.
    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            "ec2:DescribeVpcEndpoints",
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        for id in &self.vpc_endpoint_ids {
            endpoint(&view, id)?;
        }
        let wanted = |endpoint: &&Arc<VpcEndpoint>| {
            endpoint.account == view.caller.account
                && (self.vpc_endpoint_ids.is_empty()
                    || self.vpc_endpoint_ids.contains(&endpoint.id))
        };
        let endpoints = view.cloud.endpoints.values().filter(wanted);
        let vpc_endpoints = endpoints
            .map(|endpoint| VpcEndpointInfo::of(endpoint))
            .collect();
        Ok(VpcEndpoints { vpc_endpoints })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}
