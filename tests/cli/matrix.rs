//! `keychai matrix`: one table in four forms.

use serde_json::Value;

use super::keychai;

/// The rows of a table, each the texts of its cells.
type Cells = Vec<Vec<String>>;

fn print(args: &[&str]) -> String {
    let outcome = keychai(["matrix"]).args(args).run();
    outcome.succeeds().to_owned()
}

fn json(args: &[&str]) -> Value {
    let text = keychai(["matrix", "--format", "json"]).args(args).run();
    serde_json::from_str(text.succeeds()).unwrap()
}

/// Spaces at the ends and doubled ones are layout.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cells_of_json(table: &Value) -> Cells {
    let columns = table["columns"].as_array().unwrap();
    let cell =
        |row: &Value, column: &Value| squeezed(row[column.as_str().unwrap()].as_str().unwrap());
    let rows = table["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| columns.iter().map(|column| cell(row, column)).collect())
        .collect()
}

/// The columns are where the line under the head has its dashes; a row goes on
/// as long as its last cell is empty.
fn cells_of_text(text: &str) -> Cells {
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let rule = lines
        .iter()
        .position(|line| line.starts_with(&['─']))
        .unwrap();
    let mut starts = vec![0];
    starts.extend((1..lines[rule].len()).filter(|at| lines[rule][at - 1] == ' '));
    let mut rows: Cells = Vec::new();
    for line in lines.iter().skip(rule + 1) {
        if matches!(line.first(), Some('✗' | '!')) || line.starts_with(&['r', 'u', 'l', 'e']) {
            break;
        }
        let cut = |at: usize, end: usize| line.iter().skip(at).take(end - at).collect::<String>();
        let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
        let cells: Vec<String> = starts
            .iter()
            .zip(ends)
            .map(|(at, end)| squeezed(&cut(*at, end)))
            .collect();
        match cells.last().is_some_and(|outcome| outcome.is_empty()) {
            false => rows.push(cells),
            true => {
                for (whole, part) in rows.last_mut().unwrap().iter_mut().zip(cells) {
                    *whole = squeezed(&format!("{whole} {part}"));
                }
            }
        }
    }
    rows
}

fn cells_of_markdown(text: &str) -> Cells {
    let lines = text.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_start_matches('|').trim_end_matches('|');
        inner
            .split('|')
            .map(|cell| squeezed(&cell.replace(['`', '\u{a0}'], " ")))
            .collect()
    };
    lines.skip(2).map(cells).collect()
}

fn without_tags(html: &str) -> String {
    let mut out = String::new();
    for piece in html.split('<') {
        out.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    let out = out
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    squeezed(
        &out.replace("&quot;", "\"")
            .replace("&amp;", "&")
            .replace('\u{a0}', " "),
    )
}

fn cells_of_html(text: &str) -> Cells {
    let body = text
        .split_once("<tbody>")
        .unwrap()
        .1
        .split_once("</tbody>")
        .unwrap()
        .0;
    let row = |row: &str| -> Vec<String> {
        let ended = row.replace("</th>", "</td>");
        let cells: Vec<&str> = ended.split("</td>").collect();
        let (_, cells) = cells.split_last().unwrap();
        cells
            .iter()
            .map(|cell| without_tags(&format!("<{}", cell.split_once('<').unwrap().1)))
            .collect()
    };
    body.split("</tr>")
        .filter(|text| text.contains("<td"))
        .map(row)
        .collect()
}

#[test]
fn the_four_forms_hold_the_same_ten_rows() {
    for model in ["exam", "aws"] {
        let wanted = cells_of_json(&json(&["--model", model]));
        assert_eq!(wanted.len(), 10);
        let form = |name| print(&["--model", model, "--format", name]);
        assert_eq!(cells_of_text(&form("text")), wanted);
        assert_eq!(cells_of_markdown(&form("markdown")), wanted);
        assert_eq!(cells_of_html(&form("html")), wanted);
    }
}

#[test]
fn each_form_tells_causes_and_repairs() {
    let data = json(&[]);
    let failed = data["data"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["status"] != 200);
    let forms = [
        squeezed(&print(&[])),
        squeezed(&print(&["--format", "markdown"]).replace(['`', '\\'], "")),
        without_tags(&print(&["--format", "html"])),
    ];
    for row in failed {
        for form in &forms {
            let cause = squeezed(row["cause"].as_str().unwrap());
            assert!(form.contains(&cause), "{cause}\n{form}");
            for line in row["repair_script"].as_array().unwrap() {
                let line = squeezed(line.as_str().unwrap());
                assert!(form.contains(&line), "{line}\n{form}");
            }
        }
    }
}

#[test]
fn the_text_fits_into_eighty_columns() {
    for model in ["exam", "aws"] {
        for line in print(&["--model", model]).lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
        }
    }
}

