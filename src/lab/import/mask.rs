//! Pseudonyms for account numbers and names.

use std::collections::HashMap;

use serde_json::Value;

use super::documents::{list, member};
use super::recognise::{Export, Found, opened};

/// Words of policies that are never a name.
const WORDS: [&str; 8] = [
    "Allow", "Deny", "root", "default", "user", "role", "policy", "key",
];
/// Shorter texts are taken for words.
const SHORTEST: usize = 3;

/// The pseudonyms of one import: the same name is the same pseudonym everywhere.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    names: HashMap<String, String>,
    accounts: usize,
}

impl Mask {
    /// Pseudonyms for every name that the exports give to something.
    pub(super) fn of(exports: &[Export]) -> Self {
        let mut mask = Self::default();
        let lists = [
            ("UserDetailList", "UserName", "User"),
            ("RoleDetailList", "RoleName", "Role"),
            ("GroupDetailList", "GroupName", "Group"),
            ("Buckets", "Name", "bucket-"),
            ("Targets", "Name", "Node"),
        ];
        for (name, inner, noun) in lists {
            for export in exports {
                for entry in list(&export.value, name) {
                    mask.name(member(entry, inner), noun);
                }
            }
        }
        for export in exports {
            let policies = list(&export.value, "Policies").iter();
            let own = policies.filter(|p| {
                let arn = member(p, "Arn").unwrap_or_default();
                export.kind != Found::Authorization || !arn.starts_with("arn:aws:iam::aws:")
            });
            own.for_each(|p| mask.name(member(p, "PolicyName").or(member(p, "Name")), "Policy"));
            for alias in list(&export.value, "Aliases") {
                let name = member(alias, "AliasName").filter(|n| !n.starts_with("alias/aws/"));
                mask.name(name.map(|n| n.trim_start_matches("alias/")), "key-");
            }
        }
        mask
    }

    fn name(&mut self, name: Option<&str>, noun: &str) {
        let Some(name) = name.filter(|n| n.len() >= SHORTEST && !WORDS.contains(n)) else {
            return;
        };
        let number = self.names.len() + 1;
        self.names
            .entry(name.to_owned())
            .or_insert_with(|| format!("{noun}{number}"));
    }

    /// Replaces every name in `export`, the documents within it included.
    pub(super) fn apply(&mut self, export: &mut Export) {
        opened(&mut export.value);
        self.value(&mut export.value);
        export.file = self.text(&export.file);
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(entries) => entries.iter_mut().for_each(|entry| self.value(entry)),
            Value::Object(members) => members.values_mut().for_each(|member| self.value(member)),
            _ => {}
        }
    }

    /// `text` with pseudonyms for the names and account numbers in it.
    pub fn text(&mut self, text: &str) -> String {
        if WORDS.contains(&text) {
            return text.to_owned();
        }
        let mut masked = String::with_capacity(text.len());
        let mut word = String::new();
        for character in text.chars().chain(std::iter::once('\n')) {
            if character.is_alphanumeric() || "+=,.@_-".contains(character) {
                word.push(character);
                continue;
            }
            masked.push_str(&self.word(&word));
            word.clear();
            masked.push(character);
        }
        masked.pop();
        masked
    }

    fn word(&mut self, word: &str) -> String {
        if let Some(known) = self.names.get(word) {
            return known.clone();
        }
        if word.len() == 12 && word.bytes().all(|b| b.is_ascii_digit()) {
            self.accounts += 1;
            let pseudonym = format!("{:012}", 100_000_000_000_u64 + self.accounts as u64);
            self.names.insert(word.to_owned(), pseudonym.clone());
            return pseudonym;
        }
        // A file's name holds what it is about among other words.
        match word
            .strip_suffix(".json")
            .or_else(|| word.strip_suffix(".txt"))
        {
            Some(stem) => format!("{}.json", self.within(stem)),
            None => word.to_owned(),
        }
    }

    /// `stem` with the longest name in it replaced.
    fn within(&self, stem: &str) -> String {
        let names = self
            .names
            .iter()
            .filter(|(name, _)| stem.contains(name.as_str()));
        match names.max_by_key(|(name, _)| name.len()) {
            Some((name, pseudonym)) => stem.replace(name.as_str(), pseudonym),
            None => stem.to_owned(),
        }
    }
}
