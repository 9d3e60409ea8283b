//! Cells as notebooks and prompts write them: Rhai, behind lines that begin with `%`,
//! or something else altogether below a line that begins with `%%`.

use std::time::Duration;

use rhai::Dynamic;

use super::builtins::stopwatch;
use super::error::{ErrorKind, Place, ScriptError};
use super::output::Stream;
use super::session::Session;
use super::values::{BlobMembers, from_json, quoted};
use crate::base::nearest;
use crate::policy::{Policy, PolicyKind};
use crate::render::Rendered;

/// What a cell or a line can begin with: name, arguments, what it does.
pub(super) const MAGICS: [(&str, &str, &str); 13] = [
    (
        "%%policy",
        "NAME",
        "The cell is a policy in JSON; it becomes the variable NAME.",
    ),
    (
        "%%json",
        "NAME",
        "The cell is JSON; it becomes the variable NAME.",
    ),
    ("%%html", "", "The cell is HTML and is shown."),
    ("%%markdown", "", "The cell is Markdown and is shown."),
    ("%%svg", "", "The cell is a picture in SVG and is shown."),
    ("%%latex", "", "The cell is LaTeX and is shown."),
    ("%%time", "", "How long the cell takes."),
    (
        "%time",
        "[CODE]",
        "How long the line, or the rest of the cell, takes.",
    ),
    ("%trail", "", "The calls so far."),
    (
        "%model",
        "[exam|aws]",
        "The model of authorization, or another one.",
    ),
    (
        "%seed",
        "N",
        "Begins again with a fresh lab that replays from this seed.",
    ),
    (
        "%reset",
        "",
        "Begins again: a fresh lab, no variables, no functions.",
    ),
    ("%help", "", "This list."),
];

type Outcome = Result<Option<Rendered>, Box<ScriptError>>;

impl Session {
    /// Runs a cell and gives what to show of its value. Besides Rhai it takes `%` and
    /// `%%` (see `%help`), and a name with `?`, which explains the name in the pager.
    ///
    /// # Errors
    /// As [`Session::execute`]; lines count as in the cell.
    pub fn execute_cell(&mut self, source_name: &str, code: &str) -> Outcome {
        if let Some(name) = question(code) {
            return self.explain(source_name, code, name);
        }
        let cell = Cell::of(source_name, code);
        match cell.first_word() {
            Some(word) if word.starts_with("%%") => self.whole_cell(&cell, word),
            Some(word) if word.starts_with('%') => self.lines(&cell),
            _ => self.shown(source_name, code),
        }
    }

    fn shown(&mut self, source_name: &str, code: &str) -> Outcome {
        let value = self.execute(source_name, code)?;
        Ok(value
            .map(|value| self.display(&value))
            .filter(|shown| !shown.is_empty()))
    }

    fn explain(&self, source_name: &str, code: &str, name: &str) -> Outcome {
        let Some(found) = self.inspect(name, name.len()) else {
            let cell = Cell::of(source_name, code);
            return Err(cell.error(1, 1, format!("nothing is known of `{name}`"), None));
        };
        self.output.page(found);
        Ok(None)
    }

    fn whole_cell(&mut self, cell: &Cell<'_>, word: &str) -> Outcome {
        let body = cell.body();
        match word {
            "%%policy" | "%%json" => {
                let name = cell.name()?;
                let value = match word {
                    "%%policy" => cell.policy()?,
                    _ => cell.json()?,
                };
                self.set_variable(name, value);
                Ok(None)
            }
            "%%html" => Ok(Some(Rendered::plain(body).with_html(body))),
            "%%markdown" => Ok(Some(Rendered::of_markdown(body))),
            "%%svg" => Ok(Some(Rendered {
                svg: Some(body.to_owned()),
                ..Rendered::plain("a picture")
            })),
            "%%latex" => Ok(Some(Rendered {
                latex: Some(body.to_owned()),
                ..Rendered::plain(body)
            })),
            "%%time" => self.timed(cell.source, &cell.rest_after(cell.blank_lines() + 1)),
            other => Err(cell.unknown(1, other)),
        }
    }

