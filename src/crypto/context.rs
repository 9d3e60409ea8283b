//! The encryption context, and the bytes that authenticate it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wire::{Reader, Truncated, push_field};

/// Name and value pairs that are authenticated with a ciphertext, not hidden.
///
/// Whoever decrypts must give the same pairs: case matters, order does not.
/// Source: KMS developer guide, "Encryption context".
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct EncryptionContext(BTreeMap<String, String>);

/// Why a context has no canonical bytes, or bytes are not those of a context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// The pairs do not fit a two-byte length.
    #[error(
        "the encryption context takes {length} bytes in its canonical form, where 65535 fit; shorten or remove pairs"
    )]
    TooLong {
        /// The length of the canonical form in bytes.
        length: usize,
    },
    /// The bytes end too soon.
    #[error("the encryption context is cut: {0}")]
    Truncated(#[from] Truncated),
    /// Bytes follow the last pair.
    #[error("{count} bytes follow the last pair of the encryption context")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// A pair is not text.
    #[error("pair {index} of the encryption context is not UTF-8 text")]
    NotText {
        /// Its position, from 0.
        index: u16,
    },
    /// A name is not greater than the name before it.
    #[error(
        "the name `{name}` of the encryption context repeats or stands before a smaller one; names are sorted by their bytes"
    )]
    Unsorted {
        /// The name.
        name: String,
    },
    /// A count of zero, where an empty context is written as no bytes at all.
    #[error("an empty encryption context is written as no bytes, not as a count of zero")]
    ZeroCount,
}

impl EncryptionContext {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The pairs, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets `name` to `value`; returns the value that it had.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) -> Option<String> {
        self.0.insert(name.into(), value.into())
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes that stand for this context in a message and under a tag.
    ///
    /// Count (2 bytes), then for each pair, sorted by the bytes of its name,
    /// name and value, each behind a 2-byte length; no bytes at all for an
    /// empty context. Equal contexts have equal bytes, different ones differ.
    /// Source: AWS Encryption SDK developer guide, "Message format reference",
    /// additional authenticated data.
    ///
    /// # Errors
    /// [`ContextError::TooLong`] beyond 65,535 bytes.
    pub fn to_canonical_bytes(&self) -> Result<Vec<u8>, ContextError> {
        let length = self.canonical_length();
        if length == 0 {
            return Ok(Vec::new());
        }
        self.serialize(length)
            .ok_or(ContextError::TooLong { length })
    }

    /// Parses what [`to_canonical_bytes`](Self::to_canonical_bytes) writes, and nothing else.
    ///
    /// # Errors
    /// [`ContextError`], unless the bytes are the one canonical form of a context.
    pub fn from_canonical_bytes(bytes: &[u8]) -> Result<Self, ContextError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut reader = Reader::new(bytes);
        let count = reader.u16("number of pairs")?;
        if count == 0 {
            return Err(ContextError::ZeroCount);
        }
        let mut pairs = BTreeMap::new();
        for index in 0..count {
            let (name, value) = pair(&mut reader, index)?;
            if pairs
                .last_key_value()
                .is_some_and(|(last, _)| *last >= name)
            {
                return Err(ContextError::Unsorted { name });
            }
            pairs.insert(name, value);
        }
        match reader.is_at_end() {
            true => Ok(Self(pairs)),
            false => Err(ContextError::Trailing {
                count: bytes.len() - reader.position(),
            }),
        }
    }

    fn canonical_length(&self) -> usize {
        match self.0.is_empty() {
            true => 0,
            false => {
                2 + self
                    .iter()
                    .map(|(name, value)| 4 + name.len() + value.len())
                    .sum::<usize>()
            }
        }
    }

    fn serialize(&self, length: usize) -> Option<Vec<u8>> {
        u16::try_from(length).ok()?;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&u16::try_from(self.len()).ok()?.to_be_bytes());
        for (name, value) in self.iter() {
            push_field(&mut bytes, name.as_bytes())?;
            push_field(&mut bytes, value.as_bytes())?;
        }
        Some(bytes)
    }
}

