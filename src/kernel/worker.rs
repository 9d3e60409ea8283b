//! The thread of the interpreter: takes requests in order and answers them.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use serde::Deserialize;
use serde_json::{Value, json};

use super::abort::{AbortRule, Failure, PAUSE};
use super::history::{History, HistoryQuery};
use super::interpreter::Interpreter;
use super::message::{Request, error_content};
use super::moment::Moment;
use super::output::Answers;
use super::reply;
use super::wire::{Exit, Wire};

/// At most so many more cells are waited for before a failure is reported.
const PATIENCE: usize = 100;

/// Runs the interpreter and keeps what the protocol asks to be kept.
pub(super) struct Worker {
    pub(super) interpreter: Box<dyn Interpreter>,
    pub(super) wire: Wire,
    pub(super) answers: Answers,
    pub(super) history: History,
    pub(super) execution_count: usize,
    requests: Receiver<Request>,
    backlog: VecDeque<Request>,
    abort: AbortRule,
}

/// Code and a place in it, as completion and inspection ask about.
#[derive(Debug, Deserialize)]
struct Place {
    code: String,
    cursor_pos: Option<usize>,
    #[serde(default)]
    detail_level: u8,
}

impl Place {
    /// The cursor, within the code; at its end if the client did not say.
    fn cursor(&self) -> usize {
        let length = self.code.chars().count();
        self.cursor_pos.map_or(length, |cursor| cursor.min(length))
    }
}

impl Worker {
    /// A worker that has not run anything.
    pub(super) fn new(
        interpreter: Box<dyn Interpreter>,
        wire: Wire,
        answers: Answers,
        requests: Receiver<Request>,
        history: History,
    ) -> Self {
        Self {
            interpreter,
            wire,
            answers,
            requests,
            history,
            execution_count: 0,
            backlog: VecDeque::new(),
            abort: AbortRule::default(),
        }
    }

    /// Answers requests until their sender is gone.
    pub(super) fn run(mut self) {
        while let Some(request) = self.next() {
            self.wire.status("busy", &request.header);
            self.answer(&request);
            self.wire.status("idle", &request.header);
        }
    }

    fn next(&mut self) -> Option<Request> {
        match self.backlog.pop_front() {
            Some(request) => Some(request),
            None => {
                let request = self.requests.recv().ok()?;
                self.abort.observe(&request);
                Some(request)
            }
        }
    }

    fn answer(&mut self, request: &Request) {
        match request.kind() {
            "execute_request" if self.abort.fells(request) => {
                self.reply(request, json!({"status": "aborted"}));
            }
            "execute_request" => self.execute(request),
            "comm_open" => self.refuse_comm(request),
            _ => {
                if let Some(content) = self.lookup(request) {
                    self.reply(request, content);
                }
            }
        }
    }

    /// The content of a reply that needs no cell to run; `None` for messages
    /// that have none, and for unknown ones.
    fn lookup(&self, request: &Request) -> Option<Value> {
        let content = match request.kind() {
            "kernel_info_request" => Ok(reply::kernel_info(&self.interpreter.language())),
            "complete_request" => read(request).map(|place| self.complete(&place)),
            "inspect_request" => read(request).map(|place| self.inspect(&place)),
            "is_complete_request" => read(request).map(|place: Place| {
                reply::completeness(self.interpreter.is_complete(&place.code))
            }),
            "history_request" => read(request).map(|query: HistoryQuery| {
                json!({"status": "ok", "history": self.history.answer(&query)})
            }),
            "comm_info_request" => Ok(json!({"status": "ok", "comms": {}})),
            _ => return None,
        };
        Some(content.unwrap_or_else(|why| why))
    }

    fn complete(&self, place: &Place) -> Value {
        reply::completions(&self.interpreter.complete(&place.code, place.cursor()))
    }

    fn inspect(&self, place: &Place) -> Value {
        let detail = place.detail_level;
        reply::inspection(
            self.interpreter
                .inspect(&place.code, place.cursor(), detail),
        )
    }

    /// This kernel has no comm targets; the protocol's refusal is to close.
    fn refuse_comm(&self, request: &Request) {
        let comm_id = request.content.get("comm_id").cloned().unwrap_or_default();
        let content = json!({"comm_id": comm_id, "data": {}});
        self.wire.publish("comm_close", content, &request.header);
    }

    /// Answers `request` with the reply type that belongs to its type.
    pub(super) fn reply(&self, request: &Request, content: Value) {
        let kind = reply_kind(request.kind());
        self.wire.send(Exit::Shell, &kind, content, request);
    }

    /// Makes the cells that were sent with the failed one fall. Its report is
    /// held back until no more of them come, but not after an interrupt: then
    /// they arrived long ago.
    pub(super) fn stop_queue(&mut self, request: &Request) {
        let held_back = !self.answers.interrupted.load(Ordering::SeqCst);
        if held_back {
            self.gather_backlog();
        }
        self.abort.failed(Failure {
            request,
            reported: Moment::now(),
            held_back,
        });
    }

    fn gather_backlog(&mut self) {
        for _ in 0..PATIENCE {
            let Ok(request) = self.requests.recv_timeout(PAUSE) else {
                return;
            };
            self.abort.observe(&request);
            self.backlog.push_back(request);
        }
    }
}

/// `foo_reply` for `foo_request`.
pub(super) fn reply_kind(request: &str) -> String {
    format!(
        "{}_reply",
        request.strip_suffix("_request").unwrap_or(request)
    )
}

/// Reads the content of `request`; a failure is the content of an error reply.
pub(super) fn read<T: for<'de> Deserialize<'de>>(request: &Request) -> Result<T, Value> {
    serde_json::from_value(request.content.clone()).map_err(|why| {
        let value = format!(
            "the content of this `{}` is not as expected: {why}",
            request.kind()
        );
        error_content("BadRequest", &value)
    })
}
