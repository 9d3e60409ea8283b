//! What scripts pass: option maps, lists of names, policy documents.

use rhai::{Array, Blob, Dynamic, Map};
use serde_json::{Map as JsonMap, Value, json};

use super::client::Fallible;
use super::convert;
use crate::base::nearest;
use crate::base::time::parse_duration_seconds;
use crate::script::language::friendly;
use crate::script::{BlobMembers, Thrown, to_json};

/// The options of a method by name; a name that it does not know is refused at once.
#[derive(Debug, Default)]
pub(super) struct Options {
    method: &'static str,
    members: Map,
}

impl Options {
    /// The options of `method`, whose names are `known`.
    ///
    /// # Errors
    /// For a name that is not known, with the nearest that is.
    pub(super) fn new(method: &'static str, members: Map, known: &[&str]) -> Fallible<Self> {
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(unknown_option(method, unknown, known)),
            None => Ok(Self { method, members }),
        }
    }

    /// The option `name`, lab objects and all; `None` if absent or `()`.
    pub(super) fn value(&self, name: &str) -> Option<Dynamic> {
        self.members
            .get(name)
            .map(Dynamic::flatten_clone)
            .filter(|value| !value.is_unit())
    }

    /// A text, or an object that has a name or ARN.
    pub(super) fn text(&self, name: &str) -> Fallible<Option<String>> {
        self.value(name)
            .map(|value| text(value, &option(name)))
            .transpose()
    }

    /// A list of texts or objects; one alone stands for a list of one.
    pub(super) fn texts(&self, name: &str) -> Fallible<Option<Vec<String>>> {
        self.value(name)
            .map(|value| texts(value, &option(name)))
            .transpose()
    }

    /// True or false.
    pub(super) fn flag(&self, name: &str) -> Fallible<Option<bool>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value.as_bool() {
            Ok(flag) => Ok(Some(flag)),
            Err(_) => Err(wrong(&option(name), "`true` or `false`", &value)),
        }
    }

    /// A map of texts as JSON.
    pub(super) fn text_map(&self, name: &str) -> Fallible<Option<JsonMap<String, Value>>> {
        self.value(name)
            .map(|value| text_map(self.method, name, value))
            .transpose()
    }

    /// A length of time in whole days.
    pub(super) fn days(&self, name: &str) -> Fallible<Option<i64>> {
        self.text(name)?.map(|text| days(&text)).transpose()
    }

    /// A length of time in seconds: `"1h"` or a number of seconds.
    pub(super) fn seconds(&self, name: &str) -> Fallible<Option<i64>> {
        self.value(name)
            .map(|value| seconds(value, &option(name)))
            .transpose()
    }

    /// A policy document as JSON text.
    pub(super) fn document(&self, name: &str) -> Fallible<Option<String>> {
        self.value(name)
            .map(|value| document(value, &option(name)))
            .transpose()
    }

    /// Tags as AWS's operations take them.
    pub(super) fn tags(&self, name: &str) -> Fallible<Option<Value>> {
        self.value(name)
            .map(|value| tags(value, &option(name)))
            .transpose()
    }

    /// A map, as JSON.
    pub(super) fn json(&self, name: &str) -> Fallible<Option<Value>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        if !value.is_map() {
            return Err(wrong(&option(name), "a map", &value));
        }
        json_of(value).map(Some)
    }
}

fn option(name: &str) -> String {
    format!("option `{name}`")
}

fn unknown_option(method: &str, unknown: &str, known: &[&str]) -> Box<rhai::EvalAltResult> {
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it takes {}", known.join(", ")),
    };
    let text = format!("`{method}` has no option `{unknown}`");
    Thrown::new("UnknownOption", text).with("hint", hint).into()
}

/// An argument that cannot be used, with the reason.
pub(super) fn invalid(message: impl Into<String>) -> Box<rhai::EvalAltResult> {
    Thrown::new("InvalidArgument", message).into()
}

fn wrong(what: &str, expected: &str, value: &Dynamic) -> Box<rhai::EvalAltResult> {
    let found = friendly(value.type_name());
    let text = format!("{what} should be {expected}, not a `{found}`");
    Thrown::new("WrongType", text).into()
}

/// A text, or the name or ARN of a lab object.
pub(super) fn text(value: Dynamic, what: &str) -> Fallible<String> {
    let value = convert::plain(value)?;
    match value.as_immutable_string_ref() {
        Ok(text) => Ok(text.to_string()),
        Err(_) => Err(wrong(what, "text or an object of the lab", &value)),
    }
}

/// Texts or lab objects, in lists of any depth.
pub(super) fn texts(value: Dynamic, what: &str) -> Fallible<Vec<String>> {
    let elements = value.read_lock::<Array>().map(|array| array.to_vec());
    let Some(elements) = elements else {
        return Ok(vec![text(value, what)?]);
    };
    let mut found = Vec::with_capacity(elements.len());
    for element in elements {
        found.extend(texts(element, what)?);
    }
    Ok(found)
}

