//! What can keep a kernel from starting.

use std::path::PathBuf;

/// Why a kernel did not start or was not installed.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The connection file cannot be read.
    #[error(
        "cannot read the connection file `{}`: {source}; Jupyter writes it when it starts a kernel, so start one from JupyterLab or `jupyter console --kernel keychai`",
        path.display()
    )]
    ReadConnection {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The connection file does not say what it must.
    #[error("`{}` is not a connection file: {source}", path.display())]
    ParseConnection {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// The connection file asks for signatures that this kernel cannot make.
    #[error("signature scheme `{scheme}` is not known: use `hmac-sha256`")]
    SignatureScheme {
        /// The scheme asked for.
        scheme: String,
    },
    /// A socket cannot be opened.
    #[error("cannot listen for the {channel} channel on `{endpoint}`: {reason}")]
    Bind {
        /// Which of the five channels.
        channel: &'static str,
        /// Where.
        endpoint: String,
        /// What the transport said.
        reason: String,
    },
    /// The operating system refused a thread or an event loop.
    #[error("cannot start the kernel's {part}: {source}")]
    System {
        /// What was to be started.
        part: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The interpreter ended before it was asked to.
    #[error("the interpreter stopped unexpectedly; restart the kernel")]
    InterpreterGone,
    /// No place for kernels is known on this machine.
    #[error(
        "no place to install the kernel for this user: none of {tried} is set; set one, or install with `--prefix DIR`"
    )]
    NoDataDirectory {
        /// The variables looked at.
        tried: &'static str,
    },
    /// There is no specification to remove.
    #[error("the kernel is not installed in {}; `jupyter kernelspec list` says where kernels are", path.display())]
    NotInstalled {
        /// The folder looked at.
        path: PathBuf,
    },
    /// The program's own path is not absolute, so Jupyter could not start it.
    #[error("`{}` is not an absolute path: the kernel must be started from anywhere", path.display())]
    RelativeExecutable {
        /// The path given.
        path: PathBuf,
    },
    /// A path that JSON cannot hold.
    #[error("`{}` is not valid Unicode, so `kernel.json` cannot name it: move the program", path.display())]
    PathEncoding {
        /// The path given.
        path: PathBuf,
    },
    /// A file of the kernel specification cannot be written.
    #[error("cannot write `{}`: {source}; check its permissions, or install with `--prefix DIR`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
