//! The path itself.

use std::sync::Arc;

use serde_json::Value;

use super::access::AccessRequest;
use super::caller::{Caller, authenticate, identified};
use super::context_keys::context_of;
use super::effects::Effects;
use super::encoded_denial;
use super::error::ApiError;
use super::event::{Draft, event, share};
use super::guardrails;
use super::landing::{Landing, recipient};
use super::operation::{Operation, View};
use super::route::{Origin, Route};
use super::spec::Service;
use super::stand_in;
use crate::authz::{Decision, Layers, Permit, Question, Verdict, decide, verdict};
use crate::base::{Region, Timestamp};
use crate::state::Cloud;
use crate::state::credential::{Credentials, Owner};
use crate::state::trail::Event;
use crate::state::vpc::VpcEndpoint;

/// What a call answered, with everything that led to it.
#[derive(Clone, Debug)]
pub struct Response<T> {
    /// The output, or the error.
    pub result: Result<T, ApiError>,
    /// The request's id.
    pub request_id: String,
    /// Every decision that was taken, those of forwarded calls included, in order.
    pub decisions: Vec<Arc<Decision>>,
    /// What the service did, step by step, where that is worth knowing.
    pub steps: Vec<String>,
}

/// What an operation works with once it is allowed.
#[derive(Debug)]
pub struct Context<'a> {
    /// The cloud, to be changed.
    pub cloud: &'a mut Cloud,
    /// Time and randomness.
    pub effects: &'a mut Effects,
    /// Who calls.
    pub caller: &'a Caller,
    /// The Region of the call.
    pub region: Region,
    endpoint: Option<Arc<VpcEndpoint>>,
    pub(super) event_id: String,
    pub(super) steps: Vec<String>,
    pub(super) decisions: Vec<Arc<Decision>>,
    pub(super) children: Vec<Event>,
    pub(super) service: Service,
}

impl Context<'_> {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.effects.now()
    }

    /// Notes what the service just did.
    pub fn note(&mut self, step: impl Into<String>) {
        self.steps.push(step.into());
    }

    /// What an operation may look at.
    pub fn view(&self) -> View<'_> {
        View {
            cloud: self.cloud,
            caller: self.caller,
            region: &self.region,
            endpoint: self.endpoint.as_ref(),
            now: self.effects.now(),
        }
    }

    /// Judges one thing of a call that acts on many and answers for each.
    ///
    /// # Errors
    /// The denial.
    pub fn judge(&mut self, request: &AccessRequest) -> Result<(), ApiError> {
        let decision = Arc::new(judge(&self.view(), request));
        self.decisions.push(Arc::clone(&decision));
        if decision.is_allow() {
            return Ok(());
        }
        Err(ApiError::denied(self.service, decision))
    }
}

/// Makes one call: the only way in which an operation runs.
///
/// A call that fails leaves nothing behind but its event. `operation` is an
/// error where the input could not be decoded.
pub fn perform<O: Operation>(
    cloud: &mut Cloud,
    effects: &mut Effects,
    credentials: &Credentials,
    route: &Route,
    operation: Result<O, ApiError>,
) -> Response<O::Output> {
    let now = effects.now();
    let region = &route.region;
    let endpoint = route.endpoint_to(cloud, O::SPEC.service);
    let proof = operation
        .as_ref()
        .map_or(Ok(None), |operation| operation.proven_caller(cloud, now));
    let proves_itself = !matches!(proof, Ok(None));
    let run = match (caller_of::<O>(cloud, credentials, proof, now), operation) {
        (Ok(caller), Ok(operation)) => {
            let origin = Origin::direct(endpoint, Some(&caller));
            run(cloud, effects, &caller, region, &origin, operation).presented(O::present)
        }
        (Err(error), operation) => {
            let unproven = operation.ok().filter(|_| proves_itself);
            let landing = match unproven {
                Some(operation) => Landing::of_unproven(cloud, region, now, &operation),
                None => Landing::of_signed(cloud, credentials),
            };
            let origin = Origin::direct(endpoint, None);
            refused::<O>(effects, region, landing, &origin, None, error).presented(O::present)
        }
        (Ok(caller), Err(error)) => {
            let origin = Origin::direct(endpoint, Some(&caller));
            let landing = Landing::of_signed(cloud, credentials);
            refused::<O>(effects, region, landing, &origin, Some(&caller), error)
        }
    };
    let request_id = run
        .events
        .first()
        .map(|e| e.request_id.clone())
        .unwrap_or_default();
    for event in run.events {
        cloud.trail.append(event);
    }
    Response {
        result: run.result,
        request_id,
        decisions: run.decisions,
        steps: run.steps,
    }
}

