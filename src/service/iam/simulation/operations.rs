//! SimulateCustomPolicy and SimulatePrincipalPolicy.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation::{Asked, EvaluationResult, Scene};
use super::sources::{Principal, Source, given, of_resource};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::{Permit, ResourceKind, Subject};
use crate::base::{AccountId, Arn};
use crate::policy::{self, PolicyKind, PrincipalKind, RequestContext};
use crate::service::iam::{Kind, error, recorded, validation};

/// Simulates calls under policies given as text: what would they decide? Only
/// the context keys given have a value.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SimulateCustomPolicy {
    /// The policies, each as JSON text.
    pub policy_input_list: Vec<String>,
    /// A permissions boundary, as JSON text; at most one.
    #[serde(default)]
    pub permissions_boundary_policy_input_list: Vec<String>,
    /// The operations, such as `s3:GetObject`, without wildcards.
    pub action_names: Vec<String>,
    /// The ARNs of the resources; `*` by default.
    #[serde(default)]
    pub resource_arns: Vec<String>,
    /// The policy of the resources, as JSON text. Needs `CallerArn` too.
    pub resource_policy: Option<String>,
    /// The account that owns resources whose ARN names none, as the ARN of its root.
    pub resource_owner: Option<String>,
    /// The ARN of the user who is to be the caller, for the resource's policy.
    pub caller_arn: Option<String>,
    /// The context keys that have a value.
    #[serde(default)]
    pub context_entries: Vec<ContextEntry>,
}

/// Simulates calls under the policies that a user, group or role has now, those
/// of a user's groups and the permissions boundary included.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SimulatePrincipalPolicy {
    /// The ARN of the user, group or role.
    pub policy_source_arn: String,
    /// Further policies, each as JSON text.
    #[serde(default)]
    pub policy_input_list: Vec<String>,
    /// A permissions boundary in place of the one that is set, as JSON text; at most one.
    #[serde(default)]
    pub permissions_boundary_policy_input_list: Vec<String>,
    /// The operations, such as `s3:GetObject`, without wildcards.
    pub action_names: Vec<String>,
    /// The ARNs of the resources; `*` by default.
    #[serde(default)]
    pub resource_arns: Vec<String>,
    /// The policy of the resources, as JSON text. Needs `CallerArn` unless a user is simulated.
    pub resource_policy: Option<String>,
    /// The account that owns resources whose ARN names none, as the ARN of its root.
    pub resource_owner: Option<String>,
    /// The ARN of the user who is to be the caller, for the resource's policy.
    pub caller_arn: Option<String>,
    /// The context keys that have a value.
    #[serde(default)]
    pub context_entries: Vec<ContextEntry>,
}

/// A context key with its values.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ContextEntry {
    /// The key, such as `aws:SourceIp`.
    pub context_key_name: String,
    /// Its values.
    pub context_key_values: Vec<String>,
    /// `string`, `numeric`, `boolean`, `ip`, `binary` or `date`; with `List` for a multivalued key.
    pub context_key_type: String,
}

/// What a simulation came to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Simulation {
    /// One result for each operation on each resource.
    pub evaluation_results: Vec<EvaluationResult>,
    /// Always `false`: all results come at once.
    pub is_truncated: bool,
}

/// What both operations have in common.
struct Settings<'a> {
    actions: &'a [String],
    resources: &'a [String],
    resource_policy: Option<&'a str>,
    resource_owner: Option<&'a str>,
    boundary: &'a [String],
    caller: Option<&'a str>,
    entries: &'a [ContextEntry],
}

macro_rules! settings {
    ($operation:expr) => {
        Settings {
            actions: &$operation.action_names,
            resources: &$operation.resource_arns,
            resource_policy: $operation.resource_policy.as_deref(),
            resource_owner: $operation.resource_owner.as_deref(),
            boundary: &$operation.permissions_boundary_policy_input_list,
            caller: $operation.caller_arn.as_deref(),
            entries: &$operation.context_entries,
        }
    };
}

