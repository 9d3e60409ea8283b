//! The kernel as a whole: sockets on one thread, the interpreter on another.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use jupyter_zmq_client::{RouterRecvConnection, RouterSendConnection};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot, watch};

use super::error::KernelError;
use super::history::History;
use super::interpreter::Interpreter;
use super::message::{Request, error_content, receive};
use super::output::{Answers, InputEvent};
use super::parent::parent_gone;
use super::reply;
use super::sockets::{Sockets, echo, read_connection};
use super::wire::{Exit, Outlets, Wire};
use super::worker::{Worker, reply_kind};

/// Deeply nested policies and scripts recurse on this thread.
const INTERPRETER_STACK: usize = 64 * 1024 * 1024;

/// Sending only queues: the last messages need this long to leave.
const FAREWELL: Duration = Duration::from_millis(100);

/// Runs a kernel until a client shuts it down or its parent is gone.
///
/// `factory` is called once, on the thread that the interpreter lives on. `history` is
/// the file that cells are kept in for later sessions, if any.
///
/// # Errors
/// A connection file that cannot be used, a port that cannot be opened, or an
/// interpreter that could not be built.
pub fn start(
    connection_file: &Path,
    history: Option<PathBuf>,
    factory: impl FnOnce() -> Box<dyn Interpreter> + Send + 'static,
) -> Result<(), KernelError> {
    let connection = read_connection(connection_file)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| KernelError::System {
            part: "event loop",
            source,
        })?;
    runtime.block_on(async {
        let sockets = Sockets::open(&connection).await?;
        serve(sockets, history, factory).await
    })
}

/// What the interpreter tells the other threads about itself, once it is built.
#[derive(Clone)]
struct Ready {
    interrupted: Arc<AtomicBool>,
    kernel_info: Arc<Value>,
}

/// What the tasks of the sockets share.
#[derive(Clone)]
struct Desk {
    wire: Wire,
    requests: Sender<Request>,
    input: Sender<InputEvent>,
    ready: watch::Receiver<Option<Ready>>,
    ending: Arc<Notify>,
}

async fn serve(
    sockets: Sockets,
    history: Option<PathBuf>,
    factory: impl FnOnce() -> Box<dyn Interpreter> + Send + 'static,
) -> Result<(), KernelError> {
    let (wire, messages) = Wire::new();
    let (desk, gone) = start_interpreter(wire.clone(), history, factory)?;
    let (shell_out, shell) = sockets.shell.split();
    let (control_out, control) = sockets.control.split();
    let (stdin_out, stdin) = sockets.stdin.split();
    let outlets: Outlets = outlets(sockets.iopub, [shell_out, control_out, stdin_out]);
    tokio::spawn(outlets.run(messages));
    tokio::spawn(wire.release_in_time());
    tokio::spawn(echo(sockets.heartbeat));
    tokio::spawn(desk.clone().read_requests(shell, Exit::Shell));
    tokio::spawn(desk.clone().read_requests(control, Exit::Control));
    tokio::spawn(desk.clone().read_answers(stdin));
    tokio::spawn(desk.clone().obey_signals());
    let outcome = tokio::select! {
        () = desk.ending.notified() => Ok(()),
        () = parent_gone() => Ok(()),
        _ = gone => Err(KernelError::InterpreterGone),
    };
    desk.stop_cell(InputEvent::Closed);
    tokio::time::sleep(FAREWELL).await;
    outcome
}

fn outlets(
    iopub: jupyter_zmq_client::KernelIoPubConnection,
    [shell, control, stdin]: [RouterSendConnection; 3],
) -> Outlets {
    Outlets {
        iopub,
        shell,
        control,
        stdin,
    }
}

