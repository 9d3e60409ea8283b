//! Listing the materials of a key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::metadata::ExpirationModel;
use super::page::{Page, Paged};
use super::reference;
use super::rotation::{awaits_replicas, symmetric};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{KeyMaterialId, Timestamp};
use crate::crypto::key_spec::Origin;
use crate::state::kms::{Key, Material, RotationType};

/// Which key materials `ListKeyRotations` lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncludeKeyMaterial {
    /// Those that a rotation brought.
    #[default]
    RotationsOnly,
    /// The first one as well, and the one that waits for its rotation.
    AllKeyMaterial,
}

/// Lists the rotations of a key, and on request all of its key material.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListKeyRotations {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// `ROTATIONS_ONLY` (default) or `ALL_KEY_MATERIAL`.
    #[serde(default)]
    pub include_key_material: IncludeKeyMaterial,
    /// At most this many, 1 to 1000; 100 by default.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The `NextMarker` of the page before.
    #[serde(default)]
    pub marker: Option<String>,
}

/// What a key material is for its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyMaterialState {
    /// It encrypts and decrypts.
    Current,
    /// It decrypts what it encrypted.
    NonCurrent,
    /// Imported, it waits for `RotateKeyOnDemand`.
    PendingRotation,
    /// Imported into the primary key, and not yet into all of its replicas.
    PendingMultiRegionImportAndRotation,
}

/// Whether imported material is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportState {
    /// It is.
    Imported,
    /// It is to be imported, again or in this Region.
    PendingImport,
}

/// One key material.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RotationsListEntry {
    /// The key's id.
    pub key_id: String,
    /// The material's id.
    pub key_material_id: KeyMaterialId,
    /// What it is for the key.
    pub key_material_state: KeyMaterialState,
    /// What was said of it when it was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_material_description: Option<String>,
    /// Whether it is there, of a key with imported material.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_state: Option<ImportState>,
    /// Whether it expires, if it was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_model: Option<ExpirationModel>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// When it became the current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_date: Option<Timestamp>,
    /// What brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_type: Option<RotationType>,
}

/// A page of rotations.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RotationsList {
    /// The rotations, oldest first.
    pub rotations: Vec<RotationsListEntry>,
    /// Whether there are more.
    pub truncated: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl ListKeyRotations {
    fn page(&self) -> Page<'_> {
        Page {
            limit: self.limit,
            marker: self.marker.as_deref(),
            default: 100,
            max: 1000,
        }
    }
}

/// What a material is for `key`, whose new material is still to be imported elsewhere if `awaited`.
fn state(key: &Key, material: &Material, awaited: bool) -> KeyMaterialState {
    let current = key.current().is_some_and(|m| m.id == material.id);
    match (material.pending, awaited, current) {
        (true, true, _) => KeyMaterialState::PendingMultiRegionImportAndRotation,
        (true, false, _) => KeyMaterialState::PendingRotation,
        (false, _, true) => KeyMaterialState::Current,
        (false, _, false) => KeyMaterialState::NonCurrent,
    }
}

fn entry(key: &Key, material: &Material, awaited: bool) -> RotationsListEntry {
    let external = key.origin == Origin::EXTERNAL;
    let present = material.secret.is_some();
    RotationsListEntry {
        key_id: key.id.to_string(),
        key_material_id: material.id.clone(),
        key_material_state: state(key, material, awaited),
        key_material_description: material.description.clone(),
        import_state: external.then_some(match present {
            true => ImportState::Imported,
            false => ImportState::PendingImport,
        }),
        expiration_model: (external && present).then(|| ExpirationModel::of(material.valid_to)),
        valid_to: material.valid_to,
        rotation_date: material.rotation.map(|_| material.since),
        rotation_type: material.rotation,
    }
}

impl Operation for ListKeyRotations {
    type Output = RotationsList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListKeyRotations")
        .needs(&["kms:ListKeyRotations"])
        .fails(&[
            "NotFoundException",
            "InvalidArnException",
            "InvalidMarkerException",
            "UnsupportedOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.page().check()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:ListKeyRotations")?;
        Ok(vec![reference::on_key(view, key, "kms:ListKeyRotations")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        symmetric(key)?;
        let all = self.include_key_material == IncludeKeyMaterial::AllKeyMaterial;
        let awaited = awaits_replicas(view.cloud, key);
        let listed = key.materials.iter().enumerate();
        let listed = listed
            .filter(|(_, m)| all || m.rotation.is_some())
            .collect();
        let Paged { items, next_marker } =
            self.page().of(listed, |(number, _): &(usize, &Material)| {
                format!("{number:06}")
            })?;
        Ok(RotationsList {
            rotations: items
                .into_iter()
                .map(|(_, m)| entry(key, m, awaited))
                .collect(),
            truncated: next_marker.is_some(),
            next_marker,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}
