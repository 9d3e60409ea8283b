//! Rotation: new backing keys under the same key.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::life::{Nothing, key_operation};
use super::{error, reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Entropy, KeyId, Timestamp};
use crate::crypto::BackingKey;
use crate::crypto::key_spec::KeySpec;
use crate::state::kms::{Key, KeyManager, KeyState, Material, Rotation, RotationType};

/// Rotations on demand per key. Source: KMS API Reference, `RotateKeyOnDemand`.
const MAX_ON_DEMAND: usize = 25;

const ROTATION_ERRORS: &[&str] = &[
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "UnsupportedOperationException",
];

/// Adds a backing key; all earlier ones stay, so what they encrypted can be decrypted.
pub(super) fn rotate(key: &mut Key, kind: RotationType, now: Timestamp, entropy: &mut Entropy) {
    key.materials.push(Material {
        backing: Arc::new(BackingKey::generate(entropy)),
        since: now,
        rotation: Some(kind),
    });
}

/// Source: KMS Developer Guide, "Rotating AWS KMS keys".
fn symmetric(key: &Key) -> Result<(), ApiError> {
    if key.spec == KeySpec::SYMMETRIC_DEFAULT {
        return Ok(());
    }
    // AWS gives this error without a text; the sentence is the lab's own.
    Err(
        error("UnsupportedOperationException", "").with_detail(format!(
            "Only symmetric encryption keys rotate; this one is {}.",
            key.spec
        )),
    )
}

fn rotates(key: &Key) -> Result<(), ApiError> {
    symmetric(key)?;
    match key.manager {
        KeyManager::Customer => Ok(()),
        KeyManager::Aws => Err(error(
            "UnsupportedOperationException",
            format!(
                "{} is an AWS managed key: AWS rotates it every year",
                key.arn
            ),
        )),
    }
}

/// Switches automatic rotation on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EnableKeyRotation {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// Days from one rotation to the next, 90 to 2560; 365 by default.
    #[serde(default)]
    pub rotation_period_in_days: Option<u32>,
}

