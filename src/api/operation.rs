//! What an operation is.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::access::AccessRequest;
use super::caller::Caller;
use super::error::ApiError;
use super::event::Record;
use super::perform::Context;
use super::spec::OperationSpec;
use crate::authz::Permit;
use crate::base::{Region, Timestamp};
use crate::state::Cloud;
use crate::state::credential::Owner;
use crate::state::trail::EventResource;
use crate::state::vpc::VpcEndpoint;

/// One operation of a service: a struct with AWS's members.
///
/// [`perform`](super::perform()) calls the methods in this order: `validate`,
/// `access`, then, if all of it was allowed, `execute`. What `execute` changed
/// is taken back if it fails.
pub trait Operation: DeserializeOwned + JsonSchema + 'static {
    /// What a successful call answers.
    type Output: Serialize + JsonSchema;

    /// What is known without running it.
    const SPEC: OperationSpec;

    /// Checks the members for themselves.
    ///
    /// # Errors
    /// The service's error for malformed input.
    fn validate(&self) -> Result<(), ApiError> {
        Ok(())
    }

    /// The permissions that this call needs, in the order in which they are judged.
    ///
    /// An empty list is a call that everyone may make.
    ///
    /// # Errors
    /// If what it acts on cannot be found.
    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError>;

    /// Does it.
    ///
    /// # Errors
    /// The service's own errors.
    fn execute(self, cx: &mut Context<'_>, permit: &Permit) -> Result<Self::Output, ApiError>;

    /// Who calls, where the request itself proves it and needs no signature.
    ///
    /// # Errors
    /// If the proof does not hold.
    fn proven_caller(&self, _cloud: &Cloud, _now: Timestamp) -> Result<Option<Owner>, ApiError> {
        Ok(None)
    }

    /// Whether the caller only wants to know if the call would succeed. Such a
    /// call runs, and what it did is taken back.
    fn dry_run(&self) -> bool {
        false
    }

    /// How the service shows an error of this operation to the caller; the event keeps the error itself.
    fn present(error: ApiError) -> ApiError {
        error
    }

    /// What the event shows of the request.
    fn record(&self, _view: &View<'_>) -> Record {
        Record::default()
    }

    /// What the call made, which its event is about as well.
    fn made(_output: &Self::Output) -> Vec<EventResource> {
        Vec::new()
    }

    /// What the event shows of the answer; never a secret.
    fn response_elements(_output: &Self::Output) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// What an operation may look at before it is allowed to act.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The cloud.
    pub cloud: &'a Cloud,
    /// Who calls.
    pub caller: &'a Caller,
    /// The Region of the call.
    pub region: &'a Region,
    /// The VPC endpoint that the call came through.
    pub endpoint: Option<&'a Arc<VpcEndpoint>>,
    /// When.
    pub now: Timestamp,
}
