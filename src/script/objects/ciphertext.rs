//! Ciphertexts, data keys, and what can be done with bytes.

use std::sync::Arc;

use rhai::{Blob, Dynamic};
use serde_json::{Value, json};

use super::client::Fallible;
use crate::base::Blob as Bytes;
use crate::crypto::CiphertextBlob;
use crate::render::{Rendered, Report, Text};
use crate::script::{Registry, Thrown};

/// A ciphertext blob of KMS.
#[derive(Clone, Debug)]
pub struct Ciphertext {
    blob: Arc<[u8]>,
    key: String,
}

impl Ciphertext {
    /// Reads the member `CiphertextBlob` of an answer of KMS.
    pub(super) fn of(output: &Value, key: &str) -> Fallible<Self> {
        Ok(Self {
            blob: member(output, "CiphertextBlob")?.into(),
            key: key.to_owned(),
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.blob
    }

    /// What the header of the blob says: key id and key material id.
    fn header(&self) -> Fallible<CiphertextBlob<'_>> {
        CiphertextBlob::parse(&self.blob)
            .map_err(|e| Thrown::new("InvalidCiphertextException", e.to_string()).into())
    }

    fn material(&self) -> Fallible<String> {
        Ok(self.header()?.key_material_id().to_string())
    }

    fn brief(&self) -> String {
        format!("Ciphertext({} bytes, {})", self.blob.len(), self.key)
    }

    fn rendered(&self) -> Rendered {
        let material = self.material().unwrap_or_default();
        let report = Report::new()
            .paragraph(
                Text::new()
                    .strong("Ciphertext")
                    .plain(format!(" of {} bytes", self.blob.len())),
            )
            .pairs([
                ("key", Text::new().code(&self.key)),
                ("key material", Text::new().code(&material)),
                (
                    "begins",
                    Text::new().code(format!("{}…", hex(self.blob.get(..16).unwrap_or_default()))),
                ),
            ])
            .with_data(json!({
                "length": self.blob.len(), "key": self.key, "key_material_id": material,
                "blob": Bytes::from(&*self.blob).to_base64(),
            }));
        Rendered::from(&report)
    }
}

/// A data key: in clear for use now, encrypted to be kept.
#[derive(Clone)]
pub struct DataKey {
    plaintext: Arc<zeroize::Zeroizing<Vec<u8>>>,
    ciphertext: Ciphertext,
}

impl DataKey {
    /// Reads an answer of `GenerateDataKey`.
    pub(super) fn of(output: &Value, key: &str) -> Fallible<Self> {
        let plaintext = zeroize::Zeroizing::new(member(output, "Plaintext")?);
        Ok(Self {
            plaintext: Arc::new(plaintext),
            ciphertext: Ciphertext::of(output, key)?,
        })
    }

    fn rendered(&self) -> Rendered {
        let bits = 8 * self.plaintext.len();
        let report = Report::new()
            .paragraph(Text::new().strong("Data key").plain(format!(" of {bits} bits")))
            .pairs([
                ("plaintext", Text::from("use it, then forget it (not shown; ").code(".plaintext").plain(")")),
                ("ciphertext", Text::from(format!("{} bytes, to be kept beside the data", self.ciphertext.blob.len()))),
                ("key", Text::new().code(&self.ciphertext.key)),
            ])
            .with_data(json!({ "bits": bits, "ciphertext": Bytes::from(&*self.ciphertext.blob).to_base64() }));
        Rendered::from(&report)
    }
}

/// A binary member of an answer.
pub(super) fn member(output: &Value, name: &str) -> Fallible<Vec<u8>> {
    let text = output.get(name).and_then(Value::as_str).unwrap_or_default();
    Bytes::from_base64(text)
        .map(|blob| blob.as_bytes().to_vec())
        .map_err(|e| Thrown::new("InternalFailure", e).into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text that bytes are, if they are one.
pub(super) fn text(bytes: &[u8]) -> Fallible<String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Thrown::new(
            "NotText",
            format!(
                "these {} bytes are no UTF-8 text: byte {at} is the first wrong one",
                bytes.len()
            ),
        )
        .with("hint", "use `.hex()` or `.base64()` to see them".to_owned())
        .into()
    })
}

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Ciphertext>(
            "Ciphertext",
            "What `key.encrypt` gives: a blob that names its key and key material in clear.",
        )
        .renderer(Ciphertext::rendered)
        .brief(Ciphertext::brief)
        .type_named::<DataKey>(
            "DataKey",
            "A data key, in clear and encrypted. What is shown never holds the clear bytes.",
        )
        .renderer(DataKey::rendered)
        .brief(|key: &DataKey| format!("DataKey({} bits)", 8 * key.plaintext.len()));
    ciphertexts(registry);
    data_keys(registry);
    blobs(registry);
}

