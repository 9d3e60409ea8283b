//! A message in memory, sealed where its plaintext was.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use zeroize::Zeroize as _;

use super::super::aead::{Sealed, TAG_LENGTH, Tag};
use super::super::{DataKey, EncryptionContext};
use super::frame::{Frame, FrameCipher, FrameNumber, FrameNumbers};
use super::header::{EncryptedDataKey, Header};
use super::layout::{Layout, Placement};
use super::source::{Source, within};
use super::{OpenError, SealError};
use crate::base::Entropy;

/// A message in memory whose payloads lie apart from the heads and tags of its
/// frames; the heads follow from the layout.
///
/// Cloning shares the bytes. As a [`Source`] it is the message like any other.
#[derive(Clone)]
pub struct Framed {
    header: Bytes,
    layout: Layout,
    payload: Bytes,
    places: Places,
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

/// Sees the plaintext of a message while it is at hand, in order.
pub trait Witness: Send + Sized {
    /// The next bytes.
    fn see(&mut self, bytes: &[u8]);

    /// A witness of what follows, to be joined later; `None` where all bytes have
    /// to come through one.
    fn follower(&self) -> Option<Self>;

    /// Takes in what `follower` saw after the bytes of this one.
    fn join(&mut self, follower: Self);
}

/// Looks away.
impl Witness for () {
    fn see(&mut self, _bytes: &[u8]) {}

    fn follower(&self) -> Option<Self> {
        Some(())
    }

    fn join(&mut self, (): Self) {}
}

/// Seals `payload` in place under `data_key`; afterwards the plaintext is nowhere.
/// `witness` sees it. Otherwise as [`seal`](super::seal).
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
    witness: &mut impl Witness,
) -> Result<Framed, SealError> {
    let frame_length = work.frame_length;
    let (header, cipher) = Header::begin(data_key, data_keys, context, frame_length, entropy)?;
    let layout =
        Layout::of_plaintext(payload.len() as u64, frame_length).ok_or(SealError::TooManyFrames)?;
    let places = Places::new(payload.len(), work)?;
    let tags = seal_shares(&cipher, &mut payload, places, witness);
    Ok(Framed {
        header: header.into_bytes(),
        layout,
        places,
        tags: tags.inspect_err(|_| payload.zeroize())?.into(),
        payload: payload.freeze(),
    })
}

/// How many frames behind its plaintext a ciphertext is written.
///
/// A frame is read, sealed into the place of an earlier one, and seen by the
/// witness while the processor's cache still has it: memory is read once, and
/// while it is being read the cipher works. With less than a megabyte between
/// what is read and what is written, the two get into each other's way.
const LAG: usize = 16;

/// Where the payloads of the frames lie in the buffer.
///
/// The buffer is cut into shares, one for each thread. In a share of more than
/// [`LAG`] frames, the first [`LAG`] of them lie behind the others.
#[derive(Debug, Clone, Copy)]
struct Places {
    /// The length of the buffer in bytes.
    total: usize,
    /// The length of a frame in bytes.
    frame: usize,
    /// The length of each share but the last in bytes: so many whole frames.
    share: usize,
}

impl Places {
    fn new(total: usize, work: Work) -> Result<Self, SealError> {
        let frame =
            usize::try_from(work.frame_length.get()).map_err(|_| SealError::TooManyFrames)?;
        let frames = total.div_ceil(frame).max(1);
        // A thread is not worth its start for less.
        let shares = work.workers.clamp(1, (frames / LAG).max(1));
        let share = frames.div_ceil(shares).saturating_mul(frame);
        Ok(Self {
            total,
            frame,
            share,
        })
    }

    /// How many bytes lie behind the others in a share of `length` bytes.
    fn lag(self, length: usize) -> usize {
        Some(self.frame.saturating_mul(LAG))
            .filter(|lag| length > *lag)
            .unwrap_or_default()
    }

    /// Where the bytes `range` of the plaintext have their ciphertext, if they are
    /// of one frame.
    fn find(self, range: &Range<u64>) -> Option<Range<usize>> {
        let start = usize::try_from(range.start).ok()?;
        let length = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        let share = start - start % self.share;
        let (within, size) = (
            start - share,
            self.share.min(self.total.checked_sub(share)?),
        );
        let lag = self.lag(size);
        let at = match within < lag {
            true => size - lag + within,
            false => within - lag,
        };
        Some(share + at..share + at + length)
    }
}

/// Some frames that one thread seals.
struct Share<'a, W> {
    payload: &'a mut [u8],
    tags: &'a mut [Tag],
    numbers: Vec<FrameNumber>,
    witness: Option<W>,
}

