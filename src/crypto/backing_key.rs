//! Key material that never leaves this floor.

use std::fmt;

use zeroize::Zeroizing;

use crate::base::{Entropy, KeyMaterialId};

/// One 256-bit generation of a KMS key's material.
///
/// A rotated key has several; a ciphertext blob names the one that sealed it.
/// The bytes have no accessor outside this floor, no copy is made of them, and
/// they are erased on drop. Share one in an [`Arc`](std::sync::Arc).
/// Source: KMS cryptographic details, "HSM backing keys".
pub struct BackingKey {
    id: KeyMaterialId,
    // Boxed, so that moving the key leaves no copy of the bytes behind.
    material: Box<Zeroizing<[u8; 32]>>,
}

impl BackingKey {
    /// Fresh material under a fresh id.
    pub fn generate(entropy: &mut Entropy) -> Self {
        let mut key = Self::blank(KeyMaterialId::fresh(entropy));
        entropy.fill(key.material.as_mut_slice());
        key
    }

    /// Imported material; the caller erases its own copy.
    pub fn from_material(material: &Zeroizing<[u8; 32]>, id: KeyMaterialId) -> Self {
        let mut key = Self::blank(id);
        key.material.copy_from_slice(material.as_slice());
        key
    }

    /// The id of this material, as `KeyMaterialId` in responses.
    pub fn id(&self) -> &KeyMaterialId {
        &self.id
    }

    pub(super) fn material(&self) -> &[u8; 32] {
        &self.material
    }

    fn blank(id: KeyMaterialId) -> Self {
        Self {
            id,
            material: Box::new(Zeroizing::new([0; 32])),
        }
    }
}

impl fmt::Debug for BackingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackingKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_material_is_neither_blank_nor_repeated() {
        let mut entropy = Entropy::simulated(5);
        let (a, b) = (
            BackingKey::generate(&mut entropy),
            BackingKey::generate(&mut entropy),
        );
        assert_ne!(a.material(), &[0; 32]);
        assert_ne!(a.material(), b.material());
        assert_ne!(a.id(), b.id());
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let id = KeyMaterialId::parse(&"ab".repeat(32)).unwrap();
        let key = BackingKey::from_material(&Zeroizing::new([0x5a; 32]), id.clone());
        assert_eq!(key.material(), &[0x5a; 32]);
        let text = format!("{key:?}");
        assert_eq!(
            text,
            format!("BackingKey {{ id: KeyMaterialId({id}), .. }}")
        );
    }
}
