//! Who owns the objects of a bucket: always its owner, as in new buckets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{bucket, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;

/// Reads who owns the objects that others write. ACLs are disabled:
/// `BucketOwnerEnforced`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetBucketOwnershipControls {
    /// The bucket.
    pub bucket: String,
}

/// The answer of `GetBucketOwnershipControls`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketOwnership {
    /// The rule.
    pub ownership_controls: OwnershipControls,
}

/// One rule.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OwnershipControls {
    /// The rule.
    pub rules: [OwnershipRule; 1],
}

/// Who owns objects.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OwnershipRule {
    /// `BucketOwnerEnforced`.
    pub object_ownership: &'static str,
}

impl Operation for GetBucketOwnershipControls {
    type Output = BucketOwnership;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetBucketOwnershipControls")
        .needs(&["s3:GetBucketOwnershipControls"])
        .fails(&["NoSuchBucket"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::bucket(bucket(view, &self.bucket)?);
        let action = "s3:GetBucketOwnershipControls";
        Ok(vec![AccessRequest::new(action, target)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        bucket(&cx.view(), &self.bucket)?;
        let object_ownership = "BucketOwnerEnforced";
        Ok(BucketOwnership {
            ownership_controls: OwnershipControls {
                rules: [OwnershipRule { object_ownership }],
            },
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "ownershipControls": "" });
        record(view, &self.bucket, None, parameters)
    }
}
