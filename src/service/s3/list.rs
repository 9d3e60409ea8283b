//! Listing objects.

use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checksums::type_name;
use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::state::s3::{Bucket, Object};

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
    /// What its checksum is computed by; one of one.
    pub checksum_algorithm: [&'static str; 1],
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub checksum_type: &'static str,
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
    /// The delimiter that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The key that was asked to begin behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_after: Option<String>,
    /// The token that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation_token: Option<String>,
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

/// What of `key` is rolled up: the prefix up to the delimiter behind it.
pub(super) fn rolled(key: &str, prefix: &str, delimiter: Option<&str>) -> Option<String> {
    let delimiter = delimiter.filter(|text| !text.is_empty())?;
    let end = key.strip_prefix(prefix)?.find(delimiter)? + delimiter.len();
    key.get(..prefix.len() + end).map(str::to_owned)
}

/// `MaxKeys` and its like: between 0 and 1000, 1000 without one.
///
/// # Errors
/// `InvalidArgument` for a negative number.
pub(super) fn page_size(member: &str, asked: Option<i64>) -> Result<usize, ApiError> {
    let asked = asked.unwrap_or(1000);
    let size = usize::try_from(asked).map_err(|_| {
        let text = format!("`{asked}` is not a value of {member}: it is between 0 and 2147483647");
        error("InvalidArgument", 400, text)
    })?;
    Ok(size.min(1000))
}

/// A token that says where a page ended, which callers have no use to read.
pub(super) fn token_of(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(last)
}

/// Where the page before ended.
///
/// # Errors
/// `InvalidArgument` for a token that no page gave.
pub(super) fn read_token(token: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(token) = token else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| !text.is_empty())
        .map(Some)
        .ok_or_else(|| {
            let text = "The continuation token provided is incorrect";
            error("InvalidArgument", 400, text)
                .with_detail("Send the token that the page before gave, as it is.")
        })
}

impl ListObjectsV2 {
    /// The page behind `seen`, the last entry of the page before.
    pub(super) fn page(
        &self,
        bucket: &Bucket,
        seen: Option<String>,
    ) -> Result<ObjectList, ApiError> {
        let prefix = self.prefix.clone().unwrap_or_default();
        let max_keys = page_size("MaxKeys", self.max_keys)?;
        let after = seen.as_ref().or(self.start_after.as_ref());
        let start = match after {
            Some(after) if *after >= prefix => Bound::Excluded(after.clone()),
            _ => Bound::Included(prefix.clone()),
        };
        let mut page = ObjectList {
            name: bucket.name.to_string(),
            prefix: prefix.clone(),
            delimiter: self.delimiter.clone(),
            start_after: self.start_after.clone(),
            continuation_token: self.continuation_token.clone(),
            max_keys,
            ..ObjectList::default()
        };
        let mut last = seen;
        for (key, object) in bucket.objects.range::<String, _>((start, Bound::Unbounded)) {
            if !key.starts_with(&prefix) {
                break;
            }
            let rolled = rolled(key, &prefix, self.delimiter.as_deref());
            if rolled.is_some() && rolled <= last {
                continue;
            }
            if page.key_count >= max_keys {
                page.is_truncated = max_keys > 0;
                page.next_continuation_token =
                    last.as_deref().filter(|_| max_keys > 0).map(token_of);
                break;
            }
            page.key_count += 1;
            last = Some(rolled.clone().unwrap_or_else(|| key.clone()));
            match rolled {
                Some(prefix) => page.common_prefixes.push(CommonPrefix { prefix }),
                None => page.contents.push(ObjectEntry::of(key, object)),
            }
        }
        Ok(page)
    }
}

impl ObjectEntry {
    fn of(key: &str, object: &Object) -> Self {
        Self {
            key: key.to_owned(),
            size: object.size,
            etag: format!("\"{}\"", object.etag),
            last_modified: object.last_modified,
            storage_class: "STANDARD",
            checksum_algorithm: [object.checksum.rule.algorithm.name()],
            checksum_type: type_name(object.checksum.rule.kind),
        }
    }
}

impl Operation for ListObjectsV2 {
    type Output = ObjectList;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "ListObjectsV2")
        .data()
        .needs(&["s3:ListBucket"])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        page_size("MaxKeys", self.max_keys)?;
        read_token(self.continuation_token.as_deref()).map(drop)
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
        let seen = read_token(self.continuation_token.as_deref())?;
        self.page(bucket(&cx.view(), &self.bucket)?, seen)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters =
            json!({ "bucketName": self.bucket, "prefix": self.prefix, "list-type": "2" });
        record(view, &self.bucket, None, parameters)
    }
}
