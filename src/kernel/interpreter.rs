//! What the kernel asks of a language, and what it offers to it in return.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::render::Rendered;

/// A language that runs behind the kernel.
///
/// It is built inside the thread that runs it and never leaves it, so it need
/// not be `Send`. All calls come one after the other, in the order of the
/// client's requests.
pub trait Interpreter {
    /// Runs one cell; `Ok(Some(…))` is its value, shown as `Out[n]`.
    ///
    /// Everything that the cell prints or shows goes to `output`. When
    /// [`Interpreter::interrupt_flag`] becomes true the cell ends soon with an
    /// error, and its state so far is kept.
    ///
    /// # Errors
    /// The failure of the cell, as the user reads it.
    fn execute(
        &mut self,
        request: &ExecuteRequest<'_>,
        output: &Rc<dyn Output>,
    ) -> Result<Option<Rendered>, ExecutionError>;

    /// Evaluates one of a request's `user_expressions`; `None` leaves it out.
    fn evaluate(&mut self, _expression: &str) -> Option<Result<Rendered, ExecutionError>> {
        None
    }

    /// What can stand at `cursor`, a count of characters within `code`.
    fn complete(&self, code: &str, cursor: usize) -> Completions;

    /// What stands at `cursor`; `detail` is 0 for Shift-Tab, 1 for more.
    fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Rendered>;

    /// Whether `code` is ready to run, for prompts that end at a line.
    fn is_complete(&self, code: &str) -> Completeness;

    /// Set by the kernel to stop the running cell, cleared before each one.
    fn interrupt_flag(&self) -> Arc<AtomicBool>;

    /// How the language presents itself to clients.
    fn language(&self) -> Language;
}

/// One cell to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecuteRequest<'a> {
    /// The text of the cell.
    pub code: &'a str,
    /// Its number, as in `In [n]`.
    pub execution_count: usize,
    /// Nothing of this cell is to be shown.
    pub silent: bool,
    /// The cell counts and enters the history.
    pub store_history: bool,
}

/// Where a running cell shows things.
pub trait Output {
    /// Writes text as it is; no line end is added.
    fn stream(&self, stream: Stream, text: &str);

    /// Shows a value, or replaces one shown before under the same id.
    fn display(&self, value: Rendered, options: DisplayOptions);

    /// Removes what the cell has shown; with `wait`, when the next output comes.
    fn clear(&self, wait: bool);

    /// Shows a value in the client's pager.
    fn page(&self, value: Rendered);

    /// Asks the person for a line; with `password`, without showing it.
    ///
    /// # Errors
    /// [`InputError`], when there is nobody to ask or the cell was interrupted.
    fn input(&self, prompt: &str, password: bool) -> Result<String, InputError>;
}

/// The two text streams of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Ordinary output.
    Stdout,
    /// Diagnostics.
    Stderr,
}

impl Stream {
    /// The protocol's name of this stream.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// How a displayed value relates to earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplayOptions {
    /// A name under which the value can be replaced later.
    pub display_id: Option<String>,
    /// Replaces the value of that name instead of adding one; ignored without a name.
    pub update: bool,
}

/// Why [`Output::input`] brought no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The client said that it cannot ask anyone.
    #[error(
        "this client does not take input (`allow_stdin` is false): run the cell in a notebook or a console, or set the value in the code"
    )]
    NotAllowed,
    /// The cell was interrupted while it waited.
    #[error("interrupted while waiting for input")]
    Interrupted,
    /// The kernel is shutting down.
    #[error("the kernel is shutting down")]
    Closed,
}

/// The failure of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionError {
    /// A short name of the kind of failure (`AccessDenied`, `SyntaxError`).
    pub name: String,
    /// One line that says what went wrong.
    pub value: String,
    /// The whole report, one line each; may hold ANSI colours.
    pub traceback: Vec<String>,
    /// A rich form, shown above the report.
    pub display: Option<Box<Rendered>>,
}

/// Candidates for completion, and the characters that they replace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// First replaced character.
    pub start: usize,
    /// One behind the last replaced character.
    pub end: usize,
    /// The candidates, best first.
    pub items: Vec<Completion>,
}

/// One candidate for completion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// What is put in place.
    pub text: String,
    /// What it is: `function`, `instance`, `keyword`, `property`…
    pub kind: String,
    /// Parameters and result, or another short explanation; may be empty.
    pub signature: String,
    /// One sentence; may be empty.
    pub documentation: String,
}

/// Whether a piece of code is ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It runs as it stands.
    Complete,
    /// More lines are needed; the next one begins with `indent`.
    Incomplete {
        /// White space for the next line.
        indent: String,
    },
    /// More lines cannot make it right.
    Invalid,
    /// It cannot be told.
    Unknown,
}

/// How a language presents itself to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// Name of the kernel (`keychai`).
    pub implementation: String,
    /// Version of the kernel.
    pub implementation_version: String,
    /// Name of the language (`rhai`).
    pub name: String,
    /// Version of the language.
    pub version: String,
    /// MIME type of a script.
    pub mimetype: String,
    /// File extension of a script, with its dot.
    pub file_extension: String,
    /// The editor mode that colours it best.
    pub codemirror_mode: String,
    /// The Pygments lexer that colours it best.
    pub pygments_lexer: String,
    /// The exporter of nbconvert that writes a script.
    pub nbconvert_exporter: String,
    /// Shown by consoles at the start.
    pub banner: String,
    /// Entries of the help menu.
    pub help_links: Vec<HelpLink>,
}

/// An entry of the help menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpLink {
    /// What the entry says.
    pub text: String,
    /// Where it leads.
    pub url: String,
}
