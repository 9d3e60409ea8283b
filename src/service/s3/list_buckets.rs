//! Listing buckets, and where a bucket lies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::list::{read_token, token_of};
use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, BucketName, Region, Timestamp};
use crate::state::s3::Bucket;

/// The greatest number of buckets on a page.
const MAX_BUCKETS: usize = 10_000;

/// Lists the buckets of the account, by name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListBuckets {
    /// Only buckets whose name begins so.
    pub prefix: Option<String>,
    /// Only buckets in this Region.
    pub bucket_region: Option<String>,
    /// At most this many, between 1 and 10000.
    pub max_buckets: Option<i64>,
    /// The `ContinuationToken` of the page before.
    pub continuation_token: Option<String>,
}

/// One bucket of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketEntry {
    /// The name.
    pub name: BucketName,
    /// The ARN.
    pub bucket_arn: Arn,
    /// When it was made.
    pub creation_date: Timestamp,
    /// Where it lies.
    pub bucket_region: Region,
}

/// The buckets of the account.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketList {
    /// The buckets, by name.
    pub buckets: Vec<BucketEntry>,
    /// The prefix that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Where the next page begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation_token: Option<String>,
}

impl BucketEntry {
    fn of(bucket: &Bucket) -> Self {
        Self {
            name: bucket.name.clone(),
            bucket_arn: bucket.arn(),
            creation_date: bucket.created,
            bucket_region: bucket.region.clone(),
        }
    }
}

impl ListBuckets {
    fn size(&self) -> Result<usize, ApiError> {
        let asked = self.max_buckets.map_or(Ok(MAX_BUCKETS), usize::try_from);
        let size = asked.ok().filter(|size| (1..=MAX_BUCKETS).contains(size));
        size.ok_or_else(|| {
            let text = "Argument max-buckets must be an integer between 1 and 10000";
            error("InvalidArgument", 400, text)
        })
    }
}

impl Operation for ListBuckets {
    type Output = BucketList;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::S3, "ListBuckets").needs(&["s3:ListAllMyBuckets"]);

    fn validate(&self) -> Result<(), ApiError> {
        self.size()?;
        read_token(self.continuation_token.as_deref())?;
        match &self.bucket_region {
            Some(region) if Region::parse(region).is_err() => Err(error(
                "InvalidArgument",
                400,
                format!("Argument value {region} is not a valid AWS Region"),
            )),
            _ => Ok(()),
        }
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            "s3:ListAllMyBuckets",
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (size, after) = (
            self.size()?,
            read_token(self.continuation_token.as_deref())?,
        );
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let region = self.bucket_region.as_deref();
        let mut found = cx.cloud.buckets.values().filter(|bucket| {
            bucket.account == cx.caller.account
                && bucket.name.as_str().starts_with(prefix)
                && region.is_none_or(|region| bucket.region.as_str() == region)
                && after.as_deref().is_none_or(|a| bucket.name.as_str() > a)
        });
        let buckets: Vec<BucketEntry> = found.by_ref().take(size).map(BucketEntry::of).collect();
        let last = buckets.last().filter(|_| found.next().is_some());
        Ok(BucketList {
            continuation_token: last.map(|bucket| token_of(bucket.name.as_str())),
            buckets,
            prefix: self.prefix,
        })
    }
}

/// Where a bucket lies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetBucketLocation {
    /// The bucket.
    pub bucket: String,
}

/// The answer of `GetBucketLocation`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketLocation {
    /// The Region; null for `us-east-1`.
    pub location_constraint: Option<Region>,
}

impl Operation for GetBucketLocation {
    type Output = BucketLocation;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetBucketLocation")
        .needs(&["s3:GetBucketLocation"])
        .fails(&["NoSuchBucket"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![AccessRequest::new(
            "s3:GetBucketLocation",
            Target::bucket(bucket),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let region = bucket(&cx.view(), &self.bucket)?.region.clone();
        Ok(BucketLocation {
            location_constraint: Some(region).filter(|region| region.as_str() != "us-east-1"),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket });
        record(view, &self.bucket, None, parameters)
    }
}
