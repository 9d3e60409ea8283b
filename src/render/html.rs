//! Tables and reports as self-contained HTML fragments without scripts.

use super::report::{Block, DiffLine, Report};
use super::table::{Align, Column, Row, Table};
use super::text::{Span, Style, Text, Tone, harmless};

/// The fragment's look: a notebook's own colours where they exist, else the
/// reader's light or dark ones.
const SHEET: &str = include_str!("sheet.css");

impl Table {
    /// A fragment that stands alone: its style sheet and a semantic table.
    pub fn html(&self) -> String {
        fragment(&table(self))
    }
}

impl Report {
    /// A fragment that stands alone: its style sheet and the blocks.
    pub fn html(&self) -> String {
        fragment(&blocks(self.blocks()))
    }
}

fn fragment(body: &str) -> String {
    format!("<div class=\"keychai\"><style>\n{SHEET}</style>\n{body}</div>\n")
}

/// `text` with the characters replaced that HTML gives a meaning.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

/// The spans of a text, with `<br>` for its line ends.
pub(crate) fn inline(text: &Text) -> String {
    text.spans().iter().map(span).collect()
}

fn span(span: &Span) -> String {
    let words = escaped(span.text()).replace('\n', "<br>");
    match span.style() {
        Style::Plain => words,
        Style::Strong => format!("<strong>{words}</strong>"),
        Style::Code => format!("<code>{words}</code>"),
        Style::Muted => format!("<span class=\"kc-muted\">{words}</span>"),
        Style::Tone(tone) => format!("<span class=\"kc-{}\">{words}</span>", tone.name()),
    }
}

fn blocks(blocks: &[Block]) -> String {
    blocks.iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Headline { tone, text } => {
            let text = inline(&Block::headline(*tone, text));
            format!(
                "<p class=\"kc-headline kc-edge-{}\">{text}</p>\n",
                tone.name()
            )
        }
        Block::Paragraph(text) => format!("<p>{}</p>\n", inline(text)),
        Block::Table(inner) => table(inner),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| element("li", &inline(item)))
                .collect();
            format!("<ul>{items}</ul>\n")
        }
        Block::KeyValue(pairs) => {
            let pair = |(key, value): &(Text, Text)| {
                element("dt", &inline(key)) + element("dd", &inline(value)).as_str()
            };
            format!("<dl>{}</dl>\n", pairs.iter().map(pair).collect::<String>())
        }
        Block::Code { text, .. } => {
            format!("<pre><code>{}</code></pre>\n", escaped(&harmless(text)))
        }
        Block::Diff(lines) => {
            format!(
                "<pre class=\"kc-diff\">{}</pre>\n",
                lines.iter().map(diff_line).collect::<String>()
            )
        }
        Block::Details {
            summary,
            open,
            blocks,
        } => {
            let open = if *open { " open" } else { "" };
            let summary = element("summary", &inline(summary));
            let inner = self::blocks(blocks);
            format!("<details{open}>{summary}<div class=\"kc-inner\">\n{inner}</div></details>\n")
        }
        Block::Rule => "<hr>\n".to_owned(),
    }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

fn diff_line(line: &DiffLine) -> String {
    let words = escaped(&line.marked());
    match line {
        DiffLine::Context(_) => format!("<span>{words}</span>"),
        DiffLine::Added(_) => format!("<ins>{words}</ins>"),
        DiffLine::Removed(_) => format!("<del>{words}</del>"),
    }
}

fn table(table: &Table) -> String {
    let caption = table
        .title()
        .map_or(String::new(), |title| element("caption", &inline(title)));
    let headings: String = table.columns().iter().map(heading).collect();
    let rows: String = table
        .rows()
        .iter()
        .map(|row| table_row(row, table.columns()))
        .collect();
    let notes: String = table
        .notes()
        .iter()
        .map(|note| format!("<p class=\"kc-note\">{}</p>\n", inline(note)))
        .collect();
    format!(
        "<div class=\"kc-scroll\"><table>{caption}\n<thead><tr>{headings}</tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n{notes}"
    )
}

fn heading(column: &Column) -> String {
    format!(
        "<th scope=\"col\"{}>{}</th>",
        align(column),
        inline(&column.heading)
    )
}

fn table_row(row: &Row, columns: &[Column]) -> String {
    let class = row.tone().map_or("", row_class);
    let cells = row
        .cells()
        .iter()
        .zip(columns)
        .enumerate()
        .map(|(position, (cell, column))| {
            let (words, align) = (inline(cell), align(column));
            match position {
                0 => format!("<th scope=\"row\"{align}>{words}</th>"),
                _ => format!("<td{align}>{words}</td>"),
            }
        });
    format!("<tr{class}>{}</tr>\n", cells.collect::<String>())
}

fn row_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => " class=\"kc-row-good\"",
        Tone::Bad => " class=\"kc-row-bad\"",
        Tone::Neutral => " class=\"kc-row-neutral\"",
        Tone::Warning => " class=\"kc-row-warning\"",
    }
}

fn align(column: &Column) -> &'static str {
    match column.align {
        Align::Left => "",
        Align::Centre => " class=\"kc-centre\"",
        Align::Right => " class=\"kc-right\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_which_heading_belongs_to_what() {
        let html = Table::new(["a", "b"]).titled("t").row(["1", "2"]).html();
        assert!(html.contains("<caption>t</caption>"));
        assert!(html.contains("<th scope=\"col\">a</th>"));
        assert!(html.contains("<th scope=\"row\">1</th><td>2</td>"));
    }

    #[test]
    fn words_never_become_markup() {
        let evil = "</style><script>alert('1\")</script>&";
        let report =
            Report::new()
                .paragraph(evil)
                .code(evil, evil)
                .details(evil, true, Report::new());
        let html = report.html().replace("\n", "");
        assert!(!html.contains("<script"));
        assert_eq!(html.matches("</style>").count(), 1);
        assert_eq!(html.matches("&lt;script&gt;").count(), 3);
    }

    #[test]
    fn the_style_sheet_reaches_nothing_outside() {
        let rules = SHEET
            .lines()
            .filter(|line| line.contains('{') && !line.starts_with('@'));
        for rule in rules {
            assert!(
                rule.trim_start().starts_with(".keychai"),
                "unscoped rule: `{rule}`"
            );
        }
    }
}
