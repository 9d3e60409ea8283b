//! A decision as people read it: the answer, the reason, the layers.

use serde_json::json;

use super::report::Report;
use super::text::{Text, Tone};
use crate::authz::{Decision, Finding, Layer, LayerVerdict, Step, Verdict};
use crate::base::Arn;
use crate::lab::{DecidedStep, closed_level};
use crate::policy::{Effect, Element};

/// Columns that a verdict takes, so that the reasons stand below each other.
const VERDICT_WIDTH: usize = 9;

/// One decision as a card: the answer, the model, and what each layer said.
pub fn decision_report(step: &DecidedStep) -> Report {
    let decision = &*step.decision;
    let answer = match decision.verdict {
        Verdict::Allow => "allowed",
        Verdict::ImplicitDeny => "denied, nothing allows it",
        Verdict::ExplicitDeny => "denied by a statement",
    };
    let title = Text::new()
        .code(&decision.action)
        .plain(format!(
            " on {}, by {}: {answer}",
            step.resource, step.caller
        ))
        .muted(format!(" · model: {}", decision.model));
    let report = Report::new()
        .headline(tone(decision), title)
        .pairs(layer_lines(decision));
    let report = match other_model(decision) {
        Some(note) => report.paragraph(note),
        None => report,
    };
    report.with_data(json!(decision))
}

/// The line of one decision in a call of several: number, action, resource, verdict.
pub(super) fn step_line(number: usize, step: &DecidedStep, by_s3: bool) -> Text {
    let decision = &*step.decision;
    let kind = match decision.service() {
        "kms" => "key ",
        "s3" if step.resource.contains('/') => "object ",
        "s3" => "bucket ",
        _ => "",
    };
    let by = if by_s3 { ", by S3" } else { "" };
    let verdict = if decision.is_allow() { "allow" } else { "deny" };
    Text::from(format!("{number}  "))
        .code(&decision.action)
        .plain(format!("  {kind}{}{by}  ", step.resource))
        .then(Text::toned(tone(decision), verdict))
}

/// The layers of a decision with their verdicts and reasons; those that never
/// had a say are left out.
pub(super) fn layer_lines(decision: &Decision) -> Vec<(Text, Text)> {
    let shown = |step: &&Step| spoke(step) || always_shown(decision, step.layer);
    decision
        .steps
        .iter()
        .filter(shown)
        .map(|step| layer_line(decision, step))
        .collect()
}

/// An allow without a statement is what AWS's own full-access policies give.
fn spoke(step: &Step) -> bool {
    match step.verdict {
        LayerVerdict::NotSet => false,
        LayerVerdict::Allow => !step.findings.is_empty(),
        LayerVerdict::Deny | LayerVerdict::Silent => true,
    }
}

fn always_shown(decision: &Decision, layer: Layer) -> bool {
    match layer {
        Layer::Identity => true,
        Layer::Resource | Layer::Boundary => !decision.is_allow(),
        Layer::Grant => !decision.is_allow() && decision.service() == "kms",
        _ => false,
    }
}

fn layer_line(decision: &Decision, step: &Step) -> (Text, Text) {
    let name = layer_name(decision, step.layer);
    let mark = match step.verdict {
        LayerVerdict::Allow => Text::good(padded("allow")),
        LayerVerdict::Deny => Text::bad(padded("deny")),
        LayerVerdict::Silent => Text::neutral(padded("silent")),
        LayerVerdict::NotSet if step.layer == Layer::Grant => Text::neutral("none"),
        LayerVerdict::NotSet => Text::new().muted("· not set"),
    };
    (Text::from(name), mark.then(reason(decision, step)))
}

fn padded(verdict: &str) -> String {
    format!("{verdict:<VERDICT_WIDTH$}")
}

/// What people call a layer.
pub(super) fn layer_name(decision: &Decision, layer: Layer) -> &'static str {
    match (layer, decision.service()) {
        (Layer::Scp, _) => "SCP",
        (Layer::Rcp, _) => "RCP",
        (Layer::Vpce, _) => "VPC endpoint",
        (Layer::Identity, _) => "identity",
        (Layer::Resource, "kms") => "key policy",
        (Layer::Resource, "s3") => "bucket policy",
        (Layer::Resource, "sts") => "trust policy",
        (Layer::Resource, _) => "resource policy",
        (Layer::Grant, _) => "grants",
        (Layer::Boundary, _) => "boundary",
        (Layer::Session, _) => "session policy",
    }
}

