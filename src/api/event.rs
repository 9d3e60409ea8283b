//! From a call to its event.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::error::ApiError;
use super::route::Origin;
use super::spec::{Category, OperationSpec, Service};
use crate::authz::Decision;
use crate::base::{AccountId, Arn, Entropy, Region, Timestamp};
use crate::state::credential::{Federator, Owner, Session, SessionKind};
use crate::state::trail::{Event, EventResource};

/// What an event shows of a request: never a secret, never a body.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The request's parameters.
    pub parameters: Value,
    /// What it is about.
    pub resources: Vec<EventResource>,
}

impl Record {
    /// A record of `parameters`.
    pub fn of(parameters: Value) -> Self {
        Self {
            parameters,
            resources: Vec::new(),
        }
    }

    /// Adds a resource.
    #[must_use]
    pub fn about(mut self, arn: impl ToString, account: &AccountId, kind: &'static str) -> Self {
        self.resources.push(EventResource {
            arn: arn.to_string(),
            account_id: account.to_string(),
            kind: kind.into(),
        });
        self
    }
}

/// Everything that an event is made from.
pub(super) struct Draft<'a> {
    pub(super) spec: OperationSpec,
    pub(super) caller: Option<&'a Caller>,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) now: Timestamp,
    pub(super) origin: &'a Origin,
    pub(super) record: Record,
    pub(super) response: Value,
    pub(super) made: Vec<EventResource>,
    pub(super) error: Option<&'a ApiError>,
    pub(super) request_id: String,
    pub(super) event_id: String,
    pub(super) steps: Vec<String>,
    pub(super) decisions: Vec<Arc<Decision>>,
}

pub(super) fn event(mut draft: Draft<'_>) -> Event {
    let via = draft.origin.invoked_by.clone();
    let response = match draft.error {
        Some(_) => Value::Null,
        None => with_key(draft.spec, &draft.record, draft.response),
    };
    draft.record.resources.extend(draft.made);
    let data = draft.spec.category == Category::Data;
    Event {
        event_version: "1.11".into(),
        user_identity: draft
            .caller
            .map_or(Value::Null, |c| user_identity(c, via.as_deref())),
        event_time: draft.now,
        event_source: draft.spec.service.host(),
        event_name: draft.spec.name.to_owned(),
        aws_region: draft.region,
        source_ip_address: via
            .clone()
            .unwrap_or_else(|| draft.origin.source_ip.clone()),
        user_agent: via.unwrap_or_else(|| draft.origin.user_agent.clone()),
        error_code: draft.error.map(recorded_code),
        error_message: draft.error.map(|e| e.message.clone()),
        request_parameters: given(draft.record.parameters),
        response_elements: response,
        request_id: draft.request_id,
        event_id: draft.event_id,
        read_only: draft.spec.read_only,
        resources: draft.record.resources,
        event_type: "AwsApiCall".into(),
        management_event: !data,
        recipient_account_id: draft.account,
        shared_event_id: None,
        vpc_endpoint_id: draft.origin.endpoint.as_ref().map(|e| e.id.clone()),
        vpc_endpoint_account_id: draft.origin.endpoint.as_ref().map(|e| e.account.clone()),
        event_category: if data { "Data" } else { "Management" }.into(),
        copies: Vec::new(),
        caused_by: draft.origin.caused_by.clone(),
        steps: draft.steps,
        decisions: draft.decisions,
    }
}

