//! What went wrong in a script, and how it is told.

use std::fmt::{self, Write as _};

use rhai::Dynamic;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The sort of a script error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not Rhai; nothing of it ran.
    Parse,
    /// The script did what cannot be done.
    Runtime,
    /// A thrown value that nobody caught: by `throw`, or a denied or failed call.
    Thrown,
    /// A limit was reached.
    Limit,
    /// Someone asked the script to stop.
    Interrupted,
    /// The file could not be read.
    File,
    /// A fault of keychai itself.
    Internal,
}

impl ErrorKind {
    /// The name that notebooks show in front of the message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "SyntaxError",
            Self::Runtime => "RuntimeError",
            Self::Thrown => "Error",
            Self::Limit => "LimitError",
            Self::Interrupted => "Interrupted",
            Self::File => "FileError",
            Self::Internal => "InternalError",
        }
    }
}

/// A place in a cell or script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The name of the cell or script.
    pub source: String,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column in characters, counted from 1.
    pub column: Option<usize>,
    /// The line itself.
    pub text: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "{}:{line}:{column}", self.source),
            (Some(line), None) => write!(f, "{}:{line}", self.source),
            _ => f.write_str(&self.source),
        }
    }
}

/// A call that was under way when the error arose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The called function; `closure` for one without a name.
    pub function: String,
    /// Where it was called.
    pub called_at: Place,
}

/// Why a script ended early.
#[derive(Debug, Clone)]
pub struct ScriptError {
    /// The sort.
    pub kind: ErrorKind,
    /// What is wrong, in one sentence or a few lines.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The calls that led there, innermost first.
    pub frames: Vec<Frame>,
    /// What to do.
    pub hint: Option<String>,
    pub(super) payload: Option<Dynamic>,
}

impl std::error::Error for ScriptError {}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report(false))
    }
}

impl ScriptError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>, place: Place) -> Self {
        Self {
            kind,
            message: message.into(),
            place,
            frames: Vec::new(),
            hint: None,
            payload: None,
        }
    }

    /// The thrown value, with its members `code`, `decision`, `fix`….
    pub fn payload(&self) -> Option<&Dynamic> {
        self.payload.as_ref()
    }

    /// The member `code` of a thrown map, such as `AccessDenied`.
    pub fn code(&self) -> Option<String> {
        let map = self.payload.as_ref()?.as_map_ref().ok()?;
        map.get("code")?.clone().into_string().ok()
    }

    /// `AccessDenied`, or the name of the kind.
    pub fn name(&self) -> String {
        self.code().unwrap_or_else(|| self.kind.name().to_owned())
    }

    /// The message, the line with a caret under the place, the calls and the
    /// hint, for a terminal with or without colour.
    pub fn report(&self, color: bool) -> String {
        let paint = Paint { color };
        let mut out = match self.message.trim_end() {
            "" => format!("{}\n", paint.red(&self.name())),
            message => format!("{} {message}\n", paint.red(&format!("{}:", self.name()))),
        };
        self.write_trace(&mut out, paint);
        match self.hint.as_deref() {
            // A hint of several lines is an excerpt with a caret: its columns must hold.
            Some(hint) if hint.contains('\n') => {
                let _ = writeln!(out, "  {}\n{hint}", paint.cyan("help:"));
            }
            Some(hint) => {
                let _ = writeln!(out, "  {} {hint}", paint.cyan("help:"));
            }
            None => {}
        }
        out.trim_end().to_owned()
    }

    /// The place alone, with its line, the caret and the calls, to stand in
    /// front of a form of the error that tells the rest.
    pub fn trace(&self, color: bool) -> String {
        let mut out = String::new();
        self.write_trace(&mut out, Paint { color });
        out.trim_end().to_owned()
    }

    fn write_trace(&self, out: &mut String, paint: Paint) {
        self.write_excerpt(out, paint);
        for frame in &self.frames {
            let _ = writeln!(
                out,
                "  in `{}`, called at {}",
                frame.function, frame.called_at
            );
        }
    }

    fn write_excerpt(&self, out: &mut String, paint: Paint) {
        let _ = writeln!(out, "  {} {}", paint.blue("-->"), self.place);
        let (Some(line), Some(text)) = (self.place.line, &self.place.text) else {
            return;
        };
        let (shown, offset) = window(text, self.place.column.unwrap_or(1));
        let number = line.to_string();
        let blank = " ".repeat(number.width());
        let _ = writeln!(out, "  {blank} {}", paint.blue("|"));
        let _ = writeln!(out, "  {} {}", paint.blue(&format!("{number} |")), shown);
        if self.place.column.is_some() {
            let caret = format!("{}{}", " ".repeat(offset), paint.red("^"));
            let _ = writeln!(out, "  {blank} {} {caret}", paint.blue("|"));
        }
    }
}

/// As much of a line as fits, and the caret's place in it, in columns.
fn window(text: &str, column: usize) -> (String, usize) {
    const BEFORE: usize = 60;
    const WHOLE: usize = 100;
    let at = column.saturating_sub(1);
    let skipped = if text.chars().count() > WHOLE {
        at.saturating_sub(BEFORE)
    } else {
        0
    };
    let lead = if skipped > 0 { "…" } else { "" };
    let visible = |c: char| if c == '\t' { ' ' } else { c };
    let chars = text.chars().skip(skipped).map(visible);
    let before: usize = chars
        .clone()
        .take(at - skipped)
        .map(|c| c.width().unwrap_or(0))
        .sum();
    let shown: String = chars.clone().take(WHOLE).collect();
    let tail = if chars.count() > WHOLE { "…" } else { "" };
    (format!("{lead}{shown}{tail}"), before + lead.width())
}

#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        match self.color {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn blue(self, text: &str) -> String {
        self.with("34", text)
    }

    fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }
}
