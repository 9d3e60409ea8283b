//! How values look: the types' own renderers, and a plain form for the rest.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rhai::{Array, Blob, Dynamic, FnPtr, INT, ImmutableString, Map};
use unicode_width::UnicodeWidthStr as _;

use super::values::short_type_name;
use crate::render::Rendered;

const WIDTH: usize = 80;
const MAX_ITEMS: usize = 100;
const MAX_NESTING: usize = 8;
const MAX_NESTED_TEXT: usize = 300;
const BLOB_BYTES_SHOWN: usize = 8;

type Render = Rc<dyn Fn(&Dynamic) -> Rendered>;
type Brief = Rc<dyn Fn(&Dynamic) -> String>;

/// What is known of a native type.
#[derive(Clone, Default)]
struct Known {
    name: String,
    render: Option<Render>,
    brief: Option<Brief>,
}

/// The names and renderers of the native types.
#[derive(Default)]
pub struct Renderers(RefCell<HashMap<TypeId, Known>>);

impl Renderers {
    pub(super) fn name_type(&self, id: TypeId, name: &str) {
        self.0.borrow_mut().entry(id).or_default().name = name.to_owned();
    }

    pub(super) fn set_render(&self, id: TypeId, render: Render) {
        self.0.borrow_mut().entry(id).or_default().render = Some(render);
    }

    pub(super) fn set_brief(&self, id: TypeId, brief: Brief) {
        self.0.borrow_mut().entry(id).or_default().brief = Some(brief);
    }

    /// The friendly name of a type, if it is registered or a plain one.
    pub(super) fn type_name(&self, id: TypeId) -> Option<String> {
        let registered = self.0.borrow().get(&id).map(|known| known.name.clone());
        registered
            .filter(|name| !name.is_empty())
            .or_else(|| plain_name(id).map(str::to_owned))
    }

    /// The friendly name of a value's type, such as `Key`, `int` or `map`.
    pub fn type_of(&self, value: &Dynamic) -> String {
        self.type_name(value.type_id())
            .unwrap_or_else(|| short_type_name(value))
    }

    /// All that a front end may show of a value.
    pub fn render(&self, value: &Dynamic) -> Rendered {
        let known = self.known(value);
        if let Some(render) = known.as_ref().and_then(|k| k.render.as_ref()) {
            return render(value);
        }
        let records = value
            .as_array_ref()
            .ok()
            .and_then(|array| super::records::table(&array, self));
        if let Some(table) = records {
            return Rendered::from(&table);
        }
        match value.as_immutable_string_ref() {
            Ok(text) if text.contains('\n') => Rendered::plain(text.as_str()),
            _ => Rendered::plain(self.pretty(value, 0)),
        }
    }

    /// The text that `print` writes: a string bare, the rest as shown.
    pub fn text(&self, value: &Dynamic) -> String {
        match value.as_immutable_string_ref() {
            Ok(text) => text.to_string(),
            Err(_) => self.render(value).text,
        }
    }

    /// One line that stands for the value inside other values.
    pub fn brief(&self, value: &Dynamic) -> String {
        let known = self.known(value);
        if let Some(brief) = known.as_ref().and_then(|k| k.brief.as_ref()) {
            return brief(value);
        }
        match known.and_then(|k| k.render) {
            Some(render) => render(value).text.lines().next().unwrap_or("").to_owned(),
            None => self.pretty(value, MAX_NESTING - 1).replace('\n', " "),
        }
    }

    fn known(&self, value: &Dynamic) -> Option<Known> {
        self.0.borrow().get(&value.type_id()).cloned()
    }

    fn pretty(&self, value: &Dynamic, depth: usize) -> String {
        if let Ok(array) = value.as_array_ref() {
            return self.pretty_array(&array, depth);
        }
        if let Ok(map) = value.as_map_ref() {
            return self.pretty_map(&map, depth);
        }
        if let Ok(blob) = value.as_blob_ref() {
            return blob_text(&blob);
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            let limit = if depth == 0 {
                usize::MAX
            } else {
                MAX_NESTED_TEXT
            };
            return quoted(&text, limit);
        }
        self.pretty_other(value)
    }

    fn pretty_other(&self, value: &Dynamic) -> String {
        if self
            .known(value)
            .is_some_and(|k| k.render.is_some() || k.brief.is_some())
        {
            return self.brief(value);
        }
        match plain_name(value.type_id()) {
            Some("()") => String::new(),
            Some("char") => format!("'{value}'"),
            Some("function") => function_text(value),
            Some(_) => value.to_string(),
            None => format!("<{}>", self.type_of(value)),
        }
    }

