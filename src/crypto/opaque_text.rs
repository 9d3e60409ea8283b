//! Text that only who has the key can read: the encoded messages of denials.
//!
//! The text is compressed (DEFLATE), sealed with AES-256-GCM under a random
//! nonce, and written in base64url: nonce, ciphertext, tag. At the few messages
//! of a lab random nonces do not meet.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::DataKey;
use super::aead::{Cipher, Implementation, KEY_LENGTH, NONCE_LENGTH, Nonce, TAG_LENGTH, Tag};
use crate::base::Entropy;

/// The length of the text that can be opened, in bytes.
const MOST: u64 = 1 << 20;

/// Seals `text` under `key`, a key of 32 bytes, for `reader` alone; `None` for a
/// key of another length.
pub fn seal(key: &DataKey, reader: &str, text: &str, entropy: &mut Entropy) -> Option<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).ok()?;
    let mut sealed = encoder.finish().ok()?;
    let nonce: Nonce = entropy.bytes();
    let tag = cipher(key)?
        .seal_in_place(&nonce, reader.as_bytes(), &mut sealed)
        .ok()?;
    let parts: [&[u8]; 3] = [&nonce, &sealed, &tag];
    Some(URL_SAFE_NO_PAD.encode(parts.concat()))
}

/// The text in `sealed`; `None` if it was not sealed under `key` for `reader`.
pub fn open(key: &DataKey, reader: &str, sealed: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (nonce, rest) = bytes.split_first_chunk::<NONCE_LENGTH>()?;
    let (body, tag) = rest.split_last_chunk::<TAG_LENGTH>()?;
    let (mut body, tag): (Vec<u8>, &Tag) = (body.to_vec(), tag);
    cipher(key)?
        .open_in_place(nonce, reader.as_bytes(), &mut body, tag)
        .ok()?;
    let mut text = String::new();
    DeflateDecoder::new(body.as_slice())
        .take(MOST)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

fn cipher(key: &DataKey) -> Option<Cipher> {
    let key: &[u8; KEY_LENGTH] = key.as_bytes().try_into().ok()?;
    Some(Cipher::new(Implementation::FASTEST, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_reader_opens_a_text_and_only_unchanged() {
        let mut entropy = Entropy::simulated(1);
        let key = DataKey::generate(32, &mut entropy).unwrap();
        let other = DataKey::generate(32, &mut entropy).unwrap();
        let sealed = seal(&key, "111122223333", "{\"allowed\":false}", &mut entropy).unwrap();
        assert!(!sealed.contains("allowed"));
        let read = |key, reader, text: &str| open(key, reader, text);
        assert_eq!(
            read(&key, "111122223333", &sealed).as_deref(),
            Some("{\"allowed\":false}")
        );
        assert_eq!(read(&other, "111122223333", &sealed), None);
        assert_eq!(read(&key, "444455556666", &sealed), None);
        for changed in [
            &sealed[1..],
            "",
            "AAAA",
            "no base64!",
            &format!("{sealed}AAAA"),
        ] {
            assert_eq!(read(&key, "111122223333", changed), None, "{changed}");
        }
        let again = seal(&key, "111122223333", "{\"allowed\":false}", &mut entropy).unwrap();
        assert_ne!(again, sealed, "each message has a nonce of its own");
    }

    #[test]
    fn a_short_key_seals_nothing() {
        let mut entropy = Entropy::simulated(1);
        let key = DataKey::generate(16, &mut entropy).unwrap();
        assert_eq!(seal(&key, "r", "text", &mut entropy), None);
        assert_eq!(open(&key, "r", "text"), None);
    }
}
