//! `keychai run` and `keychai repl`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use super::arguments::{FileSettings, KERNEL_SEED, LabSettings, ReplArguments, RunArguments};
use super::executor::{self, Notebook, is_notebook};
use super::keep::{self, Kept, in_real_folder};
use super::recorder::Recorder;
use super::terminal::{Terminal, report_error};
use super::{FAILED, USAGE, fail, repl};
use crate::base::files::replace;
use crate::lab::{Lab, real_path};
use crate::script::objects::{KeptLab, LabObjects};
use crate::script::{ErrorKind, Output, Session, SessionOptions};
use crate::state::trail::log_file;

/// A session, the objects of its lab, and the file that the lab is kept in.
struct Begun {
    session: Session,
    objects: LabObjects,
    kept: Option<Kept>,
}

fn begin(
    settings: &LabSettings,
    files: &FileSettings,
    output: Rc<dyn Output>,
) -> Result<Begun, ExitCode> {
    let (lab, kept, keeping) = keep::open(settings, files)?;
    let objects = LabObjects::new(lab).keeping(keeping);
    let options = SessionOptions::new(output).with(objects.extension());
    Ok(Begun {
        session: Session::new(options),
        objects,
        kept,
    })
}

/// How a run ended, and what became of the file that its lab is kept in.
struct Ended {
    code: ExitCode,
    lab: KeptLab,
}

impl Ended {
    fn failed(code: ExitCode, kept: Option<&Kept>) -> Self {
        let lab = match kept {
            Some(_) => KeptLab::AsItWas,
            None => KeptLab::None,
        };
        Self { code, lab }
    }
}

/// Keeps the lab, after a success.
fn end(objects: &LabObjects, kept: Option<&Kept>) -> Ended {
    let saved = kept.map(|kept| objects.lab().read(|lab| kept.save(lab)));
    let lab = match saved {
        Some(Err(error)) => return Ended::failed(fail(FAILED, &error), kept),
        Some(Ok(())) => KeptLab::Saved,
        None => KeptLab::None,
    };
    let code = ExitCode::SUCCESS;
    Ended { code, lab }
}

/// Runs a script file.
pub(super) fn run(wanted: &RunArguments) -> ExitCode {
    if let Some(error) = taken(wanted) {
        return fail(USAGE, &error);
    }
    let mut notebook = match Asked::of(wanted) {
        Ok(notebook) => notebook,
        Err(error) => return fail(USAGE, &error),
    };
    let begun = match &notebook {
        Some(asked) => begin(&asked.settings, &wanted.files, asked.output()),
        None => begin(&wanted.settings, &wanted.files, Rc::new(Terminal)),
    };
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
    let Ended { code: ended, lab } = match notebook.take() {
        Some(asked) => run_notebook(&mut session, asked, wanted, &objects, kept.as_ref()),
        None => run_script(&mut session, wanted, &objects, kept.as_ref()),
    };
    // What the script held besides the lab, such as forks, goes before.
    drop(session);
    objects.end_bodies(lab);
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
) -> Ended {
    let code = match session.run_file(&wanted.file, &wanted.args) {
        Ok(_) => return end(objects, kept),
        Err(error) if error.kind == ErrorKind::File => {
            let hint = "Give the path of a script, such as `scripts/week3.rhai`.";
            fail(USAGE, &format!("{}\n{hint}", error.message))
        }
        Err(error) => {
            report_error(session, &error);
            ExitCode::from(FAILED)
        }
    };
    Ended::failed(code, kept)
}

/// A notebook to run, with its parameters in it.
struct Asked {
    notebook: Notebook,
    recorder: Rc<Recorder>,
    settings: LabSettings,
}

