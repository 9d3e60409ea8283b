//! One engine and its state, for scripts, prompts and notebook cells alike.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;

use rhai::packages::{
    BasicArrayPackage, BasicBlobPackage, BasicMapPackage, BasicMathPackage, BitFieldPackage,
    CorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, Dynamic, Engine, OptimizationLevel, Scope};

use super::builtins::Builtins;
use super::completeness::{self, Completeness};
use super::diagnose::{Diagnosis, place};
use super::display::Renderers;
use super::error::{ErrorKind, Place, ScriptError};
use super::interrupt::Interrupt;
use super::language;
use super::limits::Limits;
use super::output::Output;
use super::reference::{Entry, Kind, Reference};
use super::reference_text;
use super::registry::{Extension, Protected, Registry};
use super::source::{Origins, Source};
use crate::render::Rendered;

/// Evaluation gets its own stack, so that the limits hold in any thread and
/// in debug builds. The pages are touched only when needed.
const STACK_BYTES: usize = 256 << 20;

/// How deep a value may nest that leaves the evaluation's stack.
const MAX_RESULT_DEPTH: usize = 1000;

/// What a session is made of.
pub struct SessionOptions {
    /// How much a cell may use.
    pub limits: Limits,
    /// The front end.
    pub output: Rc<dyn Output>,
    /// The objects for scripts.
    pub extensions: Vec<Rc<dyn Extension>>,
    /// The flag that stops a running cell.
    pub interrupt: Interrupt,
}

impl SessionOptions {
    /// Default limits, no extension.
    pub fn new(output: Rc<dyn Output>) -> Self {
        Self {
            limits: Limits::default(),
            output,
            extensions: Vec::new(),
            interrupt: Interrupt::default(),
        }
    }

    /// The same with one more extension.
    #[must_use]
    pub fn with(mut self, extension: Rc<dyn Extension>) -> Self {
        self.extensions.push(extension);
        self
    }
}

/// An engine with the variables and functions of what ran in it so far.
///
/// It is bound to its thread; only its [`Interrupt`] goes to others.
pub struct Session {
    pub(super) engine: Engine,
    pub(super) scope: Scope<'static>,
    pub(super) functions: AST,
    pub(super) reference: Reference,
    pub(super) renderers: Rc<Renderers>,
    pub(super) extensions: Vec<Rc<dyn Extension>>,
    pub(super) output: Rc<dyn Output>,
    origins: Origins,
    protected: HashSet<Protected>,
    limits: Limits,
    interrupt: Interrupt,
    language: OnceCell<Vec<Entry>>,
}

impl Session {
    /// Builds the engine and registers the extensions, in order.
    pub fn new(options: SessionOptions) -> Self {
        let mut engine = bare_engine(&options.limits, &options.interrupt);
        let (mut globals, mut reference) = (HashMap::new(), Reference::default());
        let (mut protected, renderers) = (HashSet::new(), Rc::new(Renderers::default()));
        let mut registry = Registry {
            engine: &mut engine,
            globals: &mut globals,
            reference: &mut reference,
            protected: &mut protected,
            renderers: &renderers,
            interrupt: &options.interrupt,
            output: &options.output,
        };
        Builtins.register(&mut registry);
        options
            .extensions
            .iter()
            .for_each(|extension| extension.register(&mut registry));
        show_everywhere(&mut engine, globals);
        Self {
            engine,
            scope: Scope::new(),
            functions: AST::empty(),
            reference,
            renderers,
            extensions: options.extensions,
            output: options.output,
            origins: Origins::default(),
            protected,
            limits: options.limits,
            interrupt: options.interrupt,
            language: OnceCell::new(),
        }
    }

    /// Runs a cell or script and gives its last value, `None` for `()`.
    ///
    /// Variables and functions stay for the next cell, also those made before
    /// an error. Functions can be redefined. An interrupt requested before the
    /// call is forgotten.
    ///
    /// # Errors
    /// The error with its place; an error inside an older cell's function names
    /// that cell.
    pub fn execute(
        &mut self,
        source_name: &str,
        code: &str,
    ) -> Result<Option<Dynamic>, Box<ScriptError>> {
        self.interrupt.clear();
        let source = Source {
            name: source_name.to_owned(),
            code: without_shebang(code),
        };
        let result = stacker::grow(STACK_BYTES, || {
            catch_unwind(AssertUnwindSafe(|| self.run(&Rc::new(source))))
        });
        self.scope_keeps_last_of_each_name();
        result.unwrap_or_else(|_| {
            let place = Place {
                source: source_name.to_owned(),
                ..Place::default()
            };
            let message = "keychai itself failed here; the session goes on";
            Err(ScriptError::new(ErrorKind::Internal, message, place).into())
        })
    }

