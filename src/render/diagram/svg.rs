//! Diagrams as SVG: no script, no external font, no identifier that could clash
//! with another picture on the same page.

use super::{Diagram, Node, Shape};
use crate::render::html::escaped;
use crate::render::wrap::width;

/// Width of one terminal column of a label, in user units, at its font size.
const LABEL_UNIT: f64 = 7.6;
/// The same for notes and arrows, whose type is smaller.
const SMALL_UNIT: f64 = 6.4;
pub(super) const MARGIN: f64 = 16.0;
pub(super) const TITLE_HEIGHT: f64 = 30.0;
const BOX_HEIGHT: f64 = 54.0;
const BOX_PADDING: f64 = 14.0;
const SHORTEST_ARROW: f64 = 56.0;
const LAYER_INSET: f64 = 16.0;
const LAYER_HEADER: f64 = 44.0;

pub(super) const SHEET: &str = include_str!("sheet.css");

impl Diagram {
    /// The picture, with its title and description for who cannot see it.
    pub fn svg(&self) -> String {
        let drawing = match self.shape {
            Shape::Path => self.draw_path(),
            Shape::Layers => self.draw_layers(),
        };
        let (title, description) = (escaped(&self.title), escaped(&self.description()));
        let across = drawing.width.max(label_width(&self.title) + 2.0 * MARGIN);
        let down = drawing.height;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"keychai-svg\" role=\"img\" \
             aria-label=\"{title}\" viewBox=\"0 0 {across:.0} {down:.0}\" width=\"{across:.0}\" \
             height=\"{down:.0}\">\n<title>{title}</title>\n<desc>{description}</desc>\n\
             <style>\n{SHEET}</style>\n\
             <rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n\
             <text class=\"heading\" x=\"{MARGIN}\" y=\"24\">{title}</text>\n{}</svg>\n",
            drawing.body
        )
    }

    fn draw_path(&self) -> Drawing {
        let top = MARGIN + TITLE_HEIGHT;
        let mut body = String::new();
        let mut left = MARGIN;
        let mut right = MARGIN;
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(arrow) = index.checked_sub(1) {
                let length = (small_width(self.label(arrow)) + 24.0).max(SHORTEST_ARROW);
                body.push_str(&self.draw_arrow(arrow, left, length, top + BOX_HEIGHT / 2.0));
                left += length;
            }
            let wide = box_width(node);
            let class = if self.unreached(index) {
                "box unreached"
            } else {
                "box"
            };
            body.push_str(&rectangle(class, (left, top), (wide, BOX_HEIGHT)));
            body.push_str(&box_words(
                node,
                left + wide / 2.0,
                top,
                self.unreached(index),
            ));
            left += wide;
            right = left;
        }
        let reason = self.draw_reason(top + BOX_HEIGHT + 28.0);
        let width = right.max(reason.width) + MARGIN;
        body.push_str(&reason.body);
        Drawing {
            width,
            height: top + BOX_HEIGHT + reason.height + MARGIN,
            body,
        }
    }

    fn draw_arrow(&self, arrow: usize, left: f64, length: f64, y: f64) -> String {
        let (start, end, middle) = (left + 4.0, left + length - 4.0, left + length / 2.0);
        let unreached = if self.unreached(arrow) {
            " unreached"
        } else {
            ""
        };
        let label = centred("small", middle, y - 12.0, self.label(arrow));
        if self.stops_at(arrow) {
            return format!(
                "<path class=\"line stop\" d=\"M{start:.1} {y:.1}H{end:.1}\"/>\n\
                 <circle class=\"stop-mark\" cx=\"{middle:.1}\" cy=\"{y:.1}\" r=\"8\"/>\n{}{label}",
                centred("stop-sign", middle, y + 4.5, "✗")
            );
        }
        let (neck, above, below) = (end - 7.0, y - 4.5, y + 4.5);
        format!(
            "<path class=\"line{unreached}\" d=\"M{start:.1} {y:.1}H{neck:.1}\"/>\n\
             <path class=\"tip{unreached}\" d=\"M{end:.1} {y:.1}L{neck:.1} {above:.1}V{below:.1}Z\"/>\n\
             {label}"
        )
    }

    fn draw_reason(&self, y: f64) -> Drawing {
        let Some(stop) = self.stop.as_ref().filter(|stop| !stop.reason.is_empty()) else {
            return Drawing {
                width: 0.0,
                height: 0.0,
                body: String::new(),
            };
        };
        let words = format!("✗ {}: {}", self.label(stop.arrow), stop.reason);
        let body = format!(
            "<text class=\"reason\" x=\"{MARGIN}\" y=\"{y:.1}\">{}</text>\n",
            escaped(&words)
        );
        Drawing {
            width: MARGIN + small_width(&words),
            height: 28.0,
            body,
        }
    }

    fn draw_layers(&self) -> Drawing {
        let top = MARGIN + TITLE_HEIGHT;
        let count = self.nodes.len();
        let widest = (0..count)
            .map(|depth| self.layer_width(depth))
            .fold(0.0, f64::max);
        let mut body = String::new();
        for (depth, node) in self.nodes.iter().enumerate() {
            let inset = LAYER_INSET * steps(depth);
            let (x, y) = (MARGIN + inset, top + LAYER_HEADER * steps(depth));
            let inner = steps(count - depth);
            let tall = LAYER_HEADER * inner + (inner - 1.0) * LAYER_INSET * 0.6 + 6.0;
            body.push_str(&rectangle("box", (x, y), (widest - 2.0 * inset, tall)));
            body.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\">{}<tspan class=\"label\">{}</tspan>{}</text>\n",
                x + BOX_PADDING,
                y + 28.0,
                small_span(
                    depth.checked_sub(1).map_or("", |arrow| self.label(arrow)),
                    "",
                    " "
                ),
                escaped(&node.label),
                small_span(&node.note, "  ", "")
            ));
        }
        let all = steps(count);
        let height = top + LAYER_HEADER * all + (all - 1.0).max(0.0) * LAYER_INSET * 0.6 + 6.0;
        Drawing {
            width: widest + 2.0 * MARGIN,
            height: height + MARGIN,
            body,
        }
    }

    /// Width that the outermost layer needs so that this one's words fit.
    fn layer_width(&self, depth: usize) -> f64 {
        let arrow = depth.checked_sub(1).map_or("", |arrow| self.label(arrow));
        let words = self.nodes.get(depth).map_or(0.0, |node| {
            label_width(&node.label) + small_width(&node.note) + small_width(arrow)
        });
        words + 2.0 * LAYER_INSET * steps(depth) + 2.0 * BOX_PADDING + 24.0
    }
}

