//! Tables and reports as Markdown. Source: GitHub Flavored Markdown
//! specification, §4.10 (tables) and §6.1 (backslash escapes).

use super::html;
use super::report::{Block, DiffLine, Report};
use super::table::{Align, Table};
use super::text::{Span, Style, Text, harmless};

/// Characters that mean something inside a line; `$` begins mathematics in a
/// notebook.
const ACTIVE: &[char] = &['\\', '`', '*', '_', '[', ']', '<', '>', '|', '~', '&', '$'];

impl Table {
    /// The table in GitHub's Markdown, its title above and its notes below.
    pub fn markdown(&self) -> String {
        let cells = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let headings = self
            .columns()
            .iter()
            .map(|column| cell(&column.heading))
            .collect();
        let rules = self
            .columns()
            .iter()
            .map(|column| rule(column.align).to_owned())
            .collect();
        let mut table = cells(headings) + cells(rules).as_str();
        for row in self.rows() {
            table.push_str(&cells(row.cells().iter().map(cell).collect()));
        }
        let title = self
            .title()
            .map(|title| paragraph(&title.clone().restyled(Style::Strong)));
        let table = (!self.columns().is_empty()).then_some(table);
        let notes = self.notes().iter().map(paragraph);
        title
            .into_iter()
            .chain(table)
            .chain(notes)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Report {
    /// The report in GitHub's Markdown; details as HTML's element of that name.
    pub fn markdown(&self) -> String {
        blocks(self.blocks())
    }
}

fn blocks(blocks: &[Block]) -> String {
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Headline { tone, text } => {
            let text = Block::headline(*tone, text).restyled(Style::Strong);
            format!("### {}\n", inline(&text, " "))
        }
        Block::Paragraph(text) => paragraph(text),
        Block::Table(table) => table.markdown(),
        Block::List(items) => items.iter().map(item).collect(),
        Block::KeyValue(pairs) => pairs
            .iter()
            .map(|(key, value)| item(&pair(key, value)))
            .collect(),
        Block::Code { language, text } => fence(language, &harmless(text)),
        Block::Diff(lines) => {
            let lines: Vec<String> = lines.iter().map(DiffLine::marked).collect();
            fence("diff", &lines.join("\n"))
        }
        Block::Details {
            summary,
            open,
            blocks,
        } => {
            let open = if *open { " open" } else { "" };
            let summary = html::inline(summary);
            let inner = self::blocks(blocks);
            format!("<details{open}>\n<summary>{summary}</summary>\n\n{inner}\n</details>\n")
        }
        Block::Rule => "---\n".to_owned(),
    }
}

fn rule(align: Align) -> &'static str {
    match align {
        Align::Left => "---",
        Align::Centre => ":---:",
        Align::Right => "---:",
    }
}

fn pair(key: &Text, value: &Text) -> Text {
    key.clone().restyled(Style::Strong).plain(": ").then(value)
}

fn item(text: &Text) -> String {
    format!("- {}\n", guarded(&inline(text, "<br>")))
}

fn cell(text: &Text) -> String {
    inline(text, "<br>")
}

fn paragraph(text: &Text) -> String {
    let lines = inline(text, "\n");
    let lines: Vec<String> = lines
        .lines()
        .map(guarded)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\\\n") + "\n"
}

/// Inline Markdown in one line, but for `line_end`.
fn inline(text: &Text, line_end: &str) -> String {
    text.spans()
        .iter()
        .map(|item| span(item).replace('\n', line_end))
        .collect()
}

fn span(span: &Span) -> String {
    let words = span.text();
    let core = words.trim();
    if core.is_empty() {
        return words.to_owned();
    }
    let marked = match span.style() {
        Style::Strong if !core.contains('\n') => format!("**{}**", escaped(core)),
        Style::Code => code(core),
        _ => escaped(core),
    };
    words.replacen(core, &marked, 1)
}

/// A code span; as HTML where Markdown's own could not hold the characters.
fn code(words: &str) -> String {
    if words.contains(['`', '|', '\n', '\\']) {
        let words = html::escaped(words);
        let inert = ACTIVE
            .iter()
            .filter(|active| !matches!(active, '&' | '<' | '>'));
        let words = inert.fold(words, |words, active| {
            words.replace(*active, &format!("&#{};", u32::from(*active)))
        });
        return format!("<code>{words}</code>");
    }
    format!("`{words}`")
}

fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for character in words.chars() {
        if ACTIVE.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// A line that begins no heading, list, quotation or code block by accident.
fn guarded(line: &str) -> String {
    let line = line.trim_start();
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    match line.split_at_checked(digits) {
        Some((number, rest)) if digits > 0 && rest.starts_with(['.', ')']) => {
            format!("{number}\\{rest}")
        }
        _ if line.starts_with(['#', '-', '+', '=']) => format!("\\{line}"),
        _ => line.to_owned(),
    }
}

/// A fenced block whose fence is longer than any run of backticks inside.
fn fence(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let language: String = language
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    format!(
        "{fence}{language}\n{}\n{fence}\n",
        text.trim_end_matches('\n')
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_active_characters_stays_a_table() {
        let table = Table::new(["a|b", "c"]).row([Text::from("x\ny"), Text::new().code("p|q")]);
        let expected = "| a\\|b | c |\n| --- | --- |\n| x<br>y | <code>p&#124;q</code> |\n";
        assert_eq!(table.markdown(), expected);
    }

    #[test]
    fn a_paragraph_begins_nothing_else() {
        let markdown = |text: &str| Report::new().paragraph(text).markdown();
        assert_eq!(markdown("1. not a list"), "1\\. not a list\n");
        assert_eq!(markdown("# no\n- no\n    no"), "\\# no\\\n\\- no\\\nno\n");
    }

    #[test]
    fn a_fence_outlasts_the_backticks_inside() {
        let markdown = Report::new().code("json", "a\n````\nb").markdown();
        assert_eq!(markdown, "`````json\na\n````\nb\n`````\n");
    }
}
