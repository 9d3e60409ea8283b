//! The way of a body into the store: seen by the digests, sealed, kept.

use std::io::{self, Read, Write};
use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::encryption::internal;
use super::error;
use crate::api::{ApiError, Context, Effects};
use crate::base::Payload;
use crate::crypto::checksum::Summing;
use crate::crypto::message::{OBJECT_FRAME_LENGTH, Sealing, Witness, Work, seal_in_place};
use crate::crypto::{ChecksumAlgorithm, DataKey, EncryptedDataKey, EncryptionContext};
use crate::state::body::Body;
use crate::state::folder::Folder;

/// The greatest length of a body that is uploaded at once, in bytes.
///
/// Source: S3 User Guide, "Uploading objects".
const MAX_LENGTH: u64 = 5 << 30;
/// How much of a body is moved at a time, in bytes.
const BLOCK: usize = 128 * 1024;

/// One message that a body becomes, or the body's message becomes again.
pub(super) struct Layer {
    /// What it is sealed under.
    pub(super) data_key: DataKey,
    /// The same, encrypted, as the message carries it.
    pub(super) encrypted: EncryptedDataKey,
    /// The context that the message carries.
    pub(super) context: EncryptionContext,
}

/// What is known of a body once all of it has passed.
#[derive(Default)]
pub(super) struct Digests {
    /// Its length in bytes.
    pub(super) length: u64,
    md5: Option<Md5>,
    sums: Vec<Summing>,
    failure: Option<ApiError>,
}

impl Digests {
    /// The length, and the checksums by these algorithms.
    pub(super) fn of(algorithms: &[ChecksumAlgorithm]) -> Self {
        let sums = algorithms.iter().map(|algorithm| algorithm.begin());
        Self {
            sums: sums.collect(),
            ..Self::default()
        }
    }

    /// The checksum by `algorithm` as well. To be said before the body passes.
    pub(super) fn want(&mut self, algorithm: ChecksumAlgorithm) {
        if self.sums.iter().all(|sum| sum.algorithm() != algorithm) {
            self.sums.push(algorithm.begin());
        }
    }

    /// The MD5 as well. To be said before the body passes.
    pub(super) fn want_md5(&mut self) {
        self.md5.get_or_insert_default();
    }

    /// The checksum by an algorithm that was asked for.
    pub(super) fn sum(&self, algorithm: ChecksumAlgorithm) -> Result<Vec<u8>, ApiError> {
        let mut sums = self.sums.iter();
        let sum = sums.find(|sum| sum.algorithm() == algorithm);
        sum.map(Summing::value)
            .ok_or_else(|| internal("a checksum that was not computed"))
    }

    /// The MD5, where it was asked for.
    pub(super) fn md5(&self) -> Option<[u8; 16]> {
        self.md5.clone().map(|md5| md5.finalize().into())
    }

    fn update(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        self.see(bytes);
        self.check()
    }

    fn check(&self) -> Result<(), ApiError> {
        if self.length <= MAX_LENGTH {
            return Ok(());
        }
        Err(too_large())
    }
}

impl Witness for Digests {
    fn see(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        for sum in &mut self.sums {
            sum.update(bytes);
        }
    }

    fn follower(&self) -> Option<Self> {
        let sums: Option<Vec<Summing>> = self.sums.iter().map(Summing::follower).collect();
        let sums = sums.filter(|_| self.md5.is_none())?;
        Some(Self {
            sums,
            ..Self::default()
        })
    }

    fn join(&mut self, follower: Self) {
        self.length += follower.length;
        for (sum, next) in self.sums.iter_mut().zip(&follower.sums) {
            sum.join(next);
        }
    }
}

/// Seals `body` under `layers`, the inner one first, and keeps it as an object `key` of `bucket`.
///
/// # Errors
/// `EntityTooLarge`, `IncompleteBody` where a stream fails, `InternalError`
/// where the data folder does.
pub(super) fn keep(
    cx: &mut Context<'_>,
    (bucket, key): (&str, &str),
    body: Payload,
    layers: &[Layer],
    digests: &mut Digests,
) -> Result<Body, ApiError> {
    match cx.effects.store.clone() {
        Some(folder) => {
            let place = Place {
                folder: &folder,
                bucket,
                key,
            };
            place.keep(cx.effects, body, layers, digests)
        }
        None => in_memory(cx.effects, body, layers, digests),
    }
}

fn frame_length() -> NonZeroU32 {
    NonZeroU32::new(OBJECT_FRAME_LENGTH).unwrap_or(NonZeroU32::MIN)
}

