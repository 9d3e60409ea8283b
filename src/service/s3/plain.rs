//! The plaintext of a stored object, opened as it is read.

use std::io::{self, Read};
use std::ops::Range;

use zeroize::Zeroizing;

use super::encryption::internal;
use crate::api::ApiError;
use crate::base::Payload;
use crate::crypto::message::{CopyError, Opened};
use crate::state::body::Body;

/// How much a stream opens at a time, in bytes.
const BLOCK: u64 = 1 << 20;

/// A message, in one layer or two, whose data keys are known.
#[derive(Debug)]
pub(super) enum Message {
    /// The body is the message.
    One(Opened<Body>),
    /// The body is a message that holds the message.
    Two(Opened<Opened<Body>>),
}

impl Message {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::One(message) => message.plaintext_length(),
            Self::Two(message) => message.plaintext_length(),
        }
    }

    fn read(&self, range: Range<u64>, workers: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        match self {
            Self::One(message) => message.read_with(range, workers),
            Self::Two(message) => message.read_with(range, workers),
        }
        .map_err(internal)
    }

    fn copy_to(&self, range: Range<u64>, writer: &mut dyn io::Write) -> Result<(), CopyError> {
        match self {
            Self::One(message) => message.copy_to(range, writer),
            Self::Two(message) => message.copy_to(range, writer),
        }
    }
}

/// What a read of an object finds: pieces of its messages, in order.
#[derive(Debug, Default)]
pub(super) struct Plain {
    pieces: Vec<(Message, Range<u64>)>,
}

impl Plain {
    /// Adds the bytes `range` of `message`.
    pub(super) fn push(&mut self, message: Message, range: Range<u64>) {
        self.pieces.push((message, range));
    }

    /// The length in bytes.
    pub(super) fn length(&self) -> u64 {
        self.pieces
            .iter()
            .map(|(_, range)| range.end.saturating_sub(range.start))
            .sum()
    }

    /// All of it, by at most `workers` threads.
    pub(super) fn read(&self, workers: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        if let [(message, range)] = self.pieces.as_slice() {
            return message.read(range.clone(), workers);
        }
        let length = usize::try_from(self.length()).map_err(internal)?;
        // Of its final length at once: growing would leave copies of the plaintext behind.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(length));
        for (message, range) in &self.pieces {
            plaintext.extend_from_slice(&message.read(range.clone(), workers)?);
        }
        Ok(plaintext)
    }

    /// Writes it to `writer`, frame by frame.
    pub(super) fn copy_to(&self, writer: &mut dyn io::Write) -> Result<(), ApiError> {
        for (message, range) in &self.pieces {
            message.copy_to(range.clone(), writer).map_err(internal)?;
        }
        writer.flush().map_err(internal)
    }

    /// The body of another object: a stream where bodies are kept in files.
    pub(super) fn into_payload(self, streams: bool, workers: usize) -> Result<Payload, ApiError> {
        if !streams {
            let mut plaintext = self.read(workers)?;
            return Ok(Payload::from(std::mem::take(&mut *plaintext)));
        }
        Ok(Payload::stream(Stream {
            pieces: self.pieces.into_iter(),
            current: None,
            block: Zeroizing::new(Vec::new()),
            handed: 0,
        }))
    }
}

struct Stream {
    pieces: std::vec::IntoIter<(Message, Range<u64>)>,
    current: Option<(Message, Range<u64>)>,
    block: Zeroizing<Vec<u8>>,
    handed: usize,
}

impl Stream {
    /// Opens the next block; nothing is left if it is empty.
    fn advance(&mut self) -> io::Result<()> {
        self.handed = 0;
        self.block = Zeroizing::new(Vec::new());
        while self.block.is_empty() {
            if self
                .current
                .as_ref()
                .is_none_or(|(_, range)| range.is_empty())
            {
                self.current = self.pieces.next();
            }
            let Some((message, range)) = &mut self.current else {
                return Ok(());
            };
            let end = range.end.min(range.start.saturating_add(BLOCK));
            let opened = message.read(range.start..end, 1);
            self.block = opened.map_err(|error| io::Error::other(error.message))?;
            range.start = end;
        }
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.handed == self.block.len() {
            self.advance()?;
        }
        let rest = self.block.get(self.handed..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.handed += count;
        Ok(count)
    }
}
