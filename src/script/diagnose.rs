//! From Rhai's errors to ours: where, in whose text, and what was meant.

use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, LexError, ParseError, ParseErrorType, Position, Scope};

use super::display::Renderers;
use super::error::{ErrorKind, Frame, Place, ScriptError};
use super::language::friendly;
use super::limits::Limits;
use super::reference::{Entry, Kind, Reference};
use super::scan::is_word;
use super::source::{Origins, Source, end_of_statement};
use crate::base::nearest;

/// What is known around an error.
pub(super) struct Diagnosis<'a> {
    pub(super) source: &'a Rc<Source>,
    pub(super) origins: &'a Origins,
    pub(super) scope: &'a Scope<'static>,
    pub(super) functions: Vec<String>,
    pub(super) reference: &'a Reference,
    pub(super) language: &'a [Entry],
    pub(super) renderers: &'a Renderers,
    pub(super) limits: &'a Limits,
}

impl Diagnosis<'_> {
    pub(super) fn parse_error(&self, error: &ParseError) -> ScriptError {
        let mut at = error.position();
        if matches!(error.err_type(), ParseErrorType::MissingToken(token, _) if token == ";") {
            at = end_of_statement(&self.source.code, at).unwrap_or(at);
        }
        let place = place(self.source, at);
        let (message, hint) = parse_message(error.err_type());
        ScriptError {
            hint,
            ..ScriptError::new(ErrorKind::Parse, message, place)
        }
    }

    pub(super) fn runtime_error(&self, error: &EvalAltResult) -> ScriptError {
        let (mut error, mut source, mut frames) = (error, Rc::clone(self.source), Vec::new());
        while let EvalAltResult::ErrorInFunctionCall(name, _, inner, position) = error {
            let called_at = place(&source, *position);
            let found = self.origins.find(name, inner.position().line());
            frames.insert(
                0,
                Frame {
                    function: function_name(name),
                    called_at,
                },
            );
            source = found.unwrap_or(source);
            error = inner;
        }
        let at = place(&source, error.position());
        let told = self.tell(error, &at);
        ScriptError { frames, ..told }
    }

    fn tell(&self, error: &EvalAltResult, at: &Place) -> ScriptError {
        use EvalAltResult as E;
        let told = |kind, message: String| ScriptError::new(kind, message, at.clone());
        let runtime = |message| told(ErrorKind::Runtime, message);
        match error {
            E::ErrorRuntime(payload, _) => self.thrown(payload, at),
            E::ErrorTerminated(..) => told(ErrorKind::Interrupted, "the script was stopped".into()),
            E::ErrorParsing(kind, _) => {
                let (message, hint) = parse_message(kind);
                ScriptError {
                    hint,
                    ..told(ErrorKind::Parse, message)
                }
            }
            E::ErrorVariableNotFound(name, _) => {
                let hint = self.variable_hint(name);
                ScriptError {
                    hint,
                    ..runtime(format!("there is no variable `{name}`"))
                }
            }
            E::ErrorFunctionNotFound(signature, _) => self.function_not_found(signature, at),
            E::ErrorDotExpr(message, _) => self.dot_error(message, at),
            E::ErrorMismatchDataType(wanted, found, _)
            | E::ErrorMismatchOutputType(wanted, found, _) => runtime(format!(
                "expected {}, found {}",
                friendly(wanted),
                friendly(found)
            )),
            E::ErrorIndexingType(types, _) => {
                let indexed = types.split(" [").next().unwrap_or(types);
                runtime(format!("`{}` cannot be indexed", friendly(indexed)))
            }
            _ if is_limit(error) => {
                let message = without_position(error);
                let hint = self.limits.hint(&message);
                ScriptError {
                    hint,
                    ..told(ErrorKind::Limit, lowercase_first(&message))
                }
            }
            _ => runtime(lowercase_first(&without_position(error))),
        }
    }

    fn thrown(&self, payload: &Dynamic, at: &Place) -> ScriptError {
        let message = match payload.as_map_ref() {
            Ok(map) => match map.get("message") {
                Some(message) => self.renderers.text(message),
                None => self.renderers.text(payload),
            },
            Err(_) if payload.is_unit() => "the script threw an error without a message".into(),
            Err(_) => self.renderers.text(payload),
        };
        let hint = payload
            .as_map_ref()
            .ok()
            .and_then(|map| map.get("hint").cloned());
        let hint = hint.and_then(|hint| hint.into_string().ok());
        let error = ScriptError::new(ErrorKind::Thrown, message, at.clone());
        ScriptError {
            payload: Some(payload.clone()),
            hint,
            ..error
        }
    }

    fn variable_hint(&self, name: &str) -> Option<String> {
        let variables = self.scope.iter_raw().map(|(name, ..)| name);
        let globals = self
            .entries()
            .filter(|e| e.kind == Kind::Global)
            .map(|e| e.name.as_str());
        if let Some(near) = near(name, variables.chain(globals)) {
            return Some(match near == name {
                true => format!("functions do not see `{name}`; pass it as an argument"),
                false => did_you_mean(near),
            });
        }
        let is_function = self
            .entries()
            .any(|e| e.kind == Kind::Function && e.name == name);
        is_function.then(|| format!("`{name}` is a function; call it with `{name}(…)`"))
    }

    /// Rhai gives the call as `name (type, type)`.
    fn function_not_found(&self, signature: &str, at: &Place) -> ScriptError {
        let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
        let arguments = arguments
            .trim_end_matches(')')
            .split(", ")
            .filter(|a| !a.is_empty());
        let types: Vec<_> = arguments.map(friendly).collect();
        if !name.starts_with(|c: char| c == '_' || c.is_alphabetic()) {
            let message = format!("`{name}` does not work on {}", types.join(" and "));
            return ScriptError::new(ErrorKind::Runtime, message, at.clone());
        }
        let is_method = at
            .text
            .as_deref()
            .zip(at.column)
            .is_some_and(|(l, c)| after_dot(l, c));
        let (receiver, types) = match (is_method, types.split_first()) {
            (true, Some((receiver, rest))) => (Some(receiver.as_str()), rest),
            _ => (None, types.as_slice()),
        };
        let given = types.join(", ");
        let message = match receiver {
            Some(receiver) => format!("`{receiver}` has no method `{name}({given})`"),
            None => format!("there is no function `{name}({given})`"),
        };
        let hidden = receiver.and_then(|_| self.hidden_global(at));
        let hint = hidden.or_else(|| self.function_hint(name, receiver));
        ScriptError {
            hint,
            ..ScriptError::new(ErrorKind::Runtime, message, at.clone())
        }
    }

    /// When the receiver is a variable that hides an object of the lab.
    fn hidden_global(&self, at: &Place) -> Option<String> {
        let before: String = at.text.as_deref()?.chars().take(at.column? - 1).collect();
        let receiver = before.trim_end().trim_end_matches(['.', '?']).trim_end();
        let start = receiver.rfind(|c| !is_word(c)).map_or(0, |end| end + 1);
        let name = receiver
            .get(start..)
            .filter(|name| self.scope.contains(name))?;
        let is_global = |e: &Entry| e.kind == Kind::Global && e.name == name;
        let hides = self.reference.entries.iter().any(is_global);
        hides.then(|| format!("your variable `{name}` hides the lab's `{name}`; rename it"))
    }

    fn function_hint(&self, name: &str, receiver: Option<&str>) -> Option<String> {
        if receiver.is_none() && self.scope.get(name).is_some_and(Dynamic::is_fnptr) {
            return Some(format!(
                "`{name}` holds a closure; call it with `{name}.call(…)`"
            ));
        }
        let fits = |e: &&Entry| match receiver {
            Some(_) => e
                .receiver
                .as_deref()
                .is_some_and(|r| Some(r) == receiver || r == "any"),
            None => true,
        };
        let callable = |e: &&Entry| matches!(e.kind, Kind::Function | Kind::Method);
        let known: Vec<_> = self.entries().filter(fits).filter(callable).collect();
        let forms: Vec<_> = known
            .iter()
            .filter(|e| e.name == name)
            .map(|e| e.signature())
            .collect();
        if !forms.is_empty() {
            let forms: Vec<_> = forms
                .iter()
                .take(4)
                .map(|form| format!("`{form}`"))
                .collect();
            return Some(format!("it is called as {}", forms.join(" or ")));
        }
        let is_property = self
            .entries()
            .filter(fits)
            .any(|e| e.kind == Kind::Property && e.name == name);
        if is_property && receiver.is_some() {
            return Some(format!("`{name}` is a property; write it without `()`"));
        }
        let names = known.iter().map(|e| e.name.as_str());
        let own = self.functions.iter().map(String::as_str);
        if let Some(near) = near(name, names.chain(own)) {
            return Some(if near == name {
                wrong_count(name)
            } else {
                did_you_mean(near)
            });
        }
        let members: Vec<_> = self
            .reference
            .members(receiver?)
            .map(|e| e.name.as_str())
            .collect();
        (!members.is_empty()).then(|| format!("it has {}", list(&members)))
    }

    /// `Unknown property 'x' - a getter is not registered for type 'T'`.
    fn dot_error(&self, message: &str, at: &Place) -> ScriptError {
        let mut quoted = message.split('\'').skip(1).step_by(2);
        let known = (quoted.next(), quoted.next());
        let (Some(name), Some(type_name)) = known else {
            return ScriptError::new(ErrorKind::Runtime, lowercase_first(message), at.clone());
        };
        let type_name = friendly(type_name);
        let (rest, hint) = match message.contains("setter") {
            true => (" that can be set", self.setter_hint(name, &type_name)),
            false => ("", self.property_hint(name, &type_name)),
        };
        let message = format!("`{type_name}` has no property `{name}`{rest}");
        ScriptError {
            hint,
            ..ScriptError::new(ErrorKind::Runtime, message, at.clone())
        }
    }

    fn setter_hint(&self, name: &str, type_name: &str) -> Option<String> {
        let setter = format!("set_{name}");
        self.entries()
            .any(|e| e.receiver.as_deref() == Some(type_name) && e.name == setter)
            .then(|| format!("call `{setter}(…)`"))
    }

    fn property_hint(&self, name: &str, type_name: &str) -> Option<String> {
        if type_name == "()" {
            return Some("what stands before the dot is `()`, that is, nothing".to_owned());
        }
        let members: Vec<_> = self
            .entries()
            .filter(|e| e.receiver.as_deref() == Some(type_name))
            .collect();
        if members
            .iter()
            .any(|e| e.kind == Kind::Method && e.name == name)
        {
            return Some(format!("`{name}` is a method; call it with `{name}(…)`"));
        }
        let names = members.iter().map(|e| e.name.as_str());
        if let Some(near) = near(name, names) {
            return Some(did_you_mean(near));
        }
        let properties = members.iter().filter(|e| e.kind == Kind::Property);
        let names: Vec<_> = properties.map(|e| e.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("it has {}", list(&names)))
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.reference.entries.iter().chain(self.language)
    }
}

