//! Reading a message: a range at once, or as a stream.

use std::io;
use std::ops::Range;
use std::sync::mpsc;

use zeroize::Zeroizing;

use super::frame::{Frame, FrameCipher};
use super::layout::{Layout, Placement};
use super::source::{Source, within};
use super::{Header, OpenError};
use crate::crypto::DataKey;

/// How much a worker opens at a time, in bytes.
const BLOCK: u64 = 1 << 20;

/// Each `stride` bytes of `range` the first [`BLOCK`].
fn blocks(range: Range<u64>, stride: u64) -> impl Iterator<Item = Range<u64>> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let block = start..range.end.min(start.saturating_add(BLOCK));
        start = start.saturating_add(stride);
        (!block.is_empty()).then_some(block)
    })
}

/// Why plaintext did not arrive where it was to go.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The message cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The plaintext cannot be written.
    #[error("the plaintext cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// A message whose commitment, header and final frame have been checked.
///
/// The final frame authenticates the length, so that a range can be read by
/// opening only the frames that hold it. No plaintext leaves before the tag of
/// its frame has been checked.
pub struct Opened<S> {
    source: S,
    /// Where the first frame begins.
    start: u64,
    cipher: FrameCipher,
    layout: Layout,
    /// The plaintext of the final frame, unless it was let go.
    last: Option<Zeroizing<Vec<u8>>>,
}

impl<S: Source> Opened<S> {
    /// Checks the message in `source`.
    ///
    /// # Errors
    /// [`OpenError::Refused`], whatever the cause; [`OpenError::Storage`] if
    /// the source cannot be read.
    pub fn new(source: S, data_key: &DataKey) -> Result<Self, OpenError> {
        let header = Header::read(&source)?;
        Self::with_header(source, &header, data_key)
    }