fn ciphertexts(registry: &mut Registry<'_>) {
    const MAKE: &str =
        "let key = kms.create_key(\"payroll\");\nlet sealed = key.encrypt(\"4711\");\n";
    registry
        .property::<Ciphertext>("blob")
        .returns("blob")
        .doc("The bytes.")
        .register(|c: &mut Ciphertext| c.blob.to_vec());
    registry
        .property::<Ciphertext>("length")
        .returns("int")
        .doc("How many bytes.")
        .register(|c: &mut Ciphertext| c.blob.len() as i64);
    registry
        .property::<Ciphertext>("key_id")
        .returns("string")
        .doc("The id of the key, read from the blob's own header: that is how KMS finds it.")
        .example(&format!("{MAKE}sealed.key_id == key.id"))
        .register(|c: &mut Ciphertext| -> Fallible<String> {
            Ok(c.header()?.key_id().to_string())
        });
    registry
        .property::<Ciphertext>("key_material_id")
        .returns("string")
        .doc("The id of the key material: after a rotation new ciphertexts name another one.")
        .example(&format!(
            "{MAKE}key.rotate();\nkey.encrypt(\"4711\").key_material_id != sealed.key_material_id"
        ))
        .register(|c: &mut Ciphertext| c.material());
}

fn data_keys(registry: &mut Registry<'_>) {
    const MAKE: &str =
        "let key = kms.create_key(\"payroll\");\nlet data_key = key.generate_data_key();\n";
    registry
        .property::<DataKey>("plaintext")
        .returns("blob")
        .doc("The key in clear, to encrypt with now and to forget then.")
        .example(&format!("{MAKE}data_key.plaintext.len() == 32"))
        .register(|k: &mut DataKey| k.plaintext.to_vec());
    registry
        .property::<DataKey>("ciphertext")
        .returns("Ciphertext")
        .doc("The key encrypted under the master key, to be kept beside the data.")
        .example(&format!(
            "{MAKE}key.decrypt(data_key.ciphertext) == data_key.plaintext"
        ))
        .register(|k: &mut DataKey| k.ciphertext.clone());
}

fn blobs(registry: &mut Registry<'_>) {
    registry
        .method::<Blob>("text")
        .returns("string")
        .doc("The text that the bytes are; an error if they are no UTF-8.")
        .example("\"4711\".to_blob().text()")
        .register(|blob: &mut Blob| text(blob));
    registry
        .method::<Blob>("base64")
        .returns("string")
        .doc("The bytes as base64.")
        .example("\"4711\".to_blob().base64()")
        .register(|blob: &mut Blob| Bytes::from(blob.as_slice()).to_base64());
    registry
        .method::<Blob>("hex")
        .returns("string")
        .doc("The bytes in hexadecimal.")
        .example("\"4711\".to_blob().hex()")
        .register(|blob: &mut Blob| hex(blob));
}

/// The bytes as a Rhai blob.
pub(super) fn blob(bytes: Vec<u8>) -> Dynamic {
    Dynamic::from_blob(bytes)
}
