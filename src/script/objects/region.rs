//! Calls to another Region.

use super::arguments::invalid;
use super::client::{
    Client, CloudTrail, Ec2, Fallible, Glue, Iam, Kms, Lambda, Organizations, Rds, S3,
    ServiceObject, Services, Sts,
};
use super::clock::Account;
use super::entities::User;
use super::session::{Acting, Session};
use crate::base::Region;
use crate::script::Registry;

impl Client {
    /// The same caller, who calls `region`.
    ///
    /// # Errors
    /// If `region` is no name of a Region.
    pub(super) fn in_region(&self, region: &str) -> Fallible<Self> {
        let region = Region::parse(region).map_err(|e| invalid(e.to_string()))?;
        Ok(Self {
            region: Some(region),
            ..self.clone()
        })
    }
}

const DOC: &str = "in another Region, such as `eu-west-1`. Keys, aliases and buckets belong to the Region in which they were made.";

/// Registers `in_region` of all who call, and of their services.
pub(super) fn register(registry: &mut Registry<'_>) {
    calling::<User>(registry, "alice");
    calling::<Session>(registry, "session");
    calling::<Services>(registry, "alice.sign_in()");
    calling::<Account>(registry, "lab.home");
    service::<Iam>(registry);
    service::<Sts>(registry);
    service::<Kms>(registry);
    service::<S3>(registry);
    service::<Glue>(registry);
    service::<Organizations>(registry);
    service::<Ec2>(registry);
    service::<Lambda>(registry);
    service::<Rds>(registry);
    service::<CloudTrail>(registry);
}

fn calling<T: Acting>(registry: &mut Registry<'_>, example: &str) {
    registry
        .method::<T>("in_region")
        .param("region", "string")
        .returns("Caller")
        .doc(&format!("The same caller {DOC}"))
        .example(&format!("{example}.in_region(\"eu-west-1\").whoami()"))
        .register(|caller: &mut T, region: &str| -> Fallible<Services> {
            caller.acting()?.in_region(region).map(Services)
        });
}

fn service<S: ServiceObject>(registry: &mut Registry<'_>) {
    let name = S::SERVICE.prefix();
    registry
        .method::<S>("in_region")
        .param("region", "string")
        .returns(S::NAME)
        .doc(&format!("The service {DOC}"))
        .example(&format!("{name}.in_region(\"eu-west-1\")"))
        .register(|service: &mut S, region: &str| service.client().in_region(region).map(S::of));
}