/// The nearest name; of one or two letters every other one is near.
fn near<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let is_short = name.chars().count() < 3;
    nearest(
        name,
        candidates.filter(|other| !is_short || other.eq_ignore_ascii_case(name)),
    )
}

fn did_you_mean(near: &str) -> String {
    format!("did you mean `{near}`?")
}

fn wrong_count(name: &str) -> String {
    format!("`{name}` takes another number of arguments")
}

/// At most a dozen names, each once.
fn list(names: &[&str]) -> String {
    let mut unique: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    unique.sort();
    unique.dedup();
    let more = if unique.len() > 12 { ", …" } else { "" };
    unique.truncate(12);
    unique.join(", ") + more
}

fn function_name(name: &str) -> String {
    if name.starts_with("anon$") {
        "closure".to_owned()
    } else {
        name.to_owned()
    }
}

/// Whether the name at `column` follows a dot.
fn after_dot(line: &str, column: usize) -> bool {
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    before.trim_end().ends_with('.')
}

/// The place of a position in a text.
pub(super) fn place(source: &Source, position: Position) -> Place {
    let line = position.line();
    Place {
        source: source.name.clone(),
        line,
        column: position.position(),
        text: line.and_then(|line| source.line(line)).map(str::to_owned),
    }
}

fn is_limit(error: &EvalAltResult) -> bool {
    use EvalAltResult as E;
    matches!(
        error,
        E::ErrorTooManyOperations(..)
            | E::ErrorTooManyVariables(..)
            | E::ErrorTooManyModules(..)
            | E::ErrorStackOverflow(..)
            | E::ErrorDataTooLarge(..)
    )
}

