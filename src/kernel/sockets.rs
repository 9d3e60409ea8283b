//! The five sockets of a kernel, opened where the connection file says.

use std::fs;
use std::path::Path;

use jupyter_protocol::{ConnectionInfo, Header, JupyterMessage, UnknownMessage};
use jupyter_zmq_client::{
    KernelControlConnection, KernelIoPubConnection, KernelShellConnection, KernelStdinConnection,
    create_kernel_control_connection, create_kernel_iopub_connection,
    create_kernel_shell_connection, create_kernel_stdin_connection,
};
use zeromq::{RouterSocket, Socket, SocketRecv, SocketSend};

use super::error::KernelError;

/// The open sockets.
pub(super) struct Sockets {
    pub(super) shell: KernelShellConnection,
    pub(super) control: KernelControlConnection,
    pub(super) stdin: KernelStdinConnection,
    pub(super) iopub: KernelIoPubConnection,
    pub(super) heartbeat: RouterSocket,
}

/// Reads the file in which Jupyter says where to listen and how to sign.
///
/// # Errors
/// A file that is missing, malformed, or asks for another signature scheme.
pub(super) fn read_connection(path: &Path) -> Result<ConnectionInfo, KernelError> {
    let text = fs::read(path).map_err(|source| KernelError::ReadConnection {
        path: path.into(),
        source,
    })?;
    let connection: ConnectionInfo =
        serde_json::from_slice(&text).map_err(|source| KernelError::ParseConnection {
            path: path.into(),
            source,
        })?;
    if connection.key.is_empty() || connection.signature_scheme == "hmac-sha256" {
        Ok(connection)
    } else {
        Err(KernelError::SignatureScheme {
            scheme: connection.signature_scheme,
        })
    }
}

impl Sockets {
    /// Opens all five.
    ///
    /// # Errors
    /// [`KernelError::Bind`] for the first that cannot be opened.
    pub(super) async fn open(at: &ConnectionInfo) -> Result<Self, KernelError> {
        let session = fresh_session();
        Ok(Self {
            shell: create_kernel_shell_connection(at, &session)
                .await
                .map_err(|why| refused("shell", at.shell_url(), &why))?,
            control: create_kernel_control_connection(at, &session)
                .await
                .map_err(|why| refused("control", at.control_url(), &why))?,
            stdin: create_kernel_stdin_connection(at, &session)
                .await
                .map_err(|why| refused("stdin", at.stdin_url(), &why))?,
            iopub: create_kernel_iopub_connection(at, &session)
                .await
                .map_err(|why| refused("iopub", at.iopub_url(), &why))?,
            heartbeat: open_heartbeat(at).await?,
        })
    }
}

/// A router echoes whole messages, to several clients at once; the library's
/// own heartbeat answers `pong`, which clients do not expect.
async fn open_heartbeat(at: &ConnectionInfo) -> Result<RouterSocket, KernelError> {
    let mut socket = RouterSocket::new();
    let endpoint = at.hb_url();
    socket
        .bind(&endpoint)
        .await
        .map_err(|why| refused("heartbeat", endpoint, &why))?;
    Ok(socket)
}

/// Sends every heartbeat back as it came; never ends while the socket lives.
pub(super) async fn echo(mut heartbeat: RouterSocket) {
    while let Ok(beat) = heartbeat.recv().await {
        // A client that left does not miss its echo.
        drop(heartbeat.send(beat).await);
    }
}

fn refused(channel: &'static str, endpoint: String, why: &dyn std::fmt::Display) -> KernelError {
    KernelError::Bind {
        channel,
        endpoint,
        reason: why.to_string(),
    }
}

/// A session name that no other kernel has.
fn fresh_session() -> String {
    let Header { session, .. } = JupyterMessage::new(UnknownMessage::default(), None).header;
    session
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ConnectionInfo, KernelError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kernel.json");
        fs::write(&path, text).unwrap();
        read_connection(&path)
    }

    fn file(scheme: &str, key: &str) -> String {
        serde_json::json!({
            "ip": "127.0.0.1", "transport": "tcp", "key": key, "signature_scheme": scheme,
            "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
        })
        .to_string()
    }

    #[test]
    fn a_connection_file_is_read() {
        let connection = read(&file("hmac-sha256", "k")).unwrap();
        assert_eq!(connection.control_url(), "tcp://127.0.0.1:4");
    }

    #[test]
    fn unknown_signatures_are_refused_unless_unused() {
        assert!(matches!(
            read(&file("hmac-md5", "k")),
            Err(KernelError::SignatureScheme { scheme }) if scheme == "hmac-md5"
        ));
        assert!(read(&file("", "")).is_ok());
    }

    #[test]
    fn errors_name_the_file() {
        let missing = read_connection(Path::new("no/such/file.json")).unwrap_err();
        assert!(missing.to_string().contains("`no/such/file.json`"));
        assert!(matches!(
            read("{"),
            Err(KernelError::ParseConnection { .. })
        ));
    }
}
