//! Tags of users and roles.
//!
//! Source: IAM User Guide, "Tags for AWS Identity and Access Management resources".

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::{entity_mut, on_entity};
use super::{Kind, Nothing, error, limit_exceeded, names, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;

/// How many tags an entity or a session may have.
pub const MAX_TAGS: usize = 50;

/// AWS's text for a tag key that is given twice.
pub const DUPLICATE_KEYS: &str =
    "Duplicate tag keys found. Please note that Tag keys are case insensitive.";

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// The key, 1 to 128 characters; keys ignore case.
    pub key: String,
    /// The value, up to 256 characters.
    pub value: String,
}

/// The tags as IAM lists them.
pub(super) fn listed(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// Whether two of `tags` have the same key, in whatever case.
pub fn has_duplicates(tags: &[Tag]) -> bool {
    let mut seen = BTreeSet::new();
    tags.iter().any(|tag| !seen.insert(tag.key.to_lowercase()))
}

/// Checks tags that are to be set.
pub(super) fn check(tags: &[Tag]) -> Result<(), ApiError> {
    for tag in tags {
        names::length("tags.key", &tag.key, 1, 128)?;
        names::length("tags.value", &tag.value, 0, 256)?;
    }
    if has_duplicates(tags) {
        return Err(error("InvalidInput", 400, DUPLICATE_KEYS));
    }
    check_count(tags.len())
}

fn check_count(count: usize) -> Result<(), ApiError> {
    if count > MAX_TAGS {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for TagsPerResource: {MAX_TAGS}"
        )));
    }
    Ok(())
}

/// Adds the condition keys of tags that a request carries.
pub fn with_request_tags(request: AccessRequest, tags: &[Tag]) -> AccessRequest {
    request.with_request_tags(tags.iter().map(|tag| (&*tag.key, &*tag.value)))
}

/// Shows the tags that `target` has to policies, as `aws:ResourceTag/…` and the like.
pub(super) fn show(target: &mut Target, prefixes: &[&str], tags: &BTreeMap<String, String>) {
    for (key, value) in tags {
        for prefix in prefixes {
            let name = format!("{prefix}:ResourceTag/{key}");
            target.context.set(&name, value.as_str());
        }
    }
}

/// Sets `tags`; a key that is there already, in whatever case, gets the new value.
pub(super) fn set(existing: &mut BTreeMap<String, String>, tags: Vec<Tag>) -> Result<(), ApiError> {
    for tag in tags {
        existing.retain(|key, _| !key.eq_ignore_ascii_case(&tag.key));
        existing.insert(tag.key, tag.value);
    }
    check_count(existing.len())
}

fn tag(cx: &mut Context<'_>, kind: Kind, name: &str, tags: Vec<Tag>) -> Result<Nothing, ApiError> {
    set(&mut entity_mut(cx, kind, name)?.tags, tags)?;
    Ok(Nothing {})
}

fn untag(
    cx: &mut Context<'_>,
    kind: Kind,
    name: &str,
    keys: &[String],
) -> Result<Nothing, ApiError> {
    let entity = entity_mut(cx, kind, name)?;
    entity
        .tags
        .retain(|key, _| !keys.iter().any(|gone| gone.eq_ignore_ascii_case(key)));
    Ok(Nothing {})
}

macro_rules! tag_entity {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
            /// The tags, each with `Key` and `Value`.
            pub tags: Vec<Tag>,
        }

        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity", "InvalidInput", "LimitExceeded"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)?;
                check(&self.tags)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                let request = on_entity(view, $kind, &self.$member, &Self::SPEC.action());
                Ok(vec![with_request_tags(request, &self.tags)])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                tag(cx, $kind, &self.$member, self.tags)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

macro_rules! untag_entity {
    ($(#[$doc:meta])* $operation:ident, $kind:expr, $(#[$member_doc:meta])* $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $operation {
            $(#[$member_doc])*
            pub $member: String,
            /// The keys of the tags to take away.
            pub tag_keys: Vec<String>,
        }

        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails(&["NoSuchEntity"]);

            fn validate(&self) -> Result<(), ApiError> {
                $kind.check_name(&self.$member)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                let request = on_entity(view, $kind, &self.$member, &Self::SPEC.action());
                Ok(vec![request.with_many("aws:TagKeys", self.tag_keys.clone())])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                untag(cx, $kind, &self.$member, &self.tag_keys)
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

tag_entity!(
    /// Sets tags of a user. Policies see them as `aws:PrincipalTag/…`.
    TagUser, Kind::User,
    /// The user.
    user_name
);
tag_entity!(
    /// Sets tags of a role. Policies see them as `aws:PrincipalTag/…`.
    TagRole, Kind::Role,
    /// The role.
    role_name
);
tag_entity!(
    /// Sets tags of an instance profile.
    TagInstanceProfile, Kind::InstanceProfile,
    /// The instance profile.
    instance_profile_name
);
untag_entity!(
    /// Takes tags from an instance profile.
    UntagInstanceProfile, Kind::InstanceProfile,
    /// The instance profile.
    instance_profile_name
);
untag_entity!(
    /// Takes tags from a user.
    UntagUser, Kind::User,
    /// The user.
    user_name
);
untag_entity!(
    /// Takes tags from a role.
    UntagRole, Kind::Role,
    /// The role.
    role_name
);
