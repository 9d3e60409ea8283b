//! What a script shows as it is: HTML, Markdown, LaTeX, pictures, JSON; and showing
//! something in place of what was shown before.

use rhai::Dynamic;

use super::registry::Registry;
use super::thrown::Thrown;
use super::values::{BlobMembers, to_json};
use crate::render::Rendered;

/// Something to be shown as it is.
#[derive(Clone, Debug)]
pub struct Shown(Rendered);

/// From a text, what to show.
type Make = fn(&str) -> Rendered;

const FORMS: [(&str, &str, &str, Make); 4] = [
    ("html", "HTML", "html(\"<b>bold</b>\")", |text| {
        Rendered::plain(text).with_html(text)
    }),
    ("markdown", "Markdown", "markdown(\"# Title\")", |text| {
        Rendered::of_markdown(text)
    }),
    ("latex", "LaTeX", "latex(\"$a^2$\")", |text| Rendered {
        latex: Some(text.to_owned()),
        ..Rendered::plain(text)
    }),
    (
        "svg",
        "A picture in SVG",
        "svg(`<svg xmlns=\"http://www.w3.org/2000/svg\"/>`)",
        |text| Rendered {
            svg: Some(text.to_owned()),
            ..Rendered::plain("a picture")
        },
    ),
];

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Shown>("Shown", "Something that a notebook shows as it is.")
        .renderer(|shown: &Shown| shown.0.clone())
        .brief(|shown: &Shown| shown.0.text.lines().next().unwrap_or("").to_owned());
    for (name, what, example, make) in FORMS {
        registry
            .function(name)
            .param("text", "string")
            .returns("Shown")
            .doc(&format!(
                "{what}, shown as such in a notebook and as its text elsewhere."
            ))
            .example(example)
            .register(move |text: &str| Shown(make(text)));
    }
    registry
        .function("json_tree")
        .param("value", "any")
        .returns("Shown")
        .doc("The value as JSON that a notebook folds and unfolds; `json` gives its text.")
        .example("json_tree(#{ Version: \"2012-10-17\" })")
        .register(
            |value: Dynamic| -> Result<Shown, Box<rhai::EvalAltResult>> {
                let json = to_json(&value, BlobMembers::none())
                    .map_err(|error| Thrown::new("WrongValue", error.to_string()))?;
                Ok(Shown(Rendered {
                    json: Some(json.clone()),
                    ..Rendered::plain(format!("{json:#}"))
                }))
            },
        );
    replacing(registry);
}

fn replacing(registry: &mut Registry<'_>) {
    for (name, update, doc) in [
        (
            "display",
            false,
            "Shows a value under a name, by which `update_display` replaces it.",
        ),
        (
            "update_display",
            true,
            "Shows a value in place of the one that is shown under this name.",
        ),
    ] {
        let (output, renderers) = (registry.output(), registry.renderers());
        registry
            .function(name)
            .param("value", "any")
            .param("name", "string")
            .doc(doc)
            .example("display(\"waiting\", \"state\");\nupdate_display(\"done\", \"state\");")
            .register(move |value: Dynamic, name: &str| {
                output.display_as(renderers.render(&value), name, update);
            });
    }
}
