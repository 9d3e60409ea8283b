//! Keys that make message authentication codes.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::key_spec::MacAlgorithm;
use crate::base::Entropy;

/// The material of an HMAC key: as long as its digest, erased on drop, without
/// accessor or `Debug`.
///
/// Source: KMS Developer Guide, "HMAC keys in AWS KMS"; RFC 2104, RFC 4231.
pub struct MacKey {
    algorithm: MacAlgorithm,
    material: Zeroizing<Vec<u8>>,
}

/// Runs `$run` with `$mac` bound to the HMAC of the key's algorithm over `$message`.
macro_rules! with_mac {
    ($key:expr, $message:expr, |$mac:ident| $run:expr) => {
        match $key.algorithm {
            MacAlgorithm::HMAC_SHA_224 => with_mac!(@ Sha224, $key, $message, |$mac| $run),
            MacAlgorithm::HMAC_SHA_256 => with_mac!(@ Sha256, $key, $message, |$mac| $run),
            MacAlgorithm::HMAC_SHA_384 => with_mac!(@ Sha384, $key, $message, |$mac| $run),
            MacAlgorithm::HMAC_SHA_512 => with_mac!(@ Sha512, $key, $message, |$mac| $run),
        }
    };
    (@ $digest:ty, $key:expr, $message:expr, |$mac:ident| $run:expr) => {
        Hmac::<$digest>::new_from_slice(&$key.material).ok().map(|mut $mac| {
            $mac.update($message);
            $run
        })
    };
}

impl MacKey {
    /// Fresh material.
    pub fn generate(algorithm: MacAlgorithm, entropy: &mut Entropy) -> Self {
        let mut material = Zeroizing::new(vec![0; Self::length(algorithm)]);
        entropy.fill(&mut material);
        Self {
            algorithm,
            material,
        }
    }

    /// Imported material; `None` if it is not as long as the digest.
    pub fn from_material(algorithm: MacAlgorithm, material: Zeroizing<Vec<u8>>) -> Option<Self> {
        (material.len() == Self::length(algorithm)).then_some(Self {
            algorithm,
            material,
        })
    }

    pub(super) fn algorithm(&self) -> MacAlgorithm {
        self.algorithm
    }

    pub(super) fn material(&self) -> &[u8] {
        &self.material
    }

    fn length(algorithm: MacAlgorithm) -> usize {
        match algorithm {
            MacAlgorithm::HMAC_SHA_224 => 28,
            MacAlgorithm::HMAC_SHA_256 => 32,
            MacAlgorithm::HMAC_SHA_384 => 48,
            MacAlgorithm::HMAC_SHA_512 => 64,
        }
    }

    /// The MAC of `message`.
    pub fn tag(&self, message: &[u8]) -> Vec<u8> {
        // HMAC takes keys of any length, so there always is one.
        with_mac!(self, message, |mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
    }

    /// Whether `tag` is the MAC of `message`, compared in constant time.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        with_mac!(self, message, |mac| mac.verify_slice(tag).is_ok()).unwrap_or(false)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// RFC 4231, test case 1 and 2: keys shorter than the digest, which only a
    /// test can make.
    #[test]
    fn the_vectors_of_rfc_4231_hold() {
        let one: (&[u8], &[u8]) = (&[0x0b; 20], b"Hi There");
        let two: (&[u8], &[u8]) = (b"Jefe", b"what do ya want for nothing?");
        let vectors = [
            (
                MacAlgorithm::HMAC_SHA_224,
                one,
                "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
            ),
            (
                MacAlgorithm::HMAC_SHA_256,
                one,
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                MacAlgorithm::HMAC_SHA_384,
                one,
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
            ),
            (
                MacAlgorithm::HMAC_SHA_512,
                one,
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ),
            (
                MacAlgorithm::HMAC_SHA_224,
                two,
                "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
            ),
            (
                MacAlgorithm::HMAC_SHA_256,
                two,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ];
        for (algorithm, (material, message), want) in vectors {
            let key = MacKey {
                algorithm,
                material: Zeroizing::new(material.to_vec()),
            };
            assert_eq!(hex(&key.tag(message)), want, "{algorithm}");
            assert!(key.verify(message, &key.tag(message)));
        }
    }

    #[test]
    fn another_message_a_cut_tag_and_another_key_are_refused() {
        let mut entropy = Entropy::simulated(3);
        let key = MacKey::generate(MacAlgorithm::HMAC_SHA_384, &mut entropy);
        let other = MacKey::generate(MacAlgorithm::HMAC_SHA_384, &mut entropy);
        let tag = key.tag(b"a");
        assert!(key.verify(b"a", &tag));
        assert!(!key.verify(b"b", &tag));
        assert!(!key.verify(b"a", &tag[..47]));
        assert!(!key.verify(b"a", &[]));
        assert!(!other.verify(b"a", &tag));
    }

    #[test]
    fn debug_shows_the_algorithm_alone() {
        let key = MacKey::generate(MacAlgorithm::HMAC_SHA_256, &mut Entropy::simulated(1));
        assert_eq!(format!("{key:?}"), "MacKey { algorithm: HMAC_SHA_256, .. }");
    }
}
