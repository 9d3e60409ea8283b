//! Tables as terminal text, and the options that all terminal text shares.

use comfy_table::{
    Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, TableStyle,
};

use super::table::{Align, Column, Priority, Table};
use super::text::{Style, Text, Tone};
use super::wrap::{NARROWEST, longest_word, widest_line, wrap};

/// Columns between two columns of a table.
const GAP: usize = 2;
/// A longer word does not keep its column from getting narrower.
const LONGEST_KEPT_WORD: usize = 14;
/// Columns under headings, nothing else drawn.
const LIGHT: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle {
        left: None,
        junction: Some(' '),
        right: None,
    })
    .header_separator(LineStyle {
        left: None,
        fill: Some('─'),
        junction: Some(' '),
        right: None,
    })
    .content_lines(ContentLineStyle {
        left: None,
        junction: Some(' '),
        right: None,
    });

/// How text is written for a terminal or a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Terminal columns that no line exceeds; 20 to 1000, else the nearer one.
    pub width: usize,
    /// Whether ANSI colours are written.
    pub color: bool,
}

impl Default for TextOptions {
    /// 80 columns, no colour.
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
        }
    }
}

/// What a caller found out about where its text goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// Whether it is a terminal, not a file or a pipe.
    pub terminal: bool,
    /// Whether the user asked for no colour (`NO_COLOR` is set and not empty).
    pub no_color: bool,
    /// The terminal's width in columns, where it is known.
    pub columns: Option<usize>,
}

impl From<Destination> for TextOptions {
    /// Colour only in a terminal and unless refused; 80 columns where unknown.
    fn from(destination: Destination) -> Self {
        let fallback = Self::default().width;
        Self {
            width: destination
                .columns
                .filter(|columns| *columns > 0)
                .unwrap_or(fallback),
            color: destination.terminal && !destination.no_color,
        }
    }
}

impl TextOptions {
    pub(crate) fn columns(&self) -> usize {
        self.width.clamp(20, 1000)
    }

    /// The same options inside a part indented by `indent`.
    pub(crate) fn within(&self, indent: usize) -> Self {
        Self {
            width: self.columns().saturating_sub(indent).max(20),
            ..*self
        }
    }
}

impl Table {
    /// The table for a terminal: fits the width, wraps cells at spaces, and
    /// leaves columns out only where they cannot fit, naming them below.
    /// Ends with a line end.
    pub fn text(&self, options: &TextOptions) -> String {
        let mut lines = Vec::new();
        if let Some(title) = self.title() {
            let title = title.clone().restyled(Style::Strong);
            lines.extend(painted(&title, options.columns(), options.color));
        }
        let layout = Layout::new(self, options.columns());
        if !layout.shown.is_empty() {
            let drawing = draw(self, &layout, options.color).trim_fmt();
            lines.extend(drawing.lines().map(str::to_owned));
        }
        let left_out = layout.left_out(self, options.columns());
        for note in self.notes().iter().chain(&left_out) {
            lines.extend(painted(note, options.columns(), options.color));
        }
        lines.join("\n") + "\n"
    }
}

/// `text` in lines of at most `columns`, with colours if wanted.
pub(crate) fn painted(text: &Text, columns: usize, color: bool) -> Vec<String> {
    wrap(text, columns)
        .iter()
        .map(|line| paint(line, color))
        .collect()
}

/// One line with its colours, all of them closed at its end.
pub(crate) fn paint(line: &Text, color: bool) -> String {
    let paint_span = |(style, words): (Style, &str)| match ansi(style).filter(|_| color) {
        Some(code) if !words.is_empty() => format!("\x1b[{code}m{words}\x1b[0m"),
        _ => words.to_owned(),
    };
    line.spans()
        .iter()
        .map(|span| paint_span((span.style(), span.text())))
        .collect()
}

/// SGR parameter of a style. Source: ECMA-48 §8.3.117.
fn ansi(style: Style) -> Option<&'static str> {
    match style {
        Style::Plain => None,
        Style::Strong => Some("1"),
        Style::Code => Some("36"),
        Style::Muted => Some("2"),
        Style::Tone(Tone::Good) => Some("32"),
        Style::Tone(Tone::Bad) => Some("31"),
        Style::Tone(Tone::Neutral) => Some("90"),
        Style::Tone(Tone::Warning) => Some("33"),
    }
}

/// Which columns are shown, and how wide each one is.
struct Layout {
    shown: Vec<(usize, usize)>,
    needed: usize,
}

/// What one column would like to have.
struct Wish {
    index: usize,
    least: usize,
    natural: usize,
    priority: Priority,
}

impl Layout {
    fn new(table: &Table, available: usize) -> Self {
        let mut wishes: Vec<Wish> = (0..).zip(table.columns()).map(|c| wish(table, c)).collect();
        let needed = least_width(&wishes);
        while least_width(&wishes) > available && give_way(&mut wishes) {}
        Self {
            shown: share(&wishes, available),
            needed,
        }
    }

    /// The line that names the columns left out, if there are any.
    fn left_out(&self, table: &Table, available: usize) -> Option<Text> {
        let hidden = |index: &usize| !self.shown.iter().any(|(shown, _)| shown == index);
        let names: Vec<String> = (0..table.columns().len())
            .filter(hidden)
            .filter_map(|index| table.columns().get(index).map(|column| (index, column)))
            .map(|(index, column)| column.name(index))
            .collect();
        let line = || {
            format!(
                "left out to fit {available} columns: {} ({} needed)",
                names.join(", "),
                self.needed
            )
        };
        (!names.is_empty()).then(|| Text::new().muted(line()))
    }
}

