//! What stands at a place of half-written code, found without running it.

use rhai::{Dynamic, Map, Scope};

use super::display::Renderers;
use super::reference::{Entry, Kind, Reference};
use super::scan::{Scan, Token, TokenKind};

/// How many variables an inference follows through their `let`s.
const MAX_STEPS: usize = 16;

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) enum Known {
    /// The value of a variable.
    Value(Dynamic),
    /// The friendly name of its type.
    Type(String),
}

/// The call, if any, in whose arguments a place is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallSite {
    /// The type of the receiver, when it is known.
    pub receiver: Option<String>,
    /// The name of the function or method.
    pub function: String,
    /// Which argument, counted from 0.
    pub argument: usize,
    /// The members that lead into the argument, outermost first.
    pub path: Vec<String>,
}

/// What the inference may look at.
pub(super) struct Names<'a> {
    pub(super) scope: &'a Scope<'static>,
    pub(super) reference: &'a Reference,
    pub(super) language: &'a [Entry],
    pub(super) renderers: &'a Renderers,
}

/// The tokens before a place, with what is known of names.
pub(super) struct Context<'a> {
    scan: &'a Scan<'a>,
    tokens: &'a [Token],
    names: &'a Names<'a>,
}

impl<'a> Context<'a> {
    /// Over `tokens`, which are without comments.
    pub(super) fn new(scan: &'a Scan<'a>, tokens: &'a [Token], names: &'a Names<'a>) -> Self {
        Self {
            scan,
            tokens,
            names,
        }
    }

