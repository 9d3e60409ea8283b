//! `keychai least-privilege`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use clap::Args;

use super::arguments::{Format, KERNEL_SEED, LabSettings};
use super::format::shown;
use super::terminal::report_error;
use super::{FAILED, USAGE, fail, new_lab, say};
use crate::base::AccountId;
use crate::lab::{Trial, least_privilege};
use crate::render::{Rendered, least_privilege_report};
use crate::script::objects::LabObjects;
use crate::script::{ErrorKind, Output, ScriptError, Session, SessionOptions, Stream};
use crate::state::stand_in::StandIns;

/// `keychai least-privilege`.
#[derive(Debug, Args)]
pub struct LeastPrivilegeArguments {
    /// The script; it is run many times, each in a lab of its own
    pub file: PathBuf,
    /// How the lab behaves; without a seed, 1 is taken, so that every run is the same.
    #[command(flatten)]
    pub settings: LabSettings,
    /// Tell the grants that could stand in place of permissions on keys
    #[arg(long)]
    pub grants: bool,
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Takes nothing in and shows nothing.
struct Silent;

impl Output for Silent {
    fn stream(&self, _stream: Stream, _text: &str) {}

    fn display(&self, _rendered: Rendered) {}

    fn clear(&self, _wait: bool) {}

    fn input(&self, _prompt: &str, _password: bool) -> Result<String, String> {
        Err("nobody answers while a script is run for its permissions".to_owned())
    }
}

/// A run with what it left.
struct Ran {
    session: Session,
    objects: LabObjects,
    error: Option<Box<ScriptError>>,
    trial: Trial,
}

fn run_once(wanted: &LeastPrivilegeArguments, stand_ins: &StandIns) -> Result<Ran, ExitCode> {
    let settings = LabSettings {
        seed: wanted.settings.seed.or(Some(KERNEL_SEED)),
        ..wanted.settings.clone()
    };
    let mut lab = new_lab(&settings)?;
    lab.narrow(stand_ins);
    let objects = LabObjects::new(lab);
    let options = SessionOptions::new(Rc::new(Silent)).with(objects.extension());
    let mut session = Session::new(options);
    let error = session.run_file(&wanted.file, &[]).err();
    let trial = Trial {
        events: objects
            .lab()
            .read(|lab| lab.cloud().trail.iter().cloned().collect()),
        succeeded: error.is_none(),
    };
    Ok(Ran {
        session,
        objects,
        error,
        trial,
    })
}

/// Runs the script, finds what its actors need, and prints it.
pub(super) fn run(wanted: &LeastPrivilegeArguments) -> ExitCode {
    match found(wanted) {
        Ok(code) | Err(code) => code,
    }
}

fn found(wanted: &LeastPrivilegeArguments) -> Result<ExitCode, ExitCode> {
    let nothing = StandIns::default();
    let first = run_once(wanted, &nothing)?;
    if let Some(error) = &first.error {
        return Err(refused(&first.session, error));
    }
    if let Some(difference) = first.trial.difference(&run_once(wanted, &nothing)?.trial) {
        let text = format!("the script does not come to the same twice: {difference}");
        return Err(fail(FAILED, &text));
    }
    let lab = first.objects.lab();
    let counts = |account: &AccountId, kind: &str, name: &str| {
        kind == "role" || !lab.read(|lab| lab.is_administrator(account, name))
    };
    // A lab that began once begins again: the failure is one of the machine.
    let again = |stand_ins: &StandIns| {
        let ran = run_once(wanted, stand_ins);
        ran.map_or_else(|_| Trial::default(), |ran| ran.trial)
    };
    let found = least_privilege(&first.trial, counts, again);
    if found.policies.is_empty() {
        let text = "the script makes no call as anybody but the administrator: there is no user \
                    or role to find a policy for";
        return Err(fail(FAILED, text));
    }
    let report = least_privilege_report(&found, wanted.grants);
    let said = match wanted.format {
        Format::Json => say(&format!("{:#}", serde_json::json!(found))),
        form => say(&shown(&report, form)),
    };
    Ok(match found.verified {
        true => said,
        false => ExitCode::from(FAILED),
    })
}

fn refused(session: &Session, error: &ScriptError) -> ExitCode {
    if error.kind == ErrorKind::File {
        return fail(USAGE, &error.message);
    }
    report_error(session, error);
    fail(
        FAILED,
        "the script fails as it stands; what it needs can be found once it runs",
    )
}