impl Asked {
    /// The notebook that is asked for; `None` for a script.
    fn of(wanted: &RunArguments) -> Result<Option<Self>, String> {
        if !is_notebook(&wanted.file) {
            return match wanted.parameters.is_empty() && wanted.output.is_none() {
                true => Ok(None),
                false => Err(
                    "-p and --output are for notebooks (`.ipynb`); a script gets \
                              what follows its name as `args`"
                        .to_owned(),
                ),
            };
        }
        let mut notebook = Notebook::read(&wanted.file)?;
        notebook.inject(&executor::parameters(&wanted.parameters)?);
        let mut settings = wanted.settings.clone();
        // As a kernel begins, so that the outputs are those of the notebook in Jupyter.
        if wanted.files.lab.is_none() {
            settings.seed = settings.seed.or(Some(KERNEL_SEED));
        }
        Ok(Some(Self {
            notebook,
            recorder: Recorder::new(wanted.output.is_none()),
            settings,
        }))
    }

    fn output(&self) -> Rc<dyn Output> {
        Rc::<Recorder>::clone(&self.recorder)
    }
}

fn run_notebook(
    session: &mut Session,
    mut asked: Asked,
    wanted: &RunArguments,
    objects: &LabObjects,
    kept: Option<&Kept>,
) -> Ended {
    session.set_args(&wanted.args);
    let is_well = asked.notebook.execute(session, &asked.recorder);
    if let Some(path) = &wanted.output
        && let Err(error) = asked.notebook.write(path)
    {
        let text = format!(
            "the notebook cannot be written to {}: {error}",
            path.display()
        );
        return Ended::failed(fail(FAILED, &text), kept);
    }
    match is_well {
        true => end(objects, kept),
        false => Ended::failed(ExitCode::from(FAILED), kept),
    }
}

/// The file that `--trail` or `--output` names would be written over something that
/// the run needs, or over the other. A notebook may be written where it was read.
fn taken(wanted: &RunArguments) -> Option<String> {
    let files = &wanted.files;
    let kept = [&files.lab, &files.key_file, &files.passphrase_file];
    let clash = |flag: &str, path: Option<&PathBuf>, others: &[Option<&PathBuf>]| {
        let path = in_real_folder(&real_path(path?));
        let mut others = others.iter().flatten();
        let taken = others.any(|other| in_real_folder(&real_path(other)) == path);
        taken.then(|| format!("{flag}: {} is used by this run itself", path.display()))
    };
    let mut others: Vec<Option<&PathBuf>> = kept.map(Option::as_ref).to_vec();
    let output = clash("--output", wanted.output.as_ref(), &others);
    others.extend([Some(&wanted.file), wanted.output.as_ref()]);
    output.or_else(|| clash("--trail", wanted.trail.as_ref(), &others))
}

/// Puts `text` into the file. Whoever reads it meanwhile sees the old one or the new
/// one whole; what is no file, such as a pipe, is written to.
pub(super) fn write_output(path: &Path, text: &[u8]) -> io::Result<()> {
    let path = real_path(path);
    match fs::metadata(&path) {
        Ok(found) if !found.is_file() => fs::write(&path, text),
        _ => replace(&path, text),
    }
}

/// Writes the records of all accounts.
fn write_trail(lab: &Lab, path: &Path) -> io::Result<()> {
    let text = log_file(lab.cloud().trail.records()).to_string();
    write_output(path, text.as_bytes())
}

/// Reads and runs line by line.
pub(super) fn prompt(wanted: &ReplArguments) -> ExitCode {
    let begun = begin(&wanted.settings, &wanted.files, Rc::new(Terminal));
    let Begun {
        session,
        objects,
        kept,
    } = match begun {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    let ended = repl::run(session, repl::history_path().as_deref());
    let Ended { code, lab } = match ended {
        Ok(()) => end(&objects, kept.as_ref()),
        Err(error) => {
            let code = fail(FAILED, &format!("the prompt cannot read: {error}"));
            Ended::failed(code, kept.as_ref())
        }
    };
    objects.end_bodies(lab);
    code
}
