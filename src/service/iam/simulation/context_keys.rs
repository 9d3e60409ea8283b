//! Which context keys a simulation needs values of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sources::{Principal, Source, given};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::service::iam::recorded;

/// Lists the context keys that policies given as text refer to, in conditions
/// and as variables: a simulation of them needs their values.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetContextKeysForCustomPolicy {
    /// The policies, each as JSON text.
    pub policy_input_list: Vec<String>,
}

/// Lists the context keys that the policies of a user, group or role refer to,
/// those of a user's groups included.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetContextKeysForPrincipalPolicy {
    /// The ARN of the user, group or role.
    pub policy_source_arn: String,
    /// Further policies, each as JSON text.
    #[serde(default)]
    pub policy_input_list: Vec<String>,
}

/// Context keys.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ContextKeys {
    /// Their names, each once.
    pub context_key_names: Vec<String>,
}

impl ContextKeys {
    fn of(sources: &[Source]) -> Self {
        let mut names: Vec<String> = Vec::new();
        for key in sources.iter().flat_map(|s| s.policy.context_keys()) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(key)) {
                names.push(key.to_owned());
            }
        }
        Self {
            context_key_names: names,
        }
    }
}

impl Operation for GetContextKeysForCustomPolicy {
    type Output = ContextKeys;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetContextKeysForCustomPolicy")
        .needs(&["iam:GetContextKeysForCustomPolicy"])
        .fails(&["InvalidInput"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            &Self::SPEC.action(),
            Target::any(),
        )])
    }

    fn execute(self, _cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
        let sources = given("PolicyInputList", &self.policy_input_list)?;
        Ok(ContextKeys::of(&sources))
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

impl Operation for GetContextKeysForPrincipalPolicy {
    type Output = ContextKeys;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Iam, "GetContextKeysForPrincipalPolicy")
            .needs(&["iam:GetContextKeysForPrincipalPolicy"])
            .fails(&["NoSuchEntity", "InvalidInput"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let principal = Principal::parse("policySourceArn", &self.policy_source_arn)?;
        Ok(vec![principal.ask(view, &Self::SPEC.action())])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
        let principal = Principal::parse("policySourceArn", &self.policy_source_arn)?;
        let mut sources = principal.sources(&cx.view())?;
        sources.extend(given("PolicyInputList", &self.policy_input_list)?);
        Ok(ContextKeys::of(&sources))
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
