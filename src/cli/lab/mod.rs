//! `keychai lab`: brings JupyterLab to the user and opens the notebooks.
//!
//! A JupyterLab on `PATH` is used as it is; where there is none, one is put
//! into a private Python environment in keychai's data directory. The module
//! knows neither the kernel (its installation is handed in) nor what the
//! notebooks say. Start with [`run`]; [`environment`] makes the private
//! environment, `server` starts JupyterLab and stops it with us.

pub mod environment;
mod error;
mod interrupt;
mod notebooks;
pub mod places;
mod python;
mod server;
mod step;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::base::Entropy;

pub use error::LabError;
use interrupt::Interrupt;
use places::Places;
use server::Server;
use step::Step;

/// What the user asked of `keychai lab`.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// The folder to open; the notebooks found nearby, or a copy of `embedded`, without it.
    pub dir: Option<PathBuf>,
    /// Whether JupyterLab opens a browser. Without it the address goes to standard output.
    pub browser: bool,
    /// The first port to try; a taken one gives way to the next.
    pub port: u16,
    /// Whether progress is silenced. It is never shown where stderr is no terminal.
    pub quiet: bool,
    /// Variables that JupyterLab and its kernels get, and their values.
    pub environment: Vec<(&'static str, OsString)>,
    /// The notebooks inside the binary, as pairs of file name and text.
    pub embedded: &'static [(&'static str, &'static str)],
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            dir: None,
            browser: true,
            port: 8888,
            quiet: false,
            environment: Vec::new(),
            embedded: &[],
        }
    }
}

/// Installs what is missing, opens the notebooks and serves them until told to stop.
///
/// `install_kernel` is given a Jupyter data directory (the folder that holds
/// `kernels/`) and returns where it put the kernelspec: the user's directory
/// for a JupyterLab from `PATH`, the private environment's own otherwise.
/// With [`LabOptions::browser`] off, the address with its token is the only
/// line on standard output.
///
/// The exit code is success when the user stops the lab (Ctrl-C, SIGTERM), and
/// that of the server when it ends by itself.
///
/// # Errors
///
/// [`LabError`] when Python is missing, JupyterLab cannot be installed or does
/// not start, or the folder cannot be opened. What was half made is noticed
/// and made anew by the next run.
pub fn run<E: std::fmt::Display>(
    options: &LabOptions,
    install_kernel: &dyn Fn(&Path) -> Result<PathBuf, E>,
) -> Result<ExitCode, LabError> {
    let interrupt = Interrupt::listen()?;
    let places = Places::from_environment()?;
    let folder = notebooks::choose(options, &places)?;
    let step = Step::new(options.quiet, interrupt);
    let jupyter = environment::find_or_make(&places, &step)?;
    install_kernel(&jupyter.data_dir(&places)).map_err(|error| LabError::Kernel {
        reason: error.to_string(),
    })?;

    step.say("Starting JupyterLab");
    let trusting = jupyter.trust(&notebooks::as_shipped(options.embedded, &folder));
    let mut entropy = Entropy::System;
    let mut server = Server::start(
        &jupyter,
        &places,
        &folder,
        options,
        &entropy.hex(24),
        step.interrupt(),
    )?;
    if let Some(mut trusting) = trusting {
        // Without it, stored outputs stand there without their style until they are run.
        let _ = trusting.wait();
    }
    step.done();
    announce(&server.address(), &folder, options)?;
    server.serve(step.interrupt())
}

/// Says where the lab is: one line on standard output for programs, a few on
/// standard error for people.
fn announce(address: &str, folder: &Path, options: &LabOptions) -> Result<(), LabError> {
    if !options.browser {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{address}")
            .and_then(|()| out.flush())
            .map_err(LabError::Output)?;
    }
    if !options.quiet {
        let mut err = std::io::stderr().lock();
        let place = if options.browser {
            address
        } else {
            "the address above"
        };
        // Nobody is served by ending the lab because its greeting found no reader.
        let _ = writeln!(
            err,
            "JupyterLab serves {} at {place}\nCtrl-C stops it.",
            folder.display()
        );
    }
    Ok(())
}
