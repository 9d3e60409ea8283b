//! Listing objects.

use std::ops::Bound;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::state::s3::Bucket;

/// Lists the objects of a bucket by name. Needs `s3:ListBucket` on the bucket; KMS is not asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListObjectsV2 {
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
    /// The `NextContinuationToken` of the page before.
    #[serde(default)]
    pub continuation_token: Option<String>,
    /// Only keys behind this one.
    #[serde(default)]
    pub start_after: Option<String>,
}

/// One object of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectEntry {
    /// The object's key.
    pub key: String,
    /// The length of the plaintext in bytes.
    pub size: u64,
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// `STANDARD`.
    pub storage_class: &'static str,
}

/// Keys that were rolled up.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CommonPrefix {
    /// What they have in common, delimiter included.
    pub prefix: String,
}

/// A page of objects.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectList {
    /// The bucket.
    pub name: String,
    /// The prefix that was asked for.
    pub prefix: String,
    /// The objects.
    pub contents: Vec<ObjectEntry>,
    /// What was rolled up.
    pub common_prefixes: Vec<CommonPrefix>,
    /// How many entries there are.
    pub key_count: usize,
    /// How many there could be.
    pub max_keys: usize,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_continuation_token: Option<String>,
}

impl ListObjectsV2 {
    fn page(&self, bucket: &Bucket) -> ObjectList {
        let prefix = self.prefix.clone().unwrap_or_default();
        let delimiter = self.delimiter.as_deref().filter(|d| !d.is_empty());
        let max_keys = usize::try_from(self.max_keys.unwrap_or(1000))
            .unwrap_or(0)
            .min(1000);
        let after = self
            .continuation_token
            .clone()
            .or_else(|| self.start_after.clone());
        let start = match &after {
            Some(after) if *after >= prefix => Bound::Excluded(after.clone()),
            _ => Bound::Included(prefix.clone()),
        };
        let mut page = ObjectList {
            name: bucket.name.to_string(),
            prefix: prefix.clone(),
            max_keys,
            ..ObjectList::default()
        };
        let mut last: Option<String> = None;
        for (key, object) in bucket.objects.range::<String, _>((start, Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(&prefix) else {
                break;
            };
            let rolled = delimiter.and_then(|d| {
                let end = rest.find(d)? + d.len();
                Some(format!("{prefix}{}", rest.get(..end)?))
            });
            if rolled.is_some()
                && (rolled == page.common_prefixes.last().map(|p| p.prefix.clone())
                    || rolled
                        .as_ref()
                        .zip(after.as_ref())
                        .is_some_and(|(r, a)| a.starts_with(r.as_str())))
            {
                continue;
            }
            if page.key_count >= max_keys {
                page.is_truncated = max_keys > 0;
                page.next_continuation_token = last.filter(|_| max_keys > 0);
                break;
            }
            page.key_count += 1;
            last = Some(rolled.clone().unwrap_or_else(|| key.clone()));
            match rolled {
                Some(prefix) => page.common_prefixes.push(CommonPrefix { prefix }),
                None => page.contents.push(ObjectEntry {
                    key: key.clone(),
                    size: object.size,
                    etag: format!("\"{}\"", object.etag),
                    last_modified: object.last_modified,
                    storage_class: "STANDARD",
                }),
            }
        }
        page
    }
}

impl Operation for ListObjectsV2 {
    type Output = ObjectList;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "ListObjectsV2")
        .data()
        .needs(&["s3:ListBucket"])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        match self.max_keys {
            Some(negative @ ..=-1) => Err(error(
                "InvalidArgument",
                400,
                format!("`{negative}` is not a value of MaxKeys: it is between 0 and 2147483647"),
            )),
            _ => Ok(()),
        }
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![
            AccessRequest::new("s3:ListBucket", Target::bucket(bucket))
                .with_some("s3:prefix", self.prefix.clone())
                .with_some("s3:delimiter", self.delimiter.clone())
                .with_some("s3:max-keys", self.max_keys.map(|n| n.to_string())),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        Ok(self.page(bucket(&cx.view(), &self.bucket)?))
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters =
            json!({ "bucketName": self.bucket, "prefix": self.prefix, "list-type": "2" });
        record(view, &self.bucket, None, parameters)
    }
}
