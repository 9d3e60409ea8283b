//! Tables as comma-separated values. Source: RFC 4180.

use super::table::Table;

impl Table {
    /// The headings and rows as CSV, each record ended by CRLF; title, notes
    /// and data are left to the other forms.
    pub fn csv(&self) -> String {
        let headings = self
            .columns()
            .iter()
            .map(|column| column.heading.to_string());
        let rows = self
            .rows()
            .iter()
            .map(|row| record(row.cells().iter().map(|c| c.to_string())));
        std::iter::once(record(headings)).chain(rows).collect()
    }
}

fn record(fields: impl Iterator<Item = String>) -> String {
    fields.map(field).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A field in quotes where it must be, and where a leading or trailing space
/// would otherwise be lost in common readers.
fn field(text: String) -> String {
    let must = text.contains([',', '"', '\n', '\r']) || text.trim() != text;
    if must {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_rfc_4180_wants_quoted() {
        let table = Table::new(["a,b", "c"])
            .row(["say \"hi\"", "two\nlines"])
            .row(["1", " 2"]);
        let expected = "\"a,b\",c\r\n\"say \"\"hi\"\"\",\"two\nlines\"\r\n1,\" 2\"\r\n";
        assert_eq!(table.csv(), expected);
    }
}
