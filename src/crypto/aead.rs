//! AES-256-GCM with a 96-bit nonce and a 128-bit tag, by two implementations.
//!
//! The primitive under both formats, public so that published vectors and a
//! comparison of the two implementations can reach it. It checks no nonce for
//! reuse: use [`ciphertext_blob`](super::ciphertext_blob) or
//! [`message`](super::message), which choose nonces themselves.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _};
#[cfg(feature = "aws-lc")]
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use zeroize::Zeroize as _;

/// The length of a key in bytes.
pub const KEY_LENGTH: usize = 32;
/// The length of a nonce in bytes.
pub const NONCE_LENGTH: usize = 12;
/// The length of a tag in bytes.
pub const TAG_LENGTH: usize = 16;

/// A nonce; one key never seals twice under the same.
pub type Nonce = [u8; NONCE_LENGTH];
/// A tag.
pub type Tag = [u8; TAG_LENGTH];

/// Who does the work. Both give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Implementation {
    /// The `aws-lc-rs` crate: assembly, several times as fast on long inputs.
    #[cfg(feature = "aws-lc")]
    AwsLc,
    /// The `aes-gcm` crate: Rust, always there.
    AesGcm,
}

impl Implementation {
    /// Those of this build, the fastest first.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "aws-lc")]
        Self::AwsLc,
        Self::AesGcm,
    ];

    /// The fastest of this build.
    #[cfg(feature = "aws-lc")]
    pub const FASTEST: Self = Self::AwsLc;

    /// The fastest of this build.
    #[cfg(not(feature = "aws-lc"))]
    pub const FASTEST: Self = Self::AesGcm;
}

/// The ciphertext, its tag, the nonce, the associated data or the key is not
/// that of the sealing; which one, nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext does not authenticate")]
pub struct Unauthentic;

/// More plaintext than one nonce may seal, 2^36 - 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one nonce seals at most 68719476704 bytes; split the plaintext")]
pub struct PlaintextTooLong;

/// A key, expanded for use. Erased on drop.
pub struct Cipher(Inner);

enum Inner {
    #[cfg(feature = "aws-lc")]
    AwsLc(Box<LessSafeKey>),
    AesGcm(Box<Aes256Gcm>),
}

impl Cipher {
    /// A cipher under `key`, by `implementation`.
    pub fn new(implementation: Implementation, key: &[u8; KEY_LENGTH]) -> Self {
        Self(match implementation {
            #[cfg(feature = "aws-lc")]
            Implementation::AwsLc => {
                let Ok(key) = UnboundKey::new(&AES_256_GCM, key) else {
                    unreachable!("the key of AES-256 has 32 bytes");
                };
                Inner::AwsLc(Box::new(LessSafeKey::new(key)))
            }
            Implementation::AesGcm => Inner::AesGcm(Box::new(Aes256Gcm::new(key.into()))),
        })
    }

    /// Seals `buffer` in place.
    ///
    /// # Errors
    /// [`PlaintextTooLong`].
    pub fn seal_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<Tag, PlaintextTooLong> {
        match &self.0 {
            #[cfg(feature = "aws-lc")]
            Inner::AwsLc(key) => {
                let mut tag = [0; TAG_LENGTH];
                key.seal_in_place_scatter(nonce.into(), Aad::from(aad), buffer, &[], &mut tag)
                    .map_err(|_| PlaintextTooLong)?;
                Ok(tag)
            }
            Inner::AesGcm(cipher) => cipher
                .encrypt_inout_detached(nonce.into(), aad, buffer.into())
                .map(Into::into)
                .map_err(|_| PlaintextTooLong),
        }
    }

    /// Seals `plaintext` into `output`, which has its length.
    ///
    /// # Errors
    /// [`PlaintextTooLong`].
    ///
    /// # Panics
    /// Where the two lengths differ.
    pub fn seal_into(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        output: &mut [u8],
    ) -> Result<Tag, PlaintextTooLong> {
        assert_eq!(
            plaintext.len(),
            output.len(),
            "a ciphertext is as long as its plaintext"
        );
        match &self.0 {
            #[cfg(feature = "aws-lc")]
            Inner::AwsLc(key) => {
                let (mut tag, aad) = ([0; TAG_LENGTH], Aad::from(aad));
                key.seal_out_of_place_scatter(nonce.into(), aad, plaintext, output, &[], &mut tag)
                    .map_err(|_| PlaintextTooLong)?;
                Ok(tag)
            }
            Inner::AesGcm(cipher) => InOutBuf::new(plaintext, output)
                .ok()
                .and_then(|buffer| {
                    cipher
                        .encrypt_inout_detached(nonce.into(), aad, buffer)
                        .ok()
                })
                .map(Into::into)
                .ok_or(PlaintextTooLong),
        }
    }

    /// Opens `buffer` in place. On failure the buffer holds zeros.
    ///
    /// # Errors
    /// [`Unauthentic`].
    pub fn open_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        buffer: &mut [u8],
        tag: &Tag,
    ) -> Result<(), Unauthentic> {
        let opened = match &self.0 {
            #[cfg(feature = "aws-lc")]
            Inner::AwsLc(key) => key
                .open_in_place_separate_tag(nonce.into(), Aad::from(aad), tag, buffer)
                .map(drop)
                .map_err(|_| Unauthentic),
            Inner::AesGcm(cipher) => cipher
                .decrypt_inout_detached(nonce.into(), aad, (&mut *buffer).into(), tag.into())
                .map_err(|_| Unauthentic),
        };
        opened.inspect_err(|_| buffer.zeroize())
    }

    /// Opens `ciphertext` into `output`, which has its length. On failure
    /// `output` holds zeros.
    ///
    /// # Errors
    /// [`Unauthentic`].
    ///
    /// # Panics
    /// Where the two lengths differ.
    pub fn open_into(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: Sealed<'_>,
        output: &mut [u8],
    ) -> Result<(), Unauthentic> {
        let Sealed { bytes, tag } = ciphertext;
        assert_eq!(
            bytes.len(),
            output.len(),
            "a plaintext is as long as its ciphertext"
        );
        let opened = match &self.0 {
            #[cfg(feature = "aws-lc")]
            Inner::AwsLc(key) => key
                .open_separate_gather(nonce.into(), Aad::from(aad), bytes, tag, output)
                .map_err(|_| Unauthentic),
            Inner::AesGcm(cipher) => InOutBuf::new(bytes, &mut *output)
                .map_err(|_| Unauthentic)
                .and_then(|buffer| {
                    cipher
                        .decrypt_inout_detached(nonce.into(), aad, buffer, tag.into())
                        .map_err(|_| Unauthentic)
                }),
        };
        opened.inspect_err(|_| output.zeroize())
    }
}

/// A ciphertext and its tag.
#[derive(Clone, Copy)]
pub struct Sealed<'a> {
    /// The ciphertext, as long as its plaintext.
    pub bytes: &'a [u8],
    /// The tag.
    pub tag: &'a Tag,
}
