//! Any bytes at all: the parsers answer, and neither panic nor believe a length.

use keychai::base::Entropy;
use keychai::crypto::message::{self, Header, HeaderError};
use keychai::crypto::{CiphertextBlob, Truncated, ciphertext_blob};
use proptest::prelude::*;

use crate::samples::{backing_key, context, data_key, key_id, plaintext, sealed};

fn feed(bytes: &[u8]) {
    if let Ok(blob) = CiphertextBlob::parse(bytes) {
        assert!(blob.open(&backing_key(1), &context()).is_err());
    }
    let _ = message::plaintext_length(bytes);
    assert!(message::open(bytes, &data_key(1)).is_err());
    // A range may be sound where a frame that it does not need is not.
    if let Ok(first) = message::open_range(bytes, &data_key(1), 0..1) {
        assert_eq!(**first, plaintext(1));
    }
    if let Ok(header) = Header::parse(bytes) {
        assert_eq!(header.as_bytes(), &bytes[..header.length()]);
        let held: usize = header
            .encrypted_data_keys()
            .iter()
            .map(|key| key.provider_id.len() + key.provider_info.len() + key.ciphertext.len())
            .sum();
        assert!(held < bytes.len());
    }
}

/// Version, suite and message id, then `rest`.
fn message(rest: &[u8]) -> Vec<u8> {
    [&[2, 4, 0x78], [7; 32].as_slice(), rest].concat()
}

#[test]
fn claims_beyond_the_input_are_cut_headers() {
    let field = |rest: &[u8]| match Header::parse(&message(rest)).unwrap_err() {
        HeaderError::Truncated(Truncated { field, length }) => {
            assert_eq!(length, 35 + rest.len());
            field
        }
        other => panic!("{other}"),
    };
    assert_eq!(field(&[0xff, 0xff]), "encryption context");
    assert_eq!(field(&[0, 0, 0xff, 0xff]), "provider id");
    assert_eq!(
        field(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]),
        "provider information"
    );
    assert_eq!(
        field(&[0, 0, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff]),
        "encrypted data key"
    );
    assert_eq!(
        field(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0]),
        "frame length"
    );
}

#[test]
fn headers_of_other_formats_say_what_they_are() {
    let error = |bytes: &[u8]| Header::parse(bytes).unwrap_err();
    assert_eq!(error(&[1, 0x80]), HeaderError::Version { version: 1 });
    assert_eq!(
        error(&[2, 0x05, 0x78]),
        HeaderError::Suite { suite: 0x0578 }
    );
    assert_eq!(
        error(&[2, 0x05, 0x78]).to_string(),
        "the message uses suite 0x0578; only 0x0478 is supported"
    );
    assert_eq!(
        error(&message(&[0, 0, 0, 0])),
        HeaderError::NoEncryptedDataKeys
    );
    let rest = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let framing = |kind, length: u32| [&rest, &[kind][..], &length.to_be_bytes()].concat();
    assert_eq!(
        error(&message(&framing(1, 0))),
        HeaderError::ContentType { content_type: 1 }
    );
    assert_eq!(error(&message(&framing(2, 0))), HeaderError::FrameLength);
    assert_eq!(
        error(&message(&[0, 0, 0, 1, 0, 1, 0xff, 0, 0, 0, 0])),
        HeaderError::ProviderId { index: 0 }
    );
}

#[test]
fn the_longest_frame_length_costs_a_short_message_nothing() {
    let sealed = sealed(5, u32::MAX, 1);
    assert!(sealed.len() < 400);
    assert_eq!(
        **message::open(&sealed, &data_key(1)).unwrap(),
        plaintext(5)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        feed(&bytes);
        feed(&[&[1, 0], bytes.as_slice()].concat());
        feed(&message(&bytes));
        feed(&message(&[&[0, 0], bytes.as_slice()].concat()));
    }

    #[test]
    fn mutated_bytes(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..5),
        cut in 0usize..30,
        length in 0usize..40,
    ) {
        let mut entropy = Entropy::simulated(2);
        let key = backing_key(1);
        let blob =
            ciphertext_blob::seal(&key, &key_id(), &context(), b"secret", &mut entropy).unwrap();
        for original in [blob, sealed(length, 8, 3)] {
            let mut bytes = original.clone();
            for (at, mask) in &edits {
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
            }
            bytes.truncate(bytes.len() - cut);
            if bytes != original {
                feed(&bytes);
            }
        }
    }
}
