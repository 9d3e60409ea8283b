//! `keychai run` and `keychai repl`.

use std::process::ExitCode;
use std::rc::Rc;

use super::arguments::{FileSettings, LabSettings, ReplArguments, RunArguments};
use super::keep::{self, Kept};
use super::terminal::{Terminal, report_error};
use super::{FAILED, USAGE, fail, repl};
use crate::script::objects::LabObjects;
use crate::script::{ErrorKind, Session, SessionOptions};

/// A session, the objects of its lab, and the file that the lab is kept in.
struct Begun {
    session: Session,
    objects: LabObjects,
    kept: Option<Kept>,
}

fn begin(settings: &LabSettings, files: &FileSettings) -> Result<Begun, ExitCode> {
    let (lab, kept, keeping) = keep::open(settings, files)?;
    let objects = LabObjects::new(lab).keeping(keeping);
    let options = SessionOptions::new(Rc::new(Terminal)).with(objects.extension());
    Ok(Begun {
        session: Session::new(options),
        objects,
        kept,
    })
}

/// Keeps the lab, after a success.
fn end(objects: &LabObjects, kept: Option<&Kept>) -> ExitCode {
    let saved = kept.map(|kept| objects.lab().read(|lab| kept.save(lab)));
    match saved {
        Some(Err(error)) => fail(FAILED, &error),
        _ => ExitCode::SUCCESS,
    }
}

/// Runs a script file.
pub(super) fn run(wanted: &RunArguments) -> ExitCode {
    let begun = begin(&wanted.settings, &wanted.files);
    let Begun {
        mut session,
        objects,
        kept,
    } = match begun {
        Ok(begun) => begun,
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
        Ok(_) => end(&objects, kept.as_ref()),
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
pub(super) fn prompt(wanted: &ReplArguments) -> ExitCode {
    let begun = begin(&wanted.settings, &wanted.files);
    let Begun {
        session,
        objects,
        kept,
    } = match begun {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    match repl::run(session, repl::history_path().as_deref()) {
        Ok(()) => end(&objects, kept.as_ref()),
        Err(error) => fail(FAILED, &format!("the prompt cannot read: {error}")),
    }
}
