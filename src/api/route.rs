//! By what way a call reaches its service, and what the service sees of it.

use std::sync::Arc;

use super::caller::Caller;
use super::spec::Service;
use crate::base::{Region, VpcEndpointId};
use crate::state::Cloud;
use crate::state::vpc::VpcEndpoint;

/// Where a caller stands who calls through no VPC endpoint.
const PUBLIC_IP: &str = "203.0.113.10";
/// Where a caller stands inside a virtual private cloud.
const PRIVATE_IP: &str = "10.0.0.10";

/// By what way a call reaches its service.
///
/// A VPC endpoint carries the calls of its own service alone; those of other
/// services, and those whose endpoint was deleted, go by the public way, as
/// the routes of a virtual private cloud have it.
#[derive(Clone, Debug)]
pub struct Route {
    /// The Region of the call.
    pub region: Region,
    /// The VPC endpoints of the network that the caller is in.
    pub endpoints: Vec<VpcEndpointId>,
}

impl Route {
    /// The public way.
    pub fn public(region: Region) -> Self {
        Self {
            region,
            endpoints: Vec::new(),
        }
    }

    /// The endpoint that carries calls to `service`; of two, the one named last.
    pub fn endpoint_to(&self, cloud: &Cloud, service: Service) -> Option<Arc<VpcEndpoint>> {
        let known = self.endpoints.iter().rev();
        known
            .filter_map(|id| cloud.endpoints.get(id))
            .find(|endpoint| endpoint.service == service.prefix() && endpoint.region == self.region)
            .map(Arc::clone)
    }
}

/// Where a call comes from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The service that calls on the caller's behalf.
    pub(super) via: Option<Service>,
    /// That service as events name it: `fas.…` for a forward access session.
    pub(super) invoked_by: Option<String>,
    /// The event of the call that led to this one.
    pub(super) caused_by: Option<String>,
    /// The VPC endpoint that the call came through.
    pub(super) endpoint: Option<Arc<VpcEndpoint>>,
    pub(super) source_ip: String,
    pub(super) user_agent: String,
}

impl Origin {
    /// A call of `caller` itself.
    pub(super) fn direct(endpoint: Option<Arc<VpcEndpoint>>, caller: Option<&Caller>) -> Self {
        let by_service = caller
            .and_then(|c| c.session())
            .and_then(|s| s.service.clone());
        let source_ip = match (&endpoint, &by_service) {
            (Some(_), _) => PRIVATE_IP.to_owned(),
            (None, Some(service)) => service.clone(),
            (None, None) => PUBLIC_IP.to_owned(),
        };
        Self {
            via: None,
            invoked_by: None,
            caused_by: None,
            endpoint,
            source_ip,
            user_agent: by_service
                .unwrap_or_else(|| concat!("keychai/", env!("CARGO_PKG_VERSION")).to_owned()),
        }
    }

    /// A call that `service` makes on its caller's behalf, because of the event `cause`.
    pub(super) fn forwarded(service: Service, cause: &str) -> Self {
        Self {
            invoked_by: Some(format!("fas.{}", service.host())),
            ..Self::internal(service, cause)
        }
    }

    /// A call that `service` makes as a principal of its own, because of the event `cause`.
    pub(super) fn internal(service: Service, cause: &str) -> Self {
        Self {
            via: Some(service),
            invoked_by: Some(service.host()),
            caused_by: Some(cause.to_owned()),
            endpoint: None,
            source_ip: service.host(),
            user_agent: service.host(),
        }
    }
}
