//! Arrays of maps, shown as tables.

use rhai::{Array, Dynamic};

use super::display::Renderers;
use crate::render::{Column, Row, Table, Text};

/// More rows or columns than this are not a table that people read.
const MAX_ROWS: usize = 200;
const MAX_COLUMNS: usize = 8;
/// Of identifiers that nobody reads aloud this much is shown; the data keeps them whole.
const SHOWN_OF_IDS: usize = 8;

/// The table of `array` if it is a list of flat maps.
pub(super) fn table(array: &Array, renderers: &Renderers) -> Option<Table> {
    let mut columns: Vec<String> = Vec::new();
    for element in array {
        let map = element.as_map_ref().ok()?;
        if map.values().any(|value| value.is_map() || value.is_array()) {
            return None;
        }
        for name in map.keys() {
            if !columns.iter().any(|column| column == name.as_str()) {
                columns.push(name.to_string());
            }
        }
    }
    if array.is_empty() || array.len() > MAX_ROWS || columns.len() > MAX_COLUMNS {
        return None;
    }
    let mut table = Table::new(columns.iter().map(|name| Column::new(name.as_str())));
    for element in array {
        let map = element.as_map_ref().ok()?;
        let cell = |name: &String| {
            Text::from(
                map.get(name.as_str())
                    .map_or_else(String::new, |v| short(v, renderers)),
            )
        };
        table.push(Row::new(columns.iter().map(cell)));
    }
    Some(table)
}

fn short(value: &Dynamic, renderers: &Renderers) -> String {
    let text = renderers.text(value);
    let is_id = text.len() > 32 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    match text.get(..SHOWN_OF_IDS).filter(|_| is_id) {
        Some(start) => format!("{start}…"),
        None => text,
    }
}
