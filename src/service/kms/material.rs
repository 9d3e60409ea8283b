//! The material of keys: what KMS makes itself, and what a secret must be.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::api::{ApiError, Context, Service};
use crate::base::{Entropy, KeyMaterialId, Timestamp};
use crate::crypto::key_spec::{Family, KeySpec};
use crate::crypto::{BackingKey, KeyPair, MacKey};
use crate::state::kms::{Key, Material, Secret};

/// Gives a fresh key the first material of its kind.
///
/// # Errors
/// `KMSInternalException` if none could be made.
pub(super) fn make_material(cx: &mut Context<'_>, key: &mut Key) -> Result<(), ApiError> {
    let now = cx.now();
    let made = generate(key.spec, &mut cx.effects.entropy);
    let (id, secret) = made.ok_or_else(|| {
        let text = format!("no key material of {} could be made", key.spec);
        ApiError::new(Service::Kms, "KMSInternalException", 500, text)
    })?;
    key.materials.push(Material::made(id, secret, now, None));
    Ok(())
}

/// Fresh first material of a key of `spec`, as a key that was made `now` has it.
pub fn fresh_material(spec: KeySpec, entropy: &mut Entropy, now: Timestamp) -> Option<Material> {
    let (id, secret) = generate(spec, entropy)?;
    Some(Material::made(id, secret, now, None))
}

/// A fresh secret of `spec`, and its id.
pub(super) fn generate(spec: KeySpec, entropy: &mut Entropy) -> Option<(KeyMaterialId, Secret)> {
    if spec.family() == Family::Symmetric {
        let backing = BackingKey::generate(entropy);
        return Some((backing.id().clone(), Secret::Backing(Arc::new(backing))));
    }
    let secret = match spec.mac_algorithm() {
        Some(algorithm) => Secret::Mac(Arc::new(MacKey::generate(algorithm, entropy))),
        None => Secret::Pair(Arc::new(KeyPair::generate(spec, entropy)?)),
    };
    Some((KeyMaterialId::fresh(entropy), secret))
}

/// The secret of `spec` that `bytes` are; `None` if they are none: raw bytes of
/// a symmetric or HMAC key, DER PKCS #8 of a private key.
pub(super) fn from_bytes(
    spec: KeySpec,
    id: &KeyMaterialId,
    bytes: Zeroizing<Vec<u8>>,
) -> Option<Secret> {
    if spec.family() == Family::Symmetric {
        let mut material = Zeroizing::new([0; 32]);
        if bytes.len() != material.len() {
            return None;
        }
        material.copy_from_slice(&bytes);
        let backing = BackingKey::from_material(&material, id.clone());
        return Some(Secret::Backing(Arc::new(backing)));
    }
    match spec.mac_algorithm() {
        Some(algorithm) => MacKey::from_material(algorithm, bytes).map(|k| Secret::Mac(k.into())),
        None => KeyPair::from_private(spec, &bytes).map(|pair| Secret::Pair(pair.into())),
    }
}

/// The key pair of an asymmetric key, if its material is there.
pub(super) fn pair(key: &Key) -> Option<&Arc<KeyPair>> {
    match key.current()?.secret.as_ref()? {
        Secret::Pair(pair) => Some(pair),
        _ => None,
    }
}

/// The secret of an HMAC key, if its material is there.
pub(super) fn mac(key: &Key) -> Option<&Arc<MacKey>> {
    match key.current()?.secret.as_ref()? {
        Secret::Mac(mac) => Some(mac),
        _ => None,
    }
}

/// The backing key that a generation of a symmetric encryption key has.
pub(super) fn backing(material: &Material) -> Option<&Arc<BackingKey>> {
    match material.secret.as_ref()? {
        Secret::Backing(backing) => Some(backing),
        _ => None,
    }
}
