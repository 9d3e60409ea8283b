//! What reading, writing and looking at an object gives.

use std::sync::Arc;

use rhai::{Blob, Dynamic};
use serde_json::{Value, json};

use super::ciphertext;
use super::client::Fallible;
use super::key::dynamic;
use crate::crypto::ChecksumAlgorithm;
use crate::render::{Envelope, Rendered, Report, Text};
use crate::script::Registry;

/// An object's decrypted body. What is shown never holds the bytes.
#[derive(Clone)]
pub struct Body {
    pub(super) name: String,
    pub(super) bytes: Arc<zeroize::Zeroizing<Vec<u8>>>,
    pub(super) head: Value,
}

/// What S3 says of a stored object.
#[derive(Clone, Debug)]
pub struct StoredObject {
    pub(super) name: String,
    pub(super) head: Value,
}

/// A stored object as it lies on disk.
#[derive(Clone, Debug)]
pub struct StoredMessage(pub(super) Envelope);

fn fact<'a>(head: &'a Value, name: &str) -> &'a str {
    head.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `SSE-KMS`, `SSE-S3`, as people call it.
fn encryption(head: &Value) -> &'static str {
    match fact(head, "ServerSideEncryption") {
        "aws:kms" => "SSE-KMS",
        "aws:kms:dsse" => "DSSE-KMS",
        "" => "SSE-C",
        _ => "SSE-S3",
    }
}

fn facts(title: &str, name: &str, head: &Value) -> Report {
    let known = [
        (
            "size",
            head.get("ContentLength").map(|n| format!("{n} bytes")),
        ),
        (
            "type",
            head.get("ContentType")
                .map(|_| fact(head, "ContentType").to_owned()),
        ),
        ("encryption", Some(encryption(head).to_owned())),
        (
            "key",
            head.get("SSEKMSKeyId")
                .map(|_| fact(head, "SSEKMSKeyId").to_owned()),
        ),
        (
            "etag",
            head.get("ETag").map(|_| fact(head, "ETag").to_owned()),
        ),
    ];
    let pairs = known
        .into_iter()
        .filter_map(|(name, text)| Some((name, Text::from(text?))));
    Report::new()
        .paragraph(Text::new().strong(title).plain(" ").code(name))
        .pairs(pairs)
        .with_data(head.clone())
}

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Body>(
            "Body",
            "An object as it was read: decrypted by S3, with the reader's own permissions.",
        )
        .renderer(|body: &Body| Rendered::from(&facts("Body of", &body.name, &body.head)))
        .brief(|body: &Body| format!("Body({}, {} bytes)", body.name, body.bytes.len()))
        .type_named::<StoredObject>(
            "StoredObject",
            "What S3 says of an object, without its body.",
        )
        .renderer(|stored: &StoredObject| {
            Rendered::from(&facts("Object", &stored.name, &stored.head))
        })
        .brief(|stored: &StoredObject| {
            format!(
                "StoredObject({}, {})",
                stored.name,
                encryption(&stored.head)
            )
        })
        .type_named::<StoredMessage>(
            "StoredMessage",
            "An object as it lies on disk: header, encrypted data key, sealed frames.",
        )
        .renderer(|message: &StoredMessage| message.0.rendered())
        .brief(|message: &StoredMessage| {
            format!(
                "StoredMessage({}, {} bytes)",
                message.0.name, message.0.lengths.message
            )
        });
    bodies(registry);
    stored_objects(registry);
    registry
        .property::<StoredMessage>("json")
        .returns("map")
        .doc("All fields; never plaintext.")
        .register(|message: &mut StoredMessage| dynamic(&message.0.json()));
}

fn bodies(registry: &mut Registry<'_>) {
    registry.method::<Body>("text").returns("string").doc("The body as text; an error if it is no UTF-8.")
        .example("let bucket = s3.create_bucket(\"payroll-data\");\nbucket.put(\"q1.csv\", \"id,amount\");\nbucket.get(\"q1.csv\").text()")
        .register(|body: &mut Body| ciphertext::text(&body.bytes));
    registry
        .method::<Body>("blob")
        .returns("blob")
        .doc("The body as bytes.")
        .register(|body: &mut Body| body.bytes.to_vec());
    registry
        .property::<Body>("bytes")
        .returns("blob")
        .doc("The body as bytes.")
        .register(|body: &mut Body| -> Blob { body.bytes.to_vec() });
    registry
        .property::<Body>("length")
        .returns("int")
        .doc("How many bytes.")
        .register(|body: &mut Body| body.bytes.len() as i64);
    registry
        .property::<Body>("content_type")
        .returns("string")
        .doc("The media type.")
        .register(|body: &mut Body| fact(&body.head, "ContentType").to_owned());
    registry
        .property::<Body>("encryption")
        .returns("string")
        .doc("`SSE-KMS`, `DSSE-KMS`, `SSE-C` or `SSE-S3`.")
        .register(|body: &mut Body| encryption(&body.head).to_owned());
    registry
        .property::<Body>("key")
        .returns("string")
        .doc("The ARN of the KMS key; `()` for SSE-S3 and SSE-C.")
        .register(|body: &mut Body| kms_key(&body.head));
    registry
        .property::<Body>("checksum")
        .returns("string")
        .doc("The checksum that S3 keeps, in base64; `()` where it was not asked for with `checksum: true`.")
        .example("s3.create_bucket(\"payroll-data\");\ns3.put_object(\"payroll-data/q1.csv\", \"id\");\ns3.get_object(\"payroll-data/q1.csv\", #{ checksum: true }).checksum")
        .register(|body: &mut Body| checksum(&body.head));
    registry
        .property::<Body>("json")
        .returns("map")
        .doc("What S3 says of it, by AWS's names, without the body.")
        .register(|body: &mut Body| dynamic(&body.head));
}

fn stored_objects(registry: &mut Registry<'_>) {
    registry
        .property::<StoredObject>("name")
        .returns("string")
        .doc("`bucket/key`.")
        .register(|stored: &mut StoredObject| stored.name.clone());
    registry
        .property::<StoredObject>("encryption")
        .returns("string")
        .doc("`SSE-KMS`, `DSSE-KMS`, `SSE-C` or `SSE-S3`.")
        .register(|stored: &mut StoredObject| encryption(&stored.head).to_owned());
    registry
        .property::<StoredObject>("key")
        .returns("string")
        .doc("The ARN of the KMS key; `()` for SSE-S3 and SSE-C.")
        .register(|stored: &mut StoredObject| kms_key(&stored.head));
    registry
        .property::<StoredObject>("etag")
        .returns("string")
        .doc("The entity tag.")
        .register(|stored: &mut StoredObject| fact(&stored.head, "ETag").to_owned());
    registry
        .property::<StoredObject>("checksum")
        .returns("string")
        .doc("The checksum that S3 keeps, in base64; `()` where it does not say.")
        .register(|stored: &mut StoredObject| checksum(&stored.head));
    registry
        .property::<StoredObject>("json")
        .returns("map")
        .doc("All that S3 says, by AWS's names.")
        .register(|stored: &mut StoredObject| dynamic(&stored.head));
}

/// The one checksum of an object.
fn checksum(head: &Value) -> Fallible<Dynamic> {
    let mut names = ChecksumAlgorithm::ALL.into_iter();
    let found = names.find_map(|known| head.get(format!("Checksum{}", known.name())));
    dynamic(found.unwrap_or(&Value::Null))
}

fn kms_key(head: &Value) -> Fallible<Dynamic> {
    dynamic(&json!(head.get("SSEKMSKeyId")))
}
