//! Wildcard patterns: `*` any run, `?` one character.

use std::fmt;

/// A pattern with `*` and `?`, cut into its literal pieces once.
///
/// Matching never backtracks over more than one star, so its cost is at most
/// the product of text and longest piece, and linear where a piece has no `?`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    source: Box<str>,
    case: Case,
    pieces: Box<[Piece]>,
    starts_free: bool,
    ends_free: bool,
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

#[derive(Clone, PartialEq, Eq, Hash)]
enum Piece {
    Literal(Box<str>),
    Mixed(Box<[Symbol]>),
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
        let pieces = symbols
            .split(|s| *s == Symbol::AnyRun)
            .filter(|piece| !piece.is_empty())
            .map(|piece| Piece::new(piece, case))
            .collect();
        Self {
            source: source.into_boxed_str(),
            case,
            pieces,
            starts_free: symbols.first() == Some(&Symbol::AnyRun),
            ends_free: symbols.last() == Some(&Symbol::AnyRun),
        }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether this pattern is a lone `*`.
    pub fn is_any(&self) -> bool {
        self.pieces.is_empty() && self.starts_free
    }

    /// The literal text that every match begins with (lowercase if case does not count).
    pub fn literal_prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) if !self.starts_free => text,
            _ => "",
        }
    }

    /// The whole pattern as literal text, if it has no wildcard.
    pub fn as_literal(&self) -> Option<&str> {
        match &*self.pieces {
            [] if !self.starts_free => Some(""),
            [Piece::Literal(text)] if !self.starts_free && !self.ends_free => Some(text),
            _ => None,
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
        let mut pieces = &*self.pieces;
        if pieces.is_empty() {
            return self.starts_free || text.is_empty();
        }
        if !self.starts_free
            && let Some((first, others)) = pieces.split_first()
        {
            let Some(end) = first.match_at_start(rest) else {
                return false;
            };
            rest = rest.get(end..).unwrap_or_default();
            pieces = others;
            if pieces.is_empty() {
                return self.ends_free || rest.is_empty();
            }
        }
        if !self.ends_free
            && let Some((last, others)) = pieces.split_last()
        {
            let Some(start) = last.match_at_end(rest) else {
                return false;
            };
            rest = rest.get(..start).unwrap_or_default();
            pieces = others;
        }
        for piece in pieces {
            let Some(end) = piece.find_end(rest) else {
                return false;
            };
            rest = rest.get(end..).unwrap_or_default();
        }
        true
    }
}

impl Piece {
    fn new(symbols: &[Symbol], case: Case) -> Self {
        let fold = |c: char| {
            if case == Case::Insensitive {
                c.to_ascii_lowercase()
            } else {
                c
            }
        };
        let literal: Option<String> = symbols
            .iter()
            .map(|s| match s {
                Symbol::Literal(c) => Some(fold(*c)),
                _ => None,
            })
            .collect();
        match literal {
            Some(text) => Self::Literal(text.into_boxed_str()),
            None => Self::Mixed(
                symbols
                    .iter()
                    .map(|s| match s {
                        Symbol::Literal(c) => Symbol::Literal(fold(*c)),
                        other => *other,
                    })
                    .collect(),
            ),
        }
    }

    /// Byte offset behind this piece, if `text` starts with it.
    fn match_at_start(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(literal) => text.starts_with(&**literal).then_some(literal.len()),
            Self::Mixed(symbols) => {
                let mut chars = text.chars();
                let mut end = 0;
                for symbol in symbols {
                    let c = chars.next()?;
                    if !symbol.admits(c) {
                        return None;
                    }
                    end += c.len_utf8();
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
                    let c = chars.next()?;
                    if !symbol.admits(c) {
                        return None;
                    }
                    start -= c.len_utf8();
                }
                Some(start)
            }
        }
    }

    /// Byte offset behind the first place in `text` where this piece stands.
    fn find_end(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(literal) => text.find(&**literal).map(|at| at + literal.len()),
            Self::Mixed(_) => text.char_indices().find_map(|(at, _)| {
                text.get(at..)
                    .and_then(|rest| self.match_at_start(rest))
                    .map(|end| at + end)
            }),
        }
    }
}

impl Symbol {
    fn admits(self, c: char) -> bool {
        match self {
            Self::AnyRun | Self::AnyOne => true,
            Self::Literal(literal) => literal == c,
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