impl Settings<'_> {
    fn check(&self) -> Result<(), ApiError> {
        if self.actions.is_empty() {
            return Err(validation("ActionNames must name at least one operation"));
        }
        for action in self.actions {
            let named = |(service, name): (&str, &str)| !service.is_empty() && !name.is_empty();
            let whole = action.split_once(':').is_some_and(named);
            if !whole || action.contains(['*', '?']) {
                return Err(validation(format!("Invalid action: {action}")).with_detail(
                    "It is one operation with its service, such as `s3:GetObject`, and has no \
                     wildcard.",
                ));
            }
        }
        if self.boundary.len() > 1 {
            return Err(validation(
                "PermissionsBoundaryPolicyInputList can have only one policy",
            ));
        }
        self.caller()?;
        self.owner()?;
        self.context().map(drop)
    }

    /// The user who is to be the caller.
    fn caller(&self) -> Result<Option<Arn>, ApiError> {
        let Some(text) = self.caller else {
            return Ok(None);
        };
        match Principal::parse("callerArn", text)? {
            Principal {
                kind: Kind::User,
                arn,
            } => Ok(Some(arn)),
            _ => Err(validation(format!("Invalid ARN in callerArn: {text}"))
                .with_detail("The caller of a simulation is a user.")),
        }
    }

    fn owner(&self) -> Result<Option<AccountId>, ApiError> {
        let wrong = |text: &str| {
            validation(format!("Invalid ARN in resourceOwner: {text}"))
                .with_detail("It looks like `arn:aws:iam::111122223333:root`.")
        };
        let read = |text: &str| {
            let arn = Arn::parse(text).map_err(|_| wrong(text))?;
            AccountId::parse(arn.account()).map_err(|_| wrong(text))
        };
        self.resource_owner.map(read).transpose()
    }

    fn context(&self) -> Result<RequestContext, ApiError> {
        const TYPES: [&str; 6] = ["string", "numeric", "boolean", "ip", "binary", "date"];
        let mut context = RequestContext::new();
        for entry in self.entries {
            let (name, values) = (&entry.context_key_name, &entry.context_key_values);
            let list = entry.context_key_type.strip_suffix("List");
            let one = list.unwrap_or(&entry.context_key_type);
            match (TYPES.contains(&one), list, values.as_slice()) {
                (true, Some(_), values) => {
                    context.set_many(name, values.iter().map(String::as_str));
                }
                (true, None, [value]) => {
                    context.set(name, value.as_str());
                }
                (true, None, _) => {
                    return Err(validation(format!(
                        "{name} needs exactly one value as {one}; with several it is {one}List"
                    )));
                }
                (false, ..) => {
                    let types = TYPES.map(|one| format!("{one}, {one}List")).join(", ");
                    return Err(validation(format!(
                        "`{}` is not a type of a context key: use one of {types}",
                        entry.context_key_type
                    )));
                }
            }
        }
        Ok(context)
    }

    fn boundary(&self) -> Result<Option<Source>, ApiError> {
        let member = "PermissionsBoundaryPolicyInputList";
        Ok(given(member, self.boundary)?.into_iter().next())
    }

    /// Who is simulated: the caller named, or else the principal whose policies are.
    fn subject(
        &self,
        view: &View<'_>,
        simulated: Option<&Principal>,
        boundary: bool,
    ) -> Result<Subject, ApiError> {
        let user = |p: &&Principal| p.kind == Kind::User;
        let own = simulated.filter(user).map(|p| p.arn.clone());
        let arn = self.caller()?.or(own);
        if arn.is_none() && self.resource_policy.is_some() {
            return Err(error(
                "InvalidInput",
                400,
                "CallerArn must be specified when ResourcePolicy is included.",
            )
            .with_detail("The principals of the resource's policy are compared with it."));
        }
        let kind = match simulated.map(|p| p.kind) {
            Some(Kind::Role) if arn.is_none() => PrincipalKind::RoleSession,
            _ => PrincipalKind::User,
        };
        let account = arn
            .as_ref()
            .and_then(|arn| AccountId::parse(arn.account()).ok());
        let account = account.unwrap_or_else(|| view.caller.account.clone());
        let organization = view.cloud.organization_of(&account);
        Ok(Subject {
            in_management_account: organization.is_some_and(|o| o.tree().management == account),
            principal: policy::Principal {
                account: Some(account),
                arn,
                has_boundary: boundary,
                ..policy::Principal::of_kind(kind)
            },
            service_linked: false,
        })
    }

    /// Decides every operation on every resource.
    fn simulate(
        &self,
        view: &View<'_>,
        simulated: Option<&Principal>,
        identity: Vec<Source>,
        boundary: Option<Source>,
    ) -> Result<Simulation, ApiError> {
        let subject = self.subject(view, simulated, boundary.is_some())?;
        // The policies of another account's organization are not told.
        let own = subject.principal.account.as_ref() == Some(&view.caller.account);
        let guardrails = view.cloud.guardrails_of(&view.caller.account);
        let scp = guardrails.filter(|_| own).map(|own| Arc::clone(&own.scp));
        let scene = Scene {
            model: view.cloud.model,
            subject: Arc::new(subject),
            identity,
            boundary,
            scp: scp.unwrap_or_default(),
            context: self.context()?,
            now: view.now,
        };
        let mut evaluation_results = Vec::new();
        for action in self.actions {
            if self.resources.is_empty() {
                evaluation_results.push(self.result(&scene, action, None)?);
            }
            for resource in self.resources {
                evaluation_results.push(self.result(&scene, action, Some(resource))?);
            }
        }
        Ok(Simulation {
            evaluation_results,
            is_truncated: false,
        })
    }

    fn result(
        &self,
        scene: &Scene,
        action: &str,
        resource: Option<&str>,
    ) -> Result<EvaluationResult, ApiError> {
        let arn = resource.and_then(|text| Arn::parse(text).ok());
        let place = arn.as_ref().map(|a| (a.service(), a.resource_type()));
        let (kind, written) = match place {
            Some(("kms", "key")) => (ResourceKind::CustomerKey, PolicyKind::Key),
            _ => (ResourceKind::Additive, PolicyKind::Bucket),
        };
        let policy = self.resource_policy.map(|text| of_resource(written, text));
        let policy = policy.transpose()?;
        let own = scene.subject.principal.account.clone();
        let asked = Asked {
            action,
            resource,
            // Without a policy of the resource nobody asks whose it is, or what it gates.
            owner: match &policy {
                None => own,
                Some(_) => arn
                    .and_then(|arn| AccountId::parse(arn.account()).ok())
                    .or(self.owner()?)
                    .or(own),
            },
            kind: match &policy {
                None => ResourceKind::Additive,
                Some(_) => kind,
            },
            policy: policy.as_ref(),
        };
        Ok(scene.result(&asked))
    }
}

