//! Importing key material.
//!
//! Whoever owns the material asks for a wrapping key and a token, wraps the
//! material outside KMS, and hands both in. Source: KMS Developer Guide,
//! "Importing key material for AWS KMS keys".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use super::imported::{Arrival, arrive, incorrect};
use super::kind::enum_value;
use super::material::from_bytes;
use super::metadata::ExpirationModel;
use super::{error, no_material, not_pending_deletion, of_origin, reference, settled};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob, KeyMaterialId, Timestamp};
use crate::crypto::import::{ImportToken, Parameters, TokenOwner, material_id};
use crate::crypto::key_spec::{Family, KeySpec, Origin, WrappingAlgorithm};
use crate::state::kms::{Key, KeyState};

/// How long a token is good. Source: KMS API Reference, `GetParametersForImport`.
const TOKEN_SECONDS: i64 = 86_400;
/// How far ahead imported material may expire. Source: `ImportKeyMaterial`, `ValidTo`.
const MAX_VALIDITY_DAYS: i64 = 365;

pub(super) const IMPORT_ERRORS: &[&str] = &[
    "NotFoundException",
    "InvalidArnException",
    "KMSInvalidStateException",
    "UnsupportedOperationException",
];

fn token_owner(key: &Key) -> Result<TokenOwner<'_>, ApiError> {
    Ok(TokenOwner {
        token_key: key.token_key.as_ref().ok_or_else(|| no_material(key))?,
        key: &key.id,
        arn: key.arn.as_str(),
    })
}

/// Gives a public key to wrap key material with, and the token that belongs to
/// it; both are good for 24 hours. The key must have been made with `Origin` `EXTERNAL`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetParametersForImport {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// `RSAES_OAEP_SHA_256` or `RSAES_OAEP_SHA_1` for all but RSA keys;
    /// `RSA_AES_KEY_WRAP_SHA_256` or `RSA_AES_KEY_WRAP_SHA_1` for private keys.
    pub wrapping_algorithm: String,
    /// `RSA_2048`, `RSA_3072` or `RSA_4096`.
    pub wrapping_key_spec: String,
}

/// The answer of `GetParametersForImport`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ParametersForImport {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The token, for `ImportKeyMaterial`.
    pub import_token: Blob,
    /// The public wrapping key, as DER `SubjectPublicKeyInfo`.
    pub public_key: Blob,
    /// When both end.
    pub parameters_valid_to: Timestamp,
}

impl GetParametersForImport {
    fn algorithm(&self) -> Result<WrappingAlgorithm, ApiError> {
        let algorithm: WrappingAlgorithm =
            enum_value("wrappingAlgorithm", &self.wrapping_algorithm)?;
        if algorithm.is_supported() {
            return Ok(algorithm);
        }
        Err(unsupported(format!(
            "KMS does not take {algorithm} here: use RSAES_OAEP_SHA_256 or RSA_AES_KEY_WRAP_SHA_256."
        )))
    }

    fn spec(&self) -> Result<KeySpec, ApiError> {
        let spec = KeySpec::wrapping(&self.wrapping_key_spec);
        spec.ok_or_else(|| {
            ApiError::validation(
                Service::Kms,
                format!(
                    "1 validation error detected: Value '{}' at 'wrappingKeySpec' failed to \
                     satisfy constraint: Member must satisfy enum value set: [RSA_2048, RSA_3072, \
                     RSA_4096, SM2]",
                    self.wrapping_key_spec
                ),
            )
        })
    }

    /// Source: KMS API Reference, `GetParametersForImport`, `WrappingAlgorithm`.
    fn check_suits(&self, key: KeySpec) -> Result<(), ApiError> {
        let (algorithm, wrapping) = (self.algorithm()?, self.spec()?);
        let private = key.family() == Family::Asymmetric;
        let fits = match algorithm.is_two_layered() {
            true => private,
            false => {
                key.rsa_bits().is_none()
                    && (key, wrapping) != (KeySpec::ECC_NIST_P521, KeySpec::RSA_2048)
            }
        };
        if fits {
            return Ok(());
        }
        Err(unsupported(format!(
            "Material of a {key} key cannot be wrapped with {algorithm} under {wrapping}."
        )))
    }
}

/// AWS gives this error without a text; the sentence is the lab's own.
fn unsupported(why: impl Into<String>) -> ApiError {
    error("UnsupportedOperationException", "").with_detail(why)
}

