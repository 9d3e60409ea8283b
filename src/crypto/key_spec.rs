//! What kinds of keys there are, and what each can do.
//!
//! Source: KMS API Reference, `CreateKey`, "KeySpec" and "KeyUsage".

use std::fmt;

use serde::{Deserialize, Serialize};

/// A closed set of names that AWS spells in its own way.
pub trait AwsName: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// AWS's name.
    fn as_str(self) -> &'static str;

    /// The value that bears `text` as its name.
    fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.as_str() == text)
    }
}

macro_rules! aws_names {
    ($($(#[$doc:meta])* pub enum $name:ident { $($variant:ident),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
        #[allow(non_camel_case_types, missing_docs, reason = "these are AWS's names")]
        pub enum $name { $($variant),* }

        impl AwsName for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )* };
}

aws_names!(
    /// The kind of a key's material.
    pub enum KeySpec {
        SYMMETRIC_DEFAULT,
        HMAC_224,
        HMAC_256,
        HMAC_384,
        HMAC_512,
        RSA_2048,
        RSA_3072,
        RSA_4096,
        ECC_NIST_P256,
        ECC_NIST_P384,
        ECC_NIST_P521,
        ECC_SECG_P256K1,
        ECC_NIST_EDWARDS25519,
        ML_DSA_44,
        ML_DSA_65,
        ML_DSA_87,
        ML_KEM_512,
        ML_KEM_768,
        ML_KEM_1024,
    }

    /// What a key is for; it cannot change.
    pub enum KeyUsage {
        ENCRYPT_DECRYPT,
        SIGN_VERIFY,
        GENERATE_VERIFY_MAC,
        KEY_AGREEMENT,
        ENCAPSULATE_DECAPSULATE,
    }

    /// Where a key's material comes from.
    pub enum Origin {
        AWS_KMS,
        EXTERNAL,
        AWS_CLOUDHSM,
        EXTERNAL_KEY_STORE,
    }

    /// How a MAC is made.
    pub enum MacAlgorithm {
        HMAC_SHA_224,
        HMAC_SHA_256,
        HMAC_SHA_384,
        HMAC_SHA_512,
    }

    /// How a key encrypts.
    pub enum EncryptionAlgorithm {
        SYMMETRIC_DEFAULT,
        RSAES_OAEP_SHA_1,
        RSAES_OAEP_SHA_256,
    }

    /// How key material is wrapped for its import.
    pub enum WrappingAlgorithm {
        RSAES_PKCS1_V1_5,
        RSAES_OAEP_SHA_1,
        RSAES_OAEP_SHA_256,
        RSA_AES_KEY_WRAP_SHA_1,
        RSA_AES_KEY_WRAP_SHA_256,
        SM2PKE,
    }

    /// How a key signs.
    pub enum SigningAlgorithm {
        RSASSA_PSS_SHA_256,
        RSASSA_PSS_SHA_384,
        RSASSA_PSS_SHA_512,
        RSASSA_PKCS1_V1_5_SHA_256,
        RSASSA_PKCS1_V1_5_SHA_384,
        RSASSA_PKCS1_V1_5_SHA_512,
        ECDSA_SHA_256,
        ECDSA_SHA_384,
        ECDSA_SHA_512,
        ED25519_SHA_512,
        ED25519_PH_SHA_512,
        ML_DSA_SHAKE_256,
    }

    /// Whether a message to sign is the message itself, its digest, or the
    /// representative μ of ML-DSA.
    pub enum MessageType {
        RAW,
        DIGEST,
        EXTERNAL_MU,
    }

    /// How two parties agree on a secret.
    pub enum KeyAgreementAlgorithm {
        ECDH,
    }

    /// How a secret is encapsulated.
    pub enum EncapsulationAlgorithm {
        ML_KEM,
    }
);

/// The types of keys that an alias cannot move between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One secret, to encrypt with.
    Symmetric,
    /// One secret, to make MACs with.
    Hmac,
    /// A key pair.
    Asymmetric,
}

impl KeySpec {
    /// The type of a key of this kind.
    pub fn family(self) -> Family {
        match self {
            Self::SYMMETRIC_DEFAULT => Family::Symmetric,
            Self::HMAC_224 | Self::HMAC_256 | Self::HMAC_384 | Self::HMAC_512 => Family::Hmac,
            _ => Family::Asymmetric,
        }
    }