#[test]
fn text_is_the_default_and_names_the_model() {
    assert_eq!(print(&[]), print(&["--format", "text"]));
    assert!(print(&[]).lines().next().unwrap().contains("model: exam"));
    assert!(
        print(&["--model", "aws"])
            .lines()
            .next()
            .unwrap()
            .contains("model: aws")
    );
}

/// Issue, failed action, layer and status by the revision notes, "Failure scenarios".
#[test]
fn the_rows_are_those_of_the_notes() {
    let table = json(&[]);
    let rows = table["data"]["rows"].as_array().unwrap();
    let seen: Vec<_> = rows
        .iter()
        .filter(|row| row["healthy"] == false)
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("none").to_owned();
            (
                row["status"].as_u64().unwrap(),
                text("code"),
                text("failed_action"),
                text("layer"),
            )
        })
        .collect();
    let row = |status, code: &str, action: &str, layer: &str| {
        (status, code.to_owned(), action.to_owned(), layer.to_owned())
    };
    assert_eq!(
        seen,
        [
            row(403, "AccessDenied", "kms:Decrypt", "identity"),
            row(403, "AccessDenied", "kms:GenerateDataKey", "identity"),
            row(403, "AccessDenied", "kms:Decrypt", "resource"),
            row(403, "AccessDenied", "s3:GetObject", "identity"),
            row(404, "NoSuchKey", "none", "none"),
        ]
    );
    for row in rows {
        for name in ["issue", "status", "code", "layer", "cause", "repair"] {
            assert!(row.get(name).is_some(), "{name} is missing in {row}");
        }
        assert_eq!(row["status"] == 200, row["healthy"] == true, "{row}");
        assert_eq!(row["repair"].is_null(), row["healthy"] == true, "{row}");
    }
}

/// A key policy that names the caller is enough for `aws`, and for `exam` it is not.
#[test]
fn the_models_differ_where_iam_alone_is_silent_about_kms() {
    let (exam, aws) = (json(&[]), json(&["--model", "aws"]));
    let rows = |table: &Value| table["data"]["rows"].as_array().unwrap().clone();
    let mut differing = 0;
    for (exam, aws) in rows(&exam).iter().zip(rows(&aws)) {
        assert_eq!(
            (&exam["issue"], &exam["switches"]),
            (&aws["issue"], &aws["switches"])
        );
        let only_kms_is_off =
            exam["switches"]["kms"] == false && exam["switches"]["key_policy"] == true;
        let differ = exam["status"] != aws["status"];
        assert_eq!(differ, only_kms_is_off, "{exam}\n{aws}");
        assert_eq!(differ, !exam["other_model"].is_null(), "{exam}");
        if differ {
            differing += 1;
            assert_eq!(
                (exam["status"].as_u64(), aws["status"].as_u64()),
                (Some(403), Some(200))
            );
        } else {
            assert_eq!(
                (&exam["code"], &exam["layer"]),
                (&aws["code"], &aws["layer"])
            );
        }
    }
    assert_eq!(differing, 2);
}

#[test]
fn a_scenario_has_its_rows_and_its_rule_in_every_form() {
    let text = print(&["failure"]);
    let rule = "s3:GetObject ∧ kms:Decrypt ∧ key policy ∧ object";
    assert!(
        text.contains(rule) && text.contains("all 16 combinations run"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert_eq!(json(&["failure"])["data"]["rule"], rule);
    assert!(print(&["failure", "--format", "markdown"]).contains("404 NoSuchKey"));
    assert!(print(&["failure", "--format", "html"]).contains("404 NoSuchKey"));
    let all = print(&["failure", "--exhaustive", "--format", "csv", "--jobs", "2"]);
    assert_eq!(all.lines().count(), 17);
    assert!(print(&["--list"]).contains("cross-account"));
    let wrong = keychai(["matrix", "downlaod"]).run();
    assert!(wrong.fails(2).contains("did you mean `download`?"));
}
