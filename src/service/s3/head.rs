//! Heading an object.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::objects::{ObjectHead, check_key, object};
use super::{bucket, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;

/// What is known of an object, without its body and without KMS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct HeadObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

/// HEAD answers with a bare status: there is no body to hold a code and a text.
/// The lab keeps the text as its own detail.
pub(super) fn bare(inner: ApiError) -> ApiError {
    let message = match inner.status {
        404 => "Not Found",
        403 => "Forbidden",
        _ => "Bad Request",
    };
    ApiError {
        code: inner.status.to_string(),
        detail: inner.detail.or(Some(inner.message)),
        message: message.to_owned(),
        ..inner
    }
}

impl Operation for HeadObject {
    type Output = ObjectHead;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "HeadObject")
        .data()
        .needs(&["s3:GetObject"])
        .fails(&["404", "403"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:GetObject",
            Target::object(bucket, &self.key),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let bucket = bucket(&view, &self.bucket)?;
        let object = object(&view, bucket, &self.key)?;
        Ok(ObjectHead::of(&object, object.size))
    }

    fn present(error: ApiError) -> ApiError {
        bare(error)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "key": self.key });
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
