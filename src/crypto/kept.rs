//! Key material on its way into a sealed file, and out of it.
//!
//! Key types have no `Serialize`. A member of the state that holds one is
//! marked `#[serde(with = "crate::crypto::kept")]`, and these functions write
//! and read it while a file is being sealed or opened, never otherwise.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use zeroize::Zeroizing;

use super::key_spec::{AwsName as _, KeySpec, MacAlgorithm};
use super::{BackingKey, DataKey, KeyPair, MacKey};
use crate::base::{KeyMaterialId, sealing};

/// Shown by whoever may see material; only this file can make one.
pub(crate) struct Access(());

/// A type of key that a sealed file can hold.
pub(crate) trait Kept: Sized {
    /// What the material is called, or what it is of, and the material itself.
    fn parts(&self, access: &Access) -> Option<(String, Zeroizing<Vec<u8>>)>;

    /// The key of these parts; `None` if they make none.
    fn of_parts(name: &str, material: Zeroizing<Vec<u8>>, access: &Access) -> Option<Self>;
}

#[derive(Serialize, Deserialize)]
struct Parts {
    name: String,
    material: Bytes,
}

/// Bytes as bytes, erased on drop.
struct Bytes(Zeroizing<Vec<u8>>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the bytes of a key")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(Zeroizing::new(bytes.to_vec())))
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(Zeroizing::new(bytes)))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

/// Writes a key; an error unless a file is being sealed.
pub(crate) fn serialize<T: Kept, S: Serializer>(
    key: &Arc<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if !sealing::is_open() {
        return Err(ser::Error::custom(sealing::CLOSED));
    }
    let (name, material) = key
        .parts(&Access(()))
        .ok_or_else(|| ser::Error::custom("a key has no encoding"))?;
    let material = Bytes(material);
    Parts { name, material }.serialize(serializer)
}

/// Reads a key; an error unless a file is being opened.
pub(crate) fn deserialize<'de, T: Kept, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<T>, D::Error> {
    if !sealing::is_open() {
        return Err(de::Error::custom(sealing::CLOSED));
    }
    let parts = Parts::deserialize(deserializer)?;
    T::of_parts(&parts.name, parts.material.0, &Access(()))
        .map(Arc::new)
        .ok_or_else(|| de::Error::custom("the bytes of a key make no key"))
}

impl Kept for BackingKey {
    fn parts(&self, _: &Access) -> Option<(String, Zeroizing<Vec<u8>>)> {
        let material = Zeroizing::new(self.material().to_vec());
        Some((self.id().to_string(), material))
    }

    fn of_parts(name: &str, material: Zeroizing<Vec<u8>>, _: &Access) -> Option<Self> {
        let material = Zeroizing::new(<[u8; 32]>::try_from(material.as_slice()).ok()?);
        Some(Self::from_material(
            &material,
            KeyMaterialId::parse(name).ok()?,
        ))
    }
}

impl Kept for DataKey {
    fn parts(&self, _: &Access) -> Option<(String, Zeroizing<Vec<u8>>)> {
        let material = Zeroizing::new(self.as_bytes().to_vec());
        Some((String::new(), material))
    }

    fn of_parts(_: &str, material: Zeroizing<Vec<u8>>, _: &Access) -> Option<Self> {
        Self::from_bytes(material).ok()
    }
}

impl Kept for MacKey {
    fn parts(&self, _: &Access) -> Option<(String, Zeroizing<Vec<u8>>)> {
        let material = Zeroizing::new(self.material().to_vec());
        Some((self.algorithm().to_string(), material))
    }

    fn of_parts(name: &str, material: Zeroizing<Vec<u8>>, _: &Access) -> Option<Self> {
        Self::from_material(MacAlgorithm::named(name)?, material)
    }
}

impl Kept for KeyPair {
    fn parts(&self, _: &Access) -> Option<(String, Zeroizing<Vec<u8>>)> {
        Some((self.spec().to_string(), self.private_der()?))
    }

    fn of_parts(name: &str, material: Zeroizing<Vec<u8>>, _: &Access) -> Option<Self> {
        let spec = KeySpec::named(name)?;
        Self::from_private(spec, &material)
    }
}

/// The same for a key that may be missing.
pub(crate) mod option {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Kept;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent, bound = "T: Kept")]
    struct One<T>(#[serde(with = "super")] Arc<T>);

    pub(crate) fn serialize<T: Kept, S: Serializer>(
        key: &Option<Arc<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        key.as_ref()
            .map(|key| One(Arc::clone(key)))
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Kept, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<T>>, D::Error> {
        Option::<One<T>>::deserialize(deserializer).map(|key| key.map(|One(key)| key))
    }
}
