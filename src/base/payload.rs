//! Bodies on their way in and out, which may be larger than memory.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read, Write};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::Blob;

/// The body of a request: bytes, base64 in JSON, or a stream that is read once.
///
/// `Debug` shows a length at most, because a body is plaintext.
pub struct Payload(Inner);

enum Inner {
    Bytes(Blob),
    Stream(Box<dyn Read + Send>),
}

impl Payload {
    /// What `reader` reads, to its end.
    pub fn stream(reader: impl Read + Send + 'static) -> Self {
        Self(Inner::Stream(Box::new(reader)))
    }

    /// The bytes; a stream's reader where it is one.
    ///
    /// # Errors
    /// The reader of a stream.
    pub fn into_blob(self) -> Result<Blob, Box<dyn Read + Send>> {
        match self.0 {
            Inner::Bytes(bytes) => Ok(bytes),
            Inner::Stream(reader) => Err(reader),
        }
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::from(Blob::default())
    }
}

impl<B: Into<Blob>> From<B> for Payload {
    fn from(bytes: B) -> Self {
        Self(Inner::Bytes(bytes.into()))
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Bytes(bytes) => write!(f, "Payload({} bytes)", bytes.len()),
            Inner::Stream(_) => f.write_str("Payload(stream)"),
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Blob::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for Payload {
    fn schema_name() -> Cow<'static, str> {
        Blob::schema_name()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Blob::json_schema(generator)
    }
}

/// Where the body of an answer goes in place of the answer.
pub struct Sink(Box<dyn Write + Send>);

impl Sink {
    /// Into `writer`.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Box::new(writer))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}
