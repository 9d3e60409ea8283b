//! The keys that conditions and variables can see.

use serde_json::Value;

use super::caller::Caller;
use super::{Fault, strings};

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Held {
    One(String),
    Many(Vec<String>),
}

impl Held {
    /// The value of a key that has exactly one.
    pub fn single(&self) -> Option<&str> {
        match self {
            Held::One(value) => Some(value),
            Held::Many(_) => None,
        }
    }
}

/// Names and what they hold, in a row.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pairs: Vec<(String, Held)>,
    case_matters: bool,
}

/// Keys about the network of the caller, which a forwarded call does not come from.
const NETWORK: [&str; 4] = [
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
];

impl Context {
    /// What the request itself says, then what follows from the caller and from the key asked for.
    pub fn of(case: &Value, check: &Value, entry: Option<&Value>, fault: Fault) -> Self {
        let mut context = Context {
            pairs: Vec::new(),
            case_matters: fault == Fault::KeysCaseSensitive,
        };
        let forwarded = is_forwarded(check);
        context.add_all(&check["context"]);
        let own = context.pairs.len();
        context.add_all(&case["request"]["context"]);
        if forwarded && fault != Fault::ForwardedKeepsNetwork {
            let network = |key: &str| NETWORK.iter().any(|n| n.eq_ignore_ascii_case(key));
            let mut at = 0;
            context.pairs.retain(|(key, _)| {
                at += 1;
                at <= own || !network(key)
            });
        }
        let action = check["action"].as_str().unwrap();
        context.add_caller(&Caller::of(case), action.starts_with("kms:"));
        if let Some(aliases) = entry.map(|e| &e["aliases"]).filter(|a| a.is_array()) {
            context.add("kms:ResourceAliases", Held::Many(strings(aliases)));
        }
        if forwarded && fault == Fault::ForwardedContextIgnored {
            context.pairs.retain(|(key, _)| {
                key != "kms:ViaService" && !key.starts_with("kms:EncryptionContext")
            });
        }
        context
    }

    /// The first pair of that name, letter case aside.
    pub fn find(&self, key: &str) -> Option<&Held> {
        let same = |name: &str| {
            if self.case_matters {
                name == key
            } else {
                name.to_lowercase() == key.to_lowercase()
            }
        };
        self.pairs
            .iter()
            .find(|(name, _)| same(name))
            .map(|(_, held)| held)
    }

    /// The pairs of the encryption context, names in lower case.
    pub fn encryption_context(&self) -> Vec<(String, String)> {
        let prefix = "kms:encryptioncontext:";
        self.pairs
            .iter()
            .filter_map(|(name, held)| {
                let name = name.to_lowercase();
                let key = name.strip_prefix(prefix)?.to_owned();
                Some((key, held.single()?.to_owned()))
            })
            .collect()
    }

    fn add(&mut self, key: &str, held: Held) {
        if self.find(key).is_none() {
            self.pairs.push((key.to_owned(), held));
        }
    }

    fn add_all(&mut self, pairs: &Value) {
        for (key, value) in pairs.as_object().into_iter().flatten() {
            let held = match value {
                Value::Array(_) => Held::Many(strings(value)),
                Value::String(text) => Held::One(text.clone()),
                other => Held::One(other.to_string()),
            };
            self.add(key, held);
        }
    }

    /// The keys that follow from who calls.
    fn add_caller(&mut self, caller: &Caller, asks_kms: bool) {
        let word = |b: bool| if b { "true" } else { "false" };
        let mut one = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                self.add(key, Held::One(value.to_owned()));
            }
        };
        one("aws:ViaAWSService", Some("false"));
        one("aws:SecureTransport", Some("true"));
        one("aws:PrincipalType", caller.type_name());
        one("aws:userid", caller.user_id());
        if !caller.is_signed() {
            return;
        }
        one(
            "aws:PrincipalIsAWSService",
            Some(word(caller.kind == "service")),
        );
        one("aws:PrincipalArn", caller.principal_arn());
        one("aws:PrincipalAccount", caller.account.as_deref());
        one(
            "kms:CallerAccount",
            caller.account.as_deref().filter(|_| asks_kms),
        );
        one("aws:PrincipalOrgID", caller.organization.as_deref());
        if caller.is_temporary() {
            one("aws:TokenIssueTime", Some("2026-06-01T12:00:00Z"));
            one("aws:MultiFactorAuthPresent", Some("false"));
        }
        if caller.kind == "iam-user" {
            one(
                "aws:username",
                caller.arn.as_deref().and_then(|a| a.split('/').next_back()),
            );
        }
        for (key, value) in &caller.tags {
            one(&format!("aws:PrincipalTag/{key}"), Some(value));
        }
    }
}

/// Whether a service makes this call on behalf of the caller.
pub fn is_forwarded(check: &Value) -> bool {
    check["context"]["aws:ViaAWSService"] == "true"
}
