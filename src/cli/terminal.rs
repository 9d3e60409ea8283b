//! A terminal as a script's output and input.

use std::io::{self, BufRead as _, IsTerminal as _, Write};

use crate::script::{Bar, Output, Rendered, ScriptError, Session, Stream};

/// Writes to the process's own streams. Once the reader of stdout went away, as
/// in `keychai run … | head`, nobody wants the rest: the process ends, as a success; on a
/// full disk it ends as a failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal;

impl Output for Terminal {
    fn stream(&self, stream: Stream, text: &str) {
        match stream {
            Stream::Stdout => {
                if let Err(error) = write_flushed(io::stdout().lock(), text) {
                    stop_without_output(&error);
                }
            }
            Stream::Stderr => {
                // Nobody is left to tell.
                let _ = write_flushed(io::stderr().lock(), text);
            }
        }
    }

    fn display(&self, rendered: Rendered) {
        if !rendered.text.is_empty() {
            self.stream(
                Stream::Stdout,
                &format!("{}\n", rendered.text.trim_end_matches('\n')),
            );
        }
    }

    fn progress(&self, bar: &Bar) {
        if !io::stderr().is_terminal() {
            return;
        }
        // Back to the beginning of the line, which is emptied first.
        let end = if bar.is_finished() { "\n" } else { "" };
        self.stream(Stream::Stderr, &format!("\r\u{1b}[K{}{end}", bar.line()));
    }

    fn clear(&self, _wait: bool) {
        if io::stdout().is_terminal() {
            self.stream(Stream::Stdout, "\u{1b}[2J\u{1b}[H");
        }
    }

    fn input(&self, prompt: &str, password: bool) -> Result<String, String> {
        let failed = |error: io::Error| format!("cannot read an answer: {error}");
        if password && io::stdin().is_terminal() {
            return rpassword::prompt_password(prompt).map_err(failed);
        }
        self.stream(Stream::Stdout, prompt);
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line).map_err(failed)? {
            0 => Err("the input ended before an answer came".to_owned()),
            _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }
}

fn stop_without_output(error: &io::Error) {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let text = format!("keychai: cannot write the output: {error}\n");
    let _ = write_flushed(io::stderr().lock(), &text);
    std::process::exit(1);
}

fn write_flushed(mut writer: impl Write, text: &str) -> io::Result<()> {
    writer
        .write_all(text.as_bytes())
        .and_then(|()| writer.flush())
}

/// Whether stderr takes colour: a terminal, and `NO_COLOR` is not set.
pub fn stderr_has_color() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && io::stderr().is_terminal()
}

/// Tells an error on stderr: its place, and the extension's form of it, if any.
pub fn report_error(session: &Session, error: &ScriptError) {
    let color = stderr_has_color();
    let rich = error
        .payload()
        .and_then(|payload| session.render_error(payload));
    let text = match rich.filter(|rich| !rich.text.is_empty()) {
        Some(rich) => format!("{}\n\n{}", error.trace(color), rich.text),
        None => error.report(color),
    };
    Terminal.stream(Stream::Stderr, &format!("{}\n", text.trim_end()));
}
