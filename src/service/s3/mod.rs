//! S3: buckets, objects, bucket policies, encryption at rest.
//!
//! [`encryption`] is where S3 meets KMS: as the caller, never on its own
//! authority.

mod acl;
pub mod attributes;
pub mod bucket_tags;
pub mod buckets;
pub mod checksums;
pub mod complete;
mod conditions;
pub mod copy;
pub mod customer_key;
pub mod delete;
pub mod delete_many;
pub mod encryption;
pub mod get;
pub mod head;
mod intake;
pub mod list;
pub mod list_buckets;
pub mod list_parts;
mod list_v1;
pub mod list_versions;
mod manifest;
pub mod object_tags;
pub mod objects;
pub mod ownership;
mod parts;
mod plain;
pub mod policy;
pub mod public_access;
pub mod put;
mod range;
mod service_key;
pub mod settings;
pub mod tags;
pub mod upload_part;
pub mod upload_part_copy;
pub mod uploads;
pub mod versioning;
pub mod wish;

pub use attributes::GetObjectAttributes;
pub use bucket_tags::{DeleteBucketTagging, GetBucketTagging, PutBucketTagging};
pub use buckets::{CreateBucket, DeleteBucket, HeadBucket};
pub use complete::CompleteMultipartUpload;
pub use copy::CopyObject;
pub use delete::DeleteObject;
pub use delete_many::DeleteObjects;
pub use get::GetObject;
pub use head::HeadObject;
pub use list::ListObjectsV2;
pub use list_buckets::{GetBucketLocation, ListBuckets};
pub use list_parts::ListParts;
pub use list_v1::ListObjects;
pub use list_versions::ListObjectVersions;
pub use object_tags::{DeleteObjectTagging, GetObjectTagging, PutObjectTagging};
pub use ownership::GetBucketOwnershipControls;
pub use policy::{DeleteBucketPolicy, GetBucketPolicy, PutBucketPolicy};
pub use public_access::{
    DeletePublicAccessBlock, GetBucketPolicyStatus, GetPublicAccessBlock, PutPublicAccessBlock,
};
pub use put::PutObject;
pub use settings::{DeleteBucketEncryption, GetBucketEncryption, PutBucketEncryption};
pub use upload_part::UploadPart;
pub use upload_part_copy::UploadPartCopy;
pub use uploads::{AbortMultipartUpload, CreateMultipartUpload, ListMultipartUploads};
pub use versioning::{GetBucketVersioning, PutBucketVersioning};

use crate::api::{ApiError, Record, Service, View};
use crate::base::BucketName;
use crate::state::s3::Bucket;

fn error(code: &str, status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::S3, code, status, message)
}

/// The bucket of this name.
///
/// # Errors
/// `NoSuchBucket` 404, with the nearest name of the caller's own buckets.
fn bucket<'a>(view: &View<'a>, name: &str) -> Result<&'a Bucket, ApiError> {
    BucketName::parse(name)
        .ok()
        .and_then(|name| view.cloud.buckets.get(&name))
        .ok_or_else(|| {
            let missing = error("NoSuchBucket", 404, "The specified bucket does not exist");
            let own = view
                .cloud
                .buckets
                .values()
                .filter(|b| b.account == view.caller.account);
            match crate::base::nearest(name, own.map(|b| b.name.as_str())) {
                Some(near) => missing.with_detail(format!(
                    "There is no bucket `{name}`; did you mean `{near}`?"
                )),
                None => missing.with_detail(format!("There is no bucket `{name}`.")),
            }
        })
}

/// The bucket of this name for a change.
///
/// # Errors
/// `NoSuchBucket` 404.
fn bucket_mut<'a>(
    cloud: &'a mut crate::state::Cloud,
    name: &str,
) -> Result<&'a mut Bucket, ApiError> {
    BucketName::parse(name)
        .ok()
        .and_then(|name| cloud.buckets.get_mut(&name))
        .ok_or_else(|| error("NoSuchBucket", 404, "The specified bucket does not exist"))
}

/// The record of a call about a bucket, or an object in it.
fn record(view: &View<'_>, name: &str, key: Option<&str>, parameters: serde_json::Value) -> Record {
    let record = Record::of(parameters);
    let Ok(bucket) = bucket(view, name) else {
        return record;
    };
    let record = match key {
        Some(key) => record.about(bucket.object_arn(key), &bucket.account, "AWS::S3::Object"),
        None => record,
    };
    record.about(bucket.arn(), &bucket.account, "AWS::S3::Bucket")
}
