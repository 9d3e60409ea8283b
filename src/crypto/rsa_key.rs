//! RSA: signatures and OAEP.
//!
//! Source: RFC 8017; KMS Developer Guide, "RSA key specs".

use rsa::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _,
};
use rsa::traits::PublicKeyParts as _;
use rsa::{PrivateKey, PublicKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::key_spec::{EncryptionAlgorithm, SigningAlgorithm};
use crate::base::Entropy;

/// A private key; its numbers are erased on drop.
pub(super) struct RsaKey {
    private: PrivateKey,
    public: PublicKey,
}

impl RsaKey {
    pub(super) fn generate(bits: usize, entropy: &mut Entropy) -> Option<Self> {
        let private = PrivateKey::new(&mut entropy.generator(), bits).ok()?;
        let public = private.to_public_key();
        Some(Self { private, public })
    }

    /// The private key in `der` (PKCS #8); `None` if it is none of `bits`.
    pub(super) fn from_private(bits: Option<usize>, der: &[u8]) -> Option<Self> {
        let private = PrivateKey::from_pkcs8_der(der).ok()?;
        private.validate().ok()?;
        let public = private.to_public_key();
        let length = 8 * public.size();
        bits.is_none_or(|bits| bits == length)
            .then_some(Self { private, public })
    }

    /// The length of the modulus in bytes.
    pub(super) fn modulus_length(&self) -> usize {
        self.public.size()
    }

    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        Some(self.public.to_public_key_der().ok()?.as_bytes().to_vec())
    }

    pub(super) fn private_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let document = self.private.to_pkcs8_der().ok()?;
        Some(Zeroizing::new(document.as_bytes().to_vec()))
    }

    /// Signs a digest; `None` if the algorithm is not one of RSA.
    pub(super) fn sign(
        &self,
        algorithm: SigningAlgorithm,
        digest: &[u8],
        entropy: &mut Entropy,
    ) -> Option<Vec<u8>> {
        use SigningAlgorithm as A;
        let (key, rng) = (&self.private, &mut entropy.generator());
        match algorithm {
            A::RSASSA_PSS_SHA_256 => key.pss_sign_prehash_with_rng::<Sha256, _>(rng, digest),
            A::RSASSA_PSS_SHA_384 => key.pss_sign_prehash_with_rng::<Sha384, _>(rng, digest),
            A::RSASSA_PSS_SHA_512 => key.pss_sign_prehash_with_rng::<Sha512, _>(rng, digest),
            A::RSASSA_PKCS1_V1_5_SHA_256 => {
                key.pkcs1v15_sign_prehash_with_rng::<Sha256, _>(rng, digest)
            }
            A::RSASSA_PKCS1_V1_5_SHA_384 => {
                key.pkcs1v15_sign_prehash_with_rng::<Sha384, _>(rng, digest)
            }
            A::RSASSA_PKCS1_V1_5_SHA_512 => {
                key.pkcs1v15_sign_prehash_with_rng::<Sha512, _>(rng, digest)
            }
            _ => return None,
        }
        .ok()
    }

    pub(super) fn verify(
        &self,
        algorithm: SigningAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        use SigningAlgorithm as A;
        let key = &self.public;
        match algorithm {
            A::RSASSA_PSS_SHA_256 => key.pss_verify_prehash::<Sha256>(digest, signature),
            A::RSASSA_PSS_SHA_384 => key.pss_verify_prehash::<Sha384>(digest, signature),
            A::RSASSA_PSS_SHA_512 => key.pss_verify_prehash::<Sha512>(digest, signature),
            A::RSASSA_PKCS1_V1_5_SHA_256 => {
                key.pkcs1v15_verify_prehash::<Sha256>(digest, signature)
            }
            A::RSASSA_PKCS1_V1_5_SHA_384 => {
                key.pkcs1v15_verify_prehash::<Sha384>(digest, signature)
            }
            A::RSASSA_PKCS1_V1_5_SHA_512 => {
                key.pkcs1v15_verify_prehash::<Sha512>(digest, signature)
            }
            _ => return false,
        }
        .is_ok()
    }

    /// How much OAEP can encrypt: the modulus less two digests and two bytes.
    pub(super) fn capacity(&self, algorithm: EncryptionAlgorithm) -> Option<usize> {
        let digest = match algorithm {
            EncryptionAlgorithm::RSAES_OAEP_SHA_1 => 20,
            EncryptionAlgorithm::RSAES_OAEP_SHA_256 => 32,
            EncryptionAlgorithm::SYMMETRIC_DEFAULT => return None,
        };
        self.public.size().checked_sub(2 * digest + 2)
    }

    pub(super) fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        entropy: &mut Entropy,
    ) -> Option<Vec<u8>> {
        encrypt(&self.public, algorithm, plaintext, entropy)
    }

    pub(super) fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        entropy: &mut Entropy,
    ) -> Option<Zeroizing<Vec<u8>>> {
        // Blinding alone: the plaintext does not depend on it.
        let rng = &mut entropy.generator();
        match algorithm {
            EncryptionAlgorithm::RSAES_OAEP_SHA_1 => self
                .private
                .oaep_decrypt_with_rng::<Sha1, _>(rng, ciphertext),
            EncryptionAlgorithm::RSAES_OAEP_SHA_256 => self
                .private
                .oaep_decrypt_with_rng::<Sha256, _>(rng, ciphertext),
            EncryptionAlgorithm::SYMMETRIC_DEFAULT => return None,
        }
        .ok()
        .map(Zeroizing::new)
    }
}

/// Encrypts under the public key `der`; `None` if it is not one of RSA.
pub(super) fn encrypt_for(
    der: &[u8],
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
    entropy: &mut Entropy,
) -> Option<Vec<u8>> {
    let key = PublicKey::from_public_key_der(der).ok()?;
    encrypt(&key, algorithm, plaintext, entropy)
}

fn encrypt(
    key: &PublicKey,
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
    entropy: &mut Entropy,
) -> Option<Vec<u8>> {
    let rng = &mut entropy.generator();
    match algorithm {
        EncryptionAlgorithm::RSAES_OAEP_SHA_1 => {
            key.oaep_encrypt_with_rng::<Sha1, _>(rng, plaintext)
        }
        EncryptionAlgorithm::RSAES_OAEP_SHA_256 => {
            key.oaep_encrypt_with_rng::<Sha256, _>(rng, plaintext)
        }
        EncryptionAlgorithm::SYMMETRIC_DEFAULT => return None,
    }
    .ok()
}
