//! Patterns over ARNs, compared part by part.

use crate::base::Glob;
use crate::base::glob::{Case, Symbol};

use super::action::at_colon;
use super::template::first_wildcard;

/// The six parts of an ARN in a request; the sixth holds everything after the fifth colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ArnParts<'a> {
    pub head: [&'a str; 4],
    pub resource: &'a str,
}

impl<'a> ArnParts<'a> {
    /// Cuts `text` at its first five colons; `None` if it is no ARN.
    pub fn split(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("arn:")?;
        let (partition, rest) = at_colon(rest)?;
        let (service, rest) = at_colon(rest)?;
        let (region, rest) = at_colon(rest)?;
        let (account, resource) = at_colon(rest)?;
        Some(Self {
            head: [partition, service, region, account],
            resource,
        })
    }
}

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Any,
    Exact(Box<str>),
    /// Text behind which anything may follow.
    Prefix(Box<str>),
    Like(Box<Glob>),
}

impl Part {
    /// Compiles a part in which every `*` and `?` is a wildcard.
    fn from_text(text: &str) -> Self {
        match first_wildcard(text) {
            None => Self::Exact(text.into()),
            Some(0) if text == "*" => Self::Any,
            Some(at) if text.ends_with('*') && at + 1 == text.len() => {
                Self::Prefix(text.trim_end_matches('*').into())
            }
            Some(_) => Self::Like(Box::new(Glob::new(text, Case::Sensitive))),
        }
    }

    fn new(symbols: &[Symbol]) -> Self {
        let glob = Glob::from_symbols(symbols.iter().copied(), Case::Sensitive);
        match glob.as_literal() {
            Some(text) => Self::Exact(text.into()),
            None if glob.is_any() => Self::Any,
            None => Self::Like(Box::new(glob)),
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Like(glob) => glob.matches(text),
        }
    }
}

/// A pattern of six parts with wildcards inside each.
///
/// In the first five a wildcard stays within its part; in the sixth `*` runs
/// across `/` and `:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArnPattern {
    pub head: [Part; 4],
    pub resource: Part,
}

impl ArnPattern {
    /// Compiles a pattern in which every `*` and `?` is a wildcard; `None` unless it
    /// starts with `arn:` and has six parts.
    pub fn from_text(text: &str) -> Option<Self> {
        ArnParts::split(text).map(|parts| Self {
            head: parts.head.map(Part::from_text),
            resource: Part::from_text(parts.resource),
        })
    }

    /// Compiles symbols, for patterns in which some stars are meant literally.
    pub fn from_symbols(symbols: &[Symbol]) -> Option<Self> {
        let mut parts = symbols.splitn(6, |s| *s == Symbol::Literal(':'));
        if parts.next()? != ['a', 'r', 'n'].map(Symbol::Literal) {
            return None;
        }
        let mut part = || parts.next().map(Part::new);
        Some(Self {
            head: [part()?, part()?, part()?, part()?],
            resource: part()?,
        })
    }

    /// The pattern that admits every ARN.
    pub const fn any() -> Self {
        Self {
            head: [const { Part::Any }; 4],
            resource: Part::Any,
        }
    }

    pub fn matches_head(&self, arn: &ArnParts<'_>) -> bool {
        self.head
            .iter()
            .zip(arn.head)
            .all(|(part, text)| part.matches(text))
    }

    pub fn matches(&self, arn: &ArnParts<'_>) -> bool {
        self.matches_head(arn) && self.resource.matches(arn.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::wildcard_or_literal;
    use super::*;

    fn matches(pattern: &str, text: &str) -> Option<bool> {
        let symbols: Vec<Symbol> = pattern.chars().map(wildcard_or_literal).collect();
        let arn = ArnParts::split(text);
        let answer = |pattern: ArnPattern| arn.is_some_and(|arn| pattern.matches(&arn));
        let answers = [
            ArnPattern::from_text(pattern),
            ArnPattern::from_symbols(&symbols),
        ]
        .map(|compiled| compiled.map(answer));
        assert_eq!(answers[0], answers[1], "{pattern}");
        answers[0]
    }

    #[test]
    fn a_star_stays_within_its_part_until_the_sixth() {
        let key = "arn:aws:kms:us-east-1:111122223333:key/a:b/c";
        for (pattern, expected) in [
            ("arn:aws:kms:*:111122223333:key/*", Some(true)),
            ("arn:*:kms:us-east-?:*:key/*c", Some(true)),
            ("arn:aws:kms:*:key/*", None),
            ("arn:aws:kms:*:*:alias/*", Some(false)),
            ("arn:aws:*:111122223333:key/a:b/c", Some(false)),
            ("arn:aws:kms::111122223333:key/*", Some(false)),
            ("*:aws:kms:*:*:*", None),
        ] {
            assert_eq!(matches(pattern, key), expected, "{pattern}");
        }
        assert_eq!(matches("arn:*:*:*:*:*", "not an arn"), Some(false));
    }
}
