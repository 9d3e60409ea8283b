//! A call that can be made again.

use std::fmt;

use serde_json::Value;

use super::facade::Lab;
use crate::api::{ApiError, Operation, Response, Route, Service};
use crate::base::{Region, VpcEndpointId};
use crate::service;
use crate::state::credential::Credentials;

/// Who calls which operation with which input.
///
/// Its `Debug` leaves the input out, which may hold plaintext and customer keys.
#[derive(Clone)]
pub struct Call {
    /// Who calls.
    pub credentials: Credentials,
    /// Which service.
    pub service: Service,
    /// Which operation, by AWS's name.
    pub operation: String,
    /// The members, by AWS's names; blobs as base64.
    pub input: Value,
    /// The VPC endpoints of the network that it is made from.
    pub endpoints: Vec<VpcEndpointId>,
    /// The Region that it goes to; `None` for the lab's own.
    pub region: Option<Region>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.action())
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl Call {
    /// A call of `operation` of `service`.
    pub fn new(credentials: Credentials, service: Service, operation: &str, input: Value) -> Self {
        Self {
            credentials,
            service,
            operation: operation.to_owned(),
            input,
            endpoints: Vec::new(),
            region: None,
        }
    }

    /// The same from a network with these VPC endpoints.
    #[must_use]
    pub fn through(self, endpoints: &[VpcEndpointId]) -> Self {
        Self {
            endpoints: endpoints.to_vec(),
            ..self
        }
    }

    /// The same to another Region.
    #[must_use]
    pub fn in_region(self, region: Option<Region>) -> Self {
        Self { region, ..self }
    }

    /// Makes it in `lab`.
    pub fn make(&self, lab: &mut Lab) -> Response<Value> {
        let route = self.route(lab);
        lab.call_by(
            &self.credentials,
            &route,
            self.service,
            &self.operation,
            self.input.clone(),
        )
    }

    /// Makes it in its typed form, as which `operation` carries what JSON cannot: a
    /// body that is read as it is stored, or written as it is read.
    pub fn make_typed<O: Operation>(&self, lab: &mut Lab, operation: O) -> Response<O::Output> {
        let route = self.route(lab);
        lab.run_by(&self.credentials, &route, operation)
    }

    fn route(&self, lab: &Lab) -> Route {
        let home = &lab.cloud().region;
        Route {
            region: self.region.as_ref().unwrap_or(home).clone(),
            endpoints: self.endpoints.clone(),
        }
    }

    /// Makes it in a fork of `lab`.
    pub fn try_in(&self, lab: &Lab) -> Response<Value> {
        self.make(&mut lab.fork())
    }

    /// `service:Operation`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// A response to a call that no operation answers.
pub(super) fn unknown_operation(
    service: Service,
    name: &str,
) -> Result<&'static service::Entry, ApiError> {
    service::find(service, name).map_err(|text| ApiError::new(service, "InvalidAction", 400, text))
}
