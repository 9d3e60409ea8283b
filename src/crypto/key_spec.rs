//! What kinds of keys there are, and what each can do.
//!
//! Source: KMS API Reference, `CreateKey`, "KeySpec" and "KeyUsage".

use std::fmt;

use serde::Serialize;

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
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    }

    /// What a key is for; it cannot change.
    pub enum KeyUsage {
        ENCRYPT_DECRYPT,
        GENERATE_VERIFY_MAC,
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
    }
);

/// The three types of keys that an alias cannot move between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One secret, to encrypt with.
    Symmetric,
    /// One secret, to make MACs with.
    Hmac,
}

impl KeySpec {
    /// The type of a key of this kind.
    pub fn family(self) -> Family {
        match self {
            Self::SYMMETRIC_DEFAULT => Family::Symmetric,
            Self::HMAC_224 | Self::HMAC_256 | Self::HMAC_384 | Self::HMAC_512 => Family::Hmac,
        }
    }

    /// What a key of this kind can be made for.
    pub fn usages(self) -> &'static [KeyUsage] {
        match self {
            Self::SYMMETRIC_DEFAULT => &[KeyUsage::ENCRYPT_DECRYPT],
            Self::HMAC_224 | Self::HMAC_256 | Self::HMAC_384 | Self::HMAC_512 => {
                &[KeyUsage::GENERATE_VERIFY_MAC]
            }
        }
    }

    /// How a key of this kind makes MACs.
    pub fn mac_algorithm(self) -> Option<MacAlgorithm> {
        match self {
            Self::HMAC_224 => Some(MacAlgorithm::HMAC_SHA_224),
            Self::HMAC_256 => Some(MacAlgorithm::HMAC_SHA_256),
            Self::HMAC_384 => Some(MacAlgorithm::HMAC_SHA_384),
            Self::HMAC_512 => Some(MacAlgorithm::HMAC_SHA_512),
            Self::SYMMETRIC_DEFAULT => None,
        }
    }

    /// How a key of this kind encrypts.
    pub fn encryption_algorithms(self) -> &'static [EncryptionAlgorithm] {
        match self {
            Self::SYMMETRIC_DEFAULT => &[EncryptionAlgorithm::SYMMETRIC_DEFAULT],
            Self::HMAC_224 | Self::HMAC_256 | Self::HMAC_384 | Self::HMAC_512 => &[],
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
