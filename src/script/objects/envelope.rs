//! `envelope.seal` and `envelope.open`: AWS Encryption SDK messages under a key of
//! one's own, as `keychai envelope` writes and reads them.

use rhai::{Blob, Dynamic, Map};
use zeroize::Zeroizing;

use super::arguments::{Options, bytes};
use super::client::{Fallible, LabHandle};
use crate::crypto::message::HeaderError;
use crate::crypto::raw_keyring::OpenWithKeyringError;
use crate::crypto::sealed_file::parse_key;
use crate::crypto::{EncryptionContext, RawAesKeyring};
use crate::script::{Registry, Thrown};

/// What the official clients write unless they are told otherwise: 0x0478 with a signature.
const SIGNED_SUITE: u16 = 0x0578;
const OPTIONS: [&str; 3] = ["namespace", "key_name", "context"];
/// The names that the command line gives a keyring.
const NAMESPACE: &str = "keychai";
const KEY_NAME: &str = "key";

/// The Encryption SDK, for scripts.
#[derive(Clone, Debug)]
pub struct EnvelopeTool(LabHandle);

/// What `message` holds, whose encryption context has to have the pairs `wanted`.
///
/// # Errors
/// A sentence: another key, a message that was altered, a pair that is missing.
pub fn opened(
    keyring: &RawAesKeyring,
    message: &[u8],
    wanted: &[(String, String)],
) -> Result<Zeroizing<Vec<u8>>, String> {
    let (plaintext, context) = keyring.open(message).map_err(|error| explained(&error))?;
    let missing = wanted
        .iter()
        .find(|(name, value)| context.get(name) != Some(value));
    match missing {
        None => Ok(plaintext),
        Some((name, value)) => Err(format!(
            "the encryption context of the message does not hold `{name}` = `{value}`"
        )),
    }
}

fn explained(error: &OpenWithKeyringError) -> String {
    match error {
        OpenWithKeyringError::Header(HeaderError::Suite {
            suite: SIGNED_SUITE,
        }) => "the message is signed (suite 0x0578), and signatures are not read here: write it \
               with the suite ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY (0x0478)"
            .to_owned(),
        other => other.to_string(),
    }
}

fn invalid(why: impl Into<String>) -> Box<rhai::EvalAltResult> {
    Thrown::new("InvalidArgument", why).into()
}

/// The keyring and the pairs of the context that the options ask for.
fn keyring(
    method: &'static str,
    key: &Dynamic,
    options: Map,
) -> Fallible<(RawAesKeyring, Vec<(String, String)>)> {
    let options = Options::new(method, options, &OPTIONS)?;
    let given = Zeroizing::new(bytes(key, "a wrapping key")?);
    let key = match <[u8; 32]>::try_from(given.as_slice()) {
        Ok(key) => Zeroizing::new(key),
        Err(_) => {
            parse_key(&String::from_utf8_lossy(&given)).map_err(|e| invalid(e.to_string()))?
        }
    };
    let namespace = options.text("namespace")?.unwrap_or(NAMESPACE.to_owned());
    let name = options.text("key_name")?.unwrap_or(KEY_NAME.to_owned());
    let context = options.text_map("context")?.unwrap_or_default();
    let text = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = context.into_iter().map(|(name, value)| (name, text(value)));
    let keyring = RawAesKeyring::new(&namespace, &name, key).map_err(|e| invalid(e.to_string()))?;
    Ok((keyring, pairs.collect()))
}

fn seal(tool: &EnvelopeTool, plaintext: &Dynamic, key: &Dynamic, options: Map) -> Fallible<Blob> {
    let (keyring, context) = keyring("seal", key, options)?;
    let plaintext = Zeroizing::new(bytes(plaintext, "a plaintext")?);
    let context: EncryptionContext = context.into_iter().collect();
    let sealed = tool
        .0
        .write(|lab| lab.seal_message(&keyring, &plaintext, &context));
    sealed.map_err(|error| invalid(error.to_string()))
}

fn open(message: &Dynamic, key: &Dynamic, options: Map) -> Fallible<Blob> {
    let (keyring, context) = keyring("open", key, options)?;
    let message = bytes(message, "a message")?;
    let plaintext = opened(&keyring, &message, &context);
    let mut plaintext = plaintext.map_err(|why| Thrown::new("InvalidCiphertext", why))?;
    Ok(std::mem::take(&mut *plaintext))
}

const KEY: &str = "let key = \"0123456789abcdef0123456789abcdef\";\n";

pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry
        .type_named::<EnvelopeTool>(
            "EnvelopeTool",
            "AWS Encryption SDK messages under a key of your own, as `keychai envelope` and the \
             official clients' raw AES keyring write and read them.",
        )
        .brief(|_: &EnvelopeTool| "envelope".to_owned())
        .global(
            "envelope",
            EnvelopeTool(lab.clone()),
            "Seals and opens Encryption SDK messages under a key of your own, without KMS.",
        );
    let doc =
        "Seals a text or blob as a message. `key` is 32 bytes, or their base64 or hexadecimal.";
    registry
        .method::<EnvelopeTool>("seal")
        .param("plaintext", "any")
        .param("key", "any")
        .returns("blob")
        .doc(doc)
        .example(&format!("{KEY}envelope.seal(\"id,amount\", key)"))
        .register(
            |tool: &mut EnvelopeTool, plaintext: Dynamic, key: Dynamic| {
                seal(tool, &plaintext, &key, Map::new())
            },
        );
    registry
        .method::<EnvelopeTool>("seal")
        .param("plaintext", "any")
        .param("key", "any")
        .param("options", "map")
        .returns("blob")
        .doc(&format!("{doc} Options: `context` (a map of texts), `namespace` (`keychai`) and `key_name` (`key`), which stand in the message."))
        .example(&format!("{KEY}envelope.seal(\"id,amount\", key, #{{ context: #{{ team: \"pay\" }} }})"))
        .register(|tool: &mut EnvelopeTool, plaintext: Dynamic, key: Dynamic, options: Map| {
            seal(tool, &plaintext, &key, options)
        });
    let doc = "What a message holds, which this key has sealed.";
    registry
        .method::<EnvelopeTool>("open")
        .param("message", "blob")
        .param("key", "any")
        .returns("blob")
        .doc(doc)
        .example(&format!(
            "{KEY}envelope.open(envelope.seal(\"id,amount\", key), key).as_string()"
        ))
        .register(|_: &mut EnvelopeTool, message: Dynamic, key: Dynamic| {
            open(&message, &key, Map::new())
        });
    registry
        .method::<EnvelopeTool>("open")
        .param("message", "blob")
        .param("key", "any")
        .param("options", "map")
        .returns("blob")
        .doc(&format!("{doc} Options as of `seal`; a message whose context lacks a pair of `context` is not opened."))
        .register(|_: &mut EnvelopeTool, message: Dynamic, key: Dynamic, options: Map| open(&message, &key, options));
}
