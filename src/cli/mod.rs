//! Floor F9: the `keychai` command, one module for each of its verbs.
//!
//! The modules here find files, talk to other programs and print; what is
//! allowed and what is encrypted they leave to the floors below. Start with
//! [`arguments`], what can be typed, and [`main`], who does it.

pub mod arguments;
mod envelope;
mod executor;
mod explain;
mod folders;
mod format;
mod import;
mod keep;
mod kernel;
pub mod lab;
pub mod least_privilege;
mod lint;
mod matrix;
mod notebooks;
mod recorder;
mod reference;
pub mod repl;
mod run;
mod simulate;
pub mod terminal;

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, Parser as _};

use crate::base::nearest;
use crate::lab::{Lab, LabOptions};
use arguments::{Arguments, Command, LabSettings};

/// Exit code of a script error, or of anything that went wrong on the way.
const FAILED: u8 = 1;
/// Exit code of a wrong command line, an unreadable file included.
const USAGE: u8 = 2;

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let help = !error.use_stderr();
            let error = with_suggestion(error);
            // Nobody is left to tell that the help could not be printed.
            let _ = error.print();
            return if help {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(USAGE)
            };
        }
    };
    match arguments.command {
        None => greet(),
        Some(Command::Lab(lab)) => open_lab(&lab),
        Some(Command::Run(script)) => run::run(&script),
        Some(Command::Repl(settings)) => run::prompt(&settings),
        Some(Command::Matrix(wanted)) => matrix::run(&wanted),
        Some(Command::LeastPrivilege(wanted)) => least_privilege::run(&wanted),
        Some(Command::Simulate(wanted)) => simulate::run(&wanted),
        Some(Command::Import(wanted)) => import::run(&wanted),
        Some(Command::Explain(wanted)) => explain::run(&wanted),
        Some(Command::Lint(wanted)) => lint::run(&wanted),
        Some(Command::Kernel(verb)) => kernel::run(verb),
        Some(Command::NewKey { file }) => keep::new_key(&file),
        Some(Command::Envelope(verb)) => envelope::run(&verb),
        Some(Command::Reference { name }) => reference::run(name.as_deref()),
    }
}

/// Suggests a verb also where two letters changed places, which clap leaves out.
fn with_suggestion(mut error: clap::Error) -> clap::Error {
    let known = error.get(ContextKind::SuggestedSubcommand).is_some();
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let command = Arguments::command();
    let near = nearest(
        typed,
        command.get_subcommands().map(clap::Command::get_name),
    );
    if let Some(near) = near.filter(|_| !known) {
        let near = ContextValue::Strings(vec![near.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, near);
    }
    error
}

fn greet() -> ExitCode {
    say(concat!(
        "keychai ",
        env!("CARGO_PKG_VERSION"),
        ": a laptop lab for AWS authorization and encryption

Start here:
  keychai lab                       notebooks in JupyterLab, installed if need be
  keychai run scripts/week3.rhai    the whole course in one script
  keychai matrix                    the failure-scenario matrix
  keychai repl                      try things out

keychai --help lists everything."
    ))
}

fn open_lab(wanted: &arguments::LabArguments) -> ExitCode {
    let environment = match wanted.folders.variables() {
        Ok(environment) => environment,
        Err(error) => return fail(USAGE, &error),
    };
    let options = lab::LabOptions {
        environment,
        dir: wanted.dir.clone(),
        browser: !wanted.no_browser,
        port: wanted.port,
        quiet: wanted.quiet,
        embedded: notebooks::EMBEDDED,
    };
    match lab::run(&options, &kernel::install_below) {
        Ok(code) => code,
        Err(error) => fail(FAILED, &error.to_string()),
    }
}

/// The lab that the settings ask for.
fn new_lab(settings: &LabSettings) -> Result<Lab, ExitCode> {
    let options = LabOptions {
        model: settings.model.unwrap_or_default(),
        seed: settings.seed,
    };
    Lab::new(&options).map_err(|error| fail(FAILED, &error.to_string()))
}

/// Prints to standard output; a reader that went away is no failure.
fn say(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail(FAILED, &format!("cannot write the output: {error}"))
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Prints to standard error and gives the exit code.
fn fail(code: u8, text: &str) -> ExitCode {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "keychai: {}", text.trim_end());
    ExitCode::from(code)
}
