//! Requests that act only under a condition on the object as it is now.
//!
//! Sources: RFC 9110, sections 13.1 and 13.2.2; S3 User Guide, "Add
//! preconditions to S3 operations with conditional requests".

use super::error;
use crate::api::ApiError;
use crate::base::Timestamp;
use crate::state::s3::Object;
use crate::state::uploads::Upload;

/// The conditions of a request that reads.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadConditions {
    /// Only if the entity tag is one of these.
    pub(super) if_match: Option<String>,
    /// Only if the entity tag is none of these.
    pub(super) if_none_match: Option<String>,
    /// Only if it was written after this instant.
    pub(super) if_modified_since: Option<Timestamp>,
    /// Only if it was not written after this instant.
    pub(super) if_unmodified_since: Option<Timestamp>,
}

impl ReadConditions {
    /// Checks them in the order of RFC 9110: a condition on the tag goes before
    /// the one on the time that it refines.
    ///
    /// # Errors
    /// `PreconditionFailed` 412, or `304` where the reader has this version already.
    pub(super) fn check(&self, object: &Object, now: Timestamp) -> Result<(), ApiError> {
        let written = object.last_modified.seconds();
        let after = |at: Timestamp| written > at.seconds();
        match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) if !matches(tags, object) => return Err(failed("If-Match")),
            (None, Some(at)) if after(at) => return Err(failed("If-Unmodified-Since")),
            _ => {}
        }
        match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) if matches(tags, object) => Err(not_modified()),
            // An instant that has not come is ignored.
            (None, Some(at)) if at <= now && !after(at) => Err(not_modified()),
            _ => Ok(()),
        }
    }
}

impl ReadConditions {
    /// The same for a copy's source, which answers 412 to all.
    ///
    /// # Errors
    /// `PreconditionFailed` 412.
    pub(super) fn check_copy(&self, source: &Object, now: Timestamp) -> Result<(), ApiError> {
        self.check(source, now).map_err(|error| match error.status {
            304 => failed("The condition on the source"),
            _ => error,
        })
    }
}

/// The conditions of a request that writes.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteConditions {
    /// Only if there is an object with this entity tag.
    pub(super) if_match: Option<String>,
    /// `*`: only if there is no object.
    pub(super) if_none_match: Option<String>,
}

impl WriteConditions {
    /// Checks the members for themselves.
    ///
    /// # Errors
    /// `NotImplemented` 501 for what S3 does not take on a write.
    pub(super) fn validate(&self) -> Result<(), ApiError> {
        match (self.if_match.as_deref(), self.if_none_match.as_deref()) {
            (Some(_), Some(_)) => Err(not_implemented(
                "a write takes either `IfMatch` or `IfNoneMatch`, not both",
            )),
            (Some("*"), None) => Err(not_implemented(
                "`IfMatch` of a write takes an entity tag, not `*`",
            )),
            (None, Some(other)) if other != "*" => Err(not_implemented(
                "`IfNoneMatch` of a write takes `*` and nothing else",
            )),
            _ => Ok(()),
        }
    }

    /// Checks them against what is stored under the key.
    ///
    /// # Errors
    /// `PreconditionFailed` 412, `NoSuchKey` 404.
    pub(super) fn check(&self, object: Option<&Object>) -> Result<(), ApiError> {
        match (&self.if_match, object) {
            (Some(_), None) => {
                return Err(error("NoSuchKey", 404, "The specified key does not exist."));
            }
            (Some(tags), Some(object)) if !matches(tags, object) => {
                return Err(failed("If-Match"));
            }
            _ => {}
        }
        match (&self.if_none_match, object) {
            (Some(_), Some(_)) => Err(failed("If-None-Match")),
            _ => Ok(()),
        }
    }

    /// The same for the end of an upload: what was written or deleted under
    /// the key since it began is in the way, even if the condition holds now.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), `ConditionalRequestConflict` 409.
    pub(super) fn check_upload(
        &self,
        object: Option<&Object>,
        upload: &Upload,
    ) -> Result<(), ApiError> {
        self.check(object)?;
        if !upload.overtaken || (self.if_match.is_none() && self.if_none_match.is_none()) {
            return Ok(());
        }
        let text = "The conditional request cannot succeed due to a conflicting operation against \
                    this resource.";
        Err(error("ConditionalRequestConflict", 409, text)
            .with_detail("The object changed while the upload was under way: begin it again."))
    }
}

/// Whether `tags`, a list or `*`, has the object's; S3 takes tags without quotes too.
fn matches(tags: &str, object: &Object) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix('"').unwrap_or(tag);
        let tag = tag.strip_suffix('"').unwrap_or(tag);
        tag == "*" || tag == object.etag
    })
}

fn failed(condition: &str) -> ApiError {
    let text = "At least one of the pre-conditions you specified did not hold";
    error("PreconditionFailed", 412, text).with_detail(format!("{condition} did not hold."))
}

fn not_modified() -> ApiError {
    error("304", 304, "Not Modified")
}

fn not_implemented(detail: &str) -> ApiError {
    let text = "A header you provided implies functionality that is not implemented";
    error("NotImplemented", 501, text).with_detail(detail)
}
