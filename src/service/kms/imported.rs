//! Imported material as it comes and goes.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::import::{IMPORT_ERRORS, ImportType, MaterialOfKey};
use super::{error, of_origin, reference, settled};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{KeyMaterialId, Timestamp};
use crate::crypto::key_spec::{Family, Origin};
use crate::state::Cloud;
use crate::state::kms::{Key, KeyPlace, KeyState, Material, MultiRegionKeyType, Secret};

/// Material that has just been unwrapped.
pub(super) struct Arrival {
    pub(super) id: KeyMaterialId,
    pub(super) secret: Secret,
    pub(super) valid_to: Option<Timestamp>,
    pub(super) description: Option<String>,
    /// What the request says of it.
    pub(super) kind: Option<ImportType>,
    pub(super) now: Timestamp,
}

/// AWS gives this error without a text; the sentence is the lab's own.
pub(super) fn incorrect(why: &str) -> ApiError {
    error("IncorrectKeyMaterialException", "").with_detail(why)
}

/// Puts `arrival` into `key`: into its old place if the key had it before, else
/// as its first material, or to wait for a rotation.
///
/// # Errors
/// `IncorrectKeyMaterialException` where the material is not what it should be,
/// `KMSInvalidStateException` where other material waits already.
pub(super) fn arrive(cloud: &mut Cloud, key: &Key, arrival: Arrival) -> Result<(), ApiError> {
    let known = key.materials.iter().any(|m| m.id == arrival.id);
    let default = match key.materials.is_empty() {
        true => ImportType::NewKeyMaterial,
        false => ImportType::ExistingKeyMaterial,
    };
    match (arrival.kind.unwrap_or(default), known) {
        (ImportType::ExistingKeyMaterial, false) => Err(incorrect(
            "The key never had this material; what it had must be imported again.",
        )),
        (ImportType::NewKeyMaterial, true) => Err(incorrect("The key has this material already.")),
        (ImportType::ExistingKeyMaterial, true) => {
            restore(cloud, key, arrival);
            Ok(())
        }
        (ImportType::NewKeyMaterial, false) => add(cloud, key, arrival),
    }
}

fn restore(cloud: &mut Cloud, key: &Key, arrival: Arrival) {
    let place = key.place();
    if let Some(end) = arrival.valid_to {
        cloud.schedule.insert_mut((end, place.clone()), ());
    }
    let Some(key) = cloud.keys.get_mut(&place) else {
        return;
    };
    for material in key.materials.iter_mut().filter(|m| m.id == arrival.id) {
        material.secret = Some(arrival.secret.clone());
        material.valid_to = arrival.valid_to;
        if arrival.description.is_some() {
            material.description.clone_from(&arrival.description);
        }
    }
    if key.state == KeyState::PendingImport && key.is_complete() {
        key.state = KeyState::Enabled;
    }
}

fn add(cloud: &mut Cloud, key: &Key, arrival: Arrival) -> Result<(), ApiError> {
    if key.multi_region == Some(MultiRegionKeyType::Replica) {
        return Err(error("UnsupportedOperationException", "").with_detail(
            "New material is imported into the primary key, and only then into its replicas.",
        ));
    }
    if let Some(pending) = key.pending() {
        let text = format!(
            "New key material (id: {}) cannot be imported into KMS key {}, because another key \
             material (id: {}) is pending rotation.",
            arrival.id, key.id, pending.id
        );
        return Err(error("KMSInvalidStateException", text));
    }
    let awaited = Material {
        id: arrival.id.clone(),
        secret: None,
        since: arrival.now,
        rotation: None,
        pending: !key.materials.is_empty(),
        valid_to: None,
        description: arrival.description.clone(),
    };
    for place in related_places(cloud, key) {
        if let Some(key) = cloud.keys.get_mut(&place) {
            key.materials.push(awaited.clone());
        }
    }
    restore(cloud, key, arrival);
    Ok(())
}

/// Where all keys of the multi-Region key are that `key` belongs to; else where it is.
pub(super) fn related_places(cloud: &Cloud, key: &Key) -> Vec<KeyPlace> {
    let related = cloud.related(key);
    related.into_iter().map(Key::place).collect()
}

/// Takes imported material away, because it expired or was deleted.
///
/// Material that waits for its rotation does not belong to the key yet and is
/// forgotten, in all Regions if the key is their primary one. Source: KMS API
/// Reference, `DeleteImportedKeyMaterial`.
pub(super) fn drop_material(cloud: &mut Cloud, place: &KeyPlace, id: &KeyMaterialId) {
    let Some(key) = cloud.keys.get(place) else {
        return;
    };
    let waits = key.pending().is_some_and(|m| m.id == *id);
    if waits && key.multi_region != Some(MultiRegionKeyType::Replica) {
        for place in related_places(cloud, key) {
            if let Some(key) = cloud.keys.get_mut(&place) {
                key.materials.retain(|m| m.id != *id);
            }
        }
        return;
    }
    let Some(key) = cloud.keys.get_mut(place) else {
        return;
    };
    for material in key.materials.iter_mut().filter(|m| m.id == *id) {
        (material.secret, material.valid_to) = (None, None);
    }
    let leaving = matches!(
        key.state,
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion
    );
    if !leaving && !key.is_complete() {
        key.state = KeyState::PendingImport;
    }
}

/// Deletes imported key material at once: the current one, unless another is
/// named. The key cannot be used until the same material is imported again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteImportedKeyMaterial {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// The id of the material; for symmetric encryption keys.
    #[serde(default)]
    pub key_material_id: Option<KeyMaterialId>,
}

impl DeleteImportedKeyMaterial {
    /// The material that the request means; `None` if the key never had any.
    fn material(&self, key: &Key) -> Result<Option<KeyMaterialId>, ApiError> {
        let Some(named) = &self.key_material_id else {
            return Ok(key.current().map(|m| m.id.clone()));
        };
        if key.spec.family() != Family::Symmetric {
            return Err(error("UnsupportedOperationException", "")
                .with_detail("KeyMaterialId is for symmetric encryption keys."));
        }
        let known = key.materials.iter().any(|m| m.id == *named);
        known.then(|| Some(named.clone())).ok_or_else(|| {
            let text = format!("Key material {named} of {} is not found", key.arn);
            error("NotFoundException", text)
        })
    }
}

impl Operation for DeleteImportedKeyMaterial {
    type Output = MaterialOfKey;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "DeleteImportedKeyMaterial")
        .needs(&["kms:DeleteImportedKeyMaterial"])
        .fails(IMPORT_ERRORS);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:DeleteImportedKeyMaterial")?;
        Ok(vec![reference::on_key(
            view,
            key,
            "kms:DeleteImportedKeyMaterial",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::id_or_arn(&cx.view(), &self.key_id)?.clone();
        of_origin(&key, Origin::EXTERNAL)?;
        settled(&key)?;
        let id = self.material(&key)?;
        if let Some(id) = &id {
            drop_material(cx.cloud, &key.place(), id);
        }
        Ok(MaterialOfKey::of(&key, id))
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({ "keyId": self.key_id, "keyMaterialId": self.key_material_id }),
        )
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({ "keyId": output.key_id, "keyMaterialId": output.key_material_id })
    }
}