/// Who calls: whom the request itself proves, or else whose credentials signed it.
fn caller_of<O: Operation>(
    cloud: &Cloud,
    credentials: &Credentials,
    proof: Result<Option<Owner>, ApiError>,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    let service = O::SPEC.service;
    match proof? {
        Some(owner) => identified(cloud, &owner, service),
        None => authenticate(cloud, credentials, service, now),
    }
}

pub(super) struct Run<T> {
    pub(super) result: Result<T, ApiError>,
    pub(super) decisions: Vec<Arc<Decision>>,
    pub(super) steps: Vec<String>,
    pub(super) events: Vec<Event>,
}

impl<T> Run<T> {
    fn presented(self, present: fn(ApiError) -> ApiError) -> Self {
        Self {
            result: self.result.map_err(present),
            ..self
        }
    }
}

/// The event of a call whose credentials, or whose input, were not accepted.
fn refused<O: Operation>(
    effects: &mut Effects,
    region: &Region,
    landing: Landing,
    origin: &Origin,
    caller: Option<&Caller>,
    error: ApiError,
) -> Run<O::Output> {
    let Landing { account, record } = landing;
    let events = account.map(|account| {
        event(Draft {
            spec: O::SPEC,
            caller,
            account,
            region: region.clone(),
            now: effects.now(),
            origin,
            record,
            response: Value::Null,
            made: Vec::new(),
            error: Some(&error),
            request_id: effects.entropy.uuid(),
            event_id: effects.entropy.uuid(),
            steps: Vec::new(),
            decisions: Vec::new(),
        })
    });
    Run {
        result: Err(error),
        decisions: Vec::new(),
        steps: Vec::new(),
        events: events.into_iter().collect(),
    }
}

/// Decode has happened, the caller is known: gather, decide, execute, audit.
pub(super) fn run<O: Operation>(
    cloud: &mut Cloud,
    effects: &mut Effects,
    caller: &Caller,
    region: &Region,
    origin: &Origin,
    operation: O,
) -> Run<O::Output> {
    let request_id = effects.entropy.uuid();
    let event_id = effects.entropy.uuid();
    let now = effects.now();
    let view = View {
        cloud,
        caller,
        region,
        endpoint: origin.endpoint.as_ref(),
        now,
    };
    let dry_run = operation.dry_run();
    let mut record = operation.record(&view);
    if let (true, Some(parameters)) = (dry_run, record.parameters.as_object_mut()) {
        parameters.insert("dryRun".to_owned(), Value::Bool(true));
    }
    let mut decisions = Vec::new();
    let requests = operation.validate().and_then(|()| operation.access(&view));
    let account = recipient(&view, requests.as_deref().unwrap_or_default(), &record);
    let (permit, message) = match &requests {
        Ok(requests) => (
            authorize(&view, origin, requests, O::SPEC.service, &mut decisions),
            encoded_denial::document(O::SPEC, &view, origin, requests, &decisions),
        ),
        Err(error) => (Err(error.clone()), None),
    };
    let permit = match (permit, message) {
        (Err(error), Some(document)) => Err(encoded_denial::with_message(
            error,
            &document,
            &caller.account,
            cloud,
            &mut effects.entropy,
        )),
        (permit, _) => permit,
    };
    let before = cloud.clone();
    let mut cx = Context {
        cloud,
        effects,
        caller,
        region: region.clone(),
        endpoint: origin.endpoint.clone(),
        event_id: event_id.clone(),
        steps: Vec::new(),
        decisions: Vec::new(),
        children: Vec::new(),
        service: O::SPEC.service,
    };
    let result = permit
        .and_then(|permit| operation.execute(&mut cx, &permit))
        .and_then(|output| match dry_run {
            true => Err(would_have_succeeded(O::SPEC.service)),
            false => Ok(output),
        });
    let Context {
        cloud,
        effects,
        steps,
        decisions: forwarded,
        children,
        ..
    } = cx;
    if result.is_err() {
        *cloud = before;
    }
    let mut own = event(Draft {
        spec: O::SPEC,
        caller: Some(caller),
        account,
        region: region.clone(),
        now,
        origin,
        record,
        response: result.as_ref().map_or(Value::Null, O::response_elements),
        made: result.as_ref().map_or_else(|_| Vec::new(), O::made),
        error: result.as_ref().err(),
        request_id,
        event_id,
        steps: steps.clone(),
        decisions: decisions.clone(),
    });
    share(&mut own, caller, &mut effects.entropy);
    let mut events = vec![own];
    events.extend(children);
    decisions.extend(forwarded);
    Run {
        result,
        decisions,
        steps,
        events,
    }
}