/// One text or lab object, or an array of them that is not empty.
pub(super) fn list(value: Dynamic, what: &str) -> Fallible<Vec<String>> {
    let elements = value.read_lock::<Array>().map(|array| array.to_vec());
    let Some(elements) = elements else {
        return Ok(vec![text(value, what)?]);
    };
    if elements.is_empty() {
        return Err(Thrown::new("WrongValue", format!("{what} is an empty list")).into());
    }
    elements
        .into_iter()
        .map(|element| text(element, what))
        .collect()
}

/// A length of time in seconds.
pub(super) fn seconds(value: Dynamic, what: &str) -> Fallible<i64> {
    if let Ok(seconds) = value.as_int() {
        return Ok(seconds);
    }
    let text = match value.as_immutable_string_ref() {
        Ok(text) => text.to_string(),
        Err(_) => return Err(wrong(what, "a length of time such as `\"1h\"`", &value)),
    };
    parse_duration_seconds(&text).map_err(invalid)
}

/// A policy document as JSON text: of a map, or the text itself.
pub(super) fn document(value: Dynamic, what: &str) -> Fallible<String> {
    if value.is_map() {
        return Ok(json_of(value)?.to_string());
    }
    match value.as_immutable_string_ref() {
        Ok(text) => Ok(text.to_string()),
        Err(_) => Err(wrong(what, "a map or JSON text", &value)),
    }
}

/// `90d` as 90.
pub(super) fn days(text: &str) -> Fallible<i64> {
    const DAY_SECONDS: i64 = 86_400;
    let seconds = parse_duration_seconds(text).map_err(|e| Thrown::new("WrongValue", e))?;
    if seconds <= 0 || seconds % DAY_SECONDS != 0 {
        let text = format!("`{text}` is not a whole number of days: write it as `90d`");
        return Err(Thrown::new("WrongValue", text).into());
    }
    Ok(seconds / DAY_SECONDS)
}

/// A map of texts, such as an encryption context, as JSON; lab objects give their ARN.
pub(super) fn text_map(
    method: &str,
    name: &str,
    value: Dynamic,
) -> Fallible<JsonMap<String, Value>> {
    let wrong = |what: &str| {
        let text = format!(
            "`{name}` of `{method}` is a map of texts such as #{{ purpose: \"pay\" }}, {what}"
        );
        Thrown::new("WrongType", text)
    };
    let plain = convert::plain(value)?;
    let json = to_json(&plain, BlobMembers::none()).map_err(|e| wrong(&format!("and {e}")))?;
    let Value::Object(members) = json else {
        return Err(wrong("not another value").into());
    };
    match members.iter().find(|(_, value)| !value.is_string()) {
        Some((key, _)) => Err(wrong(&format!("and `{key}` is no text")).into()),
        None => Ok(members),
    }
}

pub(super) fn tags(value: Dynamic, what: &str) -> Fallible<Value> {
    let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
        return Err(wrong(what, "a map of keys and values", &value));
    };
    let mut tags = Vec::with_capacity(map.len());
    for (key, value) in map {
        let value = text(value, &format!("tag `{key}`"))?;
        tags.push(json!({ "Key": key.as_str(), "Value": value }));
    }
    Ok(tags.into())
}

/// Bytes from a text or a blob.
pub(super) fn bytes(value: &Dynamic, what: &str) -> Fallible<Vec<u8>> {
    let value = value.flatten_clone();
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(ciphertext) = value.read_lock::<super::ciphertext::Ciphertext>() {
        return Ok(ciphertext.bytes().to_vec());
    }
    match value.read_lock::<Blob>() {
        Some(blob) => Ok(blob.clone()),
        None => Err(wrong(what, "a text or a blob", &value)),
    }
}

/// A value as JSON, its lab objects by name.
pub(super) fn json_of(value: Dynamic) -> Fallible<Value> {
    let plain = convert::plain(value)?;
    to_json(&plain, BlobMembers::none()).map_err(|e| Thrown::new("WrongType", e.to_string()).into())
}

/// The text at a pointer into an answer; empty if there is none.
pub(super) fn at(answer: &Value, pointer: &str) -> String {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// JSON as a Rhai value.
pub(super) fn dynamic(value: &Value) -> Fallible<Dynamic> {
    crate::script::from_json(value, BlobMembers::none())
        .map_err(|e| Thrown::new("InternalFailure", e.to_string()).into())
}

/// A document in JSON text as a Rhai map.
pub(super) fn parsed(document: &str) -> Fallible<Dynamic> {
    let value: Value = serde_json::from_str(document)
        .map_err(|e| Thrown::new("InternalFailure", e.to_string()))?;
    dynamic(&value)
}
