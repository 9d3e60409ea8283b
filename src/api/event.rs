//! From a call to its event.

use std::sync::Arc;

use serde_json::{Value, json};

use super::caller::Caller;
use super::error::ApiError;
use super::route::Origin;
use super::spec::{Category, OperationSpec, Service};
use crate::authz::Decision;
use crate::base::{AccountId, Arn, Region, Timestamp};
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
    pub(super) error: Option<&'a ApiError>,
    pub(super) request_id: String,
    pub(super) event_id: String,
    pub(super) steps: Vec<String>,
    pub(super) decisions: Vec<Arc<Decision>>,
}

pub(super) fn event(draft: Draft<'_>) -> Event {
    let via = draft
        .origin
        .via
        .map(|service| format!("fas.{}", service.host()));
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
        request_parameters: draft.record.parameters,
        response_elements: if draft.error.is_some() {
            Value::Null
        } else {
            draft.response
        },
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
        caused_by: draft.origin.caused_by.clone(),
        steps: draft.steps,
        decisions: draft.decisions,
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
    let attributes = json!({
        "creationDate": session.issued, "mfaAuthenticated": session.mfa.to_string(),
    });
    match &session.kind {
        SessionKind::Role { role, role_id, .. } => json!({
            "type": "AssumedRole",
            "principalId": session.kind.user_id(),
            "arn": arn,
            "accountId": role.account(),
            "accessKeyId": access_key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": role_id, "arn": role,
                    "accountId": role.account(), "userName": role.base_name(),
                },
                "attributes": attributes,
            },
        }),
        SessionKind::User { account, name, id } => json!({
            "type": "IAMUser", "principalId": id, "arn": arn, "accountId": account,
            "accessKeyId": access_key, "userName": name,
            "sessionContext": { "attributes": attributes },
        }),
        SessionKind::Federated {
            account, federator, ..
        } => json!({
            "type": "FederatedUser",
            "principalId": session.kind.user_id(),
            "arn": arn,
            "accountId": account,
            "accessKeyId": access_key,
            "sessionContext": {
                "sessionIssuer": session_issuer(account, federator, issuer),
                "attributes": attributes,
            },
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
