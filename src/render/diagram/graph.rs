//! Boxes joined by arrows, in columns: many ways to one goal.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::one_line;
use super::svg::{
    MARGIN, SHEET, TITLE_HEIGHT, centred, label_width, rectangle, small_width, steps,
};
use crate::render::html::escaped;
use crate::render::{Rendered, TextOptions};

const BOX_HEIGHT: f64 = 34.0;
const ROW: f64 = 58.0;
const PADDING: f64 = 14.0;

/// One arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arrow {
    from: String,
    label: String,
    to: String,
}

/// Boxes joined by arrows that lead to one goal; a label names one box.
///
/// ```
/// use keychai::render::{Graph, TextOptions};
///
/// let graph = Graph::to("Who can decrypt", "alias/payroll")
///     .arrow("intern", "sts:AssumeRole", "Admin")
///     .arrow("Admin", "kms:Decrypt", "alias/payroll");
/// assert!(graph.text(&TextOptions::default()).contains("intern ─ sts:AssumeRole → Admin"));
/// assert!(graph.svg().starts_with("<svg"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    title: String,
    goal: String,
    arrows: Vec<Arrow>,
    left_out: usize,
}

impl Graph {
    /// A graph without arrows that lead to `goal`.
    pub fn to(title: impl AsRef<str>, goal: impl AsRef<str>) -> Self {
        Self {
            title: one_line(title.as_ref()),
            goal: one_line(goal.as_ref()),
            arrows: Vec::new(),
            left_out: 0,
        }
    }

    /// The same graph with one more arrow; one that is there already stays one.
    #[must_use]
    pub fn arrow(
        mut self,
        from: impl AsRef<str>,
        label: impl AsRef<str>,
        to: impl AsRef<str>,
    ) -> Self {
        let arrow = Arrow {
            from: one_line(from.as_ref()),
            label: one_line(label.as_ref()),
            to: one_line(to.as_ref()),
        };
        if !self.arrows.contains(&arrow) {
            self.arrows.push(arrow);
        }
        self
    }

    /// The same graph, which says that so many starting points are not drawn.
    #[must_use]
    pub fn leaving_out(self, left_out: usize) -> Self {
        Self { left_out, ..self }
    }

    /// How many arrows it has.
    pub fn len(&self) -> usize {
        self.arrows.len()
    }

    /// Whether it has no arrow.
    pub fn is_empty(&self) -> bool {
        self.arrows.is_empty()
    }

    fn remark(&self) -> String {
        match self.left_out {
            0 => String::new(),
            more => format!("{more} more are not drawn; the table has all of them"),
        }
    }

    /// One line for each arrow.
    pub fn text(&self, _: &TextOptions) -> String {
        let mut lines = vec![self.title.clone()];
        lines.extend(self.arrows.iter().map(|arrow| {
            let Arrow { from, label, to } = arrow;
            format!("  {from} ─ {label} → {to}")
        }));
        lines.extend(Some(self.remark()).filter(|remark| !remark.is_empty()));
        lines.join("\n") + "\n"
    }

    /// `{"title", "goal", "arrows": [{"from", "label", "to"}], "left_out"}`.
    pub fn json(&self) -> Value {
        let arrow = |a: &Arrow| json!({ "from": a.from, "label": a.label, "to": a.to });
        json!({
            "title": self.title, "goal": self.goal, "left_out": self.left_out,
            "arrows": self.arrows.iter().map(arrow).collect::<Vec<_>>(),
        })
    }

    /// How many arrows each box is from the goal, at least.
    fn distances(&self) -> BTreeMap<&str, usize> {
        let mut known = BTreeMap::from([(self.goal.as_str(), 0)]);
        for distance in 1..=self.arrows.len() {
            let before = known.len();
            for arrow in &self.arrows {
                if known.get(arrow.to.as_str()) == Some(&(distance - 1)) {
                    known.entry(&arrow.from).or_insert(distance);
                }
            }
            if known.len() == before {
                break;
            }
        }
        known
    }