    /// Forgets all variables and functions, and registers the objects anew.
    pub(super) fn begin_again(&mut self) {
        let options = SessionOptions {
            limits: self.limits.clone(),
            output: Rc::clone(&self.output),
            extensions: self.extensions.clone(),
            interrupt: self.interrupt.clone(),
        };
        *self = Self::new(options);
    }

    /// Runs a file with the constant `args`, an array of strings.
    ///
    /// # Errors
    /// As [`Session::execute`], or that the file cannot be read.
    pub fn run_file(
        &mut self,
        path: &Path,
        args: &[String],
    ) -> Result<Option<Dynamic>, Box<ScriptError>> {
        let name = path.display().to_string();
        let code = std::fs::read_to_string(path).map_err(|error| {
            let place = Place {
                source: name.clone(),
                ..Place::default()
            };
            let message = format!("cannot read `{name}`: {error}");
            Box::new(ScriptError::new(ErrorKind::File, message, place))
        })?;
        self.set_args(args);
        self.execute(&name, &code)
    }

    /// Sets the constant `args`.
    pub fn set_args(&mut self, args: &[String]) {
        let args: rhai::Array = args.iter().map(|arg| arg.as_str().into()).collect();
        self.scope.push_constant("args", args);
    }

    fn run(&mut self, source: &Rc<Source>) -> Result<Option<Dynamic>, Box<ScriptError>> {
        let compiled = self.engine.compile_with_scope(&self.scope, &source.code);
        let ast = compiled.map_err(|error| Box::new(self.diagnosis(source).parse_error(&error)))?;
        self.refuse_protected(&ast, source)?;
        self.origins.record(&ast, source);
        let mut merged = self.functions.merge(&ast);
        merged.set_source(source.name.as_str());
        self.functions = merged.clone_functions_only();
        match self
            .engine
            .eval_ast_with_scope::<Dynamic>(&mut self.scope, &merged)
        {
            Ok(value) if is_deeper_than(&value, MAX_RESULT_DEPTH) => {
                let message = format!("the value is nested more than {MAX_RESULT_DEPTH} deep");
                let place = Place {
                    source: source.name.clone(),
                    ..Place::default()
                };
                Err(ScriptError::new(ErrorKind::Limit, message, place).into())
            }
            Ok(value) => Ok((!value.is_unit()).then_some(value)),
            Err(error) => Err(self.diagnosis(source).runtime_error(&error).into()),
        }
    }

    fn refuse_protected(&self, ast: &AST, source: &Rc<Source>) -> Result<(), Box<ScriptError>> {
        let clash = ast.iter_functions().find(|function| {
            let name = function.name.to_owned();
            self.protected.contains(&Protected::Name(name.clone()))
                || self
                    .protected
                    .contains(&Protected::Method(name, function.params.len()))
        });
        let Some(function) = clash else { return Ok(()) };
        let name = function.name;
        let message = format!("`{name}` belongs to the lab and cannot be defined again");
        let at = super::source::definition(&source.code, name).unwrap_or(rhai::Position::NONE);
        let error = ScriptError::new(ErrorKind::Parse, message, place(source, at));
        let hint = Some(format!("choose another name, such as `my_{name}`"));
        Err(ScriptError { hint, ..error }.into())
    }

    /// A repeated `let` would otherwise make the scope grow without end.
    fn scope_keeps_last_of_each_name(&mut self) {
        let mut seen = HashSet::new();
        // `iter_raw` runs backwards, so the first of each name here is the newest.
        let newest = self
            .scope
            .iter_raw()
            .filter(|(name, ..)| seen.insert(name.to_owned()));
        let newest: Vec<_> = newest.collect();
        if newest.len() == self.scope.len() {
            return;
        }
        let mut kept = Scope::new();
        for (name, is_constant, value) in newest.into_iter().rev() {
            match is_constant {
                true => kept.push_constant_dynamic(name, value.clone()),
                false => kept.push_dynamic(name, value.clone()),
            };
        }
        self.scope = kept;
    }