/// The statement that spoke, or the one that came nearest.
fn reason(decision: &Decision, step: &Step) -> Text {
    let spoke = |effect: Effect| {
        step.findings
            .iter()
            .find(|f| f.matched && f.effect == effect)
    };
    match step.verdict {
        LayerVerdict::Allow => spoke(Effect::Allow).map_or_else(Text::new, |f| named(decision, f)),
        LayerVerdict::Deny => spoke(Effect::Deny).map_or_else(Text::new, |f| named(decision, f)),
        LayerVerdict::Silent => silence(decision, step),
        LayerVerdict::NotSet => Text::new(),
    }
}

/// The statement's name; the policy's own name only where the layer does not say it.
fn named(decision: &Decision, finding: &Finding) -> Text {
    let statement = &finding.statement;
    let own = layer_name(decision, Layer::Resource);
    let label = match (&statement.sid, statement.policy.starts_with(own)) {
        (Some(sid), true) => sid.to_string(),
        (None, true) => format!("statement [{}]", statement.index),
        (_, false) => statement.label(),
    };
    Text::new().code(label)
}

fn silence(decision: &Decision, step: &Step) -> Text {
    // An organization's levels stand in one list; those that are open do not explain the silence.
    let closed = closed_level(step).filter(|_| step.layer == Layer::Scp);
    let on_level = |f: &&Finding| match closed {
        Some(level) => f.statement.policy.starts_with(&format!("{level} › ")),
        None => true,
    };
    let findings: Vec<&Finding> = step.findings.iter().filter(on_level).collect();
    let (count, noun) = match (step.layer, findings.len()) {
        (Layer::Grant, 1) => (1, "grant"),
        (Layer::Grant, count) => (count, "grants"),
        (_, 1) => (1, "statement"),
        (_, count) => (count, "statements"),
    };
    let counted = Text::from(format!("{count} {noun}"));
    match nearest_miss(&findings) {
        Some(finding) if step.layer == Layer::Grant => counted
            .plain(": ")
            .code(&finding.statement.policy)
            .plain(format!(":{}", miss(finding))),
        Some(finding) => counted
            .plain(": ")
            .then(named(decision, finding))
            .plain(miss(finding)),
        None => counted,
    }
}

/// The Allow of which most clauses hold.
fn nearest_miss<'a>(findings: &[&'a Finding]) -> Option<&'a Finding> {
    let allows = findings
        .iter()
        .copied()
        .filter(|f| f.effect == Effect::Allow && !f.matched);
    allows.max_by_key(|f| {
        let clauses = f.clauses();
        let held = clauses.iter().filter(|c| c.holds()).count();
        // The action counts most: a statement about something else is no near miss.
        let action = clauses
            .iter()
            .any(|c| c.element == Element::Action && c.holds());
        (action, held, std::cmp::Reverse(f.statement.index))
    })
}

/// What the first clause that does not hold wanted.
fn miss(finding: &Finding) -> String {
    if let Some(note) = &finding.note {
        return format!(" {note}");
    }
    let Some(clause) = finding.clauses().into_iter().find(|c| !c.holds()) else {
        return String::new();
    };
    let wanted: Vec<String> = clause.wanted.iter().take(3).map(|w| short(w)).collect();
    let more = if clause.wanted.len() > 3 { " …" } else { "" };
    let what = match &clause.element {
        Element::Condition { operator, key } => format!("{operator} {key} "),
        Element::NotPrincipal | Element::NotAction | Element::NotResource => {
            format!("{} ", clause.element)
        }
        _ => String::new(),
    };
    format!(" wants {what}{}{more}", wanted.join(" or "))
}

/// `role/Admin` for the ARN of that role; other texts as they are.
pub(super) fn short(text: &str) -> String {
    match Arn::parse(text) {
        Ok(arn) if !arn.resource().is_empty() => arn.resource().to_owned(),
        _ => text.to_owned(),
    }
}

pub(super) fn tone(decision: &Decision) -> Tone {
    if decision.is_allow() {
        Tone::Good
    } else {
        Tone::Bad
    }
}

/// What the other model would say, where it differs.
pub(super) fn other_model(decision: &Decision) -> Option<Text> {
    let other = decision.other_model.as_ref()?;
    let says = if other.verdict == Verdict::Allow {
        "allow"
    } else {
        "deny"
    };
    let by = match other.layer {
        Some(layer) => format!(" ({})", layer_name(decision, layer)),
        None => String::new(),
    };
    Some(
        Text::warning("The models differ here: ")
            .code(decision.model.to_string())
            .plain(" says what you see, ")
            .code(other.model.to_string())
            .plain(format!(" would {says} this{by}.")),
    )
}
