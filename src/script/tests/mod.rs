//! The floor through its public door: a session with a small lab in it.

use std::rc::Rc;

use rhai::Dynamic;

use super::*;

mod cells;
mod completing;
mod errors;
mod limiting;
mod magic;
mod prompts;
mod referring;
mod showing;
mod values;

/// A type as the lab has them.
#[derive(Clone)]
struct Key(String);

/// A service as the lab has them.
#[derive(Clone)]
struct Kms;

/// `kms`, with a key that can be denied.
struct SmallLab;

impl Extension for SmallLab {
    fn register(&self, registry: &mut Registry<'_>) {
        registry
            .type_named::<Key>("Key", "A key of KMS.")
            .type_named::<Kms>("Kms", "The key service.")
            .renderer(|key: &Key| Rendered::plain(format!("Key {}", key.0)).with_html("<b>key</b>"))
            .brief(|_: &Kms| "the key service".to_owned())
            .global("kms", Kms, "The key service of the lab.");
        registry
            .method::<Kms>("create_key")
            .param("alias", "string")
            .returns("Key")
            .doc("Creates a key. It trusts nobody yet.")
            .example("let key = kms.create_key(\"payroll\");")
            .register(|_: &mut Kms, alias: &str| Key(alias.to_owned()));
        registry
            .property::<Key>("arn")
            .returns("string")
            .doc("The ARN.")
            .register(|key: &mut Key| format!("arn:aws:kms:::key/{}", key.0));
        registry
            .method::<Key>("trust")
            .param("role", "any")
            .doc("Adds a statement to the key policy.")
            .register(|_: &mut Key, _: Dynamic| ());
        registry.method::<Key>("decrypt").returns("blob").register(
            |_: &mut Key| -> Result<(), Box<rhai::EvalAltResult>> {
                Err(
                    Thrown::new("AccessDenied", "not authorized to perform kms:Decrypt")
                        .with("status", 403_i64)
                        .with("hint", "key.trust(role)".to_owned())
                        .into(),
                )
            },
        );
    }

    fn hints(&self) -> Option<Rc<dyn CompletionHints>> {
        Some(Rc::new(SmallHints))
    }

    fn render_error(&self, payload: &Dynamic) -> Option<Rendered> {
        let map = payload.as_map_ref().ok()?;
        let status = map.get("status")?.as_int().ok()?;
        Some(Rendered::plain(format!("denied with {status}")))
    }
}

struct SmallHints;

impl CompletionHints for SmallHints {
    fn members(&self, call: &CallSite) -> Vec<Completion> {
        let text = format!(
            "{}_{}_{}",
            call.function,
            call.argument,
            call.path.join("_")
        );
        vec![Completion {
            text,
            kind: "member".into(),
            ..Completion::default()
        }]
    }

    fn texts(&self, site: &TextSite) -> Vec<Completion> {
        let known = ["kms:Decrypt", "kms:Encrypt", "s3:GetObject"];
        let text = |text: &&str| Completion {
            text: (*text).to_owned(),
            kind: site.call.as_ref().map_or(String::new(), |call| {
                let names = std::iter::once(&call.function).chain(&call.path);
                names.cloned().collect::<Vec<_>>().join(" ")
            }),
            ..Completion::default()
        };
        known.iter().map(text).collect()
    }
}

fn session() -> Session {
    session_with(Rc::new(Captured::default()), Limits::default())
}

fn session_with(output: Rc<Captured>, limits: Limits) -> Session {
    let options = SessionOptions {
        limits,
        ..SessionOptions::new(output)
    };
    Session::new(options.with(Rc::new(SmallLab)))
}

/// The value of a cell as text.
fn run(session: &mut Session, cell: &str, code: &str) -> String {
    match session.execute(cell, code) {
        Ok(value) => session.display(&value.unwrap_or(Dynamic::UNIT)).text,
        Err(error) => panic!("{error}"),
    }
}

/// The error of a cell.
fn fail(session: &mut Session, cell: &str, code: &str) -> Box<ScriptError> {
    match session.execute(cell, code) {
        Ok(value) => panic!("`{code}` gave {value:?}"),
        Err(error) => error,
    }
}
