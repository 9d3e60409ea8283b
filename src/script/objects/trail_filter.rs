//! Which events of the trail somebody looks for.

use std::sync::Arc;

use rhai::Map;
use serde_json::Value;

use super::arguments::{Options, invalid};
use super::client::Fallible;
use crate::api::Service;
use crate::base::{Arn, Timestamp, nearest};
use crate::lab::caller_label;
use crate::service::operations;
use crate::state::trail::Event as Record;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It did what it was asked for.
    Ok,
    /// It was not allowed.
    Denied,
    /// It failed otherwise.
    Error,
}

impl Outcome {
    const NAMES: [&'static str; 3] = ["ok", "denied", "error"];

    /// How the call of `record` ended.
    pub(super) fn of(record: &Record) -> Self {
        match record.error_code {
            None => Self::Ok,
            Some(_) if record.is_denied() => Self::Denied,
            Some(_) => Self::Error,
        }
    }

    fn parse(text: &str) -> Fallible<Self> {
        match text {
            "ok" => Ok(Self::Ok),
            "denied" => Ok(Self::Denied),
            "error" => Ok(Self::Error),
            other => {
                let hint = nearest(other, Self::NAMES)
                    .map_or("use `ok`, `denied` or `error`".to_owned(), |near| {
                        format!("did you mean `{near}`?")
                    });
                Err(invalid(format!("`{other}` is not an outcome; {hint}")))
            }
        }
    }
}

/// What `where` looks for.
pub(super) struct Filter {
    name: Option<String>,
    source: Option<String>,
    caller: Option<String>,
    outcome: Option<Outcome>,
    resource: Option<String>,
    account: Option<String>,
    since: Option<Timestamp>,
    before: Option<Timestamp>,
    read_only: Option<bool>,
    data: Option<bool>,
}

/// The options of `where`.
const OPTIONS: [&str; 10] = [
    "name",
    "service",
    "caller",
    "outcome",
    "resource",
    "account",
    "since",
    "before",
    "read_only",
    "data",
];

impl Filter {
    /// Reads the options; `known` are the events to choose from.
    ///
    /// # Errors
    /// An unknown option, name, service or outcome, with the nearest one.
    pub(super) fn new(options: Map, known: &[Arc<Record>]) -> Fallible<Self> {
        let options = Options::new("where", options, &OPTIONS)?;
        let name = options.text("name")?;
        if let Some(name) = &name {
            check_name(name, known)?;
        }
        let service = options.text("service")?;
        let service = service.map(|text| {
            let prefix = text.strip_suffix(".amazonaws.com").unwrap_or(&text);
            prefix.parse::<Service>().map_err(invalid)
        });
        let outcome = options.text("outcome")?.map(|text| Outcome::parse(&text));
        Ok(Self {
            name,
            source: service.transpose()?.map(Service::host),
            caller: options.text("caller")?,
            outcome: outcome.transpose()?,
            resource: options.text("resource")?,
            account: options.text("account")?,
            since: time(&options, "since")?,
            before: time(&options, "before")?,
            read_only: options.flag("read_only")?,
            data: options.flag("data")?,
        })
    }

    /// Whether the trail of one account is looked at.
    pub(super) fn names_account(&self) -> bool {
        self.account.is_some()
    }

    /// Whether an event is looked for.
    pub(super) fn admits(&self, record: &Record) -> bool {
        let named = |name: &String| record.event_name.eq_ignore_ascii_case(name);
        self.name.as_ref().is_none_or(named)
            && self
                .source
                .as_ref()
                .is_none_or(|source| record.event_source == *source)
            && self
                .caller
                .as_ref()
                .is_none_or(|caller| is_by(record, caller))
            && self
                .outcome
                .is_none_or(|outcome| Outcome::of(record) == outcome)
            && self
                .resource
                .as_ref()
                .is_none_or(|resource| is_about(record, resource))
            && self
                .account
                .as_ref()
                .is_none_or(|account| record.recipient_account_id.as_str() == account)
            && self.since.is_none_or(|since| record.event_time >= since)
            && self.before.is_none_or(|before| record.event_time < before)
            && self.read_only.is_none_or(|read| record.read_only == read)
            && self.data.is_none_or(|data| record.management_event != data)
    }
}

fn time(options: &Options, name: &str) -> Fallible<Option<Timestamp>> {
    let text = options.text(name)?;
    text.map(|text| Timestamp::parse(&text).map_err(invalid))
        .transpose()
}

/// Whether an event is about the resource that a text means: an ARN, or the name in it.
///
/// An event that names no resource is about those that were decided on.
fn is_about(record: &Record, resource: &str) -> bool {
    let fits = |arn: &str| {
        arn == resource
            || Arn::parse(arn)
                .is_ok_and(|arn| arn.resource() == resource || arn.base_name() == resource)
    };
    match record.resources.is_empty() {
        true => record.decisions.iter().any(|d| fits(&d.resource)),
        false => record.resources.iter().any(|r| fits(&r.arn)),
    }
}

/// Refuses a name that no operation has, instead of finding nothing.
fn check_name(name: &str, known: &[Arc<Record>]) -> Fallible<()> {
    let of_events = known.iter().map(|record| record.event_name.as_str());
    let mut names = operations()
        .iter()
        .map(|entry| entry.spec.name)
        .chain(of_events);
    if names.clone().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let hint =
        nearest(name, names.by_ref()).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
    Err(invalid(format!("no event is named `{name}`{hint}")))
}

/// Whether an event is of the caller that a text means: an ARN, a role's ARN, a name.
fn is_by(record: &Record, caller: &str) -> bool {
    let identity = &record.user_identity;
    let at = |pointer: &str| identity.pointer(pointer).and_then(Value::as_str);
    let callers = [
        at("/arn"),
        at("/sessionContext/sessionIssuer/arn"),
        at("/invokedBy"),
    ];
    callers.contains(&Some(caller)) || who(record).eq_ignore_ascii_case(caller)
}

/// What people call the caller of an event.
pub(super) fn who(record: &Record) -> String {
    let at = |name: &str| record.user_identity.get(name).and_then(Value::as_str);
    match (at("arn"), at("invokedBy")) {
        (Some(arn), _) => caller_label(arn),
        (None, Some(service)) => service.trim_end_matches(".amazonaws.com").to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}
