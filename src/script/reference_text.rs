//! The reference as Markdown.

use std::fmt::Write as _;

use super::objects::snake_case;
use super::reference::{Entry, Kind, Reference};
use crate::base::nearest;

/// The whole reference, or what it says about one name.
///
/// # Errors
/// A sentence that names the unknown name and the nearest known one.
pub fn text(reference: &Reference, name: Option<&str>) -> Result<String, String> {
    let Some(name) = name else {
        return Ok(overview(reference));
    };
    let own = in_scripts(reference, name);
    let found: Vec<_> = match reference.named(name).next() {
        Some(_) => reference.named(name).collect(),
        None => reference.named(&own).collect(),
    };
    if found.is_empty() {
        return Err(unknown(reference, name));
    }
    let mut out = String::new();
    for entry in found {
        out.push_str(&full(entry));
        if entry.kind == Kind::Type {
            out.push_str(&members(reference, &entry.name));
        }
        if entry.kind == Kind::Global && entry.returns != entry.name {
            out.push_str(&members(reference, &entry.returns));
        }
    }
    Ok(out.trim_end().to_owned() + "\n")
}

/// A name as the reference has it, from AWS's own: `CreateGrant` is
/// `create_grant`, and `kms:CreateGrant` and `kms.create_grant` are `Kms.create_grant`.
fn in_scripts(reference: &Reference, name: &str) -> String {
    let Some((service, operation)) = name.split_once([':', '.']) else {
        return snake_case(name);
    };
    let mut globals = reference.entries.iter().filter(|e| e.kind == Kind::Global);
    match globals.find(|global| global.name == service) {
        Some(global) => format!("{}.{}", global.returns, snake_case(operation)),
        None => format!("{service}.{}", snake_case(operation)),
    }
}

fn unknown(reference: &Reference, name: &str) -> String {
    let qualified: Vec<_> = reference
        .entries
        .iter()
        .map(Entry::qualified_name)
        .collect();
    let names = reference.entries.iter().map(|entry| entry.name.as_str());
    let near = nearest(name, names.chain(qualified.iter().map(String::as_str)));
    let advice = near.map_or_else(
        || "`keychai reference` lists all names".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    format!("the reference has no entry `{name}`; {advice}")
}

/// Signature, description and example of one entry, as Markdown.
pub fn full(entry: &Entry) -> String {
    let mut out = format!("### `{}`\n\n", entry.signature());
    if !entry.doc.is_empty() {
        let _ = write!(out, "{}\n\n", entry.doc);
    }
    if !entry.example.is_empty() {
        let _ = write!(out, "```rhai\n{}\n```\n\n", entry.example);
    }
    out
}

fn overview(reference: &Reference) -> String {
    let of_kind = |kind| {
        reference
            .entries
            .iter()
            .filter(move |e| e.kind == kind && !e.is_language)
    };
    let mut out = String::from("# Scripting reference\n\n");
    out.push_str(&section("Objects", of_kind(Kind::Global)));
    out.push_str(&section("Functions", of_kind(Kind::Function)));
    for entry in of_kind(Kind::Type) {
        let _ = write!(out, "## {}\n\n{}\n\n", entry.name, entry.doc);
        out.push_str(&members(reference, &entry.name));
    }
    out.push_str(
        "Besides these there is the Rhai language with its functions on strings, arrays, maps, \
         blobs and numbers: <https://rhai.rs/book>.\n",
    );
    out
}

fn section<'a>(title: &str, entries: impl Iterator<Item = &'a Entry>) -> String {
    let lines: String = entries.map(line).collect();
    match lines.is_empty() {
        true => lines,
        false => format!("## {title}\n\n{lines}\n"),
    }
}

fn members(reference: &Reference, receiver: &str) -> String {
    let mut entries: Vec<_> = reference.members(receiver).collect();
    entries.sort_by_key(|entry| entry.kind);
    let lines: String = entries.into_iter().map(line).collect();
    match lines.is_empty() {
        true => lines,
        false => lines + "\n",
    }
}

fn line(entry: &Entry) -> String {
    match entry.summary() {
        "" => format!("- `{}`\n", entry.signature()),
        summary => format!("- `{}`: {summary}\n", entry.signature()),
    }
}
