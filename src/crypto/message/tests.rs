//! A writer and a reader that hold one frame at a time, and what whole
//! messages cannot show.

use std::num::NonZeroU32;

use zeroize::Zeroizing;

use super::super::aead::{Cipher, Implementation};
use super::*;

const FRAME: NonZeroU32 = NonZeroU32::new(8).unwrap();

fn data_key() -> DataKey {
    DataKey::from_bytes(Zeroizing::new(vec![3; 32])).unwrap()
}

fn data_keys() -> [EncryptedDataKey; 1] {
    [EncryptedDataKey {
        provider_id: "lab".to_owned(),
        provider_info: b"k".to_vec(),
        ciphertext: vec![1, 2, 3],
    }]
}

fn begin() -> (Header, FrameCipher) {
    let context = EncryptionContext::from([("a", "b")]);
    let mut entropy = Entropy::simulated(11);
    Header::begin(&data_key(), &data_keys(), &context, FRAME, &mut entropy).unwrap()
}

fn slot(frame: Frame, payload: &[u8]) -> Vec<u8> {
    [&vec![0; frame.head_length()], payload, &[0; 16]].concat()
}

/// Holds one chunk back, so as to know which frame is the final one.
fn stream(chunks: &[&[u8]]) -> Vec<u8> {
    let (header, cipher) = begin();
    let (last, regular) = chunks.split_last().unwrap();
    let mut message = header.as_bytes().to_vec();
    let mut numbers = FrameNumbers::default();
    for chunk in regular {
        let number = numbers.regular().unwrap();
        let mut buffer = slot(number.frame(), chunk);
        cipher.seal(number, &mut buffer).unwrap();
        message.extend_from_slice(&buffer);
    }
    let number = numbers.finish();
    let mut buffer = slot(number.frame(), last);
    cipher.seal(number, &mut buffer).unwrap();
    message.extend_from_slice(&buffer);
    message
}

#[test]
fn a_streaming_writer_gives_the_bytes_of_a_whole_sealing() {
    let (plaintext, context) = (
        b"01234567abcdefghxyz",
        EncryptionContext::from([("a", "b")]),
    );
    let mut entropy = Entropy::simulated(11);
    let whole = seal(
        plaintext,
        &data_key(),
        &data_keys(),
        &context,
        FRAME.get(),
        &mut entropy,
    )
    .unwrap();
    assert_eq!(stream(&[b"01234567", b"abcdefgh", b"xyz"]), whole);
}

#[test]
fn a_streaming_reader_needs_header_offsets_and_one_buffer() {
    let mut message = stream(&[b"01234567", b"abcdefgh", b""]);
    let header = Header::parse(&message).unwrap();
    let cipher = header.authenticate(&data_key()).unwrap();
    let body = &mut message[header.length()..];
    let layout = Layout::of_body(body.len() as u64, header.frame_length()).unwrap();
    let mut plaintext = Vec::new();
    for placement in layout
        .frames(&(0..layout.plaintext_length()))
        .chain([layout.last()])
    {
        let slot = &mut body[placement.body.start as usize..placement.body.end as usize];
        plaintext.extend_from_slice(cipher.open(placement.frame, slot).unwrap());
    }
    assert_eq!(plaintext, b"01234567abcdefgh");
}

#[test]
fn an_empty_final_frame_opens_too() {
    let message = stream(&[b"01234567", b""]);
    assert_eq!(**open(&message, &data_key()).unwrap(), *b"01234567");
    assert_eq!(**open_range(&message, &data_key(), 7..8).unwrap(), *b"7");
}

#[test]
fn a_final_frame_is_laid_out_as_the_format_says() {
    let message = stream(&[b"xyz"]);
    let body = &message[begin().0.length()..];
    let head = b"\xff\xff\xff\xff\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x03";
    assert_eq!(body[..24], *head);
    assert_eq!(body.len(), 24 + 3 + 16);
}

#[test]
fn a_refused_frame_leaves_zeros() {
    let (_, cipher) = begin();
    let mut numbers = FrameNumbers::default();
    let mut buffer = slot(Frame::Regular { sequence: 1 }, b"01234567");
    cipher
        .seal(numbers.regular().unwrap(), &mut buffer)
        .unwrap();
    let sealed = buffer.clone();
    let frames = [
        Frame::Regular { sequence: 2 },
        Frame::Regular { sequence: 0 },
        Frame::Final { sequence: 1 },
    ];
    for frame in frames {
        buffer.copy_from_slice(&sealed);
        assert_eq!(cipher.open(frame, &mut buffer), Err(OpenError::Refused));
        assert!(buffer.iter().all(|byte| *byte == 0), "{frame:?}");
    }
    buffer.copy_from_slice(&sealed);
    assert_eq!(
        cipher
            .open(Frame::Regular { sequence: 1 }, &mut buffer)
            .unwrap(),
        b"01234567"
    );
}

#[test]
fn payloads_of_another_length_than_the_frame_are_not_sealed() {
    let (_, cipher) = begin();
    for payload in [7, 9] {
        let number = FrameNumbers::default().regular().unwrap();
        let mut buffer = slot(number.frame(), &vec![0; payload]);
        let length = buffer.len();
        assert_eq!(
            cipher.seal(number, &mut buffer),
            Err(SealError::FrameBuffer {
                length,
                overhead: 32
            })
        );
    }
    let mut buffer = slot(Frame::Final { sequence: 1 }, &[0; 9]);
    assert!(
        cipher
            .seal(FrameNumbers::default().finish(), &mut buffer)
            .is_err()
    );
    assert!(
        cipher
            .seal(FrameNumbers::default().finish(), &mut buffer[..39])
            .is_err()
    );
    let mut buffer = [0; 48];
    assert!(
        cipher
            .seal_into(FrameNumbers::default().finish(), b"seven..", &mut buffer)
            .is_err()
    );
    assert!(
        cipher
            .seal_into(FrameNumbers::default().finish(), b"eight...", &mut buffer)
            .is_ok()
    );
}

/// A header whose tag is right and whose commitment is not: what a second data
/// key that opens the frames would look like.
#[test]
fn a_wrong_commitment_under_a_right_tag_is_refused() {
    let (header, _) = begin();
    let keys = keys::derive(&data_key(), header.message_id()).unwrap();
    let cipher = Cipher::new(Implementation::AesGcm, &keys.message);
    let resign = |change: fn(&mut [u8])| {
        let mut bytes = header.as_bytes()[..header.length() - 16].to_vec();
        change(&mut bytes);
        let tag = cipher.seal_in_place(&[0; 12], &bytes, &mut []).unwrap();
        Header::parse(&[bytes.as_slice(), &tag].concat()).unwrap()
    };
    assert!(resign(|_| ()).authenticate(&data_key()).is_ok());
    let forged = resign(|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert_eq!(
        forged.authenticate(&data_key()).unwrap_err(),
        OpenError::Refused
    );
}

#[test]
fn debug_shows_no_key() {
    let (_, cipher) = begin();
    assert_eq!(format!("{cipher:?}"), "FrameCipher { frame_length: 8, .. }");
}
