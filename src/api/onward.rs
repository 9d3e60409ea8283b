//! The calls that a service makes because of one that it got.

use super::caller::{Caller, authenticate};
use super::error::ApiError;
use super::operation::Operation;
use super::perform::{Context, run};
use super::route::Origin;
use crate::base::Region;
use crate::state::credential::Credentials;
use crate::state::trail::Event;

impl Context<'_> {
    /// Calls `operation` of another service as the same caller: a forward
    /// access session, with a decision and an event of its own.
    ///
    /// Source: IAM User Guide, "Forward access sessions".
    ///
    /// # Errors
    /// What the other service answers.
    pub fn forward<O: Operation>(&mut self, operation: O) -> Result<O::Output, ApiError> {
        let origin = Origin::forwarded(self.service, &self.event_id);
        self.call(self.caller, &origin, operation)
    }

    /// Does `work` as if the call had been made in `region`: a service asks the
    /// others where the resource is that it works on.
    pub fn in_region<T>(&mut self, region: &Region, work: impl FnOnce(&mut Self) -> T) -> T {
        let called = std::mem::replace(&mut self.region, region.clone());
        let done = work(self);
        self.region = called;
        done
    }

    /// Calls `operation` of another service as the service's own principal
    /// `caller`, such as the infrastructure of an EC2 instance.
    ///
    /// # Errors
    /// What the other service answers.
    pub fn call_as_service<O: Operation>(
        &mut self,
        caller: &Caller,
        operation: O,
    ) -> Result<O::Output, ApiError> {
        let origin = Origin::internal(self.service, &self.event_id);
        self.call(caller, &origin, operation)
    }

    /// Calls `operation` with credentials that the service holds, such as those
    /// of a role that it has assumed.
    ///
    /// # Errors
    /// What the other service answers.
    pub fn call_with<O: Operation>(
        &mut self,
        credentials: &Credentials,
        operation: O,
    ) -> Result<O::Output, ApiError> {
        let now = self.effects.now();
        let caller = authenticate(self.cloud, credentials, O::SPEC.service, now)?;
        let origin = Origin {
            caused_by: Some(self.event_id.clone()),
            ..Origin::direct(None, Some(&caller))
        };
        self.call(&caller, &origin, operation)
    }

    /// Puts the newest event of the trail below that of this call, which led to it.
    pub fn adopt_newest_event(&mut self) {
        if let Some(event) = self.cloud.trail.take_newest() {
            self.decisions.extend(event.decisions.iter().cloned());
            self.children.push(Event {
                caused_by: Some(self.event_id.clone()),
                ..(*event).clone()
            });
        }
    }

    fn call<O: Operation>(
        &mut self,
        caller: &Caller,
        origin: &Origin,
        operation: O,
    ) -> Result<O::Output, ApiError> {
        let run = run(
            self.cloud,
            self.effects,
            caller,
            &self.region,
            origin,
            operation,
        );
        self.decisions.extend(run.decisions);
        self.steps.extend(run.steps);
        self.children.extend(run.events);
        run.result
    }
}
