//! Buckets.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, BucketName, KeyId, Region};
use crate::crypto::BackingKey;
use crate::state::Map;
use crate::state::public_access::PublicAccessBlock;
use crate::state::s3::{Bucket, DefaultEncryption, Tags};
use crate::state::versions::Versioning;

/// Makes a bucket. Its name is unique over all accounts; new objects are
/// encrypted with SSE-S3 until that is changed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateBucket {
    /// The name, 3 to 63 lowercase letters, digits, dots and hyphens.
    pub bucket: String,
    /// Where the bucket lies; the Region of the call by default.
    #[serde(default)]
    pub create_bucket_configuration: Option<CreateBucketConfiguration>,
}

/// Where a bucket lies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateBucketConfiguration {
    /// A Region.
    pub location_constraint: String,
}

/// The answer of `CreateBucket`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreatedBucket {
    /// The bucket's path.
    pub location: String,
}

impl CreateBucket {
    fn name(&self) -> Result<BucketName, ApiError> {
        BucketName::parse(&self.bucket).map_err(|e| {
            error(
                "InvalidBucketName",
                400,
                "The specified bucket is not valid.",
            )
            .with_detail(e.to_string())
        })
    }
}

impl Operation for CreateBucket {
    type Output = CreatedBucket;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "CreateBucket")
        .needs(&["s3:CreateBucket"])
        .fails(&[
            "InvalidBucketName",
            "BucketAlreadyExists",
            "BucketAlreadyOwnedByYou",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.name()?;
        match &self.create_bucket_configuration {
            Some(wanted) => Region::parse(&wanted.location_constraint)
                .map(|_| ())
                .map_err(|e| {
                    error(
                        "InvalidLocationConstraint",
                        400,
                        "The specified location-constraint is not valid",
                    )
                    .with_detail(e.to_string())
                }),
            None => Ok(()),
        }
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let arn = Arn::of("s3", "", "", &self.bucket);
        Ok(vec![AccessRequest::new(
            "s3:CreateBucket",
            Target::plain(&arn, &view.caller.account),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let name = self.name()?;
        if let Some(taken) = cx.cloud.buckets.get(&name) {
            return Err(if taken.account == cx.caller.account {
                error(
                    "BucketAlreadyOwnedByYou",
                    409,
                    "Your previous request to create the named bucket succeeded and you already \
                     own it.",
                )
            } else {
                error(
                    "BucketAlreadyExists",
                    409,
                    "The requested bucket name is not available. The bucket namespace is shared by \
                     all users of the system. Please select a different name and try again.",
                )
            });
        }
        let region = match &self.create_bucket_configuration {
            Some(wanted) => Region::parse(&wanted.location_constraint)
                .map_err(|e| ApiError::validation(Service::S3, e.to_string()))?,
            None => cx.region.clone(),
        };
        let bucket = Bucket {
            name: name.clone(),
            account: cx.caller.account.clone(),
            region,
            created: cx.now(),
            policy: None,
            encryption: DefaultEncryption::SseS3,
            service_key: Arc::new(BackingKey::generate(&mut cx.effects.entropy)),
            service_key_id: KeyId::fresh(&mut cx.effects.entropy),
            objects: Map::new_sync(),
            versioning: Versioning::Never,
            history: Map::new_sync(),
            uploads: Map::new_sync(),
            tags: Tags::new(),
            // As of April 2023.
            public_access_block: Some(PublicAccessBlock::ALL),
        };
        cx.cloud.buckets.insert_mut(name, bucket);
        Ok(CreatedBucket {
            location: format!("/{}", self.bucket),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let arn = format!("arn:aws:s3:::{}", self.bucket);
        Record::of(json!({ "bucketName": self.bucket })).about(
            arn,
            &view.caller.account,
            "AWS::S3::Bucket",
        )
    }
}

/// Deletes an empty bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteBucket {
    /// The bucket.
    pub bucket: String,
}

/// The answer of operations that answer nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Nothing {}

impl Operation for DeleteBucket {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteBucket")
        .needs(&["s3:DeleteBucket"])
        .fails(&["NoSuchBucket", "BucketNotEmpty"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:DeleteBucket",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let found = bucket(&cx.view(), &self.bucket)?;
        if !found.objects.is_empty() && found.history.is_empty() {
            return Err(error(
                "BucketNotEmpty",
                409,
                "The bucket you tried to delete is not empty",
            ));
        }
        if !found.history.is_empty() {
            return Err(error(
                "BucketNotEmpty",
                409,
                "The bucket you tried to delete is not empty. You must delete all versions in the \
                 bucket.",
            ));
        }
        let name = found.name.clone();
        cx.cloud.buckets.remove_mut(&name);
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        record(
            view,
            &self.bucket,
            None,
            json!({ "bucketName": self.bucket }),
        )
    }
}

/// Whether a bucket exists and the caller may list it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct HeadBucket {
    /// The bucket.
    pub bucket: String,
}

/// The answer of `HeadBucket`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketHead {
    /// Where it lies.
    pub bucket_region: Region,
}

impl Operation for HeadBucket {
    type Output = BucketHead;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "HeadBucket")
        .needs(&["s3:ListBucket"])
        .fails(&["404", "403"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:ListBucket",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        Ok(BucketHead {
            bucket_region: bucket(&view, &self.bucket)?.region.clone(),
        })
    }

    fn present(error: ApiError) -> ApiError {
        super::head::bare(error)
    }

    fn record(&self, view: &View<'_>) -> Record {
        record(
            view,
            &self.bucket,
            None,
            json!({ "bucketName": self.bucket }),
        )
    }
}