/// Seals where the plaintext lies, if nothing else refers to it.
fn in_memory(
    effects: &mut Effects,
    body: Payload,
    layers: &[Layer],
    digests: &mut Digests,
) -> Result<Body, ApiError> {
    let bytes = match body.into_blob() {
        Ok(blob) => blob.into_bytes(),
        Err(reader) => collect(reader)?,
    };
    let own = |bytes: Bytes| {
        bytes
            .try_into_mut()
            .unwrap_or_else(|shared| BytesMut::from(shared.as_ref()))
    };
    let mut sealed: Option<Body> = None;
    let mut plaintext = Some(bytes);
    for layer in layers {
        let bytes = match (plaintext.take(), &sealed) {
            (Some(bytes), _) => bytes,
            (None, Some(inner)) => Bytes::from(inner.message().map_err(internal)?),
            (None, None) => Bytes::new(),
        };
        let work = Work {
            frame_length: frame_length(),
            workers: effects.workers,
        };
        let (key, encrypted) = (&layer.data_key, std::slice::from_ref(&layer.encrypted));
        let (bytes, context, entropy) = (own(bytes), &layer.context, &mut effects.entropy);
        // Only the first layer has plaintext under it.
        let framed = match sealed {
            None => seal_in_place(bytes, key, encrypted, context, work, entropy, digests),
            Some(_) => seal_in_place(bytes, key, encrypted, context, work, entropy, &mut ()),
        };
        sealed = Some(framed.map_err(internal)?.into());
    }
    digests.check()?;
    sealed.ok_or_else(|| internal("an object without encryption"))
}

fn too_large() -> ApiError {
    let text = "Your proposed upload exceeds the maximum allowed size";
    error("EntityTooLarge", 400, text)
        .with_detail("What is longer than 5 GiB is uploaded in parts.")
}

/// All that `reader` reads. Outgrown buffers are erased.
fn collect(mut reader: Box<dyn Read + Send>) -> Result<Bytes, ApiError> {
    let mut collected = Zeroizing::new(Vec::new());
    let mut block = Zeroizing::new(vec![0; BLOCK]);
    loop {
        let count = match reader.read(&mut block) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(incomplete)?,
        };
        let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else {
            return Ok(Bytes::from(std::mem::take(&mut *collected)));
        };
        if (collected.len() + count) as u64 > MAX_LENGTH {
            return Err(too_large());
        }
        if collected.len() + count > collected.capacity() {
            let mut larger = Vec::with_capacity((collected.capacity() * 2).max(2 * BLOCK));
            larger.extend_from_slice(&collected);
            collected = Zeroizing::new(larger);
        }
        collected.extend_from_slice(read);
    }
}

/// Why a body broke off: its sender's failure, or, of a copy, the source's own error.
fn incomplete(cause: io::Error) -> ApiError {
    let cause = match cause.downcast::<ApiError>() {
        Ok(error) => return error,
        Err(cause) => cause,
    };
    let text =
        "You did not provide the number of bytes specified by the Content-Length HTTP header";
    error("IncompleteBody", 400, text)
        .with_detail(format!("The body broke off: {cause}. Nothing was stored."))
}

/// A place in the data folder.
struct Place<'a> {
    folder: &'a Arc<Folder>,
    bucket: &'a str,
    key: &'a str,
}

impl Place<'_> {
    /// Seals the body on its way into a file, in constant memory.
    fn keep(
        &self,
        effects: &mut Effects,
        body: Payload,
        layers: &[Layer],
        digests: &mut Digests,
    ) -> Result<Body, ApiError> {
        let reader: Box<dyn Read + Send> = match body.into_blob() {
            Ok(blob) => Box::new(io::Cursor::new(blob)),
            Err(reader) => reader,
        };
        let written = {
            let mut reader: Box<dyn Read + '_> = Box::new(Seen { reader, digests });
            for layer in layers {
                let sealing = Sealing::begin(
                    reader,
                    &layer.data_key,
                    std::slice::from_ref(&layer.encrypted),
                    &layer.context,
                    frame_length(),
                    &mut effects.entropy,
                );
                reader = Box::new(sealing.map_err(internal)?);
            }
            self.folder
                .write(self.bucket, self.key, &mut |file| copy(&mut reader, file))
        };
        match (written, digests.failure.take()) {
            (Ok(file), None) => Ok(Body::File(Arc::new(file))),
            (_, Some(failure)) => Err(failure),
            (Err(cause), None) => Err(internal(format!("the data folder: {cause}"))),
        }
    }
}

fn copy(reader: &mut dyn Read, writer: &mut dyn Write) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        let count = reader.read(&mut block)?;
        match block.get(..count) {
            Some(read) if !read.is_empty() => writer.write_all(read)?,
            _ => return Ok(()),
        }
    }
}

/// A reader whose bytes the digests see, and whose failure they remember.
struct Seen<'a> {
    reader: Box<dyn Read + Send>,
    digests: &'a mut Digests,
}

impl Read for Seen<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let failure = match self.reader.read(buffer) {
            Ok(count) => match self.digests.update(buffer.get(..count).unwrap_or_default()) {
                Ok(()) => return Ok(count),
                Err(error) => error,
            },
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => return Err(cause),
            Err(cause) => incomplete(cause),
        };
        let text = failure.code.clone();
        self.digests.failure = Some(failure);
        Err(io::Error::other(text))
    }
}
