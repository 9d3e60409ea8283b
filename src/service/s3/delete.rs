//! Deleting an object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::conditions::WriteConditions;
use super::objects::{check_key, version_id};
use super::{bucket, bucket_mut, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::state::s3::Bucket;
use crate::state::versions::VersionId;

/// Deletes an object; it is no error if there is none. KMS is not asked. In a
/// bucket that keeps versions a delete marker hides them; with `VersionId` a
/// version is deleted for good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// A version, which is deleted for good; needs `s3:DeleteObjectVersion`.
    #[serde(default)]
    pub version_id: Option<String>,
    /// Only if the entity tag is this one, or `*` for any; otherwise 412.
    #[serde(default)]
    pub if_match: Option<String>,
}

/// The answer of `DeleteObject`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Deletion {
    /// Whether a delete marker was made or, with a version, deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_marker: Option<bool>,
    /// The version that was made or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Whether there was something to delete.
    #[serde(skip)]
    pub(super) found: bool,
}

/// Asks for the permission to delete `key`, or one version of it.
pub(super) fn delete_request(bucket: &Bucket, key: &str, version: Option<&str>) -> AccessRequest {
    let target = Target::object(bucket, key);
    match version {
        None => AccessRequest::new("s3:DeleteObject", target),
        Some(id) => AccessRequest::new("s3:DeleteObjectVersion", target).with("s3:VersionId", id),
    }
}

/// Deletes `key`, or one version of it; it is no error if there is none.
pub(super) fn delete(
    cx: &mut Context<'_>,
    name: &str,
    key: &str,
    version: Option<&VersionId>,
) -> Result<Deletion, ApiError> {
    let now = cx.now();
    let bucket = bucket_mut(cx.cloud, name)?;
    let Some(id) = version else {
        let found = bucket.objects.contains_key(key);
        let marker = bucket.delete_current(key, now, &mut cx.effects.entropy);
        return Ok(Deletion {
            delete_marker: marker.as_ref().map(|_| true),
            version_id: marker.map(|id| id.as_str().to_owned()),
            found,
        });
    };
    let gone = bucket.delete_version(key, id);
    let was_marker = gone.as_ref().is_some_and(|v| v.object.is_none());
    Ok(Deletion {
        delete_marker: was_marker.then_some(true),
        version_id: Some(id.as_str().to_owned()),
        found: gone.is_some(),
    })
}

/// Checks the entity tag of what is to be deleted.
///
/// # Errors
/// `PreconditionFailed` 412, `NoSuchKey` 404.
pub(super) fn check_match(
    cx: &Context<'_>,
    name: &str,
    key: &str,
    version: Option<&VersionId>,
    if_match: Option<String>,
) -> Result<(), ApiError> {
    let view = cx.view();
    let bucket = bucket(&view, name)?;
    let object = match version {
        None => bucket.objects.get(key).cloned(),
        Some(id) => {
            let mut versions = bucket.versions_of(key).into_iter();
            let found = versions.find(|version| version.id == *id);
            found.and_then(|version| version.object)
        }
    };
    let conditions = WriteConditions {
        if_match,
        if_none_match: None,
    };
    conditions.check(object.as_deref())
}

impl Operation for DeleteObject {
    type Output = Deletion;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteObject")
        .data()
        .needs(&["s3:DeleteObject", "s3:DeleteObjectVersion"])
        .fails(&["NoSuchBucket", "NoSuchKey", "PreconditionFailed"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_key(&self.key)?;
        version_id(self.version_id.as_deref()).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let bucket = bucket(view, &self.bucket)?;
        let request = delete_request(bucket, &self.key, self.version_id.as_deref());
        Ok(vec![
            request.with_some("s3:if-match", self.if_match.clone()),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let version = version_id(self.version_id.as_deref())?;
        check_match(cx, &self.bucket, &self.key, version.as_ref(), self.if_match)?;
        delete(cx, &self.bucket, &self.key, version.as_ref())
    }

    fn record(&self, view: &View<'_>) -> Record {
        let mut parameters = json!({ "bucketName": self.bucket, "key": self.key });
        if let (Some(id), Some(members)) = (&self.version_id, parameters.as_object_mut()) {
            members.insert("versionId".to_owned(), json!(id));
        }
        record(view, &self.bucket, Some(&self.key), parameters)
    }
}
