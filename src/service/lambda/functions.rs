//! Functions: making, showing and deleting them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::environment::{self, Environment};
use super::{HOST, arn_at, check_name, check_trust, error, function, on_function, reachable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob, Timestamp};
use crate::service::iam::event_value;
use crate::service::{kms, pass_role, regional};
use crate::state::compute::Function;

/// Makes a function that runs as a role. The caller must be allowed to pass the
/// role to Lambda (`iam:PassRole`), and the role must trust Lambda.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateFunction {
    /// The name, 1 to 64 characters.
    pub function_name: String,
    /// The ARN of the role.
    pub role: Arn,
    /// The code; the lab does not run it.
    pub code: FunctionCode,
    /// The runtime, such as `python3.13`.
    pub runtime: Option<String>,
    /// The handler, such as `app.handler`.
    pub handler: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// Environment variables, encrypted at rest.
    #[serde(default)]
    pub environment: Environment,
    /// The customer managed key for them; `alias/aws/lambda` by default.
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<Arn>,
}

/// Where the code lies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct FunctionCode {
    /// The archive.
    pub zip_file: Option<Blob>,
    /// The bucket of the archive.
    pub s3_bucket: Option<String>,
    /// The key of the archive.
    pub s3_key: Option<String>,
}

/// The environment, as Lambda shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EnvironmentShown {
    /// The variables, if the caller may decrypt them.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Why they are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<EnvironmentError>,
}

/// Why environment variables are not shown.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EnvironmentError {
    /// The code.
    pub error_code: String,
    /// The text.
    pub message: String,
}

/// A function, as Lambda shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionInfo {
    /// The name.
    pub function_name: String,
    /// The ARN.
    pub function_arn: Arn,
    /// The ARN of the role.
    pub role: Arn,
    /// The runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// The handler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// The description.
    pub description: String,
    /// When it was last changed.
    pub last_modified: Timestamp,
    /// The version: `$LATEST`.
    pub version: &'static str,
    /// The customer managed key of the environment.
    #[serde(rename = "KMSKeyArn", skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<Arn>,
    /// The environment variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentShown>,
}

impl FunctionInfo {
    /// The function without its environment.
    fn bare(function: &Function) -> Self {
        Self {
            function_name: function.name.clone(),
            function_arn: function.arn.clone(),
            role: function.role.clone(),
            runtime: function.runtime.clone(),
            handler: function.handler.clone(),
            description: function.description.clone().unwrap_or_default(),
            last_modified: function.modified,
            version: "$LATEST",
            kms_key_arn: function.key.clone(),
            environment: None,
        }
    }

    /// The function with its environment, decrypted as the caller.
    pub(super) fn of(cx: &mut Context<'_>, function: &Function) -> Self {
        let environment = function.environment.as_ref().map(|sealed| {
            let answer = cx.forward(kms::Decrypt {
                ciphertext_blob: sealed.sealed.clone(),
                key_id: Some(sealed.key.to_string()),
                encryption_algorithm: None,
                encryption_context: environment::context_of(&function.arn),
                grant_tokens: Vec::new(),
                dry_run: false,
            });
            match answer.and_then(|answer| Environment::parse(&answer.plaintext)) {
                Ok(environment) => EnvironmentShown {
                    environment: Some(environment),
                    error: None,
                },
                Err(inner) => EnvironmentShown {
                    environment: None,
                    error: Some(EnvironmentError {
                        message: environment::undecryptable(&inner).message,
                        error_code: inner.code,
                    }),
                },
            }
        });
        Self {
            environment,
            ..Self::bare(function)
        }
    }
}

impl Operation for CreateFunction {
    type Output = FunctionInfo;

