//! The ciphertext blob: what opens it, and what does not.

use keychai::base::{Entropy, KeyId, KeyMaterialId};
use keychai::crypto::{
    BackingKey, BlobError, BlobSealError, CiphertextBlob, EncryptionContext, InvalidCiphertext,
    ciphertext_blob,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::samples::{backing_key, context, key_id, plaintext};

fn blob(plaintext: &[u8]) -> Vec<u8> {
    let mut entropy = Entropy::simulated(77);
    ciphertext_blob::seal(
        &backing_key(1),
        &key_id(),
        &context(),
        plaintext,
        &mut entropy,
    )
    .unwrap()
}

fn open(blob: &[u8]) -> Result<Vec<u8>, InvalidCiphertext> {
    let parsed = CiphertextBlob::parse(blob).map_err(|_| InvalidCiphertext)?;
    parsed
        .open(&backing_key(1), &context())
        .map(|plaintext| plaintext.to_vec())
}

#[test]
fn a_blob_names_its_key_and_opens() {
    for length in [1, 16, 32, 4096] {
        let sealed = blob(&plaintext(length));
        assert_eq!(sealed.len(), length + 94);
        assert!(sealed.len() <= ciphertext_blob::MAX_LENGTH);
        let parsed = CiphertextBlob::parse(&sealed).unwrap();
        assert_eq!(parsed.key_id(), &key_id());
        assert_eq!(parsed.key_material_id(), backing_key(1).id());
        assert_eq!(open(&sealed).unwrap(), plaintext(length));
    }
}

#[test]
fn plaintexts_of_no_or_too_many_bytes_are_refused() {
    for length in [0, 4097] {
        let sealed = ciphertext_blob::seal(
            &backing_key(1),
            &key_id(),
            &context(),
            &plaintext(length),
            &mut Entropy::simulated(1),
        );
        assert_eq!(sealed, Err(BlobSealError::PlaintextLength { length }));
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let sealed = blob(b"a data key");
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&altered), Err(InvalidCiphertext), "bit {bit}");
    }
    assert_eq!(open(&sealed).unwrap(), b"a data key");
}

#[test]
fn every_cut_and_every_extension_is_refused() {
    let sealed = blob(b"a data key");
    for end in 0..sealed.len() {
        assert_eq!(open(&sealed[..end]), Err(InvalidCiphertext), "cut to {end}");
    }
    for extra in [1, 16, 94] {
        assert_eq!(
            open(&[sealed.as_slice(), &vec![0; extra]].concat()),
            Err(InvalidCiphertext)
        );
    }
    assert_eq!(
        CiphertextBlob::parse(&blob(&plaintext(4096)).repeat(2)).unwrap_err(),
        BlobError::TooLong {
            length: 2 * (4096 + 94) - 94
        }
    );
}

#[test]
fn halves_of_two_blobs_do_not_open() {
    let mut entropy = Entropy::simulated(3);
    let mut make = || {
        ciphertext_blob::seal(
            &backing_key(1),
            &key_id(),
            &context(),
            b"0123456789",
            &mut entropy,
        )
        .unwrap()
    };
    let (a, b) = (make(), make());
    assert_ne!(a, b, "salt and nonce are fresh each time");
    for at in 51..a.len() {
        if a[..at] != b[..at] && a[at..] != b[at..] {
            assert_eq!(
                open(&[&a[..at], &b[at..]].concat()),
                Err(InvalidCiphertext),
                "at {at}"
            );
        }
    }
}

#[test]
fn another_context_is_refused() {
    let sealed = blob(b"secret");
    let parsed = CiphertextBlob::parse(&sealed).unwrap();
    let mut longer = context();
    longer.insert("extra", "pair");
    let mut other_case = context();
    other_case.insert("team", "Pay");
    for wrong in [EncryptionContext::default(), longer, other_case] {
        assert_eq!(
            parsed.open(&backing_key(1), &wrong).unwrap_err(),
            InvalidCiphertext
        );
    }
    let mut reordered = EncryptionContext::default();
    reordered.insert("team", "pay");
    reordered.insert("aws:s3:arn", "arn:aws:s3:::payroll-data/q1.csv");
    assert_eq!(
        parsed.open(&backing_key(1), &reordered).unwrap().as_slice(),
        b"secret"
    );
}

#[test]
fn another_backing_key_is_refused_even_under_the_same_id() {
    let sealed = blob(b"secret");
    let parsed = CiphertextBlob::parse(&sealed).unwrap();
    let id = backing_key(1).id().clone();
    let impostor = BackingKey::from_material(&Zeroizing::new([9; 32]), id);
    for wrong in [backing_key(2), impostor] {
        assert_eq!(
            parsed.open(&wrong, &context()).unwrap_err(),
            InvalidCiphertext
        );
    }
}

#[test]
fn the_same_material_under_another_key_id_is_refused() {
    let material = Zeroizing::new([5; 32]);
    let id = KeyMaterialId::parse(&"0f".repeat(32)).unwrap();
    let key = BackingKey::from_material(&material, id);
    let multi_region = KeyId::parse("mrk-1234abcd12ab34cd56ef1234567890ab").unwrap();
    let seal = |key_id: &KeyId| {
        ciphertext_blob::seal(
            &key,
            key_id,
            &context(),
            b"secret",
            &mut Entropy::simulated(4),
        )
        .unwrap()
    };
    let (single, multi) = (seal(&key_id()), seal(&multi_region));
    assert_eq!(
        CiphertextBlob::parse(&multi).unwrap().key_id(),
        &multi_region
    );
    // The two key ids have the same digits, so byte 1 alone tells them apart.
    let relabelled = [&single[..1], &multi[1..2], &single[2..]].concat();
    let parsed = CiphertextBlob::parse(&relabelled).unwrap();
    assert_eq!(parsed.key_id(), &multi_region);
    assert_eq!(
        parsed.open(&key, &context()).unwrap_err(),
        InvalidCiphertext
    );
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(
        plaintext in prop::collection::vec(any::<u8>(), 1..200),
        pairs in prop::collection::btree_map(".{0,8}", ".{0,8}", 0..4),
        seed: u64,
    ) {
        let (key, context) = (backing_key(seed), pairs.into_iter().collect::<EncryptionContext>());
        let mut entropy = Entropy::simulated(seed);
        let id = KeyId::fresh_multi_region(&mut entropy);
        let sealed = ciphertext_blob::seal(&key, &id, &context, &plaintext, &mut entropy).unwrap();
        let parsed = CiphertextBlob::parse(&sealed).unwrap();
        prop_assert_eq!(parsed.key_id(), &id);
        prop_assert_eq!(&**parsed.open(&key, &context).unwrap(), &plaintext);
    }
}
