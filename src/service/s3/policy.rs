//! Bucket policies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::buckets::Nothing;
use super::{bucket, bucket_mut, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::policy::lint::{Catalogue, lint};
use crate::policy::{Policy, PolicyKind};
use crate::service::principals::{shown, unique_id_resolver};
use crate::state::s3::Bucket;

/// The longest bucket policy, in bytes of its compact form.
///
/// How S3 normalizes a document is not published; white space is what the lab
/// leaves out. Source: S3 User Guide, "Adding a bucket policy"; the message as
/// users report it.
const MAX_POLICY_BYTES: usize = 20 * 1024;

/// Replaces the bucket policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutBucketPolicy {
    /// The bucket.
    pub bucket: String,
    /// The policy, as JSON text of at most 20 KB.
    pub policy: String,
}

fn check_size(policy: &Policy) -> Result<(), ApiError> {
    let size = policy.to_value().to_string().len();
    if size <= MAX_POLICY_BYTES {
        return Ok(());
    }
    let message = format!(
        "Normalized policy document exceeds the maximum allowed size of {MAX_POLICY_BYTES} bytes"
    );
    let detail = format!("Without white space it has {size} bytes.");
    Err(error("MalformedPolicy", 400, message).with_detail(detail))
}

/// Every action acts on one of its statement's resources: buckets and objects
/// are different things. Source: the message as users report it.
fn check_actions(policy: &Policy) -> Result<(), ApiError> {
    let findings = lint(policy, Catalogue::bundled());
    let mismatch = findings
        .iter()
        .find(|finding| finding.code == "action-resource-mismatch");
    mismatch.map_or(Ok(()), |finding| {
        let message = "Action does not apply to any resource(s) in statement";
        Err(error("MalformedPolicy", 400, message).with_detail(finding.excerpt()))
    })
}

/// Every resource of a bucket policy lies in the bucket. `*` does not: S3 wants
/// the bucket named. Source: the message as users report it.
fn check_resources(bucket: &Bucket, policy: &Policy) -> Result<(), ApiError> {
    let own = bucket.arn();
    let inside = |text: &str| {
        let head = text.split(['*', '?', '$']).next().unwrap_or_default();
        let rest = text.strip_prefix(own.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || (head.len() < text.len() && !head.is_empty() && own.as_str().starts_with(head))
    };
    policy
        .check_resources(&inside)
        .map_err(|e| ApiError::policy(Service::S3, &e))
}

/// A public policy is refused where Block Public Access says so.
fn check_public(cx: &Context<'_>, name: &str, policy: &Policy) -> Result<(), ApiError> {
    let view = cx.view();
    let bucket = bucket(&view, name)?;
    let blocked = cx.cloud.public_access_block(bucket).block_public_policy;
    if !blocked || !policy.is_public() {
        return Ok(());
    }
    let text = format!(
        "User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"{}\" because \
         public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access",
        cx.caller.arn().unwrap_or_default(),
        bucket.arn()
    );
    Err(error("AccessDenied", 403, text).with_detail(
        "The policy allows something to everyone. Name principals, narrow it by a condition with \
         fixed values, or change Block Public Access of the bucket or the account.",
    ))
}

/// The error where there is no policy.
pub(super) fn none() -> ApiError {
    let text = "The bucket policy does not exist";
    error("NoSuchBucketPolicy", 404, text)
}

impl Operation for PutBucketPolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutBucketPolicy")
        .needs(&["s3:PutBucketPolicy"])
        .fails(&["NoSuchBucket", "MalformedPolicy", "AccessDenied"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:PutBucketPolicy",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let policy = Policy::parse(PolicyKind::Bucket, &self.policy)
            .map_err(|e| ApiError::policy(Service::S3, &e))?;
        check_size(&policy)?;
        let policy = policy
            .bind(&mut unique_id_resolver(cx.cloud))
            .map_err(|e| ApiError::policy(Service::S3, &e))?;
        check_resources(bucket(&cx.view(), &self.bucket)?, &policy)?;
        check_actions(&policy)?;
        check_public(cx, &self.bucket, &policy)?;
        bucket_mut(cx.cloud, &self.bucket)?.policy = Some(policy);
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let policy: Option<Value> = serde_json::from_str(&self.policy).ok();
        let parameters = json!({ "bucketName": self.bucket, "bucketPolicy": policy });
        record(view, &self.bucket, None, parameters)
    }
}

/// Reads the bucket policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetBucketPolicy {
    /// The bucket.
    pub bucket: String,
}

/// A bucket policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketPolicyText {
    /// The policy, as JSON text.
    pub policy: String,
}

impl Operation for GetBucketPolicy {
    type Output = BucketPolicyText;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetBucketPolicy")
        .needs(&["s3:GetBucketPolicy"])
        .fails(&["NoSuchBucket", "NoSuchBucketPolicy"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:GetBucketPolicy",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        match &bucket(&view, &self.bucket)?.policy {
            Some(policy) => Ok(BucketPolicyText {
                policy: shown(view.cloud, policy),
            }),
            None => Err(none()),
        }
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

/// Deletes the bucket policy; it is no error if there is none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteBucketPolicy {
    /// The bucket.
    pub bucket: String,
}

impl Operation for DeleteBucketPolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteBucketPolicy")
        .needs(&["s3:DeleteBucketPolicy"])
        .fails(&["NoSuchBucket"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:DeleteBucketPolicy",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        bucket_mut(cx.cloud, &self.bucket)?.policy = None;
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
