//! What a file is, by its content.

use std::collections::BTreeMap;

use serde_json::{Deserializer, Value};

use super::Report;
use super::documents::{account_in, decoded, list, member, text};
use crate::base::AccountId;
use crate::policy::PolicyKind;

/// What an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// `iam get-account-authorization-details`, one page or all.
    Authorization,
    /// `kms describe-key`.
    Key,
    /// `kms list-keys`.
    KeyList,
    /// `kms get-key-policy`.
    KeyPolicy,
    /// `kms list-grants`.
    Grants,
    /// `kms list-aliases`.
    Aliases,
    /// `s3api list-buckets`.
    BucketList,
    /// `s3api get-bucket-policy`.
    BucketPolicy,
    /// `s3api get-bucket-encryption`.
    BucketEncryption,
    /// `s3api get-public-access-block`.
    PublicAccess,
    /// `organizations list-policies` or `list-policies-for-target`.
    ControlPolicies,
    /// `organizations describe-policy`.
    ControlPolicy,
    /// `organizations list-targets-for-policy`.
    Targets,
    /// `organizations describe-organization`.
    Organization,
    /// `organizations list-parents`.
    Parents,
}

/// One export: what it is, and the file that it stands in.
#[derive(Clone, Debug)]
pub struct Export {
    /// The file, below the folder.
    pub file: String,
    /// What it is.
    pub kind: Found,
    /// The document.
    pub value: Value,
}

impl Export {
    /// The account that it is of, where it says so.
    pub(super) fn account(&self) -> Option<AccountId> {
        let of_first = |lists: &[&str], arn: &str| {
            let entries = lists.iter().flat_map(|name| list(&self.value, name));
            let arns = entries.filter_map(|entry| member(entry, arn));
            arns.filter_map(account_in).next()
        };
        match self.kind {
            Found::Authorization => of_first(
                &[
                    "UserDetailList",
                    "RoleDetailList",
                    "GroupDetailList",
                    "Policies",
                ],
                "Arn",
            ),
            Found::Key => {
                let key = self.value.get("KeyMetadata")?;
                account_in(member(key, "Arn")?)
            }
            Found::KeyList => of_first(&["Keys"], "KeyArn"),
            Found::Aliases => of_first(&["Aliases"], "AliasArn"),
            _ => None,
        }
    }

    /// The words of the file's name and folders, in lower case.
    pub(super) fn words(&self) -> String {
        self.file.to_ascii_lowercase()
    }
}

/// What to do about JSON that ends too soon.
const TRUNCATED: &str = "the file ends too soon: run the command again and let it finish";
/// What to do about JSON that is none.
const NOT_JSON: &str = "print it with `--output json`, without other text in the file";

/// Adds every export in `text`; one file may hold several, one after the other.
pub(super) fn file(name: &str, source: &str, exports: &mut Vec<Export>, report: &mut Report) {
    let source = source.trim_start_matches('\u{feff}');
    for document in Deserializer::from_str(source).into_iter::<Value>() {
        match document {
            Ok(Value::Array(entries)) => {
                for entry in entries {
                    put(name, entry, exports, report);
                }
            }
            Ok(value) => put(name, value, exports, report),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                let remedy = if error.is_eof() { TRUNCATED } else { NOT_JSON };
                report.problem(name, place, error.to_string(), remedy);
                return;
            }
        }
    }
    if source.trim().is_empty() {
        report.problem(name, "", "the file is empty", "run the command again");
    }
}

fn put(name: &str, value: Value, exports: &mut Vec<Export>, report: &mut Report) {
    match kind_of(&value) {
        Some(kind) => exports.push(Export {
            file: name.to_owned(),
            kind,
            value,
        }),
        None => report.problem(
            name,
            "",
            format!(
                "this is no export that keychai knows; it has {}",
                members(&value)
            ),
            "leave it out, or see `keychai import --help` for the commands",
        ),
    }
}

fn members(value: &Value) -> String {
    let names: Vec<&str> = value.as_object().map_or(Vec::new(), |object| {
        object.keys().take(4).map(String::as_str).collect()
    });
    match names.is_empty() {
        true => "no members".to_owned(),
        false => names.join(", "),
    }
}

fn kind_of(value: &Value) -> Option<Found> {
    let has = |name: &str| value.get(name).is_some();
    let first = |name: &str, inner: &str| {
        list(value, name)
            .first()
            .is_some_and(|entry| entry.get(inner).is_some())
    };
    if has("UserDetailList") || has("RoleDetailList") || has("GroupDetailList") {
        return Some(Found::Authorization);
    }
    if first("Policies", "PolicyVersionList") {
        return Some(Found::Authorization);
    }
    let simple = [
        ("KeyMetadata", Found::Key),
        ("Keys", Found::KeyList),
        ("Grants", Found::Grants),
        ("Aliases", Found::Aliases),
        ("Buckets", Found::BucketList),
        ("ServerSideEncryptionConfiguration", Found::BucketEncryption),
        ("PublicAccessBlockConfiguration", Found::PublicAccess),
        ("Targets", Found::Targets),
        ("Organization", Found::Organization),
        ("Parents", Found::Parents),
    ];
    if let Some((_, kind)) = simple.iter().find(|(name, _)| has(name)) {
        return Some(*kind);
    }
    if first("Policies", "AwsManaged") || list(value, "Policies").is_empty() && has("Policies") {
        return Some(Found::ControlPolicies);
    }
    let policy = value.get("Policy")?;
    if policy.get("PolicySummary").is_some() || policy.get("Content").is_some() {
        return Some(Found::ControlPolicy);
    }
    match PolicyKind::guess(&text(policy).ok()?) {
        PolicyKind::Key => Some(Found::KeyPolicy),
        PolicyKind::Bucket => Some(Found::BucketPolicy),
        _ if member(value, "PolicyName") == Some("default") => Some(Found::KeyPolicy),
        _ => None,
    }
}

/// The documents within `value` as objects, URL-encoded ones decoded.
pub(super) fn opened(value: &mut Value) {
    match value {
        Value::String(text) => {
            let plain = match text.starts_with("%7B") || text.starts_with("%7b") {
                true => decoded(text),
                false => text.trim_start().starts_with('{').then(|| text.clone()),
            };
            let parsed = plain.and_then(|plain| serde_json::from_str::<Value>(&plain).ok());
            if let Some(object) = parsed.filter(Value::is_object) {
                *value = object;
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(opened),
        Value::Object(members) => members.values_mut().for_each(opened),
        _ => {}
    }
}

/// The entries of a list with the places that name them.
pub(super) fn entries<'v>(
    value: &'v Value,
    name: &'v str,
) -> impl Iterator<Item = (String, &'v Value)> + 'v {
    let places = list(value, name).iter().enumerate();
    places.map(move |(at, entry)| (format!("{name}[{at}]"), entry))
}

/// The one of `names` that the file's name holds, ignoring case; the longest.
pub(super) fn named_in<T: Clone>(file: &str, names: &BTreeMap<String, T>) -> Option<T> {
    let fits = names
        .iter()
        .filter(|(name, _)| file.contains(name.as_str()));
    let longest = fits.max_by_key(|(name, _)| name.len());
    longest.map(|(_, value)| value.clone())
}
