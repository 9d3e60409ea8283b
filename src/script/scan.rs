//! A tolerant reading of Rhai text, complete or not.
//!
//! Rhai's own tokenizer stops at the first error; completion, inspection and
//! `is_complete` need an answer for half a cell. Offsets are bytes.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or keyword.
    Word,
    Number,
    /// A string, character, or a piece of a template between interpolations.
    Text,
    Comment,
    Punct,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is still open where the text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    LineComment,
    BlockComment,
    /// A `"` string; `continued` when its line ends with a backslash.
    Quote {
        continued: bool,
    },
    Template,
    Raw,
}

/// The tokens of a text and what is open at its end.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub(super) code: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) open: Option<Open>,
    /// Openers without their closer, innermost last.
    pub(super) brackets: Vec<char>,
}

impl<'a> Scan<'a> {
    /// Reads the whole text.
    pub(super) fn new(code: &'a str) -> Self {
        let mut scanner = Scanner {
            code,
            at: 0,
            tokens: Vec::new(),
            brackets: Vec::new(),
        };
        let open = scanner.run();
        let brackets = scanner
            .brackets
            .iter()
            .map(|b| if *b == '$' { '{' } else { *b })
            .collect();
        Self {
            code,
            tokens: scanner.tokens,
            open,
            brackets,
        }
    }

    /// The text of a token.
    pub(super) fn text(&self, token: Token) -> &'a str {
        self.code.get(token.start..token.end).unwrap_or("")
    }

    /// Tokens without comments.
    pub(super) fn significant(&self) -> Vec<Token> {
        self.tokens
            .iter()
            .copied()
            .filter(|t| t.kind != TokenKind::Comment)
            .collect()
    }
}

struct Scanner<'a> {
    code: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// Open brackets; `$` stands for the `${` of a template.
    brackets: Vec<char>,
}