impl Column {
    /// The heading, or the column's number where it has none.
    pub(crate) fn name(&self, index: usize) -> String {
        if self.heading.is_empty() {
            return format!("column {}", index + 1);
        }
        self.heading.to_string().replace('\n', " ")
    }
}

fn wish(table: &Table, (index, column): (usize, &Column)) -> Wish {
    let cells = table.rows().iter().filter_map(|row| row.cells().get(index));
    let words: Vec<String> = cells
        .chain(std::iter::once(&column.heading))
        .map(Text::to_string)
        .collect();
    // An empty column still takes one terminal column.
    let natural = words
        .iter()
        .map(|cell| widest_line(cell))
        .max()
        .unwrap_or(0)
        .max(1);
    let longest = words
        .iter()
        .map(|cell| longest_word(cell))
        .max()
        .unwrap_or(0);
    let least = column.min_width.unwrap_or(longest.min(LONGEST_KEPT_WORD));
    let least = least.max(NARROWEST).min(natural);
    Wish {
        index,
        least,
        natural,
        priority: column.priority,
    }
}

fn least_width(wishes: &[Wish]) -> usize {
    let columns: usize = wishes.iter().map(|wish| wish.least).sum();
    columns + GAP * wishes.len().saturating_sub(1)
}

/// Makes the wishes smaller by one step; false where nothing is left to give.
///
/// First columns that are not essential go, the rightmost of the lowest
/// priority first; then long words break; then even essential columns go.
fn give_way(wishes: &mut Vec<Wish>) -> bool {
    let lowest = wishes.iter().map(|wish| wish.priority).min();
    if lowest == Some(Priority::Essential) && wishes.iter().any(|wish| wish.least > NARROWEST) {
        wishes
            .iter_mut()
            .for_each(|wish| wish.least = wish.least.min(NARROWEST));
        return true;
    }
    let last = wishes
        .iter()
        .rposition(|wish| Some(wish.priority) == lowest);
    match last {
        Some(last) if wishes.len() > 1 => {
            wishes.remove(last);
            true
        }
        _ => wishes.iter_mut().any(|wish| {
            let narrower = wish.least > NARROWEST;
            wish.least = wish.least.min(NARROWEST);
            narrower
        }),
    }
}

/// Gives what is left over the least widths to the narrowest first.
fn share(wishes: &[Wish], available: usize) -> Vec<(usize, usize)> {
    let mut shown: Vec<(usize, usize)> = wishes.iter().map(|w| (w.index, w.least)).collect();
    let mut left = available.saturating_sub(least_width(wishes));
    while left > 0 {
        let unsatisfied = shown
            .iter_mut()
            .zip(wishes)
            .filter(|(now, wish)| now.1 < wish.natural);
        let Some((narrowest, _)) = unsatisfied.min_by_key(|(now, _)| now.1) else {
            break;
        };
        narrowest.1 += 1;
        left -= 1;
    }
    shown
}

fn draw(table: &Table, layout: &Layout, color: bool) -> comfy_table::Table {
    let mut drawing = comfy_table::Table::new();
    drawing
        .load_style(LIGHT)
        .set_content_arrangement(ContentArrangement::Disabled)
        .force_no_tty();
    let headings = layout.shown.iter().filter_map(|&(index, width)| {
        let column = table.columns().get(index)?;
        Some(cell(
            &column.heading.clone().restyled(Style::Strong),
            column,
            width,
            color,
        ))
    });
    drawing.set_header(headings.collect::<Vec<_>>());
    for row in table.rows() {
        let cells = layout.shown.iter().filter_map(|&(index, width)| {
            let (text, column) = (row.cells().get(index)?, table.columns().get(index)?);
            Some(cell(text, column, width, color))
        });
        drawing.add_row(cells.collect::<Vec<_>>());
    }
    let last = layout.shown.len().saturating_sub(1);
    for (position, column) in drawing.column_iter_mut().enumerate() {
        column.set_padding((0, u16::from(position != last)));
    }
    drawing
}

fn cell(text: &Text, column: &Column, width: usize, color: bool) -> Cell {
    let alignment = match column.align {
        Align::Left => CellAlignment::Left,
        Align::Centre => CellAlignment::Center,
        Align::Right => CellAlignment::Right,
    };
    Cell::new(painted(text, width, color).join("\n")).set_alignment(alignment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_only_in_a_terminal_that_wants_it() {
        let terminal = Destination {
            terminal: true,
            no_color: false,
            columns: Some(120),
        };
        assert_eq!(
            TextOptions::from(terminal),
            TextOptions {
                width: 120,
                color: true
            }
        );
        assert!(
            !TextOptions::from(Destination {
                no_color: true,
                ..terminal
            })
            .color
        );
        assert!(
            !TextOptions::from(Destination {
                terminal: false,
                ..terminal
            })
            .color
        );
        assert_eq!(
            TextOptions::from(Destination::default()),
            TextOptions::default()
        );
    }

    #[test]
    fn the_least_important_column_goes_first_and_is_named() {
        let table = Table::new([
            Column::new("call").essential(),
            Column::new("id").detail(),
            Column::new("why"),
        ])
        .row(["0123456789", "0123456789", "0123456789"]);
        let text = table.text(&TextOptions {
            width: 24,
            color: false,
        });
        let expected = "call        why\n─────────── ──────────\n0123456789  0123456789\n\
                        left out to fit 24\ncolumns: id (34 needed)\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn colours_are_written_only_when_asked_for() {
        let table = Table::new(["a"]).row([Text::good("yes")]);
        assert!(!table.text(&TextOptions::default()).contains('\x1b'));
        let coloured = table.text(&TextOptions {
            width: 80,
            color: true,
        });
        assert!(coloured.contains("\x1b[32m✓ yes\x1b[0m"), "{coloured:?}");
    }
}
