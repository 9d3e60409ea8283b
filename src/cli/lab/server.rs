//! The JupyterLab server as our child: started, waited for, stopped with us.
//!
//! The server watches a pipe that we hold open. When it closes, because we
//! close it or because we are gone, however violently, the server shuts its
//! kernels down and ends. The watching is done by a few lines of Python that
//! JupyterLab reads as configuration, which works for every JupyterLab and on
//! every platform.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use super::environment::{Jupyter, programs_of, write};
use super::error::at;
use super::places::Places;
use super::step::{HEARTBEAT, append_to, run_error, stop, tail};
use super::{Interrupt, LabError, LabOptions};

/// How many ports are tried, one after the other.
const PORTS: u16 = 50;
/// How many heartbeats a server may take until it answers: two minutes.
const PATIENCE: u32 = 1200;
/// How many heartbeats it may take to end when asked to: ten seconds.
const FAREWELL: u32 = 100;
/// What JupyterLab reads as configuration: the end of stdin is the end of the server.
const WATCH: &str = "\
import os, signal, sys, threading

def stop_with_keychai():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

if not getattr(sys, 'stops_with_keychai', False):
    sys.stops_with_keychai = True
    threading.Thread(target=stop_with_keychai, daemon=True).start()
";

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    lifeline: Option<ChildStdin>,
    port: u16,
    token: String,
    log: PathBuf,
}

impl Server {
    /// Starts JupyterLab on `folder` and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`LabError::Server`] with the server's last words,
    /// [`LabError::NoPort`], or [`LabError::Interrupted`].
    pub(super) fn start(
        jupyter: &Jupyter,
        places: &Places,
        folder: &Path,
        options: &LabOptions,
        token: &str,
        interrupt: &Interrupt,
    ) -> Result<Self, LabError> {
        let config = places.data.join("server");
        std::fs::create_dir_all(&config).map_err(at("make", &config))?;
        write(&config.join("jupyter_server_config.py"), WATCH)?;
        let log = places.data.join("lab.log");
        let last = options.port.saturating_add(PORTS - 1);
        for port in options.port..=last {
            if !is_free(port) {
                continue;
            }
            let mut command = command(jupyter, folder, options, port);
            command
                .env("JUPYTER_TOKEN", token)
                .env("JUPYTER_CONFIG_PATH", config_path(&config)?)
                .envs(options.environment.iter().cloned());
            let mut server = Self::spawn(&mut command, port, token, &log)?;
            if server.answers_in_time(interrupt)? {
                return Ok(server);
            }
        }
        Err(LabError::NoPort {
            first: options.port,
            last,
        })
    }

    fn spawn(command: &mut Command, port: u16, token: &str, log: &Path) -> Result<Self, LabError> {
        if log.exists() {
            std::fs::remove_file(log).map_err(at("remove", log))?;
        }
        let out = append_to(log)?;
        let err = out.try_clone().map_err(at("open", log))?;
        command.stdin(Stdio::piped()).stdout(out).stderr(err);
        let mut child = command
            .spawn()
            .map_err(|source| run_error(command, source))?;
        let lifeline = child.stdin.take();
        Ok(Self {
            child,
            lifeline,
            port,
            token: token.to_owned(),
            log: log.to_owned(),
        })
    }

    /// Waits for the first answer; false if the port was snatched meanwhile.
    fn answers_in_time(&mut self, interrupt: &Interrupt) -> Result<bool, LabError> {
        for _ in 0..PATIENCE {
            if interrupt.within(HEARTBEAT) {
                self.stop(interrupt);
                return Err(LabError::Interrupted);
            }
            if self.ended()?.is_some() {
                return if is_free(self.port) {
                    Err(self.silence())
                } else {
                    Ok(false)
                };
            }
            if knows_token(self.port, &self.token) {
                return Ok(true);
            }
        }
        self.stop(interrupt);
        Err(self.silence())
    }

