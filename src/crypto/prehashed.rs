//! A digest that was computed elsewhere, for signatures over a digest.

use sha2::digest::consts::U64;
use sha2::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};

/// The 64 bytes of a SHA-512 digest where a running one is wanted.
///
/// `ED25519_PH_SHA_512` signs what the caller has hashed (RFC 8032, Ed25519ph),
/// and the signer asks for a hash to finish. What is fed to it is ignored.
#[derive(Clone)]
pub(super) struct Prehashed([u8; 64]);

impl Prehashed {
    /// `None` if it is not 64 bytes long.
    pub(super) fn of(digest: &[u8]) -> Option<Self> {
        digest.try_into().ok().map(Self)
    }
}

impl Default for Prehashed {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl HashMarker for Prehashed {}

impl OutputSizeUser for Prehashed {
    type OutputSize = U64;
}

impl Update for Prehashed {
    fn update(&mut self, _data: &[u8]) {}
}

impl FixedOutput for Prehashed {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}
