//! Data keys under a key of one's own: the raw AES keyring of the Encryption SDK.
//!
//! What it wraps, the official clients unwrap with a raw AES keyring of the
//! same namespace, name and key, and the other way round. The data key is
//! sealed with AES-256-GCM under the encryption context, and the provider
//! information is the key's name, the lengths of tag (in bits) and nonce
//! (in bytes) as 32-bit numbers, and the nonce.
//! Source: AWS Encryption SDK developer guide, "Raw AES keyrings"; the
//! framework's specification, "Raw AES keyring".

use std::fmt;

use zeroize::Zeroizing;

use super::aead::{Cipher, Implementation, NONCE_LENGTH, Nonce, Sealed, TAG_LENGTH};
use super::message::{self, Header, HeaderError};
use super::{DataKey, EncryptedDataKey, EncryptionContext, OpenError, SealError};
use crate::base::Entropy;

/// The namespace that KMS has to itself.
const RESERVED: &str = "aws-kms";
/// Length of the tag in bits and of the nonce in bytes, as they stand before the nonce.
const LENGTHS: [u8; 8] = [0, 0, 0, 128, 0, 0, 0, 12];
const DATA_KEY_LENGTH: usize = 32;

/// A wrapping key with the names that messages know it by. Erased on drop.
pub struct RawAesKeyring {
    namespace: String,
    name: String,
    key: Zeroizing<[u8; 32]>,
}

/// Why there is no such keyring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the namespace `{RESERVED}` belongs to KMS; choose another")]
pub struct ReservedNamespace;

/// Why a message is not opened under a keyring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenWithKeyringError {
    /// It is no message that the lab reads.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// None of its data keys is wrapped under this key, by name or in fact.
    #[error(
        "no encrypted data key of the message is one of key `{name}` in namespace `{namespace}`, \
         or the key or the encryption context is another"
    )]
    NotWrappedHere {
        /// The keyring's namespace.
        namespace: String,
        /// The key's name.
        name: String,
    },
    /// The data key is the right one, and the message was altered.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl RawAesKeyring {
    /// A keyring of one 256-bit key.
    ///
    /// # Errors
    /// [`ReservedNamespace`] for `aws-kms`.
    pub fn new(
        namespace: &str,
        name: &str,
        key: Zeroizing<[u8; 32]>,
    ) -> Result<Self, ReservedNamespace> {
        match namespace == RESERVED {
            true => Err(ReservedNamespace),
            false => Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                key,
            }),
        }
    }

    /// Seals `plaintext` under a fresh data key that this keyring wraps.
    ///
    /// # Errors
    /// [`SealError`], for a context that is too long or names that are.
    pub fn seal(
        &self,
        plaintext: &[u8],
        context: &EncryptionContext,
        frame_length: u32,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, SealError> {
        let data_key = DataKey::generate(DATA_KEY_LENGTH, entropy).map_err(|error| {
            SealError::DataKeyLength {
                length: error.length,
            }
        })?;
        let wrapped = self.wrap(&data_key, context, entropy)?;
        message::seal(
            plaintext,
            &data_key,
            &[wrapped],
            context,
            frame_length,
            entropy,
        )
    }

    /// The plaintext and the context of a message whose data key this keyring wrapped.
    ///
    /// # Errors
    /// [`OpenWithKeyringError`].
    pub fn open(
        &self,
        bytes: &[u8],
    ) -> Result<(Zeroizing<Vec<u8>>, EncryptionContext), OpenWithKeyringError> {
        let header = Header::parse(bytes)?;
        let data_key = self
            .unwrap(header.encrypted_data_keys(), header.context())
            .ok_or_else(|| OpenWithKeyringError::NotWrappedHere {
                namespace: self.namespace.clone(),
                name: self.name.clone(),
            })?;
        let plaintext = message::open(bytes, &data_key)?;
        Ok((plaintext, header.context().clone()))
    }

    fn wrap(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
        entropy: &mut Entropy,
    ) -> Result<EncryptedDataKey, SealError> {
        let aad = context.to_canonical_bytes()?;
        let nonce: Nonce = entropy.bytes();
        let mut ciphertext = data_key.as_bytes().to_vec();
        let tag = self.cipher().seal_in_place(&nonce, &aad, &mut ciphertext)?;
        ciphertext.extend_from_slice(&tag);
        Ok(EncryptedDataKey {
            provider_id: self.namespace.clone(),
            provider_info: [self.name.as_bytes(), &LENGTHS, &nonce].concat(),
            ciphertext,
        })
    }

    /// The first of these keys that this keyring wrapped under `context`.
    pub fn unwrap(
        &self,
        keys: &[EncryptedDataKey],
        context: &EncryptionContext,
    ) -> Option<DataKey> {
        let aad = context.to_canonical_bytes().ok()?;
        keys.iter().find_map(|key| self.unwrap_one(key, &aad))
    }

    fn unwrap_one(&self, key: &EncryptedDataKey, aad: &[u8]) -> Option<DataKey> {
        if key.provider_id != self.namespace {
            return None;
        }
        let rest = key.provider_info.strip_prefix(self.name.as_bytes())?;
        let nonce: &[u8; NONCE_LENGTH] = rest.strip_prefix(&LENGTHS)?.try_into().ok()?;
        let (bytes, tag) = key.ciphertext.split_last_chunk::<TAG_LENGTH>()?;
        let mut plaintext = Zeroizing::new(vec![0; bytes.len()]);
        self.cipher()
            .open_into(nonce, aad, Sealed { bytes, tag }, &mut plaintext)
            .ok()?;
        DataKey::from_bytes(plaintext).ok()
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(Implementation::FASTEST, &self.key)
    }
}

impl fmt::Debug for RawAesKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAesKeyring")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(name: &str, byte: u8) -> RawAesKeyring {
        RawAesKeyring::new("lab", name, Zeroizing::new([byte; 32])).unwrap()
    }

    #[test]
    fn only_the_same_name_key_and_context_open() {
        let (mut entropy, own) = (Entropy::simulated(1), keyring("k1", 1));
        let context = EncryptionContext::from([("team", "pay")]);
        let sealed = own.seal(b"hello", &context, 4096, &mut entropy).unwrap();
        let (plaintext, found) = own.open(&sealed).unwrap();
        assert_eq!((plaintext.as_slice(), found), (&b"hello"[..], context));
        for other in [keyring("k", 1), keyring("k2", 1), keyring("k1", 2)] {
            assert!(matches!(
                other.open(&sealed).unwrap_err(),
                OpenWithKeyringError::NotWrappedHere { .. }
            ));
        }
        let mut altered = sealed.clone();
        let at = altered.len() - 1;
        altered[at] ^= 1;
        assert_eq!(
            own.open(&altered).unwrap_err(),
            OpenWithKeyringError::Open(OpenError::Refused)
        );
        let moved = sealed.windows(3).position(|bytes| bytes == b"pay").unwrap();
        let mut another = sealed;
        another[moved] = b'P';
        assert!(own.open(&another).is_err());
    }

    #[test]
    fn the_namespace_of_kms_is_its_own() {
        let key = Zeroizing::new([0; 32]);
        assert!(RawAesKeyring::new("aws-kms", "k", key).is_err());
    }
}
