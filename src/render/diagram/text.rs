//! Diagrams as terminal text.

use super::{Diagram, Shape};
use crate::render::terminal::{TextOptions, painted};
use crate::render::text::{Style, Text, Tone};
use crate::render::wrap::width;

impl Diagram {
    /// The diagram for a terminal: a path in one line where it fits, else one
    /// below the other; layers as a tree. Ends with a line end.
    pub fn text(&self, options: &TextOptions) -> String {
        let columns = options.columns();
        let body = match self.shape {
            Shape::Layers => self.tree(),
            Shape::Path => match self.line() {
                line if width(&line.to_string()) <= columns => vec![line],
                _ => self.column(),
            },
        };
        let title = Text::new().strong(&self.title);
        let lines = std::iter::once(title).chain(body).chain(self.reason());
        let lines: Vec<String> = lines
            .flat_map(|line| painted(&line, columns, options.color))
            .collect();
        lines.join("\n") + "\n"
    }

    fn line(&self) -> Text {
        let mut line = Text::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(arrow) = index.checked_sub(1) {
                let label = self.label(arrow);
                let gap = if label.is_empty() { "─" } else { " " };
                line = line.plain(format!(" ─{gap}{label}{gap}─"));
                line = self.head(line, arrow).plain(" ");
            }
            line = line.with(self.box_style(index), node.words());
        }
        line
    }

    fn head(&self, line: Text, arrow: usize) -> Text {
        if self.stops_at(arrow) {
            line.then(Text::bad(""))
        } else {
            line.plain("▶")
        }
    }

    fn column(&self) -> Vec<Text> {
        let mut lines = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(arrow) = index.checked_sub(1) {
                lines.push(Text::from("  │ ").plain(self.label(arrow)));
                let head = if self.stops_at(arrow) {
                    Text::bad("")
                } else {
                    Text::from("▼")
                };
                lines.push(Text::from("  ").then(head));
            }
            lines.push(Text::new().with(self.box_style(index), node.words()));
        }
        lines
    }

    fn tree(&self) -> Vec<Text> {
        let mut lines = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let branch = match index.checked_sub(1).map(|arrow| (arrow, self.label(arrow))) {
                None => String::new(),
                Some((depth, "")) => format!("{}└─ ", "   ".repeat(depth.min(8))),
                Some((depth, label)) => format!("{}└─ {label} ", "   ".repeat(depth.min(8))),
            };
            let note = if node.note.is_empty() { "" } else { " · " };
            let line = Text::new().muted(branch).strong(&node.label);
            lines.push(line.muted(note).muted(&node.note));
        }
        lines
    }

    fn reason(&self) -> Option<Text> {
        let stop = self.stop.as_ref().filter(|stop| !stop.reason.is_empty())?;
        Some(Text::toned(
            Tone::Bad,
            format!("{}: {}", self.label(stop.arrow), stop.reason),
        ))
    }

    fn box_style(&self, node: usize) -> Style {
        if self.unreached(node) {
            Style::Muted
        } else {
            Style::Strong
        }
    }
}
