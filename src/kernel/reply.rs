//! The contents of replies, made from what the interpreter answers.

use serde_json::{Map, Value, json};

use super::interpreter::{Completeness, Completions, ExecutionError, Language};
use super::message::PROTOCOL_VERSION;
use crate::render::Rendered;

/// Who the kernel is and what language it speaks.
pub(super) fn kernel_info(language: &Language) -> Value {
    let links: Vec<Value> = language
        .help_links
        .iter()
        .map(|link| json!({"text": link.text, "url": link.url}))
        .collect();
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL_VERSION,
        "implementation": language.implementation,
        "implementation_version": language.implementation_version,
        "language_info": {
            "name": language.name,
            "version": language.version,
            "mimetype": language.mimetype,
            "file_extension": language.file_extension,
            "codemirror_mode": language.codemirror_mode,
            "pygments_lexer": language.pygments_lexer,
            "nbconvert_exporter": language.nbconvert_exporter,
        },
        "banner": language.banner,
        "debugger": false,
        "help_links": links,
        "supported_features": [],
    })
}

/// Candidates, with their kinds and signatures for the clients that show them.
pub(super) fn completions(found: &Completions) -> Value {
    let matches: Vec<&str> = found.items.iter().map(|item| item.text.as_str()).collect();
    let typed: Vec<Value> = found
        .items
        .iter()
        .map(|item| {
            json!({
                "text": item.text, "type": item.kind, "signature": item.signature,
                "documentation": item.documentation, "start": found.start, "end": found.end,
            })
        })
        .collect();
    json!({
        "status": "ok",
        "matches": matches,
        "cursor_start": found.start,
        "cursor_end": found.end,
        "metadata": {"_jupyter_types_experimental": typed},
    })
}

/// What stands at the cursor, if anything does.
pub(super) fn inspection(found: Option<Rendered>) -> Value {
    let is_found = found.is_some();
    let data = found.map_or_else(|| json!({}), Rendered::into_bundle);
    json!({"status": "ok", "found": is_found, "data": data, "metadata": {}})
}

/// Whether code is ready to run.
pub(super) fn completeness(answer: Completeness) -> Value {
    match answer {
        Completeness::Complete => json!({"status": "complete"}),
        Completeness::Incomplete { indent } => json!({"status": "incomplete", "indent": indent}),
        Completeness::Invalid => json!({"status": "invalid"}),
        Completeness::Unknown => json!({"status": "unknown"}),
    }
}

/// The members that both the reply and the broadcast of a failure have.
pub(super) fn failure(error: &ExecutionError) -> Map<String, Value> {
    Map::from_iter([
        ("ename".to_owned(), error.name.clone().into()),
        ("evalue".to_owned(), error.value.clone().into()),
        ("traceback".to_owned(), error.traceback.clone().into()),
    ])
}

/// The value of one of a request's `user_expressions`.
pub(super) fn expression(answer: Result<Rendered, ExecutionError>) -> Value {
    match answer {
        Ok(value) => json!({"status": "ok", "data": value.into_bundle(), "metadata": {}}),
        Err(error) => {
            let mut content = failure(&error);
            content.insert("status".into(), "error".into());
            Value::Object(content)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::interpreter::Completion;
    use super::*;

    #[test]
    fn completions_carry_kind_and_span() {
        let item = Completion {
            text: "kms".into(),
            kind: "instance".into(),
            signature: "Kms".into(),
            documentation: "Keys.".into(),
        };
        let reply = completions(&Completions {
            start: 2,
            end: 4,
            items: vec![item],
        });
        assert_eq!(reply.pointer("/matches/0"), Some(&json!("kms")));
        assert_eq!(reply.pointer("/cursor_start"), Some(&json!(2)));
        let typed = reply
            .pointer("/metadata/_jupyter_types_experimental/0")
            .unwrap();
        let expected = json!({"text": "kms", "type": "instance", "signature": "Kms", "documentation": "Keys.", "start": 2, "end": 4});
        assert_eq!(typed, &expected);
    }

    #[test]
    fn nothing_found_is_an_answer_too() {
        let expected = json!({"status": "ok", "found": false, "data": {}, "metadata": {}});
        assert_eq!(inspection(None), expected);
    }

    #[test]
    fn only_an_incomplete_answer_has_an_indent() {
        let more = Completeness::Incomplete {
            indent: "  ".into(),
        };
        assert_eq!(
            completeness(more),
            json!({"status": "incomplete", "indent": "  "})
        );
        assert_eq!(
            completeness(Completeness::Invalid),
            json!({"status": "invalid"})
        );
    }
}
