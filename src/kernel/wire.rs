//! The one way out: every message of the kernel, in order.
//!
//! Text is gathered for a moment and sent in one piece, because a message per
//! `print` costs more than the printing. Any other message pushes the gathered
//! text out before it, so the order of what a cell shows is kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jupyter_protocol::{Header, JupyterMessage};
use jupyter_zmq_client::{KernelIoPubConnection, RouterSendConnection};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::interpreter::Stream;
use super::message::{Request, compose};

/// How long text waits for more of it.
const GATHERING: Duration = Duration::from_millis(10);

/// Gathered text of this many bytes is sent at once.
const PIECE: usize = 64 * 1024;

/// Where a message leaves the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// To every client.
    IoPub,
    /// Answers to requests.
    Shell,
    /// Answers to requests that do not wait.
    Control,
    /// Questions to the person.
    Stdin,
}

/// Hands messages over to the task that owns the sockets.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    queue: UnboundedSender<(Exit, JupyterMessage)>,
    gathered: Arc<Mutex<Option<Text>>>,
    begun: Arc<Notify>,
}

/// Text that waits to be sent.
#[derive(Debug)]
struct Text {
    parent: Arc<Header>,
    stream: Stream,
    text: String,
}

impl Wire {
    /// A wire and the end at which its messages come out.
    pub(super) fn new() -> (Self, UnboundedReceiver<(Exit, JupyterMessage)>) {
        let (queue, messages) = mpsc::unbounded_channel();
        let wire = Self {
            queue,
            gathered: Arc::default(),
            begun: Arc::default(),
        };
        (wire, messages)
    }

    /// Tells every client something that `parent` caused.
    pub(super) fn publish(&self, kind: &str, content: Value, parent: &Header) {
        self.hand_over(Exit::IoPub, topical(compose(kind, content, parent)));
    }

    /// Tells every client what the kernel does with `parent`: `busy` or `idle`.
    pub(super) fn status(&self, state: &str, parent: &Header) {
        self.publish("status", json!({"execution_state": state}), parent);
    }

    /// Sends a message to the client that sent `request`.
    pub(super) fn send(&self, exit: Exit, kind: &str, content: Value, request: &Request) {
        let message = compose(kind, content, &request.header);
        self.hand_over(
            exit,
            message.with_zmq_identities(request.identities.clone()),
        );
    }

    /// Shows text that a cell wrote, together with what it writes next.
    pub(super) fn text(&self, stream: Stream, text: &str, parent: &Arc<Header>) {
        let mut gathered = self.lock();
        if gathered
            .as_ref()
            .is_some_and(|waiting| !waiting.continues(stream, parent))
        {
            self.release(&mut gathered);
        }
        if gathered.is_none() {
            self.begun.notify_one();
        }
        let waiting = gathered.get_or_insert_with(|| Text {
            parent: Arc::clone(parent),
            stream,
            text: String::new(),
        });
        waiting.text.push_str(text);
        if waiting.text.len() >= PIECE {
            self.release(&mut gathered);
        }
    }

    /// Sends gathered text a moment after it was begun; never ends.
    pub(super) async fn release_in_time(self) {
        loop {
            self.begun.notified().await;
            tokio::time::sleep(GATHERING).await;
            self.release(&mut self.lock());
        }
    }

    fn hand_over(&self, exit: Exit, message: JupyterMessage) {
        let mut gathered = self.lock();
        self.release(&mut gathered);
        self.enqueue(exit, message);
    }

    /// Sends gathered text now. The lock keeps it in order with other messages.
    fn release(&self, gathered: &mut MutexGuard<'_, Option<Text>>) {
        if let Some(Text {
            parent,
            stream,
            text,
        }) = gathered.take()
        {
            let content = json!({"name": stream.name(), "text": text});
            self.enqueue(Exit::IoPub, topical(compose("stream", content, &parent)));
        }
    }

