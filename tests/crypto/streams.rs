//! Messages that are sealed in place or as a stream, and read from where they are kept.

use std::io::{self, Read};
use std::num::NonZeroU32;

use bytes::BytesMut;
use keychai::base::Entropy;
use keychai::crypto::OpenError;
use keychai::crypto::message::{self, Framed, Opened, Sealing, Source, Witness, Work};

use crate::samples::{context, data_key, encrypted_data_key, plaintext, sealed};

/// Lengths round the boundaries of frames, with their frame length.
const SIZES: [(usize, u32); 20] = [
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
    (64, 4),
    (65, 4),
    (127, 4),
    (128, 4),
    (1_500_000, 65_536),
];

fn length_of(frame: u32) -> NonZeroU32 {
    NonZeroU32::new(frame).unwrap()
}

/// Keeps what it sees; `alone` is one that nobody can help.
#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    alone: bool,
}

impl Witness for Seen {
    fn see(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn follower(&self) -> Option<Self> {
        (!self.alone).then(Self::default)
    }

    fn join(&mut self, follower: Self) {
        self.bytes.extend(follower.bytes);
    }
}

fn in_place(length: usize, frame: u32, workers: usize, seen: &mut Seen) -> Framed {
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
        seen,
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
        for (workers, alone) in [(1, false), (2, false), (2, true), (3, false), (64, false)] {
            let mut seen = Seen {
                alone,
                ..Seen::default()
            };
            let framed = in_place(length, frame, workers, &mut seen);
            let all = 0..framed.length();
            assert_eq!(
                framed.bytes(all, &mut Vec::new()).unwrap(),
                whole,
                "{length} in {frame}"
            );
            assert_eq!(seen.bytes, plaintext(length));
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
    for (length, workers) in [(30, 1), (130, 1), (250, 2)] {
        let whole = sealed(length, 7, 1);
        let framed = in_place(length, 7, workers, &mut Seen::default());
        for start in 0..=whole.len() {
            for end in (start..=whole.len()).step_by(1 + length / 50) {
                let range = start as u64..end as u64;
                assert_eq!(
                    framed.bytes(range, &mut Vec::new()).unwrap(),
                    &whole[start..end],
                    "{start}..{end} of {length}"
                );
            }
        }
        let beyond = 0..whole.len() as u64 + 1;
        assert_eq!(
            framed.bytes(beyond, &mut Vec::new()),
            Err(OpenError::Refused)
        );
    }
}

#[test]
fn every_range_reads_the_same_from_memory_from_frames_and_from_two_layers() {
    let (length, frame) = (33, 7);
    let text = plaintext(length);
    let framed = in_place(length, frame, 1, &mut Seen::default());
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

/// What opens, of blocks that several threads open, is handed out in order and only
/// up to the first frame that does not.
#[test]
fn threads_hand_out_blocks_in_order() {
    let length = 5 * (1 << 20) + 4321;
    let text = plaintext(length);
    let mut message = sealed(length, 65_536, 1);
    for workers in [1, 2, 3, 7] {
        let opened = Opened::new(message.as_slice(), &data_key(1)).unwrap();
        for range in [0..length, 1..length - 1, 70_000..3_200_000] {
            let mut copied = Vec::new();
            let wanted = range.start as u64..range.end as u64;
            opened.copy_to(wanted, &mut copied, workers).unwrap();
            assert!(copied == text[range], "{workers} workers");
        }
    }
    let start = message::Header::parse(&message).unwrap().length();
    // A byte of the frame in which the fourth megabyte begins.
    message[start + 48 * (65_536 + 32) + 20] ^= 1;
    for workers in [1, 2, 3, 7] {
        let opened = Opened::new(message.as_slice(), &data_key(1)).unwrap();
        let mut copied = Vec::new();
        let copied_to = opened.copy_to(0..length as u64, &mut copied, workers);
        copied_to.unwrap_err();
        assert!(copied == text[..48 * 65_536], "{workers} workers");
    }
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
