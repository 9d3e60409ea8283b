//! One event of the trail, and the steps of its call.

use std::sync::Arc;

use rhai::{Array, Dynamic};
use serde_json::Value;

use super::arguments::dynamic;
use super::client::LabHandle;
use super::show::short_label;
use super::trail_filter::{Outcome, who};
use crate::base::Arn;
use crate::render::{Rendered, Report, Row, Text};
use crate::script::Registry;
use crate::state::trail::Event as Record;

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) lab: LabHandle,
    pub(super) record: Arc<Record>,
}

/// What a service did in one call, step by step.
#[derive(Clone, Debug)]
pub struct Steps(pub(super) Vec<String>);

/// The service on whose call this one was made, such as `s3`.
fn via(record: &Record) -> String {
    let invoked_by = record
        .user_identity
        .get("invokedBy")
        .and_then(Value::as_str);
    let forwarded = invoked_by.and_then(|service| service.strip_prefix("fas."));
    let service = forwarded.and_then(|host| host.strip_suffix(".amazonaws.com"));
    service.unwrap_or_default().to_owned()
}

impl Event {
    fn resource(&self) -> String {
        let named = self
            .record
            .resources
            .first()
            .map(|resource| resource.arn.as_str());
        let decided = || self.record.decisions.first().map(|d| &*d.resource);
        let resource = named.or_else(decided).filter(|resource| *resource != "*");
        let Some(resource) = resource else {
            return String::new();
        };
        match Arn::parse(resource) {
            Ok(arn) if arn.service() == "glue" => arn.base_name().to_owned(),
            _ => self.lab.read(|lab| short_label(lab, resource)),
        }
    }

    fn cause(&self) -> Option<Self> {
        let id = self.record.caused_by.as_ref()?;
        let record = self.lab.read(|lab| {
            let known = lab.cloud().trail.iter().rev();
            known
                .into_iter()
                .find(|event| event.event_id == *id)
                .cloned()
        })?;
        Some(Self {
            lab: self.lab.clone(),
            record,
        })
    }

    fn outcome(&self) -> Text {
        match (Outcome::of(&self.record), &self.record.error_code) {
            (Outcome::Denied, _) => Text::bad("denied"),
            (_, Some(code)) => Text::warning(code),
            (_, None) => Text::good("ok"),
        }
    }

    /// The day and the time of day, both in UTC.
    pub(super) fn day_and_time(&self) -> (String, String) {
        let time = self.record.event_time.to_string();
        match time.split_once('T') {
            Some((day, time)) => (day.to_owned(), time.trim_end_matches('Z').to_owned()),
            None => (String::new(), time),
        }
    }

    pub(super) fn row(&self, name: String, with_day: bool) -> Row {
        let (day, time) = self.day_and_time();
        Row::new([
            Text::from(if with_day {
                format!("{day} {time}")
            } else {
                time
            }),
            Text::from(who(&self.record)),
            Text::from(name),
            Text::from(self.resource()),
            self.outcome(),
            Text::from(via(&self.record)),
        ])
    }

    pub(super) fn json(&self) -> Value {
        self.record.json()
    }

    pub(super) fn show(&self) -> Rendered {
        let record = &self.record;
        let title = format!("{} · {}", record.event_name, record.event_source);
        let mut facts = vec![
            ("time", Text::from(record.event_time.to_string())),
            ("caller", Text::from(who(record))),
            ("resource", Text::from(self.resource())),
            ("outcome", self.outcome()),
        ];
        if !via(record).is_empty() {
            facts.push(("via", Text::from(via(record))));
        }
        if let Some(message) = &record.error_message {
            facts.push(("message", Text::from(message.as_str())));
        }
        let mut report = Report::new()
            .paragraph(Text::new().strong(title))
            .pairs(facts);
        if !record.steps.is_empty() {
            report = report.pairs(numbered(&record.steps));
        }
        Rendered::from(&report.with_data(self.json()))
    }
}

/// The steps with their numbers, which services write in front of them.
fn numbered(steps: &[String]) -> Vec<(Text, Text)> {
    let split = |(index, step): (usize, &String)| match step.split_once(' ') {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            (Text::from(number), Text::from(rest))
        }
        _ => (
            Text::from((index + 1).to_string()),
            Text::from(step.as_str()),
        ),
    };
    steps.iter().enumerate().map(split).collect()
}

impl Steps {
    pub(super) fn show(&self) -> Rendered {
        match self.0.is_empty() {
            true => Rendered::of_text("no steps are recorded for this call"),
            false => Rendered::from(&Report::new().pairs(numbered(&self.0))),
        }
    }

    pub(super) fn array(&self) -> Array {
        self.0
            .iter()
            .map(|step| Dynamic::from(step.clone()))
            .collect()
    }
}

impl IntoIterator for Steps {
    type Item = Dynamic;
    type IntoIter = std::vec::IntoIter<Dynamic>;

    fn into_iter(self) -> Self::IntoIter {
        self.array().into_iter()
    }
}

type TextOf = fn(&Event) -> String;
type OptionalTextOf = fn(&Event) -> Option<String>;

/// Registers what an event tells.
pub(super) fn register(registry: &mut Registry<'_>) {
    let texts: [(&str, &str, TextOf); 7] = [
        ("name", "The operation, such as `Decrypt`.", |e| {
            e.record.event_name.clone()
        }),
        ("source", "The service, such as `kms.amazonaws.com`.", |e| {
            e.record.event_source.clone()
        }),
        ("time", "When.", |e| e.record.event_time.to_string()),
        (
            "caller",
            "Who called: the user, or the role behind a session.",
            |e| who(&e.record),
        ),
        (
            "resource",
            "What it was about, by its short name.",
            Event::resource,
        ),
        (
            "via",
            "The service that called for the caller, such as `s3`; empty for a direct call.",
            |e| via(&e.record),
        ),
        ("id", "The event's id.", |e| e.record.event_id.clone()),
    ];
    for (name, doc, text) in texts {
        registry
            .property::<Event>(name)
            .returns("string")
            .doc(doc)
            .example(&format!("trail.last().{name}"))
            .register(move |event: &mut Event| text(event));
    }
    let optional: [(&str, &str, OptionalTextOf); 2] = [
        (
            "error_code",
            "The error's code; `()` if the call succeeded.",
            |e| e.record.error_code.clone(),
        ),
        (
            "error_message",
            "The error's text; `()` if the call succeeded.",
            |e| e.record.error_message.clone(),
        ),
    ];
    for (name, doc, text) in optional {
        registry
            .property::<Event>(name)
            .returns("string")
            .doc(doc)
            .example(&format!("trail.last().{name}"))
            .register(move |event: &mut Event| text(event).map_or(Dynamic::UNIT, Dynamic::from));
    }
    registry
        .property::<Event>("cause")
        .returns("Event")
        .doc(
            "The call that led to this one, as S3's upload leads to KMS's GenerateDataKey; `()` for \
             a direct call. CloudTrail's records do not tell.",
        )
        .example("trail.last().cause")
        .register(|event: &mut Event| event.cause().map_or(Dynamic::UNIT, Dynamic::from));
    registry
        .property::<Event>("json")
        .returns("map")
        .doc("The record that CloudTrail writes.")
        .example("trail.last().json.userIdentity.type")
        .register(|event: &mut Event| dynamic(&event.json()));
    registry
        .property::<Event>("steps")
        .returns("Steps")
        .doc("What the service did, step by step: worth reading for uploads and downloads.")
        .example("trail.last().steps")
        .register(|event: &mut Event| Steps(event.record.steps.clone()));
}
