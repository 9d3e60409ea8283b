//! A stored object as it lies on disk: the envelope, opened as far as anyone
//! can see without a key.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::diagram::Diagram;
use super::rendered::Rendered;
use super::report::Report;
use super::table::{Column, Table};
use super::terminal::TextOptions;
use super::text::Text;
use crate::base::Arn;
use crate::crypto::CiphertextBlob;
use crate::crypto::message::{Header, Layout, Source as _};
use crate::state::s3::{Object, ObjectEncryption};

/// What S3's own key of a bucket is called.
const S3_KEY: &str = "S3's own key";
/// How many bytes of the ciphertext are shown.
const EXCERPT_BYTES: u64 = 64;

/// What can be read of a stored object without any key. Holds no plaintext.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// `bucket/key`, and of an object of parts, which one this is.
    pub name: String,
    /// Who can open the data key.
    pub opener: Opener,
    /// What the master key is called: an alias, a key id, S3's own key, or the caller's.
    pub master_key: String,
    /// What the header names as the master key: the key's ARN, for KMS.
    pub provider: String,
    /// The length of the encrypted data key in bytes.
    pub encrypted_data_key_length: usize,
    /// The encryption context, in clear in the header.
    pub context: Vec<(String, String)>,
    /// The message id in hexadecimal.
    pub message_id: String,
    /// The lengths in bytes: header, frame, plaintext, whole message.
    pub lengths: Lengths,
    /// How many frames the body has.
    pub frames: usize,
    /// The first bytes of the body in hexadecimal.
    pub excerpt: String,
}

/// Who can open the data key of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Opener {
    /// KMS, with the key material of this id.
    Kms {
        /// The id; `None` where the ciphertext does not tell.
        key_material_id: Option<String>,
    },
    /// S3 alone.
    S3 {
        /// What the key of the message inside is called, for DSSE-KMS.
        inside: Option<String>,
    },
    /// Whoever brings the key: it is the data key itself, and not kept (SSE-C).
    Caller,
}

/// Lengths in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Lengths {
    /// The header.
    pub header: usize,
    /// The plaintext of one frame.
    pub frame: u32,
    /// The whole plaintext.
    pub plaintext: u64,
    /// The whole message.
    pub message: u64,
}

