//! What could be typed at the cursor.

use super::context::{CallSite, Context, Names};
use super::inspect::script_signature;
use super::language::plain_doc;
use super::magics::MAGICS;
use super::reference::{Entry, Kind};
use super::scan::{Open, Scan, Token, TokenKind, is_word};
use super::session::Session;

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// What replaces the text between `start` and `end`.
    pub text: String,
    /// `variable`, `method`, `property`, `keyword`, `member`, `action`…
    pub kind: String,
    /// A signature or type.
    pub detail: String,
    /// One sentence.
    pub doc: String,
}

/// The proposals, and the bytes of the code that they replace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completions {
    /// The first byte to replace.
    pub start: usize,
    /// The end of the bytes to replace: the cursor.
    pub end: usize,
    /// Best first.
    pub items: Vec<Completion>,
}

/// A string in which the cursor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSite {
    /// The call whose argument holds it; `path` ends with its member.
    pub call: Option<CallSite>,
    /// The text between the opening quote and the cursor.
    pub prefix: String,
}

/// What the lab knows and the language does not: members of operations,
/// actions, ARNs.
pub trait CompletionHints {
    /// The members of a map argument.
    fn members(&self, call: &CallSite) -> Vec<Completion>;

    /// Whole texts for a string; those that begin with the prefix are kept.
    fn texts(&self, site: &TextSite) -> Vec<Completion>;
}

impl Session {
    /// What could stand at `cursor`, a byte offset; runs nothing.
    pub fn complete(&self, code: &str, cursor: usize) -> Completions {
        self.with_stack(|| self.complete_at(code, cursor))
    }

    fn complete_at(&self, code: &str, cursor: usize) -> Completions {
        let cursor = boundary(code, cursor);
        let before = code.get(..cursor).unwrap_or("");
        if let Some(found) = magics(before) {
            return found;
        }
        let scan = Scan::new(before);
        let tokens = scan.significant();
        match (scan.open, tokens.last()) {
            (Some(Open::LineComment | Open::BlockComment), _) => nothing(cursor),
            (Some(Open::Quote { .. } | Open::Template | Open::Raw), Some(text)) => {
                self.complete_text(&scan, &tokens, *text, cursor)
            }
            (_, Some(last)) if last.kind == TokenKind::Number && last.end == cursor => {
                nothing(cursor)
            }
            _ => self.complete_word(&scan, &tokens, cursor),
        }
    }

    fn complete_text(
        &self,
        scan: &Scan<'_>,
        tokens: &[Token],
        text: Token,
        cursor: usize,
    ) -> Completions {
        let names = self.names();
        let context = Context::new(scan, tokens, &names);
        let quotes = |c: char| matches!(c, '"' | '`' | '\'' | '#' | '}');
        let prefix = scan.text(text).trim_start_matches(quotes).to_owned();
        let start = cursor - prefix.len();
        let site = TextSite {
            call: context.call_around(tokens.len() - 1),
            prefix,
        };
        let hints = self
            .extensions
            .iter()
            .filter_map(|extension| extension.hints());
        let items = hints.flat_map(|hints| hints.texts(&site));
        let items = items
            .filter(|item| starts_with(&item.text, &site.prefix))
            .collect();
        Completions {
            start,
            end: cursor,
            items,
        }
    }

    fn complete_word(&self, scan: &Scan<'_>, tokens: &[Token], cursor: usize) -> Completions {
        let names = self.names();
        let context = Context::new(scan, tokens, &names);
        let typed = tokens
            .last()
            .filter(|t| t.kind == TokenKind::Word && t.end == cursor);
        let prefix = typed.map_or("", |token| scan.text(*token));
        let end = tokens.len() - usize::from(typed.is_some());
        let mut items = if context.is_dot(context.before(end)) {
            self.members_of(&context, end - 1)
        } else if context.is_map_key(end) {
            self.map_members(&context, end)
        } else {
            self.free_names(&context, end, prefix.is_empty())
        };
        items.retain(|item| starts_with(&item.text, prefix));
        let mut seen = std::collections::HashSet::new();
        items.retain(|item| seen.insert(item.text.clone()));
        Completions {
            start: cursor - prefix.len(),
            end: cursor,
            items,
        }
    }

