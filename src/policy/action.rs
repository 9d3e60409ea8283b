//! Action patterns: `s3:GetObject`, `kms:ReEncrypt*`, `*`.

use std::fmt;

use compact_str::CompactString;

use crate::base::Glob;
use crate::base::glob::Case;

use super::request::Request;
use super::template::first_wildcard;

/// One entry of `Action` or `NotAction`.
///
/// Case does not count. The service prefix is literal, except in a lone `*`;
/// a stored pattern that breaks this rule never matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionPattern {
    text: CompactString,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Any,
    Exact,
    /// The text up to its last character, a `*`.
    Prefix,
    Like(Box<Glob>),
    Never,
}

impl ActionPattern {
    /// Compiles a pattern.
    pub fn new(text: &str) -> Self {
        let form = match at_colon(text) {
            None if text == "*" => Form::Any,
            Some((service, name)) if is_vendor(service) => match first_wildcard(name) {
                None => Form::Exact,
                Some(at) if at + 1 == name.len() && name.ends_with('*') => Form::Prefix,
                // The request's action is folded once, so the pattern is folded here.
                Some(_) => Form::Like(Box::new(Glob::new(
                    &text.to_ascii_lowercase(),
                    Case::Sensitive,
                ))),
            },
            _ => Form::Never,
        };
        Self {
            text: text.into(),
            form,
        }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The service prefix as written, such as `s3`; `None` for a lone `*`.
    pub fn service(&self) -> Option<&str> {
        at_colon(&self.text).map(|(service, _)| service)
    }

    /// Whether this is a lone `*`.
    pub fn is_any(&self) -> bool {
        self.form == Form::Any
    }

    /// The one action that this names, if it has no wildcard.
    pub fn as_exact(&self) -> Option<&str> {
        (self.form == Form::Exact).then_some(&*self.text)
    }

    /// The text that every match begins with, whatever the case; empty where wildcards come early.
    pub fn literal_prefix(&self) -> &str {
        match self.form {
            Form::Exact => &self.text,
            Form::Any | Form::Never => "",
            Form::Prefix | Form::Like(_) => {
                let end = first_wildcard(&self.text).unwrap_or_default();
                self.text.get(..end).unwrap_or_default()
            }
        }
    }

    /// Whether the request's action is one of these.
    pub(super) fn matches(&self, request: &Request<'_>) -> bool {
        let action = request.action();
        match &self.form {
            Form::Any => true,
            Form::Exact => action.eq_ignore_ascii_case(&self.text),
            Form::Prefix => {
                let prefix = self.text.len() - 1;
                action
                    .as_bytes()
                    .get(..prefix)
                    .zip(self.text.as_bytes().get(..prefix))
                    .is_some_and(|(start, wanted)| start.eq_ignore_ascii_case(wanted))
            }
            Form::Like(glob) => glob.matches(request.folded_action()),
            Form::Never => false,
        }
    }
}

/// Cuts a text at its first colon.
///
/// Actions and the parts of ARNs are short and many, so a plain scan beats the
/// standard searcher.
pub(super) fn at_colon(text: &str) -> Option<(&str, &str)> {
    let colon = text.bytes().position(|b| b == b':')?;
    Some((text.get(..colon)?, text.get(colon + 1..)?))
}

/// Whether `text` has the form of a service prefix.
pub(super) fn is_vendor(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

impl fmt::Display for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
