//! Plaintext data keys.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::base::Entropy;

/// The plaintext of a data key, 1 to 1,024 bytes; 32 for an object.
///
/// Erased on drop, compared in constant time, never shown.
/// Source: KMS API reference, `GenerateDataKey`, `NumberOfBytes`.
pub struct DataKey(Zeroizing<Vec<u8>>);

/// A length that no data key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a data key has 1 to 1024 bytes, not {length}; 32 make an AES-256 key")]
pub struct DataKeyLengthError {
    /// The length in bytes.
    pub length: usize,
}

impl DataKey {
    /// The greatest length in bytes.
    pub const MAX_LENGTH: usize = 1024;

    /// A fresh key of `length` bytes.
    ///
    /// # Errors
    /// [`DataKeyLengthError`] unless the length is 1 to 1,024.
    pub fn generate(length: usize, entropy: &mut Entropy) -> Result<Self, DataKeyLengthError> {
        check(length)?;
        let mut bytes = Zeroizing::new(vec![0; length]);
        entropy.fill(&mut bytes);
        Ok(Self(bytes))
    }

    /// The key that a decryption returned.
    ///
    /// # Errors
    /// [`DataKeyLengthError`] unless the length is 1 to 1,024.
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Result<Self, DataKeyLengthError> {
        check(bytes.len())?;
        Ok(Self(bytes))
    }

    /// The key's bytes. Whoever copies them erases the copy.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The length in bytes, which is no secret.
    pub fn length(&self) -> usize {
        self.0.len()
    }
}

fn check(length: usize) -> Result<(), DataKeyLengthError> {
    match length {
        1..=DataKey::MAX_LENGTH => Ok(()),
        _ => Err(DataKeyLengthError { length }),
    }
}

impl PartialEq for DataKey {
    /// Takes the same time wherever two keys of one length differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for DataKey {}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_generate_data_key() {
        let mut entropy = Entropy::simulated(1);
        for length in [1, 16, 32, 64, 1024] {
            assert_eq!(
                DataKey::generate(length, &mut entropy).unwrap().length(),
                length
            );
        }
        for length in [0, 1025] {
            let error = DataKey::generate(length, &mut entropy).unwrap_err();
            assert_eq!(error, DataKeyLengthError { length });
            assert!(DataKey::from_bytes(Zeroizing::new(vec![0; length])).is_err());
        }
    }

    #[test]
    fn keys_are_equal_only_byte_for_byte() {
        let key = |bytes: &[u8]| DataKey::from_bytes(Zeroizing::new(bytes.to_vec())).unwrap();
        assert_eq!(key(b"0123"), key(b"0123"));
        assert_ne!(key(b"0123"), key(b"0122"));
        assert_ne!(key(b"0123"), key(b"01230"));
        assert_eq!(format!("{:?}", key(b"0123")), "DataKey(4 bytes)");
    }
}
