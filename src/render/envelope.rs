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
use crate::crypto::CiphertextBlob;
use crate::crypto::message::{Header, Layout, Source as _};
use crate::state::s3::{Object, ObjectEncryption};

/// How many bytes of the ciphertext are shown.
const EXCERPT_BYTES: u64 = 64;

/// What can be read of a stored object without any key. Holds no plaintext.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// `bucket/key`.
    pub name: String,
    /// What the master key is called: an alias, a key id, or S3's own key.
    pub master_key: String,
    /// What the header names as the master key: the key's ARN, for KMS.
    pub provider: String,
    /// The id of the key material that encrypted the data key, for KMS.
    pub key_material_id: Option<String>,
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
    /// Reads the envelope of `object`; `master_key` is what people call its key.
    ///
    /// # Errors
    /// A sentence if the stored bytes are no message, which the lab never writes.
    pub fn of(name: &str, master_key: &str, object: &Object) -> Result<Self, String> {
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
        let wrapped = CiphertextBlob::parse(&data_key.ciphertext).ok();
        let by_kms = matches!(object.encryption, ObjectEncryption::SseKms { .. });
        let pairs = header
            .context()
            .iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()));
        Ok(Self {
            name: name.to_owned(),
            master_key: master_key.to_owned(),
            provider: String::from_utf8_lossy(&data_key.provider_info).into_owned(),
            key_material_id: wrapped
                .filter(|_| by_kms)
                .map(|w| w.key_material_id().to_string()),
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
        .row([
            "data key".to_owned(),
            format!("{} bytes, encrypted", self.encrypted_data_key_length),
            match &self.key_material_id {
                Some(id) => format!("opens only in KMS, with key material {}", shortened(id)),
                None => "opens only within S3".to_owned(),
            },
        ]);
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
                format!("for {} bytes of plaintext", sizes.plaintext),
            ])
            .with_data(self.json())
    }

    /// Master key, data key, data: each around the next.
    pub fn diagram(&self) -> Diagram {
        Diagram::layers(format!("Envelope of {}", self.name))
            .node(
                format!("master key {}", self.master_key),
                "never leaves KMS",
            )
            .arrow("encrypts")
            .node(
                "data key",
                format!(
                    "256 bits; stored encrypted, {} bytes",
                    self.encrypted_data_key_length
                ),
            )
            .arrow("encrypts")
            .node(
                &self.name,
                format!(
                    "{} bytes, stored as {}",
                    self.lengths.plaintext, self.lengths.message
                ),
            )
    }

    /// The envelope as data.
    pub fn json(&self) -> Value {
        let context: serde_json::Map<String, Value> = self
            .context
            .iter()
            .map(|(k, v)| (k.clone(), Value::from(v.as_str())))
            .collect();
        json!({
            "name": self.name, "master_key": self.master_key, "provider": self.provider,
            "key_material_id": self.key_material_id,
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
