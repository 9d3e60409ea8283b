//! Jobs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{HOST, check_name, error, job, on_job};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp};
use crate::service::sts::service_role::judge_service;
use crate::service::{pass_role, regional};
use crate::state::glue::{Job, JobCommand};
use crate::state::iam::Role;

/// Makes a job that runs as a role. The caller must be allowed to pass the
/// role to Glue (`iam:PassRole`), and the role must trust Glue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateJob {
    /// The name, 1 to 255 characters.
    pub name: String,
    /// The role, by name or ARN.
    pub role: String,
    /// What it runs; the lab does not run it, but hands out the run's session.
    pub command: JobCommand,
    /// A description.
    pub description: Option<String>,
    /// Arguments of every run.
    #[serde(default)]
    pub default_arguments: BTreeMap<String, String>,
}

/// The name of the job.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JobName {
    /// The name.
    pub name: String,
}

impl CreateJob {
    fn check_trust(&self, view: &View<'_>) -> Result<(), ApiError> {
        let found = pass_role::found(view, &self.role);
        let account = &view.caller.account;
        let trusts =
            |role: &Role| judge_service(view.cloud, role, account, HOST, view.now).is_allow();
        let detail = match found {
            Some(role) if trusts(role) => return Ok(()),
            Some(_) => format!("Its trust policy must allow sts:AssumeRole to {HOST}."),
            None => "There is no such role in this account.".to_owned(),
        };
        let message = format!(
            "Role {} should be given assume role permissions for Glue Service.",
            pass_role::arn(view, &self.role)
        );
        Err(error("InvalidInputException", message).with_detail(detail))
    }
}

impl Operation for CreateJob {
    type Output = JobName;

    const SPEC: OperationSpec = OperationSpec::write(Service::Glue, "CreateJob")
        .needs(&["glue:CreateJob", "iam:PassRole"])
        .fails(&["IdempotentParameterMismatchException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name("name", &self.name)?;
        check_name("role", &self.role)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let role = pass_role::arn(view, &self.role);
        Ok(vec![
            on_job(view, &self.name, "glue:CreateJob"),
            pass_role::request(view, &role, HOST),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        self.check_trust(&view)?;
        let key = regional::own(&view, &self.name);
        if view.cloud.jobs.contains_key(&key) {
            return Err(error(
                "IdempotentParameterMismatchException",
                format!(
                    "Job with name {} already submitted with different configuration.",
                    self.name
                ),
            ));
        }
        let made = Job {
            role: pass_role::arn(&view, &self.role),
            name: self.name.clone(),
            description: self.description,
            command: self.command,
            default_arguments: self.default_arguments,
            created: view.now,
            runs: BTreeMap::new(),
        };
        cx.cloud.jobs.insert_mut(key, made);
        Ok(JobName { name: self.name })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({
            "name": self.name, "role": self.role,
            "command": {
                "name": self.command.name, "scriptLocation": self.command.script_location,
            },
        }))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({ "name": output.name })
    }
}

/// Shows a job.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetJob {
    /// The job.
    pub job_name: String,
}

/// A job, as Glue shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JobInfo {
    /// The name.
    pub name: String,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The ARN of the role that its runs act as.
    pub role: Arn,
    /// When it was made.
    pub created_on: Timestamp,
    /// What it runs.
    pub command: JobCommand,
    /// Arguments of every run.
    pub default_arguments: BTreeMap<String, String>,
}

/// A job.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JobAnswer {
    /// The job.
    pub job: JobInfo,
}

impl Operation for GetJob {
    type Output = JobAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Glue, "GetJob")
        .needs(&["glue:GetJob"])
        .fails(&["EntityNotFoundException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name("jobName", &self.job_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_job(view, &self.job_name, "glue:GetJob")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let place = regional::own(&cx.view(), self.job_name);
        let job = job(cx.cloud, &place)?;
        Ok(JobAnswer {
            job: JobInfo {
                name: job.name.clone(),
                description: job.description.clone(),
                role: job.role.clone(),
                created_on: job.created,
                command: job.command.clone(),
                default_arguments: job.default_arguments.clone(),
            },
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({ "jobName": self.job_name }))
    }
}
