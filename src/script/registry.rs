//! The one door through which native functions enter the engine.
//!
//! Whatever is registered here is documented here: the reference, completion
//! and inspection know it at once, and scripts cannot redefine it.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::rc::Rc;

use rhai::{Dynamic, Engine, FuncRegistration, ImmutableString, RhaiNativeFunc};

use super::completion::CompletionHints;
use super::display::Renderers;
use super::interrupt::Interrupt;
use super::output::Output;
use super::reference::{Entry, Kind, Param, Reference};
use crate::render::Rendered;

/// A set of objects for scripts: the lab, the grader's checks…
pub trait Extension {
    /// Registers types, functions and global objects.
    fn register(&self, registry: &mut Registry<'_>);

    /// What completion may offer inside map arguments and strings.
    fn hints(&self) -> Option<Rc<dyn CompletionHints>> {
        None
    }

    /// Begins again, with another seed if one is given; `None` for what keeps no state.
    fn renew(&self, _seed: Option<u64>) -> Option<Result<(), String>> {
        None
    }

    /// A richer form of a thrown value that nobody caught, such as a card.
    fn render_error(&self, _payload: &Dynamic) -> Option<Rendered> {
        None
    }
}

/// A name that scripts may not define a function by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Protected {
    /// With any number of parameters.
    Name(String),
    /// With just as many: it would replace a method.
    Method(String, usize),
}

/// Registers native functions together with their documentation.
pub struct Registry<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) globals: &'a mut HashMap<String, Dynamic>,
    pub(super) reference: &'a mut Reference,
    pub(super) protected: &'a mut HashSet<Protected>,
    pub(super) renderers: &'a Rc<Renderers>,
    pub(super) interrupt: &'a Interrupt,
    pub(super) output: &'a Rc<dyn Output>,
}

impl<'a> Registry<'a> {
    /// The engine itself, for what has no documentation: operators, iterators.
    pub fn engine(&mut self) -> &mut Engine {
        self.engine
    }

    /// For native functions that run long.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// For native functions that show something.
    pub fn output(&self) -> Rc<dyn Output> {
        Rc::clone(self.output)
    }

    /// For native functions that need the text of a value.
    pub fn renderers(&self) -> Rc<Renderers> {
        Rc::clone(self.renderers)
    }

    /// Names a type; do it before its methods.
    pub fn type_named<T: Any + Clone>(&mut self, name: &str, doc: &str) -> &mut Self {
        self.engine.register_type_with_name::<T>(name);
        self.renderers.name_type(TypeId::of::<T>(), name);
        self.register_texts::<T>();
        let doc = doc.to_owned();
        self.reference.entries.push(Entry {
            doc,
            ..Entry::new(Kind::Type, name)
        });
        self
    }

    fn register_texts<T: Any + Clone>(&mut self) {
        for name in ["print", "debug"] {
            let renderers = self.renderers();
            let text = move |value: &mut T| {
                ImmutableString::from(renderers.text(&Dynamic::from(value.clone())))
            };
            FuncRegistration::new(name).register_into_engine(self.engine, text);
        }
        for name in ["to_string", "to_debug"] {
            let renderers = self.renderers();
            let text = move |value: &mut T| {
                ImmutableString::from(renderers.brief(&Dynamic::from(value.clone())))
            };
            FuncRegistration::new(name).register_into_engine(self.engine, text);
        }
    }

    /// How values of `T` are shown; also what `print` writes.
    pub fn renderer<T: Any + Clone>(
        &mut self,
        render: impl Fn(&T) -> Rendered + 'static,
    ) -> &mut Self {
        let by_value = move |value: &Dynamic| match value.read_lock::<T>() {
            Some(value) => render(&value),
            None => Rendered::default(),
        };
        self.renderers
            .set_render(TypeId::of::<T>(), Rc::new(by_value));
        self
    }

    /// The one line that stands for a `T` in arrays, maps and `"${x}"`.
    pub fn brief<T: Any + Clone>(&mut self, brief: impl Fn(&T) -> String + 'static) -> &mut Self {
        let by_value = move |value: &Dynamic| value.read_lock::<T>().map(|v| brief(&v));
        let text = move |value: &Dynamic| by_value(value).unwrap_or_default();
        self.renderers.set_brief(TypeId::of::<T>(), Rc::new(text));
        self
    }

