//! Wildcard patterns: `*` any run, `?` one character.

use std::fmt;

use super::finder::Finder;

/// A pattern with `*` and `?`, cut at its stars once.
///
/// What stands before the first star and behind the last can match in one
/// place only; each piece between stars is taken where it first occurs, which
/// leaves most to the rest, so nothing is ever tried twice. The cost grows with
/// the length of the text, however the pattern is made: a literal piece is
/// searched in linear time, and one with `?` takes a step for each character of
/// the text and each 64 of its own (`Finder`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    source: Box<str>,
    case: Case,
    start: Option<Anchored>,
    middle: Box<[Floating]>,
    end: Option<Anchored>,
    has_star: bool,
}

/// Whether letters must agree in case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// `a` differs from `A`.
    Sensitive,
    /// `a` equals `A` (ASCII).
    Insensitive,
}

/// One symbol of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// `*`.
    AnyRun,
    /// `?`.
    AnyOne,
    /// This character, whatever it is.
    Literal(char),
}

/// A piece that begins or ends the pattern.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Anchored {
    Literal(Box<str>),
    Mixed(Box<[Symbol]>),
}

/// A piece between two stars.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Floating {
    Literal(Box<str>),
    Mixed(Finder),
}

impl Glob {
    /// Compiles `pattern`, in which every `*` and `?` is a wildcard.
    pub fn new(pattern: &str, case: Case) -> Self {
        Self::from_symbols(
            pattern.chars().map(|c| match c {
                '*' => Symbol::AnyRun,
                '?' => Symbol::AnyOne,
                other => Symbol::Literal(other),
            }),
            case,
        )
    }

    /// Compiles symbols, for patterns in which some stars are meant literally.
    pub fn from_symbols(symbols: impl IntoIterator<Item = Symbol>, case: Case) -> Self {
        let symbols: Vec<Symbol> = symbols.into_iter().collect();
        let source: String = symbols
            .iter()
            .map(|s| match s {
                Symbol::AnyRun => '*',
                Symbol::AnyOne => '?',
                Symbol::Literal(c) => *c,
            })
            .collect();
        let folded: Vec<Symbol> = symbols.iter().map(|s| s.folded(case)).collect();
        let mut pieces = folded.split(|s| *s == Symbol::AnyRun);
        let start = pieces.next().unwrap_or_default();
        let end = pieces.next_back();
        Self {
            source: source.into_boxed_str(),
            case,
            start: Anchored::new(start),
            middle: pieces
                .filter(|p| !p.is_empty())
                .map(Floating::new)
                .collect(),
            end: end.and_then(Anchored::new),
            has_star: end.is_some(),
        }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether this pattern is a lone `*`.
    pub fn is_any(&self) -> bool {
        self.has_star && self.start.is_none() && self.middle.is_empty() && self.end.is_none()
    }

    /// The literal text that every match begins with (lowercase if case does not count).
    pub fn literal_prefix(&self) -> &str {
        match &self.start {
            Some(Anchored::Literal(text)) => text,
            _ => "",
        }
    }

    /// The whole pattern as literal text, if it has no wildcard.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.start {
            _ if self.has_star => None,
            None => Some(""),
            Some(Anchored::Literal(text)) => Some(text),
            Some(Anchored::Mixed(_)) => None,
        }
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        match self.case {
            Case::Sensitive => self.matches_folded(text),
            Case::Insensitive if text.bytes().any(|b| b.is_ascii_uppercase()) => {
                self.matches_folded(&text.to_ascii_lowercase())
            }
            Case::Insensitive => self.matches_folded(text),
        }
    }

    fn matches_folded(&self, text: &str) -> bool {
        let mut rest = text;
        if let Some(start) = &self.start {
            match start.match_at_start(rest).and_then(|end| rest.get(end..)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        if !self.has_star {
            return rest.is_empty();
        }
        if let Some(end) = &self.end {
            match end.match_at_end(rest).and_then(|start| rest.get(..start)) {
                Some(before) => rest = before,
                None => return false,
            }
        }
        self.middle.iter().all(|piece| {
            let after = piece.find_end(rest).and_then(|end| rest.get(end..));
            rest = after.unwrap_or_default();
            after.is_some()
        })
    }
}

/// The text of symbols without a wildcard.
fn literal(symbols: &[Symbol]) -> Option<Box<str>> {
    let text: Option<String> = symbols
        .iter()
        .map(|s| match s {
            Symbol::Literal(c) => Some(*c),
            _ => None,
        })
        .collect();
    text.map(String::into_boxed_str)
}

impl Anchored {
    fn new(symbols: &[Symbol]) -> Option<Self> {
        (!symbols.is_empty()).then(|| match literal(symbols) {
            Some(text) => Self::Literal(text),
            None => Self::Mixed(symbols.into()),
        })
    }

    /// Byte offset behind this piece, if `text` starts with it.
    fn match_at_start(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(literal) => text.starts_with(&**literal).then_some(literal.len()),
            Self::Mixed(symbols) => {
                let mut chars = text.chars();
                let mut end = 0;
                for symbol in symbols {
                    end += symbol.admit(chars.next()?)?;
                }
                Some(end)
            }
        }
    }

    /// Byte offset at which this piece begins, if `text` ends with it.
    fn match_at_end(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(literal) => text
                .ends_with(&**literal)
                .then(|| text.len() - literal.len()),
            Self::Mixed(symbols) => {
                let mut chars = text.chars().rev();
                let mut start = text.len();
                for symbol in symbols.iter().rev() {
                    start -= symbol.admit(chars.next()?)?;
                }
                Some(start)
            }
        }
    }
}

