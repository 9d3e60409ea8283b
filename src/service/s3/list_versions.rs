//! Listing versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::list::{CommonPrefix, page_size, rolled};
use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::Timestamp;
use crate::state::s3::Bucket;
use crate::state::versions::Version;

/// Lists the versions of objects and their delete markers: by key, the newest first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListObjectVersions {
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
    /// The `NextKeyMarker` of the page before.
    #[serde(default)]
    pub key_marker: Option<String>,
    /// The `NextVersionIdMarker` of the page before.
    #[serde(default)]
    pub version_id_marker: Option<String>,
}

/// A version of an object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VersionEntry {
    /// The object's key.
    pub key: String,
    /// The version's id.
    pub version_id: String,
    /// Whether a read without a version finds it.
    pub is_latest: bool,
    /// When it was written.
    pub last_modified: Timestamp,
    /// The length of the plaintext in bytes.
    pub size: u64,
    /// The entity tag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// `STANDARD`.
    pub storage_class: &'static str,
}

/// A version that says that there is no object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteMarkerEntry {
    /// The object's key.
    pub key: String,
    /// The marker's id.
    pub version_id: String,
    /// Whether a read without a version meets it.
    pub is_latest: bool,
    /// When the object was deleted.
    pub last_modified: Timestamp,
}

/// A page of versions.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VersionList {
    /// The bucket.
    pub name: String,
    /// The prefix that was asked for.
    pub prefix: String,
    /// The delimiter that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The key that was sent.
    pub key_marker: String,
    /// The version that was sent.
    pub version_id_marker: String,
    /// How many entries there could be.
    pub max_keys: usize,
    /// The versions.
    pub versions: Vec<VersionEntry>,
    /// The delete markers.
    pub delete_markers: Vec<DeleteMarkerEntry>,
    /// What was rolled up.
    pub common_prefixes: Vec<CommonPrefix>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The key at which the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_key_marker: Option<String>,
    /// The version behind which it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_version_id_marker: Option<String>,
}

/// Where a page ended: at a key, or what was rolled up, and at a version of it.
type Place = (String, Option<String>);

impl VersionList {
    fn count(&self) -> usize {
        self.versions.len() + self.delete_markers.len() + self.common_prefixes.len()
    }

    /// Takes one more entry; `false` if the page is full.
    fn take(
        &mut self,
        place: &Place,
        last: &mut Option<Place>,
        add: impl FnOnce(&mut Self),
    ) -> bool {
        if self.count() >= self.max_keys {
            self.is_truncated = self.max_keys > 0;
            if let Some((key, version)) = last.take().filter(|_| self.is_truncated) {
                (self.next_key_marker, self.next_version_id_marker) = (Some(key), version);
            }
            return false;
        }
        add(self);
        *last = Some(place.clone());
        true
    }

    fn add(&mut self, key: &str, version: Version, is_latest: bool) {
        let (key, version_id) = (key.to_owned(), version.id.as_str().to_owned());
        let last_modified = version.written;
        match version.object {
            Some(object) => self.versions.push(VersionEntry {
                key,
                version_id,
                is_latest,
                last_modified,
                size: object.size,
                etag: format!("\"{}\"", object.etag),
                storage_class: "STANDARD",
            }),
            None => self.delete_markers.push(DeleteMarkerEntry {
                key,
                version_id,
                is_latest,
                last_modified,
            }),
        }
    }
}

impl ListObjectVersions {
    fn page(&self, bucket: &Bucket) -> Result<VersionList, ApiError> {
        let prefix = self.prefix.clone().unwrap_or_default();
        let mut page = VersionList {
            name: bucket.name.to_string(),
            prefix: prefix.clone(),
            delimiter: self.delimiter.clone(),
            key_marker: self.key_marker.clone().unwrap_or_default(),
            version_id_marker: self.version_id_marker.clone().unwrap_or_default(),
            max_keys: page_size("MaxKeys", self.max_keys)?,
            ..VersionList::default()
        };
        let mut last = None;
        for key in bucket.versioned_keys() {
            if key.starts_with(&prefix)
                && !self.take_key(bucket, key, &prefix, &mut page, &mut last)
            {
                break;
            }
        }
        Ok(page)
    }

    /// Takes what of `key` lies behind the markers; `false` if the page is full.
    fn take_key(
        &self,
        bucket: &Bucket,
        key: &str,
        prefix: &str,
        page: &mut VersionList,
        last: &mut Option<Place>,
    ) -> bool {
        let marker = self.key_marker.as_deref();
        if let Some(rolled) = rolled(key, prefix, self.delimiter.as_deref()) {
            let seen = page
                .common_prefixes
                .last()
                .is_some_and(|p| p.prefix == rolled);
            if seen || marker.is_some_and(|marker| *rolled <= *marker) {
                return true;
            }
            let place = (rolled.clone(), None);
            return page.take(&place, last, |page| {
                page.common_prefixes.push(CommonPrefix { prefix: rolled });
            });
        }
        let mut versions = bucket.versions_of(key);
        let newest = versions.first().map(|version| version.id.clone());
        match (marker, &self.version_id_marker) {
            (Some(marker), Some(id)) if marker == key => {
                let place = versions.iter().position(|v| v.id.as_str() == id);
                versions.drain(..place.map_or(0, |place| place + 1));
            }
            (Some(marker), _) if key <= marker => return true,
            _ => {}
        }
        versions.into_iter().all(|version| {
            let place = (key.to_owned(), Some(version.id.as_str().to_owned()));
            let is_latest = newest.as_ref() == Some(&version.id);
            page.take(&place, last, |page| page.add(key, version, is_latest))
        })
    }
}

impl Operation for ListObjectVersions {
    type Output = VersionList;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "ListObjectVersions")
        .data()
        .needs(&["s3:ListBucketVersions"])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        page_size("MaxKeys", self.max_keys)?;
        if self.version_id_marker.is_some() && self.key_marker.is_none() {
            let text = "A version-id marker cannot be specified without a key marker.";
            return Err(error("InvalidArgument", 400, text));
        }
        Ok(())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        Ok(vec![
            AccessRequest::new("s3:ListBucketVersions", Target::bucket(bucket))
                .with_some("s3:prefix", self.prefix.clone())
                .with_some("s3:delimiter", self.delimiter.clone())
                .with_some("s3:max-keys", self.max_keys.map(|n| n.to_string())),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        self.page(bucket(&cx.view(), &self.bucket)?)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters =
            json!({ "bucketName": self.bucket, "prefix": self.prefix, "versions": "" });
        record(view, &self.bucket, None, parameters)
    }
}