/// The parameters that the request has; nothing at all is `null`.
fn given(parameters: Value) -> Value {
    let Value::Object(mut members) = parameters else {
        return parameters;
    };
    members.retain(|_, value| match value {
        Value::Null => false,
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    match members.is_empty() {
        true => Value::Null,
        false => Value::Object(members),
    }
}

/// The answer with the ARN of the key, which KMS adds where a call manages one.
///
/// Source: KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
fn with_key(spec: OperationSpec, record: &Record, response: Value) -> Value {
    let manages_key = spec.service == Service::Kms && !spec.read_only;
    let Some(key) = record.resources.first().filter(|_| manages_key) else {
        return response;
    };
    let mut members = match response {
        Value::Object(members) => members,
        Value::Null => Map::new(),
        other => return other,
    };
    members
        .entry("keyId")
        .or_insert_with(|| Value::from(key.arn.as_str()));
    Value::Object(members)
}

/// Gives the event to the other accounts whose resources a successful call is
/// about. They learn of the caller no more than its id and account; the events
/// have one `sharedEventID`.
///
/// Source: CloudTrail User Guide, "sharedEventID"; KMS Developer Guide, "Logging
/// AWS KMS API calls with AWS CloudTrail"; IAM User Guide, "Logging IAM and AWS
/// STS API calls with AWS CloudTrail".
pub(super) fn share(event: &mut Event, caller: &Caller, entropy: &mut Entropy) {
    let owners: BTreeSet<AccountId> = event
        .resources
        .iter()
        .filter_map(|resource| AccountId::parse(&resource.account_id).ok())
        .filter(|owner| *owner != event.recipient_account_id)
        .collect();
    if owners.is_empty() || event.error_code.is_some() {
        return;
    }
    event.shared_event_id = Some(entropy.uuid());
    let mut identity = json!({
        "type": "AWSAccount", "principalId": principal_id(caller), "accountId": caller.account,
    });
    if let (Some(invoked_by), Some(members)) = (
        event.user_identity.get("invokedBy"),
        identity.as_object_mut(),
    ) {
        members.insert("invokedBy".to_owned(), invoked_by.clone());
    }
    let copies = owners.into_iter().map(|owner| {
        let copy = event.copy_for(owner, entropy.uuid(), identity.clone());
        Arc::new(copy)
    });
    event.copies = copies.collect();
}

fn principal_id(caller: &Caller) -> String {
    match &caller.owner {
        Owner::Root(account) => account.to_string(),
        Owner::User { id, .. } => id.to_string(),
        Owner::Session(session) => session.kind.user_id(),
        Owner::WebIdentity(identity) => identity.principal_id(),
        Owner::Anonymous => String::new(),
    }
}

/// A denial by KMS is recorded as `AccessDenied`, without `Exception`; every
/// fault of the caller's in EC2 as `Client.…`.
///
/// Source: KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail";
/// EC2 API Reference, "Error codes".
fn recorded_code(error: &ApiError) -> String {
    match (error.service, error.is_denial()) {
        (Service::Kms, true) => "AccessDenied".to_owned(),
        (Service::Ec2, _) => format!("Client.{}", error.code),
        _ => error.code.clone(),
    }
}

/// Source: CloudTrail User Guide, "CloudTrail userIdentity element".
fn user_identity(caller: &Caller, invoked_by: Option<&str>) -> Value {
    let access_key = caller.access_key.as_ref().map(ToString::to_string);
    let mut identity = match (&caller.owner, caller.arn()) {
        (Owner::Root(account), Some(arn)) => json!({
            "type": "Root", "principalId": account, "arn": arn, "accountId": account,
        }),
        (Owner::User { account, name, id }, Some(arn)) => json!({
            "type": "IAMUser", "principalId": id, "arn": arn, "accountId": account,
            "accessKeyId": access_key, "userName": name,
        }),
        (Owner::Session(session), Some(arn)) => {
            let issuer = caller.subject.principal.issuer.as_ref();
            let mut identity = session_identity(session, arn, issuer, access_key);
            add_federation(&mut identity, session);
            identity
        }
        (Owner::Anonymous, _) => json!({
            "type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL",
        }),
        (Owner::WebIdentity(identity), _) => json!({
            "type": "WebIdentityUser", "principalId": identity.principal_id(),
            "userName": identity.subject, "identityProvider": identity.provider,
        }),
        _ => json!({ "type": "Unknown" }),
    };
    if let (Some(service), Some(members)) = (invoked_by, identity.as_object_mut()) {
        members.insert("invokedBy".to_owned(), json!(service));
    }
    identity
}

fn session_identity(
    session: &Session,
    arn: &str,
    issuer: Option<&Arn>,
    access_key: Option<String>,
) -> Value {
    match &session.kind {
        SessionKind::Role { role, role_id, .. } => json!({
            "type": "AssumedRole",
            "principalId": session.kind.user_id(),
            "arn": arn,
            "accountId": role.account(),
            "accessKeyId": access_key,
            "sessionContext": session_context(session, Some(json!({
                "type": "Role", "principalId": role_id, "arn": role,
                "accountId": role.account(), "userName": role.base_name(),
            }))),
        }),
        SessionKind::Infrastructure { account, role, .. } => json!({
            "type": "AssumedRole",
            "principalId": session.kind.user_id(),
            "arn": arn,
            "accountId": account,
            "sessionContext": session_context(session, Some(json!({
                "type": "Role", "principalId": format!("{account}:{}", role.base_name()),
                "arn": role, "accountId": account, "userName": role.base_name(),
            }))),
        }),
        SessionKind::Root(account) => json!({
            "type": "Root", "principalId": account, "arn": arn, "accountId": account,
            "accessKeyId": access_key, "sessionContext": session_context(session, None),
        }),
        SessionKind::User { account, name, id } => json!({
            "type": "IAMUser", "principalId": id, "arn": arn, "accountId": account,
            "accessKeyId": access_key, "userName": name,
            "sessionContext": session_context(session, None),
        }),
        SessionKind::Federated {
            account, federator, ..
        } => json!({
            "type": "FederatedUser",
            "principalId": session.kind.user_id(),
            "arn": arn,
            "accountId": account,
            "accessKeyId": access_key,
            "sessionContext": session_context(
                session, Some(session_issuer(account, federator, issuer)),
            ),
        }),
    }
}

/// Adds the provider whose token began the session, if one did.
fn add_federation(identity: &mut Value, session: &Session) {
    let context = identity
        .get_mut("sessionContext")
        .and_then(Value::as_object_mut);
    if let (Some(context), Some(behind)) = (context, &session.web_identity) {
        let data = json!({ "federatedProvider": behind.provider, "attributes": {} });
        context.insert("webIdFederationData".to_owned(), data);
    }
}

/// When and how the session came about. An EC2 instance has its credentials
/// from the second version of its metadata service.
fn session_context(session: &Session, issuer: Option<Value>) -> Value {
    let attributes = json!({
        "creationDate": session.issued, "mfaAuthenticated": session.mfa.to_string(),
    });
    let on_instance = session.service == Some(Service::Ec2.host());
    let members = [
        ("sessionIssuer", issuer),
        ("attributes", Some(attributes)),
        (
            "sourceIdentity",
            session.source_identity.as_deref().map(Value::from),
        ),
        ("ec2RoleDelivery", on_instance.then(|| Value::from("2.0"))),
    ];
    let present = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}

/// Who vouched for a federated user.
fn session_issuer(account: &AccountId, federator: &Federator, arn: Option<&Arn>) -> Value {
    match federator {
        Federator::Root => json!({
            "type": "Root", "principalId": account, "arn": arn, "accountId": account,
        }),
        Federator::User { name, id } => json!({
            "type": "IAMUser", "principalId": id, "arn": arn, "accountId": account,
            "userName": name,
        }),
    }
}
