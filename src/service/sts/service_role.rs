//! A service assumes a role on its own behalf.
//!
//! Source: CloudTrail User Guide, "CloudTrail userIdentity element", `AWSService`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::access_denied;
use super::assume_role::{AssumedRoleUser, DEFAULT_SECONDS, role_by_arn};
use super::session::{SessionCredentials, issue};
use crate::api::{ApiError, Effects, Service, Target, add_rcp};
use crate::authz::{Decision, Layers, Question, Subject, decide};
use crate::base::{AccountId, Arn, Timestamp};
use crate::policy::{Principal, RequestContext};
use crate::service::iam::event_value;
use crate::state::Cloud;
use crate::state::credential::{Credentials, Session};
use crate::state::iam::Role;
use crate::state::trail::{Event, EventResource};

const ACTION: &str = "sts:AssumeRole";

/// Whether the trust policy of `role` admits the service, such as `glue.amazonaws.com`.
pub(in crate::service) fn judge_service(
    cloud: &Cloud,
    role: &Role,
    owner: &AccountId,
    service: &str,
    now: Timestamp,
) -> Decision {
    let target = Target::role_trust(role, owner);
    let mut context = RequestContext::new();
    context
        .set("aws:CurrentTime", now.to_string())
        .set("aws:EpochTime", now.seconds().to_string())
        .set("aws:SecureTransport", "true")
        .set("aws:PrincipalIsAWSService", "true")
        .set("aws:PrincipalServiceName", service)
        .set("aws:SourceAccount", owner.as_str());
    let subject = Arc::new(Subject {
        principal: Principal::service(service),
        in_management_account: false,
        service_linked: false,
    });
    let mut layers = Layers {
        resource: target.policy.clone(),
        ..Layers::default()
    };
    add_rcp(&mut layers, cloud, Some(owner));
    decide(&Question {
        model: cloud.model,
        subject: &subject,
        action: ACTION,
        resource: &target.resource,
        owner: target.owner.as_ref(),
        kind: target.kind,
        context: &context,
        layers: &layers,
        grant_tokens: &[],
        now,
    })
}

/// Assumes a role as the service at `service_host`, such as
/// `glue.amazonaws.com`, and leaves the event that CloudTrail would show.
///
/// Only the role's trust policy is asked. The credentials last an hour.
///
/// # Errors
/// `AccessDenied` 403 if the role does not exist or does not trust the service.
pub fn assume_for_service(
    cloud: &mut Cloud,
    effects: &mut Effects,
    role_arn: &Arn,
    service_host: &str,
    session_name: &str,
) -> Result<Credentials, ApiError> {
    let now = effects.now();
    let Some((role, owner)) = role_by_arn(cloud, role_arn) else {
        return Err(refusal(role_arn, service_host)
            .with_detail("There is no such role: it was deleted, or never made."));
    };
    let (role, owner) = (role.clone(), owner.clone());
    let decision = Arc::new(judge_service(cloud, &role, &owner, service_host, now));
    let call = Call {
        service_host,
        session_name,
        role: &role,
        owner: &owner,
        now,
    };
    if !decision.is_allow() {
        let error = ApiError {
            decision: Some(Arc::clone(&decision)),
            ..refusal(role_arn, service_host).with_detail(format!(
                "The trust policy of {} does not admit {service_host}.",
                role.entity.name
            ))
        };
        let event = call.event(cloud, effects, decision, &Err(&error));
        cloud.trail.append(event);
        return Err(error);
    }
    let session = Session {
        kind: call.user().kind(&role, session_name),
        issued: now,
        mfa: false,
        policies: None,
        tags: BTreeMap::new(),
        transitive_tag_keys: BTreeSet::new(),
        source_identity: None,
        web_identity: None,
        service: Some(service_host.to_owned()),
    };
    let issued = issue(cloud, effects, session, DEFAULT_SECONDS);
    let event = call.event(cloud, effects, decision, &Ok(&issued));
    cloud.trail.append(event);
    Ok(issued.credentials())
}

fn refusal(role: &Arn, service: &str) -> ApiError {
    access_denied(format!(
        "User: {service} is not authorized to perform: {ACTION} on resource: {role}"
    ))
}

/// The call, as its event shows it.
struct Call<'a> {
    service_host: &'a str,
    session_name: &'a str,
    role: &'a Role,
    owner: &'a AccountId,
    now: Timestamp,
}

impl Call<'_> {
    fn user(&self) -> AssumedRoleUser {
        AssumedRoleUser::of(self.role, self.session_name)
    }

    fn event(
        &self,
        cloud: &Cloud,
        effects: &mut Effects,
        decision: Arc<Decision>,
        result: &Result<&SessionCredentials, &ApiError>,
    ) -> Event {
        let response = |issued: &&SessionCredentials| {
            json!({
                "credentials": issued.recorded(),
                "assumedRoleUser": event_value(&self.user()),
            })
        };
        Event {
            event_version: "1.11".into(),
            user_identity: json!({ "type": "AWSService", "invokedBy": self.service_host }),
            event_time: self.now,
            event_source: Service::Sts.host(),
            event_name: "AssumeRole".to_owned(),
            aws_region: cloud.region.clone(),
            source_ip_address: self.service_host.to_owned(),
            user_agent: self.service_host.to_owned(),
            error_code: result.as_ref().err().map(|error| error.code.clone()),
            error_message: result.as_ref().err().map(|error| error.message.clone()),
            request_parameters: json!({
                "roleArn": self.role.entity.arn, "roleSessionName": self.session_name,
                "durationSeconds": DEFAULT_SECONDS,
            }),
            response_elements: result.as_ref().map_or(Value::Null, response),
            request_id: effects.entropy.uuid(),
            event_id: effects.entropy.uuid(),
            read_only: true,
            resources: vec![EventResource {
                arn: self.role.entity.arn.to_string(),
                account_id: self.owner.to_string(),
                kind: "AWS::IAM::Role".into(),
            }],
            event_type: "AwsApiCall".into(),
            management_event: true,
            recipient_account_id: self.owner.clone(),
            shared_event_id: None,
            vpc_endpoint_id: None,
            vpc_endpoint_account_id: None,
            event_category: "Management".into(),
            copies: Vec::new(),
            caused_by: None,
            steps: Vec::new(),
            decisions: vec![decision],
        }
    }
}
