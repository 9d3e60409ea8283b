//! `keychai simulate`.

use std::io::{self, BufWriter, ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::arguments::SimulateArguments;
use super::{FAILED, USAGE, fail};
use crate::simulate::{Answer, read_cases, simulate, unreadable};

/// Answers every case of the file, in order.
pub(super) fn run(wanted: &SimulateArguments) -> ExitCode {
    let text = match read(&wanted.file) {
        Ok(text) => text,
        Err(error) => {
            return fail(
                USAGE,
                &format!("cannot read {}: {error}", shown(&wanted.file)),
            );
        }
    };
    let cases = match read_cases(&text) {
        Ok(cases) => cases,
        Err(problem) => return fail(FAILED, &format!("{}: {problem}", shown(&wanted.file))),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut malformed = 0;
    for case in cases {
        let answer = case.map_or_else(unreadable, |case| simulate(&case, wanted.model));
        malformed += usize::from(answer.is_malformed());
        if let Err(error) = write(&mut out, &answer) {
            return cannot_write(&error);
        }
    }
    match (out.flush(), malformed) {
        (Err(error), _) => cannot_write(&error),
        (Ok(()), 0) => ExitCode::SUCCESS,
        (Ok(()), 1) => fail(FAILED, "one case could not be read; its line says why"),
        (Ok(()), more) => fail(
            FAILED,
            &format!("{more} cases could not be read; their lines say why"),
        ),
    }
}

fn read(file: &Path) -> io::Result<String> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).map(|_| text)
}

fn shown(file: &Path) -> String {
    match file.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => format!("`{}`", file.display()),
    }
}

fn write(out: &mut impl io::Write, answer: &Answer) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}

/// A reader that went away is no failure.
fn cannot_write(error: &io::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => fail(FAILED, &format!("cannot write the output: {error}")),
    }
}
