//! Rhai with the lab's objects behind the kernel.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::interpreter::{
    Completeness, Completion, Completions, DisplayOptions, ExecuteRequest, ExecutionError,
    HelpLink, Interpreter, Language, Output, Stream,
};
use crate::lab::Lab;
use crate::render::Rendered;
use crate::script::objects::{Keeping, LabObjects};
use crate::script::{
    self, Extension, Registry, ScriptError, Session, SessionOptions, byte_offset, char_offset,
};

/// A session of Rhai in a lab, as the kernel drives it.
pub struct RhaiKernel {
    session: Session,
    relay: Rc<Relay>,
    banner: String,
}

impl RhaiKernel {
    /// A session with the objects of `lab`.
    pub fn new(lab: Lab) -> Self {
        Self::with_files(lab, Keeping::default())
    }

    /// The same, whose cells may touch the files that `keeping` allows.
    pub fn with_files(lab: Lab, keeping: Keeping) -> Self {
        let banner = banner(&lab);
        let relay = Rc::new(Relay::default());
        let pager: Rc<dyn Extension> = Rc::new(Pager(Rc::clone(&relay)));
        let options = SessionOptions::new(Rc::clone(&relay) as Rc<dyn script::Output>)
            .with(LabObjects::new(lab).keeping(keeping).extension())
            .with(pager);
        Self {
            session: Session::new(options),
            relay,
            banner,
        }
    }

    fn failure(&self, error: &ScriptError) -> ExecutionError {
        let display = error
            .payload()
            .and_then(|payload| self.session.render_error(payload));
        ExecutionError {
            name: error.name(),
            value: error.message.clone(),
            traceback: error.report(true).lines().map(str::to_owned).collect(),
            display: display.map(Box::new),
        }
    }
}

fn banner(lab: &Lab) -> String {
    let kind = if lab.is_simulated() {
        "simulated clock and seeded randomness: same seed, same result; keep its keys in here"
    } else {
        "the system's clock and randomness"
    };
    format!(
        "keychai {} · model {} · {kind}\nTry: iam, sts, kms, s3, glue, trail, clock · Tab completes, Shift-Tab explains",
        env!("CARGO_PKG_VERSION"),
        lab.model()
    )
}

impl Interpreter for RhaiKernel {
    fn execute(
        &mut self,
        request: &ExecuteRequest<'_>,
        output: &Rc<dyn Output>,
    ) -> Result<Option<Rendered>, ExecutionError> {
        self.relay.connect(output);
        let name = format!("In[{}]", request.execution_count);
        let outcome = self.session.execute_cell(&name, request.code);
        outcome.map_err(|error| self.failure(&error))
    }

    fn evaluate(&mut self, expression: &str) -> Option<Result<Rendered, ExecutionError>> {
        let result = match self.session.execute("expression", expression) {
            Ok(Some(value)) => Ok(self.session.display(&value)),
            Ok(None) => Ok(Rendered::default()),
            Err(error) => Err(self.failure(&error)),
        };
        Some(result)
    }

    fn complete(&self, code: &str, cursor: usize) -> Completions {
        let found = self.session.complete(code, byte_offset(code, cursor));
        let items = found.items.into_iter().map(|item| Completion {
            text: item.text,
            kind: item.kind,
            signature: item.detail,
            documentation: item.doc,
        });
        Completions {
            start: char_offset(code, found.start),
            end: char_offset(code, found.end),
            items: items.collect(),
        }
    }

    fn inspect(&self, code: &str, cursor: usize, _detail: u8) -> Option<Rendered> {
        self.session.inspect(code, byte_offset(code, cursor))
    }

    fn is_complete(&self, code: &str) -> Completeness {
        match self.session.is_complete(code) {
            script::Completeness::Complete => Completeness::Complete,
            script::Completeness::Incomplete { indent } => Completeness::Incomplete { indent },
            script::Completeness::Invalid => Completeness::Invalid,
        }
    }

    fn interrupt_flag(&self) -> Arc<AtomicBool> {
        self.session.interrupt().flag()
    }

    fn language(&self) -> Language {
        let text = str::to_owned;
        Language {
            implementation: text("keychai"),
            implementation_version: text(env!("CARGO_PKG_VERSION")),
            name: text("rhai"),
            version: text("1.27"),
            mimetype: text("text/x-rhai"),
            file_extension: text(".rhai"),
            codemirror_mode: text("javascript"),
            pygments_lexer: text("javascript"),
            nbconvert_exporter: text("script"),
            banner: self.banner.clone(),
            help_links: vec![HelpLink {
                text: text("The Rhai book"),
                url: text("https://rhai.rs/book/"),
            }],
        }
    }
}

/// Passes what a script shows to the cell that runs at the moment.
#[derive(Default)]
struct Relay(RefCell<Option<Rc<dyn Output>>>);

impl Relay {
    fn connect(&self, output: &Rc<dyn Output>) {
        self.0.replace(Some(Rc::clone(output)));
    }

    fn current(&self) -> Option<Rc<dyn Output>> {
        self.0.borrow().clone()
    }
}

impl script::Output for Relay {
    fn stream(&self, stream: script::Stream, text: &str) {
        if let Some(output) = self.current() {
            let stream = match stream {
                script::Stream::Stdout => Stream::Stdout,
                script::Stream::Stderr => Stream::Stderr,
            };
            output.stream(stream, text);
        }
    }

    fn display(&self, rendered: Rendered) {
        if let Some(output) = self.current() {
            output.display(rendered, DisplayOptions::default());
        }
    }

    fn display_as(&self, rendered: Rendered, name: &str, update: bool) {
        if let Some(output) = self.current() {
            let display_id = Some(name.to_owned());
            output.display(rendered, DisplayOptions { display_id, update });
        }
    }

    fn page(&self, rendered: Rendered) {
        if let Some(output) = self.current() {
            output.page(rendered);
        }
    }

    fn clear(&self, wait: bool) {
        if let Some(output) = self.current() {
            output.clear(wait);
        }
    }

    fn input(&self, prompt: &str, password: bool) -> Result<String, String> {
        match self.current() {
            Some(output) => output
                .input(prompt, password)
                .map_err(|why| why.to_string()),
            None => Err("no cell is running".to_owned()),
        }
    }
}

/// `page(text)`, which only a notebook has.
struct Pager(Rc<Relay>);

impl Extension for Pager {
    fn register(&self, registry: &mut Registry<'_>) {
        let relay = Rc::clone(&self.0);
        registry
            .function("page")
            .param("text", "string")
            .doc("Shows text in the notebook's pager.")
            .example("page(\"a longer text\")")
            .register(move |text: &str| {
                if let Some(output) = relay.current() {
                    output.page(Rendered::plain(text));
                }
            });
    }
}
