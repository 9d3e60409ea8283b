//! Policy variables: `${aws:username}`, `${key, 'default'}`, `${*}`.

use crate::base::glob::Symbol;

use super::context::{RequestContext, fold};

/// A text with variables, cut into its pieces once.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Box<[Piece]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Text as written, in which stars may be wildcards.
    Text(Box<str>),
    /// One character written as `${*}`, `${?}` or `${$}`.
    Escaped(char),
    /// A condition key in lower case, and what stands for it where it is absent.
    Variable {
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

impl Template {
    /// Cuts `text`; a `${` that starts no well-formed variable is literal text.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            match variable(from) {
                Some((piece, length)) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain).into_boxed_str()));
                    }
                    pieces.push(piece);
                    rest = from.get(length..).unwrap_or_default();
                }
                None => {
                    plain.push_str("${");
                    rest = from.get(2..).unwrap_or_default();
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.into_boxed_str()));
        }
        Self(pieces.into_boxed_slice())
    }

    /// Whether no condition key is needed to know the text.
    pub fn is_constant(&self) -> bool {
        !self
            .0
            .iter()
            .any(|piece| matches!(piece, Piece::Variable { .. }))
    }

    /// The pattern with every variable replaced; `None` if one has no value, or if
    /// no text of `longest` bytes can match.
    ///
    /// Only what the policy itself says is a wildcard: a star inside a
    /// substituted value is literal text, so that a tag cannot widen a policy.
    pub fn symbols(&self, context: &RequestContext, longest: usize) -> Option<Vec<Symbol>> {
        let mut symbols = Vec::new();
        let mut taken = 0;
        for piece in &self.0 {
            let before = symbols.len();
            match piece {
                Piece::Text(text) => symbols.extend(text.chars().map(wildcard_or_literal)),
                Piece::Escaped(c) => symbols.push(Symbol::Literal(*c)),
                Piece::Variable { key, default } => {
                    let value = resolve(key, default.as_deref(), context)?;
                    symbols.extend(value.chars().map(Symbol::Literal));
                }
            }
            // Many variables with long values would take their product in memory.
            let added = symbols.get(before..).unwrap_or_default();
            taken += added.iter().filter(|s| **s != Symbol::AnyRun).count();
            if taken > longest {
                return None;
            }
        }
        Some(symbols)
    }

    /// The text with every variable replaced and no wildcard; `None` if one has no
    /// value, or if the text is longer than `longest` bytes.
    pub fn text(&self, context: &RequestContext, longest: usize) -> Option<String> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Escaped(c) => out.push(*c),
                Piece::Variable { key, default } => {
                    out.push_str(resolve(key, default.as_deref(), context)?);
                }
            }
            if out.len() > longest {
                return None;
            }
        }
        Some(out)
    }

    /// The first variable without a value in `context`.
    pub fn unresolved(&self, context: &RequestContext) -> Option<&str> {
        self.0.iter().find_map(|piece| match piece {
            Piece::Variable { key, default }
                if resolve(key, default.as_deref(), context).is_none() =>
            {
                Some(&**key)
            }
            _ => None,
        })
    }
}

/// Where the first `*` or `?` stands.
pub(super) fn first_wildcard(text: &str) -> Option<usize> {
    memchr::memchr2(b'*', b'?', text.as_bytes())
}

/// Whether `text` may hold a variable or an escape.
pub(super) fn has_variables(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"${").is_some()
}

/// The condition keys that the variables of `text` name, as written.
pub(super) fn variable_names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, from)) = rest.split_once("${") {
        let name = from.split([',', '}']).next().unwrap_or_default().trim();
        if !matches!(name, "*" | "?" | "$" | "") && name.len() < from.len() {
            names.push(name);
        }
        rest = from;
    }
    names
}

/// What a character of a pattern stands for.
pub(super) fn wildcard_or_literal(c: char) -> Symbol {
    match c {
        '*' => Symbol::AnyRun,
        '?' => Symbol::AnyOne,
        other => Symbol::Literal(other),
    }
}

/// The value of a variable. A multivalued key has none, whatever the default.
fn resolve<'v>(
    key: &str,
    default: Option<&'v str>,
    context: &'v RequestContext,
) -> Option<&'v str> {
    match context.lookup(key) {
        Some(value) => value.as_single(),
        None => default,
    }
}

/// The variable at the start of `text`, and how many bytes it takes.
fn variable(text: &str) -> Option<(Piece, usize)> {
    let body = text.strip_prefix("${")?;
    for escaped in ['*', '?', '$'] {
        if body
            .strip_prefix(escaped)
            .is_some_and(|rest| rest.starts_with('}'))
        {
            return Some((Piece::Escaped(escaped), 4));
        }
    }
    // A key ends before the next `$`: no text is read again for a later variable.
    let key_end = body.find([',', '}', '{', '$'])?;
    let (key, after) = body.split_at(key_end);
    if after.starts_with(['{', '$']) {
        return None;
    }
    let (default, rest) = match after.strip_prefix(',') {
        None => (None, after),
        Some(rest) => {
            let (default, rest) = rest.trim_start().strip_prefix('\'')?.split_once('\'')?;
            (Some(default), rest.trim_start())
        }
    };
    let rest = rest.strip_prefix('}')?;
    let key = key.trim();
    if key.is_empty() {
        return None;
    }
    let piece = Piece::Variable {
        key: fold(key).into(),
        default: default.map(Into::into),
    };
    Some((piece, text.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> RequestContext {
        let mut context = RequestContext::new();
        context
            .set("aws:username", "al*ce")
            .set_many("aws:TagKeys", ["a"]);
        context
    }

    #[test]
    fn variables_are_replaced_by_the_value_or_the_default() {
        for (text, expected) in [
            ("home/${aws:username}/x", Some("home/al*ce/x")),
            ("${AWS:UserName}", Some("al*ce")),
            ("${ aws:username }", Some("al*ce")),
            ("${aws:PrincipalTag/team, 'none'}", Some("none")),
            ("${aws:PrincipalTag/team,'a}b'}!", Some("a}b!")),
            ("${aws:PrincipalTag/team}", None),
            ("${aws:TagKeys, 'x'}", None),
            ("${*}${?}${$}", Some("*?$")),
            ("$${aws:username", Some("$${aws:username")),
            ("${}", Some("${}")),
            ("${a, b}", Some("${a, b}")),
            ("${${aws:username}}", Some("${al*ce}")),
            ("${a{b}${aws:username}", Some("${a{b}al*ce")),
            ("${a$b}", Some("${a$b}")),
        ] {
            assert_eq!(
                Template::parse(text).text(&context(), 1000).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn only_stars_of_the_policy_are_wildcards() {
        let symbols = Template::parse("*${aws:username}${*}")
            .symbols(&context(), 1000)
            .unwrap();
        let stars: Vec<bool> = symbols.iter().map(|s| *s == Symbol::AnyRun).collect();
        assert_eq!(stars, [true, false, false, false, false, false, false]);
    }

    #[test]
    fn what_no_text_can_match_is_not_written_out() {
        let template = Template::parse("a*${aws:username}");
        let needed = 1 + 5;
        assert!(template.symbols(&context(), needed).is_some());
        assert_eq!(template.symbols(&context(), needed - 1), None);
        assert_eq!(template.text(&context(), 1), None);
    }
}
