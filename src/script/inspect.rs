//! What a name means, for Shift-Tab and `?`.

use rhai::ScriptFnMetadata;

use super::completion::{boundary, word_end};
use super::context::Context;
use super::language::plain_doc;
use super::reference::{Entry, Kind};
use super::reference_text;
use super::scan::{Scan, TokenKind};
use super::session::Session;
use crate::render::Rendered;

/// Overloads shown of one name.
const MAX_ENTRIES: usize = 6;

impl Session {
    /// The description of the name at `cursor`, or of the call whose arguments
    /// it is in; `None` when there is none. Runs nothing.
    pub fn inspect(&self, code: &str, cursor: usize) -> Option<Rendered> {
        self.with_stack(|| self.inspect_at(code, cursor))
    }

    fn inspect_at(&self, code: &str, cursor: usize) -> Option<Rendered> {
        let end = word_end(code, boundary(code, cursor));
        let scan = Scan::new(code.get(..end)?);
        let tokens = scan.significant();
        let names = self.names();
        let context = Context::new(&scan, &tokens, &names);
        let at_word = tokens
            .last()
            .is_some_and(|t| t.kind == TokenKind::Word && t.end == end);
        if at_word {
            let at = tokens.len() - 1;
            let is_member = context.is_dot(context.before(at));
            let receiver = is_member.then(|| context.type_before(at - 1)).flatten();
            let name = context.text(Some(at));
            if let Some(found) = self.describe(name, is_member, receiver.as_deref()) {
                return Some(found);
            }
        }
        let call = context.call_around(tokens.len() - usize::from(at_word))?;
        self.describe(
            &call.function,
            call.receiver.is_some(),
            call.receiver.as_deref(),
        )
    }

    fn describe(&self, name: &str, is_member: bool, receiver: Option<&str>) -> Option<Rendered> {
        let own = || {
            self.describe_variable(name)
                .or_else(|| self.describe_function(name))
        };
        if let Some(found) = (!is_member).then(own).flatten() {
            return Some(found);
        }
        let fits = |entry: &&Entry| {
            entry.name == name
                && match (is_member, receiver) {
                    (false, _) => entry.receiver.is_none() || entry.kind == Kind::Method,
                    (true, Some(receiver)) => entry.receiver.as_deref() == Some(receiver),
                    (true, None) => entry.receiver.is_some(),
                }
        };
        let known = self
            .reference
            .entries
            .iter()
            .chain(self.language())
            .filter(fits);
        let text: String = known.take(MAX_ENTRIES).map(reference_text::full).collect();
        (!text.is_empty()).then(|| Rendered::of_markdown(text.trim_end()))
    }

    fn describe_variable(&self, name: &str) -> Option<Rendered> {
        let value = self.scope.get(name)?.flatten_clone();
        let type_name = self.renderers.type_of(&value);
        let brief = self.renderers.brief(&value);
        Some(Rendered::of_markdown(format!(
            "### `{name}: {type_name}`\n\n```text\n{brief}\n```"
        )))
    }

    fn describe_function(&self, name: &str) -> Option<Rendered> {
        let function = self.functions.iter_functions().find(|f| f.name == name)?;
        let doc = plain_doc(&function.comments);
        Some(Rendered::of_markdown(
            format!("### `{}`\n\n{doc}", script_signature(&function)).trim_end(),
        ))
    }
}

/// `name(a, b)` of a script's own function.
pub(super) fn script_signature(function: &ScriptFnMetadata<'_>) -> String {
    format!("{}({})", function.name, function.params.join(", "))
}