impl Floating {
    fn new(symbols: &[Symbol]) -> Self {
        match literal(symbols) {
            Some(text) => Self::Literal(text),
            None => Self::Mixed(Finder::new(symbols)),
        }
    }

    /// Byte offset behind the first place in `text` where this piece stands.
    fn find_end(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(literal) => text.find(&**literal).map(|at| at + literal.len()),
            Self::Mixed(finder) => finder.find_end(text),
        }
    }
}

impl Symbol {
    fn folded(self, case: Case) -> Self {
        match self {
            Self::Literal(c) if case == Case::Insensitive => Self::Literal(c.to_ascii_lowercase()),
            other => other,
        }
    }

    /// The bytes that `c` takes, if this symbol admits it.
    fn admit(self, c: char) -> Option<usize> {
        match self {
            Self::Literal(literal) if literal != c => None,
            _ => Some(c.len_utf8()),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glob({})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::finder::steps::steps_of;
    use super::*;

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..]))
            }
            (Some(('?', rest)), Some((_, tail))) => naive(rest, tail),
            (Some((p, rest)), Some((t, tail))) => p == t && naive(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?é]{0,8}", text in "[abé]{0,10}") {
            let expected = naive(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(Glob::new(&pattern, Case::Sensitive).matches(&text), expected);
        }
    }

    proptest! {
        #[test]
        fn long_pieces_agree_with_the_definition(
            pattern in "\\*[a?]{60,140}b\\*", text in "[ab]{0,300}"
        ) {
            let piece: Vec<char> = pattern.trim_matches('*').chars().collect();
            let text: Vec<char> = text.chars().collect();
            let stands = |at: &[char]| piece.iter().zip(at).all(|(p, t)| *p == '?' || p == t);
            let expected = text.windows(piece.len()).any(stands);
            let glob = Glob::new(&pattern, Case::Sensitive);
            prop_assert_eq!(glob.matches(&text.iter().collect::<String>()), expected);
        }
    }

    #[test]
    fn no_pattern_makes_the_cost_grow_faster_than_the_text() {
        let text = "a".repeat(1000);
        for (pattern, words) in [
            ("*a?a?a?b*".to_owned(), 1),
            ("*?a?b*".repeat(50), 1),
            (format!("*{}b*", "?".repeat(63)), 1),
            (format!("*{}b*{}b*", "a?".repeat(200), "?a".repeat(200)), 7),
            (format!("{}*{}", "a?".repeat(100), "?a".repeat(100)), 0),
        ] {
            let glob = Glob::new(&pattern, Case::Sensitive);
            for copies in [1, 2, 4] {
                let text = text.repeat(copies);
                let steps = steps_of(|| glob.matches(&text));
                assert!(steps <= words * text.len(), "{steps} steps for {pattern}");
            }
        }
    }

    #[test]
    fn case_counts_only_where_it_should() {
        assert!(Glob::new("s3:Get*", Case::Insensitive).matches("S3:getobject"));
        assert!(!Glob::new("Reports/*", Case::Sensitive).matches("reports/q1"));
    }

    #[test]
    fn literal_stars_stay_literal() {
        let glob = Glob::from_symbols([Symbol::Literal('*'), Symbol::AnyRun], Case::Sensitive);
        assert!(glob.matches("*x") && !glob.matches("xx"));
    }
}
