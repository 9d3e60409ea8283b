//! A key as scripts hold it.

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{bytes, days, text_map};
use super::ciphertext::{Ciphertext, DataKey, blob, member};
use super::client::{Client, Fallible};
use super::{grant, key_material, key_policy, replicas};
use crate::api::Service;
use crate::base::{Arn, Blob as Bytes};
use crate::crypto::key_spec::Family;
use crate::render::{Rendered, Report, Text};
use crate::script::{BlobMembers, Registry, Thrown, from_json};
use crate::state::kms::Key as Stored;

/// A KMS key, and who uses it.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) client: Client,
    pub(super) arn: String,
}

impl Key {
    pub(super) fn new(client: Client, arn: &str) -> Self {
        Self {
            client,
            arn: arn.to_owned(),
        }
    }

    /// The ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    fn id(&self) -> String {
        self.arn.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// Calls an operation on this key, with further members.
    pub(super) fn call(&self, operation: &str, mut members: Value) -> Fallible<Value> {
        if let Value::Object(members) = &mut members {
            members.insert("KeyId".to_owned(), self.arn.as_str().into());
        }
        self.client.call(Service::Kms, operation, members)
    }

    pub(super) fn look<T>(
        &self,
        look: impl FnOnce(&crate::state::Cloud, &Stored) -> T,
    ) -> Option<T> {
        let arn = Arn::parse(&self.arn).ok()?;
        self.client.lab.read(|lab| {
            lab.cloud()
                .key_by_arn(&arn)
                .map(|key| look(lab.cloud(), key))
        })
    }

    /// The first alias, or the id.
    pub(super) fn label(&self) -> String {
        self.look(|cloud, key| cloud.key_label(key))
            .unwrap_or_else(|| self.id())
    }

    fn encrypt(&self, plaintext: &Dynamic, context: Dynamic) -> Fallible<Ciphertext> {
        let plaintext = Bytes::from(bytes(plaintext, "what `encrypt` takes")?).to_base64();
        let context = context_of("encrypt", context)?;
        let members = json!({ "Plaintext": plaintext, "EncryptionContext": context });
        Ciphertext::of(&self.call("Encrypt", members)?, &self.label())
    }

    fn decrypt(&self, ciphertext: &Dynamic, context: Dynamic) -> Fallible<Dynamic> {
        let ciphertext = Bytes::from(bytes(ciphertext, "what `decrypt` takes")?).to_base64();
        let context = context_of("decrypt", context)?;
        let members = json!({ "CiphertextBlob": ciphertext, "EncryptionContext": context });
        Ok(blob(member(&self.call("Decrypt", members)?, "Plaintext")?))
    }

    fn data_key(&self, context: Dynamic) -> Fallible<DataKey> {
        let context = context_of("generate_data_key", context)?;
        let members = json!({ "KeySpec": "AES_256", "EncryptionContext": context });
        DataKey::of(&self.call("GenerateDataKey", members)?, &self.label())
    }

    fn list(&self, operation: &str, input: Value, member: &str) -> Fallible<Dynamic> {
        let output = self.call(operation, input)?;
        dynamic(output.get(member).unwrap_or(&Value::Null))
    }

    fn rendered(&self) -> Rendered {
        let Some((pairs, data)) = self.look(facts) else {
            return Rendered::plain(format!("Key {} (deleted)", self.id()));
        };
        let title = Text::new().strong("Key ").code(self.label());
        Rendered::from(&Report::new().paragraph(title).pairs(pairs).with_data(data))
    }
}

