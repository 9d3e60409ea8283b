//! Listing objects, the old way: pages begin behind a marker, not a token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::list::{CommonPrefix, ListObjectsV2, ObjectEntry, page_size, read_token};
use super::{bucket, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;

/// Lists the objects of a bucket by name, the old way. Needs `s3:ListBucket`
/// on the bucket; KMS is not asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListObjects {
    /// The bucket.
    pub bucket: String,
    /// Only keys that begin so.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Rolls keys up to the next occurrence of this text behind the prefix.
    #[serde(default)]
    pub delimiter: Option<String>,
    /// At most this many, 1000 by default.
    #[serde(default)]
    pub max_keys: Option<i64>,
    /// Only keys behind this one: the last of the page before.
    #[serde(default)]
    pub marker: Option<String>,
}

/// A page of objects.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MarkedList {
    /// The bucket.
    pub name: String,
    /// The prefix that was asked for.
    pub prefix: String,
    /// The marker that was sent.
    pub marker: String,
    /// The objects.
    pub contents: Vec<ObjectEntry>,
    /// What was rolled up.
    pub common_prefixes: Vec<CommonPrefix>,
    /// The delimiter that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// How many there could be.
    pub max_keys: usize,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The marker of the next page, with a delimiter; without one it is the last key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl Operation for ListObjects {
    type Output = MarkedList;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "ListObjects")
        .data()
        .needs(&["s3:ListBucket"])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        page_size("MaxKeys", self.max_keys).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::bucket(bucket(view, &self.bucket)?);
        Ok(vec![
            AccessRequest::new("s3:ListBucket", target)
                .with_some("s3:prefix", self.prefix.clone())
                .with_some("s3:delimiter", self.delimiter.clone())
                .with_some("s3:max-keys", self.max_keys.map(|n| n.to_string())),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let wish = ListObjectsV2 {
            bucket: self.bucket,
            prefix: self.prefix,
            delimiter: self.delimiter,
            max_keys: self.max_keys,
            continuation_token: None,
            start_after: None,
        };
        let marker = self.marker.filter(|marker| !marker.is_empty());
        let view = cx.view();
        let page = wish.page(bucket(&view, &wish.bucket)?, marker.clone())?;
        let next = read_token(page.next_continuation_token.as_deref())?;
        Ok(MarkedList {
            name: page.name,
            prefix: page.prefix,
            marker: marker.unwrap_or_default(),
            contents: page.contents,
            common_prefixes: page.common_prefixes,
            next_marker: next.filter(|_| page.delimiter.is_some()),
            delimiter: page.delimiter,
            max_keys: page.max_keys,
            is_truncated: page.is_truncated,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "prefix": self.prefix });
        record(view, &self.bucket, None, parameters)
    }
}
