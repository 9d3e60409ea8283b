//! What the linter says, as a report.

use serde_json::json;

use super::report::Report;
use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::policy::lint::{Finding, Severity};

/// A headline that counts, and one row for each finding.
pub fn findings_report(findings: &[Finding]) -> Report {
    let report = Report::new().headline(worst(findings), counted(findings));
    if findings.is_empty() {
        return report.with_data(json!(findings));
    }
    let mut table = Table::new([
        Column::new("where").essential().right(),
        Column::new("finding").essential().at_least(26),
        Column::new("says").essential().at_least(20),
        Column::new("do").at_least(20),
    ]);
    for finding in findings {
        let severity = match finding.severity {
            Severity::Error => Text::bad(finding.code),
            Severity::Warning => Text::warning(finding.code),
            Severity::Note => Text::from(finding.code),
        };
        let place = format!("{}:{}", finding.place.line, finding.place.column);
        let suggestion = finding.suggestion.as_deref().unwrap_or_default();
        table.push(Row::new([
            Text::from(place),
            severity,
            Text::from(&finding.message),
            Text::from(suggestion),
        ]));
    }
    report.table(table).with_data(json!(findings))
}

fn worst(findings: &[Finding]) -> Tone {
    match findings.iter().map(|f| f.severity).max() {
        Some(Severity::Error) => Tone::Bad,
        Some(Severity::Warning) => Tone::Warning,
        Some(Severity::Note) | None => Tone::Good,
    }
}

/// `1 error, 2 warnings`, or that there is nothing.
pub fn counted(findings: &[Finding]) -> String {
    let count = |wanted| findings.iter().filter(|f| f.severity == wanted).count();
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (count(severity), severity.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| match count {
            1 => format!("1 {name}"),
            _ => format!("{count} {name}s"),
        })
        .collect();
    match parts.is_empty() {
        true => "nothing to say against this policy".to_owned(),
        false => parts.join(", "),
    }
}
