//! What can keep the lab from opening.

use std::path::PathBuf;

use thiserror::Error;

/// Why `keychai lab` gave up: what happened, where, and what to do.
#[derive(Debug, Error)]
pub enum LabError {
    /// No data directory can be named.
    #[error(
        "there is no place for JupyterLab: neither HOME nor XDG_DATA_HOME is set; \
         set KEYCHAI_DATA_DIR to a folder that keychai may fill"
    )]
    NoDataDirectory,
    /// The folder named on the command line is no folder.
    #[error("`{}` is not a folder; give one that holds notebooks, or none at all", .0.display())]
    NotAFolder(PathBuf),
    /// No notebooks nearby, and none to copy.
    #[error("there are no notebooks here or above; give their folder: `keychai lab DIR`")]
    NoNotebooks,
    /// No usable Python.
    #[error(
        "JupyterLab needs Python {}.{} or newer, and {found}; install it \
         (Debian, Ubuntu: `apt install python3 python3-venv`; macOS: `brew install python`), \
         or put a `jupyter-lab` on PATH",
        .least.0, .least.1
    )]
    NoPython {
        /// The oldest version that would do.
        least: (u32, u32),
        /// What was found in its place.
        found: String,
    },
    /// Python without `venv` or `ensurepip`, as Debian ships it.
    #[error(
        "`{}` cannot make environments: its `{module}` module is missing; install it \
         (Debian, Ubuntu: `apt install python3-venv`), then run `keychai lab` again",
        .python.display()
    )]
    NoVenv {
        /// The Python in question.
        python: PathBuf,
        /// The module that it lacks.
        module: &'static str,
    },
    /// The package index could not be reached.
    #[error(
        "the Python package index cannot be reached, and JupyterLab is not installed yet; \
         the first start needs a network, later ones do not. Connect and run `keychai lab` \
         again, or install JupyterLab yourself and put `jupyter-lab` on PATH.\n  \
         {detail}\n  log: {}",
        .log.display()
    )]
    Offline {
        /// What pip said.
        detail: String,
        /// Everything that pip said.
        log: PathBuf,
    },
    /// A step of the installation failed.
    #[error(
        "{what} failed:\n  {detail}\n  log: {}\nRun `keychai lab` again to start over.",
        .log.display()
    )]
    Install {
        /// The step, as a noun.
        what: &'static str,
        /// The last words of the program.
        detail: String,
        /// Everything that the program said.
        log: PathBuf,
    },
    /// The kernelspec could not be written.
    #[error("the kernel could not be installed: {reason}")]
    Kernel {
        /// What the installer said.
        reason: String,
    },
    /// JupyterLab ended before it answered, or never answered.
    #[error("JupyterLab did not start:\n  {detail}\n  log: {}", .log.display())]
    Server {
        /// The last words of the server.
        detail: String,
        /// Its whole log.
        log: PathBuf,
    },
    /// Every port that was tried is taken.
    #[error("ports {first} to {last} are all taken; choose another with `--port N`")]
    NoPort {
        /// The first that was tried.
        first: u16,
        /// The last that was tried.
        last: u16,
    },
    /// Ctrl-C or SIGTERM before the server ran.
    #[error("stopped before JupyterLab was ready; `keychai lab` takes up where this one ended")]
    Interrupted,
    /// Signals cannot be received.
    #[error("cannot listen for Ctrl-C: {0}")]
    Signals(#[from] ctrlc::Error),
    /// A file or folder could not be read or written.
    #[error("cannot {action} `{}`: {source}", .path.display())]
    File {
        /// The verb: what was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A program could not be run at all.
    #[error("cannot run `{}`: {source}", .program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Standard output is closed.
    #[error("the address could not be written to standard output: {0}")]
    Output(std::io::Error),
}

/// Makes a [`LabError::File`] out of an I/O error: `.map_err(at("read", path))`.
pub(super) fn at(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(std::io::Error) -> LabError {
    let path = path.into();
    move |source| LabError::File {
        action,
        path,
        source,
    }
}