    /// Where the lab is, token included.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/lab?token={}", self.port, self.token)
    }

    /// Waits until the user stops the lab or the server ends by itself.
    ///
    /// # Errors
    ///
    /// [`LabError::Server`] if the server's state cannot be asked after.
    pub(super) fn serve(&mut self, interrupt: &Interrupt) -> Result<ExitCode, LabError> {
        loop {
            if interrupt.within(HEARTBEAT) {
                self.stop(interrupt);
                return Ok(ExitCode::SUCCESS);
            }
            if let Some(status) = self.ended()? {
                return Ok(exit_code(status));
            }
        }
    }

    /// Asks the server to end, and insists after a while or when asked again.
    fn stop(&mut self, interrupt: &Interrupt) {
        self.lifeline = None;
        for _ in 0..FAREWELL {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            if interrupt.within(HEARTBEAT) {
                break;
            }
        }
        stop(&mut self.child);
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>, LabError> {
        self.child.try_wait().map_err(|source| LabError::Server {
            detail: source.to_string(),
            log: self.log.clone(),
        })
    }

    fn silence(&self) -> LabError {
        LabError::Server {
            detail: tail(&self.log),
            log: self.log.clone(),
        }
    }
}

/// The command that serves `folder` on `port` of this machine alone.
///
/// `--allow-root` is always given: it binds nobody who is not root, and
/// containers have no other user. The server leads its own process group,
/// so that the terminal's Ctrl-C reaches it through us only.
fn command(jupyter: &Jupyter, folder: &Path, options: &LabOptions, port: u16) -> Command {
    let mut command = Command::new(&jupyter.program);
    command
        .args([
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port_retries=0",
        ])
        .arg(format!("--ServerApp.port={port}"))
        .arg(format!("--ServerApp.root_dir={}", folder.display()))
        .current_dir(folder);
    if !options.browser {
        command.arg("--no-browser");
    }
    if let Some(root) = &jupyter.environment {
        let own = programs_of(root);
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(own).chain(std::env::split_paths(&inherited));
        if let Ok(path) = std::env::join_paths(path) {
            command.env("PATH", path);
        }
        command
            .env("JUPYTER_PREFER_ENV_PATH", "1")
            .env_remove("PYTHONPATH");
        command.env_remove("PYTHONHOME").env("VIRTUAL_ENV", root);
    }
    own_group(&mut command);
    command
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// `JUPYTER_CONFIG_PATH` with our folder in front of the user's.
fn config_path(ours: &Path) -> Result<std::ffi::OsString, LabError> {
    let inherited = std::env::var_os("JUPYTER_CONFIG_PATH").filter(|path| !path.is_empty());
    let folders: Vec<PathBuf> = std::iter::once(ours.to_owned())
        .chain(inherited.iter().flat_map(std::env::split_paths))
        .collect();
    std::env::join_paths(folders).map_err(|error| LabError::File {
        action: "list",
        path: ours.to_owned(),
        source: std::io::Error::other(error),
    })
}

/// Whether nobody listens on `port` of this machine.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether the server on `port` lets `token` in: then it is ours, and ready.
pub(super) fn knows_token(port: u16, token: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "GET /api/status HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAuthorization: token {token}\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    ask().is_ok_and(|status| status.ends_with(" 200"))
}

/// The code with which the server ended, as ours.
fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers one request with 200 if it carries `token`, else with 403.
    fn one_answer(token: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            let expected = format!("Authorization: token {token}\r\n");
            let known = String::from_utf8(request).unwrap().contains(&expected);
            let status = if known { "200 OK" } else { "403 Forbidden" };
            write!(stream, "HTTP/1.0 {status}\r\n\r\n").unwrap();
        });
        port
    }

    #[test]
    fn a_server_is_ours_only_if_it_knows_our_token() {
        assert!(knows_token(one_answer("mine"), "mine"));
        assert!(!knows_token(one_answer("theirs"), "mine"));
    }

    #[test]
    fn a_port_is_free_until_somebody_listens() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }
}
