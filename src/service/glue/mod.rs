//! Glue: jobs that run as a role.
//!
//! Three separate questions: may the starter start the job, and pass the role
//! when the job is made; does the role trust Glue; what may the role do at run
//! time. Source: IAM User Guide, "Grant a user permissions to pass a role to
//! an AWS service".

pub mod jobs;
pub mod runs;
#[cfg(test)]
mod tests;

pub use jobs::{CreateJob, GetJob};
pub use runs::{StartJobRun, run_session};

use crate::api::{AccessRequest, ApiError, Service, Target, View};
use crate::base::Arn;
use crate::state::Cloud;
use crate::state::compute::RegionalName;
use crate::state::glue::Job;

/// Glue as a principal.
pub const HOST: &str = "glue.amazonaws.com";

fn error(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Glue, code, 400, message)
}

fn check_name(member: &str, name: &str) -> Result<(), ApiError> {
    if (1..=255).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(ApiError::validation(
        Service::Glue,
        format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy \
             constraint: Member must have length between 1 and 255, inclusive"
        ),
    ))
}

fn on_job(view: &View<'_>, name: &str, action: &str) -> AccessRequest {
    let account = &view.caller.account;
    let region = view.region.as_str();
    let arn = Arn::of("glue", region, account.as_str(), &format!("job/{name}"));
    AccessRequest::new(action, Target::plain(&arn, account))
}

/// The job of this name.
fn job<'a>(cloud: &'a Cloud, place: &RegionalName) -> Result<&'a Job, ApiError> {
    cloud.jobs.get(place).ok_or_else(|| {
        let name = &place.name;
        let missing = error("EntityNotFoundException", format!("Job {name} not found."));
        let known = place.beside(&cloud.jobs).map(|(known, _)| known);
        match crate::base::nearest(name, known) {
            Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
            None => missing,
        }
    })
}
