//! The event history.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error;
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp};
use crate::service::iam::event_value;
use crate::service::page::{Paged, shown};
use crate::state::trail::{Event, EventResource};

/// How far back the history goes, in days.
const HISTORY_DAYS: i64 = 90;
const MAX_RESULTS: i64 = 50;

/// What a lookup can go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AttributeKey {
    /// The event's id.
    EventId,
    /// The operation.
    EventName,
    /// `true` or `false`.
    ReadOnly,
    /// The user's name, or the session's.
    Username,
    /// The type of a resource, such as `AWS::KMS::Key`.
    ResourceType,
    /// The ARN or name of a resource.
    ResourceName,
    /// The service, such as `kms.amazonaws.com`.
    EventSource,
    /// The access key with which the call was signed.
    AccessKeyId,
}

/// What events are to have.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LookupAttribute {
    /// `EventId`, `EventName`, `ReadOnly`, `Username`, `ResourceType`, `ResourceName`,
    /// `EventSource` or `AccessKeyId`.
    pub attribute_key: AttributeKey,
    /// Its value.
    pub attribute_value: String,
}

impl LookupAttribute {
    fn admits(&self, event: &Event) -> bool {
        let wanted = self.attribute_value.as_str();
        match self.attribute_key {
            AttributeKey::EventId => event.event_id == wanted,
            AttributeKey::EventName => event.event_name == wanted,
            AttributeKey::ReadOnly => event.read_only.to_string() == wanted,
            AttributeKey::Username => user_name(event).as_deref() == Some(wanted),
            AttributeKey::ResourceType => event.resources.iter().any(|r| r.kind == wanted),
            AttributeKey::ResourceName => event.resources.iter().any(|r| is_named(r, wanted)),
            AttributeKey::EventSource => event.event_source == wanted,
            AttributeKey::AccessKeyId => access_key(event) == Some(wanted),
        }
    }
}

fn is_named(resource: &EventResource, name: &str) -> bool {
    resource.arn == name || Arn::parse(&resource.arn).is_ok_and(|arn| arn.base_name() == name)
}

fn identity<'a>(event: &'a Event, member: &str) -> Option<&'a str> {
    event.user_identity.get(member).and_then(Value::as_str)
}

fn access_key(event: &Event) -> Option<&str> {
    identity(event, "accessKeyId")
}

/// The user's name; of a session its own name, which follows the id of its role.
fn user_name(event: &Event) -> Option<String> {
    match identity(event, "type")? {
        "Root" => Some("root".to_owned()),
        "IAMUser" => identity(event, "userName").map(str::to_owned),
        "AssumedRole" | "FederatedUser" => identity(event, "principalId")?
            .rsplit_once(':')
            .map(|(_, name)| name.to_owned()),
        _ => None,
    }
}

/// Finds management events of the account in the Region of the call, of the last
/// 90 days, newest first.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct LookupEvents {
    /// What they are to have; at most one attribute.
    pub lookup_attributes: Vec<LookupAttribute>,
    /// Only events at or after this time.
    pub start_time: Option<Timestamp>,
    /// Only events at or before this time.
    pub end_time: Option<Timestamp>,
    /// How many at once, 1 to 50 (default).
    pub max_results: Option<i64>,
    /// Where the last answer ended.
    pub next_token: Option<String>,
}

/// A resource of an event.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FoundResource {
    /// Its type.
    pub resource_type: String,
    /// Its ARN.
    pub resource_name: String,
}

/// An event of the history.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FoundEvent {
    /// Its id.
    pub event_id: String,
    /// The operation.
    pub event_name: String,
    /// `true` or `false`, as text.
    pub read_only: String,
    /// The access key with which the call was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// When.
    pub event_time: Timestamp,
    /// The service.
    pub event_source: String,
    /// The user's name, or the session's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// What it was about.
    pub resources: Vec<FoundResource>,
    /// The whole record, as JSON text.
    pub cloud_trail_event: String,
}

impl FoundEvent {
    fn of(event: &Event) -> Self {
        let resource = |resource: &EventResource| FoundResource {
            resource_type: resource.kind.clone().into_owned(),
            resource_name: resource.arn.clone(),
        };
        Self {
            event_id: event.event_id.clone(),
            event_name: event.event_name.clone(),
            read_only: event.read_only.to_string(),
            access_key_id: access_key(event).map(str::to_owned),
            event_time: event.event_time,
            event_source: event.event_source.clone(),
            username: user_name(event),
            resources: event.resources.iter().map(resource).collect(),
            cloud_trail_event: event.json().to_string(),
        }
    }
}

/// Events, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FoundEvents {
    /// The events.
    pub events: Vec<FoundEvent>,
    /// Where to go on, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl LookupEvents {
    /// Whether the history of this call shows `event`.
    fn admits(&self, view: &View<'_>, event: &Event) -> bool {
        event.management_event
            && event.recipient_account_id == view.caller.account
            && event.aws_region == *view.region
            && event.event_time >= view.now.plus_days(-HISTORY_DAYS)
            && self
                .start_time
                .is_none_or(|start| event.event_time >= start)
            && self.end_time.is_none_or(|end| event.event_time <= end)
            && self.lookup_attributes.iter().all(|a| a.admits(event))
    }
}

fn invalid_token() -> ApiError {
    error(
        "InvalidNextTokenException",
        "The token is invalid: pass it with the parameters of the call that gave it.",
    )
}

impl Operation for LookupEvents {
    type Output = FoundEvents;

    const SPEC: OperationSpec = OperationSpec::read(Service::CloudTrail, "LookupEvents")
        .needs(&["cloudtrail:LookupEvents"])
        .fails(&[
            "InvalidLookupAttributesException",
            "InvalidTimeRangeException",
            "InvalidMaxResultsException",
            "InvalidNextTokenException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        if self.lookup_attributes.len() > 1 {
            return Err(error(
                "InvalidLookupAttributesException",
                "You can specify at most one lookup attribute.",
            ));
        }
        if let (Some(start), Some(end)) = (self.start_time, self.end_time)
            && start > end
        {
            return Err(error(
                "InvalidTimeRangeException",
                "The start time must be before the end time.",
            ));
        }
        match self.max_results {
            Some(count) if !(1..=MAX_RESULTS).contains(&count) => Err(error(
                "InvalidMaxResultsException",
                format!("MaxResults must be between 1 and {MAX_RESULTS}."),
            )),
            _ => Ok(()),
        }
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = AccessRequest::new("cloudtrail:LookupEvents", Target::any());
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let mut found: Vec<&Arc<Event>> = view
            .cloud
            .trail
            .records()
            .filter(|event| self.admits(&view, event))
            .collect();
        found.reverse();
        let count = usize::try_from(self.max_results.unwrap_or(MAX_RESULTS)).unwrap_or(1);
        let token = self.next_token.as_deref();
        let shown = shown(&found, token, |event| &event.event_id, invalid_token)?;
        let rest = found.into_iter().skip(shown);
        let Paged { items, next_marker } = Paged::of(rest, count, |event| event.event_id.clone());
        Ok(FoundEvents {
            events: items
                .into_iter()
                .map(|event| FoundEvent::of(event))
                .collect(),
            next_token: next_marker,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}
