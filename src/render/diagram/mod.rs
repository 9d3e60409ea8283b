//! The neutral diagram: a path of boxes, or layers one around the other.
//!
//! It holds labels and order, no coordinate: the writers compute those from the
//! length of the words. It does not know what the boxes stand for. Start with
//! [`Diagram::path`] and [`Diagram::layers`].

mod graph;
mod svg;
mod text;

use serde_json::{Value, json};

pub use graph::Graph;

use super::text::harmless;

/// One box of a path, or one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub(crate) label: String,
    pub(crate) note: String,
}

/// A picture with a text alternative, both made from the same labels.
///
/// ```
/// use keychai::render::{Diagram, TextOptions};
///
/// let path = Diagram::path("A denied read")
///     .node("GlueRole", "")
///     .arrow("s3:GetObject")
///     .node("payroll-data", "")
///     .arrow("kms:Decrypt")
///     .node("alias/payroll", "")
///     .stopped_at(1, "the key policy is silent");
/// assert!(path.text(&TextOptions::default()).contains("kms:Decrypt ─✗ alias/payroll"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    title: String,
    shape: Shape,
    nodes: Vec<Node>,
    arrows: Vec<String>,
    stop: Option<Stop>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Path,
    Layers,
}

/// The arrow at which a path ends early, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stop {
    arrow: usize,
    reason: String,
}

impl Diagram {
    /// A path from left to right, still without boxes.
    pub fn path(title: impl AsRef<str>) -> Self {
        Self::new(Shape::Path, title.as_ref())
    }

    /// Layers, the outermost added first; an arrow before a layer says what the
    /// layer around it does to it, such as `encrypts`.
    pub fn layers(title: impl AsRef<str>) -> Self {
        Self::new(Shape::Layers, title.as_ref())
    }

    fn new(shape: Shape, title: &str) -> Self {
        let title = one_line(title);
        Self {
            title,
            shape,
            nodes: Vec::new(),
            arrows: Vec::new(),
            stop: None,
        }
    }

    /// The same diagram with one more box or layer; `note` may be empty.
    #[must_use]
    pub fn node(mut self, label: impl AsRef<str>, note: impl AsRef<str>) -> Self {
        self.arrows.resize(self.nodes.len(), String::new());
        self.nodes.push(Node {
            label: one_line(label.as_ref()),
            note: one_line(note.as_ref()),
        });
        self
    }

    /// The same diagram with a label on the arrow to the next box.
    #[must_use]
    pub fn arrow(mut self, label: impl AsRef<str>) -> Self {
        self.arrows
            .resize(self.nodes.len().saturating_sub(1), String::new());
        self.arrows.push(one_line(label.as_ref()));
        self
    }

    /// The same path, ended at the arrow of this number, counted from 0.
    #[must_use]
    pub fn stopped_at(mut self, arrow: usize, reason: impl AsRef<str>) -> Self {
        self.stop = Some(Stop {
            arrow,
            reason: one_line(reason.as_ref()),
        });
        self
    }

    /// What the diagram shows.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The whole content in sentences, for who cannot see the picture.
    pub fn description(&self) -> String {
        let mut sentence = String::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let link = index
                .checked_sub(1)
                .map(|arrow| self.link(arrow))
                .unwrap_or_default();
            sentence.push_str(&link);
            sentence.push_str(&node.words());
        }
        match &self.stop {
            Some(stop) if !stop.reason.is_empty() => format!("{sentence}. {}.", stop.reason),
            _ => format!("{sentence}."),
        }
    }

    fn link(&self, arrow: usize) -> String {
        let label = self.label(arrow);
        let gap = if label.is_empty() { "" } else { " " };
        match (self.shape, self.stops_at(arrow)) {
            (Shape::Path, false) => format!(" → {label}{gap}→ "),
            (Shape::Path, true) => format!(" → {label}{gap}✗ stopped before "),
            (Shape::Layers, _) if label.is_empty() => " contains ".to_owned(),
            (Shape::Layers, _) => format!(" {label} "),
        }
    }

    /// `{"title", "shape", "nodes", "arrows", "stopped_at"?}`.
    pub fn json(&self) -> Value {
        let node = |node: &Node| json!({ "label": node.label, "note": node.note });
        let mut object = json!({
            "title": self.title,
            "shape": match self.shape { Shape::Path => "path", Shape::Layers => "layers" },
            "nodes": self.nodes.iter().map(node).collect::<Vec<_>>(),
            "arrows": (1..self.nodes.len()).map(|next| self.label(next - 1)).collect::<Vec<_>>(),
        });
        if let (Some(members), Some(stop)) = (object.as_object_mut(), &self.stop) {
            let stop = json!({ "arrow": stop.arrow, "reason": stop.reason });
            members.insert("stopped_at".to_owned(), stop);
        }
        object
    }

    fn label(&self, arrow: usize) -> &str {
        self.arrows.get(arrow).map_or("", String::as_str)
    }

    fn stops_at(&self, arrow: usize) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.arrow == arrow)
    }

    /// Whether the path does not get as far as this box.
    fn unreached(&self, node: usize) -> bool {
        self.stop.as_ref().is_some_and(|stop| node > stop.arrow)
    }
}

impl Node {
    fn words(&self) -> String {
        match self.note.is_empty() {
            true => self.label.clone(),
            false => format!("{} ({})", self.label, self.note),
        }
    }
}

fn one_line(text: &str) -> String {
    harmless(text).replace('\n', " ")
}
