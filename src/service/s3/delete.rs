//! Deleting an object.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::objects::check_key;
use super::{bucket, bucket_mut, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::state::s3::Bucket;

/// Deletes an object; it is no error if there is none. KMS is not asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

/// Asks for the permission to delete `key`.
pub(super) fn delete_request(bucket: &Bucket, key: &str) -> AccessRequest {
    AccessRequest::new("s3:DeleteObject", Target::object(bucket, key))
}

/// Deletes `key`; it is no error if there is none.
pub(super) fn delete(cx: &mut Context<'_>, name: &str, key: &str) -> Result<(), ApiError> {
    bucket_mut(cx.cloud, name)?.objects.remove_mut(key);
    Ok(())
}

impl Operation for DeleteObject {
    type Output = super::buckets::Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteObject")
        .data()
        .needs(&["s3:DeleteObject"])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![delete_request(bucket, &self.key)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        delete(cx, &self.bucket, &self.key)?;
        Ok(super::buckets::Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "key": self.key });
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
