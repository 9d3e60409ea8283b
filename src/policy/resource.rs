//! Resource patterns: ARNs with wildcards and variables, or `*`.

use std::fmt;

use crate::base::Glob;
use crate::base::glob::Case;

use super::arn_pattern::{ArnParts, ArnPattern};
use super::raw::Variables;
use super::request::Request;
use super::template::{Template, first_wildcard, has_variables};

/// One entry of `Resource` or `NotResource`.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Resource".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePattern {
    text: Box<str>,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Any,
    Exact,
    /// The text up to its last character, a `*` behind the fifth colon.
    Prefix,
    Parts(Box<ArnPattern>),
    /// Variables behind the fifth colon; the pattern's own sixth part is unused.
    Variables(Box<(ArnPattern, Template)>),
    Never,
}

impl ResourcePattern {
    /// Compiles a pattern; one that is neither `*` nor an ARN never matches.
    pub(super) fn new(text: &str, variables: Variables) -> Self {
        Self {
            text: text.into(),
            form: Form::new(text, variables),
        }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is a lone `*`.
    pub fn is_any(&self) -> bool {
        self.form == Form::Any
    }

    /// The one resource that this names, if it has neither wildcard nor variable.
    pub fn as_exact(&self) -> Option<&str> {
        (self.form == Form::Exact).then_some(&*self.text)
    }

    /// The text that every match begins with; empty where wildcards come early.
    pub fn literal_prefix(&self) -> &str {
        match &self.form {
            Form::Exact => &self.text,
            Form::Prefix => self.text.get(..self.text.len() - 1).unwrap_or_default(),
            Form::Any | Form::Never => "",
            Form::Parts(_) | Form::Variables(_) => {
                let end = self.text.find(['*', '?', '$']).unwrap_or(self.text.len());
                self.text.get(..end).unwrap_or_default()
            }
        }
    }

    /// The first variable in the pattern that has no value in the request.
    pub(super) fn unresolved(&self, request: &Request<'_>) -> Option<&str> {
        match &self.form {
            Form::Variables(parts) => parts.1.unresolved(request.context()),
            _ => None,
        }
    }

    /// Whether the request's resource is one of these.
    pub(super) fn matches(&self, request: &Request<'_>) -> bool {
        match &self.form {
            Form::Any => true,
            Form::Exact => *self.text == *request.resource(),
            Form::Prefix => request.resource().starts_with(self.literal_prefix()),
            Form::Parts(pattern) => request.arn().is_some_and(|arn| pattern.matches(arn)),
            Form::Variables(parts) => request.arn().is_some_and(|arn| {
                parts.0.matches_head(arn)
                    && parts
                        .1
                        .symbols(request.context(), arn.resource.len())
                        .is_some_and(|symbols| {
                            Glob::from_symbols(symbols, Case::Sensitive).matches(arn.resource)
                        })
            }),
            Form::Never => false,
        }
    }
}

impl Form {
    fn new(text: &str, variables: Variables) -> Self {
        if text == "*" {
            return Self::Any;
        }
        let completed = complete(text);
        let Some(parts) = ArnParts::split(&completed) else {
            return Self::Never;
        };
        // No wildcard may name the service. Source: IAM User Guide, as above.
        if parts
            .head
            .get(1)
            .is_some_and(|service| first_wildcard(service).is_some())
        {
            return Self::Never;
        }
        let with_variables = variables == Variables::Replaced && has_variables(parts.resource);
        if !with_variables && completed == text {
            match first_wildcard(text) {
                None => return Self::Exact,
                Some(at) if at + 1 == text.len() && text.ends_with('*') => return Self::Prefix,
                Some(_) => {}
            }
        }
        let Some(pattern) = ArnPattern::from_text(&completed) else {
            return Self::Never;
        };
        if with_variables {
            return Self::Variables(Box::new((pattern, Template::parse(parts.resource))));
        }
        Self::Parts(Box::new(pattern))
    }
}

/// Fills the missing parts of a short ARN with `*`, as IAM does for every service but S3.
fn complete(text: &str) -> std::borrow::Cow<'_, str> {
    let colons = memchr::memchr_iter(b':', text.as_bytes()).count();
    let short = (2..5).contains(&colons) && text.starts_with("arn:");
    if !short || text.split(':').nth(2) == Some("s3") {
        return text.into();
    }
    format!("{text}{}", ":*".repeat(5 - colons)).into()
}

impl fmt::Display for ResourcePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
