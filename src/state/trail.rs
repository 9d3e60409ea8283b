//! What happened, as CloudTrail would have it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::authz::Decision;
use crate::base::{AccountId, Region, Timestamp, VpcEndpointId};

/// The events of a cloud, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    events: rpds::VectorSync<Arc<Event>>,
}

impl Trail {
    /// Adds `event`.
    pub fn append(&mut self, event: Event) {
        self.events.push_back_mut(Arc::new(event));
    }

    /// Takes the newest event away, for a call that will add it below its own.
    pub fn take_newest(&mut self) -> Option<Arc<Event>> {
        let newest = self.events.last().cloned();
        self.events.drop_last_mut();
        newest
    }

    /// All events, oldest first, each as the caller's account has it.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Event>> + ExactSizeIterator {
        self.events.iter()
    }

    /// The records of all accounts, oldest first: every event, followed by what
    /// the other accounts that it concerns have of it.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.events
            .iter()
            .flat_map(|event| std::iter::once(event).chain(&event.copies))
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// An event with what CloudTrail's record leaves out, as a sealed file keeps it.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    record: Cow<'a, Event>,
    copies: Vec<Cow<'a, Event>>,
    caused_by: Option<String>,
    steps: Vec<String>,
    decisions: Vec<Arc<Decision>>,
}

impl Serialize for Trail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|event| {
            Kept {
                record: Cow::Borrowed(event),
                copies: event
                    .copies
                    .iter()
                    .map(|copy| Cow::Borrowed(&**copy))
                    .collect(),
                caused_by: event.caused_by.clone(),
                steps: event.steps.clone(),
                decisions: event.decisions.clone(),
            }
        }))
    }
}

impl<'de> Deserialize<'de> for Trail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut trail = Self::default();
        for kept in Vec::<Kept<'_>>::deserialize(deserializer)? {
            let whole = |record: Cow<'_, Event>| Event {
                caused_by: kept.caused_by.clone(),
                steps: kept.steps.clone(),
                decisions: kept.decisions.clone(),
                ..record.into_owned()
            };
            let copies = kept.copies.into_iter().map(|copy| Arc::new(whole(copy)));
            let copies = copies.collect();
            trail.append(Event {
                copies,
                ..whole(kept.record)
            });
        }
        Ok(trail)
    }
}

/// Records as CloudTrail delivers them to a bucket: `{"Records": […]}`.
///
/// What only the lab knows of the events is left out.
/// Source: CloudTrail User Guide, "CloudTrail log file examples".
pub fn log_file<'a>(records: impl IntoIterator<Item = &'a Arc<Event>>) -> Value {
    let records: Vec<Value> = records.into_iter().map(|record| record.json()).collect();
    serde_json::json!({ "Records": records })
}

/// One event. It serialises to the record that CloudTrail writes; what only
/// the lab knows (`steps`, `decisions`, `caused_by`) is left out of that.
///
/// CloudTrail has no member that joins KMS's event to that of the S3 call which
/// led to it: who reads its logs goes by principal, time and the encryption
/// context `aws:s3:arn`. The lab keeps the link in `caused_by`.
///
/// Source: CloudTrail User Guide, "CloudTrail record contents".
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The version of the record's form.
    pub event_version: Cow<'static, str>,
    /// Who called.
    pub user_identity: Value,
    /// When.
    pub event_time: Timestamp,
    /// Which service, such as `kms.amazonaws.com`.
    pub event_source: String,
    /// Which operation.
    pub event_name: String,
    /// In which Region.
    pub aws_region: Region,
    /// From where.
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: String,
    /// With what.
    pub user_agent: String,
    /// The error's code, if the call failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The error's text, if the call failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What was asked for, secrets and bodies left out.
    pub request_parameters: Value,
    /// What was answered, where the service records it.
    pub response_elements: Value,
    /// The request's id.
    #[serde(rename = "requestID")]
    pub request_id: String,
    /// The event's id.
    #[serde(rename = "eventID")]
    pub event_id: String,
    /// Whether the call only reads.
    pub read_only: bool,
    /// What it was about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<EventResource>,
    /// `AwsApiCall` or `AwsServiceEvent`.
    pub event_type: Cow<'static, str>,
    /// Whether it is a management event.
    pub management_event: bool,
    /// Whose trail it belongs to.
    pub recipient_account_id: AccountId,
    /// Joins the events that one call leaves in two accounts.
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    pub shared_event_id: Option<String>,
    /// The VPC endpoint that the call came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_id: Option<VpcEndpointId>,
    /// Whose endpoint that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_account_id: Option<AccountId>,
    /// `Management` or `Data`.
    pub event_category: Cow<'static, str>,
    /// What other accounts have of the event, each under an id of its own.
    #[serde(skip)]
    pub copies: Vec<Arc<Event>>,
    /// The event id of the call that led to this one, as S3's call leads to KMS's.
    #[serde(skip)]
    pub caused_by: Option<String>,
    /// What the service did, step by step, where that is worth knowing.
    #[serde(skip)]
    pub steps: Vec<String>,
    /// The decisions behind the call.
    #[serde(skip)]
    pub decisions: Vec<Arc<Decision>>,
}

impl Event {
    /// The record that CloudTrail writes.
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Whether the call was not allowed.
    pub fn is_denied(&self) -> bool {
        self.error_code.as_deref().is_some_and(|code| {
            code.starts_with("AccessDenied") || code == "Client.UnauthorizedOperation"
        })
    }

    /// The event as the account `recipient` has it, under the id `event_id`.
    pub fn copy_for(&self, recipient: AccountId, event_id: String, identity: Value) -> Self {
        Self {
            user_identity: identity,
            event_id,
            recipient_account_id: recipient,
            vpc_endpoint_id: None,
            vpc_endpoint_account_id: None,
            copies: Vec::new(),
            ..self.clone()
        }
    }
}

/// A resource that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventResource {
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Its owner.
    #[serde(rename = "accountId")]
    pub account_id: String,
    /// Its type, such as `AWS::KMS::Key`.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
}
