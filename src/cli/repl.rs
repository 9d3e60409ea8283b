//! The interactive prompt.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper, Highlighter, Hinter};

use super::terminal::{Terminal, report_error};
use crate::script::{Completeness, Completion, Output as _, Session, Stream};

const PROMPT: &str = "keychai> ";
const HISTORY_LINES: usize = 10_000;

/// Reads, runs and shows until the end of input (Ctrl-D) or `exit`.
///
/// Ctrl-C stops a running evaluation and keeps its variables; at the prompt it
/// drops the line. `history` is created where it is missing.
///
/// # Errors
/// That the terminal cannot be read.
pub fn run(session: Session, history: Option<&Path>) -> rustyline::Result<()> {
    let session = Rc::new(RefCell::new(session));
    let mut editor = editor(&session)?;
    if let Some(path) = history {
        // No history yet, or an unreadable one, is an empty one.
        let _ = editor.load_history(path);
    }
    stop_on_ctrl_c(&session.borrow());
    let result = read_all(&mut editor, &session);
    if let Some(path) = history {
        save_history(&mut editor, path);
    }
    result
}

/// Where the history is kept: in the user's data directory.
pub fn history_path() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let data = set("XDG_DATA_HOME")
        .or_else(|| set("APPDATA"))
        .or_else(|| Some(set("HOME")?.join(".local").join("share")))?;
    Some(data.join("keychai").join("history"))
}

type Prompt = Editor<Assistant, DefaultHistory>;

fn editor(session: &Rc<RefCell<Session>>) -> rustyline::Result<Prompt> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY_LINES)?
        .auto_add_history(true)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant {
        session: Rc::clone(session),
    }));
    Ok(editor)
}

fn stop_on_ctrl_c(session: &Session) {
    let interrupt = session.interrupt();
    // Another handler may be there already when the prompt is used as a library.
    let _ = ctrlc::set_handler(move || interrupt.request());
}

fn read_all(editor: &mut Prompt, session: &RefCell<Session>) -> rustyline::Result<()> {
    let mut count = 0_usize;
    loop {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error),
        };
        match line.trim() {
            "" => {}
            "exit" | "quit" | "exit()" | "quit()" => return Ok(()),
            "help" | "help()" => Terminal.stream(Stream::Stdout, HELP),
            _ => {
                count += 1;
                evaluate(&mut session.borrow_mut(), &format!("[{count}]"), &line);
            }
        }
    }
}

const HELP: &str = "\
Type Rhai and press Enter; an open bracket continues on the next line.
  Tab        completes names, methods and members
  name?      explains a name, for example `kms?` or `kms.create_key?`
  %help      lists what else a line can begin with, such as `%time` or `%reset`
  Ctrl-C     stops what runs; variables stay
  Ctrl-D     leaves (so does `exit`)
";

fn evaluate(session: &mut Session, name: &str, code: &str) {
    match session.execute_cell(name, code) {
        Ok(Some(shown)) => Terminal.display(shown),
        Ok(None) => {}
        Err(error) => report_error(session, &error),
    }
}

fn save_history(editor: &mut Prompt, path: &Path) {
    // A history that cannot be kept is no reason to fail.
    if let Some(folder) = path.parent() {
        let _ = std::fs::create_dir_all(folder);
    }
    let _ = editor.save_history(path);
}

/// Completion and continuation for the line editor.
#[derive(Helper, Highlighter, Hinter)]
struct Assistant {
    session: Rc<RefCell<Session>>,
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = self.session.borrow().complete(line, cursor);
        Ok((
            found.start,
            found.items.into_iter().map(candidate).collect(),
        ))
    }
}

fn candidate(item: Completion) -> Pair {
    let display = match item.kind.as_str() {
        "method" | "function" => format!("{}(…)", item.text),
        _ => item.text.clone(),
    };
    Pair {
        display,
        replacement: item.text,
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        Ok(match self.session.borrow().is_complete(input) {
            Completeness::Incomplete { .. } => ValidationResult::Incomplete,
            // An invalid line runs, so that its error is told.
            Completeness::Complete | Completeness::Invalid => ValidationResult::Valid(None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Captured, SessionOptions};
    use rustyline::history::History as _;

    fn assistant() -> Assistant {
        let session = Session::new(SessionOptions::new(Rc::new(Captured::default())));
        Assistant {
            session: Rc::new(RefCell::new(session)),
        }
    }

    #[test]
    fn tab_completes_from_the_session() {
        let assistant = assistant();
        assistant
            .session
            .borrow_mut()
            .execute("[1]", "let balance = 1;")
            .unwrap();
        let history = DefaultHistory::new();
        assert!(history.is_empty());
        let (start, found) = assistant
            .complete("1 + bal", 7, &Context::new(&history))
            .unwrap();
        let texts: Vec<_> = found.iter().map(|pair| pair.replacement.as_str()).collect();
        assert_eq!((start, texts), (4, vec!["balance"]));
    }

    #[test]
    fn functions_are_listed_with_parentheses_and_inserted_without() {
        let history = DefaultHistory::new();
        let (_, found) = assistant()
            .complete("slee", 4, &Context::new(&history))
            .unwrap();
        assert_eq!(
            (found[0].display.as_str(), found[0].replacement.as_str()),
            ("sleep(…)", "sleep")
        );
    }
}
