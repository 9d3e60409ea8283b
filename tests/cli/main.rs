//! The `keychai` command as people and programs call it: what it prints where,
//! and how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a command that cannot be started or read fails the test"
)]

mod bad_input;
mod command_line;
mod data;
mod interruption;
mod keep;
mod kernel;
mod least_privilege;
mod lint;
mod matrix;
mod readme;
mod reference;
mod repl;
mod scripts;
mod simulate;
mod style;
mod trail;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The folder of the package.
fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the package.
fn text_of(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(package().join(path)).unwrap()
}

/// Every file below `folder`, in order.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// One call of the command, with a home folder of its own.
struct Keychai {
    command: Command,
    input: Vec<u8>,
    home: TempDir,
}

/// How a call ended.
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Prepares `keychai ARGS…`, run in the folder of the package.
fn keychai<'a>(args: impl IntoIterator<Item = &'a str>) -> Keychai {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keychai"));
    command
        .args(args)
        .current_dir(package())
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in ["NO_COLOR", "COLUMNS", "XDG_DATA_HOME", "VIRTUAL_ENV"] {
        command.env_remove(name);
    }
    Keychai {
        command,
        input: Vec::new(),
        home,
    }
}

/// Runs a script of the name `t.rhai` with seed 1 and `args`.
fn run_script(code: impl AsRef<[u8]>, args: &[&str]) -> Outcome {
    let call = keychai(["run", "t.rhai", "--seed", "1"]);
    std::fs::write(call.home.path().join("t.rhai"), code).unwrap();
    call.args(args).at_home().run()
}

impl Keychai {
    fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn input(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.input = bytes.as_ref().to_vec();
        self
    }

    fn at_home(mut self) -> Self {
        self.command.current_dir(self.home.path());
        self
    }

    fn run(mut self) -> Outcome {
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A call that reads nothing may have ended already.
        let _ = stdin.write_all(&self.input);
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let outcome = Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        outcome.is_decent();
        outcome
    }
}

impl Outcome {
    /// No call panics, dies of a signal, or colours what is not a terminal.
    fn is_decent(&self) {
        assert!(self.code.is_some(), "killed by a signal: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        for text in [&self.stdout, &self.stderr] {
            assert!(!text.contains('\u{1b}'), "an escape in a pipe: {text:?}");
        }
    }

    /// It succeeded without a word on stderr; gives stdout.
    #[track_caller]
    fn succeeds(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stderr, "", "a success speaks on stdout only");
        &self.stdout
    }

    /// It failed with `code` without a word on stdout; gives stderr.
    #[track_caller]
    fn fails(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "", "a failure speaks on stderr only");
        &self.stderr
    }
}

/// `text` holds every one of `parts`, in this order.
#[track_caller]
fn holds_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part);
        assert!(
            at.is_some(),
            "`{part}` is missing, or too early, in\n{text}"
        );
        rest = &rest[at.unwrap() + part.len()..];
    }
}