/// Rhai's message without the position that it appends.
fn without_position(error: &EvalAltResult) -> String {
    let text = error.to_string();
    let suffix = format!(" ({})", error.position());
    text.strip_suffix(&suffix)
        .map_or(text.clone(), str::to_owned)
}

fn lowercase_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The message and, for the words that are switched off, what to do instead.
fn parse_message(kind: &ParseErrorType) -> (String, Option<String>) {
    let word = match kind {
        ParseErrorType::Reserved(word)
        | ParseErrorType::BadInput(LexError::ImproperSymbol(word, _)) => word.as_str(),
        _ => "",
    };
    match word {
        "import" | "export" => (
            format!("`{word}` is switched off: a script cannot load modules"),
            Some("everything of the lab is there without it; see `keychai reference`".into()),
        ),
        "eval" => (
            "`eval` is switched off: a script cannot run text as code".into(),
            Some("write a function, or a closure such as `|x| x + 1`".into()),
        ),
        _ => (lowercase_first(&kind.to_string()), parse_hint(kind)),
    }
}

fn parse_hint(kind: &ParseErrorType) -> Option<String> {
    match kind {
        ParseErrorType::ExprTooDeep => Some("split the expression, using variables".into()),
        ParseErrorType::MissingToken(token, _) if token == ";" => {
            Some("statements are separated by `;`".into())
        }
        ParseErrorType::Reserved(word) if word.starts_with(char::is_alphabetic) => Some(format!(
            "`{word}` is a word of the language; choose another name"
        )),
        ParseErrorType::UnexpectedEOF => Some("a bracket or a statement is still open".into()),
        _ => None,
    }
}
