//! A file under a passphrase or a key: what it holds is secret and unaltered.
//!
//! ```text
//! magic 8 │ version 2 │ lock 1 │ cost 12 │ salt 32 │ check 32 │ ciphertext │ tag 16
//! ```
//!
//! Numbers are big-endian. `lock` is 1 for a passphrase, stretched by Argon2id
//! at the cost that follows (memory in KiB, passes, lanes), and 2 for a key,
//! whose cost is zero. HKDF-SHA-256 under the salt gives the cipher's key and
//! `check`, which tells a wrong passphrase from an altered file and binds the
//! file to one key. Every file has a fresh salt, so a cipher key seals one
//! file alone. Everything before the ciphertext is authenticated with it.
//!
//! The salt always comes from the system, also for a lab that replays from a
//! seed: two different contents must not meet under one key.
//! Source: RFC 9106, RFC 5869; OWASP Password Storage Cheat Sheet.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::aead::{Cipher, Implementation, NONCE_LENGTH, TAG_LENGTH};
use super::kdf::HkdfSha256;
use super::wire::Reader;
use crate::base::Entropy;

/// What every file begins with.
pub const MAGIC: [u8; 8] = *b"keychai\x1a";
/// The version that is written, and the newest that is read.
pub const VERSION: u16 = 1;
/// The largest file that is written or read, in bytes.
pub const MAX_LENGTH: usize = 1 << 30;

const HEADER_LENGTH: usize = 8 + 2 + 1 + 12 + 32 + 32;
/// The cipher's key seals one file, so its nonce need not vary.
const NONCE: [u8; NONCE_LENGTH] = [0; NONCE_LENGTH];

/// How much work a passphrase is stretched with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, four lanes: the second recommended option of RFC 9106, section 4.
    pub const RECOMMENDED: Self = Self {
        memory_kib: 64 << 10,
        passes: 3,
        lanes: 4,
    };

    /// Beyond this a file is refused unread, so that a hostile one costs neither
    /// memory nor time.
    pub const MOST: Self = Self {
        memory_kib: 256 << 10,
        passes: 10,
        lanes: 16,
    };

    const NONE: Self = Self {
        memory_kib: 0,
        passes: 0,
        lanes: 0,
    };

    fn is_bearable(self) -> bool {
        let Self {
            memory_kib,
            passes,
            lanes,
        } = Self::MOST;
        self.memory_kib <= memory_kib && self.passes <= passes && self.lanes <= lanes
    }
}

/// What a file is sealed under. Erased on drop, without `Debug` of its content.
#[derive(Clone)]
pub enum Lock {
    /// A passphrase, stretched at this cost when something is sealed.
    Passphrase(Zeroizing<Vec<u8>>, Cost),
    /// 32 random bytes.
    Key(Zeroizing<[u8; 32]>),
}

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key file holds 32 bytes as 64 hexadecimal digits or as base64, and nothing else")]
pub struct NotAKey;

impl Lock {
    /// A passphrase at the recommended cost.
    pub fn passphrase(text: &str) -> Self {
        Self::Passphrase(Zeroizing::new(text.as_bytes().to_vec()), Cost::RECOMMENDED)
    }

    /// The key that [`parse_key`] reads.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn parse_key(text: &str) -> Result<Self, NotAKey> {
        parse_key(text).map(Self::Key)
    }

    /// A fresh key as a key file writes it: base64 and a line end.
    pub fn fresh_key_text(entropy: &mut Entropy) -> Zeroizing<String> {
        let key = Zeroizing::new(entropy.bytes::<32>());
        Zeroizing::new(STANDARD.encode(key.as_slice()) + "\n")
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Passphrase(..) => 1,
            Self::Key(_) => 2,
        }
    }

    fn cost(&self) -> Cost {
        match self {
            Self::Passphrase(_, cost) => *cost,
            Self::Key(_) => Cost::NONE,
        }
    }

    /// Sixty-four bytes that only whoever has the lock can make again.
    fn derive(&self, cost: Cost, salt: &[u8; 32]) -> Option<Derived> {
        let secret = match self {
            Self::Key(key) => key.clone(),
            Self::Passphrase(passphrase, _) => stretch(passphrase, cost, salt)?,
        };
        let kdf = HkdfSha256::extract(salt, secret.as_slice());
        Some(Derived {
            cipher: kdf.key(&[b"keychai sealed file: cipher"]),
            check: *kdf.key(&[b"keychai sealed file: check"]),
        })
    }
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Passphrase(..) => "Lock::Passphrase",
            Self::Key(_) => "Lock::Key",
        })
    }
}

