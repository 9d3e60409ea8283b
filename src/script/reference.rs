//! What scripts can call, as data: the reference, completion and inspection
//! are all made from these entries.

use serde::Serialize;

/// What an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A value that is visible everywhere, such as `kms`.
    Global,
    /// A free function.
    Function,
    /// A type of values.
    Type,
    /// A value of a receiver.
    Property,
    /// A function of a receiver.
    Method,
    /// A word of the language.
    Keyword,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Function => "function",
            Self::Type => "type",
            Self::Property => "property",
            Self::Method => "method",
            Self::Keyword => "keyword",
        }
    }
}

/// A parameter of a function or method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// The friendly name of its type, such as `map` or `Key`; `any` for any.
    pub type_name: String,
}

/// One thing that scripts can name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its name, without the receiver.
    pub name: String,
    /// The type it belongs to, for methods and properties.
    pub receiver: Option<String>,
    /// The parameters, without the receiver.
    pub params: Vec<Param>,
    /// The type of the result, of the property or of the global value.
    pub returns: String,
    /// What it does, in Markdown; the first sentence is the summary.
    pub doc: String,
    /// A piece of script.
    pub example: String,
    /// Whether it is part of Rhai and not of the lab.
    pub is_language: bool,
}

impl Entry {
    /// An entry with nothing but its name.
    pub(super) fn new(kind: Kind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            receiver: None,
            params: Vec::new(),
            returns: String::new(),
            doc: String::new(),
            example: String::new(),
            is_language: false,
        }
    }

    /// `Key.trust(role: Role) -> ()`, `Key.arn: string`, `kms: Kms`.
    pub fn signature(&self) -> String {
        let name = self.qualified_name();
        match self.kind {
            Kind::Function | Kind::Method => {
                let params: Vec<_> = self.params.iter().map(Param::text).collect();
                let returns = match self.returns.as_str() {
                    "" | "()" => String::new(),
                    returns => format!(" -> {returns}"),
                };
                format!("{name}({}){returns}", params.join(", "))
            }
            Kind::Property | Kind::Global if !self.returns.is_empty() => {
                format!("{name}: {}", self.returns)
            }
            _ => name,
        }
    }

    /// `Key.trust`, `kms`.
    pub fn qualified_name(&self) -> String {
        match &self.receiver {
            Some(receiver) => format!("{receiver}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The first sentence of the description.
    pub fn summary(&self) -> &str {
        let paragraph = self.doc.split("\n\n").next().unwrap_or("");
        let paragraph = paragraph.split("\n- ").next().unwrap_or("").trim();
        paragraph.split_inclusive(". ").next().unwrap_or("").trim()
    }
}

impl Param {
    fn text(&self) -> String {
        match self.type_name.as_str() {
            "" | "any" => self.name.clone(),
            type_name => format!("{}: {type_name}", self.name),
        }
    }
}

/// Everything that an engine offers to scripts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reference {
    /// In the order of registration.
    pub entries: Vec<Entry>,
}

impl Reference {
    /// The entries that a name means: `trust`, `Key.trust` or `Key`.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        let matches = move |entry: &&Entry| entry.name == name || entry.qualified_name() == name;
        self.entries.iter().filter(matches)
    }

    /// The methods and properties of a type.
    pub fn members<'a>(&'a self, receiver: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.receiver.as_deref() == Some(receiver))
    }

    /// The type of `receiver.name` or of the function or global value `name`.
    pub(super) fn type_of(&self, receiver: Option<&str>, name: &str) -> Option<&str> {
        let found = self.entries.iter().find(|entry| {
            entry.name == name
                && entry.receiver.as_deref() == receiver
                && !matches!(entry.kind, Kind::Type | Kind::Keyword)
        })?;
        Some(found.returns.as_str()).filter(|returns| !returns.is_empty())
    }
}
