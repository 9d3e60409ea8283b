//! Between Rhai's values and JSON.
//!
//! Binary values are base64 in JSON, but only in the members that the caller
//! names: a text that happens to look like base64 stays a text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Array, Dynamic, INT, Map};
use serde_json::{Number, Value};
use thiserror::Error;

/// How deep values may nest, in both directions.
pub const MAX_DEPTH: usize = 64;

/// Why a value has no counterpart on the other side.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueError {
    /// A closure, range, lab object…
    #[error(
        "{place} is a `{type_name}`, which has no JSON form; pass its text, `arn` or `name` instead"
    )]
    NoJson {
        /// Where it stands.
        place: String,
        /// What it is.
        type_name: String,
    },
    /// A blob in a member that is text.
    #[error("{place} is binary where text is expected; convert it with `.as_string()`")]
    UnexpectedBlob {
        /// Where it stands.
        place: String,
    },
    /// A text in a member that is binary.
    #[error("{place} is text where a blob is expected; convert it with `.to_blob()`")]
    UnexpectedText {
        /// Where it stands.
        place: String,
    },
    /// A text that is not base64 in a binary member of JSON.
    #[error("{place} is not base64: {reason}")]
    Base64 {
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not finite, or beyond 64 bits.
    #[error("{place} is the number `{number}`, which has no counterpart here")]
    Number {
        /// Where it stands.
        place: String,
        /// The number.
        number: String,
    },
    /// Deeper than [`MAX_DEPTH`].
    #[error("{place} is nested more than {MAX_DEPTH} deep")]
    TooDeep {
        /// Where it stands.
        place: String,
    },
}

/// Which members are binary, by their name.
#[derive(Clone, Copy)]
pub struct BlobMembers<'a>(&'a dyn Fn(&str) -> bool);

impl<'a> BlobMembers<'a> {
    /// Those for which `is_blob` holds.
    pub fn matching(is_blob: &'a dyn Fn(&str) -> bool) -> Self {
        Self(is_blob)
    }

    /// No member is binary.
    pub fn none() -> BlobMembers<'static> {
        BlobMembers(&|_| false)
    }
}

/// The JSON form of a value.
///
/// # Errors
/// See [`ValueError`]; the place is a path such as `Tags[0].Key`.
pub fn to_json(value: &Dynamic, blobs: BlobMembers<'_>) -> Result<Value, ValueError> {
    json_at(value, blobs, &Place::Root, 0)
}

/// The Rhai form of JSON.
///
/// # Errors
/// See [`ValueError`].
pub fn from_json(value: &Value, blobs: BlobMembers<'_>) -> Result<Dynamic, ValueError> {
    dynamic_at(value, blobs, &Place::Root, 0)
}

/// A path into a value, kept on the stack and written only for an error.
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Member(Place::Root, name) => (*name).to_owned(),
            Place::Member(parent, name) => format!("{}.{name}", parent.path()),
            Place::Element(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }

    fn text(&self) -> String {
        match self {
            Place::Root => "the value".to_owned(),
            place => format!("`{}`", place.path()),
        }
    }

    /// The member that holds it, through lists.
    fn member(&self) -> &str {
        match self {
            Place::Root => "",
            Place::Member(_, name) => name,
            Place::Element(parent, _) => parent.member(),
        }
    }

    fn is_blob(&self, blobs: BlobMembers<'_>) -> bool {
        !matches!(self, Place::Root) && blobs.0(self.member())
    }

    fn check_depth(&self, depth: usize) -> Result<(), ValueError> {
        if depth > MAX_DEPTH {
            // The whole path would be longer than anyone reads.
            return Err(ValueError::TooDeep {
                place: format!("`{}`", self.member()),
            });
        }
        Ok(())
    }
}