    /// Does what the lines that begin with `%` say, then runs the rest.
    fn lines(&mut self, cell: &Cell<'_>) -> Outcome {
        let mut last = None;
        let mut is_timed = false;
        let magic = |line: &&str| line.trim_start().starts_with('%');
        let skipped = cell.blank_lines();
        let count = cell.code.lines().skip(skipped).take_while(magic).count();
        for number in skipped + 1..=skipped + count {
            let line = cell.line(number);
            let (word, argument) = match line.split_once(char::is_whitespace) {
                Some((word, argument)) => (word, argument.trim()),
                None => (line, ""),
            };
            match (word, argument) {
                ("%time", "") => is_timed = true,
                ("%time", code) => {
                    // Lines and columns stay those of the cell.
                    let whole = cell.code.lines().nth(number - 1).unwrap_or("");
                    let before = whole.split(code).next().unwrap_or("").chars().count();
                    let (above, left) = ("\n".repeat(number - 1), " ".repeat(before));
                    last = self.timed(cell.source, &format!("{above}{left}{code}"))?;
                }
                _ => last = self.line(cell, number, word, argument)?,
            }
        }
        let rest = cell.rest_after(skipped + count);
        if rest.trim().is_empty() {
            return Ok(last);
        }
        match is_timed {
            true => self.timed(cell.source, &rest),
            false => self.shown(cell.source, &rest),
        }
    }

    fn line(&mut self, cell: &Cell<'_>, number: usize, word: &str, argument: &str) -> Outcome {
        if matches!(word, "%help" | "%trail" | "%reset") && !argument.is_empty() {
            let text = format!("`{word}` takes nothing behind it, not `{argument}`");
            return Err(cell.error(number, word.chars().count() + 2, text, None));
        }
        match word {
            "%help" => Ok(Some(help())),
            "%trail" => self.shown(cell.source, "trail"),
            "%model" if argument.is_empty() => self.shown(cell.source, "lab.model"),
            "%model" => {
                let model = quoted(argument);
                self.shown(cell.source, &format!("lab.set_model({model}); lab.model"))
            }
            "%seed" => match argument.parse() {
                Ok(seed) => self.renew(cell, number, Some(seed)),
                Err(_) => {
                    let text = format!("`{argument}` is no seed: write `%seed 7`");
                    Err(cell.error(number, 7, text, None))
                }
            },
            "%reset" => self.renew(cell, number, None),
            other => Err(cell.unknown(number, other)),
        }
    }

    fn renew(&mut self, cell: &Cell<'_>, number: usize, seed: Option<u64>) -> Outcome {
        for extension in &self.extensions {
            if let Some(Err(why)) = extension.renew(seed) {
                return Err(cell.error(number, 1, why, None));
            }
        }
        self.begin_again();
        Ok(None)
    }

    fn timed(&mut self, source_name: &str, code: &str) -> Outcome {
        let watch = stopwatch();
        let outcome = self.shown(source_name, code);
        let text = format!("{}\n", duration_text(watch.elapsed()));
        self.output.stream(Stream::Stdout, &text);
        outcome
    }
}

fn duration_text(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 0.001 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{:.0} µs", seconds * 1e6),
    }
}

fn help() -> Rendered {
    let line = |(word, arguments, text): &(&str, &str, &str)| {
        let used = format!("{word} {arguments}");
        format!("- `{}`: {text}\n", used.trim_end())
    };
    let lines: String = MAGICS.iter().map(line).collect();
    Rendered::of_markdown(format!(
        "{lines}- `NAME?`: explains a name; Tab completes, Shift-Tab explains"
    ))
}

/// The name in `?name` or `name?`, if that is the whole cell.
pub(super) fn question(code: &str) -> Option<&str> {
    let code = code.trim();
    let name = code
        .strip_suffix('?')
        .or_else(|| code.strip_prefix('?'))?
        .trim_matches('?')
        .trim();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// Whether a text is a cell with a magic, which ends where an empty line ends it; `None`
/// if it is Rhai.
pub(super) fn is_whole(code: &str) -> Option<bool> {
    if question(code).is_some() {
        return Some(true);
    }
    let first = code.trim_start().lines().next().unwrap_or("");
    match (first.starts_with("%%"), first.starts_with('%')) {
        (true, _) => {
            let last = code.rsplit_once('\n');
            Some(last.is_some_and(|(_, last)| last.trim().is_empty()))
        }
        (_, true) => Some(true),
        _ => None,
    }
}

/// A cell and what its errors call it.
struct Cell<'a> {
    source: &'a str,
    code: &'a str,
}

