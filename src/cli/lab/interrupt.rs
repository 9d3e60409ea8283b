//! Ctrl-C, SIGTERM and SIGHUP as something to ask and to wait for.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::LabError;

/// Counts the requests to stop.
#[derive(Debug)]
pub(super) struct Interrupt(Receiver<()>);

impl Interrupt {
    /// Takes over the signals of this process, once in its life.
    pub(super) fn listen() -> Result<Self, LabError> {
        let (sender, receiver) = channel();
        ctrlc::set_handler(move || {
            // A closed channel means that the lab is already on its way out.
            let _ = sender.send(());
        })?;
        Ok(Self(receiver))
    }

    /// One that never comes, or comes when the sender says so.
    #[cfg(test)]
    pub(super) fn manual() -> (std::sync::mpsc::Sender<()>, Self) {
        let (sender, receiver) = channel();
        (sender, Self(receiver))
    }

    /// Waits up to `timeout`; whether a request to stop came.
    pub(super) fn within(&self, timeout: Duration) -> bool {
        match self.0.recv_timeout(timeout) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                // Nobody can ask any more: keep the caller's rhythm.
                std::thread::sleep(timeout);
                false
            }
        }
    }
}
