//! The steps that take their time: what is going on, shown while it does.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::error::at;
use super::{Interrupt, LabError};

/// How often a running program is asked after, and the user's wishes too.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(100);
/// How many of a program's last lines an error repeats.
const LAST_WORDS: usize = 8;

/// A spinner with a sentence beside it; silent where stderr is no terminal.
#[derive(Debug)]
pub struct Step {
    spinner: ProgressBar,
    interrupt: Interrupt,
}

/// How a program that ran in a step ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Whether it reported success.
    pub(super) success: bool,
    /// Its last lines, one string.
    pub(super) last_words: String,
}

impl Step {
    /// A step of which `quiet` says whether it is shown at all.
    pub(super) fn new(quiet: bool, interrupt: Interrupt) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let spinner = ProgressBar::with_draw_target(None, target).with_style(style);
        Self { spinner, interrupt }
    }

    /// The user's wish to stop.
    pub(super) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Names what is going on now.
    pub(super) fn say(&self, sentence: &str) {
        self.spinner.enable_steady_tick(HEARTBEAT);
        self.spinner.set_message(sentence.to_owned());
    }

    /// Takes the spinner away.
    pub(super) fn done(&self) {
        self.spinner.finish_and_clear();
    }

    /// Runs `command` to its end under the heading `what`, appending all that it prints to `log`.
    ///
    /// The spinner shows the lines for which `notable` has a shorter word.
    ///
    /// # Errors
    ///
    /// [`LabError::Interrupted`] when the user stops it, in which case the
    /// program is stopped too; [`LabError::Run`] if it cannot be started.
    pub(super) fn run(
        &self,
        what: &str,
        command: &mut Command,
        log: &Path,
        notable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Ended, LabError> {
        self.say(what);
        let mut log_file = append_to(log)?;
        let mut child = spawn(command)?;
        let lines = lines_of(&mut child);
        let mut last = VecDeque::new();
        loop {
            if self.interrupt.within(Duration::ZERO) {
                stop(&mut child);
                self.done();
                return Err(LabError::Interrupted);
            }
            match lines.recv_timeout(HEARTBEAT) {
                Ok(line) => {
                    writeln!(log_file, "{line}").map_err(at("write", log))?;
                    if let Some(word) = notable(&line) {
                        self.say(&format!("{what}: {word}"));
                    }
                    remember(&mut last, line);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = child.wait().map_err(|source| run_error(command, source))?;
        let last_words = Vec::from(last).join("\n  ");
        Ok(Ended {
            success: status.success(),
            last_words,
        })
    }
}

/// Opens `log` for appending, with its folder.
pub(super) fn append_to(log: &Path) -> Result<File, LabError> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).map_err(at("make", folder))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .map_err(at("open", log))
}

/// The last lines of the file `log`, as an error repeats them.
pub(super) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut last = VecDeque::new();
    text.lines()
        .for_each(|line| remember(&mut last, line.to_owned()));
    Vec::from(last).join("\n  ")
}

fn remember(last: &mut VecDeque<String>, line: String) {
    if line.trim().is_empty() {
        return;
    }
    if last.len() == LAST_WORDS {
        last.pop_front();
    }
    last.push_back(line);
}

fn spawn(command: &mut Command) -> Result<Child, LabError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| run_error(command, source))
}

/// [`LabError::Run`] for `command`.
pub(super) fn run_error(command: &Command, source: std::io::Error) -> LabError {
    LabError::Run {
        program: command.get_program().into(),
        source,
    }
}

/// What `child` prints on both of its outputs, until it has closed them.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender);
    }
    receiver
}

fn forward(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n') {
            let Ok(line) = line else { return };
            if to
                .send(String::from_utf8_lossy(&line).trim_end().to_owned())
                .is_err()
            {
                return;
            }
        }
    });
}

/// Ends `child` at once and waits for it.
pub(super) fn stop(child: &mut Child) {
    // Either can fail only if the child has ended already, which is the aim.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(code: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", code]);
        command
    }

    #[test]
    fn both_outputs_are_logged_and_the_last_lines_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("new").join("log");
        let (_never, interrupt) = Interrupt::manual();
        let step = Step::new(true, interrupt);
        let code = "seq 1 20; echo oops >&2; exit 3";
        let ended = step
            .run("Counting", &mut shell(code), &log, &|_| None)
            .unwrap();
        assert!(!ended.success);
        let text = std::fs::read_to_string(&log).unwrap();
        assert_eq!(text.lines().count(), 21);
        assert!(text.contains("oops"));
        assert_eq!(ended.last_words.lines().count(), LAST_WORDS);
        assert!(!ended.last_words.contains("\n  1\n"));
    }

    #[test]
    fn a_wish_to_stop_ends_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let (sender, interrupt) = Interrupt::manual();
        sender.send(()).unwrap();
        let step = Step::new(true, interrupt);
        let log = folder.path().join("log");
        let ended = step.run(
            "Waiting",
            &mut shell("exec tail -f /dev/null"),
            &log,
            &|_| None,
        );
        assert!(matches!(ended, Err(LabError::Interrupted)));
    }
}