impl Operation for SimulateCustomPolicy {
    type Output = Simulation;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "SimulateCustomPolicy")
        .needs(&["iam:SimulateCustomPolicy"])
        .fails(&["InvalidInput"]);

    fn validate(&self) -> Result<(), ApiError> {
        settings!(self).check()
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            &Self::SPEC.action(),
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
        let settings = settings!(self);
        let identity = given("PolicyInputList", &self.policy_input_list)?;
        let boundary = settings.boundary()?;
        settings.simulate(&cx.view(), None, identity, boundary)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

impl Operation for SimulatePrincipalPolicy {
    type Output = Simulation;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "SimulatePrincipalPolicy")
        .needs(&["iam:SimulatePrincipalPolicy"])
        .fails(&["NoSuchEntity", "InvalidInput"]);

    fn validate(&self) -> Result<(), ApiError> {
        settings!(self).check()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let principal = Principal::parse("policySourceArn", &self.policy_source_arn)?;
        Ok(vec![principal.ask(view, &Self::SPEC.action())])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
        let (settings, view) = (settings!(self), cx.view());
        let principal = Principal::parse("policySourceArn", &self.policy_source_arn)?;
        let mut identity = principal.sources(&view)?;
        identity.extend(given("PolicyInputList", &self.policy_input_list)?);
        let boundary = match settings.boundary()? {
            Some(given) => Some(given),
            None => principal.boundary(&view)?,
        };
        settings.simulate(&view, Some(&principal), identity, boundary)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
