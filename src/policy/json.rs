//! A JSON reader that remembers where everything stands.
//!
//! Policies are written by people, so every error has to name its place, and a
//! repeated member, which most readers let pass, has to be refused.

use std::borrow::Cow;
use std::collections::HashSet;

/// How deep arrays and objects may nest; a policy needs six levels.
const MAX_DEPTH: usize = 32;

/// One value and the byte offset at which it starts and ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'a> {
    pub start: usize,
    pub end: usize,
    pub value: Json<'a>,
}

/// A JSON value; numbers keep their spelling.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// A member of an object; `at` is where its name starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member<'a> {
    pub at: usize,
    pub name: Cow<'a, str>,
    pub node: Node<'a>,
}

/// What is wrong, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonError {
    pub at: usize,
    pub what: String,
    /// The text is JSON, but names one member twice.
    pub repeated_member: bool,
}

impl Json<'_> {
    /// What the value is, for a sentence.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads the one value that `text` holds.
pub(super) fn read(text: &str) -> Result<Node<'_>, JsonError> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    reader.skip_space();
    let node = reader.node(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => reader.fail("the document ends here, but more text follows"),
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn fail<T>(&self, what: impl Into<String>) -> Result<T, JsonError> {
        Err(JsonError {
            at: self.at,
            what: what.into(),
            repeated_member: false,
        })
    }

    fn expected<T>(&self, wanted: &str) -> Result<T, JsonError> {
        match self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            Some(c) => self.fail(format!("expected {wanted}, found `{c}`")),
            None => self.fail(format!("expected {wanted}, but the text ends")),
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node<'a>, JsonError> {
        if depth > MAX_DEPTH {
            return self.fail(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Json::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Json::Number(self.number()?),
            Some(b't') => self.word("true", Json::Bool(true))?,
            Some(b'f') => self.word("false", Json::Bool(false))?,
            Some(b'n') => self.word("null", Json::Null)?,
            _ => return self.expected("a JSON value"),
        };
        Ok(Node {
            start,
            end: self.at,
            value,
        })
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, JsonError> {
        if self.slice(self.at, self.at + word.len()) == word {
            self.at += word.len();
            return Ok(value);
        }
        self.expected("a JSON value")
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.at += 1;
        let mut members: Vec<Member<'a>> = Vec::new();
        self.skip_space();
        if self.accept(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            let at = self.at;
            if self.peek() != Some(b'"') {
                return self.expected("a member name in double quotes");
            }
            let name = self.string()?;
            self.skip_space();
            if !self.accept(b':') {
                return self.expected("`:`");
            }
            self.skip_space();
            let node = self.node(depth + 1)?;
            members.push(Member { at, name, node });
            self.skip_space();
            if self.accept(b'}') {
                refuse_repeats(&members)?;
                return Ok(Json::Object(members));
            }
            if !self.accept(b',') {
                return self.expected("`,` or `}`");
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.accept(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.node(depth + 1)?);
            self.skip_space();
            if self.accept(b']') {
                return Ok(Json::Array(items));
            }
            if !self.accept(b',') {
                return self.expected("`,` or `]`");
            }
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.accept(b'+') {
                self.accept(b'-');
            }
            self.digits()?;
        }
        let text = self.slice(start, self.at);
        if text.parse::<f64>().is_ok_and(f64::is_finite) {
            return Ok(text);
        }
        self.fail(format!("`{text}` is too large a number"))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            self.expected("a digit")
        } else {
            Ok(())
        }
    }

    /// Reads a string; borrows it unless it holds an escape.
    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let mut owned: Option<String> = None;
        let mut run = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let tail = self.slice(run, self.at);
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(tail),
                        Some(text) => Cow::Owned(text + tail),
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(self.text.get(run..self.at).unwrap_or_default());
                    self.at += 1;
                    text.push(self.escape()?);
                    run = self.at;
                }
                Some(0..=0x1f) => {
                    return self.fail("a control character inside a string has to be escaped");
                }
                Some(_) => self.skip_plain(),
                None => return self.fail("a string is not closed"),
            }
        }
    }

    /// Goes on to the next byte that means something inside a string.
    fn skip_plain(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let marked = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let plain = rest.get(..marked).unwrap_or_default();
        // Looks at every byte, so that many are looked at in one step.
        let control = plain.iter().fold(false, |found, b| found | (*b < 0x20));
        self.at += match control {
            true => plain.iter().take_while(|b| **b >= 0x20).count(),
            false => marked,
        };
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.expected("an escape such as `\\n` or `\\u0041`"),
        };
        self.at += 1;
        Ok(c)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.four_hex_digits()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.accept(b'\\') {
            let second = self.four_hex_digits()?;
            if !(0xdc00..0xe000).contains(&second) {
                return self.fail("half of a surrogate pair");
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        match char::from_u32(code) {
            Some(c) => Ok(c),
            None => self.fail("half of a surrogate pair"),
        }
    }

    fn four_hex_digits(&mut self) -> Result<u32, JsonError> {
        if !self.accept(b'u') {
            return self.expected("`u` and four hexadecimal digits");
        }
        let digits = self.slice(self.at, self.at + 4);
        if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.at += 4;
            return Ok(u32::from_str_radix(digits, 16).unwrap_or_default());
        }
        self.expected("four hexadecimal digits")
    }
}

