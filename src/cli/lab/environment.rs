//! The JupyterLab that serves: one from `PATH`, or one of our own.
//!
//! Our own lives in a Python environment under the data directory. It counts
//! as made only once its stamp is written, last of all, so a run that was cut
//! short leaves nothing that a later one would trust; and one run at a time
//! makes it, the others wait for the lock.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::LabError;
use super::error::at;
use super::places::{Places, executable};
use super::python;
use super::step::Step;

/// What pip is asked for. To move on, change this line: a stamp with another
/// one makes the environment anew.
pub const REQUIREMENT: &str = "jupyterlab==4.6.6";
/// The oldest JupyterLab from `PATH` that understands our options.
const LEAST_MAJOR: u32 = 3;
/// Keeps JupyterLab from asking about news and calling out for updates.
const OVERRIDES: &str = r#"{
  "@jupyterlab/apputils-extension:notification": {
    "fetchNews": "false",
    "checkForUpdates": false
  }
}
"#;

/// A JupyterLab that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jupyter {
    /// Its program, `jupyter-lab`.
    pub program: PathBuf,
    /// The root of our own environment; none for one from `PATH`.
    pub environment: Option<PathBuf>,
}

impl Jupyter {
    /// The Jupyter data directory in which this JupyterLab finds its kernels.
    pub fn data_dir(&self, places: &Places) -> PathBuf {
        match &self.environment {
            Some(root) => root.join("share").join("jupyter"),
            None => places.jupyter_data.clone(),
        }
    }

    /// Begins to tell Jupyter that these notebooks are ours, so that it shows their
    /// stored outputs as they are; `None` where there is nothing to tell, or no way.
    pub(super) fn trust(&self, notebooks: &[PathBuf]) -> Option<Child> {
        let program = self.program.with_file_name(executable("jupyter-trust"));
        if notebooks.is_empty() || !program.is_file() {
            return None;
        }
        Command::new(program)
            .args(notebooks)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
    }
}

/// Finds JupyterLab on `PATH`, or makes sure of our own.
///
/// # Errors
///
/// As [`run`](super::run), for want of Python, of a network or of disk space.
pub fn find_or_make(places: &Places, step: &Step) -> Result<Jupyter, LabError> {
    if let Some(program) = places
        .programs(&["jupyter-lab"])
        .find(|program| answers(program))
    {
        return Ok(Jupyter {
            program,
            environment: None,
        });
    }
    let root = root(places);
    let _lock = lock(places, step)?;
    if !is_made(&root) {
        make(&root, places, step)?;
    }
    step.done();
    Ok(Jupyter {
        program: program_of(&root, "jupyter-lab"),
        environment: Some(root),
    })
}

/// Where our own environment is, made or not.
pub fn root(places: &Places) -> PathBuf {
    places.data.join("jupyterlab")
}

/// The file whose presence and content say that `root` is complete.
pub fn stamp(root: &Path) -> PathBuf {
    root.join("keychai-stamp")
}

/// Whether `program --version` answers with a version that is new enough.
fn answers(program: &Path) -> bool {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let Ok(output) = output else { return false };
    let text = String::from_utf8_lossy(&output.stdout);
    let major = text
        .trim()
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    output.status.success() && major.is_some_and(|major| major >= LEAST_MAJOR)
}

/// Held while the environment is examined and made; the system lets go of it
/// when the process ends, however it ends.
fn lock(places: &Places, step: &Step) -> Result<File, LabError> {
    fs::create_dir_all(&places.data).map_err(at("make", &places.data))?;
    let path = places.data.join("jupyterlab.lock");
    let file = File::create(&path).map_err(at("open", &path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::Error(source)) => return Err(at("lock", &path)(source)),
            Err(fs::TryLockError::WouldBlock) => {
                step.say("Waiting for another `keychai lab`, which installs JupyterLab");
                if step.interrupt().within(super::step::HEARTBEAT) {
                    return Err(LabError::Interrupted);
                }
            }
        }
    }
}

/// The stamp that a complete environment under the Python of `root` bears.
///
/// The version is part of it because an upgrade of the system's Python leaves
/// an environment without its packages. None if that Python does not run.
fn expected_stamp(root: &Path) -> Option<String> {
    let (major, minor) = python::version(&program_of(root, "python"))?;
    Some(format!("{REQUIREMENT}\npython {major}.{minor}\n"))
}

fn is_made(root: &Path) -> bool {
    let Ok(stamp) = fs::read_to_string(stamp(root)) else {
        return false;
    };
    program_of(root, "jupyter-lab").is_file() && expected_stamp(root) == Some(stamp)
}

