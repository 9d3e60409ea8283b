//! Rotation: new backing keys under the same key.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::imported::related_places;
use super::life::{Nothing, key_operation};
use super::replicas::not_primary;
use super::{error, of_origin, reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Entropy, KeyId, Timestamp};
use crate::crypto::BackingKey;
use crate::crypto::key_spec::{KeySpec, Origin};
use crate::state::Cloud;
use crate::state::kms::{
    Key, KeyManager, KeyPlace, KeyState, Material, MultiRegionKeyType, Rotation, RotationType,
    Secret,
};

/// Rotations on demand per key. Source: KMS API Reference, `RotateKeyOnDemand`.
const MAX_ON_DEMAND: usize = 25;

const ROTATION_ERRORS: &[&str] = &[
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "UnsupportedOperationException",
];

/// Adds a backing key to the key at `place` and to all that are related to it;
/// all earlier ones stay, so what they encrypted can be decrypted.
pub(super) fn rotate(
    cloud: &mut Cloud,
    place: &KeyPlace,
    kind: RotationType,
    now: Timestamp,
    entropy: &mut Entropy,
) {
    let backing = BackingKey::generate(entropy);
    let id = backing.id().clone();
    let secret = Secret::Backing(Arc::new(backing));
    let fresh = Material::made(id, secret, now, Some(kind));
    change_related(cloud, place, |key| key.materials.push(fresh.clone()));
}

/// Makes the material that waits for it the current one, in all Regions.
fn promote(cloud: &mut Cloud, place: &KeyPlace, now: Timestamp) {
    change_related(cloud, place, |key| {
        for material in key.materials.iter_mut().filter(|m| m.pending) {
            material.pending = false;
            (material.since, material.rotation) = (now, Some(RotationType::OnDemand));
        }
    });
}

/// Sets the schedule of the key at `place`, which all that are related to it follow.
pub(super) fn set_rotation(cloud: &mut Cloud, place: &KeyPlace, rotation: Option<Rotation>) {
    let old = cloud.keys.get(place).and_then(|key| key.rotation);
    if let Some(old) = old {
        cloud.schedule.remove_mut(&(old.next, place.clone()));
    }
    if let Some(new) = rotation {
        cloud.schedule.insert_mut((new.next, place.clone()), ());
    }
    change_related(cloud, place, |key| key.rotation = rotation);
}

fn change_related(cloud: &mut Cloud, place: &KeyPlace, change: impl Fn(&mut Key)) {
    let related = cloud.keys.get(place).map(|key| related_places(cloud, key));
    for place in related.into_iter().flatten() {
        if let Some(key) = cloud.keys.get_mut(&place) {
            change(key);
        }
    }
}

/// Rotation is a matter of the primary key.
fn leads(key: &Key) -> Result<(), ApiError> {
    match key.multi_region {
        Some(MultiRegionKeyType::Replica) => Err(not_primary(key)),
        _ => Ok(()),
    }
}

/// Source: KMS Developer Guide, "Rotating AWS KMS keys".
pub(super) fn symmetric(key: &Key) -> Result<(), ApiError> {
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

/// Whether automatic rotation can be switched on or off as things stand.
fn rotates_by_itself(key: &Key) -> Result<(), ApiError> {
    rotates(key)?;
    of_origin(key, Origin::AWS_KMS)?;
    leads(key)?;
    usable(key)
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
        rotates_by_itself(key)?;
        let place = key.place();
        let period_days = self.rotation_period_in_days.unwrap_or(365);
        let next = cx.now().plus_days(i64::from(period_days));
        set_rotation(cx.cloud, &place, Some(Rotation { period_days, next }));
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
    |cx, place| {
        rotates_by_itself(reference::key_mut(cx, &place)?)?;
        set_rotation(cx.cloud, &place, None);
        Ok(Nothing {})
    }
);

/// The answer of `RotateKeyOnDemand`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Rotated {
    /// The key's ARN.
    pub key_id: Arn,
}

/// Whether new material waits, in all Regions of the key.
fn check_pending(cloud: &Cloud, key: &Key) -> Result<(), ApiError> {
    if key.pending().is_some() && !awaits_replicas(cloud, key) {
        return Ok(());
    }
    let text = format!(
        "No available key material pending rotation for the key: {}.",
        key.arn
    );
    Err(error("KMSInvalidStateException", text))
}

/// Whether new material of `key` is still to be imported into a related key.
pub(super) fn awaits_replicas(cloud: &Cloud, key: &Key) -> bool {
    let related = cloud.related(key);
    let mut pending = related.iter().filter_map(|key| key.pending());
    pending.any(|material| material.secret.is_none())
}

key_operation!(
    /// Adds a new backing key now, at most 25 times; a key with imported material takes the
    /// one that waits for it. Id, ARN, aliases, policy and grants stay, and what was encrypted
    /// before can still be decrypted.
    RotateKeyOnDemand,
    Rotated,
    "kms:RotateKeyOnDemand",
    &["NotFoundException", "DisabledException", "KMSInvalidStateException", "LimitExceededException",
      "UnsupportedOperationException"],
    |cx, place| {
        let now = cx.now();
        let key = reference::key_mut(cx, &place)?.clone();
        rotates(&key)?;
        leads(&key)?;
        usable(&key)?;
        if key.on_demand_rotations() >= MAX_ON_DEMAND {
            let text = format!(
                "The on-demand rotations limit has been reached for the given keyId. No more \
                 on-demand rotations can be performed for this key: {}",
                key.arn
            );
            return Err(error("LimitExceededException", text));
        }
        match key.origin {
            Origin::EXTERNAL => {
                check_pending(cx.cloud, &key)?;
                promote(cx.cloud, &place, now);
            }
            _ => rotate(cx.cloud, &place, RotationType::OnDemand, now, &mut cx.effects.entropy),
        }
        Ok(Rotated { key_id: key.arn })
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
        .fails(&[
            "NotFoundException",
            "InvalidArnException",
            "UnsupportedOperationException",
        ]);

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
        of_origin(key, Origin::AWS_KMS)?;
        let leaving = [KeyState::PendingDeletion, KeyState::PendingReplicaDeletion];
        let live = key.rotation.filter(|_| !leaving.contains(&key.state));
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