fn refuse_repeats(members: &[Member<'_>]) -> Result<(), JsonError> {
    let repeated = if members.len() <= 12 {
        members
            .iter()
            .enumerate()
            .find(|(index, member)| members.iter().take(*index).any(|m| m.name == member.name))
            .map(|(_, member)| member)
    } else {
        let mut seen = HashSet::with_capacity(members.len());
        members.iter().find(|member| !seen.insert(&*member.name))
    };
    match repeated {
        None => Ok(()),
        Some(member) => Err(JsonError {
            at: member.at,
            what: format!("the member `{}` stands here a second time", member.name),
            repeated_member: true,
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn to_serde(node: &Node<'_>) -> serde_json::Value {
        match &node.value {
            Json::Null => serde_json::Value::Null,
            Json::Bool(b) => (*b).into(),
            Json::Number(text) => serde_json::from_str(text).unwrap(),
            Json::String(text) => text.as_ref().into(),
            Json::Array(items) => items.iter().map(to_serde).collect(),
            Json::Object(members) => serde_json::Value::Object(
                members
                    .iter()
                    .map(|m| (m.name.to_string(), to_serde(&m.node)))
                    .collect(),
            ),
        }
    }

    #[test]
    fn strings_are_unescaped() {
        let node = read(r#" "a\u0041\ud83d\ude00\n\/é" "#).unwrap();
        assert_eq!(node.value, Json::String("aA😀\n/é".into()));
        assert_eq!(node.start, 1);
    }

    #[test]
    fn errors_name_the_byte() {
        for (text, at) in [
            ("{\"a\": }", 6),
            ("{\"a\": 1,}", 8),
            ("[1 2]", 3),
            ("\"abc", 4),
            ("{\"a\":1,\"a\":2}", 7),
            ("tru", 0),
            ("01", 1),
            ("", 0),
        ] {
            assert_eq!(read(text).unwrap_err().at, at, "{text}");
        }
        assert!(read("{\"a\":1,\"a\":2}").unwrap_err().repeated_member);
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        assert!(
            read(&"[".repeat(1_000_000))
                .unwrap_err()
                .what
                .contains("deeper")
        );
    }

    proptest! {
        #[test]
        fn accepts_what_serde_json_accepts(
            text in "[\\[\\]{},:\" 0-9a-c.eE\\-+\\\\untrue]{0,24}"
        ) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match read(&text) {
                Ok(node) => prop_assert_eq!(to_serde(&node), theirs.unwrap()),
                Err(error) => prop_assert!(error.repeated_member || theirs.is_err()),
            }
        }
    }
}
