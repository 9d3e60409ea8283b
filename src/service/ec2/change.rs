//! Changing and deleting VPC endpoints.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{endpoint, error, missing, named, on_endpoint};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::VpcEndpointId;
use crate::service::iam::event_value;
use crate::state::vpc::VpcEndpoint;

/// Whether it was done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Done {
    /// `true`.
    pub r#return: bool,
}

/// Changes the policy of a VPC endpoint.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ModifyVpcEndpoint {
    /// The endpoint.
    pub vpc_endpoint_id: VpcEndpointId,
    /// The new policy, JSON text.
    pub policy_document: Option<String>,
    /// Whether everything may pass again.
    #[serde(default)]
    pub reset_policy: bool,
}

impl Operation for ModifyVpcEndpoint {
    type Output = Done;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "ModifyVpcEndpoint")
        .needs(&["ec2:ModifyVpcEndpoint"])
        .fails(&["InvalidVpcEndpointId.NotFound", "InvalidPolicyDocument"]);

    fn validate(&self) -> Result<(), ApiError> {
        if self.reset_policy && self.policy_document.is_some() {
            let text = "PolicyDocument and ResetPolicy may not be specified together.";
            return Err(error("InvalidParameterCombination", text));
        }
        Ok(())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "ec2:ModifyVpcEndpoint";
        Ok(vec![on_endpoint(view, action, &self.vpc_endpoint_id)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let id = self.vpc_endpoint_id;
        let present = endpoint(&cx.view(), &id)?;
        if self.reset_policy || self.policy_document.is_some() {
            let changed = VpcEndpoint {
                policy: named(&id, self.policy_document.as_deref())?,
                ..(**present).clone()
            };
            cx.cloud.endpoints.insert_mut(id, Arc::new(changed));
        }
        Ok(Done { r#return: true })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}

/// An endpoint that was not deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Unsuccessful {
    /// Why.
    pub error: UnsuccessfulError,
    /// Which.
    pub resource_id: VpcEndpointId,
}

/// Why an endpoint was not deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UnsuccessfulError {
    /// EC2's code.
    pub code: String,
    /// EC2's text.
    pub message: String,
}

/// The endpoints that were not deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Deleted {
    /// The endpoints that were not deleted.
    pub unsuccessful: Vec<Unsuccessful>,
}

/// Deletes VPC endpoints; calls that came through them go by the public way
/// from then on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteVpcEndpoints {
    /// Which.
    pub vpc_endpoint_ids: Vec<VpcEndpointId>,
}

impl Operation for DeleteVpcEndpoints {
    type Output = Deleted;

    const SPEC: OperationSpec =
        OperationSpec::write(Service::Ec2, "DeleteVpcEndpoints").needs(&["ec2:DeleteVpcEndpoints"]);

    fn validate(&self) -> Result<(), ApiError> {
        if self.vpc_endpoint_ids.is_empty() {
            let text = "The request must contain the parameter VpcEndpointId";
            return Err(error("MissingParameter", text));
        }
        Ok(())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let on = |id| on_endpoint(view, "ec2:DeleteVpcEndpoints", id);
        Ok(self.vpc_endpoint_ids.iter().map(on).collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let mut unsuccessful = Vec::new();
        for id in self.vpc_endpoint_ids {
            if endpoint(&cx.view(), &id).is_ok() {
                cx.cloud.endpoints.remove_mut(&id);
                continue;
            }
            let ApiError { code, message, .. } = missing(&id);
            unsuccessful.push(Unsuccessful {
                error: UnsuccessfulError { code, message },
                resource_id: id,
            });
        }
        Ok(Deleted { unsuccessful })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}
