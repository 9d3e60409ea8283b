//! The actions, condition keys and resource types that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::global_keys::GLOBAL_KEYS;

static PACKED: &[u8] = include_bytes!("../../../data/service-authorization.json.gz");

/// What the Service Authorization Reference says of some services.
///
/// Names are found in any case. Of the services that are not in it, the prefix
/// alone is known ([`Self::is_service`]).
#[derive(Debug, Default)]
pub struct Catalogue {
    services: BTreeMap<String, Service>,
    prefixes: BTreeSet<String>,
    /// By name in lower case; a pattern's name ends before its variable part.
    keys: BTreeMap<String, KeyInfo>,
}

#[derive(Debug)]
struct Service {
    /// By name in lower case, without the prefix.
    actions: BTreeMap<String, ActionInfo>,
    resources: BTreeMap<String, String>,
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ActionInfo {
    /// The full name, such as `s3:GetObject`.
    pub name: String,
    /// `List`, `Read`, `Write`, `Tagging`, `Permissions management`, or several of them.
    pub access_level: String,
    /// The types of resources that it acts on; without any it is asked about `*`.
    pub resource_types: Vec<String>,
    /// The condition keys that may be in its request, beside the global ones.
    pub condition_keys: Vec<String>,
    /// Other actions that its caller needs.
    pub dependent_actions: Vec<String>,
}

/// A condition key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KeyInfo {
    /// The name; of a key with a variable part, such as `aws:RequestTag/${TagKey}`, all of it.
    pub name: String,
    /// What kind of values it has.
    pub key_type: KeyType,
    /// Whether a request may carry several values.
    pub multivalued: bool,
}

/// The kinds of values that condition keys have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum KeyType {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// A number.
    Numeric,
    /// A date.
    Date,
    /// True or false.
    Bool,
    /// An address of the Internet.
    IpAddress,
}

impl KeyType {
    /// The kind of a type as the reference writes it, and whether it is a list.
    fn read(text: &str) -> (Self, bool) {
        let (one, many) = match text.strip_prefix("ArrayOf") {
            Some(one) => (one, true),
            None => (text, false),
        };
        let kind = match one {
            "ARN" | "Arn" => Self::Arn,
            "Numeric" => Self::Numeric,
            "Date" => Self::Date,
            "Bool" => Self::Bool,
            "IPAddress" => Self::IpAddress,
            _ => Self::String,
        };
        (kind, many)
    }

    /// The kind in a sentence.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Arn => "an ARN",
            Self::Numeric => "a number",
            Self::Date => "a date",
            Self::Bool => "true or false",
            Self::IpAddress => "an IP address",
        }
    }
}

#[derive(Deserialize)]
struct Data {
    services: BTreeMap<String, DataService>,
    prefixes: BTreeSet<String>,
}

#[derive(Deserialize)]
struct DataService {
    actions: BTreeMap<String, DataAction>,
    keys: BTreeMap<String, String>,
    resources: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct DataAction {
    level: String,
    resources: Vec<String>,
    keys: Vec<String>,
    dependent: Vec<String>,
}

static BUNDLED: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut text = String::new();
    let read = GzDecoder::new(PACKED).read_to_string(&mut text);
    let data = read.ok().and_then(|_| serde_json::from_str(&text).ok());
    data.map(Catalogue::of).unwrap_or_default()
});

