//! What a running cell shows and asks, put on the wire.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use serde_json::{Value, json};

use super::interpreter::{DisplayOptions, InputError, Output, Stream};
use super::message::Request;
use super::wire::{Exit, Wire};
use crate::render::Rendered;

/// Text of one cell beyond this many bytes is not shown: it would fill the
/// memory of a client that reads slower than an endless loop prints.
const TEXT_LIMIT: usize = 64 * 1024 * 1024;

/// What reaches a cell that waits for input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InputEvent {
    /// The line that the person gave.
    Line(String),
    /// The cell was interrupted.
    Interrupted,
    /// The kernel is shutting down.
    Closed,
}

/// The person's answers, and the flag that ends waiting for them.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    /// Lines and wake-ups, from the task that reads them.
    pub(super) events: Rc<Receiver<InputEvent>>,
    /// Set when the cell is to stop.
    pub(super) interrupted: Arc<AtomicBool>,
}

/// The output of one cell.
#[derive(Debug)]
pub(super) struct CellOutput {
    wire: Wire,
    request: Request,
    answers: Answers,
    silent: bool,
    allow_stdin: bool,
    written: Cell<usize>,
    pages: RefCell<Vec<Value>>,
}

impl CellOutput {
    /// The output of the cell that `request` brought.
    pub(super) fn new(wire: Wire, request: Request, answers: Answers) -> Self {
        Self {
            wire,
            request,
            answers,
            silent: false,
            allow_stdin: false,
            written: Cell::new(0),
            pages: RefCell::default(),
        }
    }

    /// The same output, showing nothing if `silent`.
    pub(super) fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }

    /// The same output, asking the person if `allowed`.
    pub(super) fn allow_stdin(mut self, allowed: bool) -> Self {
        self.allow_stdin = allowed;
        self
    }

    /// Tells every client what this cell did, unless it runs silently.
    pub(super) fn publish(&self, kind: &str, content: Value) {
        if !self.silent {
            self.wire.publish(kind, content, &self.request.header);
        }
    }

    /// The pager payloads so far, for the reply.
    pub(super) fn take_pages(&self) -> Vec<Value> {
        self.pages.take()
    }

    /// Waits for the person's line, or for the end of the cell.
    fn wait_for_line(&self) -> Result<String, InputError> {
        match self.answers.events.recv() {
            Ok(InputEvent::Line(line)) => Ok(line),
            Ok(InputEvent::Interrupted) => Err(InputError::Interrupted),
            Ok(InputEvent::Closed) | Err(_) => Err(InputError::Closed),
        }
    }
}

impl Output for CellOutput {
    fn stream(&self, stream: Stream, text: &str) {
        let before = self.written.get();
        if self.silent || text.is_empty() || before > TEXT_LIMIT {
            return;
        }
        self.written.set(before.saturating_add(text.len()));
        let header = &self.request.header;
        if self.written.get() <= TEXT_LIMIT {
            self.wire.text(stream, text, header);
        } else {
            let notice = "\n[this cell wrote more than 64 MiB; the rest is not shown]\n";
            self.wire.text(Stream::Stderr, notice, header);
        }
    }

    fn display(&self, value: Rendered, options: DisplayOptions) {
        let (kind, transient) = match options.display_id {
            Some(id) if options.update => ("update_display_data", json!({"display_id": id})),
            Some(id) => ("display_data", json!({"display_id": id})),
            None => ("display_data", json!({})),
        };
        let data = value.into_bundle();
        self.publish(
            kind,
            json!({"data": data, "metadata": {}, "transient": transient}),
        );
    }

    fn clear(&self, wait: bool) {
        self.publish("clear_output", json!({"wait": wait}));
    }

    fn page(&self, value: Rendered) {
        let page = json!({"source": "page", "data": value.into_bundle(), "start": 0});
        self.pages.borrow_mut().push(page);
    }

    fn input(&self, prompt: &str, password: bool) -> Result<String, InputError> {
        if !self.allow_stdin {
            return Err(InputError::NotAllowed);
        }
        // Answers that came too late for an earlier question are no answer to this one.
        while self.answers.events.try_recv().is_ok() {}
        if self.answers.interrupted.load(Ordering::SeqCst) {
            return Err(InputError::Interrupted);
        }
        let question = json!({"prompt": prompt, "password": password});
        self.wire
            .send(Exit::Stdin, "input_request", question, &self.request);
        self.wait_for_line()
    }
}