impl Operation for EnableKeyRotation {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "EnableKeyRotation")
        .needs(&["kms:EnableKeyRotation"])
        .fails(ROTATION_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        match self.rotation_period_in_days {
            Some(days) if !(90..=2560).contains(&days) => Err(ApiError::validation(
                Service::Kms,
                format!(
                    "1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed \
                     to satisfy constraint: Member must be between 90 and 2560"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:EnableKeyRotation")?;
        let days = self.rotation_period_in_days.unwrap_or(365).to_string();
        Ok(vec![
            reference::on_key(view, key, "kms:EnableKeyRotation")
                .with("kms:RotationPeriodInDays", days),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::id_or_arn(&cx.view(), &self.key_id)?;
        rotates(key)?;
        usable(key)?;
        let (id, old) = (key.id.clone(), key.rotation);
        let period_days = self.rotation_period_in_days.unwrap_or(365);
        let next = cx.now().plus_days(i64::from(period_days));
        if let Some(old) = old {
            cx.cloud.schedule.remove_mut(&(old.next, id.clone()));
        }
        reference::key_mut(cx, &id)?.rotation = Some(Rotation { period_days, next });
        cx.cloud.schedule.insert_mut((next, id), ());
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        let days = self.rotation_period_in_days;
        reference::record(
            key,
            json!({ "keyId": self.key_id, "rotationPeriodInDays": days }),
        )
    }
}

key_operation!(
    /// Switches automatic rotation off; the backing keys stay.
    DisableKeyRotation,
    Nothing,
    "kms:DisableKeyRotation",
    ROTATION_ERRORS,
    |cx, id| {
        let key = reference::key_mut(cx, &id)?;
        rotates(key)?;
        usable(key)?;
        if let Some(old) = key.rotation.take() {
            cx.cloud.schedule.remove_mut(&(old.next, id));
        }
        Ok(Nothing {})
    }
);

/// The answer of `RotateKeyOnDemand`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Rotated {
    /// The key's id.
    pub key_id: String,
}

key_operation!(
    /// Adds a new backing key now, at most 25 times. Id, ARN, aliases, policy and grants stay,
    /// and what was encrypted before can still be decrypted.
    RotateKeyOnDemand,
    Rotated,
    "kms:RotateKeyOnDemand",
    &["NotFoundException", "DisabledException", "KMSInvalidStateException", "LimitExceededException",
      "UnsupportedOperationException"],
    |cx, id| {
        let now = cx.now();
        let mut material = cx.effects.entropy.clone();
        let key = reference::key_mut(cx, &id)?;
        rotates(key)?;
        usable(key)?;
        if key.on_demand_rotations() >= MAX_ON_DEMAND {
            let text = format!(
                "The on-demand rotations limit has been reached for the given keyId. No more \
                 on-demand rotations can be performed for this key: {}",
                key.arn
            );
            return Err(error("LimitExceededException", text));
        }
        rotate(key, RotationType::OnDemand, now, &mut material);
        cx.effects.entropy = material;
        Ok(Rotated { key_id: id.to_string() })
    }
);

/// Whether and when a key rotates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetKeyRotationStatus {
    /// The key: an id or a key ARN.
    pub key_id: String,
}

/// The answer of `GetKeyRotationStatus`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RotationStatus {
    /// The key's id.
    pub key_id: KeyId,
    /// Whether automatic rotation is on; false while deletion is pending.
    pub key_rotation_enabled: bool,
    /// Days from one rotation to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_period_in_days: Option<u32>,
    /// When the next one is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_rotation_date: Option<Timestamp>,
}

impl Operation for GetKeyRotationStatus {
    type Output = RotationStatus;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "GetKeyRotationStatus")
        .needs(&["kms:GetKeyRotationStatus"])
        .fails(&["NotFoundException", "InvalidArnException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::id_or_arn(view, &self.key_id)?;
        Ok(vec![reference::on_key(
            view,
            key,
            "kms:GetKeyRotationStatus",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        let live = key
            .rotation
            .filter(|_| key.state != KeyState::PendingDeletion);
        Ok(RotationStatus {
            key_id: key.id.clone(),
            key_rotation_enabled: live.is_some(),
            rotation_period_in_days: live.map(|r| r.period_days),
            next_rotation_date: live.map(|r| r.next),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}

/// Which key materials `ListKeyRotations` lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncludeKeyMaterial {
    /// Those that a rotation brought.
    #[default]
    RotationsOnly,
    /// The first one as well.
    AllKeyMaterial,
}

/// Lists the rotations of a key, and on request the first key material too.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListKeyRotations {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// `ROTATIONS_ONLY` (default) or `ALL_KEY_MATERIAL`.
    #[serde(default)]
    pub include_key_material: IncludeKeyMaterial,
}

/// One key material.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RotationsListEntry {
    /// The key's id.
    pub key_id: String,
    /// The material's id.
    pub key_material_id: String,
    /// `CURRENT` or `NON_CURRENT`.
    pub key_material_state: &'static str,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_date: Option<Timestamp>,
    /// What brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_type: Option<RotationType>,
}

/// A list of rotations.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RotationsList {
    /// The rotations, oldest first.
    pub rotations: Vec<RotationsListEntry>,
    /// Whether there are more; the lab gives all.
    pub truncated: bool,
}

impl Operation for ListKeyRotations {
    type Output = RotationsList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListKeyRotations")
        .needs(&["kms:ListKeyRotations"])
        .fails(&[
            "NotFoundException",
            "InvalidArnException",
            "UnsupportedOperationException",
        ]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:ListKeyRotations")?;
        Ok(vec![reference::on_key(view, key, "kms:ListKeyRotations")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        symmetric(key)?;
        let all = self.include_key_material == IncludeKeyMaterial::AllKeyMaterial;
        let current = key.materials.len().saturating_sub(1);
        let rotations = key
            .materials
            .iter()
            .enumerate()
            .filter(|(_, m)| all || m.rotation.is_some())
            .map(|(index, material)| RotationsListEntry {
                key_id: key.id.to_string(),
                key_material_id: material.backing.id().to_string(),
                key_material_state: if index == current {
                    "CURRENT"
                } else {
                    "NON_CURRENT"
                },
                rotation_date: material.rotation.map(|_| material.since),
                rotation_type: material.rotation,
            })
            .collect();
        Ok(RotationsList {
            rotations,
            truncated: false,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}
