//! `keychai run` and `keychai repl`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use super::arguments::{LabSettings, RunArguments};
use super::terminal::{Terminal, report_error};
use super::{FAILED, USAGE, fail, new_lab, repl};
use crate::lab::Lab;
use crate::script::objects::{LabHandle, LabObjects};
use crate::script::{ErrorKind, Session, SessionOptions};
use crate::state::trail::log_file;

fn session(settings: &LabSettings) -> Result<(Session, LabHandle), ExitCode> {
    let objects = LabObjects::new(new_lab(settings)?);
    let options = SessionOptions::new(Rc::new(Terminal)).with(objects.extension());
    Ok((Session::new(options), objects.lab().clone()))
}

/// Runs a script file.
pub(super) fn run(wanted: &RunArguments) -> ExitCode {
    let (mut session, lab) = match session(&wanted.settings) {
        Ok(made) => made,
        Err(code) => return code,
    };
    let interrupt = session.interrupt();
    // A second handler cannot be set; then Ctrl-C simply ends the process.
    let _ = ctrlc::set_handler(move || {
        // A script that waits for an answer does not look at the flag: asked
        // twice, it ends all the same.
        if interrupt.is_requested() {
            fail(FAILED, "stopped");
            std::process::exit(i32::from(FAILED));
        }
        interrupt.request();
    });
    let ended = run_script(&mut session, wanted);
    let Some(path) = wanted
        .trail
        .as_ref()
        .filter(|_| ended != ExitCode::from(USAGE))
    else {
        return ended;
    };
    match lab.read(|lab| write_trail(lab, path)) {
        Ok(()) => ended,
        Err(error) => fail(
            FAILED,
            &format!("the trail cannot be written to {}: {error}", path.display()),
        ),
    }
}

fn run_script(session: &mut Session, wanted: &RunArguments) -> ExitCode {
    match session.run_file(&wanted.file, &wanted.args) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) if error.kind == ErrorKind::File => {
            let hint = "Give the path of a script, such as `scripts/week3.rhai`.";
            fail(USAGE, &format!("{}\n{hint}", error.message))
        }
        Err(error) => {
            report_error(session, &error);
            ExitCode::from(FAILED)
        }
    }
}

/// Writes the records of all accounts. Whoever reads the file meanwhile sees the
/// old one or the new one whole.
fn write_trail(lab: &Lab, path: &Path) -> io::Result<()> {
    let text = log_file(lab.cloud().trail.records()).to_string();
    let fresh = beside(path)?;
    let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // What is left of it is of no use; that it stays is no second error.
        let _ = fs::remove_file(&fresh);
    }
    written
}

/// A file in the folder of `path` that no other process writes.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let fresh = format!(".{}.{}", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(fresh))
}

/// Reads and runs line by line.
pub(super) fn prompt(settings: &LabSettings) -> ExitCode {
    let session = match session(settings) {
        Ok((session, _)) => session,
        Err(code) => return code,
    };
    match repl::run(session, repl::history_path().as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(FAILED, &format!("the prompt cannot read: {error}")),
    }
}
