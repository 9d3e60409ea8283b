//! The tags of buckets. They are no condition keys: S3 looks at them for
//! `aws:ResourceTag` only where ABAC was enabled for the bucket, which the lab
//! does not do. Source: S3 User Guide, "Enabling ABAC in general purpose buckets".

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::buckets::Nothing;
use super::tags::{Holder, Tagging};
use super::{bucket, bucket_mut, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::state::s3::Tags;

/// Replaces the tags of a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutBucketTagging {
    /// The bucket.
    pub bucket: String,
    /// The tags, at most 50.
    pub tagging: Tagging,
}

/// Reads the tags of a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetBucketTagging {
    /// The bucket.
    pub bucket: String,
}

/// Takes all tags off a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteBucketTagging {
    /// The bucket.
    pub bucket: String,
}

fn ask(view: &View<'_>, name: &str, action: &str) -> Result<Vec<AccessRequest>, ApiError> {
    let target = Target::bucket(bucket(view, name)?);
    Ok(vec![AccessRequest::new(action, target)])
}

impl Operation for PutBucketTagging {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutBucketTagging")
        .needs(&["s3:PutBucketTagging"])
        .fails(&["NoSuchBucket", "InvalidTag", "BadRequest"]);

    fn validate(&self) -> Result<(), ApiError> {
        self.tagging.read(Holder::Bucket).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        ask(view, &self.bucket, "s3:PutBucketTagging")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let tags = self.tagging.read(Holder::Bucket)?;
        bucket_mut(cx.cloud, &self.bucket)?.tags = tags;
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "Tagging": self.tagging });
        record(view, &self.bucket, None, parameters)
    }
}

impl Operation for GetBucketTagging {
    type Output = Tagging;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetBucketTagging")
        .needs(&["s3:GetBucketTagging"])
        .fails(&["NoSuchBucket", "NoSuchTagSet"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        ask(view, &self.bucket, "s3:GetBucketTagging")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tags = &bucket(&view, &self.bucket)?.tags;
        match tags.is_empty() {
            true => Err(error("NoSuchTagSet", 404, "The TagSet does not exist")),
            false => Ok(Tagging::of(tags)),
        }
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket });
        record(view, &self.bucket, None, parameters)
    }
}

impl Operation for DeleteBucketTagging {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteBucketTagging")
        .needs(&["s3:PutBucketTagging"])
        .fails(&["NoSuchBucket"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        ask(view, &self.bucket, "s3:PutBucketTagging")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        bucket_mut(cx.cloud, &self.bucket)?.tags = Tags::new();
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket });
        record(view, &self.bucket, None, parameters)
    }
}
