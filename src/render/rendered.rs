//! The bundle of forms that a notebook or a terminal chooses from.

use serde::Serialize;
use serde_json::{Map, Value};

use super::diagram::Diagram;
use super::report::Report;
use super::table::Table;
use super::terminal::TextOptions;

/// The same content in the forms that it has; the text form is always there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rendered {
    /// Plain text without colours, 80 columns wide.
    pub text: String,
    /// An HTML fragment.
    pub html: Option<String>,
    /// GitHub's Markdown.
    pub markdown: Option<String>,
    /// JSON, as the content's own `json()` describes it.
    pub json: Option<Value>,
    /// A picture.
    pub svg: Option<String>,
    /// LaTeX.
    pub latex: Option<String>,
}

impl Rendered {
    /// Text from elsewhere alone; control characters and escapes are neutralised.
    pub fn of_text(text: impl AsRef<str>) -> Self {
        Self::plain(super::text::harmless(text.as_ref()))
    }

    /// Text alone, as it is.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Markdown, which is its own plain text.
    pub fn of_markdown(markdown: impl Into<String>) -> Self {
        let markdown = markdown.into();
        Self {
            markdown: Some(markdown.clone()),
            ..Self::plain(markdown)
        }
    }

    /// The same with an HTML form.
    #[must_use]
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The object from media type to content that notebooks carry.
    ///
    /// Data without another rich form goes as `application/json`; beside HTML it
    /// is left out, because a notebook may prefer a tree of members to the HTML.
    pub fn into_bundle(self) -> Value {
        let alone = self.html.is_none() && self.markdown.is_none() && self.svg.is_none();
        let mut bundle: Map<String, Value> = self
            .media()
            .into_iter()
            .map(|(kind, form)| (kind.to_owned(), Value::from(form)))
            .collect();
        if let Some(json) = self.json.filter(|_| alone) {
            bundle.insert("application/json".to_owned(), json);
        }
        Value::Object(bundle)
    }

    /// The forms for display with their media types, richest first.
    ///
    /// JSON is not among them: a notebook that finds it may prefer a tree of
    /// members to the HTML. Whoever wants the data reads [`Rendered::json`].
    pub fn media(&self) -> Vec<(&'static str, &str)> {
        let forms = [
            ("text/html", self.html.as_deref()),
            ("image/svg+xml", self.svg.as_deref()),
            ("text/markdown", self.markdown.as_deref()),
            ("text/latex", self.latex.as_deref()),
            ("text/plain", Some(self.text.as_str())),
        ];
        forms
            .into_iter()
            .filter_map(|(name, form)| Some((name, form?)))
            .collect()
    }
}

impl From<&Table> for Rendered {
    fn from(table: &Table) -> Self {
        Self {
            text: table.text(&TextOptions::default()),
            html: Some(table.html()),
            markdown: Some(table.markdown()),
            json: Some(table.json()),
            ..Self::default()
        }
    }
}

impl From<&Report> for Rendered {
    fn from(report: &Report) -> Self {
        Self {
            text: report.text(&TextOptions::default()),
            html: Some(report.html()),
            markdown: Some(report.markdown()),
            json: Some(report.json()),
            ..Self::default()
        }
    }
}

impl From<&Diagram> for Rendered {
    fn from(diagram: &Diagram) -> Self {
        Self {
            text: diagram.text(&TextOptions::default()),
            json: Some(diagram.json()),
            svg: Some(diagram.svg()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_always_there_and_absent_forms_are_left_out() {
        assert_eq!(
            Rendered::plain("42").into_bundle(),
            json!({"text/plain": "42"})
        );
        let rich = Rendered {
            markdown: Some("*k*".into()),
            json: Some(json!([1])),
            svg: Some("<svg/>".into()),
            latex: Some("$k$".into()),
            ..Rendered::plain("k").with_html("<b>k</b>")
        };
        let expected = json!({
            "text/plain": "k", "text/html": "<b>k</b>", "text/markdown": "*k*",
            "image/svg+xml": "<svg/>", "text/latex": "$k$"
        });
        assert_eq!(rich.into_bundle(), expected);
        let data = Rendered {
            json: Some(json!([1])),
            ..Rendered::plain("[1]")
        };
        assert_eq!(data.into_bundle()["application/json"], json!([1]));
    }
}
