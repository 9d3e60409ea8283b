//! Identifiers, each a type of its own.

use std::fmt;
use std::sync::Arc;

use super::Entropy;

/// Why a text is not the identifier that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {rule}")]
pub struct IdError {
    /// The text as given.
    pub text: String,
    /// What it should have been, such as `an account id`.
    pub what: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(
            Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses `text`.
            ///
            /// # Errors
            #[doc = concat!("[`IdError`] unless the text is ", $what, ": ", $rule, ".")]
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(IdError { text: text.to_owned(), what: $what, rule: $rule })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.to_string()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string"})
            }
        }
    };
}

pub(super) use identifier;

identifier!(
    /// A 12-digit account number.
    AccountId,
    "an account id",
    "it has 12 digits",
    |t| t.len() == 12 && t.bytes().all(|b| b.is_ascii_digit())
);
identifier!(
    /// A Region, such as `us-east-1`.
    Region,
    "a Region",
    "it has lowercase letters, digits and hyphens, such as `us-east-1`",
    |t| t.len() <= 32
        && t.contains('-')
        && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
identifier!(
    /// The id of a KMS key: a UUID, or `mrk-` and 32 hexadecimal digits.
    KeyId,
    "a key id",
    "it is a UUID such as `1234abcd-12ab-34cd-56ef-1234567890ab`, or `mrk-` and 32 hexadecimal digits",
    valid_key_id
);
identifier!(
    /// The id of one backing key: 64 hexadecimal digits.
    KeyMaterialId,
    "a key material id",
    "it has 64 lowercase hexadecimal digits",
    |t| t.len() == 64 && t.bytes().all(is_lower_hex)
);
identifier!(
    /// The id of a grant: 64 hexadecimal digits.
    GrantId,
    "a grant id",
    "it has 64 lowercase hexadecimal digits",
    |t| t.len() == 64 && t.bytes().all(is_lower_hex)
);
identifier!(
    /// The unique id of an IAM entity, such as `AIDA…` (user) or `AROA…` (role).
    UniqueId,
    "a unique id",
    "it has 16 to 128 letters and digits",
    |t| (16..=128).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric())
);
identifier!(
    /// An access key id, `AKIA…` (long-term) or `ASIA…` (temporary).
    AccessKeyId,
    "an access key id",
    "it has 16 to 128 letters and digits",
    |t| (16..=128).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric())
);
identifier!(
    /// The name of an S3 bucket.
    ///
    /// Source: S3 User Guide, "General purpose bucket naming rules".
    BucketName,
    "a bucket name",
    "it has 3 to 63 lowercase letters, digits, dots and hyphens, begins and ends with a letter or digit, has no two dots side by side, and is not an IP address",
    valid_bucket_name
);

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn valid_key_id(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("mrk-") {
        return digits.len() == 32 && digits.bytes().all(is_lower_hex);
    }
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => is_lower_hex(byte),
        })
}

fn valid_bucket_name(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = text.as_bytes();
    (3..=63).contains(&bytes.len())
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
        && !text.contains("..")
        && text.parse::<std::net::Ipv4Addr>().is_err()
}

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl UniqueId {
    /// A fresh id that starts with `prefix` (`AIDA`, `AROA`, `AGPA`, `ANPA`, `AIPA`).
    ///
    /// Source: IAM User Guide, "IAM identifiers", unique identifiers.
    pub fn fresh(prefix: &'static str, entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("{prefix}{}", entropy.text(17, BASE32))))
    }
}

impl AccessKeyId {
    /// A fresh id that starts with `prefix` (`AKIA` or `ASIA`).
    pub fn fresh(prefix: &'static str, entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("{prefix}{}", entropy.text(16, BASE32))))
    }

    /// The id of no key: that of a request which is not signed.
    pub fn none() -> Self {
        Self(Arc::from(""))
    }

    /// Whether this is the id of no key.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the key is temporary, that is, needs a session token.
    pub fn is_temporary(&self) -> bool {
        self.0.starts_with("ASIA")
    }
}

impl AccountId {
    /// The account of nobody in particular, which no lab has.
    pub fn nobody() -> Self {
        Self(Arc::from("000000000000"))
    }

    /// A fresh account number.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!(
            "{}{}",
            entropy.text(1, b"123456789"),
            entropy.text(11, b"0123456789")
        )))
    }
}

impl KeyId {
    /// A fresh id of a single-Region key.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(entropy.uuid()))
    }

    /// A fresh id of a multi-Region key.
    pub fn fresh_multi_region(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("mrk-{}", entropy.hex(16))))
    }
}

impl KeyMaterialId {
    /// A fresh id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(entropy.hex(32)))
    }
}

impl GrantId {
    /// A fresh id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(entropy.hex(32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_satisfy_their_own_rule() {
        let mut entropy = Entropy::simulated(3);
        for _ in 0..50 {
            AccountId::parse(AccountId::fresh(&mut entropy).as_str()).unwrap();
            KeyId::parse(KeyId::fresh(&mut entropy).as_str()).unwrap();
            KeyId::parse(KeyId::fresh_multi_region(&mut entropy).as_str()).unwrap();
            GrantId::parse(GrantId::fresh(&mut entropy).as_str()).unwrap();
            UniqueId::parse(UniqueId::fresh("AIDA", &mut entropy).as_str()).unwrap();
        }
    }

    #[test]
    fn bucket_names_follow_the_published_rules() {
        for good in ["payroll-data", "a.b.c", "abc", "1-2"] {
            BucketName::parse(good).unwrap();
        }
        for bad in [
            "ab",
            "Payroll",
            "-abc",
            "abc-",
            "a..b",
            "192.168.1.1",
            "a_b",
        ] {
            assert!(BucketName::parse(bad).is_err(), "{bad}");
        }
    }
}
