//! VPC endpoints.

use serde::{Deserialize, Serialize};

use crate::authz::NamedPolicy;
use crate::base::{AccountId, Arn, Region, Timestamp, VpcEndpointId, VpcId};

/// A way from a virtual private cloud to one service, with a policy on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// The id.
    pub id: VpcEndpointId,
    /// Whose it is.
    pub account: AccountId,
    /// The virtual private cloud that it stands in.
    pub vpc: VpcId,
    /// The Region.
    pub region: Region,
    /// The prefix of the service that it leads to, such as `s3`.
    pub service: String,
    /// What may pass.
    pub policy: NamedPolicy,
    /// When it was made.
    pub created: Timestamp,
}

impl VpcEndpoint {
    /// The name of its service, such as `com.amazonaws.us-east-1.s3`.
    pub fn service_name(&self) -> String {
        format!("com.amazonaws.{}.{}", self.region, self.service)
    }

    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Self::arn_of(&self.region, &self.account, &self.id)
    }

    /// The ARN of the endpoint `id`, which need not exist.
    pub fn arn_of(region: &Region, account: &AccountId, id: &VpcEndpointId) -> Arn {
        let resource = format!("vpc-endpoint/{id}");
        Arn::of("ec2", region.as_str(), account.as_str(), &resource)
    }
}
