//! ML-KEM, secrets for two that withstand quantum computers.
//!
//! A private key is its seed (d, z). Who has the public key encapsulates: it
//! draws a secret and its encapsulated form, out of which the private key gets
//! the secret again. An altered form gives another secret, never an error.
//!
//! Source: FIPS 203; KMS API Reference, `Encapsulate` and `Decapsulate`.

use ml_kem::kem::Decapsulate as _;
use ml_kem::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use ml_kem::{DecapsulationKey, MlKem512, MlKem768, MlKem1024};
use zeroize::Zeroizing;

use super::key_spec::KeySpec;
use crate::base::Entropy;

/// A private key; erased on drop.
pub(super) enum MlKemKey {
    MlKem512(Box<DecapsulationKey<MlKem512>>),
    MlKem768(Box<DecapsulationKey<MlKem768>>),
    MlKem1024(Box<DecapsulationKey<MlKem1024>>),
}

/// A secret of 32 bytes, with its encapsulated form.
pub struct Encapsulated {
    /// The secret; erased on drop.
    pub secret: Zeroizing<Vec<u8>>,
    /// What the private key makes it of: 768, 1,088 or 1,568 bytes.
    pub form: Vec<u8>,
}

/// Runs `$work` with the key as `$key`, whatever its parameter set.
macro_rules! with_key {
    ($this:expr, |$key:ident| $work:expr) => {
        match $this {
            MlKemKey::MlKem512($key) => $work,
            MlKemKey::MlKem768($key) => $work,
            MlKemKey::MlKem1024($key) => $work,
        }
    };
}

impl MlKemKey {
    /// A fresh key; `None` if `spec` is none of ML-KEM.
    pub(super) fn generate(spec: KeySpec, entropy: &mut Entropy) -> Option<Self> {
        if !spec.is_ml_kem() {
            return None;
        }
        let seed = Zeroizing::new(entropy.bytes::<64>());
        Self::from_seed(spec, &seed)
    }

    /// The key of the seed, d before z; `None` if `spec` is none of ML-KEM.
    pub(super) fn from_seed(spec: KeySpec, seed: &[u8; 64]) -> Option<Self> {
        let seed = (*seed).into();
        match spec {
            KeySpec::ML_KEM_512 => {
                Some(Self::MlKem512(Box::new(DecapsulationKey::from_seed(seed))))
            }
            KeySpec::ML_KEM_768 => {
                Some(Self::MlKem768(Box::new(DecapsulationKey::from_seed(seed))))
            }
            KeySpec::ML_KEM_1024 => {
                Some(Self::MlKem1024(Box::new(DecapsulationKey::from_seed(seed))))
            }
            _ => None,
        }
    }

    /// The private key in `der` (PKCS #8 with the seed); `None` if it is none of `spec`.
    pub(super) fn from_private(spec: KeySpec, der: &[u8]) -> Option<Self> {
        match spec {
            KeySpec::ML_KEM_512 => {
                let key = DecapsulationKey::from_pkcs8_der(der).ok()?;
                Some(Self::MlKem512(Box::new(key)))
            }
            KeySpec::ML_KEM_768 => {
                let key = DecapsulationKey::from_pkcs8_der(der).ok()?;
                Some(Self::MlKem768(Box::new(key)))
            }
            KeySpec::ML_KEM_1024 => {
                let key = DecapsulationKey::from_pkcs8_der(der).ok()?;
                Some(Self::MlKem1024(Box::new(key)))
            }
            _ => None,
        }
    }

    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        let document = with_key!(self, |key| key.encapsulation_key().to_public_key_der());
        Some(document.ok()?.as_bytes().to_vec())
    }

    pub(super) fn private_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let document = with_key!(self, |key| key.to_pkcs8_der());
        Some(Zeroizing::new(document.ok()?.as_bytes().to_vec()))
    }

    /// A fresh secret for who has this key.
    pub(super) fn encapsulate(&self, entropy: &mut Entropy) -> Encapsulated {
        let randomness = Zeroizing::new(entropy.bytes::<32>());
        with_key!(self, |key| {
            let public = key.encapsulation_key();
            let (form, secret) = public.encapsulate_deterministic(&(*randomness).into());
            let secret = Zeroizing::new(secret);
            Encapsulated {
                form: form.to_vec(),
                secret: Zeroizing::new(secret.to_vec()),
            }
        })
    }

    /// The secret in an encapsulated form; `None` for one of another length.
    pub(super) fn decapsulate(&self, form: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        with_key!(self, |key| {
            let secret = Zeroizing::new(key.decapsulate(form.try_into().ok()?));
            Some(Zeroizing::new(secret.to_vec()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spec, and the lengths of public key and encapsulated form: FIPS 203, table 3.
    const SIZES: [(KeySpec, usize, usize); 3] = [
        (KeySpec::ML_KEM_512, 800, 768),
        (KeySpec::ML_KEM_768, 1184, 1088),
        (KeySpec::ML_KEM_1024, 1568, 1568),
    ];

    fn key(spec: KeySpec, seed: u64) -> MlKemKey {
        MlKemKey::generate(spec, &mut Entropy::simulated(seed)).unwrap()
    }

    #[test]
    fn both_sides_get_one_secret_and_an_altered_form_gives_another() {
        let mut entropy = Entropy::simulated(9);
        for (spec, _, length) in SIZES {
            let (own, other) = (key(spec, 1), key(spec, 2));
            let made = own.encapsulate(&mut entropy);
            assert_eq!((made.secret.len(), made.form.len()), (32, length), "{spec}");
            assert_eq!(own.decapsulate(&made.form).unwrap(), made.secret);
            assert_ne!(other.decapsulate(&made.form).unwrap(), made.secret);
            let mut altered = made.form.clone();
            altered[5] ^= 1;
            let rejected = own.decapsulate(&altered).unwrap();
            assert_ne!(rejected, made.secret);
            assert_eq!(own.decapsulate(&altered).unwrap(), rejected);
            assert!(own.decapsulate(&made.form[1..]).is_none());
            assert_ne!(own.encapsulate(&mut entropy).form, made.form);
        }
    }

    #[test]
    fn a_key_comes_back_from_its_encoding_and_only_as_what_it_is() {
        for (spec, _, _) in SIZES {
            let own = key(spec, 1);
            let der = own.private_der().unwrap();
            let again = MlKemKey::from_private(spec, &der).unwrap();
            assert_eq!(again.public_der(), own.public_der());
            for (other, _, _) in SIZES.iter().filter(|(other, _, _)| *other != spec) {
                assert!(MlKemKey::from_private(*other, &der).is_none());
            }
        }
        assert!(MlKemKey::generate(KeySpec::ML_DSA_44, &mut Entropy::simulated(1)).is_none());
    }

    /// What another implementation encapsulates with the public key comes out here.
    #[cfg(feature = "aws-lc")]
    #[test]
    fn another_implementation_encapsulates_for_it() {
        use aws_lc_rs::kem;
        let algorithms = [&kem::ML_KEM_512, &kem::ML_KEM_768, &kem::ML_KEM_1024];
        for ((spec, public, length), algorithm) in SIZES.into_iter().zip(algorithms) {
            let own = key(spec, 3);
            let der = own.public_der().unwrap();
            let raw = &der[der.len() - public..];
            let theirs = kem::EncapsulationKey::new(algorithm, raw).unwrap();
            let (form, secret) = theirs.encapsulate().unwrap();
            assert_eq!(form.as_ref().len(), length);
            let got = own.decapsulate(form.as_ref()).unwrap();
            assert_eq!(got.as_slice(), secret.as_ref(), "{spec}");
        }
    }
}
