//! Imported key material, as its owner brings it.

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at, bytes, dynamic, invalid};
use super::client::Fallible;
use super::clock::LabSettings;
use super::key::Key;
use crate::base::{Blob, Timestamp};
use crate::crypto::key_spec::{AwsName as _, Family, WrappingAlgorithm};
use crate::lab::Lab;
use crate::script::Registry;

const MAKE: &str = "let key = kms.create_key(\"mine\", #{ origin: \"EXTERNAL\" });\nlet material = kms.generate_random(#{ NumberOfBytes: 32 }).Plaintext;\n";
const OPTIONS: [&str; 5] = [
    "valid_to",
    "expires_in",
    "further",
    "description",
    "wrapping",
];

impl Key {
    /// Wraps `material` under a fresh wrapping key, as a client does it, and imports it.
    fn import(&self, material: &Dynamic, options: Map) -> Fallible<Dynamic> {
        let options = Options::new("import_material", options, &OPTIONS)?;
        let material = bytes(material, "what `import_material` takes")?;
        let algorithm = self.wrapping(&options)?;
        let mut members = self.validity(&options)?;
        let wish =
            json!({ "WrappingAlgorithm": algorithm.as_str(), "WrappingKeySpec": "RSA_3072" });
        let parameters = self.call("GetParametersForImport", wish)?;
        let public_key = Blob::from_base64(&at(&parameters, "/PublicKey")).map_err(invalid)?;
        let wrapped = self
            .client
            .lab
            .write(|lab| lab.wrap_material(algorithm, public_key.as_bytes(), &material));
        let wrapped = wrapped.ok_or_else(unwrappable)?;
        let wrapped = [
            ("ImportToken", at(&parameters, "/ImportToken")),
            ("EncryptedKeyMaterial", Blob::from(wrapped).to_base64()),
        ];
        members.extend(wrapped.map(|(name, value)| (name.to_owned(), value.into())));
        dynamic(&self.call("ImportKeyMaterial", members.into())?)
    }

    /// The way of wrapping that suits the key, unless the options name one.
    fn wrapping(&self, options: &Options) -> Fallible<WrappingAlgorithm> {
        if let Some(name) = options.text("wrapping")? {
            return named(&name);
        }
        let family = self.look(|_, key| key.spec.family());
        Ok(match family {
            Some(Family::Asymmetric) => WrappingAlgorithm::RSA_AES_KEY_WRAP_SHA_256,
            _ => WrappingAlgorithm::RSAES_OAEP_SHA_256,
        })
    }

    fn validity(&self, options: &Options) -> Fallible<serde_json::Map<String, Value>> {
        let mut end = options.text("valid_to")?;
        if let Some(seconds) = options.seconds("expires_in")? {
            let now: Timestamp = self.client.lab.read(Lab::now);
            end = Some(now.plus_seconds(seconds).to_string());
        }
        let model = match end {
            Some(_) => "KEY_MATERIAL_EXPIRES",
            None => "KEY_MATERIAL_DOES_NOT_EXPIRE",
        };
        let further = options.flag("further")?.unwrap_or_default();
        let given = [
            ("ExpirationModel", Some(model.to_owned())),
            ("ValidTo", end),
            ("ImportType", further.then(|| "NEW_KEY_MATERIAL".to_owned())),
            ("KeyMaterialDescription", options.text("description")?),
        ];
        let given = given
            .into_iter()
            .filter_map(|(k, v)| Some((k.to_owned(), v?.into())));
        Ok(given.collect())
    }

    fn delete_material(&self, members: Value) -> Fallible<Dynamic> {
        dynamic(&self.call("DeleteImportedKeyMaterial", members)?)
    }
}

/// Wraps `material` for the raw `ImportKeyMaterial`.
fn wrap(
    settings: &LabSettings,
    material: &Dynamic,
    key: &Dynamic,
    name: &str,
) -> Fallible<Dynamic> {
    let material = bytes(material, "what `wrap_material` takes")?;
    let public_key = bytes(key, "the public key of `wrap_material`")?;
    let algorithm = named(name)?;
    let wrapped = settings.wrap_material(algorithm, &public_key, &material);
    wrapped.map(Dynamic::from_blob).ok_or_else(unwrappable)
}

fn named(name: &str) -> Fallible<WrappingAlgorithm> {
    let known = WrappingAlgorithm::named(name);
    known.ok_or_else(|| invalid(format!("`{name}` is not a wrapping algorithm")))
}

fn unwrappable() -> Box<rhai::EvalAltResult> {
    invalid(
        "the wrapping key does not take the material: it is too long, empty, or the key is none",
    )
}

/// Registers how key material comes and goes.
pub(super) fn register(registry: &mut Registry<'_>) {
    let doc = "Imports key material of one's own into a key made with `origin: \"EXTERNAL\"`: gets a wrapping key and a token (GetParametersForImport), wraps the material as a client does, and hands both in (ImportKeyMaterial). 32 bytes for a symmetric encryption key.";
    registry
        .method::<Key>("import_material")
        .param("material", "blob")
        .returns("map")
        .doc(&format!("{doc} It does not expire."))
        .example(&format!("{MAKE}key.import_material(material);\nkey.state"))
        .register(|key: &mut Key, material: Dynamic| key.import(&material, Map::new()));
    registry
        .method::<Key>("import_material")
        .param("material", "blob")
        .param("options", "map")
        .returns("map")
        .doc(&format!(
            "{doc} Options: `valid_to` (a date) or `expires_in` (`\"30d\"`), `further` (true for material that comes after what the key has, and that `rotate` makes the current one), `description`, `wrapping` (AWS's name of the algorithm)."
        ))
        .example(&format!(
            "{MAKE}key.import_material(material, #{{ expires_in: \"30d\" }});\nclock.advance(\"31d\");\nkey.state"
        ))
        .register(|key: &mut Key, material: Dynamic, options: Map| key.import(&material, options));
    registry
        .method::<Key>("delete_material")
        .returns("map")
        .doc("Deletes the imported material that is current; the key waits for it until the same is imported again (DeleteImportedKeyMaterial).")
        .example(&format!("{MAKE}key.import_material(material);\nkey.delete_material();\nkey.state"))
        .register(|key: &mut Key| key.delete_material(json!({})));
    registry
        .method::<Key>("delete_material")
        .param("id", "string")
        .returns("map")
        .doc("Deletes the imported material with this id, which `materials` tells.")
        .register(|key: &mut Key, id: &str| key.delete_material(json!({ "KeyMaterialId": id })));
    registry
        .method::<LabSettings>("wrap_material")
        .param("material", "blob")
        .param("public_key", "blob")
        .param("algorithm", "string")
        .returns("blob")
        .doc("Wraps key material under the public key of `kms.get_parameters_for_import`, as its owner does outside KMS, for `kms.import_key_material`. `algorithm` is AWS's name, such as `RSAES_OAEP_SHA_256`. `key.import_material` does all of it at once.")
        .example(&format!(
            "{MAKE}let parameters = kms.get_parameters_for_import(#{{ KeyId: key.arn, WrappingAlgorithm: \"RSAES_OAEP_SHA_256\", WrappingKeySpec: \"RSA_2048\" }});\nlet wrapped = lab.wrap_material(material, parameters.PublicKey, \"RSAES_OAEP_SHA_256\");"
        ))
        .register(|lab: &mut LabSettings, material: Dynamic, key: Dynamic, algorithm: &str| {
            wrap(lab, &material, &key, algorithm)
        });
}