    /// What a key of this kind can be made for.
    pub fn usages(self) -> &'static [KeyUsage] {
        use KeyUsage as U;
        match self {
            Self::SYMMETRIC_DEFAULT => &[U::ENCRYPT_DECRYPT],
            Self::HMAC_224 | Self::HMAC_256 | Self::HMAC_384 | Self::HMAC_512 => {
                &[U::GENERATE_VERIFY_MAC]
            }
            Self::RSA_2048 | Self::RSA_3072 | Self::RSA_4096 => {
                &[U::ENCRYPT_DECRYPT, U::SIGN_VERIFY]
            }
            Self::ECC_NIST_P256 | Self::ECC_NIST_P384 | Self::ECC_NIST_P521 => {
                &[U::SIGN_VERIFY, U::KEY_AGREEMENT]
            }
            Self::ECC_SECG_P256K1
            | Self::ECC_NIST_EDWARDS25519
            | Self::ML_DSA_44
            | Self::ML_DSA_65
            | Self::ML_DSA_87 => &[U::SIGN_VERIFY],
            Self::ML_KEM_512 | Self::ML_KEM_768 | Self::ML_KEM_1024 => {
                &[U::ENCAPSULATE_DECAPSULATE]
            }
        }
    }

    /// The spec of a wrapping key that bears `text` as its name.
    pub fn wrapping(text: &str) -> Option<Self> {
        Self::named(text).filter(|spec| spec.rsa_bits().is_some())
    }

    /// The length of the modulus of an RSA key.
    pub fn rsa_bits(self) -> Option<usize> {
        match self {
            Self::RSA_2048 => Some(2048),
            Self::RSA_3072 => Some(3072),
            Self::RSA_4096 => Some(4096),
            _ => None,
        }
    }

    /// Whether a key of this kind is one of ML-DSA.
    pub fn is_ml_dsa(self) -> bool {
        matches!(self, Self::ML_DSA_44 | Self::ML_DSA_65 | Self::ML_DSA_87)
    }

    /// Whether a key of this kind is one of ML-KEM.
    pub fn is_ml_kem(self) -> bool {
        matches!(
            self,
            Self::ML_KEM_512 | Self::ML_KEM_768 | Self::ML_KEM_1024
        )
    }

    /// How a key of this kind makes MACs.
    pub fn mac_algorithm(self) -> Option<MacAlgorithm> {
        match self {
            Self::HMAC_224 => Some(MacAlgorithm::HMAC_SHA_224),
            Self::HMAC_256 => Some(MacAlgorithm::HMAC_SHA_256),
            Self::HMAC_384 => Some(MacAlgorithm::HMAC_SHA_384),
            Self::HMAC_512 => Some(MacAlgorithm::HMAC_SHA_512),
            _ => None,
        }
    }

    /// How a key of this kind encrypts, if it is for that.
    pub fn encryption_algorithms(self) -> &'static [EncryptionAlgorithm] {
        use EncryptionAlgorithm as A;
        match self {
            Self::SYMMETRIC_DEFAULT => &[A::SYMMETRIC_DEFAULT],
            Self::RSA_2048 | Self::RSA_3072 | Self::RSA_4096 => {
                &[A::RSAES_OAEP_SHA_1, A::RSAES_OAEP_SHA_256]
            }
            _ => &[],
        }
    }

    /// How a key of this kind signs, if it is for that.
    pub fn signing_algorithms(self) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm as A;
        match self {
            Self::RSA_2048 | Self::RSA_3072 | Self::RSA_4096 => &[
                A::RSASSA_PKCS1_V1_5_SHA_256,
                A::RSASSA_PKCS1_V1_5_SHA_384,
                A::RSASSA_PKCS1_V1_5_SHA_512,
                A::RSASSA_PSS_SHA_256,
                A::RSASSA_PSS_SHA_384,
                A::RSASSA_PSS_SHA_512,
            ],
            Self::ECC_NIST_P256 | Self::ECC_SECG_P256K1 => &[A::ECDSA_SHA_256],
            Self::ECC_NIST_P384 => &[A::ECDSA_SHA_384],
            Self::ECC_NIST_P521 => &[A::ECDSA_SHA_512],
            Self::ECC_NIST_EDWARDS25519 => &[A::ED25519_SHA_512, A::ED25519_PH_SHA_512],
            Self::ML_DSA_44 | Self::ML_DSA_65 | Self::ML_DSA_87 => &[A::ML_DSA_SHAKE_256],
            _ => &[],
        }
    }
}

impl SigningAlgorithm {
    /// The length of the digest that it signs; `None` if it signs the message itself.
    pub fn digest_length(self) -> Option<usize> {
        match self {
            Self::RSASSA_PSS_SHA_256 | Self::RSASSA_PKCS1_V1_5_SHA_256 | Self::ECDSA_SHA_256 => {
                Some(32)
            }
            Self::RSASSA_PSS_SHA_384 | Self::RSASSA_PKCS1_V1_5_SHA_384 | Self::ECDSA_SHA_384 => {
                Some(48)
            }
            Self::RSASSA_PSS_SHA_512
            | Self::RSASSA_PKCS1_V1_5_SHA_512
            | Self::ECDSA_SHA_512
            | Self::ED25519_PH_SHA_512 => Some(64),
            Self::ED25519_SHA_512 | Self::ML_DSA_SHAKE_256 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_awss_and_lead_back() {
        for spec in KeySpec::ALL {
            assert_eq!(KeySpec::named(spec.as_str()), Some(*spec));
            assert!(!spec.usages().is_empty());
        }
        assert_eq!(KeySpec::named("hmac_256"), None);
        assert_eq!(KeySpec::HMAC_384.to_string(), "HMAC_384");
    }
}