/// Shapes that are drawn already, and the room that they take.
struct Drawing {
    width: f64,
    height: f64,
    body: String,
}

pub(super) fn rectangle(class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" rx=\"6\"/>\n"
    )
}

fn box_words(node: &Node, middle: f64, top: f64, unreached: bool) -> String {
    let class = if unreached {
        "label unreached"
    } else {
        "label"
    };
    if node.note.is_empty() {
        return centred(class, middle, top + BOX_HEIGHT / 2.0 + 5.0, &node.label);
    }
    centred(class, middle, top + 23.0, &node.label)
        + centred("small", middle, top + 41.0, &node.note).as_str()
}

pub(super) fn centred(class: &str, x: f64, y: f64, words: &str) -> String {
    if words.is_empty() {
        return String::new();
    }
    format!(
        "<text class=\"{class}\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n",
        escaped(words)
    )
}

fn small_span(words: &str, before: &str, after: &str) -> String {
    if words.is_empty() {
        return String::new();
    }
    format!(
        "<tspan class=\"small\" xml:space=\"preserve\">{before}{}{after}</tspan>",
        escaped(words)
    )
}

fn box_width(node: &Node) -> f64 {
    label_width(&node.label).max(small_width(&node.note)) + 2.0 * BOX_PADDING
}

pub(super) fn label_width(words: &str) -> f64 {
    steps(width(words)) * LABEL_UNIT
}

pub(super) fn small_width(words: &str) -> f64 {
    steps(width(words)) * SMALL_UNIT
}

pub(super) fn steps(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
