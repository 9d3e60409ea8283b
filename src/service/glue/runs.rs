//! Runs of jobs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{HOST, check_name, error, job, on_job};
use crate::api::{
    AccessRequest, ApiError, Context, Effects, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::service::regional;
use crate::service::sts::assume_for_service;
use crate::state::Cloud;
use crate::state::compute::RegionalName;
use crate::state::credential::Credentials;
use crate::state::glue::JobRun;

/// The name that Glue gives to the sessions in which jobs run.
pub const SESSION_NAME: &str = "GlueJobRunnerSession";

/// Starts a job. What the run may do depends on the job's role alone, not on
/// whoever starts it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StartJobRun {
    /// The job.
    pub job_name: String,
    /// Arguments of this run, beside the job's default arguments.
    #[serde(default)]
    pub arguments: BTreeMap<String, String>,
}

/// A run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct StartedJobRun {
    /// The run's id, `jr_…`.
    pub job_run_id: String,
}

impl Operation for StartJobRun {
    type Output = StartedJobRun;

    const SPEC: OperationSpec = OperationSpec::write(Service::Glue, "StartJobRun")
        .needs(&["glue:StartJobRun"])
        .fails(&["EntityNotFoundException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name("jobName", &self.job_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_job(view, &self.job_name, "glue:StartJobRun")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let place = regional::own(&cx.view(), self.job_name);
        job(cx.cloud, &place)?;
        let job_run_id = format!("jr_{}", cx.effects.entropy.hex(32));
        let run = JobRun {
            started: cx.now(),
            arguments: self.arguments,
        };
        if let Some(job) = cx.cloud.jobs.get_mut(&place) {
            job.runs.insert(job_run_id.clone(), run);
        }
        Ok(StartedJobRun { job_run_id })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({ "jobName": self.job_name }))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({ "jobRunId": output.job_run_id })
    }
}

/// The session in which a started run acts: Glue assumes the job's role.
///
/// # Errors
/// `EntityNotFoundException` if there is no such run; `AccessDenied` if the
/// role is gone or no longer trusts Glue, in which case the run has failed.
pub fn run_session(
    cloud: &mut Cloud,
    effects: &mut Effects,
    place: &RegionalName,
    job_run_id: &str,
) -> Result<Credentials, ApiError> {
    let job = job(cloud, place)?;
    if !job.runs.contains_key(job_run_id) {
        return Err(error(
            "EntityNotFoundException",
            format!("Job run {job_run_id} of job {} not found.", place.name),
        ));
    }
    let role = job.role.clone();
    assume_for_service(cloud, effects, &role, HOST, SESSION_NAME)
}