impl Operation for GetParametersForImport {
    type Output = ParametersForImport;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "GetParametersForImport")
        .needs(&["kms:GetParametersForImport"])
        .fails(IMPORT_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        self.spec()?;
        self.algorithm().map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:GetParametersForImport")?;
        Ok(vec![
            reference::on_key(view, key, "kms:GetParametersForImport")
                .with("kms:WrappingAlgorithm", &*self.wrapping_algorithm)
                .with("kms:WrappingKeySpec", &*self.wrapping_key_spec),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::id_or_arn(&cx.view(), &self.key_id)?.clone();
        of_origin(&key, Origin::EXTERNAL)?;
        not_pending_deletion(&key)?;
        settled(&key)?;
        self.check_suits(key.spec)?;
        let (owner, algorithm, spec) = (token_owner(&key)?, self.algorithm()?, self.spec()?);
        let parameters_valid_to = cx.now().plus_seconds(TOKEN_SECONDS);
        let entropy = &mut cx.effects.entropy;
        let valid_to = parameters_valid_to.seconds();
        let made = Parameters::generate(owner, algorithm, spec, valid_to, entropy);
        let made = made.ok_or_else(|| {
            let text = "no wrapping key could be made";
            ApiError::new(Service::Kms, "KMSInternalException", 500, text)
        })?;
        Ok(ParametersForImport {
            key_id: key.arn,
            import_token: Blob::from(made.token),
            public_key: Blob::from(made.public_key),
            parameters_valid_to,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({
                "keyId": self.key_id, "wrappingAlgorithm": self.wrapping_algorithm,
                "wrappingKeySpec": self.wrapping_key_spec,
            }),
        )
    }
}

/// Whether imported material is new to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportType {
    /// Material that the key never had.
    NewKeyMaterial,
    /// Material that the key had before.
    ExistingKeyMaterial,
}

/// Imports key material, or imports material again that expired or was deleted.
/// A symmetric encryption key can be given further material, which
/// `RotateKeyOnDemand` makes its current one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ImportKeyMaterial {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// The token of `GetParametersForImport`.
    pub import_token: Blob,
    /// The material, wrapped under the public key that came with the token: 32 bytes of a
    /// symmetric encryption key, as many as the digest of an HMAC key has, or a private key as
    /// DER PKCS #8.
    pub encrypted_key_material: Blob,
    /// When the material expires, at most 365 days ahead.
    #[serde(default)]
    pub valid_to: Option<Timestamp>,
    /// `KEY_MATERIAL_EXPIRES` (default, needs `ValidTo`) or `KEY_MATERIAL_DOES_NOT_EXPIRE`.
    #[serde(default)]
    pub expiration_model: Option<ExpirationModel>,
    /// `NEW_KEY_MATERIAL` (default for a key that never had any) or `EXISTING_KEY_MATERIAL`;
    /// for symmetric encryption keys.
    #[serde(default)]
    pub import_type: Option<ImportType>,
    /// A description of the material, up to 256 characters; for symmetric encryption keys.
    #[serde(default)]
    pub key_material_description: Option<String>,
    /// The id of the material that is imported again; for symmetric encryption keys.
    #[serde(default)]
    pub key_material_id: Option<KeyMaterialId>,
}

/// The answer of `ImportKeyMaterial` and `DeleteImportedKeyMaterial`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MaterialOfKey {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The id of the material, of a symmetric encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_material_id: Option<KeyMaterialId>,
}

impl MaterialOfKey {
    pub(super) fn of(key: &Key, id: Option<KeyMaterialId>) -> Self {
        Self {
            key_id: key.arn.clone(),
            key_material_id: id.filter(|_| key.spec.family() == Family::Symmetric),
        }
    }
}

impl ImportKeyMaterial {
    fn model(&self) -> ExpirationModel {
        self.expiration_model
            .unwrap_or(ExpirationModel::KeyMaterialExpires)
    }

    fn check_validity(&self, now: Timestamp) -> Result<(), ApiError> {
        let latest = now.plus_days(MAX_VALIDITY_DAYS);
        match self.valid_to {
            Some(end) if end <= now || end > latest => Err(ApiError::validation(
                Service::Kms,
                format!("ValidTo lies between {now} and {latest}, not at {end}"),
            )),
            _ => Ok(()),
        }
    }

    fn check_state(key: &Key) -> Result<(), ApiError> {
        of_origin(key, Origin::EXTERNAL)?;
        not_pending_deletion(key)?;
        match key.state {
            KeyState::Creating => settled(key),
            _ => Ok(()),
        }
    }

