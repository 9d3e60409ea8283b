//! A finding, and its place in the text.

use std::fmt;

use serde::Serialize;

use super::super::error::{Place, Places, window};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Cannot have been meant: it names what does not exist.
    Error,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that a policy says and hardly means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of finding it is, in a word that stays: `unknown-action`.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// What was found, in a sentence without its full stop.
    pub message: String,
    /// What to do.
    pub suggestion: Option<String>,
    /// At most 76 columns of the line round the place.
    #[serde(skip)]
    shown: String,
    /// The column of the place in `shown`.
    #[serde(skip)]
    caret: usize,
}

impl Finding {
    /// The line with its number, a caret below the place, and the suggestion.
    ///
    /// ```text
    ///   5 |     "Action": "s3:GetObjects",
    ///     |               ^ error[unknown-action]: S3 has no action `GetObjects`
    ///     = did you mean `s3:GetObject`?
    /// ```
    pub fn excerpt(&self) -> String {
        let number = self.place.line.to_string();
        let gutter = " ".repeat(number.len());
        let mut out = format!(
            "  {number} | {}\n  {gutter} | {}^ {self}",
            self.shown,
            " ".repeat(self.caret)
        );
        if let Some(suggestion) = &self.suggestion {
            out.push_str(&format!("\n  {gutter} = {suggestion}"));
        }
        out
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)
    }
}

/// A finding before its place is known.
#[derive(Debug)]
struct Found {
    at: usize,
    code: &'static str,
    severity: Severity,
    message: String,
    suggestion: Option<String>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Found>);

impl Findings {
    pub fn push(&mut self, severity: Severity, code: &'static str, at: usize, message: String) {
        self.0.push(Found {
            at,
            code,
            severity,
            message,
            suggestion: None,
        });
    }

    /// Adds what to do to the finding that came last.
    pub fn suggest(&mut self, suggestion: Option<String>) {
        if let (Some(last), Some(text)) = (self.0.last_mut(), suggestion) {
            last.suggestion = Some(text);
        }
    }

    pub fn error(&mut self, code: &'static str, at: usize, message: String) {
        self.push(Severity::Error, code, at, message);
    }

    pub fn warning(&mut self, code: &'static str, at: usize, message: String) {
        self.push(Severity::Warning, code, at, message);
    }

    pub fn note(&mut self, code: &'static str, at: usize, message: String) {
        self.push(Severity::Note, code, at, message);
    }

    /// The findings in the order of `text`, each with its place.
    pub fn placed(mut self, text: &str) -> Vec<Finding> {
        self.0.sort_by_key(|found| found.at);
        let mut places = Places::new(text);
        let place = |found: Found| {
            let (shown, caret) = neighbourhood(text, found.at);
            Finding {
                code: found.code,
                severity: found.severity,
                place: places.at(found.at),
                message: found.message,
                suggestion: found.suggestion,
                shown,
                caret,
            }
        };
        self.0.into_iter().map(place).collect()
    }
}

/// The line round `at`, cut so that a policy in one long line is not read again
/// for each of its findings.
fn neighbourhood(text: &str, at: usize) -> (String, usize) {
    const REACH: usize = 400;
    let start = text.floor_char_boundary(at.saturating_sub(REACH));
    let end = text.floor_char_boundary((at + REACH).min(text.len()));
    let before = text.get(start..at).unwrap_or_default();
    let after = text.get(at..end).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default();
    window(&format!("{before}{after}"), before.chars().count())
}
