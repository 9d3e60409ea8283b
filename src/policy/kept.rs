//! A policy as JSON for people, and exactly as it is for a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Policy, PolicyKind};
use crate::base::UniqueId;

/// All that a policy is compiled from.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    kind: PolicyKind,
    text: std::borrow::Cow<'a, str>,
    /// The entities that principal entries are tied to.
    #[serde(default)]
    ties: Vec<(usize, UniqueId)>,
}

/// The document as JSON; a binary format gets its text and what it is tied to.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.to_value().serialize(serializer);
        }
        let kept = Kept {
            kind: self.kind(),
            text: self.text().into(),
            ties: self.ties(),
        };
        kept.serialize(serializer)
    }
}

/// From a binary format alone: JSON does not say what a policy is attached to.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Err(de::Error::custom("a policy is read with `Policy::parse`"));
        }
        let kept = Kept::deserialize(deserializer)?;
        let policy = Self::load(kept.kind, &kept.text)
            .map_err(|error| de::Error::custom(format!("a policy is no policy: {error}")))?;
        if kept.ties.is_empty() {
            return Ok(policy);
        }
        Ok(policy.tied(&kept.ties.into_iter().collect::<BTreeMap<_, _>>()))
    }
}