/// What a key's picture shows; never material.
fn facts(cloud: &crate::state::Cloud, key: &Stored) -> (Vec<(Text, Text)>, Value) {
    let rotation = match key.rotation {
        Some(rotation) => format!(
            "every {} days, next {}",
            rotation.period_days, rotation.next
        ),
        None => "off".to_owned(),
    };
    let statements = key.policy.statements().len();
    let noun = match key.spec.family() {
        Family::Symmetric => "backing key",
        _ => "secret",
    };
    let older = if key.materials.len() > 1 {
        "; the older ones keep decrypting"
    } else {
        ""
    };
    let data = json!({
        "arn": key.arn, "id": key.id, "aliases": cloud.aliases_of(key).collect::<Vec<_>>(),
        "state": key.state, "description": key.description, "statements": statements,
        "grants": key.grants.size(), "materials": key.materials.len(),
        "policy": key.policy.to_value(),
    });
    let pairs = [
        ("arn", Text::new().code(key.arn.as_str())),
        ("state", Text::from(format!("{:?}", key.state))),
        ("key policy", Text::from(counted(statements, "statement"))),
        ("grants", Text::from(key.grants.size().to_string())),
        ("rotation", Text::from(rotation)),
        (
            "materials",
            Text::from(format!("{}{older}", counted(key.materials.len(), noun))),
        ),
    ];
    (
        pairs
            .into_iter()
            .map(|(name, text)| (Text::from(name), text))
            .collect(),
        data,
    )
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn context_of(method: &str, context: Dynamic) -> Fallible<serde_json::Map<String, Value>> {
    match context.is_unit() {
        true => Ok(serde_json::Map::new()),
        false => text_map(method, "context", context),
    }
}

/// JSON without blobs as a Rhai value.
pub(super) fn dynamic(value: &Value) -> Fallible<Dynamic> {
    from_json(value, BlobMembers::none())
        .map_err(|e| Thrown::new("InternalFailure", e.to_string()).into())
}

pub(super) fn register(registry: &mut Registry<'_>) {
    key_material::register(registry);
    replicas::register(registry);
    registry
        .type_named::<Key>(
            "Key",
            "A KMS key. Encrypts data keys; its own material never leaves KMS.",
        )
        .renderer(Key::rendered)
        .brief(|key: &Key| format!("Key({})", key.label()));
    names(registry);
    cryptography(registry);
    rotation(registry);
    life(registry);
    key_policy::register(registry);
    grant::register(registry);
}

pub(super) const MAKE: &str = "let key = kms.create_key(\"payroll\");\n";

fn names(registry: &mut Registry<'_>) {
    registry
        .property::<Key>("arn")
        .returns("string")
        .doc("The ARN; it never changes.")
        .register(|key: &mut Key| key.arn.clone());
    registry
        .property::<Key>("id")
        .returns("string")
        .doc("The key id.")
        .register(|key: &mut Key| key.id());
    registry
        .property::<Key>("alias")
        .returns("string")
        .doc("The first alias, `alias/` included; `()` without one.")
        .register(|key: &mut Key| {
            let alias =
                key.look(|cloud, stored| cloud.aliases_of(stored).next().map(str::to_owned));
            alias.flatten().map_or(Dynamic::UNIT, Dynamic::from)
        });
    registry
        .property::<Key>("state")
        .returns("string")
        .doc("`Enabled`, `Disabled`, `PendingImport`, `PendingDeletion`…, as DescribeKey tells.")
        .example(&format!("{MAKE}key.disable();\nkey.state"))
        .register(|key: &mut Key| -> Fallible<Dynamic> {
            dynamic(
                key.call("DescribeKey", json!({}))?
                    .pointer("/KeyMetadata/KeyState")
                    .unwrap_or(&Value::Null),
            )
        });
    registry
        .method::<Key>("describe")
        .returns("map")
        .doc("What DescribeKey tells, by AWS's names.")
        .example(&format!("{MAKE}key.describe().KeyState"))
        .register(|key: &mut Key| key.list("DescribeKey", json!({}), "KeyMetadata"));
    registry.property::<Key>("material").returns("()")
        .doc("Always an error: the material of a master key never leaves KMS, and this lab has no way to it either.")
        .register(|_: &mut Key| -> Fallible<()> { Err(no_material()) });
    registry
        .method::<Key>("material")
        .returns("()")
        .doc("Always an error, as the property.")
        .register(|_: &mut Key| -> Fallible<()> { Err(no_material()) });
}

fn no_material() -> Box<rhai::EvalAltResult> {
    Thrown::new("NoSuchOperation", "the material of a master key never leaves KMS: there is no way to read it")
        .with("hint", "use `key.generate_data_key()` for a key to encrypt with, `key.materials()` for the ids of the backing keys".to_owned())
        .into()
}

fn cryptography(registry: &mut Registry<'_>) {
    registry
        .method::<Key>("encrypt")
        .param("plaintext", "any")
        .returns("Ciphertext")
        .doc("Encrypts a text or blob of at most 4,096 bytes with the master key itself (Encrypt).")
        .example(&format!("{MAKE}key.encrypt(\"4711\")"))
        .register(|key: &mut Key, plaintext: Dynamic| key.encrypt(&plaintext, Dynamic::UNIT));
    registry
        .method::<Key>("encrypt")
        .param("plaintext", "any")
        .param("context", "map")
        .returns("Ciphertext")
        .doc("Encrypts, bound to an encryption context: only the same context decrypts it.")
        .example(&format!(
            "{MAKE}key.encrypt(\"4711\", #{{ purpose: \"payroll\" }})"
        ))
        .register(|key: &mut Key, plaintext: Dynamic, context: Map| {
            key.encrypt(&plaintext, context.into())
        });
    registry
        .method::<Key>("decrypt")
        .param("ciphertext", "any")
        .returns("blob")
        .doc("Decrypts what the key encrypted, also before a rotation (Decrypt).")
        .example(&format!(
            "{MAKE}let sealed = key.encrypt(\"4711\");\nkey.decrypt(sealed).text()"
        ))
        .register(|key: &mut Key, ciphertext: Dynamic| key.decrypt(&ciphertext, Dynamic::UNIT));
    registry.method::<Key>("decrypt").param("ciphertext", "any").param("context", "map").returns("blob")
        .doc("Decrypts with the encryption context that it was encrypted with.")
        .example(&format!("{MAKE}let sealed = key.encrypt(\"4711\", #{{ purpose: \"payroll\" }});\nkey.decrypt(sealed, #{{ purpose: \"payroll\" }}).text()"))
        .register(|key: &mut Key, ciphertext: Dynamic, context: Map| key.decrypt(&ciphertext, context.into()));
    registry
        .method::<Key>("generate_data_key")
        .returns("DataKey")
        .doc("A fresh 256-bit data key, in clear and encrypted (GenerateDataKey).")
        .example(&format!("{MAKE}key.generate_data_key()"))
        .register(|key: &mut Key| key.data_key(Dynamic::UNIT));
    registry
        .method::<Key>("generate_data_key")
        .param("context", "map")
        .returns("DataKey")
        .doc("A data key bound to an encryption context.")
        .register(|key: &mut Key, context: Map| key.data_key(context.into()));
}

fn rotation(registry: &mut Registry<'_>) {
    registry.method::<Key>("rotate")
        .doc("Adds a new backing key now (RotateKeyOnDemand). ARN, alias and old ciphertexts stay valid.")
        .example(&format!("{MAKE}let sealed = key.encrypt(\"4711\");\nkey.rotate();\nkey.decrypt(sealed).text()"))
        .register(|key: &mut Key| -> Fallible<()> { key.call("RotateKeyOnDemand", json!({})).map(drop) });
    registry
        .method::<Key>("enable_rotation")
        .doc("Rotates by itself every 365 days of the lab's clock.")
        .register(|key: &mut Key| -> Fallible<()> {
            key.call("EnableKeyRotation", json!({})).map(drop)
        });
    registry
        .method::<Key>("enable_rotation")
        .param("period", "string")
        .doc("Rotates by itself every so many days, 90 to 2560.")
        .example(&format!("{MAKE}key.enable_rotation(\"180d\")"))
        .register(|key: &mut Key, period: &str| -> Fallible<()> {
            let days = days(period)?;
            key.call("EnableKeyRotation", json!({ "RotationPeriodInDays": days }))
                .map(drop)
        });
    registry
        .method::<Key>("disable_rotation")
        .doc("Ends automatic rotation.")
        .register(|key: &mut Key| -> Fallible<()> {
            key.call("DisableKeyRotation", json!({})).map(drop)
        });
    registry
        .method::<Key>("rotations")
        .returns("array")
        .doc("The rotations so far (ListKeyRotations).")
        .example(&format!("{MAKE}key.rotate();\nkey.rotations().len()"))
        .register(|key: &mut Key| key.list("ListKeyRotations", json!({}), "Rotations"));
    registry
        .method::<Key>("materials")
        .returns("array")
        .doc("All backing keys by their ids, the first one included; never their bytes.")
        .example(&format!("{MAKE}key.rotate();\nkey.materials().len()"))
        .register(|key: &mut Key| {
            key.list(
                "ListKeyRotations",
                json!({ "IncludeKeyMaterial": "ALL_KEY_MATERIAL" }),
                "Rotations",
            )
        });
}

fn life(registry: &mut Registry<'_>) {
    registry
        .method::<Key>("enable")
        .doc("Makes a disabled key usable again (EnableKey).")
        .register(|key: &mut Key| -> Fallible<()> { key.call("EnableKey", json!({})).map(drop) });
    registry
        .method::<Key>("disable")
        .doc("Makes the key unusable until it is enabled (DisableKey).")
        .example(&format!("{MAKE}key.disable();\nkey.enable()"))
        .register(|key: &mut Key| -> Fallible<()> { key.call("DisableKey", json!({})).map(drop) });
    registry
        .method::<Key>("schedule_deletion")
        .param("window", "string")
        .returns("map")
        .doc("Deletes the key after 7 to 30 days; until then `cancel_deletion` takes it back.")
        .example(&format!("{MAKE}key.schedule_deletion(\"7d\").KeyState"))
        .register(|key: &mut Key, window: &str| -> Fallible<Dynamic> {
            let days = days(window)?;
            dynamic(&key.call(
                "ScheduleKeyDeletion",
                json!({ "PendingWindowInDays": days }),
            )?)
        });
    registry
        .method::<Key>("cancel_deletion")
        .doc("Takes a scheduled deletion back; the key is disabled then.")
        .register(|key: &mut Key| -> Fallible<()> {
            key.call("CancelKeyDeletion", json!({})).map(drop)
        });
}