fn json_at(
    value: &Dynamic,
    blobs: BlobMembers<'_>,
    place: &Place<'_>,
    depth: usize,
) -> Result<Value, ValueError> {
    place.check_depth(depth)?;
    if let Ok(map) = value.as_map_ref() {
        let members = map
            .iter()
            .map(|(name, v)| member_json(name, v, blobs, place, depth));
        return members.collect::<Result<_, _>>().map(Value::Object);
    }
    if let Ok(array) = value.as_array_ref() {
        let element =
            |(at, value): (usize, &_)| json_at(value, blobs, &Place::Element(place, at), depth + 1);
        return array
            .iter()
            .enumerate()
            .map(element)
            .collect::<Result<_, _>>()
            .map(Value::Array);
    }
    if let Ok(blob) = value.as_blob_ref() {
        return match place.is_blob(blobs) {
            true => Ok(Value::String(STANDARD.encode(&*blob))),
            false => Err(ValueError::UnexpectedBlob {
                place: place.text(),
            }),
        };
    }
    scalar_json(value, blobs, place)
}

fn member_json(
    name: &str,
    value: &Dynamic,
    blobs: BlobMembers<'_>,
    place: &Place<'_>,
    depth: usize,
) -> Result<(String, Value), ValueError> {
    let json = json_at(value, blobs, &Place::Member(place, name), depth + 1)?;
    Ok((name.to_owned(), json))
}

fn scalar_json(
    value: &Dynamic,
    blobs: BlobMembers<'_>,
    place: &Place<'_>,
) -> Result<Value, ValueError> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(bool) = value.as_bool() {
        return Ok(Value::Bool(bool));
    }
    if let Ok(int) = value.as_int() {
        return Ok(Value::from(int));
    }
    if let Ok(float) = value.as_float() {
        let number = Number::from_f64(float).map(Value::Number);
        let error = || ValueError::Number {
            place: place.text(),
            number: float.to_string(),
        };
        return number.ok_or_else(error);
    }
    if let Ok(char) = value.as_char() {
        return Ok(Value::String(char.to_string()));
    }
    match value.as_immutable_string_ref() {
        Ok(_) if place.is_blob(blobs) => Err(ValueError::UnexpectedText {
            place: place.text(),
        }),
        Ok(text) => Ok(Value::String(text.to_string())),
        Err(_) => Err(ValueError::NoJson {
            place: place.text(),
            type_name: short_type_name(value),
        }),
    }
}

/// The last segment of a Rust type's path.
pub(super) fn short_type_name(value: &Dynamic) -> String {
    value
        .type_name()
        .rsplit("::")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn dynamic_at(
    value: &Value,
    blobs: BlobMembers<'_>,
    place: &Place<'_>,
    depth: usize,
) -> Result<Dynamic, ValueError> {
    place.check_depth(depth)?;
    match value {
        Value::Null => Ok(Dynamic::UNIT),
        Value::Bool(bool) => Ok((*bool).into()),
        Value::Number(number) => number_dynamic(number, place),
        Value::String(text) if place.is_blob(blobs) => STANDARD
            .decode(text)
            .map(Dynamic::from_blob)
            .map_err(|e| ValueError::Base64 {
                place: place.text(),
                reason: e.to_string(),
            }),
        Value::String(text) => Ok(text.as_str().into()),
        Value::Array(elements) => {
            let element =
                |(at, v): (usize, &_)| dynamic_at(v, blobs, &Place::Element(place, at), depth + 1);
            let array = elements
                .iter()
                .enumerate()
                .map(element)
                .collect::<Result<Array, _>>()?;
            Ok(Dynamic::from_array(array))
        }
        Value::Object(members) => {
            let member = |(name, v): (&String, &_)| {
                let value = dynamic_at(v, blobs, &Place::Member(place, name), depth + 1)?;
                Ok((name.as_str().into(), value))
            };
            let map = members.iter().map(member).collect::<Result<Map, _>>()?;
            Ok(Dynamic::from_map(map))
        }
    }
}

fn number_dynamic(number: &Number, place: &Place<'_>) -> Result<Dynamic, ValueError> {
    if let Some(int) = number.as_i64() {
        return Ok(Dynamic::from_int(int as INT));
    }
    match number.as_f64() {
        Some(float) if number.is_f64() => Ok(Dynamic::from_float(float)),
        _ => Err(ValueError::Number {
            place: place.text(),
            number: number.to_string(),
        }),
    }
}
/// `text` as a literal of a script.
pub fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        control if control.is_control() => format!("\\u{:04x}", u32::from(control)),
        other => other.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
