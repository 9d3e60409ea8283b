//! HKDF (RFC 5869), from which every cipher key of this floor comes.

use hkdf::Hkdf;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

/// More output than HKDF can give: 255 blocks of its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("HKDF gives at most 255 blocks of output, not {length} bytes; ask for less")]
pub struct OutputTooLong {
    /// The length that was asked for, in bytes.
    pub length: usize,
}

macro_rules! kdf {
    ($(#[$doc:meta])* $name:ident, $hash:ty) => {
        $(#[$doc])*
        ///
        /// Holds the pseudorandom key, which is erased on drop.
        pub struct $name(Hkdf<$hash>);

        impl $name {
            /// HKDF-Extract; an empty salt stands for one block of zeros.
            pub fn extract(salt: &[u8], input: &[u8]) -> Self {
                Self(Hkdf::new(Some(salt), input))
            }

            /// HKDF-Expand: fills `output` under the joined parts of `info`.
            ///
            /// # Errors
            /// [`OutputTooLong`] beyond 255 blocks of the hash.
            pub fn expand(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputTooLong> {
                let length = output.len();
                self.0.expand_multi_info(info, output).map_err(|_| OutputTooLong { length })
            }

            /// A 256-bit key under the joined parts of `info`.
            pub(super) fn key(&self, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
                let mut key = Zeroizing::new([0; 32]);
                let expanded = self.expand(info, key.as_mut_slice());
                assert!(expanded.is_ok(), "32 bytes are less than 255 blocks of any hash");
                key
            }
        }
    };
}

kdf!(
    /// HKDF with SHA-256: per-blob keys from backing keys.
    HkdfSha256,
    Sha256
);
kdf!(
    /// HKDF with SHA-512: message keys and commitments from data keys.
    HkdfSha512,
    Sha512
);
