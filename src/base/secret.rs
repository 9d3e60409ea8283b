//! Text that must not be shown.

use std::fmt;

use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A secret text, such as a secret access key: wiped on drop, hidden in `Debug`.
///
/// It serialises in clear, because it is handed out once, in the response to
/// the call that made it. Compare it with [`SecretText::matches`].
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Wraps `text`.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one who may have it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same text, in time that depends on the lengths alone.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// `#[serde(with = "…")]` for a secret of the lab's state, which a sealed file alone may hold.
pub(crate) mod kept {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de, ser};

    use super::SecretText;
    use crate::base::sealing;

    pub(crate) fn serialize<S: Serializer>(
        secret: &SecretText,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if !sealing::is_open() {
            return Err(ser::Error::custom(sealing::CLOSED));
        }
        secret.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SecretText, D::Error> {
        if !sealing::is_open() {
            return Err(de::Error::custom(sealing::CLOSED));
        }
        String::deserialize(deserializer).map(SecretText::new)
    }
}

/// The same for a secret that there may be.
pub(crate) mod kept_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::SecretText;

    #[derive(Serialize, Deserialize)]
    struct Kept(#[serde(with = "super::kept")] SecretText);

    pub(crate) fn serialize<S: Serializer>(
        secret: &Option<SecretText>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        secret.clone().map(Kept).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SecretText>, D::Error> {
        let kept = Option::<Kept>::deserialize(deserializer)?;
        Ok(kept.map(|Kept(secret)| secret))
    }
}

impl schemars::JsonSchema for SecretText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretText".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "password"})
    }
}
