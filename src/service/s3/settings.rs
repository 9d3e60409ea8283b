//! Default encryption.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::buckets::Nothing;
use super::wish::{ALGORITHMS, not_an_algorithm};
use super::{bucket, bucket_mut, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::state::s3::DefaultEncryption;

/// A bucket's default encryption.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ServerSideEncryptionConfiguration {
    /// One rule.
    pub rules: Vec<ServerSideEncryptionRule>,
}

/// What new objects are encrypted with.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ServerSideEncryptionRule {
    /// The algorithm and key.
    pub apply_server_side_encryption_by_default: ServerSideEncryptionByDefault,
    /// Whether to use a Bucket Key.
    #[serde(default)]
    pub bucket_key_enabled: bool,
}

/// The algorithm and key.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSideEncryptionByDefault {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    #[serde(rename = "SSEAlgorithm")]
    pub sse_algorithm: String,
    /// A key id, key ARN, alias name or alias ARN; the AWS managed key without it.
    #[serde(
        default,
        rename = "KMSMasterKeyID",
        skip_serializing_if = "Option::is_none"
    )]
    pub kms_master_key_id: Option<String>,
}

impl ServerSideEncryptionConfiguration {
    fn to_default(&self) -> Result<DefaultEncryption, ApiError> {
        let [rule] = self.rules.as_slice() else {
            return Err(error(
                "MalformedXML",
                400,
                "The XML you provided was not well-formed or did not validate against our \
                 published schema",
            )
            .with_detail("The configuration has exactly one rule."));
        };
        let by_default = &rule.apply_server_side_encryption_by_default;
        match (
            by_default.sse_algorithm.as_str(),
            &by_default.kms_master_key_id,
        ) {
            ("AES256", None) => Ok(DefaultEncryption::SseS3),
            ("AES256", Some(_)) => Err(error(
                "InvalidArgument",
                400,
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms \
                 or aws:kms:dsse",
            )),
            (algorithm @ ("aws:kms" | "aws:kms:dsse"), key) => Ok(DefaultEncryption::SseKms {
                key: key.clone(),
                bucket_key: rule.bucket_key_enabled && algorithm == "aws:kms",
                dual_layer: algorithm == "aws:kms:dsse",
            }),
            (other, _) => Err(not_an_algorithm(other, ALGORITHMS)),
        }
    }

    fn of(encryption: &DefaultEncryption) -> Self {
        let (sse_algorithm, kms_master_key_id, bucket_key_enabled) = match encryption {
            DefaultEncryption::SseS3 => ("AES256", None, false),
            DefaultEncryption::SseKms {
                key,
                bucket_key,
                dual_layer: false,
            } => ("aws:kms", key.clone(), *bucket_key),
            DefaultEncryption::SseKms { key, .. } => ("aws:kms:dsse", key.clone(), false),
        };
        Self {
            rules: vec![ServerSideEncryptionRule {
                apply_server_side_encryption_by_default: ServerSideEncryptionByDefault {
                    sse_algorithm: sse_algorithm.to_owned(),
                    kms_master_key_id,
                },
                bucket_key_enabled,
            }],
        }
    }
}

/// Sets what new objects are encrypted with; objects that exist stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutBucketEncryption {
    /// The bucket.
    pub bucket: String,
    /// The default encryption.
    pub server_side_encryption_configuration: ServerSideEncryptionConfiguration,
}

impl Operation for PutBucketEncryption {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutBucketEncryption")
        .needs(&["s3:PutEncryptionConfiguration"])
        .fails(&["NoSuchBucket", "InvalidArgument", "MalformedXML"]);

    fn validate(&self) -> Result<(), ApiError> {
        self.server_side_encryption_configuration
            .to_default()
            .map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:PutEncryptionConfiguration",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let encryption = self.server_side_encryption_configuration.to_default()?;
        bucket_mut(cx.cloud, &self.bucket)?.encryption = encryption;
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({
            "bucketName": self.bucket,
            "ServerSideEncryptionConfiguration": self.server_side_encryption_configuration,
        });
        record(view, &self.bucket, None, parameters)
    }
}

/// Reads what new objects are encrypted with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetBucketEncryption {
    /// The bucket.
    pub bucket: String,
}

/// The answer of `GetBucketEncryption`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketEncryption {
    /// The default encryption.
    pub server_side_encryption_configuration: ServerSideEncryptionConfiguration,
}

impl Operation for GetBucketEncryption {
    type Output = BucketEncryption;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetBucketEncryption")
        .needs(&["s3:GetEncryptionConfiguration"])
        .fails(&["NoSuchBucket"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:GetEncryptionConfiguration",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let encryption = &bucket(&view, &self.bucket)?.encryption;
        Ok(BucketEncryption {
            server_side_encryption_configuration: ServerSideEncryptionConfiguration::of(encryption),
        })
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

/// Sets the default encryption back to SSE-S3.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteBucketEncryption {
    /// The bucket.
    pub bucket: String,
}

impl Operation for DeleteBucketEncryption {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteBucketEncryption")
        .needs(&["s3:PutEncryptionConfiguration"])
        .fails(&["NoSuchBucket"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:PutEncryptionConfiguration",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        bucket_mut(cx.cloud, &self.bucket)?.encryption = DefaultEncryption::SseS3;
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
