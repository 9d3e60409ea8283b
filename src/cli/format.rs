//! A report in the form that was asked for.

use std::io::IsTerminal as _;

use super::arguments::Format;
use crate::render::{Block, Destination, Report, TextOptions};

/// `report` as text, Markdown, HTML, JSON or, its tables alone, CSV.
pub(super) fn shown(report: &Report, format: Format) -> String {
    match format {
        Format::Text => report.text(&text_options()),
        Format::Markdown => report.markdown(),
        Format::Html => report.html(),
        Format::Json => format!("{:#}", report.json()),
        Format::Csv => {
            let tables = report.blocks().iter().filter_map(|block| match block {
                Block::Table(table) => Some(table.csv()),
                _ => None,
            });
            tables.collect::<Vec<_>>().join("\r\n")
        }
    }
}

/// How text looks where it is going.
pub(super) fn text_options() -> TextOptions {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    TextOptions::from(Destination {
        terminal: std::io::stdout().is_terminal(),
        no_color: refused,
        columns,
    })
}
