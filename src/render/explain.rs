//! A real denial, explained: the answer, its layers, the repairs.

use serde_json::json;

use super::decision::decision_report;
use super::failure::with_fixes;
use super::report::Report;
use super::text::{Text, Tone};
use crate::lab::explain::{Decided, Explained, Explanations};

/// Each denial in turn: what the policies say first, then what the message tells.
pub fn explain_report(all: &Explanations) -> Report {
    let mut report = Report::new();
    for (at, one) in all.found.iter().enumerate() {
        if at > 0 {
            report = report.block(super::Block::Rule);
        }
        report = explained(report, one);
    }
    for note in &all.passed_over {
        report = report.paragraph(Text::new().muted(note));
    }
    report.with_data(json!(all))
}

fn explained(report: Report, one: &Explained) -> Report {
    let denial = &one.denial;
    let action = denial.action.as_deref().unwrap_or("a call");
    let tone = if denial.succeeded {
        Tone::Good
    } else {
        Tone::Bad
    };
    let code = denial
        .code
        .as_deref()
        .map_or(String::new(), |code| format!("{code} · "));
    let time = denial
        .time
        .as_deref()
        .map_or(String::new(), |time| format!(" · {time}"));
    let report = report.headline(tone, format!("{code}{action}{time}"));
    let report = match &one.decided {
        Some(decided) => told(report, decided),
        None => report,
    };
    let facts = [
        ("caller", &denial.principal),
        ("resource", &denial.resource),
        ("AWS names", &denial.policy_type),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let facts: Vec<(&str, &str)> = facts.collect();
    let report = match facts.is_empty() {
        true => report,
        false => report.pairs(facts),
    };
    let report = report.list(one.tells.iter());
    match one.needed.is_empty() {
        true => report,
        false => report
            .paragraph(Text::new().strong("Needed to decide it all"))
            .list(one.needed.iter()),
    }
}

fn told(report: Report, decided: &Decided) -> Report {
    let mut report = report.paragraph(Text::new().strong(&decided.sentence));
    if !decided.agrees {
        let text = "AWS decided otherwise than these policies say.";
        report = report.paragraph(Text::warning(text));
    }
    let layers = decision_report(&decided.step);
    with_fixes(report.details("layers", true, layers), &decided.fixes)
}