    /// The text of the token at `index`; empty beyond the ends.
    pub(super) fn text(&self, index: Option<usize>) -> &'a str {
        index
            .and_then(|at| self.tokens.get(at))
            .map_or("", |token| self.scan.text(*token))
    }

    fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// The index of the last token before `end`.
    pub(super) fn before(&self, end: usize) -> Option<usize> {
        end.checked_sub(1)
    }

    /// The friendly type of the expression that ends before the token `end`.
    pub(super) fn type_before(&self, end: usize) -> Option<String> {
        self.known_before(end, MAX_STEPS).map(|known| match known {
            Known::Value(value) => self.names.renderers.type_of(&value),
            Known::Type(name) => name,
        })
    }

    /// The members of the map that ends before the token `end`, when it is a variable's.
    pub(super) fn map_before(&self, end: usize) -> Option<Map> {
        match self.known_before(end, MAX_STEPS)? {
            Known::Value(value) => value.try_cast::<Map>(),
            Known::Type(_) => None,
        }
    }

    fn known_before(&self, end: usize, steps: usize) -> Option<Known> {
        let steps = steps.checked_sub(1)?;
        let last = self.before(end)?;
        let named = |name: &str| Some(Known::Type(name.to_owned()));
        match (self.kind(last)?, self.text(Some(last))) {
            (TokenKind::Text, text) => named(if text.starts_with('\'') {
                "char"
            } else {
                "string"
            }),
            (TokenKind::Number, text) => named(if text.contains('.') { "float" } else { "int" }),
            (TokenKind::Word, "true" | "false") => named("bool"),
            (TokenKind::Word, name) => self.known_name(name, last, steps),
            (_, ")") => self.known_call(last, steps),
            (_, "]") => self.known_list(last),
            (_, "}") => (self.text(self.opener(last)) == "#{").then(|| Known::Type("map".into())),
            _ => None,
        }
    }

    fn known_name(&self, name: &str, at: usize, steps: usize) -> Option<Known> {
        if self.is_dot(self.before(at)) {
            let receiver = self.known_before(at - 1, steps)?;
            return self.known_member(receiver, name);
        }
        self.known_local(name, at, steps)
            .or_else(|| {
                self.names
                    .scope
                    .get(name)
                    .map(|v| Known::Value(v.flatten_clone()))
            })
            .or_else(|| self.known_entry(None, name))
    }

    fn known_member(&self, receiver: Known, name: &str) -> Option<Known> {
        match receiver {
            Known::Type(type_name) => self.known_entry(Some(&type_name), name),
            Known::Value(value) => match value.as_map_ref() {
                Ok(map) => map.get(name).map(|v| Known::Value(v.flatten_clone())),
                Err(_) => self.known_entry(Some(&self.names.renderers.type_of(&value)), name),
            },
        }
    }

    /// The type that the `let` of a name gives it, earlier in the same text.
    fn known_local(&self, name: &str, at: usize, steps: usize) -> Option<Known> {
        let is_let = |i: &usize| {
            matches!(self.text(Some(*i)), "let" | "const")
                && self.text(Some(i + 1)) == name
                && self.text(Some(i + 2)) == "="
        };
        let start = (0..at).rev().find(is_let)? + 3;
        let mut depth = 0_usize;
        for i in start..at {
            match self.text(Some(i)) {
                "(" | "[" | "{" | "#{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                ";" if depth == 0 => return self.known_before(i, steps),
                _ => {}
            }
        }
        None
    }

    /// `name(…)`, `receiver.name(…)` or a parenthesis, closed at `close`.
    fn known_call(&self, close: usize, steps: usize) -> Option<Known> {
        let open = self.opener(close)?;
        let Some(at) = self
            .before(open)
            .filter(|at| self.kind(*at) == Some(TokenKind::Word))
        else {
            return self.known_before(close, steps);
        };
        let name = self.text(Some(at));
        if self.is_dot(self.before(at)) {
            let receiver = self.known_before(at - 1, steps)?;
            let type_name = match receiver {
                Known::Value(value) => self.names.renderers.type_of(&value),
                Known::Type(type_name) => type_name,
            };
            return self.known_entry(Some(&type_name), name);
        }
        self.known_entry(None, name)
    }

    fn known_list(&self, close: usize) -> Option<Known> {
        let open = self.opener(close)?;
        let before = self.before(open);
        let is_index = before.is_some_and(|at| {
            matches!(self.kind(at), Some(TokenKind::Word | TokenKind::Text))
                || matches!(self.text(Some(at)), ")" | "]")
        });
        (!is_index).then(|| Known::Type("array".into()))
    }

    fn known_entry(&self, receiver: Option<&str>, name: &str) -> Option<Known> {
        let own = self.names.reference.type_of(receiver, name);
        let of_language = || {
            let fits = |e: &&Entry| e.name == name && e.receiver.as_deref() == receiver;
            let found = self
                .names
                .language
                .iter()
                .filter(|e| e.kind != Kind::Keyword)
                .find(fits);
            found.map(|entry| entry.returns.as_str())
        };
        let returns = own
            .or_else(of_language)
            .filter(|r| !matches!(*r, "" | "any" | "()"))?;
        Some(Known::Type(returns.to_owned()))
    }

    /// Whether the token is the dot before a member.
    pub(super) fn is_dot(&self, index: Option<usize>) -> bool {
        matches!(self.text(index), "." | "?.")
    }

    /// The opener that `close` closes.
    fn opener(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (0..close).rev().find(|at| match self.text(Some(*at)) {
            ")" | "]" | "}" => {
                depth += 1;
                false
            }
            "(" | "[" | "{" | "#{" if depth == 0 => true,
            "(" | "[" | "{" | "#{" => {
                depth -= 1;
                false
            }
            _ => false,
        })
    }

    /// The open brackets round the token `end`, innermost first: index and the
    /// number of commas behind it.
    fn enclosing(&self, end: usize) -> Vec<(usize, usize)> {
        let (mut found, mut depth, mut commas) = (Vec::new(), 0_usize, 0);
        for at in (0..end).rev() {
            match self.text(Some(at)) {
                ")" | "]" | "}" => depth += 1,
                "(" | "[" | "{" | "#{" if depth > 0 => depth -= 1,
                "(" | "[" | "{" | "#{" => {
                    found.push((at, commas));
                    commas = 0;
                }
                "," if depth == 0 => commas += 1,
                ";" if depth == 0 => break,
                text if depth == 0 && text.ends_with("${") => break,
                _ => {}
            }
        }
        found
    }

    /// The call in whose arguments the token `end` stands.
    pub(super) fn call_around(&self, end: usize) -> Option<CallSite> {
        let mut path = Vec::new();
        let mut inner = end;
        for (open, commas) in self.enclosing(end) {
            match self.text(Some(open)) {
                "(" => {
                    let at = self.before(open)?;
                    if self.kind(at) != Some(TokenKind::Word) {
                        return None;
                    }
                    path.reverse();
                    return Some(self.call_site(at, commas, path));
                }
                "{" => return None,
                "#{" => path.extend(self.key_before(inner)),
                _ => {}
            }
            inner = open;
        }
        None
    }

    fn call_site(&self, name: usize, argument: usize, path: Vec<String>) -> CallSite {
        let is_method = self.is_dot(self.before(name));
        let receiver = is_method.then(|| self.type_before(name - 1)).flatten();
        CallSite {
            receiver,
            function: self.text(Some(name)).to_owned(),
            argument,
            path,
        }
    }

    /// The member whose value begins at the token `at`, directly or in lists.
    fn key_before(&self, at: usize) -> Option<String> {
        let colon = self
            .before(at)
            .filter(|colon| self.text(Some(*colon)) == ":")?;
        let key = self.text(self.before(colon));
        Some(key.trim_matches('"').to_owned())
    }

    /// Whether the token `end` begins a member of a map.
    pub(super) fn is_map_key(&self, end: usize) -> bool {
        let innermost = self.enclosing(end).first().map(|(open, _)| *open);
        self.text(innermost) == "#{" && matches!(self.text(self.before(end)), "#{" | ",")
    }

    /// The names that the text itself defines before the token `end`.
    pub(super) fn locals(&self, end: usize) -> Vec<String> {
        let is_definition = |i: &usize| {
            let word = matches!(self.text(Some(*i)), "let" | "const" | "for" | "fn");
            word && self.kind(i + 1) == Some(TokenKind::Word)
        };
        let names = (0..end.saturating_sub(1)).filter(is_definition);
        names.map(|i| self.text(Some(i + 1)).to_owned()).collect()
    }
}
