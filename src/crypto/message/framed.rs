//! A message in memory, sealed where its plaintext was.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use super::super::aead::{Sealed, TAG_LENGTH, Tag};
use super::super::{DataKey, EncryptionContext};
use super::frame::{Frame, FrameCipher, FrameNumber, FrameNumbers};
use super::header::{EncryptedDataKey, Header};
use super::layout::{Layout, Placement};
use super::source::{Source, within};
use super::{OpenError, SealError};
use crate::base::Entropy;

/// A message in memory whose payload lies in one piece, apart from the heads
/// and tags of its frames; the heads follow from the layout.
///
/// Cloning shares the bytes. As a [`Source`] it is the message like any other.
#[derive(Clone)]
pub struct Framed {
    header: Bytes,
    layout: Layout,
    payload: Bytes,
    tags: Arc<[Tag]>,
}

/// How a message is sealed in place.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// The frame length in bytes.
    pub frame_length: NonZeroU32,
    /// How many threads may take part.
    pub workers: usize,
}

/// Seals `payload` in place under `data_key`;
/// afterwards the plaintext is nowhere. `seen` is shown the plaintext, in order,
/// while it is at hand. Otherwise as [`seal`](super::seal).
///
/// # Errors
/// As [`seal`](super::seal).
pub fn seal_in_place(
    mut payload: BytesMut,
    data_key: &DataKey,
    data_keys: &[EncryptedDataKey],
    context: &EncryptionContext,
    work: Work,
    entropy: &mut Entropy,
    seen: &mut dyn FnMut(&[u8]),
) -> Result<Framed, SealError> {
    let Work {
        frame_length,
        workers,
    } = work;
    let (header, cipher) = Header::begin(data_key, data_keys, context, frame_length, entropy)?;
    let layout =
        Layout::of_plaintext(payload.len() as u64, frame_length).ok_or(SealError::TooManyFrames)?;
    let length = usize::try_from(frame_length.get()).map_err(|_| SealError::TooManyFrames)?;
    let tags = seal_frames(&cipher, &mut payload, length, workers, seen)?;
    Ok(Framed {
        header: header.into_bytes(),
        layout,
        payload: payload.freeze(),
        tags: tags.into(),
    })
}

/// How many frames a thread takes at a time.
const BATCH: usize = 8;

/// A frame that is still to be sealed.
struct Job<'a> {
    number: FrameNumber,
    payload: &'a mut [u8],
    tag: &'a mut Tag,
}

fn seal_frames(
    cipher: &FrameCipher,
    payload: &mut [u8],
    length: usize,
    workers: usize,
    seen: &mut dyn FnMut(&[u8]),
) -> Result<Vec<Tag>, SealError> {
    let count = payload.len().div_ceil(length).max(1);
    let mut tags = vec![[0; TAG_LENGTH]; count];
    let mut numbers = FrameNumbers::default();
    let mut jobs = Vec::with_capacity(count);
    let mut rest = payload;
    for tag in &mut tags {
        let (number, payload) = match rest.len() > length {
            true => {
                let (payload, after) = rest.split_at_mut(length);
                rest = after;
                (numbers.regular().ok_or(SealError::TooManyFrames)?, payload)
            }
            false => (
                std::mem::take(&mut numbers).finish(),
                std::mem::take(&mut rest),
            ),
        };
        jobs.push(Job {
            number,
            payload,
            tag,
        });
    }
    if workers <= 1 || count <= BATCH {
        for job in jobs {
            seen(job.payload);
            job.run(cipher)?;
        }
        return Ok(tags);
    }
    run_all(cipher, jobs, workers, seen)?;
    Ok(tags)
}