    /// Of the known type; of all the lab's types where it is not known.
    fn members_of(&self, context: &Context<'_>, dot: usize) -> Vec<Completion> {
        let keys = context.map_before(dot).unwrap_or_default();
        let keys = keys.iter().map(|(name, value)| Completion {
            text: name.to_string(),
            kind: "property".into(),
            detail: self.renderers.type_of(value),
            doc: String::new(),
        });
        let mut items: Vec<_> = keys.collect();
        let entries: Vec<&Entry> = match context.type_before(dot) {
            Some(type_name) => {
                let belongs = |e: &&Entry| e.receiver.as_deref() == Some(type_name.as_str());
                self.reference
                    .entries
                    .iter()
                    .chain(self.language())
                    .filter(belongs)
                    .collect()
            }
            None => self
                .reference
                .entries
                .iter()
                .filter(|e| e.receiver.is_some())
                .collect(),
        };
        let mut members: Vec<_> = entries.into_iter().map(of_entry).collect();
        members.sort_by(|a, b| a.text.cmp(&b.text));
        items.extend(members);
        items
    }

    fn map_members(&self, context: &Context<'_>, end: usize) -> Vec<Completion> {
        let Some(call) = context.call_around(end) else {
            return Vec::new();
        };
        let hints = self
            .extensions
            .iter()
            .filter_map(|extension| extension.hints());
        hints.flat_map(|hints| hints.members(&call)).collect()
    }

    fn free_names(&self, context: &Context<'_>, end: usize, is_empty: bool) -> Vec<Completion> {
        let plain = |text: String, detail: String| Completion {
            text,
            kind: "variable".into(),
            detail,
            doc: String::new(),
        };
        let locals = context
            .locals(end)
            .into_iter()
            .map(|name| plain(name, String::new()));
        let variables = self
            .variables()
            .map(|(n, value)| plain(n.into(), self.renderers.type_of(value)));
        let mut items: Vec<_> = variables
            .chain(locals)
            .chain(self.own_functions())
            .collect();
        let free = |e: &&Entry| matches!(e.kind, Kind::Global | Kind::Function);
        items.extend(self.reference.entries.iter().filter(free).map(of_entry));
        if !is_empty {
            let free = |e: &&Entry| matches!(e.kind, Kind::Keyword | Kind::Function);
            items.extend(self.language().iter().filter(free).map(of_entry));
        }
        items
    }

    fn own_functions(&self) -> impl Iterator<Item = Completion> {
        let named = self
            .functions
            .iter_functions()
            .filter(|f| !f.name.starts_with("anon$"));
        named.map(|function| Completion {
            text: function.name.to_owned(),
            kind: "function".into(),
            detail: script_signature(&function),
            doc: plain_doc(&function.comments),
        })
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names {
            scope: &self.scope,
            reference: &self.reference,
            language: self.language(),
            renderers: &self.renderers,
        }
    }
}

/// What a line may begin with, where the text is the beginning of a line with `%`.
fn magics(before: &str) -> Option<Completions> {
    let line = before.rsplit('\n').next().unwrap_or(before);
    if !line.starts_with('%') || line.contains(char::is_whitespace) {
        return None;
    }
    let known = MAGICS.iter().filter(|(name, ..)| name.starts_with(line));
    let items = known.map(|(name, arguments, doc)| Completion {
        text: (*name).to_owned(),
        kind: "magic".into(),
        detail: format!("{name} {arguments}").trim_end().to_owned(),
        doc: (*doc).to_owned(),
    });
    Some(Completions {
        start: before.len() - line.len(),
        end: before.len(),
        items: items.collect(),
    })
}

fn of_entry(entry: &Entry) -> Completion {
    Completion {
        text: entry.name.clone(),
        kind: entry.kind.name().to_owned(),
        detail: entry.signature(),
        doc: entry.summary().to_owned(),
    }
}

fn nothing(cursor: usize) -> Completions {
    Completions {
        start: cursor,
        end: cursor,
        items: Vec::new(),
    }
}

/// Whether `text` begins with `prefix`, in any case.
fn starts_with(text: &str, prefix: &str) -> bool {
    let mut chars = text.chars().flat_map(char::to_lowercase);
    prefix
        .chars()
        .flat_map(char::to_lowercase)
        .all(|c| chars.next() == Some(c))
}

/// The nearest character boundary at or before `cursor`.
pub(super) fn boundary(code: &str, cursor: usize) -> usize {
    let cursor = cursor.min(code.len());
    (0..=cursor)
        .rev()
        .find(|at| code.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The byte offset of a place that is counted in characters, as Jupyter counts.
pub fn byte_offset(code: &str, chars: usize) -> usize {
    code.char_indices()
        .nth(chars)
        .map_or(code.len(), |(at, _)| at)
}

/// The place in characters of a byte offset.
pub fn char_offset(code: &str, bytes: usize) -> usize {
    code.get(..boundary(code, bytes))
        .map_or(0, |before| before.chars().count())
}

/// The end of the word that stands at `cursor`.
pub(super) fn word_end(code: &str, cursor: usize) -> usize {
    let tail = code.get(cursor..).unwrap_or("");
    cursor + tail.find(|c| !is_word(c)).unwrap_or(tail.len())
}
