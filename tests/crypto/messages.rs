//! Messages that the lab seals: sizes, ranges, and what cannot be sealed.

use keychai::base::Entropy;
use keychai::crypto::message::{self, Header, OBJECT_FRAME_LENGTH};
use keychai::crypto::{DataKey, EncryptedDataKey, EncryptionContext, OpenError, SealError};
use proptest::prelude::*;

use crate::samples::{context, data_key, encrypted_data_key, plaintext, sealed};

#[test]
fn messages_open_at_every_length_round_a_frame() {
    for length in (0..=3).chain([65_534, 65_535, 65_536, 65_537, 131_072, 131_073]) {
        let message = sealed(length, OBJECT_FRAME_LENGTH, 1);
        let frames = length.div_ceil(65_536).max(1);
        let header = Header::parse(&message).unwrap().length();
        assert_eq!(
            message.len(),
            header + length + (frames - 1) * 32 + 40,
            "{length}"
        );
        assert!(
            **message::open(&message, &data_key(1)).unwrap() == plaintext(length),
            "{length}"
        );
    }
}

#[test]
fn the_header_tells_what_it_was_sealed_with() {
    let message = sealed(10, 4, 1);
    let header = Header::parse(&message).unwrap();
    assert_eq!(header.context(), &context());
    assert_eq!(header.encrypted_data_keys(), [encrypted_data_key()]);
    assert_eq!(header.frame_length().get(), 4);
    assert_eq!(header.as_bytes(), &message[..header.length()]);
    assert_ne!(
        header.message_id(),
        Header::parse(&sealed(10, 4, 2)).unwrap().message_id()
    );
}

#[test]
fn no_plaintext_shows_in_a_message() {
    let message = sealed(1000, 100, 1);
    for window in plaintext(1000).windows(12) {
        assert!(!message.windows(12).any(|part| part == window));
    }
}

#[test]
fn what_the_format_has_no_room_for_is_refused() {
    let seal = |key: &DataKey, keys: &[EncryptedDataKey], context: &EncryptionContext, frame| {
        message::seal(b"x", key, keys, context, frame, &mut Entropy::simulated(1)).unwrap_err()
    };
    let (key, keys) = (data_key(1), [encrypted_data_key()]);
    let short = DataKey::generate(16, &mut Entropy::simulated(1)).unwrap();
    assert_eq!(
        seal(&short, &keys, &context(), 4),
        SealError::DataKeyLength { length: 16 }
    );
    assert_eq!(
        seal(&key, &[], &context(), 4),
        SealError::EncryptedDataKeys { count: 0 }
    );
    assert_eq!(seal(&key, &keys, &context(), 0), SealError::FrameLength);
    let long = EncryptedDataKey {
        ciphertext: vec![0; 65_536],
        ..encrypted_data_key()
    };
    assert_eq!(
        seal(&key, &[long], &context(), 4),
        SealError::FieldTooLong {
            field: "ciphertext",
            length: 65_536
        }
    );
    let wide = EncryptionContext::from([("a", "b".repeat(70_000))]);
    assert!(matches!(seal(&key, &keys, &wide, 4), SealError::Context(_)));
    let many = vec![encrypted_data_key(); 65_536];
    assert_eq!(
        seal(&key, &many, &context(), 4),
        SealError::EncryptedDataKeys { count: 65_536 }
    );
}

#[test]
fn a_range_outside_the_plaintext_is_told_only_of_a_sound_message() {
    let mut message = sealed(10, 4, 1);
    let outside = OpenError::Range {
        start: 5,
        end: 11,
        length: 10,
    };
    assert_eq!(
        message::open_range(&message, &data_key(1), 5..11).unwrap_err(),
        outside
    );
    let reversed = std::ops::Range { start: 6, end: 5 };
    assert!(matches!(
        message::open_range(&message, &data_key(1), reversed),
        Err(OpenError::Range { .. })
    ));
    *message.last_mut().unwrap() ^= 1;
    assert_eq!(
        message::open_range(&message, &data_key(1), 5..11).unwrap_err(),
        OpenError::Refused
    );
}

proptest! {
    #[test]
    fn ranges_are_slices(length in 0usize..400, frame in 1u32..90, a in 0usize..400, b in 0usize..400) {
        let message = sealed(length, frame, 5);
        let (start, end) = (a.min(b).min(length), a.max(b).min(length));
        let part = message::open_range(&message, &data_key(1), start as u64..end as u64).unwrap();
        prop_assert_eq!(&**part, &plaintext(length)[start..end]);
        prop_assert_eq!(message::plaintext_length(&message).unwrap(), length as u64);
    }
}