/// Shows the payloads in order and seals those that were shown, on `workers` threads.
fn run_all(
    cipher: &FrameCipher,
    jobs: Vec<Job<'_>>,
    workers: usize,
    seen: &mut dyn FnMut(&[u8]),
) -> Result<(), SealError> {
    let (sender, receiver) = mpsc::sync_channel::<Vec<Job<'_>>>(2 * workers);
    let receiver = Mutex::new(receiver);
    let next = || {
        let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.recv().ok()
    };
    let seal = |batch: Vec<Job<'_>>| batch.into_iter().try_for_each(|job| job.run(cipher));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (1..workers)
            .map(|_| scope.spawn(|| std::iter::from_fn(next).try_for_each(seal)))
            .collect();
        let mut jobs = jobs.into_iter();
        let mut own = Ok(());
        loop {
            let batch: Vec<Job<'_>> = jobs.by_ref().take(BATCH).collect();
            if batch.is_empty() || own.is_err() {
                break;
            }
            batch.iter().for_each(|job| seen(job.payload));
            // Where the others are busy, this thread seals as well.
            own = match sender.try_send(batch) {
                Ok(()) => Ok(()),
                Err(mpsc::TrySendError::Full(batch) | mpsc::TrySendError::Disconnected(batch)) => {
                    seal(batch)
                }
            };
        }
        drop(sender);
        let own = own.and_then(|()| std::iter::from_fn(next).try_for_each(seal));
        let others = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(Err(SealError::TooManyFrames)));
        others.fold(own, Result::and)
    })
}

impl Job<'_> {
    fn run(self, cipher: &FrameCipher) -> Result<(), SealError> {
        *self.tag = cipher.seal_headless(self.number, self.payload)?;
        Ok(())
    }
}

impl Framed {
    fn payload_of(&self, placement: &Placement) -> Option<&[u8]> {
        within(&self.payload, &placement.plaintext)
    }

    fn tag_of(&self, placement: &Placement) -> Option<&Tag> {
        let (Frame::Regular { sequence } | Frame::Final { sequence }) = placement.frame;
        let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.tags.get(index)
    }

    /// Appends the part `wanted` of the frame at `placement`, both counted in the body.
    fn append(
        &self,
        placement: &Placement,
        wanted: &Range<u64>,
        output: &mut Vec<u8>,
    ) -> Option<()> {
        let payload = self.payload_of(placement)?;
        let head = placement.frame.head(u32::try_from(payload.len()).ok()?);
        let mut at = placement.body.start;
        for piece in [head.as_slice(), payload, self.tag_of(placement)?] {
            let end = at + piece.len() as u64;
            let (from, to) = (wanted.start.max(at), wanted.end.min(end));
            if from < to {
                output.extend_from_slice(within(piece, &(from - at..to - at))?);
            }
            at = end;
        }
        Some(())
    }
}

impl Source for Framed {
    fn length(&self) -> u64 {
        self.header.len() as u64 + self.layout.body_length()
    }

    fn bytes<'a>(
        &'a self,
        range: Range<u64>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        let start = self.header.len() as u64;
        if range.start > range.end || range.end > self.length() {
            return Err(OpenError::Refused);
        }
        if range.end <= start {
            return within(&self.header, &range).ok_or(OpenError::Refused);
        }
        scratch.clear();
        let head = range.start.min(start)..start;
        scratch.extend_from_slice(within(&self.header, &head).ok_or(OpenError::Refused)?);
        let wanted = range.start.saturating_sub(start)..range.end - start;
        for placement in self.layout.frames_at(&wanted) {
            self.append(&placement, &wanted, scratch)
                .ok_or(OpenError::Refused)?;
        }
        Ok(scratch)
    }

    fn header(&self) -> Option<&[u8]> {
        Some(&self.header)
    }

    fn headless(&self, placement: &Placement) -> Option<Sealed<'_>> {
        Some(Sealed {
            bytes: self.payload_of(placement)?,
            tag: self.tag_of(placement)?,
        })
    }
}

impl fmt::Debug for Framed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framed")
            .field("header", &self.header)
            .field("layout", &self.layout)
            .field("tags", &self.tags)
            .finish_non_exhaustive()
    }
}
