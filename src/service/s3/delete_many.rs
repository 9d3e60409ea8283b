//! Deleting many objects in one call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::delete::{delete, delete_request};
use super::objects::check_key;
use super::{bucket, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;

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
}

/// An object that was not deleted, with the reason.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteError {
    /// Its key.
    pub key: String,
    /// The error's code.
    pub code: String,
    /// The error's text.
    pub message: String,
}

impl DeleteObjects {
    fn one(&self, cx: &mut Context<'_>, object: &ObjectIdentifier) -> Result<(), ApiError> {
        check_key(&object.key)?;
        let request = delete_request(bucket(&cx.view(), &self.bucket)?, &object.key);
        cx.judge(&request)?;
        delete(cx, &self.bucket, &object.key)
    }
}

impl Operation for DeleteObjects {
    type Output = DeletedObjects;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeleteObjects")
        .data()
        .needs(&["s3:DeleteObject"])
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
            let key = object.key.clone();
            match self.one(cx, object) {
                Ok(_) if self.delete.quiet => {}
                Ok(_) => answer.deleted.push(DeletedObject { key }),
                Err(error) => answer.errors.push(DeleteError {
                    key,
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
