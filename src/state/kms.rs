//! KMS keys, aliases and grants.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Map;
use crate::authz::Grant;
use crate::base::{AccountId, Arn, GrantId, KeyId, KeyMaterialId, Region, Timestamp};
use crate::crypto::key_spec::{KeySpec, KeyUsage, Origin};
use crate::crypto::{BackingKey, KeyPair, MacKey};
use crate::policy::Policy;

/// Where an alias lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AliasId {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The name, `alias/` included.
    pub name: String,
}

impl AliasId {
    /// The alias's ARN.
    pub fn arn(&self) -> Arn {
        Arn::of(
            "kms",
            self.region.as_str(),
            self.account.as_str(),
            &self.name,
        )
    }
}

/// Where a key is. The keys of one multi-Region key share their id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyPlace {
    /// The id.
    pub id: KeyId,
    /// The Region.
    pub region: Region,
}

/// The state of a key.
///
/// Source: KMS Developer Guide, "Key states of AWS KMS keys".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum KeyState {
    /// Usable.
    Enabled,
    /// Switched off by its owner.
    Disabled,
    /// On its way out; can be cancelled.
    PendingDeletion,
    /// Without its material, which is to be imported.
    PendingImport,
    /// A primary key on its way out, as soon as its last replica is gone.
    PendingReplicaDeletion,
    /// A replica that is being made.
    Creating,
    /// Becoming the primary key, or ceasing to be it.
    Updating,
}

/// What a key is among the keys of a multi-Region key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum MultiRegionKeyType {
    /// The one that is replicated and rotated.
    Primary,
    /// A copy in another Region.
    Replica,
}

impl MultiRegionKeyType {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Replica => "REPLICA",
        }
    }
}

/// Who manages a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyManager {
    /// An AWS service, under `alias/aws/…`.
    Aws,
    /// The customer.
    Customer,
}

/// A KMS key. Its material is sealed in [`BackingKey`] and has no accessor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The id.
    pub id: KeyId,
    /// The ARN.
    pub arn: Arn,
    /// The owner.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The description.
    pub description: String,
    /// The state.
    pub state: KeyState,
    /// Who manages it.
    pub manager: KeyManager,
    /// When it was made.
    pub created: Timestamp,
    /// When it will be deleted.
    pub deletion_date: Option<Timestamp>,
    /// The waiting period of a primary key that waits for its replicas to go, in days.
    pub pending_window_days: Option<i64>,
    /// When it leaves [`KeyState::Creating`] or [`KeyState::Updating`].
    pub settles: Option<Timestamp>,
    /// The key policy, its principals bound to unique ids.
    pub policy: Policy,
    /// The kind of its material.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// Its place in a multi-Region key, if it is one.
    pub multi_region: Option<MultiRegionKeyType>,
    /// All that were ever its material, oldest first. Only a symmetric
    /// encryption key has more than one; what waits for its rotation is last.
    pub materials: Vec<Material>,
    /// What seals the import tokens of a key with imported material.
    #[serde(with = "crate::crypto::kept::option")]
    pub token_key: Option<Arc<BackingKey>>,
    /// Automatic rotation, if it is on.
    pub rotation: Option<Rotation>,
    /// The grants.
    pub grants: Map<GrantId, Arc<Grant>>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl Key {
    /// Where it is.
    pub fn place(&self) -> KeyPlace {
        KeyPlace {
            id: self.id.clone(),
            region: self.region.clone(),
        }
    }

    /// The material that new ciphertexts are made with.
    pub fn current(&self) -> Option<&Material> {
        self.materials.iter().rfind(|m| !m.pending)
    }

    /// The imported material that waits for its rotation.
    pub fn pending(&self) -> Option<&Material> {
        self.materials.iter().find(|m| m.pending)
    }

    /// Whether all material that belongs to the key is there.
    pub fn is_complete(&self) -> bool {
        let mut own = self.materials.iter().filter(|m| !m.pending).peekable();
        own.peek().is_some() && own.all(|m| m.secret.is_some())
    }

    /// When the first of its materials expires.
    pub fn valid_to(&self) -> Option<Timestamp> {
        let own = self.materials.iter().filter(|m| !m.pending);
        own.filter_map(|m| m.valid_to).min()
    }

    /// How many rotations were made on demand.
    pub fn on_demand_rotations(&self) -> usize {
        self.materials
            .iter()
            .filter(|m| m.rotation == Some(RotationType::OnDemand))
            .count()
    }
}

/// One generation of a key's material.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Material {
    /// Its id.
    pub id: KeyMaterialId,
    /// The material itself; `None` while it is to be imported.
    pub secret: Option<Secret>,
    /// When it came.
    pub since: Timestamp,
    /// What brought it; `None` for the first.
    pub rotation: Option<RotationType>,
    /// Whether it was imported ahead of the rotation that will bring it.
    pub pending: bool,
    /// When it expires, if it was imported to expire.
    pub valid_to: Option<Timestamp>,
    /// What who imported it said about it.
    pub description: Option<String>,
}

impl Material {
    /// Material that KMS made itself.
    pub fn made(
        id: KeyMaterialId,
        secret: Secret,
        since: Timestamp,
        rotation: Option<RotationType>,
    ) -> Self {
        Self {
            id,
            secret: Some(secret),
            since,
            rotation,
            pending: false,
            valid_to: None,
            description: None,
        }
    }
}

/// Key material; its `Debug` shows none of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Secret {
    /// Of a symmetric encryption key.
    Backing(#[serde(with = "crate::crypto::kept")] Arc<BackingKey>),
    /// Of an HMAC key.
    Mac(#[serde(with = "crate::crypto::kept")] Arc<MacKey>),
    /// Of an asymmetric key.
    Pair(#[serde(with = "crate::crypto::kept")] Arc<KeyPair>),
}

/// What brought a backing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RotationType {
    /// The schedule.
    Automatic,
    /// `RotateKeyOnDemand`.
    OnDemand,
}

/// Automatic rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Days from one rotation to the next, 90 to 2560.
    pub period_days: u32,
    /// When the next one is due.
    pub next: Timestamp,
}
