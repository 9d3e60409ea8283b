//! The functions that every script has: output, input, waiting.

use std::rc::Rc;
use std::time::Duration;

use rhai::{
    Array, Blob, Dynamic, EvalAltResult, FLOAT, FuncRegistration, INT, ImmutableString, Map,
};

use super::display::blob_text;
use super::interrupt::Interrupt;
use super::output::Stream;
use super::registry::{Extension, Registry};

/// Measures how long a person waits; nothing in the lab depends on it.
#[expect(
    clippy::disallowed_methods,
    reason = "real time, for bars and `%time` alone"
)]
pub(super) fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}

/// How often a waiting script looks whether it should stop.
const SLICE: Duration = Duration::from_millis(5);
/// The longest a script may wait at once.
const MAX_SLEEP_SECONDS: f64 = 86_400.0;

/// `print`, `debug`, `display`, `clear_output`, `input`, `password`, `sleep`.
pub(super) struct Builtins;

impl Extension for Builtins {
    fn register(&self, registry: &mut Registry<'_>) {
        streams(registry);
        texts(registry);
        displays(registry);
        super::displays::register(registry);
        super::progress::register(registry);
        questions(registry);
        sleeps(registry);
    }
}

/// Rhai hands the text that these return to `on_print` and `on_debug`.
fn streams(registry: &mut Registry<'_>) {
    let print = registry.renderers();
    registry
        .function("print")
        .param("value", "any")
        .doc("Writes a value and a line end to the output. A string is written bare.")
        .example("print(\"the key is \" + key.arn)")
        .register(move |value: Dynamic| ImmutableString::from(print.text(&value)));
    let debug = registry.renderers();
    registry
        .function("debug")
        .param("value", "any")
        .doc("Writes a value to the error output, with quotes and the line it stands on.")
        .example("debug(#{ a: 1 })")
        .register(move |value: Dynamic| ImmutableString::from(debug.render(&value).text));
    let output = registry.output();
    registry
        .engine()
        .on_print(move |text| output.stream(Stream::Stdout, &format!("{text}\n")));
    let output = registry.output();
    registry.engine().on_debug(move |text, source, position| {
        let place = match (source, position.line()) {
            (Some(source), Some(line)) => format!("{source}:{line}: "),
            _ => String::new(),
        };
        output.stream(Stream::Stderr, &format!("{place}{text}\n"));
    });
}

/// Rhai's maps forget the order of their members; a policy is read in AWS's.
fn in_policy_order(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    const ORDER: [&str; 11] = [
        "Version",
        "Id",
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let rank = |name: &String| {
        ORDER
            .iter()
            .position(|known| known == name)
            .unwrap_or(ORDER.len())
    };
    match value {
        Value::Array(elements) => elements.into_iter().map(in_policy_order).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by_key(|(name, _)| rank(name));
            members
                .into_iter()
                .map(|(name, member)| (name, in_policy_order(member)))
                .collect()
        }
        plain => plain,
    }
}

/// Rhai's own `print` for these types is found before one for any value.
fn texts(registry: &mut Registry<'_>) {
    text_of::<Array>(registry);
    text_of::<Map>(registry);
    for name in ["print", "debug", "to_string", "to_debug"] {
        let text = |blob: &mut Blob| ImmutableString::from(blob_text(blob));
        FuncRegistration::new(name).register_into_engine(registry.engine(), text);
    }
}

fn text_of<T: Clone + 'static>(registry: &mut Registry<'_>) {
    for name in ["print", "debug"] {
        let renderers = registry.renderers();
        let text = move |value: T| ImmutableString::from(renderers.text(&Dynamic::from(value)));
        FuncRegistration::new(name).register_into_engine(registry.engine(), text);
    }
}

fn displays(registry: &mut Registry<'_>) {
    let (output, renderers) = (registry.output(), registry.renderers());
    registry
        .function("display")
        .param("value", "any")
        .doc("Shows a value as a result is shown: in a notebook with its tables and pictures.")
        .example("display(failure_matrix())")
        .register(move |value: Dynamic| output.display(renderers.render(&value)));
    registry
        .function("json")
        .param("value", "any")
        .returns("string")
        .doc("The value as indented JSON text, as policies are written.")
        .example("json(#{ Version: \"2012-10-17\" })")
        .register(
            |value: Dynamic| -> Result<String, Box<rhai::EvalAltResult>> {
                let json = super::to_json(&value, super::BlobMembers::none())
                    .map_err(|error| super::Thrown::new("WrongValue", error.to_string()))?;
                Ok(format!("{:#}", in_policy_order(json)))
            },
        );
    let output = registry.output();
    registry
        .function("clear_output")
        .doc("Removes what this cell has shown so far.")
        .register(move || output.clear(false));
    let output = registry.output();
    registry
        .function("clear_output")
        .param("wait", "bool")
        .doc("Removes what this cell has shown so far, once the next output comes.")
        .register(move |wait: bool| output.clear(wait));
}

fn questions(registry: &mut Registry<'_>) {
    for (name, is_password, doc) in [
        ("input", false, "Asks for a line of text."),
        (
            "password",
            true,
            "Asks for a line of text that is not shown while it is typed.",
        ),
    ] {
        let output = registry.output();
        let interrupt = registry.interrupt();
        let ask = move |prompt: &str| -> Result<ImmutableString, Box<EvalAltResult>> {
            let answer = output.input(prompt, is_password);
            interrupt.check()?;
            Ok(answer.map(ImmutableString::from)?)
        };
        let ask = Rc::new(ask);
        let bare = Rc::clone(&ask);
        registry
            .function(name)
            .returns("string")
            .doc(doc)
            .register(move || bare(""));
        registry
            .function(name)
            .param("prompt", "string")
            .returns("string")
            .doc(doc)
            .example(&format!("let answer = {name}(\"name: \");"))
            .register(move |prompt: &str| ask(prompt));
    }
}

fn sleeps(registry: &mut Registry<'_>) {
    let doc = "Waits for some seconds of real time. The lab's clock does not move: see `clock`.";
    let interrupt = registry.interrupt();
    registry
        .function("sleep")
        .param("seconds", "int")
        .doc(doc)
        .example("sleep(1)")
        .register(move |seconds: INT| sleep(seconds as f64, &interrupt));
    let interrupt = registry.interrupt();
    registry
        .function("sleep")
        .param("seconds", "float")
        .doc(doc)
        .example("sleep(0.5)")
        .register(move |seconds: FLOAT| sleep(seconds, &interrupt));
}

fn sleep(seconds: f64, interrupt: &Interrupt) -> Result<(), Box<EvalAltResult>> {
    let seconds = if seconds.is_nan() {
        0.0
    } else {
        seconds.clamp(0.0, MAX_SLEEP_SECONDS)
    };
    let mut left = Duration::from_secs_f64(seconds);
    while !left.is_zero() {
        interrupt.check()?;
        let slice = left.min(SLICE);
        std::thread::sleep(slice);
        left = left.saturating_sub(slice);
    }
    interrupt.check()
}