fn make(root: &Path, places: &Places, step: &Step) -> Result<(), LabError> {
    let python = python::find(places)?;
    let log = places.data.join("install.log");
    if log.exists() {
        fs::remove_file(&log).map_err(at("remove", &log))?;
    }
    if root.exists() {
        step.say("Removing a half-made JupyterLab");
        fs::remove_dir_all(root).map_err(at("remove", root))?;
    }
    let mut venv = Command::new(&python);
    venv.args(["-I", "-m", "venv"]).arg(root);
    let made = step.run("Making a Python environment", &mut venv, &log, &|_| None)?;
    if !made.success {
        return Err(failed("making a Python environment", made.last_words, &log));
    }
    install(root, step, &log)?;
    let settings = root
        .join("share")
        .join("jupyter")
        .join("lab")
        .join("settings");
    fs::create_dir_all(&settings).map_err(at("make", &settings))?;
    write(&settings.join("overrides.json"), OVERRIDES)?;
    let text = expected_stamp(root).ok_or_else(|| {
        failed(
            "making a Python environment",
            "its Python does not run".to_owned(),
            &log,
        )
    })?;
    seal(root, &text)
}

/// Has pip install [`REQUIREMENT`] into `root`.
fn install(root: &Path, step: &Step, log: &Path) -> Result<(), LabError> {
    let mut pip = Command::new(program_of(root, "python"));
    pip.args([
        "-I",
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
    ])
    .args(["--progress-bar", "off", "--retries", "2", REQUIREMENT]);
    let what = "Installing JupyterLab, once";
    let ended = step.run(what, &mut pip, log, &notable)?;
    if ended.success {
        return Ok(());
    }
    let all = fs::read_to_string(log).unwrap_or_default();
    match unreachable_index(&all) {
        Some(detail) => Err(LabError::Offline {
            detail: detail.to_owned(),
            log: log.to_owned(),
        }),
        None => Err(failed("installing JupyterLab", ended.last_words, log)),
    }
}

/// The words of pip worth showing: what it fetches and installs.
fn notable(line: &str) -> Option<String> {
    let line = line.trim();
    if line.starts_with("Installing collected packages") {
        return Some("unpacking".to_owned());
    }
    let rest = line.strip_prefix("Collecting ")?;
    let name = rest
        .split([' ', '=', '<', '>', '!', '~', '[', ';'])
        .next()?;
    Some(format!("fetching {name}"))
}

/// The reason in `log` why the index was not reached, if it was not.
fn unreachable_index(log: &str) -> Option<&str> {
    const SIGNS: [&str; 9] = [
        "NewConnectionError",
        "NameResolutionError",
        "ReadTimeoutError",
        "ProxyError",
        "Failed to establish a new connection",
        "name resolution",
        "ConnectTimeoutError",
        "Network is unreachable",
        "Cannot connect to proxy",
    ];
    let line = log
        .lines()
        .map(str::trim)
        .find(|line| SIGNS.iter().any(|s| line.contains(s)))?;
    // pip wraps the reason: `NewConnectionError('<object at 0x…>: REASON')': /simple/…`.
    let reason = line.rsplit_once(">: ").map_or(line, |(_, reason)| reason);
    Some(reason.split_once("')").map_or(reason, |(reason, _)| reason))
}

/// Writes the stamp whole or not at all: a rename replaces in one step.
fn seal(root: &Path, text: &str) -> Result<(), LabError> {
    let draft = root.join("keychai-stamp.draft");
    write(&draft, text)?;
    let path = stamp(root);
    fs::rename(&draft, &path).map_err(at("write", &path))
}

/// Writes `text` to `path`, whose folder exists.
pub(super) fn write(path: &Path, text: &str) -> Result<(), LabError> {
    fs::write(path, text).map_err(at("write", path))
}

fn failed(what: &'static str, detail: String, log: &Path) -> LabError {
    LabError::Install {
        what,
        detail,
        log: log.to_owned(),
    }
}

/// The folder of the programs of the environment `root`.
pub(super) fn programs_of(root: &Path) -> PathBuf {
    root.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn program_of(root: &Path, name: &str) -> PathBuf {
    programs_of(root).join(executable(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_is_abridged_to_what_it_fetches() {
        let shown = |line| notable(line);
        assert_eq!(
            shown("Collecting jupyterlab==4.6.6").as_deref(),
            Some("fetching jupyterlab")
        );
        assert_eq!(
            shown("  Collecting tornado>=6.2.0 (from jupyterlab)").as_deref(),
            Some("fetching tornado")
        );
        assert_eq!(
            shown("Installing collected packages: a, b").as_deref(),
            Some("unpacking")
        );
        assert_eq!(shown("  Downloading a-1.whl (9 kB)"), None);
    }

    #[test]
    fn a_missing_network_is_told_from_a_full_disk() {
        let wrapped = "Looking\n  WARNING: Retrying (Retry(total=1)) after connection broken by \
            'NewConnectionError('<HTTPConnection object at 0x7f>: Failed to establish a new \
            connection: refused')': /simple/jupyterlab/\n";
        let reason = "Failed to establish a new connection: refused";
        assert_eq!(unreachable_index(wrapped), Some(reason));
        assert_eq!(
            unreachable_index("  ProxyError: none\n"),
            Some("ProxyError: none")
        );
        assert_eq!(
            unreachable_index("ERROR: [Errno 28] No space left on device"),
            None
        );
    }
}
