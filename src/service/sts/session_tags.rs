//! Session tags and the source identity, which sessions may inherit.
//!
//! Source: IAM User Guide, "Passing session tags in AWS STS"; "Monitor and
//! control actions taken with assumed roles".

use std::collections::{BTreeMap, BTreeSet};

use super::{check_characters, check_length, error, validation};
use crate::api::{ApiError, Caller};
use crate::service::iam::tags::{DUPLICATE_KEYS, MAX_TAGS, Tag, has_duplicates};

/// The tags that a new session has.
#[derive(Debug, Default)]
pub(super) struct SessionTags {
    /// All of them.
    pub(super) tags: BTreeMap<String, String>,
    /// The keys of those that are handed on.
    pub(super) transitive: BTreeSet<String>,
}

fn invalid(message: &str) -> ApiError {
    error("InvalidParameterValue", 400, message)
}

/// Checks the members for themselves.
pub(super) fn check(tags: &[Tag], transitive: &[String]) -> Result<(), ApiError> {
    for tag in tags {
        check_length("tags.member.key", Some(&tag.key), 1, 128)?;
        check_length("tags.member.value", Some(&tag.value), 0, 256)?;
    }
    if tags.len() > MAX_TAGS {
        return Err(validation(format!(
            "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member \
             must have length less than or equal to {MAX_TAGS}"
        )));
    }
    if has_duplicates(tags) {
        return Err(invalid(DUPLICATE_KEYS));
    }
    let among = |key: &String| tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key));
    if !transitive.iter().all(among) {
        return Err(invalid(
            "The specified transitive tag key must be included in the requested tags.",
        ));
    }
    Ok(())
}

/// Joins the tags of a request with those that the caller's session hands on.
///
/// # Errors
/// `InvalidParameterValue` if a tag is set anew that was handed on.
pub(super) fn join(
    caller: &Caller,
    tags: &[Tag],
    transitive: &[String],
) -> Result<SessionTags, ApiError> {
    let mut joined = inherited(caller);
    let taken = |tag: &Tag| {
        joined
            .transitive
            .iter()
            .any(|key| key.eq_ignore_ascii_case(&tag.key))
    };
    if tags.iter().any(taken) {
        return Err(invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a \
             transitive tag key from the calling session.",
        ));
    }
    for tag in tags {
        joined.tags.insert(tag.key.clone(), tag.value.clone());
        if transitive
            .iter()
            .any(|key| key.eq_ignore_ascii_case(&tag.key))
        {
            joined.transitive.insert(tag.key.clone());
        }
    }
    Ok(joined)
}

fn inherited(caller: &Caller) -> SessionTags {
    let Some(session) = caller.session() else {
        return SessionTags::default();
    };
    let transitive = session.transitive_tag_keys.clone();
    let handed_on = session
        .tags
        .iter()
        .filter(|(key, _)| transitive.contains(*key));
    SessionTags {
        tags: handed_on.map(|(k, v)| (k.clone(), v.clone())).collect(),
        transitive,
    }
}

/// Checks a source identity, if one was given.
pub(super) fn check_source_identity(text: Option<&str>) -> Result<(), ApiError> {
    check_length("sourceIdentity", text, 2, 64)?;
    check_characters("sourceIdentity", text, "+=,.@-")
}

/// The source identity of the new session: once set it stays.
///
/// # Errors
/// `ValidationError` if the caller's session has another one.
pub(super) fn source_identity(
    caller: &Caller,
    wanted: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let set = caller
        .session()
        .and_then(|session| session.source_identity.as_deref());
    match (set, wanted) {
        (Some(set), Some(wanted)) if set != wanted => Err(validation(format!(
            "The source identity of the calling session is {set} and cannot be changed."
        ))),
        (set, wanted) => Ok(set.or(wanted).map(str::to_owned)),
    }
}