impl Catalogue {
    /// The catalogue that comes with keychai: Glue, IAM, KMS, Lambda, S3 and STS.
    pub fn bundled() -> &'static Self {
        &BUNDLED
    }

    fn of(data: Data) -> Self {
        let mut catalogue = Self {
            prefixes: data.prefixes,
            ..Self::default()
        };
        for (name, text) in GLOBAL_KEYS {
            catalogue.add_key(name, text);
        }
        for (prefix, service) in data.services {
            for (name, text) in &service.keys {
                catalogue.add_key(name, text);
            }
            let actions = service.actions.into_iter().map(|(name, action)| {
                let info = ActionInfo {
                    name: format!("{prefix}:{name}"),
                    access_level: action.level,
                    resource_types: action.resources,
                    condition_keys: action.keys,
                    dependent_actions: action.dependent,
                };
                (name.to_ascii_lowercase(), info)
            });
            let service = Service {
                actions: actions.collect(),
                resources: service.resources,
            };
            catalogue.services.insert(prefix, service);
        }
        catalogue
    }

    fn add_key(&mut self, name: &str, text: &str) {
        let (key_type, multivalued) = KeyType::read(text);
        // A variable part before the end stands for an identity provider's host.
        if name.contains("${") && !name.ends_with('}') {
            return;
        }
        let fixed = name.split("${").next().unwrap_or(name);
        let info = KeyInfo {
            name: name.to_owned(),
            key_type,
            multivalued,
        };
        self.keys.entry(fixed.to_ascii_lowercase()).or_insert(info);
    }

    /// The services whose actions are known, sorted.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(String::as_str)
    }

    /// Whether a service of AWS has this prefix, its actions known or not.
    pub fn is_service(&self, prefix: &str) -> bool {
        let folded = prefix.to_ascii_lowercase();
        self.services.contains_key(&folded) || self.prefixes.contains(&folded)
    }

    /// The prefixes of all services that are known at all, sorted.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.prefixes.iter().map(String::as_str)
    }

    /// The actions of a service, sorted; `None` if they are not known.
    pub fn actions<'c>(
        &'c self,
        service: &str,
    ) -> Option<impl Iterator<Item = &'c ActionInfo> + Clone + use<'c>> {
        let service = self.services.get(&service.to_ascii_lowercase())?;
        Some(service.actions.values())
    }

    /// The action with this full name, such as `s3:GetObject`.
    pub fn action(&self, name: &str) -> Option<&ActionInfo> {
        let (service, action) = name.split_once(':')?;
        let service = self.services.get(&service.to_ascii_lowercase())?;
        service.actions.get(&action.to_ascii_lowercase())
    }

    /// The types of resources of a service with the pattern of their ARNs, such
    /// as `arn:${Partition}:s3:::${BucketName}`.
    pub fn resource_types<'c>(
        &'c self,
        service: &str,
    ) -> impl Iterator<Item = (&'c str, &'c str)> + use<'c> {
        let service = self.services.get(&service.to_ascii_lowercase());
        service
            .into_iter()
            .flat_map(|s| &s.resources)
            .map(|(name, arn)| (name.as_str(), arn.as_str()))
    }

    /// The condition key with this name, such as `aws:RequestTag/team`.
    pub fn condition_key(&self, name: &str) -> Option<&KeyInfo> {
        let folded = name.to_ascii_lowercase();
        let whole = self.keys.get(&folded);
        whole.filter(|key| !key.name.contains("${")).or_else(|| {
            let mut ends = folded.match_indices(['/', ':']).map(|(at, _)| at + 1);
            ends.find_map(|end| {
                self.keys
                    .get(folded.get(..end).filter(|_| end < folded.len())?)
            })
            .filter(|key| key.name.contains("${"))
        })
    }

    /// The names of all condition keys, sorted; variable parts are left out.
    pub fn condition_keys(&self) -> impl Iterator<Item = &str> {
        self.keys
            .values()
            .map(|key| key.name.split("${").next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_data_say_is_found_in_any_case() {
        let catalogue = Catalogue::bundled();
        let get = catalogue.action("S3:getobject").unwrap();
        assert_eq!(
            (get.name.as_str(), get.access_level.as_str()),
            ("s3:GetObject", "Read")
        );
        assert_eq!(get.resource_types, ["accesspointobject", "object"]);
        assert!(catalogue.action("s3:GetObjects").is_none());
        assert_eq!(catalogue.services().count(), 6);
        assert!(catalogue.is_service("dynamodb") && !catalogue.is_service("dinamodb"));
        assert_eq!(catalogue.actions("kms").unwrap().count(), 56);
        assert!(catalogue.actions("dynamodb").is_none());
    }

    #[test]
    fn keys_with_a_variable_part_are_found_by_their_beginning() {
        let catalogue = Catalogue::bundled();
        for (name, found) in [
            ("aws:RequestTag/team", Some("aws:RequestTag/${TagKey}")),
            (
                "KMS:encryptioncontext:aws:s3:arn",
                Some("kms:EncryptionContext:${EncryptionContextKey}"),
            ),
            (
                "kms:EncryptionContextKeys",
                Some("kms:EncryptionContextKeys"),
            ),
            ("aws:sourceip", Some("aws:SourceIp")),
            ("aws:RequestTag/", None),
            ("aws:RequestTags", None),
            ("kms", None),
        ] {
            let key = catalogue.condition_key(name).map(|k| k.name.as_str());
            assert_eq!(key, found, "{name}");
        }
        let keys = catalogue.condition_key("aws:TagKeys").unwrap();
        assert!(keys.multivalued && keys.key_type == KeyType::String);
    }
}
