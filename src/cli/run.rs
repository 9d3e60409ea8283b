//! `keychai run` and `keychai repl`.

use std::process::ExitCode;
use std::rc::Rc;

use super::arguments::{LabSettings, RunArguments};
use super::terminal::{Terminal, report_error};
use super::{FAILED, USAGE, fail, new_lab, repl};
use crate::script::objects::LabObjects;
use crate::script::{ErrorKind, Session, SessionOptions};

fn session(settings: &LabSettings) -> Result<Session, ExitCode> {
    let lab = new_lab(settings)?;
    let options = SessionOptions::new(Rc::new(Terminal)).with(LabObjects::new(lab).extension());
    Ok(Session::new(options))
}

/// Runs a script file.
pub(super) fn run(wanted: &RunArguments) -> ExitCode {
    let mut session = match session(&wanted.settings) {
        Ok(session) => session,
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
    match session.run_file(&wanted.file, &wanted.args) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) if error.kind == ErrorKind::File => {
            let hint = "Give the path of a script, such as `scripts/week3.rhai`.";
            fail(USAGE, &format!("{}\n{hint}", error.message))
        }
        Err(error) => {
            report_error(&session, &error);
            ExitCode::from(FAILED)
        }
    }
}

/// Reads and runs line by line.
pub(super) fn prompt(settings: &LabSettings) -> ExitCode {
    let session = match session(settings) {
        Ok(session) => session,
        Err(code) => return code,
    };
    match repl::run(session, repl::history_path().as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(FAILED, &format!("the prompt cannot read: {error}")),
    }
}
