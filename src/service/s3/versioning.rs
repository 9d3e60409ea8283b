//! Whether a bucket keeps versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::buckets::Nothing;
use super::{bucket, bucket_mut, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::state::versions::Versioning;

/// Lets a bucket keep versions, or stops it. A bucket that began never goes
/// back to none: `Suspended` keeps those that it has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutBucketVersioning {
    /// The bucket.
    pub bucket: String,
    /// The wish.
    pub versioning_configuration: VersioningConfiguration,
}

/// Whether to keep versions.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VersioningConfiguration {
    /// `Enabled` or `Suspended`; absent where it was never set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl VersioningConfiguration {
    fn wanted(&self) -> Result<Versioning, ApiError> {
        match self.status.as_deref() {
            Some("Enabled") => Ok(Versioning::Enabled),
            Some("Suspended") => Ok(Versioning::Suspended),
            Some(other) => Err(error(
                "MalformedXML",
                400,
                "The XML you provided was not well-formed or did not validate against our \
                 published schema",
            )
            .with_detail(format!(
                "`{other}` is not a status: use `Enabled` or `Suspended`"
            ))),
            None => Err(error(
                "IllegalVersioningConfigurationException",
                400,
                "The Versioning element must be specified",
            )),
        }
    }

    fn of(versioning: Versioning) -> Self {
        let status = match versioning {
            Versioning::Never => None,
            Versioning::Enabled => Some("Enabled"),
            Versioning::Suspended => Some("Suspended"),
        };
        Self {
            status: status.map(str::to_owned),
        }
    }
}

impl Operation for PutBucketVersioning {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutBucketVersioning")
        .needs(&["s3:PutBucketVersioning"])
        .fails(&[
            "NoSuchBucket",
            "MalformedXML",
            "IllegalVersioningConfigurationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.versioning_configuration.wanted().map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:PutBucketVersioning",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let wanted = self.versioning_configuration.wanted()?;
        bucket_mut(cx.cloud, &self.bucket)?.versioning = wanted;
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({
            "bucketName": self.bucket, "VersioningConfiguration": self.versioning_configuration,
        });
        record(view, &self.bucket, None, parameters)
    }
}

/// Whether a bucket keeps versions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetBucketVersioning {
    /// The bucket.
    pub bucket: String,
}

impl Operation for GetBucketVersioning {
    type Output = VersioningConfiguration;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetBucketVersioning")
        .needs(&["s3:GetBucketVersioning"])
        .fails(&["NoSuchBucket"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:GetBucketVersioning",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let versioning = bucket(&cx.view(), &self.bucket)?.versioning;
        Ok(VersioningConfiguration::of(versioning))
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket });
        record(view, &self.bucket, None, parameters)
    }
}
