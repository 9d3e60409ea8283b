//! Rhai's own functions and keywords as entries of the reference.

use rhai::Engine;
use serde::Deserialize;

use super::reference::{Entry, Kind, Param, Reference};

/// Words that completion offers at the beginning of an expression.
const KEYWORDS: [&str; 24] = [
    "let",
    "const",
    "if",
    "else",
    "switch",
    "while",
    "loop",
    "for",
    "in",
    "do",
    "until",
    "break",
    "continue",
    "return",
    "throw",
    "try",
    "catch",
    "fn",
    "private",
    "this",
    "true",
    "false",
    "Fn",
    "is_def_var",
];

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    functions: Vec<Function>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    name: String,
    #[serde(default)]
    params: Vec<NativeParam>,
    #[serde(default)]
    return_type: String,
    #[serde(default)]
    doc_comments: Vec<String>,
}

#[derive(Deserialize)]
struct NativeParam {
    name: Option<String>,
    #[serde(rename = "type")]
    type_name: Option<String>,
}

/// The functions of Rhai's packages, and its keywords.
pub(super) fn entries(engine: &Engine, own: &Reference) -> Vec<Entry> {
    let json = engine.gen_fn_metadata_to_json(true).unwrap_or_default();
    let metadata = serde_json::from_str(&json).unwrap_or(Metadata {
        functions: Vec::new(),
    });
    let keywords = KEYWORDS.iter().map(|word| Entry::new(Kind::Keyword, word));
    let functions = metadata
        .functions
        .into_iter()
        .filter_map(Function::into_entry);
    let foreign = functions.filter(|entry| !is_own(entry, own));
    keywords
        .chain(foreign)
        .map(|entry| Entry {
            is_language: true,
            ..entry
        })
        .collect()
}

/// Whether the engine has the entry from the registry and not from Rhai.
fn is_own(entry: &Entry, own: &Reference) -> bool {
    own.entries.iter().any(|known| match known.kind {
        Kind::Type => entry.receiver.as_deref() == Some(known.name.as_str()),
        Kind::Function => known.name == entry.name,
        _ => false,
    })
}

impl Function {
    /// `None` for operators and setters.
    ///
    /// Whatever takes a value first can be called as its method.
    fn into_entry(self) -> Option<Entry> {
        let (name, is_property) = match self.name.strip_prefix("get$") {
            Some(name) => (name, true),
            None => (self.name.as_str(), false),
        };
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(super::scan::is_word);
        if !is_word {
            return None;
        }
        let mut params = self.params.iter().map(NativeParam::to_param);
        let receiver = params.next().map(|param| param.type_name);
        let kind = match (&receiver, is_property) {
            (_, true) => Kind::Property,
            (Some(_), false) => Kind::Method,
            (None, false) => Kind::Function,
        };
        Some(Entry {
            receiver,
            params: params.collect(),
            returns: friendly(&self.return_type),
            doc: plain_doc(&self.doc_comments),
            ..Entry::new(kind, name)
        })
    }
}

impl NativeParam {
    fn to_param(&self) -> Param {
        let name = self.name.clone().unwrap_or_else(|| "value".to_owned());
        Param {
            name,
            type_name: friendly(self.type_name.as_deref().unwrap_or("")),
        }
    }
}

/// The name that people know for a Rust type of Rhai's.
pub(super) fn friendly(type_name: &str) -> String {
    if type_name.contains("ImmutableString") {
        return "string".to_owned();
    }
    let name = type_name
        .trim_start_matches('&')
        .trim_start_matches("mut ")
        .trim();
    let name = name.rsplit("::").next().unwrap_or(name);
    let known = match name {
        "i64" | "INT" => "int",
        "f64" | "FLOAT" => "float",
        "str" | "ImmutableString" | "String" | "string" => "string",
        "Array" | "array" => "array",
        "Map" | "map" => "map",
        "Blob" | "blob" => "blob",
        "FnPtr" | "Fn" => "function",
        "" | "Dynamic" | "?" => "any",
        other => other,
    };
    known.to_owned()
}

/// The text of `///` and `/** */` comments, up to the example.
pub(super) fn plain_doc<S: AsRef<str>>(comments: &[S]) -> String {
    let mut lines = Vec::new();
    for line in comments.iter().flat_map(|comment| comment.as_ref().lines()) {
        let line = line.trim().trim_start_matches("/**").trim_end_matches("*/");
        let line = line.trim_start_matches("///").trim_start_matches("* ");
        if line.trim() == "# Example" {
            break;
        }
        lines.push(line.strip_prefix(' ').unwrap_or(line));
    }
    lines.join("\n").trim().to_owned()
}
