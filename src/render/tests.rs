//! What holds for every output of the same model.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::samples::{denial, layers, matrix, path};
use super::{Align, Column, DiffLine, Priority, Report, Row, Table, Text, TextOptions, Tone};

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}( [a-zA-Z0-9:/*]{1,30}){0,4}",
        "\\PC{0,24}",
        any::<String>()
    ]
}

fn tone() -> impl Strategy<Value = Option<Tone>> {
    proptest::option::of(prop_oneof![
        Just(Tone::Good),
        Just(Tone::Bad),
        Just(Tone::Neutral),
        Just(Tone::Warning)
    ])
}

fn column() -> impl Strategy<Value = Column> {
    let align = prop_oneof![Just(Align::Left), Just(Align::Centre), Just(Align::Right)];
    let priority = prop_oneof![
        Just(Priority::Essential),
        Just(Priority::Normal),
        Just(Priority::Detail)
    ];
    let least = proptest::option::of(0_usize..60);
    (cell(), align, priority, least, any::<bool>()).prop_map(
        |(heading, align, priority, min_width, code)| Column {
            heading: heading.into(),
            align,
            priority,
            min_width,
            code,
        },
    )
}

fn table() -> impl Strategy<Value = Table> {
    let row = (proptest::collection::vec(cell(), 0..7), tone());
    let rows = proptest::collection::vec(row, 0..5);
    (proptest::collection::vec(column(), 0..7), rows, cell()).prop_map(|(columns, rows, note)| {
        let mut table = Table::new(columns)
            .titled(note.as_str())
            .note(note.as_str());
        for (cells, tone) in rows {
            let row = Row::new(cells);
            table.push(match tone {
                Some(tone) => row.toned(tone),
                None => row,
            });
        }
        table
    })
}

fn report(table: Table, words: &str) -> Report {
    let inner = Report::new()
        .table(table.clone())
        .code("json", words)
        .list([words, "x"]);
    Report::new()
        .headline(Tone::Warning, words)
        .paragraph(words)
        .table(table)
        .pairs([(words, words), ("key", words)])
        .diff([
            DiffLine::Added(words.into()),
            DiffLine::Context(words.into()),
        ])
        .details(words, true, Report::new().details(words, false, inner))
        .rule()
}

fn words_of(table: &Table) -> Vec<Vec<String>> {
    let headings = table
        .columns()
        .iter()
        .map(|column| column.heading.to_string())
        .collect();
    let row = |row: &Row| row.cells().iter().map(Text::to_string).collect();
    std::iter::once(headings)
        .chain(table.rows().iter().map(row))
        .collect()
}

/// A small reader of RFC 4180, independent of the writer.
fn read_csv(csv: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = csv.chars().peekable();
    while let Some(character) = characters.next() {
        match (quoted, character) {
            (true, '"') if characters.peek() == Some(&'"') => field.extend(characters.next()),
            (_, '"') => quoted = !quoted,
            (false, ',') => record.push(std::mem::take(&mut field)),
            (false, '\r') => {
                assert_eq!(characters.next(), Some('\n'));
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            (_, other) => field.push(other),
        }
    }
    assert!(!quoted && field.is_empty() && record.is_empty());
    records
}

fn read_html_cells(html: &str) -> Vec<Vec<String>> {
    let body = html
        .split_once("<thead>")
        .unwrap()
        .1
        .split_once("</table>")
        .unwrap()
        .0;
    let rows = body.split("<tr").skip(1);
    rows.map(|row| {
        let cells = row.split("</th>").flat_map(|part| part.split("</td>"));
        let cells = cells.filter(|part| part.contains("<th ") || part.contains("<td"));
        cells.map(read_html_words).collect()
    })
    .collect()
}

fn read_html_words(part: &str) -> String {
    let start = part.find("<th ").or_else(|| part.find("<td")).unwrap();
    let mut words = String::new();
    let mut inside = false;
    for character in part[start..].replace("<br>", "\n").chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => words.push(other),
            _ => {}
        }
    }
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(words, |words, (entity, character)| {
        words.replace(entity, character)
    })
}

fn is_inert(output: &str) -> bool {
    !output
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\r' || ('\u{202a}'..='\u{202e}').contains(&c))
}

proptest! {
    #[test]
    fn no_line_exceeds_the_asked_width(
        table in table(), words in cell(), width in 40_usize..=160, color in any::<bool>(),
    ) {
        let plain = TextOptions { width, color: false };
        let outputs = [table.text(&plain), report(table.clone(), &words).text(&plain)];
        for line in outputs.iter().flat_map(|output| output.lines()) {
            prop_assert!(line.width() <= width, "{} > {width}: {line:?}", line.width());
        }
        let coloured = table.text(&TextOptions { width, color });
        let stripped = coloured.split('\x1b').enumerate().map(|(index, part)| match index {
            0 => part,
            _ => part.split_once('m').unwrap().1,
        });
        for line in stripped.collect::<String>().lines() {
            prop_assert!(line.width() <= width, "{} > {width}: {line:?}", line.width());
        }
    }

    #[test]
    fn csv_html_and_json_carry_the_same_words(table in table()) {
        prop_assume!(!table.columns().is_empty());
        let words = words_of(&table);
        prop_assert_eq!(read_csv(&table.csv()), words.clone());
        prop_assert_eq!(read_html_cells(&table.html()), words.clone());
        let json = table.json();
        let rows: Vec<Vec<String>> = json["rows"].as_array().unwrap().iter().map(|row| {
            row.as_object().unwrap().values().map(|v| v.as_str().unwrap().to_owned()).collect()
        }).collect();
        prop_assert_eq!(rows, words[1..].to_vec());
    }

    #[test]
    fn text_and_markdown_carry_the_same_words(
        cells in proptest::collection::vec("[a-z]{1,9}([ *_|<&][a-z]{1,9}){0,3}", 3),
    ) {
        let table = Table::new(["a", "b", "c"]).row(&cells);
        let text = table.text(&TextOptions { width: 160, color: false });
        let markdown = table.markdown();
        let line = markdown.lines().nth(2).unwrap();
        let read: Vec<String> = line.trim_matches(['|', ' ']).split(" | ").map(|cell| {
            cell.replace('\\', "")
        }).collect();
        prop_assert_eq!(&read, &cells);
        prop_assert!(cells.iter().all(|cell| text.contains(cell.as_str())));
    }

    #[test]
    fn every_word_of_a_cell_is_shown_in_a_narrow_table(
        cells in proptest::collection::vec("[a-z]{1,4}( [a-z]{1,9}){0,8}", 3),
    ) {
        let table = Table::new(["a", "b", "c"]).row(&cells);
        let text = table.text(&TextOptions { width: 40, color: false });
        let shown: Vec<&str> = text.split_whitespace().collect();
        for word in cells.iter().flat_map(|cell| cell.split(' ')) {
            prop_assert!(shown.contains(&word), "`{word}` is missing in\n{text}");
        }
    }

    #[test]
    fn no_output_obeys_its_input(table in table(), words in any::<String>()) {
        let report = report(table, &words);
        let diagram = super::Diagram::path(&words).node(&words, &words).arrow(&words)
            .node(&words, "").stopped_at(0, &words);
        let options = TextOptions::default();
        let outputs = [report.text(&options), report.html(), report.markdown(),
            diagram.text(&options), diagram.svg()];
        for output in outputs {
            prop_assert!(is_inert(&output), "{output:?}");
        }
    }

    #[test]
    fn a_diagram_never_exceeds_the_width(words in cell(), width in 40_usize..=160) {
        let options = TextOptions { width, color: false };
        for diagram in [super::Diagram::path(&words), super::Diagram::layers(&words)] {
            let diagram = diagram.node(&words, &words).arrow(&words).node(&words, "");
            let text = diagram.text(&options);
            prop_assert!(text.lines().all(|line| line.width() <= width), "{text}");
        }
    }
}

#[test]
fn escapes_in_a_cell_are_shown_not_obeyed() {
    let table = Table::new(["a"]).row(["\x1b[31mred\x1b[0m\x08\u{9b}"]);
    let outputs = [
        table.text(&TextOptions::default()),
        table.html(),
        table.markdown(),
        table.csv(),
        table.json().to_string(),
    ];
    for output in outputs {
        assert!(
            is_inert(&output) && output.contains('␛') && output.contains("red"),
            "{output:?}"
        );
    }
}

#[test]
fn the_matrix_fits_a_terminal_and_says_what_it_left_out() {
    let wide = matrix().text(&TextOptions {
        width: 100,
        color: false,
    });
    assert!(!wide.contains("left out"), "{wide}");
    assert!(wide.contains("403 kms:Decrypt, key policy"), "{wide}");
    let narrow = matrix().text(&TextOptions {
        width: 40,
        color: false,
    });
    assert!(narrow.contains("left out to fit 40 columns: "), "{narrow}");
}

#[test]
fn the_denial_gives_the_answer_first_in_every_form() {
    let answer = "✗ AccessDenied 403";
    let text = denial().text(&TextOptions::default());
    assert!(text.starts_with(answer), "{text}");
    assert!(
        denial()
            .markdown()
            .starts_with(&format!("### {}", "✗ **AccessDenied 403"))
    );
    assert_eq!(denial().json()["blocks"][0]["tone"], "bad");
    assert!(denial().html().contains("<details open>"));
}

#[test]
fn a_picture_says_in_words_what_it_shows() {
    let svg = path().svg();
    let desc = svg
        .split_once("<desc>")
        .unwrap()
        .1
        .split_once("</desc>")
        .unwrap()
        .0;
    assert!(
        desc.contains("kms:Decrypt ✗ stopped before alias/payroll"),
        "{desc}"
    );
    assert!(
        layers()
            .description()
            .starts_with("master key (never leaves KMS) encrypts data key")
    );
    assert!(
        path()
            .text(&TextOptions::default())
            .contains("✗ kms:Decrypt: no statement")
    );
}

#[test]
fn an_empty_column_takes_room_too() {
    let words = "a".repeat(14);
    let table = Table::new(["", "", ""]).row([words.as_str(), "", words.as_str()]);
    let text = table.text(&TextOptions {
        width: 32,
        color: false,
    });
    assert!(text.lines().all(|line| line.width() <= 32), "{text}");
}
