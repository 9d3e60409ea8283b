//! Running a cell: its number, its output, its reply, and what its failure stops.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::interpreter::{DisplayOptions, ExecuteRequest, ExecutionError, Output};
use super::message::Request;
use super::output::CellOutput;
use super::reply;
use super::worker::{Worker, read};
use crate::render::Rendered;

/// The content of an `execute_request`; absent members take the protocol's defaults.
#[derive(Debug, Deserialize)]
struct Cell {
    code: String,
    #[serde(default)]
    silent: bool,
    #[serde(default = "yes")]
    store_history: bool,
    #[serde(default)]
    user_expressions: Map<String, Value>,
    #[serde(default)]
    allow_stdin: bool,
    #[serde(default = "yes")]
    stop_on_error: bool,
}

fn yes() -> bool {
    true
}

impl Cell {
    /// Whether it counts and enters the history.
    fn is_stored(&self) -> bool {
        self.store_history && !self.silent && !self.code.trim().is_empty()
    }
}

impl Worker {
    /// Runs the cell in `request` and replies.
    pub(super) fn execute(&mut self, request: &Request) {
        let cell: Cell = match read(request) {
            Ok(cell) => cell,
            Err(why) => return self.reply(request, why),
        };
        if cell.is_stored() {
            self.execution_count = self.execution_count.saturating_add(1);
        }
        let output = Rc::new(
            CellOutput::new(self.wire.clone(), request.clone(), self.answers.clone())
                .silent(cell.silent)
                .allow_stdin(cell.allow_stdin),
        );
        // Before the cell is announced, so that whoever sees it can stop it.
        self.answers.interrupted.store(false, Ordering::SeqCst);
        let input = json!({"code": cell.code, "execution_count": self.execution_count});
        output.publish("execute_input", input);
        match self.run_cell(&cell, &output) {
            Ok(value) => self.succeed(request, &cell, &output, value),
            Err(error) => self.fail(request, &cell, &output, error),
        }
    }

    /// Calls the interpreter. A panic in it becomes the failure of the cell.
    fn run_cell(
        &mut self,
        cell: &Cell,
        output: &Rc<CellOutput>,
    ) -> Result<Option<Rendered>, ExecutionError> {
        let request = ExecuteRequest {
            code: &cell.code,
            execution_count: self.execution_count,
            silent: cell.silent,
            store_history: cell.is_stored(),
        };
        let output: Rc<dyn Output> = Rc::<CellOutput>::clone(output);
        catch_unwind(AssertUnwindSafe(|| {
            self.interpreter.execute(&request, &output)
        }))
        .unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
    }

    fn succeed(
        &mut self,
        request: &Request,
        cell: &Cell,
        output: &CellOutput,
        value: Option<Rendered>,
    ) {
        let count = self.execution_count;
        if cell.is_stored() {
            let text = value.as_ref().map(|value| value.text.clone());
            self.history.record(count, &cell.code, text);
        }
        if let Some(value) = value {
            let data = value.into_bundle();
            let content = json!({"execution_count": count, "data": data, "metadata": {}});
            output.publish("execute_result", content);
        }
        let expressions = self.evaluate_all(&cell.user_expressions);
        let content = json!({
            "status": "ok", "execution_count": count,
            "user_expressions": expressions, "payload": output.take_pages(),
        });
        self.reply(request, content);
    }

    fn fail(
        &mut self,
        request: &Request,
        cell: &Cell,
        output: &CellOutput,
        mut error: ExecutionError,
    ) {
        let count = self.execution_count;
        if cell.is_stored() {
            self.history.record(count, &cell.code, None);
        }
        if let Some(card) = error.display.take() {
            output.display(*card, DisplayOptions::default());
        }
        let mut content = reply::failure(&error);
        output.publish("error", Value::Object(content.clone()));
        let rest = [
            ("status", json!("error")),
            ("execution_count", count.into()),
            ("user_expressions", json!({})),
            ("payload", output.take_pages().into()),
        ];
        content.extend(rest.map(|(member, value)| (member.to_owned(), value)));
        if cell.stop_on_error && !cell.silent {
            self.stop_queue(request);
        }
        self.reply(request, Value::Object(content));
    }

    fn evaluate_all(&mut self, expressions: &Map<String, Value>) -> Map<String, Value> {
        let mut values = Map::new();
        for (name, expression) in expressions {
            let text = expression.as_str().unwrap_or_default();
            if let Some(answer) = self.interpreter.evaluate(text) {
                values.insert(name.clone(), reply::expression(answer));
            }
        }
        values
    }
}

/// The failure of a cell in which the interpreter itself broke.
fn panicked(panic: &(dyn Any + Send)) -> ExecutionError {
    let why = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    let value = format!(
        "keychai broke in this cell: {why}; what the cell had begun may be half done, so restart the kernel, and please report this"
    );
    ExecutionError {
        name: "InternalError".to_owned(),
        traceback: vec![format!("InternalError: {value}")],
        value,
        display: None,
    }
}
