//! Tables and reports as JSON.

use serde_json::{Map, Value, json};

use super::report::{Block, DiffLine, Report};
use super::table::Table;
use super::text::{Text, harmless};

impl Table {
    /// `{"title"?, "columns", "rows", "notes"?, "data"?}`: a row is an object
    /// whose keys are the members of `columns` in their order, its values the
    /// cells' words. A heading that occurs again gets a number, an empty one
    /// its place.
    pub fn json(&self) -> Value {
        let names = unique_names(self);
        let row = |cells: &[Text]| -> Value {
            let words = cells.iter().map(|cell| Value::from(cell.to_string()));
            names
                .iter()
                .cloned()
                .zip(words)
                .collect::<Map<_, _>>()
                .into()
        };
        let mut object = Map::new();
        if let Some(title) = self.title() {
            object.insert("title".into(), words(title));
        }
        object.insert("columns".into(), json!(names));
        object.insert(
            "rows".into(),
            self.rows().iter().map(|r| row(r.cells())).collect(),
        );
        if !self.notes().is_empty() {
            object.insert("notes".into(), self.notes().iter().map(words).collect());
        }
        if let Some(data) = self.data() {
            object.insert("data".into(), data.clone());
        }
        object.into()
    }
}

impl Report {
    /// `{"blocks": [{"type", …}], "data"?}`.
    pub fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("blocks".into(), self.blocks().iter().map(block).collect());
        if let Some(data) = self.data() {
            object.insert("data".into(), data.clone());
        }
        object.into()
    }
}

fn unique_names(table: &Table) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(table.columns().len());
    for (index, column) in table.columns().iter().enumerate() {
        let wanted = column.name(index);
        let numbered = (2..).map(|number| format!("{wanted} ({number})"));
        let free = std::iter::once(wanted.clone())
            .chain(numbered)
            .find(|n| !names.contains(n));
        names.extend(free);
    }
    names
}

fn words(text: &Text) -> Value {
    Value::from(text.to_string())
}

fn block(block: &Block) -> Value {
    match block {
        Block::Headline { tone, text } => json!({
            "type": "headline",
            "tone": tone.name(),
            "text": Block::headline(*tone, text).to_string(),
        }),
        Block::Paragraph(text) => json!({ "type": "paragraph", "text": words(text) }),
        Block::Table(table) => json!({ "type": "table", "table": table.json() }),
        Block::List(items) => {
            json!({ "type": "list", "items": items.iter().map(words).collect::<Vec<_>>() })
        }
        Block::KeyValue(pairs) => {
            let pair =
                |(key, value): &(Text, Text)| json!({ "key": words(key), "value": words(value) });
            json!({ "type": "pairs", "pairs": pairs.iter().map(pair).collect::<Vec<_>>() })
        }
        Block::Code { language, text } => json!({
            "type": "code",
            "language": harmless(language),
            "text": harmless(text),
        }),
        Block::Diff(lines) => {
            let lines: Vec<String> = lines.iter().map(DiffLine::marked).collect();
            json!({ "type": "diff", "lines": lines })
        }
        Block::Details {
            summary,
            open,
            blocks,
        } => json!({
            "type": "details",
            "summary": words(summary),
            "open": open,
            "blocks": blocks.iter().map(self::block).collect::<Vec<_>>(),
        }),
        Block::Rule => json!({ "type": "rule" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_objects_in_the_order_of_the_columns() {
        let table = Table::new(["z", "a", "z", ""]).row(["1", "2", "3", "4"]);
        let expected = r#"{"columns":["z","a","z (2)","column 4"],"rows":[{"z":"1","a":"2","z (2)":"3","column 4":"4"}]}"#;
        assert_eq!(table.json().to_string(), expected);
    }

    #[test]
    fn data_is_emitted_as_it_is() {
        let data = json!({ "arn": ["x"] });
        assert_eq!(
            Table::new(["a"]).with_data(data.clone()).json()["data"],
            data
        );
        assert_eq!(Report::new().with_data(data.clone()).json()["data"], data);
    }
}
