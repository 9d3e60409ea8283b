//! Access control lists, which are disabled: the bucket's owner owns every
//! object in it.
//!
//! Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs
//! for your bucket", bucket owner enforced, as new buckets have it.

use super::error;
use crate::api::{AccessRequest, ApiError};

/// The canned ACLs of objects.
const CANNED: [&str; 7] = [
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];

/// Checks that `acl` is one.
///
/// # Errors
/// `InvalidArgument` 400.
pub(super) fn validate(acl: Option<&str>) -> Result<(), ApiError> {
    match acl {
        Some(other) if !CANNED.contains(&other) => {
            let text = format!(
                "`{other}` is no canned ACL: use one of {}",
                CANNED.join(", ")
            );
            Err(error("InvalidArgument", 400, text))
        }
        _ => Ok(()),
    }
}

/// Refuses every ACL but the one that says what holds anyway.
///
/// # Errors
/// `AccessControlListNotSupported` 400.
pub(super) fn refuse(acl: Option<&str>) -> Result<(), ApiError> {
    match acl {
        None | Some("bucket-owner-full-control") => Ok(()),
        Some(_) => {
            let text = "The bucket does not allow ACLs";
            Err(error("AccessControlListNotSupported", 400, text)
                .with_detail("Say in the bucket policy who may do what."))
        }
    }
}

/// What a write asks for: with an ACL also `s3:PutObjectAcl`.
pub(super) fn requests(mut requests: Vec<AccessRequest>, acl: Option<&str>) -> Vec<AccessRequest> {
    let (Some(acl), Some(put)) = (acl, requests.first_mut()) else {
        return requests;
    };
    *put = put.clone().with("s3:x-amz-acl", acl);
    let more = AccessRequest::new("s3:PutObjectAcl", put.target.clone());
    requests.push(more.with("s3:x-amz-acl", acl));
    requests
}
