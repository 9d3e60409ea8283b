//! The AWS managed policies, `arn:aws:iam::aws:policy/…`.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::sync::{LazyLock, Mutex};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::Arn;
use crate::policy::{Policy, PolicyKind};

static PACKED: &[u8] = include_bytes!("../../data/aws-managed-policies.jsonl.gz");

/// The one policy that every account starts from, which the data set leaves out.
///
/// Source: AWS Managed Policy Reference Guide, "AdministratorAccess".
const ADMINISTRATOR: (&str, &str) = (
    "AdministratorAccess",
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
);

static COMPILED: LazyLock<Mutex<HashMap<String, Option<Policy>>>> = LazyLock::new(Mutex::default);

static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names: Vec<String> = lines().filter_map(|l| name_of(&l)).collect();
    names.push(ADMINISTRATOR.0.to_owned());
    names.sort_unstable();
    names
});

#[derive(Deserialize)]
struct Line<'a> {
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    document: &'a RawValue,
}

/// The names of all AWS managed policies, sorted.
pub fn names() -> &'static [String] {
    &NAMES
}

/// The AWS managed policy with this ARN; compiled on first use, then shared.
pub fn policy(arn: &Arn) -> Option<Policy> {
    if arn.account() != "aws" || arn.resource_type() != "policy" {
        return None;
    }
    let name = arn.base_name();
    let mut compiled = COMPILED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = compiled.get(name) {
        return known.clone();
    }
    let found = text_of(name).and_then(|text| Policy::parse(PolicyKind::Managed, &text).ok());
    compiled.insert(name.to_owned(), found.clone());
    found
}

fn text_of(name: &str) -> Option<String> {
    if name == ADMINISTRATOR.0 {
        return Some(ADMINISTRATOR.1.to_owned());
    }
    lines().find_map(|line| {
        let parsed: Line<'_> = serde_json::from_str(&line).ok()?;
        (parsed.name == name).then(|| parsed.document.get().to_owned())
    })
}

fn lines() -> impl Iterator<Item = String> {
    BufReader::new(GzDecoder::new(PACKED))
        .lines()
        .map_while(Result::ok)
}

fn name_of(line: &str) -> Option<String> {
    serde_json::from_str::<Line<'_>>(line)
        .ok()
        .map(|l| l.name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_policies_are_found_and_unknown_ones_are_not() {
        let arn = |name: &str| Arn::of("iam", "", "aws", &format!("policy/{name}"));
        assert_eq!(
            policy(&arn("AdministratorAccess"))
                .unwrap()
                .statements()
                .len(),
            1
        );
        assert!(policy(&arn("NoSuchPolicy")).is_none());
        assert_eq!(names().len(), 1642);
        assert!(policy(&arn("AmazonS3ReadOnlyAccess")).is_some());
    }
}