/// Source: KMS Developer Guide, "Testing your AWS KMS API calls"; EC2 API
/// Reference, "Error codes", `DryRunOperation`.
fn would_have_succeeded(service: Service) -> ApiError {
    let (code, status, message) = match service {
        Service::Ec2 => (
            "DryRunOperation",
            412,
            "Request would have succeeded, but DryRun flag is set.",
        ),
        _ => (
            "DryRunOperationException",
            400,
            "The request would have succeeded, but the DryRun option is set.",
        ),
    };
    ApiError::new(service, code, status, message)
}

/// Decides every request, in order; the first that is denied ends the call.
fn authorize(
    view: &View<'_>,
    origin: &Origin,
    requests: &[AccessRequest],
    service: Service,
    decisions: &mut Vec<Arc<Decision>>,
) -> Result<Permit, ApiError> {
    let mut taken = Vec::with_capacity(requests.len());
    for request in requests {
        let decision = decide_one(view, origin, request);
        let allowed = decision.is_allow();
        taken.push(decision);
        if !allowed {
            break;
        }
    }
    let permit = Permit::from_decisions(&taken);
    decisions.extend(taken.into_iter().map(Arc::new));
    permit.map_err(
        |denied| match (decisions.get(denied), requests.get(denied)) {
            (Some(decision), Some(request)) => {
                let error = ApiError::denied(service, Arc::clone(decision));
                let error = match guardrails::share_organization(view, &request.target) {
                    true => error.in_organization(),
                    false => error,
                };
                if request.named_by_ciphertext {
                    error.about_ciphertext()
                } else {
                    error
                }
            }
            _ => ApiError::new(service, "InternalFailure", 500, "a decision was lost"),
        },
    )
}

/// Judges one request of a direct call without making it.
pub fn judge(view: &View<'_>, request: &AccessRequest) -> Decision {
    let origin = Origin::direct(view.endpoint.cloned(), Some(view.caller));
    decide_one(view, &origin, request)
}

/// The verdict of [`judge`] and nothing else, as fast as it can be had.
pub fn quick_verdict(view: &View<'_>, request: &AccessRequest) -> Verdict {
    let origin = Origin::direct(view.endpoint.cloned(), Some(view.caller));
    ask(view, &origin, request, verdict)
}

fn decide_one(view: &View<'_>, origin: &Origin, request: &AccessRequest) -> Decision {
    ask(view, origin, request, decide)
}

/// Puts one request as a question, with everything that applies to it.
fn ask<T>(
    view: &View<'_>,
    origin: &Origin,
    request: &AccessRequest,
    answer: fn(&Question<'_>) -> T,
) -> T {
    let context = context_of(view, request, origin);
    let mut layers = Layers {
        identity: view.caller.identity.clone(),
        resource: guardrails::resource_policy(view.cloud, &view.caller.subject, &request.target),
        boundary: view.caller.boundary.clone(),
        session: view.caller.session().and_then(|s| s.policies.clone()),
        grants: request.target.grants.clone(),
        ..Layers::default()
    };
    let (subject, action) = (&view.caller.subject, &request.action);
    guardrails::add(&mut layers, view.cloud, subject, &request.target, origin);
    let question = Question {
        model: view.cloud.model,
        subject,
        action,
        resource: &request.target.resource,
        owner: request.target.owner.as_ref(),
        kind: request.target.kind,
        context: &context,
        layers: &layers,
        grant_tokens: &request.grant_tokens,
        now: view.now,
    };
    stand_in::answered(view, &question, answer)
}