    fn diagnosis<'a>(&'a self, source: &'a Rc<Source>) -> Diagnosis<'a> {
        Diagnosis {
            source,
            origins: &self.origins,
            scope: &self.scope,
            functions: self
                .functions
                .iter_functions()
                .map(|f| f.name.to_owned())
                .collect(),
            reference: &self.reference,
            language: self.language(),
            renderers: &self.renderers,
            limits: &self.limits,
        }
    }

    /// Whether a text is a whole cell; runs nothing.
    pub fn is_complete(&self, code: &str) -> Completeness {
        self.with_stack(|| completeness::judge(&self.engine, code))
    }

    /// What to show for a value.
    pub fn display(&self, value: &Dynamic) -> Rendered {
        self.with_stack(|| self.renderers.render(value))
    }

    /// A richer form of a thrown value, if an extension has one.
    pub fn render_error(&self, payload: &Dynamic) -> Option<Rendered> {
        self.extensions
            .iter()
            .find_map(|extension| extension.render_error(payload))
    }

    /// What is registered, without Rhai's own functions.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Rhai's own functions and keywords.
    pub fn language(&self) -> &[Entry] {
        self.language
            .get_or_init(|| language::entries(&self.engine, &self.reference))
    }

    /// The reference as Markdown, or what it and the language say about a name.
    ///
    /// # Errors
    /// A sentence that names the unknown name and the nearest known one.
    pub fn reference_text(&self, name: Option<&str>) -> Result<String, String> {
        match name {
            Some(name) if self.reference.named(name).next().is_none() => {
                let all = self
                    .reference
                    .entries
                    .iter()
                    .chain(self.language())
                    .cloned();
                let entries = all.filter(|entry| entry.kind != Kind::Keyword).collect();
                reference_text::text(&Reference { entries }, Some(name))
            }
            name => reference_text::text(&self.reference, name),
        }
    }

    /// The flag that stops a running cell from another thread.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// The top-level variables, newest first: name and value.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Dynamic)> {
        self.scope.iter_raw().map(|(name, _, value)| (name, value))
    }

    /// Runs what may clone deep values.
    pub(super) fn with_stack<T>(&self, work: impl FnOnce() -> T) -> T {
        stacker::grow(STACK_BYTES, work)
    }

    /// Sets a top-level variable.
    pub fn set_variable(&mut self, name: &str, value: Dynamic) {
        self.scope.push_dynamic(name, value);
        self.scope_keeps_last_of_each_name();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A value that nests very deep needs as much stack to go as to come.
        stacker::grow(STACK_BYTES, || self.scope.clear());
    }
}

fn is_deeper_than(value: &Dynamic, limit: usize) -> bool {
    let Some(limit) = limit.checked_sub(1) else {
        return true;
    };
    match (value.as_array_ref(), value.as_map_ref()) {
        (Ok(array), _) => array.iter().any(|value| is_deeper_than(value, limit)),
        (_, Ok(map)) => map.values().any(|value| is_deeper_than(value, limit)),
        _ => false,
    }
}

/// Rhai without its clock, its modules and `eval`.
///
/// `timestamp` reads the machine's clock, which would break the replay of a seed.
fn bare_engine(limits: &Limits, interrupt: &Interrupt) -> Engine {
    let mut engine = Engine::new_raw();
    for package in [
        CorePackage::new().as_shared_module(),
        BitFieldPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicBlobPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
    ] {
        engine.register_global_module(package);
    }
    for word in ["eval", "import", "export"] {
        engine.disable_symbol(word);
    }
    // The optimizer would drop a statement such as `nme;` with its error.
    engine.set_optimization_level(OptimizationLevel::None);
    limits.apply(&mut engine);
    let interrupt = interrupt.clone();
    engine.on_progress(move |_| interrupt.is_requested().then_some(Dynamic::UNIT));
    engine
}

/// Makes values visible in functions and closures too, behind variables of the
/// same name.
///
/// A variable of a global module would do for functions, but a closure cannot
/// capture one.
#[expect(
    deprecated,
    reason = "Rhai marks its variable resolver as volatile this way"
)]
fn show_everywhere(engine: &mut Engine, globals: HashMap<String, Dynamic>) {
    engine.on_var(move |name, index, context| {
        // An index means that the parser found a variable.
        let known = if index == 0 { globals.get(name) } else { None };
        Ok(known.filter(|_| !context.scope().contains(name)).cloned())
    });
}

/// A `#!` line becomes a comment, so that line numbers stay.
fn without_shebang(code: &str) -> String {
    if code.starts_with("#!") {
        format!("//{code}")
    } else {
        code.to_owned()
    }
}
