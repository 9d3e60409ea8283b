//! Versions of objects: what a bucket keeps when an object is written again or deleted.
//!
//! `Bucket::objects` holds what a read without a version finds. The history
//! of a key begins with the first change after versioning was configured;
//! before that its object is the version `null`.
//! Source: S3 User Guide, "Retaining multiple versions of objects with S3 Versioning".

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::s3::{Bucket, Object};
use crate::base::{Entropy, Timestamp};
use crate::crypto::digest::md5_hex;

/// Whether a bucket keeps versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// It never did.
    #[default]
    Never,
    /// Every change makes a version.
    Enabled,
    /// It keeps those it has; changes are of the version `null`.
    Suspended,
}

/// The id of a version: `null`, or 32 characters that S3 chose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VersionId(String);

/// How many characters of an id are chosen; the rest follows from them.
const CHOSEN: usize = 24;

impl VersionId {
    /// The version of a bucket that keeps none.
    pub fn null() -> Self {
        Self("null".to_owned())
    }

    /// A new id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(checked(&entropy.hex(CHOSEN / 2)))
    }

    /// The id in `text`; `None` if S3 never gave such a one.
    pub fn parse(text: &str) -> Option<Self> {
        let given = text
            .get(..CHOSEN)
            .is_some_and(|chosen| text == checked(chosen));
        (text == "null" || given).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.0 == "null"
    }
}

/// The chosen characters with the eight that follow from them.
fn checked(chosen: &str) -> String {
    let digest = md5_hex(chosen.as_bytes());
    format!("{chosen}{}", digest.get(..8).unwrap_or_default())
}

/// One version of an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// When it was made.
    pub written: Timestamp,
    /// What it holds; `None` for a delete marker.
    pub object: Option<Arc<Object>>,
}

impl Bucket {
    /// The versions of `key`, the newest first.
    pub fn versions_of(&self, key: &str) -> Vec<Version> {
        if let Some(history) = self.history.get(key) {
            return history.to_vec();
        }
        let current = self.objects.get(key).map(|object| Version {
            id: VersionId::null(),
            written: object.last_modified,
            object: Some(Arc::clone(object)),
        });
        current.into_iter().collect()
    }

    /// The keys that have a version.
    pub fn versioned_keys(&self) -> BTreeSet<&String> {
        self.objects.keys().chain(self.history.keys()).collect()
    }

    /// The id of what a read of `key` without a version finds; `None` in a
    /// bucket that never kept versions.
    pub fn current_version(&self, key: &str) -> Option<VersionId> {
        if self.versioning == Versioning::Never {
            return None;
        }
        match self.history.get(key) {
            Some(history) => history.first().map(|version| version.id.clone()),
            None => self.objects.get(key).map(|_| VersionId::null()),
        }
    }

    /// Stores `object`; the id of its version if the bucket keeps versions.
    pub fn store(
        &mut self,
        key: &str,
        object: Arc<Object>,
        entropy: &mut Entropy,
    ) -> Option<VersionId> {
        self.overtake(key);
        let written = object.last_modified;
        let id = self.add(key, written, Some(Arc::clone(&object)), entropy);
        self.objects.insert_mut(key.to_owned(), object);
        id
    }

    /// Deletes `key` as a call without a version does: with versions, a delete
    /// marker goes before them. The marker's id.
    pub fn delete_current(
        &mut self,
        key: &str,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> Option<VersionId> {
        self.overtake(key);
        let id = self.add(key, now, None, entropy);
        self.objects.remove_mut(key);
        id
    }

    /// Puts `object` in the place of one version, or of the current one.
    pub fn replace(&mut self, key: &str, id: Option<&VersionId>, object: Arc<Object>) {
        let mut versions = self.versions_of(key);
        let place = versions
            .iter()
            .position(|version| id.is_none_or(|id| version.id == *id));
        if let Some(version) = place.and_then(|place| versions.get_mut(place)) {
            version.object = Some(Arc::clone(&object));
        }
        if self.history.contains_key(key) {
            self.history.insert_mut(key.to_owned(), versions.into());
        }
        if place == Some(0) {
            self.objects.insert_mut(key.to_owned(), object);
        }
    }

    /// Deletes one version for good; what it was.
    pub fn delete_version(&mut self, key: &str, id: &VersionId) -> Option<Version> {
        let mut versions = self.versions_of(key);
        let place = versions.iter().position(|version| version.id == *id)?;
        let gone = versions.remove(place);
        self.overtake(key);
        match versions.first().and_then(|newest| newest.object.clone()) {
            Some(object) => self.objects.insert_mut(key.to_owned(), object),
            None => {
                self.objects.remove_mut(key);
            }
        }
        if versions.is_empty() {
            self.history.remove_mut(key);
        } else {
            self.history.insert_mut(key.to_owned(), versions.into());
        }
        Some(gone)
    }

    /// Notes with the uploads to `key` that it changed under way.
    fn overtake(&mut self, key: &str) {
        let of_key = self.uploads.iter().filter(|(_, upload)| upload.key == key);
        let ids: Vec<String> = of_key.map(|(id, _)| id.clone()).collect();
        for id in ids {
            if let Some(upload) = self.uploads.get_mut(&id) {
                Arc::make_mut(upload).overtaken = true;
            }
        }
    }

    fn add(
        &mut self,
        key: &str,
        written: Timestamp,
        object: Option<Arc<Object>>,
        entropy: &mut Entropy,
    ) -> Option<VersionId> {
        let mut versions = self.versions_of(key);
        let id = match self.versioning {
            Versioning::Never => return None,
            Versioning::Enabled => VersionId::fresh(entropy),
            Versioning::Suspended => VersionId::null(),
        };
        versions.retain(|version| version.id != id);
        let version = Version {
            id: id.clone(),
            written,
            object,
        };
        versions.insert(0, version);
        self.history.insert_mut(key.to_owned(), versions.into());
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_were_given_are_ids() {
        let id = VersionId::fresh(&mut Entropy::simulated(1));
        assert_eq!(id.as_str().len(), 32);
        assert_eq!(VersionId::parse(id.as_str()), Some(id));
        assert_eq!(VersionId::parse("null"), Some(VersionId::null()));
        // Source: an id that S3 itself refused.
        for none in ["", "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD", "Null", "é"] {
            assert_eq!(VersionId::parse(none), None, "{none}");
        }
    }
}
