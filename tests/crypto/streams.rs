//! Messages that are sealed in place or as a stream, and read from where they are kept.

use std::io::{self, Read};
use std::num::NonZeroU32;

use bytes::BytesMut;
use keychai::base::Entropy;
use keychai::crypto::OpenError;
use keychai::crypto::message::{self, Framed, Opened, Sealing, Source, Work};

use crate::samples::{context, data_key, encrypted_data_key, plaintext, sealed};

/// Lengths round the boundaries of frames, with their frame length.
const SIZES: [(usize, u32); 15] = [
    (0, 4),
    (1, 4),
    (3, 4),
    (4, 4),
    (5, 4),
    (8, 4),
    (9, 4),
    (100, 7),
    (65_535, 65_536),
    (65_536, 65_536),
    (65_537, 65_536),
    (131_072, 65_536),
    (131_073, 65_536),
    (200_000, 65_536),
    (1_000, 7),
];

fn length_of(frame: u32) -> NonZeroU32 {
    NonZeroU32::new(frame).unwrap()
}

fn in_place(length: usize, frame: u32, workers: usize, seen: &mut Vec<u8>) -> Framed {
    message::seal_in_place(
        BytesMut::from(plaintext(length).as_slice()),
        &data_key(1),
        &[encrypted_data_key()],
        &context(),
        Work {
            frame_length: length_of(frame),
            workers,
        },
        &mut Entropy::simulated(1),
        &mut |part| seen.extend_from_slice(part),
    )
    .unwrap()
}

fn stream<R: Read>(reader: R, frame: u32, seed: u64) -> Sealing<R> {
    Sealing::begin(
        reader,
        &data_key(1),
        &[encrypted_data_key()],
        &context(),
        length_of(frame),
        &mut Entropy::simulated(seed),
    )
    .unwrap()
}

/// Reads a few bytes at a time, as a network does.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.0.len()).min(1000);
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

#[test]
fn a_message_is_the_same_however_it_is_sealed() {
    for (length, frame) in SIZES {
        let whole = sealed(length, frame, 1);
        for workers in [1, 2, 3, 64] {
            let mut seen = Vec::new();
            let framed = in_place(length, frame, workers, &mut seen);
            let all = 0..framed.length();
            assert_eq!(
                framed.bytes(all, &mut Vec::new()).unwrap(),
                whole,
                "{length} in {frame}"
            );
            assert_eq!(seen, plaintext(length));
        }
        let (bytes, mut read) = (plaintext(length), Vec::new());
        let mut streamed = stream(Trickle(&bytes), frame, 1);
        streamed.read_to_end(&mut read).unwrap();
        assert_eq!(read, whole, "{length} in {frame}");
        assert_eq!(streamed.plaintext_length(), length as u64);
    }
}

#[test]
fn every_part_of_a_message_in_frames_is_that_of_the_whole() {
    let whole = sealed(30, 7, 1);
    let framed = in_place(30, 7, 1, &mut Vec::new());
    for start in 0..=whole.len() {
        for end in start..=whole.len() {
            let range = start as u64..end as u64;
            assert_eq!(
                framed.bytes(range, &mut Vec::new()).unwrap(),
                &whole[start..end],
                "{start}..{end}"
            );
        }
    }
    let beyond = 0..whole.len() as u64 + 1;
    assert_eq!(
        framed.bytes(beyond, &mut Vec::new()),
        Err(OpenError::Refused)
    );
}

#[test]
fn every_range_reads_the_same_from_memory_from_frames_and_from_two_layers() {
    let (length, frame) = (33, 7);
    let text = plaintext(length);
    let framed = in_place(length, frame, 1, &mut Vec::new());
    let inner = sealed(length, frame, 1);
    let mut outer = Vec::new();
    stream(inner.as_slice(), 11, 2)
        .read_to_end(&mut outer)
        .unwrap();
    let key = data_key(1);
    let one = Opened::new(inner.as_slice(), &key).unwrap();
    let in_frames = Opened::new(&framed, &key).unwrap();
    let outer = Opened::new(outer.as_slice(), &key).unwrap();
    assert_eq!(outer.length(), inner.len() as u64);
    let two = Opened::new(outer, &key).unwrap();
    let lean = Opened::new(inner.as_slice(), &key).unwrap().lean();
    for start in 0..=length {
        for end in start..=length {
            let range = || start as u64..end as u64;
            let want = &text[start..end];
            assert_eq!(&**one.read(range()).unwrap(), want);
            assert_eq!(&**in_frames.read_with(range(), 3).unwrap(), want);
            assert_eq!(&**two.read_with(range(), 2).unwrap(), want);
            let mut copied = Vec::new();
            two.copy_to(range(), &mut copied, 1).unwrap();
            assert_eq!(copied, want);
            let mut copied = Vec::new();
            lean.copy_to(range(), &mut copied, 2).unwrap();
            assert_eq!(copied, want);
            assert_eq!(&**lean.read(range()).unwrap(), want);
        }
    }
    let beyond = 0..length as u64 + 1;
    assert!(matches!(
        in_frames.read_with(beyond, 2),
        Err(OpenError::Range { .. })
    ));
}

#[test]
fn a_stream_hands_out_nothing_of_a_frame_that_was_altered() {
    let (length, frame) = (64, 8);
    let mut message = sealed(length, frame, 1);
    let start = message::Header::parse(&message).unwrap().length();
    // A byte of the payload of the fourth frame.
    message[start + 3 * (8 + 32) + 20] ^= 1;
    let opened = Opened::new(message.as_slice(), &data_key(1)).unwrap();
    let mut copied = Vec::new();
    opened.copy_to(0..64, &mut copied, 1).unwrap_err();
    assert_eq!(copied, plaintext(length)[..24]);
    assert_eq!(opened.read(0..64).unwrap_err(), OpenError::Refused);
    assert_eq!(opened.read_with(0..64, 4).unwrap_err(), OpenError::Refused);
    assert_eq!(&**opened.read(32..64).unwrap(), &plaintext(length)[32..]);
}

/// Gives some bytes and then fails.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the line is cut"));
        }
        let count = self.0.min(buffer.len());
        buffer[..count].fill(1);
        self.0 -= count;
        Ok(count)
    }
}

#[test]
fn what_broke_off_is_no_message() {
    for length in [0, 3, 8, 9, 16, 100] {
        let mut sealing = stream(Broken(length), 8, 1);
        let mut read = Vec::new();
        let error = sealing.read_to_end(&mut read).unwrap_err();
        assert_eq!(error.to_string(), "the line is cut");
        assert!(message::open(&read, &data_key(1)).is_err(), "{length}");
    }
}