impl<'a> Cell<'a> {
    fn of(source: &'a str, code: &'a str) -> Self {
        Self { source, code }
    }

    fn blank_lines(&self) -> usize {
        let blank = |line: &&str| line.trim().is_empty();
        self.code.lines().take_while(blank).count()
    }

    fn line(&self, number: usize) -> &'a str {
        let line = number
            .checked_sub(1)
            .and_then(|at| self.code.lines().nth(at));
        line.unwrap_or("").trim()
    }

    fn first_word(&self) -> Option<&'a str> {
        self.line(self.blank_lines() + 1).split_whitespace().next()
    }

    /// What stands below the first line that says something.
    fn body(&self) -> &'a str {
        let trimmed = self.code.trim_start();
        trimmed.split_once('\n').map_or("", |(_, body)| body)
    }

    /// The code with its first lines emptied, so that the others keep their numbers.
    fn rest_after(&self, lines: usize) -> String {
        let kept: String = self.code.split_inclusive('\n').skip(lines).collect();
        format!("{}{kept}", "\n".repeat(lines))
    }

    fn error(
        &self,
        line: usize,
        column: usize,
        message: String,
        hint: Option<String>,
    ) -> Box<ScriptError> {
        let place = Place {
            source: self.source.to_owned(),
            line: Some(line),
            column: Some(column),
            text: self
                .code
                .lines()
                .nth(line.saturating_sub(1))
                .map(str::to_owned),
        };
        let error = ScriptError::new(ErrorKind::Parse, message, place);
        Box::new(ScriptError { hint, ..error })
    }

    fn unknown(&self, line: usize, word: &str) -> Box<ScriptError> {
        let hint = match nearest(word, MAGICS.iter().map(|(known, ..)| *known)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`%help` lists what there is".to_owned(),
        };
        let message = format!("there is no `{word}`");
        self.error(line, 1, message, Some(hint))
    }

    /// The name behind the first word, which has to be that of a variable.
    fn name(&self) -> Result<&'a str, Box<ScriptError>> {
        let number = self.blank_lines() + 1;
        let line = self.line(number);
        let name = line.split_whitespace().nth(1).unwrap_or("");
        let is_plain = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
            && name.chars().all(super::scan::is_word);
        if is_plain {
            return Ok(name);
        }
        let word = line.split_whitespace().next().unwrap_or("");
        let message = match name {
            "" => format!("`{word}` needs the name of a variable: `{word} my_policy`"),
            other => format!("`{other}` is no name of a variable"),
        };
        Err(self.error(number, word.chars().count() + 2, message, None))
    }

    fn json(&self) -> Result<Dynamic, Box<ScriptError>> {
        let above = self.blank_lines() + 1;
        let value: serde_json::Value = serde_json::from_str(self.body()).map_err(|error| {
            let text = error.to_string();
            let what = text.split(" at line ").next().unwrap_or_default();
            let message = format!("this is no JSON: {what}");
            self.error(above + error.line(), error.column().max(1), message, None)
        })?;
        from_json(&value, BlobMembers::none())
            .map_err(|error| self.error(above, 1, error.to_string(), None))
    }

    /// A policy as the service that stores it reads it, errors by line.
    fn policy(&self) -> Result<Dynamic, Box<ScriptError>> {
        let value = self.json()?;
        let body = self.body();
        let above = self.blank_lines() + 1;
        let number = |n: u32| usize::try_from(n).unwrap_or(1);
        Policy::parse(PolicyKind::guess(body), body).map_err(|error| {
            let message = match error.detail() {
                "" => error.message().to_owned(),
                detail => format!("{}: {detail}", error.message()),
            };
            let hint = error.hint().map(str::to_owned);
            self.error(
                above + number(error.line()),
                number(error.column()),
                message,
                hint,
            )
        })?;
        Ok(value)
    }
}
