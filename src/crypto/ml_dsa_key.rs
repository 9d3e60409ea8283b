//! ML-DSA, signatures that withstand quantum computers.
//!
//! A private key is its seed ξ. Signatures are deterministic: the same message
//! gives the same signature, whether it comes itself or as its representative μ.
//!
//! Source: FIPS 204; KMS Developer Guide, "ML-DSA keys in AWS KMS"; RFC 9881.

use ed25519_dalek::pkcs8::spki::EncodePublicKey as _;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use ml_dsa::signature::Keypair as _;
use ml_dsa::{MlDsa44, MlDsa65, MlDsa87, Signature, SigningKey};
use sha2::digest::Update as _;
use zeroize::Zeroizing;

use super::key_pair::ToSign;
use super::key_spec::KeySpec;
use crate::base::Entropy;

/// A private key; its seed is erased on drop.
pub(super) enum MlDsaKey {
    MlDsa44(Box<SigningKey<MlDsa44>>),
    MlDsa65(Box<SigningKey<MlDsa65>>),
    MlDsa87(Box<SigningKey<MlDsa87>>),
}

/// Runs `$work` with the key as `$key`, whatever its parameter set.
macro_rules! with_key {
    ($this:expr, |$key:ident| $work:expr) => {
        match $this {
            MlDsaKey::MlDsa44($key) => $work,
            MlDsaKey::MlDsa65($key) => $work,
            MlDsaKey::MlDsa87($key) => $work,
        }
    };
}

impl MlDsaKey {
    /// A fresh key; `None` if `spec` is none of ML-DSA.
    pub(super) fn generate(spec: KeySpec, entropy: &mut Entropy) -> Option<Self> {
        if !spec.is_ml_dsa() {
            return None;
        }
        let seed = Zeroizing::new(entropy.bytes::<32>());
        Self::from_seed(spec, &seed)
    }

    /// The key of the seed ξ; `None` if `spec` is none of ML-DSA.
    pub(super) fn from_seed(spec: KeySpec, seed: &[u8; 32]) -> Option<Self> {
        let seed = seed.into();
        match spec {
            KeySpec::ML_DSA_44 => Some(Self::MlDsa44(Box::new(SigningKey::from_seed(seed)))),
            KeySpec::ML_DSA_65 => Some(Self::MlDsa65(Box::new(SigningKey::from_seed(seed)))),
            KeySpec::ML_DSA_87 => Some(Self::MlDsa87(Box::new(SigningKey::from_seed(seed)))),
            _ => None,
        }
    }

    /// The private key in `der` (PKCS #8 with the seed); `None` if it is none of `spec`.
    pub(super) fn from_private(spec: KeySpec, der: &[u8]) -> Option<Self> {
        match spec {
            KeySpec::ML_DSA_44 => {
                let key = SigningKey::from_pkcs8_der(der).ok()?;
                Some(Self::MlDsa44(Box::new(key)))
            }
            KeySpec::ML_DSA_65 => {
                let key = SigningKey::from_pkcs8_der(der).ok()?;
                Some(Self::MlDsa65(Box::new(key)))
            }
            KeySpec::ML_DSA_87 => {
                let key = SigningKey::from_pkcs8_der(der).ok()?;
                Some(Self::MlDsa87(Box::new(key)))
            }
            _ => None,
        }
    }

    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        let document = with_key!(self, |key| key.verifying_key().to_public_key_der());
        Some(document.ok()?.as_bytes().to_vec())
    }

    pub(super) fn private_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let document = with_key!(self, |key| key.to_pkcs8_der());
        Some(Zeroizing::new(document.ok()?.as_bytes().to_vec()))
    }

    /// The representative μ of a message, 64 bytes, under the empty context;
    /// `None` for a digest, or a μ of another length.
    pub(super) fn representative(&self, message: ToSign<'_>) -> Option<Vec<u8>> {
        match message {
            ToSign::Raw(message) => with_key!(self, |key| {
                let public = key.verifying_key();
                let mu = public.compute_mu(
                    |hash| {
                        hash.update(message);
                        Ok(())
                    },
                    &[],
                );
                let mu = mu.ok()?;
                Some(mu.to_vec())
            }),
            ToSign::Representative(mu) => (mu.len() == 64).then(|| mu.to_vec()),
            ToSign::Digest(_) => None,
        }
    }

    /// Signs the representative `mu`.
    pub(super) fn sign(&self, mu: &[u8]) -> Option<Vec<u8>> {
        let mu = mu.try_into().ok()?;
        with_key!(self, |key| {
            let signature = key.expanded_key().sign_mu_deterministic(mu);
            Some(signature.encode().to_vec())
        })
    }

    pub(super) fn verify(&self, mu: &[u8], signature: &[u8]) -> bool {
        let Ok(mu) = mu.try_into() else { return false };
        with_key!(self, |key| {
            Signature::try_from(signature)
                .is_ok_and(|signature| key.verifying_key().verify_mu(mu, &signature))
        })
    }
}