    /// A closed queue means that the kernel is ending, and nobody listens.
    fn enqueue(&self, exit: Exit, message: JupyterMessage) {
        drop(self.queue.send((exit, message)));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Text>> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Text {
    fn continues(&self, stream: Stream, parent: &Arc<Header>) -> bool {
        self.stream == stream && Arc::ptr_eq(&self.parent, parent)
    }
}

/// The message with its topic in the place of a client's identity.
fn topical(message: JupyterMessage) -> JupyterMessage {
    let topic = format!("kernel.{}", message.header.msg_type);
    message.with_zmq_identities(vec![Bytes::from(topic)])
}

/// The sending sides of the sockets.
pub(super) struct Outlets {
    /// To every client.
    pub(super) iopub: KernelIoPubConnection,
    /// Answers to requests.
    pub(super) shell: RouterSendConnection,
    /// Answers to requests that do not wait.
    pub(super) control: RouterSendConnection,
    /// Questions to the person.
    pub(super) stdin: RouterSendConnection,
}

impl Outlets {
    /// Sends what comes over the wire until every sender is gone.
    pub(super) async fn run(mut self, mut messages: UnboundedReceiver<(Exit, JupyterMessage)>) {
        while let Some((exit, message)) = messages.recv().await {
            let sent = match exit {
                Exit::IoPub => self.iopub.send(message).await,
                Exit::Shell => self.shell.send(message).await,
                Exit::Control => self.control.send(message).await,
                Exit::Stdin => self.stdin.send(message).await,
            };
            // A client that left before its answer is no fault of the kernel.
            drop(sent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(id: &str) -> Arc<Header> {
        let header = json!({
            "msg_id": id, "username": "", "session": "", "version": "5.3",
            "msg_type": "execute_request", "date": "2026-01-01T00:00:00Z",
        });
        Arc::new(serde_json::from_value(header).unwrap())
    }

    /// Everything on the wire, as type, content and id of the parent.
    fn drain(messages: &mut UnboundedReceiver<(Exit, JupyterMessage)>) -> Vec<Value> {
        std::iter::from_fn(|| messages.try_recv().ok())
            .map(|(_, message)| {
                let parent = message.parent_header.unwrap().msg_id;
                json!([message.header.msg_type, message.content, parent])
            })
            .collect()
    }

    #[test]
    fn adjacent_text_goes_out_as_one_message_before_anything_else() {
        let (wire, mut messages) = Wire::new();
        let cell = header("a");
        wire.text(Stream::Stdout, "one\n", &cell);
        wire.text(Stream::Stdout, "two\n", &cell);
        wire.text(Stream::Stderr, "three\n", &cell);
        wire.status("idle", &cell);
        let expected = [
            json!(["stream", {"name": "stdout", "text": "one\ntwo\n"}, "a"]),
            json!(["stream", {"name": "stderr", "text": "three\n"}, "a"]),
            json!(["status", {"execution_state": "idle"}, "a"]),
        ];
        assert_eq!(drain(&mut messages), expected);
    }

    #[test]
    fn text_of_different_cells_is_never_mixed() {
        let (wire, mut messages) = Wire::new();
        wire.text(Stream::Stdout, "one", &header("a"));
        wire.text(Stream::Stdout, "two", &header("b"));
        wire.release(&mut wire.lock());
        let expected = [
            json!(["stream", {"name": "stdout", "text": "one"}, "a"]),
            json!(["stream", {"name": "stdout", "text": "two"}, "b"]),
        ];
        assert_eq!(drain(&mut messages), expected);
    }

    #[test]
    fn a_full_piece_does_not_wait() {
        let (wire, mut messages) = Wire::new();
        let line = "x".repeat(PIECE / 2);
        let cell = header("a");
        wire.text(Stream::Stdout, &line, &cell);
        assert!(drain(&mut messages).is_empty());
        wire.text(Stream::Stdout, &line, &cell);
        assert_eq!(drain(&mut messages).len(), 1);
    }
}
