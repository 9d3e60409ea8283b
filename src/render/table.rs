//! The neutral table: columns, rows of cells, notes below.

use serde_json::Value;

use super::text::{Style, Text, Tone};

/// Where a column's cells stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right edge, as numbers do.
    Right,
}

/// Which columns give way first where a terminal is too narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Goes first.
    Detail,
    /// Goes when no detail is left.
    #[default]
    Normal,
    /// Goes last.
    Essential,
}

/// One column of a [`Table`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// What stands above the column.
    pub heading: Text,
    /// Where its cells stand.
    pub align: Align,
    /// When it gives way in a narrow terminal.
    pub priority: Priority,
    /// Narrowest useful width, in terminal columns; without it, the longest
    /// word of the column up to a limit.
    pub min_width: Option<usize>,
    /// Whether plain cells of the column are literals.
    pub code: bool,
}

impl Column {
    /// A left-aligned column of normal priority.
    pub fn new(heading: impl Into<Text>) -> Self {
        Self {
            heading: heading.into(),
            ..Self::default()
        }
    }

    /// The same column, its cells at the right edge.
    #[must_use]
    pub fn right(self) -> Self {
        Self {
            align: Align::Right,
            ..self
        }
    }

    /// The same column, its cells in the middle.
    #[must_use]
    pub fn centre(self) -> Self {
        Self {
            align: Align::Centre,
            ..self
        }
    }

    /// The same column, kept longest in a narrow terminal.
    #[must_use]
    pub fn essential(self) -> Self {
        Self {
            priority: Priority::Essential,
            ..self
        }
    }

    /// The same column, first to go in a narrow terminal.
    #[must_use]
    pub fn detail(self) -> Self {
        Self {
            priority: Priority::Detail,
            ..self
        }
    }

    /// The same column, at least `columns` terminal columns wide.
    #[must_use]
    pub fn at_least(self, columns: usize) -> Self {
        Self {
            min_width: Some(columns),
            ..self
        }
    }

    /// The same column, its plain cells shown as literals.
    #[must_use]
    pub fn code(self) -> Self {
        Self { code: true, ..self }
    }
}

impl From<&str> for Column {
    fn from(heading: &str) -> Self {
        Self::new(heading)
    }
}

impl From<String> for Column {
    fn from(heading: String) -> Self {
        Self::new(heading)
    }
}

impl From<Text> for Column {
    fn from(heading: Text) -> Self {
        Self::new(heading)
    }
}

/// One row of a [`Table`]: as many cells as the table has columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    cells: Vec<Text>,
    tone: Option<Tone>,
}

impl Row {
    /// A row of `cells`, without a tone.
    pub fn new<C: Into<Text>>(cells: impl IntoIterator<Item = C>) -> Self {
        Self {
            cells: cells.into_iter().map(Into::into).collect(),
            tone: None,
        }
    }

    /// The same row in `tone`.
    ///
    /// Where no cell has a mark yet, the first one gets that of `tone`: colour
    /// alone must not carry the meaning.
    #[must_use]
    pub fn toned(mut self, tone: Tone) -> Self {
        let marked = self.cells.iter().any(|cell| cell.tone().is_some());
        if let Some(first) = self.cells.first_mut().filter(|_| !marked) {
            let words = std::mem::take(first);
            let gap = if words.is_empty() { "" } else { " " };
            *first = Text::toned(tone, "").plain(gap).then(words);
        }
        self.tone = Some(tone);
        self
    }

    /// The cells, one for each column.
    pub fn cells(&self) -> &[Text] {
        &self.cells
    }

    /// The tone of the whole row.
    pub fn tone(&self) -> Option<Tone> {
        self.tone
    }
}

/// A table that every writer shows with the same words.
///
/// ```
/// use keychai::render::{Column, Table, Text};
///
/// let table = Table::new([Column::new("call").code(), Column::new("outcome")])
///     .titled("Who may")
///     .row([Text::from("kms:Decrypt"), Text::bad("403")])
///     .note("the key policy is silent");
/// assert!(table.csv().ends_with("kms:Decrypt,✗ 403\r\n"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    title: Option<Text>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    notes: Vec<Text>,
    data: Option<Value>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new<C: Into<Column>>(columns: impl IntoIterator<Item = C>) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// The same table under a title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<Text>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The same table with one more row.
    #[must_use]
    pub fn row<C: Into<Text>>(mut self, cells: impl IntoIterator<Item = C>) -> Self {
        self.push(Row::new(cells));
        self
    }

    /// The same table with one more row, in a tone.
    #[must_use]
    pub fn toned_row<C: Into<Text>>(
        mut self,
        tone: Tone,
        cells: impl IntoIterator<Item = C>,
    ) -> Self {
        self.push(Row::new(cells).toned(tone));
        self
    }

    /// The same table with one more note below it.
    #[must_use]
    pub fn note(mut self, note: impl Into<Text>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same table with machine-readable data, which [`Table::json`] emits
    /// unchanged beside the cells.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Appends a row.
    ///
    /// Missing cells are filled with empty ones; cells beyond the last column
    /// get a column without heading, so that nothing is lost.
    pub fn push(&mut self, mut row: Row) {
        if self.columns.len() < row.cells.len() {
            self.columns.resize(row.cells.len(), Column::default());
            for earlier in &mut self.rows {
                earlier.cells.resize(self.columns.len(), Text::new());
            }
        }
        row.cells.resize(self.columns.len(), Text::new());
        for (cell, column) in row.cells.iter_mut().zip(&self.columns) {
            if column.code {
                *cell = std::mem::take(cell).restyled(Style::Code);
            }
        }
        self.rows.push(row);
    }

    /// What stands above the table.
    pub fn title(&self) -> Option<&Text> {
        self.title.as_ref()
    }

    /// The columns, from left to right.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The rows, from top to bottom.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What stands below the table.
    pub fn notes(&self) -> &[Text] {
        &self.notes
    }

    /// The data that goes into JSON beside the cells.
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toned_row_gets_one_mark_where_it_has_none() {
        let bare = Row::new(["reads", "403"]).toned(Tone::Bad);
        assert_eq!(bare.cells()[0].to_string(), "✗ reads");
        let marked = Row::new([Text::from("reads"), Text::bad("403")]).toned(Tone::Bad);
        assert_eq!(marked.cells()[0].to_string(), "reads");
    }

    #[test]
    fn rows_and_columns_always_agree_in_number() {
        let table = Table::new(["a"])
            .row(["1"])
            .row(["1", "2", "3"])
            .row(["1", "2"]);
        assert_eq!(table.columns().len(), 3);
        assert!(table.rows().iter().all(|row| row.cells().len() == 3));
    }
}
