//! The plaintext of a stored object, opened as it is read.

use std::io::{self, Cursor, Read};
use std::ops::Range;

use zeroize::Zeroizing;

use super::encryption::internal;
use super::error;
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

    fn copy_to(
        &self,
        range: Range<u64>,
        writer: &mut dyn io::Write,
        workers: usize,
    ) -> Result<(), CopyError> {
        match self {
            Self::One(message) => message.copy_to(range, writer, workers),
            Self::Two(message) => message.copy_to(range, writer, workers),
        }
    }

    /// Takes little memory while it waits for its turn.
    pub(super) fn lean(self) -> Self {
        match self {
            Self::One(message) => Self::One(message.lean()),
            Self::Two(message) => Self::Two(message.lean()),
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

    /// Writes it to `writer` as it is opened, by at most `workers` threads.
    pub(super) fn copy_to(
        &self,
        writer: &mut dyn io::Write,
        workers: usize,
    ) -> Result<(), ApiError> {
        for (message, range) in &self.pieces {
            let copied = message.copy_to(range.clone(), writer, workers);
            copied.map_err(|error| match error {
                CopyError::Open(error) => internal(error),
                CopyError::Write(error) => not_taken(&error),
            })?;
        }
        writer.flush().map_err(|error| not_taken(&error))
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
            block: Cursor::default(),
        }))
    }
}

/// The caller does not take the body: nothing is wrong with the object.
fn not_taken(cause: &io::Error) -> ApiError {
    let text = "Your socket connection to the server was not read from or written to within the \
                timeout period.";
    error("RequestTimeout", 400, text)
        .with_detail(format!("The body could not be handed over: {cause}."))
}

struct Stream {
    pieces: std::vec::IntoIter<(Message, Range<u64>)>,
    current: Option<(Message, Range<u64>)>,
    block: Cursor<Zeroizing<Vec<u8>>>,
}

impl Stream {
    /// Opens the next block; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        while self
            .current
            .as_ref()
            .is_none_or(|(_, range)| range.is_empty())
        {
            self.current = self.pieces.next();
            if self.current.is_none() {
                return Ok(false);
            }
        }
        let Some((message, range)) = &mut self.current else {
            return Ok(false);
        };
        let end = range.end.min(range.start.saturating_add(BLOCK));
        let opened = message.read(range.start..end, 1);
        self.block = Cursor::new(opened.map_err(io::Error::other)?);
        range.start = end;
        Ok(true)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.block.read(buffer)? {
            0 if !buffer.is_empty() && self.advance()? => self.block.read(buffer),
            count => Ok(count),
        }
    }
}
