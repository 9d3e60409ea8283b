//! SSE-C: objects under a key that the caller brings along with every request.
//!
//! The key encrypts the object's message itself and is kept nowhere. A wrong
//! one is recognized by the commitment in the message's header, which is
//! derived from the key and the random id of the message. Source: S3 User
//! Guide, "Using server-side encryption with customer-provided keys (SSE-C)".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::encryption::internal;
use super::error;
use crate::api::ApiError;
use crate::base::SecretText;
use crate::crypto::{DataKey, digest, message};
use crate::state::s3::{Object, ObjectEncryption};

/// The length of a customer's key in bytes.
const KEY_LENGTH: usize = 32;

/// A customer's key as a request carries it: base64, hidden in `Debug`.
#[derive(Clone, Debug)]
pub struct CustomerKeyText(SecretText);

impl<'de> Deserialize<'de> for CustomerKeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SecretText::new(text)))
    }
}

impl schemars::JsonSchema for CustomerKeyText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CustomerKeyText".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "blob"})
    }
}

/// The three members with which a request brings a key.
#[derive(Clone, Debug, Default)]
pub struct CustomerMembers {
    /// `AES256`.
    pub algorithm: Option<String>,
    /// The key.
    pub key: Option<CustomerKeyText>,
    /// Its MD5 in base64, against mistakes in transmission.
    pub md5: Option<String>,
}

/// The members of `$request` that bring a key.
macro_rules! customer_members {
    ($request:expr) => {
        CustomerMembers {
            algorithm: $request.sse_customer_algorithm.clone(),
            key: $request.sse_customer_key.clone(),
            md5: $request.sse_customer_key_md5.clone(),
        }
    };
}
pub(super) use customer_members;

/// A customer's key, decoded and checked.
#[derive(Debug)]
pub struct CustomerKey {
    key: DataKey,
    /// The key's MD5 in base64, which answers repeat.
    pub md5: String,
}

impl CustomerMembers {
    /// The key; `None` if the request brings none. Without an MD5 it is
    /// computed, as the SDKs do.
    ///
    /// # Errors
    /// `InvalidArgument`, `InvalidEncryptionAlgorithmError`.
    pub fn decode(&self) -> Result<Option<CustomerKey>, ApiError> {
        let key = match (self.algorithm.as_deref(), &self.key, &self.md5) {
            (None, None, None) => return Ok(None),
            (Some("AES256"), Some(key), _) => key,
            (None, ..) => return Err(customer_error("valid encryption algorithm")),
            (Some("AES256"), None, _) => return Err(customer_error("appropriate secret key")),
            (Some(other), ..) => return Err(super::wish::not_an_algorithm(other, "AES256")),
        };
        let bytes = STANDARD
            .decode(key.0.reveal())
            .map(Zeroizing::new)
            .ok()
            .filter(|bytes| bytes.len() == KEY_LENGTH)
            .ok_or_else(|| {
                let text = "The secret key was invalid for the specified algorithm.";
                error("InvalidArgument", 400, text)
                    .with_detail("A customer's key is 32 bytes, given as base64.")
            })?;
        let md5 = STANDARD.encode(digest::md5(&bytes));
        if self.md5.as_ref().is_some_and(|given| *given != md5) {
            let text =
                "The calculated MD5 hash of the key did not match the hash that was provided.";
            return Err(error("InvalidArgument", 400, text));
        }
        let key = DataKey::from_bytes(bytes).map_err(internal)?;
        Ok(Some(CustomerKey { key, md5 }))
    }
}

fn customer_error(what: &str) -> ApiError {
    let article = if what.starts_with('a') { "an" } else { "a" };
    let text = format!(
        "Requests specifying Server Side Encryption with Customer provided keys must provide \
         {article} {what}."
    );
    error("InvalidArgument", 400, text)
}

impl CustomerKey {
    /// What the object's message is sealed with.
    pub(super) fn into_data_key(self) -> DataKey {
        self.key
    }

    /// What the object's message is sealed with.
    pub(super) fn data_key(&self) -> &DataKey {
        &self.key
    }
}

/// The key with which a request may read `object`; `None` where S3 or KMS has it.
///
/// # Errors
/// `InvalidRequest` where a key is missing or not wanted, `AccessDenied` for a wrong one.
pub(super) fn admit(
    object: &Object,
    members: &CustomerMembers,
) -> Result<Option<CustomerKey>, ApiError> {
    let stored_so = object.encryption == ObjectEncryption::SseC;
    match (stored_so, members.decode()?) {
        (false, None) => Ok(None),
        (true, None) => Err(error(
            "InvalidRequest",
            400,
            "The object was stored using a form of Server Side Encryption. The correct parameters \
             must be provided to retrieve the object.",
        )
        .with_detail("It is encrypted with SSE-C: bring the key with which it was stored.")),
        (false, Some(_)) => Err(error(
            "InvalidRequest",
            400,
            "The encryption parameters are not applicable to this object.",
        )
        .with_detail("It is not encrypted with SSE-C: read it without a key.")),
        (true, Some(key)) => {
            let header = message::Header::read(&object.body).map_err(internal)?;
            match header.authenticate(key.data_key()) {
                Ok(_) => Ok(Some(key)),
                Err(_) => Err(error(
                    "AccessDenied",
                    403,
                    "Requests specifying Server Side Encryption with Customer provided keys must \
                     provide the correct secret key.",
                )),
            }
        }
    }
}
