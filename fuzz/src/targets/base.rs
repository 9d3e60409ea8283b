//! The vocabulary of floor F0.

use keychai::authz::{GrantOperation, Model};
use keychai::base::glob::{Case, Symbol};
use keychai::base::time::parse_duration_seconds;
use keychai::base::{
    AccessKeyId, AccountId, Arn, Blob, BucketName, Clock, Glob, GrantId, KeyId, KeyMaterialId,
    Region, Timestamp, UniqueId,
};
use keychai::policy::Operator;

use super::{text, wildcard_match};

/// An ARN is the text that it was read from, and the sum of its parts.
pub fn arn(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(arn) = Arn::parse(text) else {
        assert!(
            text.len() > Arn::MAX_LENGTH
                || !text.starts_with("arn:")
                || text.matches(':').count() < 5
        );
        return;
    };
    assert_eq!(arn.as_str(), text);
    let (partition, service, region) = (arn.partition(), arn.service(), arn.region());
    let (account, resource) = (arn.account(), arn.resource());
    assert_eq!(
        format!("arn:{partition}:{service}:{region}:{account}:{resource}"),
        text
    );
    assert!(resource.starts_with(arn.resource_type()) && resource.ends_with(arn.resource_name()));
    assert!(resource.ends_with(arn.base_name()));
    if partition == "aws" {
        assert_eq!(Arn::of(service, region, account, resource), arn);
    }
    let json = serde_json::to_string(&arn).unwrap();
    assert_eq!(serde_json::from_str::<Arn>(&json).unwrap(), arn);
}

/// A pattern in the first line, a text in the rest: the answer is that of the definition.
pub fn glob(bytes: &[u8]) {
    let Some((pattern, text)) = text(bytes).and_then(|t| t.split_once('\n')) else {
        return;
    };
    for case in [Case::Sensitive, Case::Insensitive] {
        let fold = |t: &str| match case {
            Case::Sensitive => t.to_owned(),
            Case::Insensitive => t.to_ascii_lowercase(),
        };
        let glob = Glob::new(pattern, case);
        assert_eq!(glob.as_str(), pattern);
        let matches = glob.matches(text);
        if let Some(expected) = wildcard_match(&fold(pattern), &fold(text)) {
            assert_eq!(matches, expected, "{pattern:?} on {text:?}");
        }
        assert!(!matches || fold(text).starts_with(glob.literal_prefix()));
        if let Some(literal) = glob.as_literal() {
            assert_eq!(matches, fold(text) == literal);
        }
        assert!(!glob.is_any() || matches);
    }
    let literal = Glob::from_symbols(pattern.chars().map(Symbol::Literal), Case::Sensitive);
    assert_eq!(literal.matches(text), pattern == text);
}

/// Every identifier keeps the text that it was read from.
pub fn identifiers(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    macro_rules! keeps_its_text {
        ($($name:ident),+) => { $(
            if let Ok(id) = $name::parse(text) {
                assert_eq!(id.as_str(), text);
                let json = serde_json::to_string(&id).unwrap();
                assert_eq!(serde_json::from_str::<$name>(&json).unwrap(), id);
            }
        )+ };
    }
    keeps_its_text!(
        AccessKeyId,
        AccountId,
        BucketName,
        GrantId,
        KeyId,
        KeyMaterialId,
        Region,
        UniqueId
    );
    if let Some(operator) = Operator::parse(text) {
        assert_eq!(operator.to_string(), text);
    }
    if let Ok(operation) = text.parse::<GrantOperation>() {
        assert_eq!(operation.as_str(), text);
    }
    let _ = text.parse::<Model>();
    if let Ok(blob) = Blob::from_base64(text) {
        assert_eq!(Blob::from_base64(&blob.to_base64()).unwrap(), blob);
    }
}

/// What is written is read back, to the second.
pub fn time(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(instant) = Timestamp::parse(text) {
        let again = Timestamp::parse(&instant.to_string()).unwrap();
        assert_eq!(again.seconds(), instant.seconds(), "{text:?}");
    }
    if let Ok(seconds) = parse_duration_seconds(text) {
        let mut clock = Clock::simulated();
        let before = clock.now();
        assert_eq!(clock.advance(seconds).is_ok(), seconds >= 0);
        assert!(clock.now() >= before);
        let after = before.plus_seconds(seconds);
        let again = Timestamp::parse(&after.to_string()).unwrap();
        assert_eq!(again.seconds(), after.seconds(), "{text:?}");
    }
}