const PAIRS: [&str; 11] = [
    "#{", "?.", "..", "::", "==", "=>", "!=", "<=", ">=", "&&", "??",
];

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.code.get(self.at..).unwrap_or("")
    }

    fn run(&mut self) -> Option<Open> {
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            if let Some(open) = self.token(c) {
                return Some(open);
            }
            if self.at == start {
                self.at += c.len_utf8();
            }
        }
        None
    }

    /// Reads one token; `Some` when the text ends inside it.
    fn token(&mut self, c: char) -> Option<Open> {
        let rest = self.rest();
        match c {
            c if c.is_whitespace() => {
                self.at += c.len_utf8();
                None
            }
            _ if rest.starts_with("//") => self.line_comment(),
            _ if rest.starts_with("/*") => self.block_comment(),
            '"' => self.quote('"'),
            '\'' => self.quote('\''),
            '`' => self.template(1),
            '#' => self.raw_or_marks(),
            '}' if self.brackets.last() == Some(&'$') => {
                self.brackets.pop();
                self.template(1)
            }
            c if c == '_' || c.is_alphabetic() => {
                self.span(TokenKind::Word, word_length(rest));
                None
            }
            c if c.is_ascii_digit() => {
                self.span(TokenKind::Number, number_length(rest));
                None
            }
            _ => {
                self.punct(c);
                None
            }
        }
    }

    fn span(&mut self, kind: TokenKind, length: usize) {
        let start = self.at;
        self.at = (start + length).min(self.code.len());
        self.tokens.push(Token {
            kind,
            start,
            end: self.at,
        });
    }

    fn punct(&mut self, c: char) {
        let rest = self.rest();
        let pair = PAIRS.iter().find(|p| rest.starts_with(**p));
        match c {
            '(' | '[' | '{' => self.brackets.push(c),
            '#' if rest.starts_with("#{") => self.brackets.push('{'),
            ')' | ']' | '}' => {
                self.brackets.pop();
            }
            _ => {}
        }
        self.span(TokenKind::Punct, pair.map_or(c.len_utf8(), |p| p.len()));
    }

    fn line_comment(&mut self) -> Option<Open> {
        let rest = self.rest();
        let end = rest.find('\n');
        self.span(TokenKind::Comment, end.unwrap_or(rest.len()));
        end.is_none().then_some(Open::LineComment)
    }

    fn block_comment(&mut self) -> Option<Open> {
        let (rest, mut depth, mut at) = (self.rest(), 0_usize, 0);
        while let Some(tail) = rest.get(at..).filter(|t| !t.is_empty()) {
            let step = match tail {
                t if t.starts_with("/*") => {
                    depth += 1;
                    2
                }
                t if t.starts_with("*/") => {
                    depth = depth.saturating_sub(1);
                    2
                }
                t => t.chars().next().map_or(1, char::len_utf8),
            };
            at += step;
            if depth == 0 {
                self.span(TokenKind::Comment, at);
                return None;
            }
        }
        self.span(TokenKind::Comment, rest.len());
        Some(Open::BlockComment)
    }

    /// A string or character on one line, unless a backslash ends the line.
    fn quote(&mut self, mark: char) -> Option<Open> {
        let rest = self.rest();
        let mut escaped = false;
        for (offset, c) in rest.char_indices().skip(1) {
            match c {
                '\n' if !escaped => {
                    self.span(TokenKind::Text, offset);
                    return None;
                }
                c if c == mark && !escaped => {
                    self.span(TokenKind::Text, offset + c.len_utf8());
                    return None;
                }
                '\\' => escaped = !escaped,
                '\r' if escaped => {}
                _ => escaped = false,
            }
        }
        self.span(TokenKind::Text, rest.len());
        let continued = escaped || ends_with_continuation(rest);
        Some(Open::Quote { continued })
    }

    /// From a backtick, or the `}` of an interpolation, to the next `${` or backtick.
    fn template(&mut self, skip: usize) -> Option<Open> {
        let rest = self.rest();
        let body = rest.get(skip..).unwrap_or("");
        let is_end = |(at, mark): &(usize, &str)| {
            *mark == "`" || body.get(at + 1..).is_some_and(|tail| tail.starts_with('{'))
        };
        match body.match_indices(['$', '`']).find(is_end) {
            Some((at, "`")) => {
                self.span(TokenKind::Text, skip + at + 1);
                None
            }
            Some((at, _)) => {
                self.span(TokenKind::Text, skip + at + 2);
                self.brackets.push('$');
                None
            }
            None => {
                self.span(TokenKind::Text, rest.len());
                Some(Open::Template)
            }
        }
    }

    /// A raw string, or a run of `#` that begins none.
    fn raw_or_marks(&mut self) -> Option<Open> {
        let rest = self.rest();
        let marks = rest.len() - rest.trim_start_matches('#').len();
        if rest.get(marks..).is_some_and(|body| body.starts_with('"')) {
            return self.raw(rest, marks);
        }
        // All of the run at once, or each `#` would look for the end of it again.
        (0..marks).for_each(|_| self.punct('#'));
        None
    }

    fn raw(&mut self, rest: &str, marks: usize) -> Option<Open> {
        let close = format!("\"{}", "#".repeat(marks));
        let found = rest.get(marks + 1..).and_then(|body| body.find(&close));
        let length = found.map_or(rest.len(), |at| marks + 1 + at + close.len());
        self.span(TokenKind::Text, length);
        found.is_none().then_some(Open::Raw)
    }
}

/// Whether an open string stops just after a backslash and a line end.
fn ends_with_continuation(text: &str) -> bool {
    let line = text
        .strip_suffix('\n')
        .map(|t| t.strip_suffix('\r').unwrap_or(t));
    line.is_some_and(|t| t.ends_with('\\'))
}

/// Whether `c` can stand in a name.
pub(super) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word_length(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

/// Digits, and a fraction when a digit follows the dot (`1..9` is a range).
fn number_length(text: &str) -> usize {
    let whole = word_length(text);
    let fraction = text.get(whole..).and_then(|t| t.strip_prefix('.'));
    match fraction {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            whole + 1 + word_length(digits)
        }
        _ => whole,
    }
}
