//! Key pairs: of KMS keys, which stay here, and of data keys, which are given out.

use std::fmt;

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::ecc_key::EccKey;
use super::key_spec::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};
use super::ml_dsa_key::MlDsaKey;
use super::ml_kem_key::{Encapsulated, MlKemKey};
use super::rsa_key::RsaKey;
use crate::base::Entropy;

/// A message to sign, or its digest.
#[derive(Clone, Copy, Debug)]
pub enum ToSign<'a> {
    /// The message itself.
    Raw(&'a [u8]),
    /// Its digest.
    Digest(&'a [u8]),
    /// Its representative μ, as ML-DSA makes it of the public key and the message.
    Representative(&'a [u8]),
}

/// The private half of an asymmetric KMS key: erased on drop, without accessor
/// or `Debug`. The same seed makes the same key.
pub struct KeyPair {
    spec: KeySpec,
    private: Private,
}

pub(super) enum Private {
    Rsa(Box<RsaKey>),
    Ecc(EccKey),
    MlDsa(MlDsaKey),
    MlKem(MlKemKey),
}

impl Private {
    /// The private key in `der` (PKCS #8); `None` if it is none of `spec`.
    pub(super) fn from_der(spec: KeySpec, der: &[u8]) -> Option<Self> {
        match spec.rsa_bits() {
            Some(bits) => RsaKey::from_private(Some(bits), der).map(|key| Self::Rsa(Box::new(key))),
            None if spec.is_ml_dsa() => MlDsaKey::from_private(spec, der).map(Self::MlDsa),
            None if spec.is_ml_kem() => MlKemKey::from_private(spec, der).map(Self::MlKem),
            None => EccKey::from_private(spec, der).map(Self::Ecc),
        }
    }
}

impl KeyPair {
    /// A fresh pair; `None` if `spec` is not that of a key pair. An RSA key
    /// takes as long as its primes take to find.
    pub fn generate(spec: KeySpec, entropy: &mut Entropy) -> Option<Self> {
        let private = match spec.rsa_bits() {
            Some(bits) => Private::Rsa(Box::new(RsaKey::generate(bits, entropy)?)),
            None if spec.is_ml_dsa() => Private::MlDsa(MlDsaKey::generate(spec, entropy)?),
            None if spec.is_ml_kem() => Private::MlKem(MlKemKey::generate(spec, entropy)?),
            None => Private::Ecc(EccKey::generate(spec, entropy)?),
        };
        Some(Self { spec, private })
    }

    pub(super) fn spec(&self) -> KeySpec {
        self.spec
    }

    /// The private key, as DER PKCS #8.
    pub(super) fn private_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.private {
            Private::Rsa(key) => key.private_der(),
            Private::Ecc(key) => key.private_der(),
            Private::MlDsa(key) => key.private_der(),
            Private::MlKem(key) => key.private_der(),
        }
    }

    /// The private key in `der` (PKCS #8); `None` if it is none of `spec`.
    pub fn from_private(spec: KeySpec, der: &[u8]) -> Option<Self> {
        Private::from_der(spec, der).map(|private| Self { spec, private })
    }

    /// The public key, as DER `SubjectPublicKeyInfo`.
    pub fn public_key(&self) -> Vec<u8> {
        match &self.private {
            Private::Rsa(key) => key.public_der(),
            Private::Ecc(key) => key.public_der(),
            Private::MlDsa(key) => key.public_der(),
            Private::MlKem(key) => key.public_der(),
        }
        .unwrap_or_default()
    }

    /// The signature; `None` if the algorithm is not one of the key's, or a
    /// digest has the wrong length.
    pub fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: ToSign<'_>,
        entropy: &mut Entropy,
    ) -> Option<Vec<u8>> {
        let input = self.input(algorithm, message)?;
        match &self.private {
            Private::Rsa(key) => key.sign(algorithm, &input, entropy),
            Private::Ecc(key) => key.sign(algorithm, &input),
            Private::MlDsa(key) => key.sign(&input),
            Private::MlKem(_) => None,
        }
    }

    /// Whether `signature` is one of `message` by this key.
    pub fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: ToSign<'_>,
        signature: &[u8],
    ) -> bool {
        self.input(algorithm, message)
            .is_some_and(|input| match &self.private {
                Private::Rsa(key) => key.verify(algorithm, &input, signature),
                Private::Ecc(key) => key.verify(algorithm, &input, signature),
                Private::MlDsa(key) => key.verify(&input, signature),
                Private::MlKem(_) => false,
            })
    }

    /// What the primitive signs: a digest, with Ed25519 the message, with ML-DSA μ.
    fn input(&self, algorithm: SigningAlgorithm, message: ToSign<'_>) -> Option<Vec<u8>> {
        if !self.spec.signing_algorithms().contains(&algorithm) {
            return None;
        }
        if let Private::MlDsa(key) = &self.private {
            return key.representative(message);
        }
        match (message, algorithm.digest_length()) {
            (ToSign::Digest(digest), Some(length)) => {
                (digest.len() == length).then(|| digest.to_vec())
            }
            (ToSign::Raw(message), None) => Some(message.to_vec()),
            (ToSign::Raw(message), Some(32)) => Some(Sha256::digest(message).to_vec()),
            (ToSign::Raw(message), Some(48)) => Some(Sha384::digest(message).to_vec()),
            (ToSign::Raw(message), Some(_)) => Some(Sha512::digest(message).to_vec()),
            (ToSign::Digest(_), None) | (ToSign::Representative(_), _) => None,
        }
    }

    /// How many bytes the key can encrypt; `None` if it cannot.
    pub fn capacity(&self, algorithm: EncryptionAlgorithm) -> Option<usize> {
        match &self.private {
            Private::Rsa(key) => key.capacity(algorithm),
            Private::Ecc(_) | Private::MlDsa(_) | Private::MlKem(_) => None,
        }
    }

    /// Encrypts under the public key; `None` if it cannot, or not so much.
    pub fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        entropy: &mut Entropy,
    ) -> Option<Vec<u8>> {
        match &self.private {
            Private::Rsa(key) => key.encrypt(algorithm, plaintext, entropy),
            Private::Ecc(_) | Private::MlDsa(_) | Private::MlKem(_) => None,
        }
    }

    /// Decrypts; `None` whatever is wrong.
    pub fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        entropy: &mut Entropy,
    ) -> Option<Zeroizing<Vec<u8>>> {
        match &self.private {
            Private::Rsa(key) => key.decrypt(algorithm, ciphertext, entropy),
            Private::Ecc(_) | Private::MlDsa(_) | Private::MlKem(_) => None,
        }
    }

    /// The secret shared with the owner of `peer`, a public key of the same
    /// curve as DER; `None` if it is not one.
    pub fn shared_secret(&self, peer: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match &self.private {
            Private::Rsa(_) | Private::MlDsa(_) | Private::MlKem(_) => None,
            Private::Ecc(key) => key.shared_secret(peer),
        }
    }

    /// A fresh secret with its encapsulated form; `None` unless the key is one of ML-KEM.
    pub fn encapsulate(&self, entropy: &mut Entropy) -> Option<Encapsulated> {
        match &self.private {
            Private::MlKem(key) => Some(key.encapsulate(entropy)),
            Private::Rsa(_) | Private::Ecc(_) | Private::MlDsa(_) => None,
        }
    }

    /// The secret in an encapsulated form; `None` for one of another length, or
    /// unless the key is one of ML-KEM.
    pub fn decapsulate(&self, form: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match &self.private {
            Private::MlKem(key) => key.decapsulate(form),
            Private::Rsa(_) | Private::Ecc(_) | Private::MlDsa(_) => None,
        }
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// A pair that is made to be given out: `GenerateDataKeyPair`.
pub struct DataKeyPair {
    /// The public key, as DER `SubjectPublicKeyInfo`.
    pub public: Vec<u8>,
    /// The private key, as DER PKCS #8; erased on drop.
    pub private: Zeroizing<Vec<u8>>,
}

impl DataKeyPair {
    /// A fresh pair; `None` if `spec` is not that of a key pair.
    pub fn generate(spec: KeySpec, entropy: &mut Entropy) -> Option<Self> {
        let pair = KeyPair::generate(spec, entropy)?;
        Some(Self {
            public: pair.public_key(),
            private: pair.private_der()?,
        })
    }
}

impl fmt::Debug for DataKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeyPair").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "key_pair_tests.rs"]
mod tests;