struct Derived {
    cipher: Zeroizing<[u8; 32]>,
    check: [u8; 32],
}

/// The key that `text` writes in hexadecimal or base64; spaces around it do not count.
///
/// # Errors
/// [`NotAKey`].
pub fn parse_key(text: &str) -> Result<Zeroizing<[u8; 32]>, NotAKey> {
    let text = text.trim();
    let bytes = Zeroizing::new(match text.len() {
        64 => from_hex(text).ok_or(NotAKey)?,
        _ => STANDARD.decode(text).map_err(|_| NotAKey)?,
    });
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(NotAKey);
    }
    key.copy_from_slice(&bytes);
    Ok(key)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16);
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

fn stretch(passphrase: &[u8], cost: Cost, salt: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut secret = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into(passphrase, salt, secret.as_mut_slice())
        .ok()?;
    Some(secret)
}

/// Why a content cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealFileError {
    /// It is too long.
    #[error("a sealed file holds at most {MAX_LENGTH} bytes, not {length}")]
    TooLong {
        /// The content's length in bytes.
        length: usize,
    },
    /// The passphrase cannot be stretched at this cost.
    #[error("Argon2id does not take this cost")]
    Cost,
}

/// Why bytes are not opened. None of it says anything of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFileError {
    /// Another kind of file.
    #[error("this is not a sealed file of keychai")]
    Foreign,
    /// Of a version that this one does not know.
    #[error(
        "the file has version {version} of the format, and this keychai reads versions up to \
         {VERSION}: use a newer keychai"
    )]
    Newer {
        /// The version that the file says it has.
        version: u16,
    },
    /// It ends too soon.
    #[error("the file is cut")]
    Cut,
    /// It is larger than any that is written.
    #[error("the file is larger than {MAX_LENGTH} bytes")]
    TooLong,
    /// Its cost is beyond [`Cost::MOST`], or none at all.
    #[error("the file asks for more memory or time than is allowed, or for none")]
    Cost,
    /// It wants the other kind of lock.
    #[error("the file is sealed under a {wants}, and a {given} was given")]
    OtherLock {
        /// What it wants.
        wants: &'static str,
        /// What there is.
        given: &'static str,
    },
    /// The passphrase or the key is another.
    #[error("the passphrase or key is not the one that the file was sealed under")]
    WrongKey,
    /// A byte is not as it was written.
    #[error("the file was altered or cut since it was written")]
    Altered,
}

/// Seals `content` under `lock`. The salt comes from the system.
///
/// # Errors
/// [`SealFileError`].
pub fn seal(content: &[u8], lock: &Lock) -> Result<Vec<u8>, SealFileError> {
    let length = content.len();
    if length > MAX_LENGTH - HEADER_LENGTH - TAG_LENGTH {
        return Err(SealFileError::TooLong { length });
    }
    let (salt, cost) = (Entropy::System.bytes::<32>(), lock.cost());
    let derived = lock.derive(cost, &salt).ok_or(SealFileError::Cost)?;
    let mut file = Vec::with_capacity(HEADER_LENGTH + length + TAG_LENGTH);
    file.extend_from_slice(&MAGIC);
    file.extend_from_slice(&VERSION.to_be_bytes());
    file.push(lock.kind());
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        file.extend_from_slice(&number.to_be_bytes());
    }
    file.extend_from_slice(&salt);
    file.extend_from_slice(&derived.check);
    let header = file.clone();
    file.extend_from_slice(content);
    let body = file.split_at_mut(header.len()).1;
    let cipher = Cipher::new(Implementation::FASTEST, &derived.cipher);
    match cipher.seal_in_place(&NONCE, &header, body) {
        Ok(tag) => file.extend_from_slice(&tag),
        Err(_) => {
            file.zeroize();
            return Err(SealFileError::TooLong { length });
        }
    }
    Ok(file)
}

