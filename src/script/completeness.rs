//! Whether a text is a whole cell, for prompts that continue lines.

use rhai::{Engine, ParseErrorType};

use super::scan::{Open, Scan};
use super::source::offset_of;

/// What a prompt does after the return key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Run it.
    Complete,
    /// Ask for another line, which begins with `indent`.
    Incomplete {
        /// Four blanks for each open bracket.
        indent: String,
    },
    /// Run it to see its error: no further line can mend it.
    Invalid,
}

/// Judges the text; never runs any of it.
pub(super) fn judge(engine: &Engine, code: &str) -> Completeness {
    match super::magics::is_whole(code) {
        Some(true) => return Completeness::Complete,
        Some(false) => {
            let indent = String::new();
            return Completeness::Incomplete { indent };
        }
        None => {}
    }
    let scan = Scan::new(code);
    let incomplete = || Completeness::Incomplete {
        indent: "    ".repeat(scan.brackets.len()),
    };
    match scan.open {
        Some(Open::BlockComment | Open::Template | Open::Raw) => return incomplete(),
        Some(Open::Quote { continued: true }) => return incomplete(),
        Some(Open::Quote { continued: false }) => return Completeness::Invalid,
        Some(Open::LineComment) | None => {}
    }
    match engine.compile(code) {
        Ok(_) => Completeness::Complete,
        Err(error) if error_is_at_end(&scan, &error) => incomplete(),
        Err(_) => Completeness::Invalid,
    }
}

/// Whether the parser only missed what could still be typed.
///
/// A token that is missing in the middle stays missing; only at or after the
/// last token may the next line bring it.
fn error_is_at_end(scan: &Scan<'_>, error: &rhai::ParseError) -> bool {
    let may_follow = match error.err_type() {
        ParseErrorType::UnexpectedEOF => return true,
        ParseErrorType::MissingToken(..)
        | ParseErrorType::MissingSymbol(..)
        | ParseErrorType::ExprExpected(..)
        | ParseErrorType::PropertyExpected
        | ParseErrorType::VariableExpected
        | ParseErrorType::FnMissingName
        | ParseErrorType::FnMissingParams(..)
        | ParseErrorType::FnMissingBody(..)
        | ParseErrorType::WrongDocComment
        | ParseErrorType::MalformedIndexExpr(..) => true,
        _ => false,
    };
    let position = error.position();
    may_follow
        && match offset_of(scan.code, position) {
            None => true,
            Some(at) => scan.significant().last().is_none_or(|last| at >= last.end),
        }
}
