//! Changing the configuration of a function.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::environment::{self, Environment};
use super::functions::{FunctionInfo, recorded};
use super::{HOST, check_name, check_trust, function, on_function};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::Arn;
use crate::service::pass_role;
use crate::state::compute::SealedEnvironment;

/// Changes a function. New environment variables replace all of the old ones,
/// and a new role gets a grant of its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateFunctionConfiguration {
    /// The function: its name or ARN.
    pub function_name: String,
    /// The ARN of the new role.
    pub role: Option<Arn>,
    /// The new handler.
    pub handler: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new environment variables.
    pub environment: Option<Environment>,
    /// The new key, for the new environment variables.
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<Arn>,
}

impl UpdateFunctionConfiguration {
    /// The environment after the change; the role, if it changes, needs a grant.
    fn environment(
        &self,
        cx: &mut Context<'_>,
        arn: &Arn,
        role: &Arn,
        present: Option<SealedEnvironment>,
        key: Option<&Arn>,
    ) -> Result<Option<SealedEnvironment>, ApiError> {
        if let Some(new) = &self.environment {
            let sealed = environment::seal(cx, arn, role, key, new)?;
            if let Some(old) = &present {
                environment::forget(cx, arn, old);
            }
            return Ok(sealed);
        }
        match present {
            Some(old) if self.role.is_some() => {
                let grant = environment::grant(cx, arn, role, &old.key)?;
                environment::forget(cx, arn, &old);
                Ok(Some(SealedEnvironment { grant, ..old }))
            }
            other => Ok(other),
        }
    }
}

impl Operation for UpdateFunctionConfiguration {
    type Output = FunctionInfo;

    const SPEC: OperationSpec =
        OperationSpec::write(Service::Lambda, "UpdateFunctionConfiguration")
            .needs(&[
                "lambda:UpdateFunctionConfiguration",
                "iam:PassRole",
                "kms:Encrypt",
                "kms:CreateGrant",
            ])
            .fails(&[
                "ResourceNotFoundException",
                "InvalidParameterValueException",
            ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.function_name)?;
        if self.kms_key_arn.is_some() && self.environment.is_none() {
            return Err(super::invalid(
                "The lab takes a new KMSKeyArn together with Environment.",
            ));
        }
        self.environment.as_ref().map_or(Ok(()), Environment::check)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "lambda:UpdateFunctionConfiguration";
        let passing = self.role.as_ref();
        let passing = passing.map(|role| pass_role::request(view, role, HOST));
        Ok([on_function(view, &self.function_name, action)]
            .into_iter()
            .chain(passing)
            .collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (id, mut changed) = function(&cx.view(), &self.function_name)?;
        let arn = changed.arn.clone();
        if let Some(role) = &self.role {
            check_trust(&cx.view(), role)?;
            changed.role = role.clone();
        }
        if self.kms_key_arn.is_some() {
            changed.key.clone_from(&self.kms_key_arn);
        }
        let (role, key, present) = (
            changed.role.clone(),
            changed.key.clone(),
            changed.environment.take(),
        );
        changed.environment = self.environment(cx, &arn, &role, present, key.as_ref())?;
        changed.modified = cx.now();
        if self.handler.is_some() {
            changed.handler = self.handler;
        }
        if self.description.is_some() {
            changed.description = self.description;
        }
        cx.cloud.functions.insert_mut(id, changed.clone());
        Ok(FunctionInfo::of(cx, &changed))
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({
            "functionName": self.function_name, "role": self.role, "handler": self.handler,
            "description": self.description, "kMSKeyArn": self.kms_key_arn,
        }))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        recorded(output)
    }
}