fn pair(reader: &mut Reader<'_>, index: u16) -> Result<(String, String), ContextError> {
    let mut text = |field| {
        let bytes = reader.field(field)?;
        let text = str::from_utf8(bytes).map_err(|_| ContextError::NotText { index })?;
        Ok::<_, ContextError>(text.to_owned())
    };
    Ok((text("name of a pair")?, text("value of a pair")?))
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for EncryptionContext {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl<N: Into<String>, V: Into<String>, const COUNT: usize> From<[(N, V); COUNT]>
    for EncryptionContext
{
    fn from(pairs: [(N, V); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two pairs laid out by hand from the message format reference.
    const TWO_PAIRS: &[u8] = b"\0\x02\0\x01a\0\x02bc\0\x01d\0\0";

    #[test]
    fn the_canonical_form_is_that_of_the_message_format() {
        let context = EncryptionContext::from([("d", ""), ("a", "bc")]);
        assert_eq!(context.to_canonical_bytes().unwrap(), TWO_PAIRS);
        assert_eq!(
            EncryptionContext::from_canonical_bytes(TWO_PAIRS).unwrap(),
            context
        );
        assert!(
            EncryptionContext::default()
                .to_canonical_bytes()
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn names_are_sorted_by_bytes_not_by_letters() {
        let context = EncryptionContext::from([("é", "3"), ("a", "2"), ("Z", "1")]);
        let values: Vec<&str> = context.iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["1", "2", "3"]);
    }

    #[test]
    fn other_forms_of_the_same_pairs_are_refused() {
        let parse = |bytes: &[u8]| EncryptionContext::from_canonical_bytes(bytes).unwrap_err();
        assert_eq!(parse(b"\0\0"), ContextError::ZeroCount);
        assert_eq!(
            parse(b"\0\x02\0\x01d\0\0\0\x01a\0\0"),
            ContextError::Unsorted { name: "a".into() }
        );
        assert_eq!(
            parse(b"\0\x02\0\x01a\0\0\0\x01a\0\0"),
            ContextError::Unsorted { name: "a".into() }
        );
        assert_eq!(
            parse(b"\0\x01\0\x01a\0\0!"),
            ContextError::Trailing { count: 1 }
        );
        assert_eq!(
            parse(b"\0\x01\0\x01\xff\0\0"),
            ContextError::NotText { index: 0 }
        );
        for end in 1..TWO_PAIRS.len() {
            assert!(
                matches!(parse(&TWO_PAIRS[..end]), ContextError::Truncated(_)),
                "{end}"
            );
        }
    }

    #[test]
    fn a_context_of_65535_bytes_fits_and_one_more_does_not() {
        // count 2, two lengths 2 + 2, name 1: seven bytes beside the value.
        let largest = EncryptionContext::from([("a", "v".repeat(65_528))]);
        assert_eq!(largest.to_canonical_bytes().unwrap().len(), 65_535);
        let larger = EncryptionContext::from([("a", "v".repeat(65_529))]);
        assert_eq!(
            larger.to_canonical_bytes(),
            Err(ContextError::TooLong { length: 65_536 })
        );
    }

    #[test]
    fn json_is_a_plain_object() {
        let context: EncryptionContext = serde_json::from_str(r#"{"b":"2","a":"1"}"#).unwrap();
        assert_eq!(context.get("a"), Some("1"));
        assert_eq!(
            serde_json::to_string(&context).unwrap(),
            r#"{"a":"1","b":"2"}"#
        );
    }

    proptest! {
        #[test]
        fn canonical_bytes_come_back(pairs in prop::collection::btree_map(".{0,9}", ".{0,9}", 0..6)) {
            let context: EncryptionContext = pairs.into_iter().collect();
            let bytes = context.to_canonical_bytes().unwrap();
            prop_assert_eq!(EncryptionContext::from_canonical_bytes(&bytes).unwrap(), context);
        }

        #[test]
        fn what_parses_is_canonical(bytes in prop::collection::vec(0u8..4, 0..24)) {
            if let Ok(context) = EncryptionContext::from_canonical_bytes(&bytes) {
                prop_assert_eq!(context.to_canonical_bytes().unwrap(), bytes);
            }
        }
    }
}