    /// The picture, with its title and description for who cannot see it.
    pub fn svg(&self) -> String {
        let columns = self.columns();
        let places = self.places(&columns);
        let mut body = String::new();
        for arrow in &self.drawn_arrows() {
            let ends = (places.get(&*arrow.from), places.get(&*arrow.to));
            if let (Some(from), Some(to)) = ends {
                body.push_str(&drawn(arrow, from, to));
            }
        }
        for (label, place) in &places {
            body.push_str(&rectangle(
                "box",
                (place.x, place.y),
                (place.width, BOX_HEIGHT),
            ));
            let middle = place.x + place.width / 2.0;
            body.push_str(&centred("label", middle, place.y + 22.0, label));
        }
        let right = places.values().map(|p| p.x + p.width);
        let across = right.fold(label_width(&self.title), f64::max) + 2.0 * MARGIN;
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        let down = MARGIN + TITLE_HEIGHT + steps(rows) * ROW + 28.0;
        let remark = self.remark();
        let title = escaped(&self.title);
        let description = escaped(&self.text(&TextOptions::default()).replace('\n', "; "));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"keychai-svg\" role=\"img\" \
             aria-label=\"{title}\" viewBox=\"0 0 {across:.0} {down:.0}\" width=\"{across:.0}\" \
             height=\"{down:.0}\">\n<title>{title}</title>\n<desc>{description}</desc>\n\
             <style>\n{SHEET}</style>\n\
             <rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n\
             <text class=\"heading\" x=\"{MARGIN}\" y=\"24\">{title}</text>\n{body}\
             <text class=\"small\" x=\"{MARGIN}\" y=\"{:.1}\">{}</text>\n</svg>\n",
            down - 12.0,
            escaped(&remark)
        )
    }

    /// The arrows, of which those between the same boxes are one.
    fn drawn_arrows(&self) -> Vec<Arrow> {
        let mut drawn: Vec<Arrow> = Vec::new();
        for arrow in &self.arrows {
            let same = |known: &&mut Arrow| known.from == arrow.from && known.to == arrow.to;
            match drawn.iter_mut().find(same) {
                Some(known) => known.label = format!("{}, {}", known.label, arrow.label),
                None => drawn.push(arrow.clone()),
            }
        }
        drawn
    }

    /// The boxes by distance from the goal, the farthest first.
    fn columns(&self) -> Vec<Vec<&str>> {
        let distances = self.distances();
        let farthest = distances.values().copied().max().unwrap_or(0);
        (0..=farthest)
            .rev()
            .map(|distance| {
                let here = distances.iter().filter(|(_, d)| **d == distance);
                here.map(|(label, _)| *label).collect()
            })
            .collect()
    }

    fn places<'g>(&'g self, columns: &[Vec<&'g str>]) -> BTreeMap<&'g str, Place> {
        let arrows = self.drawn_arrows();
        let gap = arrows.iter().map(|a| small_width(&a.label));
        let gap = gap.fold(56.0, f64::max) + 28.0;
        let mut places = BTreeMap::new();
        let mut x = MARGIN;
        for column in columns {
            let widths = column.iter().map(|label| label_width(label));
            let width = widths.fold(40.0, f64::max) + 2.0 * PADDING;
            for (row, label) in column.iter().enumerate() {
                let y = MARGIN + TITLE_HEIGHT + steps(row) * ROW;
                places.insert(*label, Place { x, y, width });
            }
            x += width + gap;
        }
        places
    }
}

/// Where a box is.
struct Place {
    x: f64,
    y: f64,
    width: f64,
}

fn drawn(arrow: &Arrow, from: &Place, to: &Place) -> String {
    let (x, y) = (from.x + from.width + 2.0, from.y + BOX_HEIGHT / 2.0);
    let (end, at) = (to.x - 2.0, to.y + BOX_HEIGHT / 2.0);
    let (neck, above, below) = (end - 7.0, at - 4.5, at + 4.5);
    // The label stands near its own box, so that labels of one column do not meet.
    let label = centred(
        "small",
        x + small_width(&arrow.label) / 2.0 + 8.0,
        y - 6.0,
        &arrow.label,
    );
    format!(
        "<path class=\"line\" d=\"M{x:.1} {y:.1}L{neck:.1} {at:.1}\"/>\n\
         <path class=\"tip\" d=\"M{end:.1} {at:.1}L{neck:.1} {above:.1}V{below:.1}Z\"/>\n{label}"
    )
}

impl From<&Graph> for Rendered {
    fn from(graph: &Graph) -> Self {
        Self {
            text: graph.text(&TextOptions::default()),
            json: Some(graph.json()),
            html: Some(graph.svg()),
            svg: Some(graph.svg()),
            ..Self::default()
        }
    }
}
