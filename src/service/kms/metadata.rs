//! What KMS tells of a key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Arn, KeyId, Region, Timestamp};
use crate::crypto::key_spec::{
    EncapsulationAlgorithm, EncryptionAlgorithm, Family, KeyAgreementAlgorithm, KeySpec, KeyUsage,
    MacAlgorithm, Origin, SigningAlgorithm,
};
use crate::state::Cloud;
use crate::state::kms::{Key, KeyManager, KeyState, MultiRegionKeyType};

/// Whether imported material expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExpirationModel {
    /// At `ValidTo`.
    KeyMaterialExpires,
    /// Never.
    KeyMaterialDoesNotExpire,
}

impl ExpirationModel {
    /// The model of material that expires at `valid_to`.
    pub(super) fn of(valid_to: Option<Timestamp>) -> Self {
        match valid_to {
            Some(_) => Self::KeyMaterialExpires,
            None => Self::KeyMaterialDoesNotExpire,
        }
    }

    /// AWS's name.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::KeyMaterialExpires => "KEY_MATERIAL_EXPIRES",
            Self::KeyMaterialDoesNotExpire => "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }
    }
}

/// One key of a multi-Region key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MultiRegionKey {
    /// The key's ARN.
    pub arn: Arn,
    /// Its Region.
    pub region: Region,
}

impl MultiRegionKey {
    fn of(key: &Key) -> Self {
        Self {
            arn: key.arn.clone(),
            region: key.region.clone(),
        }
    }
}

/// The keys of a multi-Region key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MultiRegionConfiguration {
    /// What the described key is among them.
    pub multi_region_key_type: MultiRegionKeyType,
    /// The primary key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<MultiRegionKey>,
    /// The replica keys, by Region.
    pub replica_keys: Vec<MultiRegionKey>,
}

impl MultiRegionConfiguration {
    fn of(cloud: &Cloud, key: &Key) -> Option<Self> {
        let multi_region_key_type = key.multi_region?;
        let related = cloud.related(key);
        let are = |kind| {
            let of_kind = related.iter().filter(move |k| k.multi_region == Some(kind));
            of_kind.map(|key| MultiRegionKey::of(key))
        };
        Some(Self {
            multi_region_key_type,
            primary_key: are(MultiRegionKeyType::Primary).next(),
            replica_keys: are(MultiRegionKeyType::Replica).collect(),
        })
    }
}

/// What `DescribeKey` and `CreateKey` say of a key.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyMetadata {
    /// The owner.
    #[serde(rename = "AWSAccountId")]
    pub aws_account_id: String,
    /// The key's id.
    pub key_id: KeyId,
    /// The key's ARN.
    pub arn: Arn,
    /// When it was made.
    pub creation_date: Timestamp,
    /// Whether it is enabled.
    pub enabled: bool,
    /// The description.
    pub description: String,
    /// What it is for.
    pub key_usage: KeyUsage,
    /// Its state.
    pub key_state: KeyState,
    /// When it will be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_date: Option<Timestamp>,
    /// How long a primary key will wait once its last replica is gone, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_deletion_window_in_days: Option<i64>,
    /// When the first of its imported materials expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// Whether its imported material expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_model: Option<ExpirationModel>,
    /// Where its material comes from.
    pub origin: Origin,
    /// Who manages it.
    pub key_manager: KeyManager,
    /// Its spec.
    pub customer_master_key_spec: KeySpec,
    /// Its spec.
    pub key_spec: KeySpec,
    /// The algorithms that it encrypts with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encryption_algorithms: Vec<EncryptionAlgorithm>,
    /// The algorithms that it signs with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signing_algorithms: Vec<SigningAlgorithm>,
    /// The algorithms that it agrees on secrets with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_agreement_algorithms: Vec<KeyAgreementAlgorithm>,
    /// The algorithms that it encapsulates secrets with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encapsulation_algorithms: Vec<EncapsulationAlgorithm>,
    /// The algorithm that it makes MACs with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mac_algorithms: Vec<MacAlgorithm>,
    /// Whether it is a multi-Region key.
    pub multi_region: bool,
    /// The keys of the multi-Region key that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_region_configuration: Option<MultiRegionConfiguration>,
    /// The id of its current key material.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_key_material_id: Option<String>,
}

impl KeyMetadata {
    /// Describes `key`.
    pub fn of(cloud: &Cloud, key: &Key) -> Self {
        Self {
            aws_account_id: key.account.to_string(),
            key_id: key.id.clone(),
            arn: key.arn.clone(),
            creation_date: key.created,
            enabled: key.state == KeyState::Enabled,
            description: key.description.clone(),
            key_usage: key.usage,
            key_state: key.state,
            deletion_date: key.deletion_date,
            pending_deletion_window_in_days: key.pending_window_days,
            valid_to: key.valid_to().filter(|_| imported(key)),
            expiration_model: imported(key).then(|| ExpirationModel::of(key.valid_to())),
            origin: key.origin,
            key_manager: key.manager,
            customer_master_key_spec: key.spec,
            key_spec: key.spec,
            encryption_algorithms: match key.usage {
                KeyUsage::ENCRYPT_DECRYPT => key.spec.encryption_algorithms().to_vec(),
                _ => Vec::new(),
            },
            signing_algorithms: match key.usage {
                KeyUsage::SIGN_VERIFY => key.spec.signing_algorithms().to_vec(),
                _ => Vec::new(),
            },
            key_agreement_algorithms: match key.usage {
                KeyUsage::KEY_AGREEMENT => vec![KeyAgreementAlgorithm::ECDH],
                _ => Vec::new(),
            },
            encapsulation_algorithms: match key.usage {
                KeyUsage::ENCAPSULATE_DECAPSULATE => vec![EncapsulationAlgorithm::ML_KEM],
                _ => Vec::new(),
            },
            mac_algorithms: key.spec.mac_algorithm().into_iter().collect(),
            multi_region: key.multi_region.is_some(),
            multi_region_configuration: MultiRegionConfiguration::of(cloud, key),
            current_key_material_id: current_material(key),
        }
    }
}

/// Whether the key has all of its imported material.
fn imported(key: &Key) -> bool {
    key.origin == Origin::EXTERNAL && key.is_complete()
}

fn current_material(key: &Key) -> Option<String> {
    let shown = key.spec.family() == Family::Symmetric && key.state != KeyState::Creating;
    let current = key.current().filter(|_| shown)?;
    Some(current.id.to_string())
}
