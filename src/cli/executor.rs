//! Runs a notebook without Jupyter: its code cells, one after the other, in one session,
//! with the outputs that a kernel's client would store.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::recorder::Recorder;
use super::run::write_output;
use super::terminal::report_error;
use crate::kernel::spec::{DISPLAY_NAME, NAME};
use crate::script::{ErrorKind, Session, quoted};

/// The tag of the cell with the defaults, of the one that replaces them, and of one
/// that may fail: papermill's and nbclient's words.
const PARAMETERS: &str = "parameters";
const INJECTED: &str = "injected-parameters";
const MAY_FAIL: &str = "raises-exception";

/// A notebook as it lies in a file.
pub(super) struct Notebook {
    cells: Vec<Value>,
    rest: Map<String, Value>,
}

/// Whether `path` names a notebook and no script.
pub(super) fn is_notebook(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "ipynb")
}

impl Notebook {
    /// Reads a notebook of format 4.
    ///
    /// # Errors
    /// A sentence that says what the file is instead.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let bytes =
            std::fs::read(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            format!(
                "`{shown}` is no notebook: it is not UTF-8 from byte {}",
                error.valid_up_to()
            )
        })?;
        let value: Value = serde_json::from_str(text)
            .map_err(|error| format!("`{shown}` is no notebook: {error}"))?;
        let Value::Object(mut rest) = value else {
            return Err(format!("`{shown}` is no notebook: it is no object"));
        };
        let Some(Value::Array(cells)) = rest.get_mut("cells").map(Value::take) else {
            return Err(format!("`{shown}` is no notebook: it has no list `cells`"));
        };
        match rest.get("nbformat").and_then(Value::as_u64) {
            Some(4) => Ok(Self { cells, rest }),
            other => Err(format!(
                "`{shown}` is of format {}, not 4: open and save it in Jupyter",
                other.unwrap_or(0)
            )),
        }
    }

    /// Puts a cell with these values behind the one with their defaults, in place of
    /// one that an earlier run put there; at the top, where there are no defaults.
    pub(super) fn inject(&mut self, parameters: &[(String, Value)]) {
        if parameters.is_empty() {
            return;
        }
        let line = |(name, value): &(String, Value)| format!("let {name} = {};\n", literal(value));
        let source: String = parameters.iter().map(line).collect();
        let cell = json!({
            "cell_type": "code", "execution_count": null, "id": "injected-parameters",
            "metadata": { "tags": [INJECTED] }, "outputs": [],
            "source": format!("// Parameters\n{}", source.trim_end()),
        });
        let cells = &mut self.cells;
        cells.retain(|cell| !has_tag(cell, INJECTED));
        let defaults = cells.iter().position(|cell| has_tag(cell, PARAMETERS));
        cells.insert(defaults.map_or(0, |at| at + 1), cell);
    }

    /// Runs the code cells until one fails that must not; false then.
    pub(super) fn execute(&mut self, session: &mut Session, recorder: &Recorder) -> bool {
        let mut count = 0_usize;
        let mut is_well = true;
        let is_code = |cell: &Value| cell.get("cell_type").and_then(Value::as_str) == Some("code");
        for cell in self.cells.iter_mut().filter(|cell| is_code(cell)) {
            let code = source(cell);
            recorder.begin();
            if !is_well || code.trim().is_empty() {
                set(cell, "execution_count", Value::Null);
                continue;
            }
            count += 1;
            set(cell, "execution_count", count.into());
            is_well = run_cell(session, recorder, count, &code) || has_tag(cell, MAY_FAIL);
            is_well &= !session.interrupt().is_requested();
        }
        let outputs = recorder.take();
        let code_cells = self.cells.iter_mut().filter(|cell| is_code(cell));
        for (cell, outputs) in code_cells.zip(outputs) {
            set(cell, "outputs", outputs.into());
        }
        is_well
    }

    /// Writes it in format 4.5; whoever reads meanwhile sees the old file or the new one.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(mut self, path: &Path) -> std::io::Result<()> {
        for (number, cell) in self.cells.iter_mut().enumerate() {
            if cell.get("id").is_none() {
                set(cell, "id", format!("cell-{}", number + 1).into());
            }
        }
        // In the place where it was.
        self.rest.insert("cells".to_owned(), self.cells.into());
        self.rest.insert("nbformat".to_owned(), 4.into());
        self.rest.insert("nbformat_minor".to_owned(), 5.into());
        let metadata = self.rest.entry("metadata").or_insert_with(|| json!({}));
        if metadata.get("kernelspec").is_none() {
            let spec = json!({ "display_name": DISPLAY_NAME, "language": "rhai", "name": NAME });
            set(metadata, "kernelspec", spec);
        }
        let text = format!("{:#}\n", Value::Object(self.rest));
        write_output(path, text.as_bytes())
    }
}

pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}

fn has_tag(cell: &Value, tag: &str) -> bool {
    let tags = cell.pointer("/metadata/tags").and_then(Value::as_array);
    tags.is_some_and(|tags| tags.iter().any(|known| known == tag))
}

/// The text of a cell, which may be kept as a list of lines.
fn source(cell: &Value) -> String {
    match cell.get("source") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

fn run_cell(session: &mut Session, recorder: &Recorder, count: usize, code: &str) -> bool {
    match session.execute_cell(&format!("In[{count}]"), code) {
        Ok(Some(value)) => recorder.result(value, count),
        Ok(None) => {}
        Err(error) => {
            report_error(session, &error);
            let rich = error
                .payload()
                .and_then(|payload| session.render_error(payload));
            if let Some(card) = rich {
                recorder.add(json!({
                    "output_type": "display_data", "data": card.into_bundle(), "metadata": {},
                }));
            }
            let report = error.report(true);
            let traceback: Vec<&str> = report.lines().collect();
            recorder.add(json!({
                "output_type": "error", "ename": error.name(), "evalue": error.message,
                "traceback": traceback,
            }));
            if error.kind == ErrorKind::Interrupted {
                session.interrupt().request();
            }
            return false;
        }
    }
    true
}

/// A value as `-p` gives it: JSON where it is JSON, or else text.
pub(super) fn parameters(words: &[String]) -> Result<Vec<(String, Value)>, String> {
    let pair = |pair: &[String]| match pair {
        [name, value] => {
            let is_plain = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
                && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
            if !is_plain {
                return Err(format!("-p: `{name}` is no name of a variable"));
            }
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.as_str().into());
            Ok((name.clone(), value))
        }
        _ => Err("-p takes a name and a value".to_owned()),
    };
    words.chunks(2).map(pair).collect()
}

