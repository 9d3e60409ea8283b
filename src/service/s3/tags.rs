//! Tags of buckets and objects: what requests bring, and what policies see.
//!
//! Sources: S3 User Guide, "Categorizing your objects using tags" and "Using
//! tags with S3 general purpose buckets"; Service Authorization Reference,
//! "Condition keys for Amazon S3"; the messages as AWS gives them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error;
use crate::api::{AccessRequest, ApiError};
use crate::state::s3::{Bucket, Tags};
use crate::state::versions::VersionId;

/// A tag.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// Its key, 1 to 128 characters.
    pub key: String,
    /// Its value, at most 256 characters.
    pub value: String,
}

/// A set of tags.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tagging {
    /// The tags.
    pub tag_set: Vec<Tag>,
}

/// What the tags are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// An object: at most 10.
    Object,
    /// A bucket: at most 50.
    Bucket,
}

impl Holder {
    fn check_count(self, count: usize) -> Result<(), ApiError> {
        let (most, text) = match self {
            Self::Object => (10, "Object tags cannot be greater than 10"),
            Self::Bucket => (50, "Bucket tag count cannot be greater than 50"),
        };
        match count <= most {
            true => Ok(()),
            false => Err(error("BadRequest", 400, text)),
        }
    }

    fn reserved(self) -> &'static str {
        match self {
            Self::Object => "Your TagKey cannot be prefixed with aws:",
            Self::Bucket => "System tags cannot be added/updated by requester",
        }
    }
}

impl Tagging {
    /// The tags as they are answered.
    pub(super) fn of(tags: &Tags) -> Self {
        let pairs = tags.iter().map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        });
        Self {
            tag_set: pairs.collect(),
        }
    }

    /// The tags, if they can be.
    ///
    /// # Errors
    /// `BadRequest`, `InvalidTag` 400.
    pub(super) fn read(&self, holder: Holder) -> Result<Tags, ApiError> {
        holder.check_count(self.tag_set.len())?;
        let mut tags = Tags::new();
        for Tag { key, value } in &self.tag_set {
            check(key, value, holder)?;
            if tags.insert(key.clone(), value.clone()).is_some() {
                let text = "Cannot provide multiple Tags with the same key";
                return Err(invalid(text, key));
            }
        }
        Ok(tags)
    }
}

fn check(key: &str, value: &str, holder: Holder) -> Result<(), ApiError> {
    if key.starts_with("aws:") {
        return Err(invalid(holder.reserved(), key));
    }
    if key.is_empty() || key.chars().count() > 128 || !key.chars().all(is_allowed) {
        return Err(invalid("The TagKey you have provided is invalid", key));
    }
    if value.chars().count() > 256 || !value.chars().all(is_allowed) {
        return Err(invalid("The TagValue you have provided is invalid", value));
    }
    Ok(())
}

fn is_allowed(letter: char) -> bool {
    letter.is_alphanumeric() || letter == ' ' || "+-=._:/@".contains(letter)
}

fn invalid(text: &str, word: &str) -> ApiError {
    error("InvalidTag", 400, text).with_detail(format!("It is `{word}`."))
}

/// The tags of the `Tagging` member of a request that writes: `key=value&…`,
/// encoded as in a URL.
///
/// # Errors
/// `InvalidArgument`, `BadRequest`, `InvalidTag` 400.
pub(super) fn in_header(text: Option<&str>) -> Result<Option<Tags>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs: Option<Vec<(String, String)>> = pairs.map(pair).collect();
    let distinct = pairs.filter(|pairs| {
        let keys: BTreeSet<&String> = pairs.iter().map(|(key, _)| key).collect();
        keys.len() == pairs.len()
    });
    let pairs = distinct.ok_or_else(|| {
        error(
            "InvalidArgument",
            400,
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query \
             parameters without tag name duplicates.",
        )
        .with_detail("Write it as `key=value&key2=value2`.")
    })?;
    Holder::Object.check_count(pairs.len())?;
    for (key, value) in &pairs {
        check(key, value, Holder::Object)?;
    }
    Ok(Some(pairs.into_iter().collect()))
}

fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    (!value.contains('=')).then_some(())?;
    Some((decoded(key)?, decoded(value)?))
}

/// A text out of a URL's query.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Shows policies the tags that a request brings.
pub(super) fn with_request_tags(mut request: AccessRequest, tags: &Tags) -> AccessRequest {
    for (key, value) in tags {
        request = request.with(&format!("s3:RequestObjectTag/{key}"), value.as_str());
    }
    request.with_many("s3:RequestObjectTagKeys", tags.keys().cloned())
}

/// Shows policies the tags of the object that is acted on, if there is one.
pub(super) fn with_existing_tags(
    mut request: AccessRequest,
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> AccessRequest {
    for (name, value) in of_object(bucket, key, version) {
        request = request.with(&format!("s3:ExistingObjectTag/{name}"), value);
    }
    request
}

/// The tags of an object; none if it is not there.
pub(super) fn of_object(bucket: &Bucket, key: &str, version: Option<&str>) -> Tags {
    let object = match version {
        None => bucket.objects.get(key).cloned(),
        Some(id) => {
            let id = VersionId::parse(id);
            let mut versions = bucket.versions_of(key).into_iter();
            let found = versions.find(|version| Some(&version.id) == id.as_ref());
            found.and_then(|version| version.object)
        }
    };
    object.map_or_else(Tags::new, |object| object.tags.clone())
}

/// What a write asks for: with tags also `s3:PutObjectTagging`.
pub(super) fn write_requests(put: AccessRequest, tags: Option<&Tags>) -> Vec<AccessRequest> {
    let Some(tags) = tags else { return vec![put] };
    let tag = AccessRequest::new("s3:PutObjectTagging", put.target.clone());
    vec![with_request_tags(put, tags), with_request_tags(tag, tags)]
}
