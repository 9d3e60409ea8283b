//! Deleting many objects in one call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::delete::{check_match, delete, delete_request};
use super::objects::check_key;
use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::state::versions::VersionId;

/// The greatest number of objects in one call.
const MAX_OBJECTS: usize = 1000;

/// Deletes up to 1000 objects. Each is judged by itself: what may not be
/// deleted comes back among the `Errors`, the rest is deleted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteObjects {
    /// The bucket.
    pub bucket: String,
    /// What to delete.
    pub delete: Delete,
}

/// What to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Delete {
    /// The objects.
    pub objects: Vec<ObjectIdentifier>,
    /// Whether to answer with the errors alone.
    #[serde(default)]
    pub quiet: bool,
}

/// One object.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ObjectIdentifier {
    /// The object's key.
    pub key: String,
    /// A version, which is deleted for good.
    #[serde(default)]
    pub version_id: Option<String>,
    /// Only if the entity tag is this one.
    #[serde(default, rename = "ETag")]
    pub etag: Option<String>,
}

/// What came of it.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeletedObjects {
    /// What was deleted, or was not there.
    pub deleted: Vec<DeletedObject>,
    /// What was not deleted.
    pub errors: Vec<DeleteError>,
}

/// An object that was deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeletedObject {
    /// Its key.
    pub key: String,
    /// The version that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Whether a delete marker was made or, with a version, deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_marker: Option<bool>,
    /// The version of that marker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_marker_version_id: Option<String>,
}

/// An object that was not deleted, with the reason.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteError {
    /// Its key.
    pub key: String,
    /// The version that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The error's code.
    pub code: String,
    /// The error's text.
    pub message: String,
}

impl DeleteObjects {
    fn one(
        &self,
        cx: &mut Context<'_>,
        object: &ObjectIdentifier,
    ) -> Result<DeletedObject, ApiError> {
        check_key(&object.key)?;
        let named = object.version_id.as_deref();
        let request = delete_request(bucket(&cx.view(), &self.bucket)?, &object.key, named);
        cx.judge(&request)?;
        // Unlike DeleteObject, this call says that a version is not there.
        let missing = || {
            error(
                "NoSuchVersion",
                404,
                "The specified version does not exist.",
            )
        };
        let id = named.map(|text| VersionId::parse(text).ok_or_else(missing));
        let id = id.transpose()?;
        check_match(
            cx,
            &self.bucket,
            &object.key,
            id.as_ref(),
            object.etag.clone(),
        )?;
        let deletion = delete(cx, &self.bucket, &object.key, id.as_ref())?;
        if id.is_some() && !deletion.found {
            return Err(missing());
        }
        Ok(DeletedObject {
            key: object.key.clone(),
            version_id: object.version_id.clone(),
            delete_marker: deletion.delete_marker,
            delete_marker_version_id: deletion
                .version_id
                .filter(|_| deletion.delete_marker == Some(true)),
        })
    }
}

impl Operation for DeleteObjects {
    type Output = DeletedObjects;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteObjects")
        .data()
        .needs(&["s3:DeleteObject", "s3:DeleteObjectVersion"])
        .fails(&["NoSuchBucket", "MalformedXML"]);

    fn validate(&self) -> Result<(), ApiError> {
        match self.delete.objects.len() {
            1..=MAX_OBJECTS => Ok(()),
            count => Err(error(
                "MalformedXML",
                400,
                "The XML you provided was not well-formed or did not validate against our \
                 published schema",
            )
            .with_detail(format!("A call names 1 to 1000 objects, not {count}."))),
        }
    }

    /// Nothing for the call as a whole: each object is judged when its turn comes.
    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        bucket(view, &self.bucket).map(|_| Vec::new())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let mut answer = DeletedObjects::default();
        for object in &self.delete.objects {
            match self.one(cx, object) {
                Ok(_) if self.delete.quiet => {}
                Ok(deleted) => answer.deleted.push(deleted),
                Err(error) => answer.errors.push(DeleteError {
                    key: object.key.clone(),
                    version_id: object.version_id.clone(),
                    code: error.code,
                    message: error.message,
                }),
            }
        }
        Ok(answer)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "delete": "" });
        record(view, &self.bucket, None, parameters)
    }
}
