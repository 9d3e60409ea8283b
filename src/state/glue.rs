//! Glue jobs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{Arn, Timestamp};

/// A Glue job: a script that runs as a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The name, unique in its Region of the account.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The role that its runs act as.
    pub role: Arn,
    /// What it runs.
    pub command: JobCommand,
    /// The arguments of every run that does not set them itself.
    pub default_arguments: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// The runs by id.
    pub runs: BTreeMap<String, JobRun>,
}

/// What a job runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct JobCommand {
    /// The kind of job, such as `glueetl` or `pythonshell`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the script lies, such as `s3://bucket/script.py`; the lab does not read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_location: Option<String>,
    /// The version of Python.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python_version: Option<String>,
}

/// One run of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobRun {
    /// When it was started.
    pub started: Timestamp,
    /// Its own arguments.
    pub arguments: BTreeMap<String, String>,
}