    /// The same for a message whose header has been read.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_header(source: S, header: &Header, data_key: &DataKey) -> Result<Self, OpenError> {
        let cipher = header.authenticate(data_key)?;
        let start = header.length() as u64;
        let layout = source
            .length()
            .checked_sub(start)
            .and_then(|body| Layout::of_body(body, header.frame_length()))
            .ok_or(OpenError::Refused)?;
        let placement = layout.last();
        let mut opened = Self {
            source,
            start,
            cipher,
            layout,
            last: None,
        };
        let mut last = zeros(&placement.plaintext)?;
        opened.open_frame(&placement, &mut Vec::new(), &mut last)?;
        opened.last = Some(last);
        Ok(opened)
    }

    /// The length of the plaintext in bytes.
    pub fn plaintext_length(&self) -> u64 {
        self.layout.plaintext_length()
    }

    /// Bytes `range` of the plaintext.
    ///
    /// # Errors
    /// [`OpenError::Range`] for what is outside it; else as [`new`](Self::new).
    pub fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.check(&range)?;
        let mut output = zeros(&range)?;
        self.fill(&range, &mut output)?;
        Ok(output)
    }

    /// The same by `workers` threads.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_with(
        &self,
        range: Range<u64>,
        workers: usize,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError>
    where
        S: Sync,
    {
        self.check(&range)?;
        let mut output = zeros(&range)?;
        self.fill_with(&range, &mut output, workers)?;
        Ok(output)
    }

    /// Fills `output` with the bytes `range`, which has its length, by `workers` threads.
    fn fill_with(
        &self,
        range: &Range<u64>,
        output: &mut [u8],
        workers: usize,
    ) -> Result<(), OpenError>
    where
        S: Sync,
    {
        let frame = u64::from(self.layout.frame_length().get());
        let frames = (range.end - range.start).div_ceil(frame);
        let share = frames.div_ceil(workers.max(1) as u64).saturating_mul(frame);
        let Some(share) = usize::try_from(share).ok().filter(|s| *s < output.len()) else {
            return self.fill(range, output);
        };
        std::thread::scope(|scope| {
            let mut start = range.start;
            let mut threads = Vec::new();
            for part in output.chunks_mut(share) {
                let range = start..start + part.len() as u64;
                start = range.end;
                threads.push(scope.spawn(move || self.fill(&range, part)));
            }
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().unwrap_or(Err(OpenError::Refused)))
        })
    }

    /// Lets go of the plaintext of the final frame, which is opened again where it is
    /// wanted: many messages that are open at once then take little memory.
    #[must_use]
    pub fn lean(mut self) -> Self {
        self.last = None;
        self
    }

    /// Writes bytes `range` of the plaintext to `writer`: a frame at a time, or, by
    /// several `workers`, a block for each of them.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`CopyError::Write`]; what was written
    /// before is authentic.
    pub fn copy_to(
        &self,
        range: Range<u64>,
        writer: &mut dyn io::Write,
        workers: usize,
    ) -> Result<(), CopyError>
    where
        S: Sync,
    {
        self.check(&range)?;
        let blocks = (range.end - range.start).div_ceil(BLOCK);
        let workers = usize::try_from(blocks).map_or(workers, |blocks| workers.min(blocks));
        if workers > 1 {
            return self.copy_together(&range, writer, workers);
        }
        let length = length_of(&(0..BLOCK.min(range.end - range.start)))?;
        let (mut scratch, mut block) = (Vec::new(), Zeroizing::new(vec![0; length]));
        let mut used = 0;
        let mut buffer = Zeroizing::new(Vec::new());
        for placement in self.layout.frames(&range) {
            let wanted = placement.overlap(&range);
            let count = length_of(&wanted)?;
            let whole = wanted == placement.plaintext;
            if !whole || count > length || matches!(placement.frame, Frame::Final { .. }) {
                let plaintext = self.frame(&placement, &mut scratch, &mut buffer)?;
                let part = part_of(plaintext, &placement, &wanted).ok_or(OpenError::Refused)?;
                writer.write_all(part)?;
                continue;
            }
            // One frame behind the other: a buffer that is used again at once is no
            // faster, for it gets in the way of what is read.
            if used + count > length {
                used = 0;
            }
            let part = block.get_mut(used..used + count);
            let part = part.ok_or(OpenError::Refused)?;
            self.open_frame(&placement, &mut scratch, part)?;
            writer.write_all(part)?;
            used += count;
        }
        Ok(())
    }

    /// Writes bytes `range` in order, while `workers` threads open a block each in turn.
    fn copy_together(
        &self,
        range: &Range<u64>,
        writer: &mut dyn io::Write,
        workers: usize,
    ) -> Result<(), CopyError>
    where
        S: Sync,
    {
        let stride = BLOCK.saturating_mul(workers as u64);
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..workers as u64)
                .map(|worker| {
                    let (opened, take) = mpsc::sync_channel(1);
                    let (back, spent) = mpsc::channel();
                    let first = range.start.saturating_add(BLOCK.saturating_mul(worker));
                    let blocks = blocks(first..range.end, stride);
                    scope.spawn(move || self.open_blocks(blocks, &opened, &spent));
                    (take, back)
                })
                .collect();
            let mut own = Zeroizing::new(Vec::new());
            for block in blocks(range.clone(), stride) {
                self.open_block(&block, &mut own)?;
                writer.write_all(&own)?;
                let mut end = block.end;
                for (take, back) in &others {
                    if end >= range.end {
                        break;
                    }
                    // A thread that is gone has opened all its blocks.
                    let block = take.recv().map_err(|_| OpenError::Refused)??;
                    writer.write_all(&block)?;
                    end = end.saturating_add(BLOCK);
                    drop(back.send(block));
                }
            }
            Ok(())
        })
    }

    /// Opens `blocks` into the buffers that come back; ends early where nobody takes them.
    fn open_blocks(
        &self,
        blocks: impl Iterator<Item = Range<u64>>,
        opened: &mpsc::SyncSender<Result<Zeroizing<Vec<u8>>, OpenError>>,
        spent: &mpsc::Receiver<Zeroizing<Vec<u8>>>,
    ) {
        for block in blocks {
            let mut buffer = spent.try_recv().unwrap_or_default();
            let result = self.open_block(&block, &mut buffer).map(|()| buffer);
            let failed = result.is_err();
            if opened.send(result).is_err() || failed {
                return;
            }
        }
    }

    fn open_block(&self, block: &Range<u64>, buffer: &mut Vec<u8>) -> Result<(), OpenError> {
        buffer.resize(length_of(block)?, 0);
        self.fill(block, buffer)
    }

    fn check(&self, range: &Range<u64>) -> Result<(), OpenError> {
        let length = self.plaintext_length();
        if range.start <= range.end && range.end <= length {
            return Ok(());
        }
        Err(OpenError::Range {
            start: range.start,
            end: range.end,
            length,
        })
    }

    /// Fills `output` with the bytes `range`, which has its length.
    fn fill(&self, range: &Range<u64>, output: &mut [u8]) -> Result<(), OpenError> {
        let (mut scratch, mut buffer) = (Vec::new(), Zeroizing::new(Vec::new()));
        let mut rest = output;
        for placement in self.layout.frames(range) {
            let wanted = placement.overlap(range);
            let count = length_of(&wanted)?;
            let (part, next) = rest.split_at_mut_checked(count).ok_or(OpenError::Refused)?;
            let whole = wanted == placement.plaintext;
            if whole && matches!(placement.frame, Frame::Regular { .. }) {
                self.open_frame(&placement, &mut scratch, part)?;
            } else {
                let plaintext = self.frame(&placement, &mut scratch, &mut buffer)?;
                let wanted = part_of(plaintext, &placement, &wanted).ok_or(OpenError::Refused)?;
                part.copy_from_slice(wanted);
            }
            rest = next;
        }
        Ok(())
    }

    /// The plaintext of one frame.
    fn frame<'a>(
        &'a self,
        placement: &Placement,
        scratch: &mut Vec<u8>,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        if let (Frame::Final { .. }, Some(last)) = (placement.frame, &self.last) {
            return Ok(last);
        }
        buffer.resize(length_of(&placement.plaintext)?, 0);
        self.open_frame(placement, scratch, buffer)?;
        Ok(buffer)
    }

    fn open_frame(
        &self,
        placement: &Placement,
        scratch: &mut Vec<u8>,
        output: &mut [u8],
    ) -> Result<(), OpenError> {
        if let Some(sealed) = self.source.headless(placement) {
            return self.cipher.open_headless(placement.frame, sealed, output);
        }
        let range = self.start + placement.body.start..self.start + placement.body.end;
        let slot = self.source.bytes(range, scratch)?;
        self.cipher.open_into(placement.frame, slot, output)
    }
}

/// A message inside a message: its bytes are the plaintext of the outer one.
impl<S: Source> Source for Opened<S> {
    fn length(&self) -> u64 {
        self.plaintext_length()
    }

    fn bytes<'a>(
        &'a self,
        range: Range<u64>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        self.check(&range).map_err(|_| OpenError::Refused)?;
        scratch.resize(length_of(&range)?, 0);
        self.fill(&range, scratch)?;
        Ok(scratch)
    }
}

impl<S> std::fmt::Debug for Opened<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

/// The bytes `wanted` of the frame at `placement`, whose plaintext is at hand.
fn part_of<'a>(
    plaintext: &'a [u8],
    placement: &Placement,
    wanted: &Range<u64>,
) -> Option<&'a [u8]> {
    let start = placement.plaintext.start;
    within(plaintext, &(wanted.start - start..wanted.end - start))
}

fn length_of(range: &Range<u64>) -> Result<usize, OpenError> {
    range
        .end
        .checked_sub(range.start)
        .and_then(|length| usize::try_from(length).ok())
        .ok_or(OpenError::Refused)
}

fn zeros(range: &Range<u64>) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    Ok(Zeroizing::new(vec![0; length_of(range)?]))
}