    fn check_members(&self, key: &Key) -> Result<(), ApiError> {
        let special = self.import_type.is_some()
            || self.key_material_id.is_some()
            || self.key_material_description.is_some();
        if special && key.spec.family() != Family::Symmetric {
            return Err(unsupported(
                "ImportType, KeyMaterialId and KeyMaterialDescription are for symmetric encryption \
                 keys.",
            ));
        }
        Ok(())
    }

    fn open_token(&self, key: &Key, now: Timestamp) -> Result<ImportToken, ApiError> {
        let token = ImportToken::open(token_owner(key)?, self.import_token.as_bytes());
        let token = token.ok_or_else(|| {
            error("InvalidImportTokenException", "")
                .with_detail("The token was altered, or is one of another key.")
        })?;
        if token.valid_to() <= now.seconds() {
            return Err(error("ExpiredImportTokenException", "")
                .with_detail("A token is good for 24 hours: call GetParametersForImport again."));
        }
        Ok(token)
    }

    /// The material in clear.
    fn unwrapped(&self, cx: &mut Context<'_>, key: &Key) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let token = self.open_token(key, cx.now())?;
        let wrapped = self.encrypted_key_material.as_bytes();
        token
            .unwrap(wrapped, &mut cx.effects.entropy)
            .ok_or_else(|| {
                error("InvalidCiphertextException", "").with_detail(
                "The material was altered, or was not wrapped under the public key that came with \
                 the token.",
            )
            })
    }

    fn arrival(
        &self,
        key: &Key,
        bytes: Zeroizing<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Arrival, ApiError> {
        let id = material_id(&key.id, &bytes).ok_or_else(|| no_material(key))?;
        if self
            .key_material_id
            .as_ref()
            .is_some_and(|given| *given != id)
        {
            return Err(incorrect("KeyMaterialId is not the id of this material."));
        }
        let secret = from_bytes(key.spec, &id, bytes)
            .ok_or_else(|| incorrect("The bytes are no material of a key of this spec."))?;
        Ok(Arrival {
            id,
            secret,
            valid_to: self.valid_to,
            description: self.key_material_description.clone(),
            kind: self.import_type,
            now,
        })
    }
}

impl Operation for ImportKeyMaterial {
    type Output = MaterialOfKey;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "ImportKeyMaterial")
        .needs(&["kms:ImportKeyMaterial"])
        .fails(&[
            "NotFoundException",
            "InvalidArnException",
            "KMSInvalidStateException",
            "UnsupportedOperationException",
            "InvalidCiphertextException",
            "IncorrectKeyMaterialException",
            "ExpiredImportTokenException",
            "InvalidImportTokenException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let refuse = |text: &str| Err(ApiError::validation(Service::Kms, text));
        let description = self.key_material_description.as_deref();
        match (self.model(), self.valid_to) {
            (ExpirationModel::KeyMaterialExpires, None) => {
                refuse("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
            }
            (ExpirationModel::KeyMaterialDoesNotExpire, Some(_)) => refuse(
                "ValidTo is for material with the ExpirationModel KEY_MATERIAL_EXPIRES alone",
            ),
            _ if self.import_type == Some(ImportType::NewKeyMaterial)
                && self.key_material_id.is_some() =>
            {
                refuse("KeyMaterialId is for material that the key had before")
            }
            _ if description.is_some_and(|text| text.chars().count() > 256) => refuse(
                "1 validation error detected: Value at 'keyMaterialDescription' failed to satisfy \
                 constraint: Member must have length less than or equal to 256",
            ),
            _ => Ok(()),
        }
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:ImportKeyMaterial")?;
        let valid_to = self.valid_to.map(|end| end.to_string());
        Ok(vec![
            reference::on_key(view, key, "kms:ImportKeyMaterial")
                .with("kms:ExpirationModel", self.model().as_str())
                .with_some("kms:ValidTo", valid_to),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::id_or_arn(&cx.view(), &self.key_id)?.clone();
        let now = cx.now();
        Self::check_state(&key)?;
        self.check_validity(now)?;
        self.check_members(&key)?;
        let bytes = self.unwrapped(cx, &key)?;
        let arrival = self.arrival(&key, bytes, now)?;
        let id = arrival.id.clone();
        arrive(cx.cloud, &key, arrival)?;
        Ok(MaterialOfKey::of(&key, Some(id)))
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({
                "keyId": self.key_id, "expirationModel": self.model(), "validTo": self.valid_to,
                "importType": self.import_type, "keyMaterialId": self.key_material_id,
                "keyMaterialDescription": self.key_material_description,
            }),
        )
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({ "keyId": output.key_id, "keyMaterialId": output.key_material_id })
    }
}
