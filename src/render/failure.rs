//! A failed call as a card: the answer first, then the reason, then what to do.

use serde_json::{Value, json};

use super::decision::{layer_lines, other_model, step_line};
use super::report::Report;
use super::text::{Text, Tone};
use crate::api::Service;
use crate::lab::{DecidedStep, Failure, Fixes, Opened};

/// The card of `failure`, with the repairs that were tried.
pub fn failure_report(failure: &Failure, fixes: &Fixes) -> Report {
    let error = &failure.error;
    let mut report = Report::new()
        .headline(Tone::Bad, headline(failure))
        .paragraph(Text::new().strong(&failure.sentence));
    if !error.message.is_empty() && error.message != failure.sentence {
        report = report.paragraph(Text::new().muted(&error.message));
    }
    report = decided(report, &failure.decisions);
    if let Some(note) = error.decision.as_deref().and_then(other_model) {
        report = report.paragraph(note);
    }
    with_fixes(report, fixes).with_data(failure_json(failure, fixes))
}

fn headline(failure: &Failure) -> Text {
    let (error, call) = (&failure.error, &failure.call);
    // HEAD answers with the status as its code.
    let code = match error.code == error.status.to_string() {
        true => error.code.clone(),
        false => format!("{} {}", error.code, error.status),
    };
    let on = subject(failure)
        .map(|on| format!(" {on}"))
        .unwrap_or_default();
    Text::from(format!("{code} · "))
        .code(call.action())
        .plain(on)
        .muted(format!(" · model: {}", failure.model))
}

/// What the call was about, as people call it.
fn subject(failure: &Failure) -> Option<String> {
    let member = |name: &str| failure.call.input.get(name).and_then(Value::as_str);
    if failure.call.service == Service::S3 {
        let bucket = member("Bucket")?;
        return Some(
            member("Key").map_or_else(|| bucket.to_owned(), |key| format!("{bucket}/{key}")),
        );
    }
    failure.decisions.last().map(|step| step.resource.clone())
}

/// Every decision of a call, each with its layers to open and close.
pub(super) fn decided(mut report: Report, steps: &[DecidedStep]) -> Report {
    let mut before: Option<&DecidedStep> = None;
    for (index, step) in steps.iter().enumerate() {
        let by_s3 = step.decision.service() == "kms"
            && before.is_some_and(|b| matches!(b.decision.service(), "s3" | "kms"))
            && steps
                .first()
                .is_some_and(|first| first.decision.service() == "s3");
        let layers = Report::new().pairs(layer_lines(&step.decision));
        report = report.details(
            step_line(index + 1, step, by_s3),
            !step.decision.is_allow(),
            layers,
        );
        before = Some(step);
    }
    report
}

/// What was allowed, and what came of it: the card of a call that succeeded.
pub fn success_report(steps: &[DecidedStep]) -> Report {
    let (title, model) = match steps.first() {
        Some(first) => {
            let on = format!(" on {}, by {}: allowed", first.resource, first.caller);
            let title = Text::new().code(&first.decision.action).plain(on);
            (title, format!(" · model: {}", first.decision.model))
        }
        None => (Text::from("Nothing had to be decided."), String::new()),
    };
    let report = Report::new().headline(Tone::Good, title.muted(model));
    let mut report = decided(report, steps);
    if let Some(note) = steps.iter().find_map(|step| other_model(&step.decision)) {
        report = report.paragraph(note);
    }
    let decisions: Vec<_> = steps.iter().map(|step| &step.decision).collect();
    report.with_data(json!({ "allowed": true, "decisions": decisions }))
}

/// Repairs and advice alone.
pub fn fixes_report(fixes: &Fixes) -> Report {
    with_fixes(Report::new(), fixes).with_data(json!(fixes))
}

pub(super) fn with_fixes(report: Report, fixes: &Fixes) -> Report {
    let mut report = report;
    if !fixes.repairs.is_empty() {
        let title = Text::new()
            .strong("Repair")
            .plain(" (each tried; smallest first)");
        report = report
            .paragraph(title)
            .pairs(fixes.repairs.iter().enumerate().map(|(at, repair)| {
                let mut text = Text::from(&repair.title);
                for line in &repair.script {
                    text = text.plain("\n").code(line);
                }
                if let Some(opens) = opens(&repair.opens) {
                    text = text.plain("\n").then(Text::warning(opens));
                }
                (Text::from((at + 1).to_string()), text)
            }));
    }
    match fixes.advice.is_empty() {
        true => report,
        false => report.list(&fixes.advice),
    }
}

/// What a repair opens beside the call, if anything.
fn opens(opened: &[Opened]) -> Option<String> {
    const SHOWN: usize = 3;
    let shown: Vec<String> = opened.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = match opened.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    (!shown.is_empty()).then(|| format!("also opens: {}{more}", shown.join(", ")))
}

/// Everything about a failure as data.
pub fn failure_json(failure: &Failure, fixes: &Fixes) -> Value {
    let mut data = failure_facts(failure);
    if let Value::Object(members) = &mut data {
        members.insert("fix".to_owned(), json!(fixes));
    }
    data
}

/// Everything about a failure as data, without looking for repairs.
pub fn failure_facts(failure: &Failure) -> Value {
    let error = &failure.error;
    let decisions: Vec<_> = failure
        .decisions
        .iter()
        .map(|step| &step.decision)
        .collect();
    json!({
        "call": failure.call.action(),
        "code": error.code,
        "status": error.status,
        "message": error.message,
        "hint": error.detail,
        "why": failure.sentence,
        "model": failure.model,
        "decisions": decisions,
    })
}
