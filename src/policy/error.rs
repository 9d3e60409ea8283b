//! A refused policy: AWS's answer, and ours with the place.

use std::fmt;

use unicode_width::UnicodeWidthChar as _;

use super::PolicyKind;
use super::fault::{self, Fault};

/// Why a policy was refused.
///
/// `Display` gives AWS's message, then our own sentence; [`Self::excerpt`]
/// shows the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
pub struct PolicyError(Box<Report>);

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
struct Report {
    kind: PolicyKind,
    code: &'static str,
    message: String,
    detail: String,
    hint: Option<String>,
    #[serde(flatten)]
    place: Place,
    line_text: String,
}

/// A place in a text, both numbers counting from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character within the line.
    pub column: u32,
}

impl Place {
    /// The place of the byte `at` in `text`.
    pub fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            line: number(memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1),
            column: number(column + 1),
        }
    }
}

/// Places of ascending bytes, each found from the one before.
pub(super) struct Places<'t> {
    text: &'t str,
    at: usize,
    place: Place,
}

impl<'t> Places<'t> {
    pub const fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            place: Place { line: 1, column: 1 },
        }
    }

    /// The place of the byte `at`, which is not before the last one asked for.
    pub fn at(&mut self, at: usize) -> Place {
        let step = Place::of(
            self.text.get(self.at..).unwrap_or_default(),
            at - self.at.min(at),
        );
        self.at = at;
        self.place = match step.line {
            1 => Place {
                column: self.place.column + step.column - 1,
                ..self.place
            },
            lines => Place {
                line: self.place.line + lines - 1,
                column: step.column,
            },
        };
        self.place
    }
}

impl PolicyError {
    pub(super) fn new(kind: PolicyKind, fault: &Fault, text: &str, problem: Problem) -> Self {
        let place = Place::of(text, problem.at);
        let line_text = text
            .lines()
            .nth(place.line as usize - 1)
            .unwrap_or_default();
        Self(Box::new(Report {
            kind,
            code: fault::code(kind),
            message: fault::message(kind, fault),
            detail: problem.detail,
            hint: problem.hint,
            place,
            line_text: line_text.to_owned(),
        }))
    }

    /// What kind of policy was to be written.
    pub fn kind(&self) -> PolicyKind {
        self.0.kind
    }

    /// AWS's error code, such as `MalformedPolicyDocument`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// AWS's HTTP status.
    pub fn http_status(&self) -> u16 {
        400
    }

    /// AWS's message, word for word where it is known.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Our own sentence: what was found, and what was expected.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What to write instead.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The line, from 1.
    pub fn line(&self) -> u32 {
        self.0.place.line
    }

    /// The character within the line, from 1.
    pub fn column(&self) -> u32 {
        self.0.place.column
    }

    /// The line of the policy in which the error stands.
    pub fn line_text(&self) -> &str {
        &self.0.line_text
    }

    /// The line with its number, a caret below the place, and the hint.
    ///
    /// ```text
    ///   4 |       "Actions": "s3:*",
    ///     |       ^ unknown element `Actions`
    ///     = did you mean `Action`?
    /// ```
    pub fn excerpt(&self) -> String {
        let number = self.line().to_string();
        let gutter = " ".repeat(number.len());
        let (shown, caret) = window(&self.0.line_text, self.column() as usize - 1);
        let mut out = format!(
            "  {number} | {shown}\n  {gutter} | {}^ {}",
            " ".repeat(caret),
            self.detail()
        );
        if let Some(hint) = self.hint() {
            out.push_str(&format!("\n  {gutter} = {hint}"));
        }
        out
    }
}

/// At most 76 columns of `line` round the character `at`, and the column of that.
///
/// A policy is often one long line; all of it would hide the place. Characters
/// that take two columns push the caret on by two.
pub(super) fn window(line: &str, at: usize) -> (String, usize) {
    const WIDTH: usize = 76;
    const LEAD: usize = 24;
    let visible = |c: char| if c.width().unwrap_or(0) == 0 { ' ' } else { c };
    let shown: Vec<char> = line.trim_end_matches('\r').chars().map(visible).collect();
    let columns = |from: usize, to: usize| -> usize {
        let part = shown.iter().skip(from).take(to.saturating_sub(from));
        part.map(|c| c.width().unwrap_or(1)).sum()
    };
    if columns(0, shown.len()) <= WIDTH {
        return (shown.iter().collect(), columns(0, at));
    }
    let mut tail = 0;
    let fitting = shown.iter().rev().take_while(|c| {
        tail += c.width().unwrap_or(1);
        tail <= WIDTH
    });
    let start = at.saturating_sub(LEAD).min(shown.len() - fitting.count());
    let mut room = WIDTH;
    let part = shown.iter().skip(start).take_while(|c| {
        let width = c.width().unwrap_or(1);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    });
    (part.collect(), columns(start, at))
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            message,
            detail,
            place,
            kind,
            ..
        } = &*self.0;
        write!(
            f,
            "{message} ({kind}, line {}, column {}: {detail}",
            place.line, place.column
        )?;
        if let Some(hint) = self.hint() {
            write!(f, "; {hint}")?;
        }
        f.write_str(")")
    }
}

/// Where the trouble is and how to say it, before the text is at hand.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub at: usize,
    pub detail: String,
    pub hint: Option<String>,
}

impl Problem {
    pub fn new(at: usize, detail: impl Into<String>) -> Self {
        Self {
            at,
            detail: detail.into(),
            hint: None,
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Suggests the one of `words` that is nearest to `word`.
    pub fn suggest<'w>(self, word: &str, words: impl IntoIterator<Item = &'w str>) -> Self {
        match crate::base::nearest(word, words) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

/// A fault with its problem; becomes a [`PolicyError`] once kind and text are known.
pub(super) type Trouble = (Fault, Problem);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "{\n  \"é\": x\n}";
        assert_eq!(Place::of(text, 0), Place { line: 1, column: 1 });
        assert_eq!(
            Place::of(text, text.find('x').unwrap()),
            Place { line: 2, column: 8 }
        );
        assert_eq!(Place::of(text, 10_000), Place { line: 3, column: 2 });
    }

    #[test]
    fn places_found_in_turn_are_the_same_places() {
        let text = "ab\né\n\n  x y\nz";
        let mut places = Places::new(text);
        for (at, _) in text.char_indices() {
            assert_eq!(places.at(at), Place::of(text, at), "{at}");
        }
    }

    #[test]
    fn a_long_line_is_cut_round_the_place() {
        let line = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let (shown, caret) = window(&line, 200);
        assert_eq!(shown.chars().count(), 76);
        assert_eq!(shown.chars().nth(caret), Some('X'));
    }

    #[test]
    fn the_caret_stands_below_its_character_whatever_stands_before() {
        for (line, at, column) in [("\t\"x\"", 1, 1), ("漢字 X", 3, 5), ("e\u{301} X\r", 3, 3)] {
            let (shown, caret) = window(line, at);
            assert_eq!(caret, column, "{line:?}");
            assert!(!shown.contains(['\t', '\r']), "{line:?}");
        }
        let wide = "漢".repeat(100) + "X";
        let (shown, caret) = window(&wide, 100);
        assert!(caret < 76 && shown.chars().count() <= 76, "{caret} {shown}");
    }
}
