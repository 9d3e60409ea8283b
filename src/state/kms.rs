//! KMS keys, aliases and grants.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Map;
use crate::authz::Grant;
use crate::base::{AccountId, Arn, GrantId, KeyId, Region, Timestamp};
use crate::crypto::key_spec::{KeySpec, KeyUsage};
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
    /// The key policy, its principals bound to unique ids.
    pub policy: Policy,
    /// The kind of its material.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// All backing keys of a symmetric encryption key, the current one last.
    pub materials: Vec<Material>,
    /// The material of a key of another kind.
    pub single: Option<Single>,
    /// Automatic rotation, if it is on.
    pub rotation: Option<Rotation>,
    /// The grants.
    pub grants: Map<GrantId, Arc<Grant>>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl Key {
    /// The backing key that new ciphertexts are made with.
    pub fn current(&self) -> Option<&Material> {
        self.materials.last()
    }

    /// How many rotations were made on demand.
    pub fn on_demand_rotations(&self) -> usize {
        self.materials
            .iter()
            .filter(|m| m.rotation == Some(RotationType::OnDemand))
            .count()
    }
}

/// One backing key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Material {
    /// The material itself; its `Debug` shows the id alone.
    #[serde(with = "crate::crypto::kept")]
    pub backing: Arc<BackingKey>,
    /// When it came.
    pub since: Timestamp,
    /// What brought it; `None` for the first.
    pub rotation: Option<RotationType>,
}

/// The material of a key that never rotates.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Single {
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
