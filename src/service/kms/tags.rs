//! Tags of keys: policies see them as `aws:ResourceTag/…`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::life::Nothing;
use super::page::{Page, Paged};
use super::{error, not_pending_deletion, reference};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn};

/// Source: KMS Developer Guide, "Resource quotas".
const MAX_TAGS: usize = 50;

const TAG_ERRORS: &[&str] = &[
    "NotFoundException",
    "InvalidArnException",
    "KMSInvalidStateException",
    "TagException",
];

/// A tag of a key.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// The tag's key, 1 to 128 characters.
    pub tag_key: String,
    /// The tag's value, up to 256 characters.
    pub tag_value: String,
}

/// Refuses tags that no key may have.
pub(super) fn check_tags(tags: &[Tag]) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for (index, tag) in tags.iter().enumerate() {
        check_tag_lengths(index + 1, tag)?;
        refuse_reserved(&tag.tag_key)?;
        if !seen.insert(&tag.tag_key) {
            return Err(error("TagException", "Duplicate tag keys"));
        }
    }
    check_count(tags.len())
}

fn refuse_reserved(key: &str) -> Result<(), ApiError> {
    let prefix = key.get(..4).unwrap_or_default();
    if prefix.eq_ignore_ascii_case("aws:") {
        return Err(error(
            "TagException",
            "Tags beginning with aws: are reserved",
        ));
    }
    Ok(())
}

fn check_count(count: usize) -> Result<(), ApiError> {
    match count {
        0..=MAX_TAGS => Ok(()),
        _ => Err(error("TagException", "Too many tags")),
    }
}

/// Source: KMS API Reference, `Tag`.
fn check_tag_lengths(number: usize, tag: &Tag) -> Result<(), ApiError> {
    let (member, value, rule) = match (tag.tag_key.chars().count(), tag.tag_value.chars().count()) {
        (0, _) => ("tagKey", &tag.tag_key, "greater than or equal to 1"),
        (129.., _) => ("tagKey", &tag.tag_key, "less than or equal to 128"),
        (_, 257..) => ("tagValue", &tag.tag_value, "less than or equal to 256"),
        _ => return Ok(()),
    };
    Err(ApiError::validation(
        Service::Kms,
        format!(
            "1 validation error detected: Value '{value}' at 'tags.{number}.member.{member}' \
             failed to satisfy constraint: Member must have length {rule}"
        ),
    ))
}

/// Shows the tags of a request to policies.
fn with_request_tags(request: AccessRequest, tags: &[Tag]) -> AccessRequest {
    request.with_request_tags(tags.iter().map(|t| (&*t.tag_key, &*t.tag_value)))
}

/// What the making of a key in `region` asks for: the making itself as `creation`
/// says it, and with tags the permission to tag, which must reach every key there.
///
/// Source: KMS API Reference, `CreateKey` and `ReplicateKey`, `Tags`; KMS
/// Developer Guide, "Managing KMS key tags with API operations".
pub(super) fn making_with(
    creation: AccessRequest,
    account: &AccountId,
    region: &str,
    tags: &[Tag],
) -> Vec<AccessRequest> {
    let any_key = Arn::of("kms", region, account.as_str(), "key/*");
    let tagging = AccessRequest::new("kms:TagResource", Target::plain(&any_key, account))
        .with("aws:RequestedRegion", region);
    let tagging = (!tags.is_empty()).then_some(tagging);
    [creation]
        .into_iter()
        .chain(tagging)
        .map(|request| with_request_tags(request, tags))
        .collect()
}

/// Adds tags to a key, or gives tags that it has another value. Policies that
/// look at `aws:ResourceTag/…` see the change at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TagResource {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// The tags; a key has at most 50.
    pub tags: Vec<Tag>,
}

impl Operation for TagResource {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "TagResource")
        .needs(&["kms:TagResource"])
        .fails(TAG_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        check_tags(&self.tags)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:TagResource")?;
        let request = reference::on_key(view, key, "kms:TagResource");
        Ok(vec![with_request_tags(request, &self.tags)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let id = reference::id_or_arn(&cx.view(), &self.key_id)?.place();
        let key = reference::key_mut(cx, &id)?;
        not_pending_deletion(key)?;
        let given = self.tags.into_iter().map(|t| (t.tag_key, t.tag_value));
        key.tags.extend(given);
        check_count(key.tags.len())?;
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        let tags: Vec<_> = self
            .tags
            .iter()
            .map(|t| json!({ "tagKey": t.tag_key, "tagValue": t.tag_value }))
            .collect();
        reference::record(key, json!({ "keyId": self.key_id, "tags": tags }))
    }
}

/// Removes tags from a key; tags that it does not have are passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UntagResource {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// The keys of the tags.
    pub tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "UntagResource")
        .needs(&["kms:UntagResource"])
        .fails(TAG_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        self.tag_keys
            .iter()
            .try_for_each(|key| refuse_reserved(key))
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:UntagResource")?;
        let request = reference::on_key(view, key, "kms:UntagResource");
        Ok(vec![match self.tag_keys.is_empty() {
            true => request,
            false => request.with_many("aws:TagKeys", self.tag_keys.iter().cloned()),
        }])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let id = reference::id_or_arn(&cx.view(), &self.key_id)?.place();
        let key = reference::key_mut(cx, &id)?;
        not_pending_deletion(key)?;
        key.tags.retain(|name, _| !self.tag_keys.contains(name));
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({ "keyId": self.key_id, "tagKeys": self.tag_keys }),
        )
    }
}

/// Lists the tags of a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListResourceTags {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// At most this many, 1 to 50; 50 by default.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The `NextMarker` of the page before.
    #[serde(default)]
    pub marker: Option<String>,
}

impl ListResourceTags {
    fn page(&self) -> Page<'_> {
        Page {
            limit: self.limit,
            marker: self.marker.as_deref(),
            default: 50,
            max: 50,
        }
    }
}

/// A page of the tags of a key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TagList {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub truncated: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl Operation for ListResourceTags {
    type Output = TagList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListResourceTags")
        .needs(&["kms:ListResourceTags"])
        .fails(&[
            "NotFoundException",
            "InvalidArnException",
            "InvalidMarkerException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.page().check()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:ListResourceTags")?;
        Ok(vec![reference::on_key(view, key, "kms:ListResourceTags")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        let tag = |(key, value): (&String, &String)| Tag {
            tag_key: key.clone(),
            tag_value: value.clone(),
        };
        let tags = key.tags.iter().map(tag).collect();
        let Paged { items, next_marker } = self.page().of(tags, |tag: &Tag| tag.tag_key.clone())?;
        Ok(TagList {
            tags: items,
            truncated: next_marker.is_some(),
            next_marker,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}
