//! What the other modules seal, and how they read vector files.

use std::path::{Path, PathBuf};

use keychai::base::{Entropy, KeyId};
use keychai::crypto::{BackingKey, DataKey, EncryptedDataKey, EncryptionContext, message};
use zeroize::Zeroizing;

pub fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(path)
}

pub fn json(path: &str) -> serde_json::Value {
    let path = vectors(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Bytes in which no two frames are alike.
pub fn plaintext(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (index * 31 + index / 251) as u8)
        .collect()
}

pub fn data_key(byte: u8) -> DataKey {
    DataKey::from_bytes(Zeroizing::new(vec![byte; 32])).unwrap()
}

pub fn context() -> EncryptionContext {
    EncryptionContext::from([
        ("aws:s3:arn", "arn:aws:s3:::payroll-data/q1.csv"),
        ("team", "pay"),
    ])
}

pub fn encrypted_data_key() -> EncryptedDataKey {
    EncryptedDataKey {
        provider_id: "aws-kms".to_owned(),
        provider_info: b"arn:aws:kms:us-east-1:111122223333:key/k".to_vec(),
        ciphertext: vec![9; 20],
    }
}

pub fn key_id() -> KeyId {
    KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap()
}

pub fn backing_key(seed: u64) -> BackingKey {
    BackingKey::generate(&mut Entropy::simulated(seed))
}

/// A message of `length` bytes under `data_key(1)`; another seed, another message id.
pub fn sealed(length: usize, frame_length: u32, seed: u64) -> Vec<u8> {
    message::seal(
        &plaintext(length),
        &data_key(1),
        &[encrypted_data_key()],
        &context(),
        frame_length,
        &mut Entropy::simulated(seed),
    )
    .unwrap()
}
