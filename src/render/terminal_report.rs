//! Reports as terminal text.

use super::report::{Block, DiffLine, Report};
use super::terminal::{TextOptions, paint, painted};
use super::text::{Style, Text};
use super::wrap::{width, wrap};

/// Columns by which a report's details stand in.
const INDENT: usize = 2;

impl Report {
    /// The report for a terminal: no line exceeds the width. Ends with a line
    /// end.
    pub fn text(&self, options: &TextOptions) -> String {
        blocks(self.blocks(), options).join("\n") + "\n"
    }
}

fn blocks(blocks: &[Block], options: &TextOptions) -> Vec<String> {
    let mut lines = Vec::new();
    let mut previous: Option<&Block> = None;
    for current in blocks {
        if previous.is_some_and(|previous| apart(previous, current)) {
            lines.push(String::new());
        }
        lines.extend(block(current, options));
        previous = Some(current);
    }
    lines
}

/// Whether an empty line stands between two blocks: not under a headline, and
/// not between two parts that each open with a summary.
fn apart(previous: &Block, current: &Block) -> bool {
    let details = |block: &Block| matches!(block, Block::Details { .. });
    let headline = matches!(previous, Block::Headline { .. });
    let follows = matches!(
        current,
        Block::Paragraph(_) | Block::List(_) | Block::Headline { .. }
    );
    !(headline && follows || details(previous) && details(current))
}

fn block(block: &Block, options: &TextOptions) -> Vec<String> {
    let columns = options.columns();
    match block {
        Block::Headline { tone, text } => {
            let text = Block::headline(*tone, text).restyled(Style::Strong);
            hanging(&Text::new(), &text, INDENT, options)
        }
        Block::Paragraph(text) => painted(text, columns, options.color),
        Block::Table(table) => table.text(options).lines().map(str::to_owned).collect(),
        Block::List(items) => items
            .iter()
            .flat_map(|item| hanging(&"• ".into(), item, 2, options))
            .collect(),
        Block::KeyValue(pairs) => key_values(pairs, options),
        Block::Code { text, .. } => indented(painted(&text.into(), columns - INDENT, false)),
        Block::Diff(lines) => lines
            .iter()
            .flat_map(|line| diff_line(line, options))
            .collect(),
        Block::Details {
            summary, blocks, ..
        } => details(summary, blocks, options),
        Block::Rule => vec!["─".repeat(columns)],
    }
}

fn details(summary: &Text, inner: &[Block], options: &TextOptions) -> Vec<String> {
    let summary = summary.clone().restyled(Style::Strong);
    let mut lines = painted(&summary, options.columns(), options.color);
    // Deep nesting stops standing in where too little width would be left.
    if options.columns() > 20 + INDENT {
        lines.extend(indented(blocks(inner, &options.within(INDENT))));
    } else {
        lines.extend(blocks(inner, options));
    }
    lines
}

fn indented(lines: Vec<String>) -> Vec<String> {
    let indent = |line: String| match line.is_empty() {
        true => line,
        false => format!("{}{line}", " ".repeat(INDENT)),
    };
    lines.into_iter().map(indent).collect()
}

fn key_values(pairs: &[(Text, Text)], options: &TextOptions) -> Vec<String> {
    let widest = pairs
        .iter()
        .map(|(key, _)| width(&key.to_string()))
        .max()
        .unwrap_or(0);
    let indent = (widest + 2).min(options.columns() / 2);
    pairs
        .iter()
        .flat_map(|(key, value)| hanging(key, value, indent, options))
        .collect()
}

/// `lead`, then `text` in a column that begins at `indent`.
///
/// Where `lead` does not fit in front, it gets lines of its own.
fn hanging(lead: &Text, text: &Text, indent: usize, options: &TextOptions) -> Vec<String> {
    let words = lead.to_string();
    let blank = " ".repeat(indent);
    let body = painted(
        text,
        options.columns().saturating_sub(indent),
        options.color,
    );
    if !words.is_empty() && (width(&words) > indent || words.contains('\n')) {
        let mut lines = painted(lead, options.columns(), options.color);
        lines.extend(body.iter().map(|line| format!("{blank}{line}")));
        return lines;
    }
    let pad = " ".repeat(indent - width(&words));
    let first = match words.is_empty() {
        true => String::new(),
        false => format!("{}{pad}", paint(lead, options.color)),
    };
    let leads = std::iter::once(first.as_str()).chain(std::iter::repeat(blank.as_str()));
    leads
        .zip(&body)
        .map(|(lead, line)| format!("{lead}{line}").trim_end().to_owned())
        .collect()
}

fn diff_line(line: &DiffLine, options: &TextOptions) -> Vec<String> {
    let style = line.tone().map_or(Style::Plain, Style::Tone);
    let text = Text::from(line.marked()).restyled(style);
    let wrapped = wrap(&text, options.columns() - INDENT);
    let mut lines = wrapped.iter().map(|line| paint(line, options.color));
    let first = lines.next();
    first
        .into_iter()
        .chain(lines.map(|line| format!("{}{line}", " ".repeat(INDENT))))
        .collect()
}
