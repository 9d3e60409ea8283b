//! Which text a function came from, so that an error names its cell.

use std::collections::HashMap;
use std::rc::Rc;

use rhai::{AST, Position};

use super::scan::{Scan, Token, TokenKind};

/// The text of a cell or script, with the name people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `In [3]`, `week3.rhai`, …
    pub name: String,
    /// The whole text.
    pub code: String,
}

impl Source {
    /// A line, counted from 1, without its end.
    pub fn line(&self, number: usize) -> Option<&str> {
        self.code.lines().nth(number.checked_sub(1)?)
    }
}

/// Where a definition stands.
#[derive(Debug, Clone)]
struct Origin {
    source: Rc<Source>,
    first_line: usize,
    last_line: usize,
}

/// Definitions kept per name: redefined ones may still run inside closures.
const KEPT_PER_NAME: usize = 8;

/// The origin of each function of a session, newest first.
#[derive(Debug, Default)]
pub(super) struct Origins(HashMap<String, Vec<Origin>>);

impl Origins {
    /// Remembers where the functions and closures of `ast` stand.
    pub(super) fn record(&mut self, ast: &AST, source: &Rc<Source>) {
        let spans = function_lines(&source.code);
        for function in ast.iter_functions() {
            let lines = spans.iter().filter(|(name, ..)| name == function.name);
            let first_line = lines.clone().map(|l| l.1).min().unwrap_or(1);
            let last_line = lines.map(|l| l.2).max().unwrap_or(usize::MAX);
            let origin = Origin {
                source: Rc::clone(source),
                first_line,
                last_line,
            };
            let known = self.0.entry(function.name.to_owned()).or_default();
            known.insert(0, origin);
            known.truncate(KEPT_PER_NAME);
        }
    }

    /// The text in which `function` has an error on `line`.
    pub(super) fn find(&self, function: &str, line: Option<usize>) -> Option<Rc<Source>> {
        let known = self.0.get(function)?;
        let holds = |origin: &&Origin| {
            line.is_none_or(|line| (origin.first_line..=origin.last_line).contains(&line))
        };
        known
            .iter()
            .find(holds)
            .or(known.first())
            .map(|origin| Rc::clone(&origin.source))
    }
}

/// Name, first and last line of each `fn` in the text.
fn function_lines(code: &str) -> Vec<(String, usize, usize)> {
    let scan = Scan::new(code);
    let tokens = scan.significant();
    let starts = tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| scan.text(**t) == "fn");
    starts
        .filter_map(|(at, token)| function_at(&scan, tokens.get(at..)?, *token))
        .collect()
}

fn function_at(
    scan: &Scan<'_>,
    tokens: &[Token],
    keyword: Token,
) -> Option<(String, usize, usize)> {
    let open = tokens.iter().position(|t| scan.text(*t) == "(")?;
    let name = tokens
        .get(open.checked_sub(1)?)
        .filter(|t| t.kind == TokenKind::Word)?;
    let mut depth = 0_usize;
    let mut end = scan.code.len();
    for token in tokens {
        match scan.text(*token) {
            "{" | "#{" => depth += 1,
            "}" if depth <= 1 => {
                end = token.end;
                break;
            }
            "}" => depth -= 1,
            _ => {}
        }
    }
    Some((
        scan.text(*name).to_owned(),
        line_of(scan.code, keyword.start),
        line_of(scan.code, end),
    ))
}

/// Where the function `name` is defined in the text.
pub(super) fn definition(code: &str, name: &str) -> Option<Position> {
    let scan = Scan::new(code);
    let tokens = scan.significant();
    let at = tokens.windows(2).find_map(|pair| match pair {
        [keyword, word] if scan.text(*keyword) == "fn" && scan.text(*word) == name => {
            Some(word.start)
        }
        _ => None,
    })?;
    position_at(code, at)
}

/// Just behind the last token before `position`, where a `;` is missing.
pub(super) fn end_of_statement(code: &str, position: Position) -> Option<Position> {
    let at = offset_of(code, position)?;
    let scan = Scan::new(code);
    let mut tokens = scan.significant().into_iter();
    let last = tokens.rfind(|token| token.end <= at)?;
    position_at(code, last.end)
}

/// The position of a byte offset.
fn position_at(code: &str, at: usize) -> Option<Position> {
    let line_start = code.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let column = code.get(line_start..at)?.chars().count() + 1;
    let line = u16::try_from(line_of(code, at)).ok()?;
    Some(Position::new(line, u16::try_from(column).ok()?))
}

fn line_of(code: &str, offset: usize) -> usize {
    code.get(..offset).unwrap_or(code).matches('\n').count() + 1
}

/// The byte offset of a position; `None` without one.
pub(super) fn offset_of(code: &str, position: Position) -> Option<usize> {
    let line = position.line()?;
    let start: usize = code
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let column = position.position().unwrap_or(0).saturating_sub(1);
    let tail = code.get(start..)?;
    Some(
        start
            + tail
                .char_indices()
                .nth(column)
                .map_or(tail.len(), |(at, _)| at),
    )
}
