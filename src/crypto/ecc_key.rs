//! Elliptic curves: ECDSA, Ed25519 and key agreement.
//!
//! Signatures with ECDSA are deterministic (RFC 6979) and DER-encoded.
//! Source: FIPS 186-5; RFC 8032; KMS Developer Guide, "Elliptic curve key specs".

use ed25519_dalek::pkcs8::spki::EncodePublicKey as _;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signature as EdSignature, Signer as _, SigningKey as EdKey};
use p256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use p256::elliptic_curve::Generate as _;
use p256::pkcs8::DecodePublicKey as _;
use zeroize::Zeroizing;

use super::key_spec::{KeySpec, SigningAlgorithm};
use super::prehashed::Prehashed;
use crate::base::Entropy;

/// A private key; its scalar is erased on drop.
pub(super) enum EccKey {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
    K256(k256::SecretKey),
    Ed25519(Box<EdKey>),
}

/// Runs `$weierstrass` with the curve's crate as `$curve` and the key as `$key`, or `$edwards`.
macro_rules! on_curve {
    ($this:expr, |$key:ident, $curve:ident| $weierstrass:expr, |$ed:ident| $edwards:expr) => {
        match $this {
            EccKey::P256($key) => {
                use p256 as $curve;
                $weierstrass
            }
            EccKey::P384($key) => {
                use p384 as $curve;
                $weierstrass
            }
            EccKey::P521($key) => {
                use p521 as $curve;
                $weierstrass
            }
            EccKey::K256($key) => {
                use k256 as $curve;
                $weierstrass
            }
            EccKey::Ed25519($ed) => $edwards,
        }
    };
}

impl EccKey {
    pub(super) fn generate(spec: KeySpec, entropy: &mut Entropy) -> Option<Self> {
        let rng = &mut entropy.generator();
        match spec {
            KeySpec::ECC_NIST_P256 => Some(Self::P256(p256::SecretKey::generate_from_rng(rng))),
            KeySpec::ECC_NIST_P384 => Some(Self::P384(p384::SecretKey::generate_from_rng(rng))),
            KeySpec::ECC_NIST_P521 => Some(Self::P521(p521::SecretKey::generate_from_rng(rng))),
            KeySpec::ECC_SECG_P256K1 => Some(Self::K256(k256::SecretKey::generate_from_rng(rng))),
            KeySpec::ECC_NIST_EDWARDS25519 => {
                let seed = Zeroizing::new(entropy.bytes::<32>());
                Some(Self::Ed25519(Box::new(EdKey::from_bytes(&seed))))
            }
            _ => None,
        }
    }

    /// The private key in `der` (PKCS #8); `None` if it is none of `spec`.
    pub(super) fn from_private(spec: KeySpec, der: &[u8]) -> Option<Self> {
        match spec {
            KeySpec::ECC_NIST_P256 => p256::SecretKey::from_pkcs8_der(der).ok().map(Self::P256),
            KeySpec::ECC_NIST_P384 => p384::SecretKey::from_pkcs8_der(der).ok().map(Self::P384),
            KeySpec::ECC_NIST_P521 => p521::SecretKey::from_pkcs8_der(der).ok().map(Self::P521),
            KeySpec::ECC_SECG_P256K1 => k256::SecretKey::from_pkcs8_der(der).ok().map(Self::K256),
            KeySpec::ECC_NIST_EDWARDS25519 => {
                let key = EdKey::from_pkcs8_der(der).ok()?;
                Some(Self::Ed25519(Box::new(key)))
            }
            _ => None,
        }
    }

    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        let document = on_curve!(
            self,
            |key, curve| {
                let public: curve::PublicKey = key.public_key();
                public.to_public_key_der()
            },
            |key| key.verifying_key().to_public_key_der()
        );
        Some(document.ok()?.as_bytes().to_vec())
    }

    pub(super) fn private_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let document = on_curve!(
            self,
            |key, curve| {
                let key: &curve::SecretKey = key;
                key.to_pkcs8_der()
            },
            |key| KeypairBytes::from(&**key).to_pkcs8_der()
        );
        Some(Zeroizing::new(document.ok()?.as_bytes().to_vec()))
    }

    /// Signs a digest, or with Ed25519 the message itself.
    pub(super) fn sign(&self, algorithm: SigningAlgorithm, input: &[u8]) -> Option<Vec<u8>> {
        on_curve!(
            self,
            |key, curve| {
                let signer = curve::ecdsa::SigningKey::from(key);
                let signature: curve::ecdsa::DerSignature = signer.sign_prehash(input).ok()?;
                Some(signature.as_bytes().to_vec())
            },
            |key| {
                let signature = match algorithm {
                    SigningAlgorithm::ED25519_PH_SHA_512 => {
                        key.sign_prehashed(Prehashed::of(input)?, None).ok()?
                    }
                    _ => key.try_sign(input).ok()?,
                };
                Some(signature.to_bytes().to_vec())
            }
        )
    }

    pub(super) fn verify(
        &self,
        algorithm: SigningAlgorithm,
        input: &[u8],
        signature: &[u8],
    ) -> bool {
        self.check(algorithm, input, signature).is_some()
    }

    fn check(&self, algorithm: SigningAlgorithm, input: &[u8], signature: &[u8]) -> Option<()> {
        on_curve!(
            self,
            |key, curve| {
                let verifier = curve::ecdsa::VerifyingKey::from(&key.public_key());
                let signature = curve::ecdsa::DerSignature::try_from(signature).ok()?;
                verifier.verify_prehash(input, &signature).ok()
            },
            |key| {
                let (verifier, signature) = (
                    key.verifying_key(),
                    EdSignature::from_slice(signature).ok()?,
                );
                match algorithm {
                    SigningAlgorithm::ED25519_PH_SHA_512 => verifier
                        .verify_prehashed(Prehashed::of(input)?, None, &signature)
                        .ok(),
                    _ => verifier.verify_strict(input, &signature).ok(),
                }
            }
        )
    }

    /// The secret shared with the owner of the public key `peer` (DER), on a
    /// NIST curve: the x coordinate (SP 800-56A, 5.7.1.2).
    pub(super) fn shared_secret(&self, peer: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        macro_rules! agree {
            ($curve:ident, $key:expr) => {{
                let peer = $curve::PublicKey::from_public_key_der(peer).ok()?;
                let scalar = $key.to_nonzero_scalar();
                let secret = $curve::ecdh::diffie_hellman(scalar, peer.as_affine());
                Some(Zeroizing::new(secret.raw_secret_bytes().to_vec()))
            }};
        }
        match self {
            Self::P256(key) => agree!(p256, key),
            Self::P384(key) => agree!(p384, key),
            Self::P521(key) => agree!(p521, key),
            Self::K256(_) | Self::Ed25519(_) => None,
        }
    }
}
