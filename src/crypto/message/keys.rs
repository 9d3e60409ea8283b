//! From a data key to the key of one message and the commitment to it.

use zeroize::Zeroizing;

use super::super::DataKey;
use super::super::kdf::HkdfSha512;

/// AES-256-GCM, HKDF-SHA512, key commitment, no signature.
pub(super) const SUITE: u16 = 0x0478;

pub(super) struct MessageKeys {
    /// Seals header and frames.
    pub(super) message: Zeroizing<[u8; 32]>,
    /// Stands in the header: no second data key leads to it.
    pub(super) commitment: Zeroizing<[u8; 32]>,
}

/// The keys of the message `message_id`; `None` where the data key has no 32 bytes.
///
/// Source: AWS Encryption SDK developer guide, "Algorithm suites reference",
/// key derivation with commitment.
pub(super) fn derive(data_key: &DataKey, message_id: &[u8; 32]) -> Option<MessageKeys> {
    if data_key.length() != 32 {
        return None;
    }
    let hkdf = HkdfSha512::extract(message_id, data_key.as_bytes());
    Some(MessageKeys {
        message: hkdf.key(&[&SUITE.to_be_bytes(), b"DERIVEKEY"]),
        commitment: hkdf.key(&[b"COMMITKEY"]),
    })
}