fn seal_shares<W: Witness>(
    cipher: &FrameCipher,
    payload: &mut [u8],
    places: Places,
    witness: &mut W,
) -> Result<Vec<Tag>, SealError> {
    let count = payload.len().div_ceil(places.frame).max(1);
    let mut tags = vec![[0; TAG_LENGTH]; count];
    let mut numbers = FrameNumbers::default();
    let mut all = Vec::with_capacity(count);
    for _ in 1..count {
        all.push(numbers.regular().ok_or(SealError::TooManyFrames)?);
    }
    all.push(numbers.finish());
    if payload.len() <= places.share {
        return seal_share(cipher, places, payload, &mut tags, all, witness).map(|()| tags);
    }
    let splits = witness.follower().is_some();
    if !splits {
        witness.see(payload);
    }
    let mut all = all.into_iter();
    let shares: Vec<Share<'_, W>> = payload
        .chunks_mut(places.share)
        .zip(tags.chunks_mut(places.share / places.frame))
        .map(|(payload, tags)| Share {
            numbers: all.by_ref().take(tags.len()).collect(),
            payload,
            tags,
            witness: witness.follower(),
        })
        .collect();
    for seen in seal_together(cipher, places, shares)?.into_iter().flatten() {
        witness.join(seen);
    }
    Ok(tags)
}

/// Each share by a thread of its own, the first by this one.
fn seal_together<W: Witness>(
    cipher: &FrameCipher,
    places: Places,
    shares: Vec<Share<'_, W>>,
) -> Result<Vec<Option<W>>, SealError> {
    let mut shares = shares.into_iter();
    let first = shares.next();
    std::thread::scope(|scope| {
        let threads: Vec<_> = shares
            .map(|share| scope.spawn(move || share.seal(cipher, places)))
            .collect();
        let first = first.map(|share| share.seal(cipher, places));
        let others = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(Err(SealError::TooManyFrames)));
        first.into_iter().chain(others).collect()
    })
}

impl<W: Witness> Share<'_, W> {
    fn seal(self, cipher: &FrameCipher, places: Places) -> Result<Option<W>, SealError> {
        let Self {
            payload,
            tags,
            numbers,
            mut witness,
        } = self;
        match &mut witness {
            Some(witness) => seal_share(cipher, places, payload, tags, numbers, witness),
            None => seal_share(cipher, places, payload, tags, numbers, &mut ()),
        }?;
        Ok(witness)
    }
}

/// Seals the frames of one share.
fn seal_share(
    cipher: &FrameCipher,
    places: Places,
    payload: &mut [u8],
    tags: &mut [Tag],
    numbers: Vec<FrameNumber>,
    witness: &mut impl Witness,
) -> Result<(), SealError> {
    let lag = places.lag(payload.len());
    let mut frames = tags.iter_mut().zip(numbers);
    if lag == 0 {
        // `chunks_mut` gives nothing for an empty plaintext, which is one frame.
        let mut rest = payload;
        for (tag, number) in frames {
            let (payload, after) = rest.split_at_mut(places.frame.min(rest.len()));
            witness.see(payload);
            *tag = cipher.seal_headless(number, payload)?;
            rest = after;
        }
        return Ok(());
    }
    let mut first = vec![0; lag];
    let places_of_first = payload
        .chunks(places.frame)
        .zip(first.chunks_mut(places.frame));
    for ((plaintext, output), (tag, number)) in places_of_first.zip(frames.by_ref()) {
        *tag = cipher.seal_headless_into(number, plaintext, output)?;
        witness.see(plaintext);
    }
    for (index, (tag, number)) in frames.enumerate() {
        let (sealed, rest) = payload.split_at_mut(index * places.frame + lag);
        let plaintext = rest.get(..places.frame).unwrap_or(rest);
        let output = sealed
            .get_mut(index * places.frame..)
            .and_then(|output| output.get_mut(..plaintext.len()))
            .ok_or(SealError::TooManyFrames)?;
        *tag = cipher.seal_headless_into(number, plaintext, output)?;
        witness.see(plaintext);
    }
    let rest = payload.len() - lag;
    if let Some(end) = payload.get_mut(rest..) {
        end.copy_from_slice(&first);
    }
    Ok(())
}

impl Framed {
    fn payload_of(&self, placement: &Placement) -> Option<&[u8]> {
        self.payload.get(self.places.find(&placement.plaintext)?)
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
        for piece in [&*head, payload, self.tag_of(placement)?] {
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