    fn pretty_array(&self, array: &Array, depth: usize) -> String {
        if depth >= MAX_NESTING {
            return format!("[… {} elements]", array.len());
        }
        let shown = array.iter().take(MAX_ITEMS).map(|v| self.item(v, depth));
        let items = shown.chain(more(array.len())).collect();
        enclose("[", items, "]", depth)
    }

    fn pretty_map(&self, map: &Map, depth: usize) -> String {
        if depth >= MAX_NESTING {
            return format!("#{{… {} members}}", map.len());
        }
        let shown = map.iter().take(MAX_ITEMS);
        let shown = shown.map(|(name, v)| format!("{}: {}", key_text(name), self.item(v, depth)));
        let items = shown.chain(more(map.len())).collect();
        enclose("#{", items, "}", depth)
    }

    fn item(&self, value: &Dynamic, depth: usize) -> String {
        match value.is_unit() {
            true => "()".to_owned(),
            false => self.pretty(value, depth + 1),
        }
    }
}

/// The names that people know for Rhai's own types.
fn plain_name(id: TypeId) -> Option<&'static str> {
    let names = [
        (TypeId::of::<()>(), "()"),
        (TypeId::of::<bool>(), "bool"),
        (TypeId::of::<INT>(), "int"),
        (TypeId::of::<rhai::FLOAT>(), "float"),
        (TypeId::of::<char>(), "char"),
        (TypeId::of::<ImmutableString>(), "string"),
        (TypeId::of::<String>(), "string"),
        (TypeId::of::<&str>(), "string"),
        (TypeId::of::<Array>(), "array"),
        (TypeId::of::<Blob>(), "blob"),
        (TypeId::of::<Map>(), "map"),
        (TypeId::of::<FnPtr>(), "function"),
        (TypeId::of::<Dynamic>(), "any"),
        (TypeId::of::<std::ops::Range<INT>>(), "range"),
        (TypeId::of::<std::ops::RangeInclusive<INT>>(), "range="),
    ];
    names
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, name)| *name)
}

/// The first bytes in hexadecimal, and the length.
pub(super) fn blob_text(blob: &[u8]) -> String {
    let hex: String = blob
        .iter()
        .take(BLOB_BYTES_SHOWN)
        .map(|b| format!("{b:02x}"))
        .collect();
    let more = if blob.len() > BLOB_BYTES_SHOWN {
        "…"
    } else {
        ""
    };
    let unit = if blob.len() == 1 { "byte" } else { "bytes" };
    match blob.is_empty() {
        true => "blob(0 bytes)".to_owned(),
        false => format!("blob({} {unit}: {hex}{more})", blob.len()),
    }
}

fn function_text(value: &Dynamic) -> String {
    let name = value
        .clone()
        .try_cast::<FnPtr>()
        .map(|f| f.fn_name().to_owned());
    match name {
        Some(name) if !name.starts_with("anon$") => format!("fn {name}"),
        _ => "closure".to_owned(),
    }
}

fn quoted(text: &str, limit: usize) -> String {
    let shown: String = text.chars().take(limit).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!(
        "\"{}{more}\"",
        shown
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

fn key_text(name: &str) -> String {
    let plain = name.starts_with(|c: char| c == '_' || c.is_alphabetic())
        && name.chars().all(super::scan::is_word);
    if plain {
        name.to_owned()
    } else {
        quoted(name, MAX_NESTED_TEXT)
    }
}

fn more(length: usize) -> Option<String> {
    (length > MAX_ITEMS).then(|| format!("… {} more", length - MAX_ITEMS))
}

/// On one line when it fits, else one item per line.
fn enclose(open: &str, items: Vec<String>, close: &str, depth: usize) -> String {
    if items.is_empty() {
        return format!("{open}{close}");
    }
    let width: usize = items.iter().map(|i| i.width() + 2).sum::<usize>() + 4 * depth + 4;
    let pad = if open == "[" { "" } else { " " };
    if width <= WIDTH && !items.iter().any(|i| i.contains('\n')) {
        return format!("{open}{pad}{}{pad}{close}", items.join(", "));
    }
    let indented = items
        .iter()
        .map(|i| format!("    {}", i.replace('\n', "\n    ")));
    format!(
        "{open}\n{}\n{close}",
        indented.collect::<Vec<_>>().join(",\n")
    )
}