impl Envelope {
    /// Reads the envelope of `object`; `label` says what people call a KMS key.
    ///
    /// # Errors
    /// A sentence if the stored bytes are no message, which the lab never writes.
    pub fn of(name: &str, object: &Object, label: impl Fn(&Arn) -> String) -> Result<Self, String> {
        let header = Header::read(&object.body).map_err(|e| e.to_string())?;
        let start = header.length() as u64;
        let body = object.body.length().saturating_sub(start);
        let layout = Layout::of_body(body, header.frame_length())
            .ok_or("the body does not divide into frames")?;
        let data_key = header
            .encrypted_data_keys()
            .first()
            .ok_or("no encrypted data key")?;
        let (mut scratch, shown) = (Vec::new(), body.min(EXCERPT_BYTES));
        let excerpt = object.body.bytes(start..start + shown, &mut scratch);
        let excerpt = excerpt.map_err(|e| e.to_string())?;
        let (opener, master_key) = match &object.encryption {
            ObjectEncryption::SseC => (Opener::Caller, "the caller's own key".to_owned()),
            ObjectEncryption::SseS3 => (Opener::S3 { inside: None }, S3_KEY.to_owned()),
            ObjectEncryption::SseKms {
                key,
                dual_layer: true,
                ..
            } => {
                let inside = Some(label(key));
                (Opener::S3 { inside }, S3_KEY.to_owned())
            }
            ObjectEncryption::SseKms { key, .. } => {
                let wrapped = CiphertextBlob::parse(&data_key.ciphertext).ok();
                let key_material_id = wrapped.map(|w| w.key_material_id().to_string());
                (Opener::Kms { key_material_id }, label(key))
            }
        };
        let pairs = header
            .context()
            .iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()));
        Ok(Self {
            name: match object.parts.len() {
                0 => name.to_owned(),
                count => format!("{name}, part 1 of {count}"),
            },
            opener,
            master_key,
            provider: String::from_utf8_lossy(&data_key.provider_info).into_owned(),
            encrypted_data_key_length: data_key.ciphertext.len(),
            context: pairs.collect(),
            message_id: hex(header.message_id()),
            lengths: Lengths {
                header: header.length(),
                frame: header.frame_length().get(),
                plaintext: layout.plaintext_length(),
                message: object.body.length(),
            },
            frames: layout
                .frames(&(0..layout.plaintext_length()))
                .count()
                .max(1),
            excerpt: hex(excerpt),
        })
    }

    /// The fields as a table.
    pub fn table(&self) -> Table {
        let sizes = self.lengths;
        let mut table = Table::new([
            Column::new("field").essential(),
            Column::new("value"),
            Column::new("meaning"),
        ])
        .titled(format!("What is stored under {}", self.name))
        .row([
            "algorithm suite",
            "0x0478",
            "AES-256-GCM, HKDF, key commitment; no signature",
        ])
        .row([
            "message id",
            &shortened(&self.message_id),
            "makes the frame keys of this message its own",
        ])
        .row(["master key", &self.master_key, &self.provider])
        .row(self.data_key_row());
        for (key, value) in &self.context {
            table = table.row(["context", key, value]);
        }
        table
            .row([
                "header".to_owned(),
                format!("{} bytes", sizes.header),
                "clear, authenticated".to_owned(),
            ])
            .row([
                "frames".to_owned(),
                format!("{} of up to {} bytes", self.frames, sizes.frame),
                "each sealed by itself".to_owned(),
            ])
            .row([
                "size".to_owned(),
                format!("{} bytes", sizes.message),
                match &self.opener {
                    Opener::S3 { inside: Some(key) } => {
                        format!("for a message of {} bytes under {key}", sizes.plaintext)
                    }
                    _ => format!("for {} bytes of plaintext", sizes.plaintext),
                },
            ])
            .with_data(self.json())
    }

    fn data_key_row(&self) -> [String; 3] {
        let stored = format!("{} bytes, encrypted", self.encrypted_data_key_length);
        let (value, meaning) = match &self.opener {
            Opener::Kms {
                key_material_id: Some(id),
            } => (
                stored,
                format!("opens only in KMS, with key material {}", shortened(id)),
            ),
            Opener::Kms { .. } => (stored, "opens only in KMS".to_owned()),
            Opener::S3 { .. } => (stored, "opens only within S3".to_owned()),
            Opener::Caller => (
                "none is stored".to_owned(),
                "the caller's key is the data key, and comes with every request".to_owned(),
            ),
        };
        ["data key".to_owned(), value, meaning]
    }

    /// Master key, data key, data: each around the next.
    pub fn diagram(&self) -> Diagram {
        let diagram = Diagram::layers(format!("Envelope of {}", self.name));
        let keys = match &self.opener {
            Opener::Caller => diagram.node(
                format!("data key: {}", self.master_key),
                "comes with every request; S3 keeps no copy",
            ),
            opener => {
                let home = match opener {
                    Opener::Kms { .. } => "KMS",
                    _ => "S3",
                };
                let stored = self.encrypted_data_key_length;
                diagram
                    .node(
                        format!("master key {}", self.master_key),
                        format!("never leaves {home}"),
                    )
                    .arrow("encrypts")
                    .node(
                        "data key",
                        format!("256 bits; stored encrypted, {stored} bytes"),
                    )
            }
        };
        let sizes = self.lengths;
        let name = match &self.opener {
            Opener::S3 { inside: Some(key) } => format!("{}, a message under {key}", self.name),
            _ => self.name.clone(),
        };
        keys.arrow("encrypts").node(
            name,
            format!("{} bytes, stored as {}", sizes.plaintext, sizes.message),
        )
    }

    /// The envelope as data.
    pub fn json(&self) -> Value {
        let context: serde_json::Map<String, Value> = self
            .context
            .iter()
            .map(|(k, v)| (k.clone(), Value::from(v.as_str())))
            .collect();
        let (material, inside) = match &self.opener {
            Opener::Kms { key_material_id } => (key_material_id.as_deref(), None),
            Opener::S3 { inside } => (None, inside.as_deref()),
            Opener::Caller => (None, None),
        };
        json!({
            "name": self.name, "master_key": self.master_key, "provider": self.provider,
            "key_material_id": material, "inside": inside,
            "encrypted_data_key_length": self.encrypted_data_key_length,
            "context": context, "message_id": self.message_id, "lengths": self.lengths,
            "frames": self.frames, "excerpt": self.excerpt,
        })
    }

    /// Fields, the first bytes of the ciphertext, and the layers.
    pub fn rendered(&self) -> Rendered {
        let about = Text::from("The ciphertext begins (hexadecimal):");
        let report = Report::new()
            .table(self.table())
            .paragraph(about)
            .code("", dump(&self.excerpt))
            .with_data(self.json());
        let diagram = self.diagram();
        let plain = Rendered::from(&report);
        Rendered {
            text: format!("{}\n{}", plain.text, diagram.text(&TextOptions::default())),
            html: plain.html.map(|html| format!("{html}{}", diagram.svg())),
            markdown: plain.markdown,
            json: plain.json,
            ..Rendered::default()
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn shortened(hex: &str) -> String {
    let head: String = hex.chars().take(16).collect();
    if head.len() < hex.len() {
        format!("{head}…")
    } else {
        head
    }
}

/// Sixteen bytes to a line.
fn dump(hex: &str) -> String {
    let mut lines = String::new();
    for (at, digit) in hex.chars().enumerate() {
        match at {
            0 => {}
            _ if at % 32 == 0 => lines.push('\n'),
            _ if at % 2 == 0 => lines.push(' '),
            _ => {}
        }
        lines.push(digit);
    }
    lines
}
