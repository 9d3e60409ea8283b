//! The tags of objects.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::objects::{Found, check_key, delete_marker, object, version_id};
use super::tags::{Holder, Tagging, with_existing_tags, with_request_tags};
use super::{bucket, bucket_mut, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::state::s3::{Bucket, Object, Tags};

/// Replaces the tags of an object. Needs `s3:PutObjectTagging`; KMS is not asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutObjectTagging {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// A version; needs `s3:PutObjectVersionTagging`.
    #[serde(default)]
    pub version_id: Option<String>,
    /// The tags, at most 10.
    pub tagging: Tagging,
}

/// Reads the tags of an object. Needs `s3:GetObjectTagging`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetObjectTagging {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// A version; needs `s3:GetObjectVersionTagging`.
    #[serde(default)]
    pub version_id: Option<String>,
}

/// Takes all tags off an object. Needs `s3:DeleteObjectTagging`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteObjectTagging {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// A version; needs `s3:DeleteObjectVersionTagging`.
    #[serde(default)]
    pub version_id: Option<String>,
}

/// The version whose tags changed, in a bucket that keeps versions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TaggedVersion {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

/// The tags of an object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectTagging {
    /// The version that has them, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The tags, by key.
    #[serde(flatten)]
    pub tagging: Tagging,
}

/// What a call about tags asks for: `verb` is `Get`, `Put` or `Delete`.
pub(super) fn tagging_request(
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
    verb: &str,
) -> AccessRequest {
    let of_version = version.map_or("", |_| "Version");
    let action = format!("s3:{verb}Object{of_version}Tagging");
    let request = AccessRequest::new(&action, Target::object(bucket, key));
    with_existing_tags(request, bucket, key, version).with_some("s3:VersionId", version)
}

/// The object whose tags are meant. Unlike a read, a call about tags says that
/// a delete marker is in the way.
fn tagged(cx: &Context<'_>, name: &str, key: &str, id: Option<&str>) -> Result<Found, ApiError> {
    let view = cx.view();
    let bucket = bucket(&view, name)?;
    let newest = bucket
        .history
        .get(key)
        .and_then(|versions| versions.first());
    match newest {
        Some(newest) if id.is_none() && newest.object.is_none() => Err(delete_marker()),
        _ => object(&view, bucket, key, id),
    }
}

fn set(
    cx: &mut Context<'_>,
    name: &str,
    key: &str,
    id: Option<&str>,
    tags: Tags,
) -> Result<TaggedVersion, ApiError> {
    let found = tagged(cx, name, key, id)?;
    let changed = Object {
        tags,
        ..(*found.object).clone()
    };
    let id = version_id(id)?;
    bucket_mut(cx.cloud, name)?.replace(key, id.as_ref(), Arc::new(changed));
    Ok(TaggedVersion {
        version_id: found.version,
    })
}

fn tagging_record(view: &View<'_>, bucket: &str, key: &str, id: Option<&str>) -> Record {
    let mut parameters = json!({ "bucketName": bucket, "key": key, "tagging": "" });
    if let (Some(id), Some(members)) = (id, parameters.as_object_mut()) {
        members.insert("versionId".to_owned(), json!(id));
    }
    record(view, bucket, Some(key), parameters)
}

impl Operation for PutObjectTagging {
    type Output = TaggedVersion;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutObjectTagging")
        .data()
        .needs(&["s3:PutObjectTagging", "s3:PutObjectVersionTagging"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "NoSuchVersion",
            "MethodNotAllowed",
            "InvalidTag",
            "BadRequest",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        self.tagging.read(Holder::Object)?;
        version_id(self.version_id.as_deref()).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        let request = tagging_request(bucket, &self.key, self.version_id.as_deref(), "Put");
        let tags = self.tagging.read(Holder::Object)?;
        Ok(vec![with_request_tags(request, &tags)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let tags = self.tagging.read(Holder::Object)?;
        set(
            cx,
            &self.bucket,
            &self.key,
            self.version_id.as_deref(),
            tags,
        )
    }

    fn record(&self, view: &View<'_>) -> Record {
        tagging_record(view, &self.bucket, &self.key, self.version_id.as_deref())
    }
}

impl Operation for GetObjectTagging {
    type Output = ObjectTagging;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetObjectTagging")
        .data()
        .needs(&["s3:GetObjectTagging", "s3:GetObjectVersionTagging"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "NoSuchVersion",
            "MethodNotAllowed",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        version_id(self.version_id.as_deref()).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        let version = self.version_id.as_deref();
        Ok(vec![tagging_request(bucket, &self.key, version, "Get")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let found = tagged(cx, &self.bucket, &self.key, self.version_id.as_deref())?;
        Ok(ObjectTagging {
            version_id: found.version,
            tagging: Tagging::of(&found.object.tags),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        tagging_record(view, &self.bucket, &self.key, self.version_id.as_deref())
    }
}

impl Operation for DeleteObjectTagging {
    type Output = TaggedVersion;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteObjectTagging")
        .data()
        .needs(&["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"])
        .fails(&[
            "NoSuchBucket",
            "NoSuchKey",
            "NoSuchVersion",
            "MethodNotAllowed",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        version_id(self.version_id.as_deref()).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        let version = self.version_id.as_deref();
        Ok(vec![tagging_request(bucket, &self.key, version, "Delete")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let version = self.version_id.as_deref();
        set(cx, &self.bucket, &self.key, version, Tags::new())
    }

    fn record(&self, view: &View<'_>) -> Record {
        tagging_record(view, &self.bucket, &self.key, self.version_id.as_deref())
    }
}