/// The content of a sealed file.
///
/// # Errors
/// [`OpenFileError`].
pub fn open(file: &[u8], lock: &Lock) -> Result<Zeroizing<Vec<u8>>, OpenFileError> {
    if !file.starts_with(&MAGIC) {
        let begins = !file.is_empty() && MAGIC.starts_with(file);
        return Err(match begins {
            true => OpenFileError::Cut,
            false => OpenFileError::Foreign,
        });
    }
    if file.len() > MAX_LENGTH {
        return Err(OpenFileError::TooLong);
    }
    let header = Header::read(file).ok_or(OpenFileError::Cut)?;
    header.check(lock)?;
    let derived = lock
        .derive(header.cost, &header.salt)
        .ok_or(OpenFileError::Cost)?;
    if !bool::from(derived.check.ct_eq(&header.check)) {
        return Err(OpenFileError::WrongKey);
    }
    let (header, rest) = file
        .split_at_checked(HEADER_LENGTH)
        .ok_or(OpenFileError::Cut)?;
    let (body, tag) = rest.split_last_chunk().ok_or(OpenFileError::Cut)?;
    let mut content = Zeroizing::new(body.to_vec());
    Cipher::new(Implementation::FASTEST, &derived.cipher)
        .open_in_place(&NONCE, header, &mut content, tag)
        .map_err(|_| OpenFileError::Altered)?;
    Ok(content)
}

struct Header {
    version: u16,
    lock: u8,
    cost: Cost,
    salt: [u8; 32],
    check: [u8; 32],
}

impl Header {
    fn read(file: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(file);
        reader.array::<8>("magic").ok()?;
        let version = reader.u16("version").ok()?;
        if version > VERSION {
            // What follows may have another form.
            return Some(Self {
                version,
                lock: 0,
                cost: Cost::NONE,
                salt: [0; 32],
                check: [0; 32],
            });
        }
        let [lock] = reader.array("lock").ok()?;
        let mut number = || reader.array("cost").ok().map(u32::from_be_bytes);
        let (memory_kib, passes, lanes) = (number()?, number()?, number()?);
        Some(Self {
            version,
            lock,
            cost: Cost {
                memory_kib,
                passes,
                lanes,
            },
            salt: reader.array("salt").ok()?,
            check: reader.array("check").ok()?,
        })
    }

    fn check(&self, lock: &Lock) -> Result<(), OpenFileError> {
        const NAMES: [&str; 3] = ["", "passphrase", "key"];
        if self.version != VERSION {
            return Err(match self.version {
                0 => OpenFileError::Foreign,
                version => OpenFileError::Newer { version },
            });
        }
        let name = |kind: u8| NAMES.get(usize::from(kind)).copied().unwrap_or_default();
        match (name(self.lock), name(lock.kind())) {
            ("", _) => return Err(OpenFileError::Foreign),
            (wants, given) if wants != given => {
                return Err(OpenFileError::OtherLock { wants, given });
            }
            _ => {}
        }
        let free = self.cost == Cost::NONE;
        match self.cost.is_bearable() && free == matches!(lock, Lock::Key(_)) {
            true => Ok(()),
            false => Err(OpenFileError::Cost),
        }
    }
}

#[cfg(test)]
#[path = "sealed_file_tests.rs"]
mod tests;