    /// An object that is visible everywhere, inside functions too.
    pub fn global<T: Any + Clone>(&mut self, name: &str, value: T, doc: &str) -> &mut Self {
        let returns = self.type_name::<T>();
        self.globals.insert(name.to_owned(), Dynamic::from(value));
        self.protected.insert(Protected::Name(name.to_owned()));
        let doc = doc.to_owned();
        self.reference.entries.push(Entry {
            returns,
            doc,
            ..Entry::new(Kind::Global, name)
        });
        self
    }

    /// A free function.
    pub fn function(&mut self, name: &str) -> Item<'_, 'a, ()> {
        self.item(Kind::Function, name, None)
    }

    /// A method of `T`, whose native form takes `&mut T` first.
    pub fn method<T: Any>(&mut self, name: &str) -> Item<'_, 'a, T> {
        let receiver = self.type_name::<T>();
        self.item(Kind::Method, name, Some(receiver))
    }

    /// A property of `T` that scripts read.
    pub fn property<T: Any>(&mut self, name: &str) -> Item<'_, 'a, T> {
        let receiver = self.type_name::<T>();
        self.item(Kind::Property, name, Some(receiver))
    }

    fn item<T>(&mut self, kind: Kind, name: &str, receiver: Option<String>) -> Item<'_, 'a, T> {
        let entry = Entry {
            receiver,
            ..Entry::new(kind, name)
        };
        Item {
            registry: self,
            entry,
            receiver: PhantomData,
        }
    }

    fn type_name<T: Any>(&self) -> String {
        let short = || {
            std::any::type_name::<T>()
                .rsplit("::")
                .next()
                .unwrap_or("")
                .to_owned()
        };
        self.renderers
            .type_name(TypeId::of::<T>())
            .unwrap_or_else(short)
    }
}

/// A function, method or property on its way into the engine.
#[must_use = "`register` puts it into the engine"]
pub struct Item<'r, 'a, T> {
    registry: &'r mut Registry<'a>,
    entry: Entry,
    receiver: PhantomData<T>,
}

impl<T> Item<'_, '_, T> {
    /// The next parameter: its name and the friendly name of its type.
    pub fn param(mut self, name: &str, type_name: &str) -> Self {
        let param = Param {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
        };
        self.entry.params.push(param);
        self
    }

    /// The friendly name of the result's type.
    pub fn returns(mut self, type_name: &str) -> Self {
        self.entry.returns = type_name.to_owned();
        self
    }

    /// What it does; the first sentence is the summary.
    pub fn doc(mut self, doc: &str) -> Self {
        self.entry.doc = doc.trim().to_owned();
        self
    }

    /// A piece of script that shows it.
    pub fn example(mut self, example: &str) -> Self {
        self.entry.example = example.trim().to_owned();
        self
    }

    /// Puts it into the engine.
    ///
    /// The function may take a [`rhai::NativeCallContext`] first, which does not
    /// count as a parameter.
    pub fn register<A, const N: usize, const X: bool, R, const F: bool, FUNC>(self, function: FUNC)
    where
        A: 'static,
        R: Any + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        let receivers = usize::from(self.entry.receiver.is_some());
        assert_eq!(
            FUNC::num_params(),
            self.entry.params.len() + receivers,
            "`{}` documents the parameters that it takes",
            self.entry.signature()
        );
        self.registration()
            .register_into_engine(self.registry.engine, function);
        self.registry.protected.extend(protection(&self.entry));
        self.registry.reference.entries.push(self.entry);
    }

    fn registration(&self) -> FuncRegistration {
        let entry = &self.entry;
        let registration = match entry.kind {
            Kind::Property => FuncRegistration::new_getter(&entry.name),
            _ => FuncRegistration::new(entry.name.as_str()),
        };
        let receiver = entry
            .receiver
            .as_ref()
            .map(|receiver| format!("self: {receiver}"));
        let params = entry
            .params
            .iter()
            .map(|p| format!("{}: {}", p.name, p.type_name));
        let info: Vec<_> = receiver
            .into_iter()
            .chain(params)
            .chain([entry.returns.clone()])
            .collect();
        let doc = entry
            .doc
            .lines()
            .map(|line| format!("/// {line}"))
            .collect::<Vec<_>>();
        // Volatile: what a call returns depends on the lab, not on its arguments alone.
        registration
            .with_params_info(info)
            .with_comments([doc.join("\n")])
            .with_volatility(true)
    }
}

fn protection(entry: &Entry) -> Option<Protected> {
    match entry.kind {
        Kind::Function => Some(Protected::Name(entry.name.clone())),
        Kind::Method => Some(Protected::Method(entry.name.clone(), entry.params.len())),
        _ => None,
    }
}
