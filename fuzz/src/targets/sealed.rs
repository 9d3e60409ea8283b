//! The formats of floor F1 that hold ciphertext.

use keychai::base::{Entropy, KeyId};
use keychai::crypto::message::{self, Header};
use keychai::crypto::sealed_file::{self, Lock};
use keychai::crypto::{
    BackingKey, CiphertextBlob, DataKey, EncryptedDataKey, EncryptionContext, ciphertext_blob,
};
use keychai::lab::Lab;
use zeroize::Zeroizing;

/// Canonical bytes are the only bytes of their context.
pub fn encryption_context(bytes: &[u8]) {
    if let Ok(context) = EncryptionContext::from_canonical_bytes(bytes) {
        assert_eq!(context.to_canonical_bytes().unwrap(), bytes);
    }
    let lossy = String::from_utf8_lossy(bytes);
    let pairs = lossy.split('\n').filter_map(|line| line.split_once('='));
    let context: EncryptionContext = pairs.collect();
    if let Ok(canonical) = context.to_canonical_bytes() {
        assert_eq!(
            EncryptionContext::from_canonical_bytes(&canonical).unwrap(),
            context
        );
    }
}

/// A blob is read or refused; the bytes as plaintext come back, and only unaltered.
pub fn ciphertext_blob(bytes: &[u8]) {
    let mut entropy = Entropy::simulated(1);
    let key = BackingKey::generate(&mut entropy);
    let context = EncryptionContext::from([("team", "pay")]);
    if let Ok(blob) = CiphertextBlob::parse(bytes) {
        assert!(bytes.len() <= ciphertext_blob::MAX_LENGTH);
        assert!(blob.open(&key, &context).is_err(), "nobody forges a blob");
    }
    let id = KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap();
    let plaintext = bytes
        .get(..ciphertext_blob::MAX_PLAINTEXT_LENGTH)
        .unwrap_or(bytes);
    let Ok(mut sealed) = ciphertext_blob::seal(&key, &id, &context, plaintext, &mut entropy) else {
        assert!(plaintext.is_empty());
        return;
    };
    let blob = CiphertextBlob::parse(&sealed).unwrap();
    assert_eq!(*blob.open(&key, &context).unwrap(), plaintext);
    let at = plaintext.iter().fold(0, |sum: usize, b| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*b))
    }) % sealed.len();
    sealed[at] ^= 1;
    if let Ok(blob) = CiphertextBlob::parse(&sealed) {
        assert!(
            blob.open(&key, &context).is_err(),
            "byte {at} is not authenticated"
        );
    }
}

/// A message is read or refused; the bytes as plaintext come back, whole and in part.
pub fn message(bytes: &[u8]) {
    let data_key = DataKey::from_bytes(Zeroizing::new(vec![7; 32])).unwrap();
    if let Ok(header) = Header::parse(bytes) {
        assert_eq!(header.as_bytes(), &bytes[..header.length()]);
        let _ = message::plaintext_length(bytes);
        let _ = message::open(bytes, &data_key);
        let _ = message::open_range(bytes, &data_key, 1..2);
    }
    let frame_length = bytes.first().map_or(1, |b| u32::from(*b) + 1);
    let encrypted = EncryptedDataKey {
        provider_id: "aws-kms".to_owned(),
        provider_info: Vec::new(),
        ciphertext: vec![9],
    };
    let mut sealed = message::seal(
        bytes,
        &data_key,
        &[encrypted],
        &EncryptionContext::default(),
        frame_length,
        &mut Entropy::simulated(2),
    )
    .unwrap();
    assert_eq!(*message::open(&sealed, &data_key).unwrap(), bytes);
    assert_eq!(
        message::plaintext_length(&sealed).unwrap(),
        bytes.len() as u64
    );
    let (from, to) = (bytes.len() / 3, bytes.len() / 2);
    let part = message::open_range(&sealed, &data_key, from as u64..to as u64).unwrap();
    assert_eq!(*part, &bytes[from..to]);
    let at = bytes.iter().fold(0, |sum: usize, b| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*b))
    });
    let at = at % sealed.len();
    sealed[at] ^= 1;
    assert!(
        message::open(&sealed, &data_key).is_err(),
        "byte {at} is not authenticated"
    );
}

/// The bytes as a file and as the content of one are read or refused; a lab that
/// is read is written and read again.
pub fn lab_file(bytes: &[u8]) {
    let lock = Lock::Key(Zeroizing::new([7; 32]));
    assert!(
        sealed_file::open(bytes, &lock).is_err(),
        "nobody forges a file"
    );
    let mut file = sealed_file::seal(bytes, &lock).unwrap();
    assert_eq!(*sealed_file::open(&file, &lock).unwrap(), bytes);
    if let Ok(mut lab) = Lab::from_sealed(&file, &lock) {
        let again = lab.to_sealed(&lock).unwrap();
        assert!(Lab::from_sealed(&again, &lock).is_ok());
        let _ = lab.advance(1);
    }
    let at = bytes.iter().fold(0, |sum: usize, b| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*b))
    }) % file.len();
    file[at] ^= 1;
    assert!(
        sealed_file::open(&file, &lock).is_err(),
        "byte {at} is not authenticated"
    );
}
