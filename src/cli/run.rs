//! `keychai run` and `keychai repl`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use super::arguments::{FileSettings, LabSettings, ReplArguments, RunArguments};
use super::keep::{self, Kept};
use super::terminal::{Terminal, report_error};
use super::{FAILED, USAGE, fail, repl};
use crate::lab::Lab;
use crate::script::objects::LabObjects;
use crate::script::{ErrorKind, Session, SessionOptions};
use crate::state::trail::log_file;

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
    let ended = run_script(&mut session, wanted, &objects, kept.as_ref());
    // What the script held besides the lab, such as forks, goes before.
    drop(session);
    objects.keep_bodies();
    let Some(path) = wanted
        .trail
        .as_ref()
        .filter(|_| ended != ExitCode::from(USAGE))
    else {
        return ended;
    };
    match objects.lab().read(|lab| write_trail(lab, path)) {
        Ok(()) => ended,
        Err(error) => fail(
            FAILED,
            &format!("the trail cannot be written to {}: {error}", path.display()),
        ),
    }
}

fn run_script(
    session: &mut Session,
    wanted: &RunArguments,
    objects: &LabObjects,
    kept: Option<&Kept>,
) -> ExitCode {
    match session.run_file(&wanted.file, &wanted.args) {
        Ok(_) => end(objects, kept),
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
    let ended = repl::run(session, repl::history_path().as_deref());
    objects.keep_bodies();
    match ended {
        Ok(()) => end(&objects, kept.as_ref()),
        Err(error) => fail(FAILED, &format!("the prompt cannot read: {error}")),
    }
}