/// JSON as Rhai writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let member =
                |(name, value): (&String, &Value)| format!("{}: {}", quoted(name), literal(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("#{{ {} }}", members.join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::script::{Output, SessionOptions};

    /// The notebook with these cells (code and tags), run with `parameters`.
    fn executed(cells: &[(&str, &[&str])], words: &[&str]) -> (bool, Value) {
        let cell = |(code, tags): &(&str, &[&str])| {
            json!({
                "cell_type": "code", "execution_count": 7, "metadata": { "tags": tags },
                "outputs": [{ "output_type": "stream", "name": "stdout", "text": "old" }],
                "source": code.split_inclusive('\n').collect::<Vec<_>>(),
            })
        };
        let cells: Vec<Value> = cells.iter().map(cell).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        let text = json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2 });
        std::fs::write(&path, text.to_string()).unwrap();
        let mut notebook = Notebook::read(&path).unwrap();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        notebook.inject(&parameters(&words).unwrap());
        let recorder = Recorder::new(false);
        let output: Rc<dyn Output> = Rc::<Recorder>::clone(&recorder);
        let mut session = Session::new(SessionOptions::new(output));
        let is_well = notebook.execute(&mut session, &recorder);
        notebook.write(&path).unwrap();
        let written = std::fs::read(&path).unwrap();
        (is_well, serde_json::from_slice(&written).unwrap())
    }

    #[test]
    fn cells_run_in_order_and_their_outputs_are_kept() {
        let cells: [(&str, &[&str]); 2] = [
            ("let a = 20;\nprint(\"x\"); print(\"y\"); debug(1);", &[]),
            ("a * 2 + 2", &[]),
        ];
        let (is_well, notebook) = executed(&cells, &[]);
        assert!(is_well);
        let first = &notebook["cells"][0];
        assert_eq!(
            first["outputs"][0],
            json!({ "output_type": "stream", "name": "stdout", "text": "x\ny\n" })
        );
        assert_eq!(first["outputs"][1]["name"], "stderr");
        assert_eq!(first["id"], "cell-1");
        let second = &notebook["cells"][1]["outputs"];
        let result = json!([{
            "output_type": "execute_result", "execution_count": 2,
            "data": { "text/plain": "42" }, "metadata": {},
        }]);
        assert_eq!(second, &result);
        assert_eq!(notebook["nbformat_minor"], 5);
    }

    #[test]
    fn parameters_come_behind_their_defaults_with_their_types() {
        let cells: [(&str, &[&str]); 3] = [
            ("let n = 1; let name = \"a\"; let list = [];", &[PARAMETERS]),
            ("let n = 99;", &[INJECTED]),
            ("`${n + 1} ${name} ${list[1].k}`", &[]),
        ];
        let words = [
            "n",
            "41",
            "name",
            "it's \"ok\"",
            "list",
            "[null, {\"k\": true}]",
        ];
        let (is_well, notebook) = executed(&cells, &words);
        assert!(is_well, "{notebook}");
        assert_eq!(notebook["cells"].as_array().unwrap().len(), 3);
        assert!(has_tag(&notebook["cells"][1], INJECTED));
        let value = &notebook["cells"][2]["outputs"][0]["data"]["text/plain"];
        assert_eq!(value, "\"42 it's \\\"ok\\\" true\"");
        assert!(parameters(&["1a".to_owned(), "2".to_owned()]).is_err());
    }

    #[test]
    fn a_failure_ends_the_run_unless_it_may_happen() {
        let cells: [(&str, &[&str]); 3] = [
            ("throw \"may\"", &[MAY_FAIL]),
            ("throw \"wrong\"", &[]),
            ("3", &[]),
        ];
        let (is_well, notebook) = executed(&cells, &[]);
        assert!(!is_well);
        assert_eq!(notebook["cells"][0]["outputs"][0]["output_type"], "error");
        assert_eq!(notebook["cells"][1]["outputs"][0]["evalue"], "wrong");
        assert_eq!(notebook["cells"][2]["outputs"], json!([]));
        assert_eq!(notebook["cells"][2]["execution_count"], Value::Null);
    }

    #[test]
    fn displays_are_replaced_and_cleared_in_place() {
        let cells: [(&str, &[&str]); 5] = [
            ("display(1, \"a\");", &[]),
            (
                "update_display(2, \"a\"); print(\"gone\"); clear_output(true); print(\"kept\");",
                &[],
            ),
            ("for n in progress([1, 2]) { }", &[]),
            ("%reset", &[]),
            ("for n in progress([1, 2, 3]) { }", &[]),
        ];
        let (_, notebook) = executed(&cells, &[]);
        assert_eq!(
            notebook["cells"][0]["outputs"][0]["data"]["text/plain"],
            "2"
        );
        assert_eq!(notebook["cells"][1]["outputs"][0]["text"], "kept\n");
        let bars = notebook["cells"][2]["outputs"].as_array().unwrap();
        assert_eq!(bars.len(), 1);
        assert!(
            bars[0]["data"]["text/plain"]
                .as_str()
                .unwrap()
                .ends_with("(2/2)"),
            "the bar of a lab that began again moves no other"
        );
    }

    #[test]
    fn what_is_no_notebook_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        for (bytes, told) in [
            (&b"\xff{}"[..], "not UTF-8 from byte 0"),
            (b"{", "no notebook"),
            (b"{}", "no list `cells`"),
            (b"{\"cells\": [], \"nbformat\": 3}", "format 3"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let why = Notebook::read(&path).map(drop).unwrap_err();
            assert!(why.contains(told), "{why}");
        }
    }
}
