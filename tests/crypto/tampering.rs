//! Altered messages: flips, cuts, swaps and splices of every part.

use keychai::base::Entropy;
use keychai::crypto::OpenError;
use keychai::crypto::message::{self, Header};

use crate::samples::{data_key, plaintext, sealed};

const FRAME: usize = 4;
/// What three frames hold: 4 + 4 + 2.
const LENGTH: usize = 10;

fn refused(message: &[u8], what: &str) {
    let opened = message::open(message, &data_key(1));
    assert_eq!(opened.unwrap_err(), OpenError::Refused, "{what}");
}

/// Header, two regular frames and the final one.
fn parts(message: &[u8]) -> [&[u8]; 4] {
    let header = Header::parse(message).unwrap().length();
    let cut = [header, header + FRAME + 32, header + 2 * (FRAME + 32)];
    [
        &message[..cut[0]],
        &message[cut[0]..cut[1]],
        &message[cut[1]..cut[2]],
        &message[cut[2]..],
    ]
}

#[test]
fn every_flipped_bit_is_refused() {
    let message = sealed(LENGTH, FRAME as u32, 1);
    for bit in 0..message.len() * 8 {
        let mut altered = message.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        refused(&altered, &format!("bit {bit}"));
    }
    assert_eq!(
        **message::open(&message, &data_key(1)).unwrap(),
        plaintext(LENGTH)
    );
}

#[test]
fn every_cut_and_every_extension_is_refused() {
    for length in [0, FRAME, LENGTH] {
        let message = sealed(length, FRAME as u32, 1);
        for end in 0..message.len() {
            refused(&message[..end], &format!("cut to {end}"));
            refused(
                &message[message.len() - end..],
                &format!("the last {end} bytes"),
            );
        }
        for extra in 1..80 {
            refused(
                &[message.as_slice(), &vec![0; extra]].concat(),
                &format!("{extra} more"),
            );
        }
    }
}

#[test]
fn no_other_arrangement_of_the_frames_of_one_message_opens() {
    let message = sealed(LENGTH, FRAME as u32, 1);
    let [header, a, b, end] = parts(&message);
    assert_eq!([header, a, b, end].concat(), message);
    let arrangements: [&[&[u8]]; 10] = [
        &[b, a, end],
        &[a, end],
        &[b, end],
        &[end],
        &[a, a, end],
        &[b, b, end],
        &[a, b, b, end],
        &[a, b],
        &[a, b, end, end],
        &[end, a, b],
    ];
    for arrangement in arrangements {
        refused(
            &[header, &arrangement.concat()].concat(),
            &format!("{arrangement:?}"),
        );
    }
}

#[test]
fn frames_and_headers_of_two_messages_do_not_mix() {
    let (left, right) = (
        sealed(LENGTH, FRAME as u32, 1),
        sealed(LENGTH, FRAME as u32, 2),
    );
    let (left, right) = (parts(&left), parts(&right));
    for choice in 1..15u8 {
        let mixed: Vec<&[u8]> = (0..4)
            .map(|part| {
                if choice >> part & 1 == 0 {
                    left[part]
                } else {
                    right[part]
                }
            })
            .collect();
        refused(&mixed.concat(), &format!("{choice:04b}"));
    }
}

#[test]
fn frames_of_another_frame_length_do_not_fit() {
    let (narrow, wide) = (sealed(LENGTH, FRAME as u32, 1), sealed(LENGTH, 5, 1));
    let header = Header::parse(&wide).unwrap().length();
    refused(
        &[parts(&narrow)[0], &wide[header..]].concat(),
        "frames of 5 bytes after a header of 4",
    );
}

#[test]
fn a_regular_frame_cannot_pass_for_the_final_one() {
    let message = sealed(2 * FRAME, FRAME as u32, 1);
    let header = Header::parse(&message).unwrap().length();
    let regular = &message[header..header + FRAME + 32];
    let (head, rest) = regular.split_at(16);
    let length = (FRAME as u32).to_be_bytes();
    let disguised = [&[0xff; 4], head, &length, rest].concat();
    refused(
        &[&message[..header], &disguised].concat(),
        "truncation to the first frame",
    );
}

#[test]
fn a_range_read_checks_header_and_final_frame_first() {
    let message = sealed(LENGTH, FRAME as u32, 1);
    let [header, a, b, end] = parts(&message);
    let flip = |part: &[u8], at: usize| {
        let mut part = part.to_vec();
        part[at] ^= 1;
        part
    };
    for at in 0..header.len() {
        let altered = [&flip(header, at), a, b, end].concat();
        assert!(
            message::open_range(&altered, &data_key(1), 0..0).is_err(),
            "header byte {at}"
        );
    }
    for at in 0..end.len() {
        let altered = [header, a, b, &flip(end, at)].concat();
        for range in [0..0, 0..1, 0..10] {
            assert!(
                message::open_range(&altered, &data_key(1), range).is_err(),
                "final byte {at}"
            );
        }
    }
}

#[test]
fn a_range_read_opens_the_frames_it_needs_and_no_other() {
    let message = sealed(LENGTH, FRAME as u32, 1);
    let [header, a, b, end] = parts(&message);
    let mut broken = b.to_vec();
    broken[18] ^= 1;
    let altered = [header, a, &broken, end].concat();
    let read = |range| message::open_range(&altered, &data_key(1), range);
    assert_eq!(**read(0..4).unwrap(), plaintext(LENGTH)[..4]);
    assert_eq!(**read(8..10).unwrap(), plaintext(LENGTH)[8..]);
    for range in [3..5, 4..5, 5..7, 7..9, 0..10] {
        assert_eq!(
            read(range.clone()).unwrap_err(),
            OpenError::Refused,
            "{range:?}"
        );
    }
}

#[test]
fn another_data_key_is_refused() {
    let message = sealed(LENGTH, FRAME as u32, 1);
    let short = keychai::crypto::DataKey::generate(16, &mut Entropy::simulated(1)).unwrap();
    for wrong in [data_key(2), short] {
        assert_eq!(
            message::open(&message, &wrong).unwrap_err(),
            OpenError::Refused
        );
    }
}
