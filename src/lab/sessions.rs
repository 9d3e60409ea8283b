//! Credentials of what runs in the lab: services at work, functions, instances.

use super::facade::Lab;
use crate::api::{ApiError, Service};
use crate::base::{AccountId, Arn, InstanceId, Region};
use crate::service;
use crate::state::compute::RegionalName;
use crate::state::credential::Credentials;

impl Lab {
    /// Has `service` assume `role`, as a service does when it starts to work for a customer.
    ///
    /// # Errors
    /// If the role's trust policy does not admit the service.
    pub fn service_session(
        &mut self,
        role: &Arn,
        service: Service,
        session_name: &str,
    ) -> Result<Credentials, ApiError> {
        let (cloud, effects) = (&mut self.cloud, &mut self.effects);
        service::sts::assume_for_service(cloud, effects, role, &service.host(), session_name)
    }

    /// The role of a Lambda function that ran, and the credentials of its run.
    ///
    /// # Errors
    /// If there is no such function, or it has not run.
    pub fn function_session(&self, arn: &Arn) -> Result<(Arn, Credentials), ApiError> {
        let invalid = |text: String| ApiError::validation(Service::Lambda, text);
        let place = RegionalName {
            account: AccountId::parse(arn.account()).map_err(|e| invalid(e.to_string()))?,
            region: Region::parse(arn.region()).map_err(|e| invalid(e.to_string()))?,
            name: arn.resource().trim_start_matches("function:").to_owned(),
        };
        service::lambda::function_run(&self.cloud, &place)
    }

    /// The role of an EC2 instance, and the credentials that programs on it find.
    ///
    /// # Errors
    /// If there is no such instance, it does not run or has no role, or the role's
    /// trust policy does not admit EC2.
    pub fn instance_session(&mut self, id: &str) -> Result<(Arn, Credentials), ApiError> {
        let id = InstanceId::parse(id)
            .map_err(|error| ApiError::validation(Service::Ec2, error.to_string()))?;
        service::ec2::instance_session(&mut self.cloud, &mut self.effects, &id)
    }
}