/// Starts the interpreter's thread; the receiver ends with that thread.
fn start_interpreter(
    wire: Wire,
    history: Option<PathBuf>,
    factory: impl FnOnce() -> Box<dyn Interpreter> + Send + 'static,
) -> Result<(Desk, oneshot::Receiver<()>), KernelError> {
    let (requests, incoming) = mpsc::channel();
    let (input, events) = mpsc::channel();
    let (announce, ready) = watch::channel(None);
    let (alive, gone) = oneshot::channel::<()>();
    let outgoing = wire.clone();
    let work = move || {
        let _alive = alive;
        let interpreter = factory();
        let interrupted = interpreter.interrupt_flag();
        let kernel_info = Arc::new(reply::kernel_info(&interpreter.language()));
        let answers = Answers {
            events: Rc::new(events),
            interrupted: Arc::clone(&interrupted),
        };
        announce.send_replace(Some(Ready {
            interrupted,
            kernel_info,
        }));
        let history = History::kept_in(history);
        Worker::new(interpreter, outgoing, answers, incoming, history).run();
    };
    std::thread::Builder::new()
        .name("interpreter".to_owned())
        .stack_size(INTERPRETER_STACK)
        .spawn(work)
        .map_err(|source| KernelError::System {
            part: "interpreter thread",
            source,
        })?;
    Ok((
        Desk {
            wire,
            requests,
            input,
            ready,
            ending: Arc::default(),
        },
        gone,
    ))
}

impl Desk {
    /// Takes requests from a socket. What must not wait for the running cell
    /// is done here, and everything that comes over the control channel.
    async fn read_requests(self, mut socket: RouterRecvConnection, exit: Exit) {
        while let Some(request) = receive(&mut socket).await {
            let is_urgent = matches!(request.kind(), "interrupt_request" | "shutdown_request");
            if is_urgent || exit == Exit::Control {
                self.answer_now(&request, exit).await;
            } else if self.requests.send(request).is_err() {
                return;
            }
        }
    }

    async fn answer_now(&self, request: &Request, exit: Exit) {
        self.wire.status("busy", &request.header);
        if let Some(content) = self.urgent_reply(request).await {
            self.wire
                .send(exit, &reply_kind(request.kind()), content, request);
        }
        self.wire.status("idle", &request.header);
        if request.kind() == "shutdown_request" {
            self.ending.notify_one();
        }
    }

    /// The content of a reply over the control channel; `None` for messages
    /// that are not requests.
    async fn urgent_reply(&self, request: &Request) -> Option<Value> {
        match request.kind() {
            "interrupt_request" => {
                self.stop_cell(InputEvent::Interrupted);
                Some(json!({"status": "ok"}))
            }
            "shutdown_request" => {
                let restart = request.content.get("restart").and_then(Value::as_bool);
                Some(json!({"status": "ok", "restart": restart.unwrap_or(false)}))
            }
            "kernel_info_request" => {
                let mut ready = self.ready.clone();
                let ready = ready.wait_for(Option::is_some).await.ok()?;
                ready.as_ref().map(|ready| Value::clone(&ready.kernel_info))
            }
            kind if kind.ends_with("_request") => {
                let why = format!("`{kind}` is not served on the control channel");
                Some(error_content("UnknownRequest", &why))
            }
            _ => None,
        }
    }

    /// Stops the running cell, be it computing or waiting for input.
    fn stop_cell(&self, event: InputEvent) {
        if let Some(ready) = self.ready.borrow().as_ref() {
            ready.interrupted.store(true, Ordering::SeqCst);
        }
        // If nobody listens, no cell is running.
        drop(self.input.send(event));
    }

    /// Hands the person's lines to the cell that asked for them.
    async fn read_answers(self, mut socket: RouterRecvConnection) {
        while let Some(answer) = receive(&mut socket).await {
            let line = answer.content.get("value").and_then(Value::as_str);
            if let ("input_reply", Some(line)) = (answer.kind(), line) {
                drop(self.input.send(InputEvent::Line(line.to_owned())));
            }
        }
    }

    /// A console's Ctrl-C reaches the kernel as well and means the same.
    async fn obey_signals(self) {
        while tokio::signal::ctrl_c().await.is_ok() {
            self.stop_cell(InputEvent::Interrupted);
        }
    }
}