    const SPEC: OperationSpec = OperationSpec::write(Service::Lambda, "CreateFunction")
        .needs(&[
            "lambda:CreateFunction",
            "iam:PassRole",
            "kms:Encrypt",
            "kms:CreateGrant",
        ])
        .fails(&[
            "ResourceConflictException",
            "InvalidParameterValueException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.function_name)?;
        self.environment.check()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![
            on_function(view, &self.function_name, "lambda:CreateFunction"),
            pass_role::request(view, &self.role, HOST),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        check_trust(&view, &self.role)?;
        let id = reachable(&view, &self.function_name)?;
        let arn = arn_at(&id);
        if cx.cloud.functions.contains_key(&id) {
            let text = format!("Function already exist: {}", id.name);
            return Err(error("ResourceConflictException", 409, text));
        }
        let key = self.kms_key_arn;
        let sealed = environment::seal(cx, &arn, &self.role, key.as_ref(), &self.environment)?;
        let made = Function {
            name: id.name.clone(),
            arn,
            role: self.role,
            runtime: self.runtime,
            handler: self.handler,
            description: self.description,
            modified: cx.now(),
            key,
            environment: sealed,
            session: None,
        };
        let shown = FunctionInfo {
            environment: made.environment.as_ref().map(|_| EnvironmentShown {
                environment: Some(self.environment),
                error: None,
            }),
            ..FunctionInfo::bare(&made)
        };
        cx.cloud.functions.insert_mut(id, made);
        Ok(shown)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({
            "functionName": self.function_name, "role": self.role, "runtime": self.runtime,
            "handler": self.handler, "description": self.description,
            "kMSKeyArn": self.kms_key_arn,
        }))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        recorded(output)
    }
}

/// The answer without the variables.
pub(super) fn recorded(output: &FunctionInfo) -> serde_json::Value {
    let mut shown = event_value(output);
    if let Some(members) = shown.as_object_mut() {
        members.remove("environment");
    }
    shown
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $name {
            /// The function: its name or ARN.
            pub function_name: String,
        }
    };
}

named!(
    /// Shows a function. Its environment variables are decrypted as the caller,
    /// who needs `kms:Decrypt`; without it an error stands in their place.
    GetFunction
);

/// A function.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionAnswer {
    /// The function.
    pub configuration: FunctionInfo,
}

impl Operation for GetFunction {
    type Output = FunctionAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Lambda, "GetFunction")
        .needs(&["lambda:GetFunction"])
        .fails(&["ResourceNotFoundException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.function_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_function(
            view,
            &self.function_name,
            "lambda:GetFunction",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (_, found) = function(&cx.view(), &self.function_name)?;
        Ok(FunctionAnswer {
            configuration: FunctionInfo::of(cx, &found),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}

/// Lists the functions of the account in the Region, without their environment variables.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFunctions {}

/// Functions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionList {
    /// The functions, by name.
    pub functions: Vec<FunctionInfo>,
}

impl Operation for ListFunctions {
    type Output = FunctionList;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Lambda, "ListFunctions").needs(&["lambda:ListFunctions"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = AccessRequest::new("lambda:ListFunctions", Target::any());
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let here = regional::own(&cx.view(), "");
        let functions = here.beside(&cx.cloud.functions);
        Ok(FunctionList {
            functions: functions.map(|(_, f)| FunctionInfo::bare(f)).collect(),
        })
    }
}

named!(
    /// Deletes a function, and retires the grant of its environment.
    DeleteFunction
);

/// The answer of `DeleteFunction`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Deleted {
    /// 204.
    pub status_code: u16,
}

impl Operation for DeleteFunction {
    type Output = Deleted;

    const SPEC: OperationSpec = OperationSpec::write(Service::Lambda, "DeleteFunction")
        .needs(&["lambda:DeleteFunction"])
        .fails(&["ResourceNotFoundException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.function_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "lambda:DeleteFunction";
        Ok(vec![on_function(view, &self.function_name, action)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (id, found) = function(&cx.view(), &self.function_name)?;
        if let Some(sealed) = &found.environment {
            environment::forget(cx, &found.arn, sealed);
        }
        cx.cloud.functions.remove_mut(&id);
        Ok(Deleted { status_code: 204 })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}
