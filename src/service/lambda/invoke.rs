//! Running a function.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::environment::{self, Environment};
use super::{HOST, check_name, error, function, on_function};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::service::iam::event_value;
use crate::service::{kms, service_grant, sts};
use crate::state::Cloud;
use crate::state::compute::{RegionalName, SealedEnvironment};
use crate::state::credential::Credentials;

/// Runs a function: Lambda assumes its role, in a session of the function's
/// name, and decrypts its environment variables as the role.
///
/// The lab runs no code; what the function does, a script does in its session.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Invoke {
    /// The function: its name or ARN.
    pub function_name: String,
    /// What it is called with.
    #[serde(skip_serializing)]
    pub payload: Option<Blob>,
}

/// How a run went.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Invoked {
    /// 200.
    pub status_code: u16,
    /// `$LATEST`.
    pub executed_version: &'static str,
}

/// Decrypts the environment of a function as its role, by the grant.
fn open(
    cx: &mut Context<'_>,
    arn: &Arn,
    session: &Credentials,
    sealed: &SealedEnvironment,
) -> Result<Environment, ApiError> {
    let answer = cx.call_with(
        session,
        kms::Decrypt {
            ciphertext_blob: sealed.sealed.clone(),
            key_id: Some(sealed.key.to_string()),
            encryption_algorithm: None,
            encryption_context: environment::context_of(arn),
            grant_tokens: service_grant::token(cx, &sealed.key, &sealed.grant),
            dry_run: false,
        },
    );
    let answer = answer.map_err(|inner| environment::undecryptable(&inner))?;
    Environment::parse(&answer.plaintext)
}

impl Operation for Invoke {
    type Output = Invoked;

    const SPEC: OperationSpec = OperationSpec::write(Service::Lambda, "Invoke")
        .data()
        .needs(&["lambda:InvokeFunction"])
        .fails(&[
            "ResourceNotFoundException",
            "KMSAccessDeniedException",
            "KMSDisabledException",
            "KMSInvalidStateException",
            "KMSNotFoundException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.function_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "lambda:InvokeFunction";
        Ok(vec![on_function(view, &self.function_name, action)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (id, found) = function(&cx.view(), &self.function_name)?;
        let (cloud, effects) = (&mut *cx.cloud, &mut *cx.effects);
        let session = sts::assume_for_service(cloud, effects, &found.role, HOST, &found.name);
        if !matches!(&session, Err(error) if error.decision.is_none()) {
            cx.adopt_newest_event();
        }
        let session = session.map_err(|inner| ApiError {
            service: Service::Lambda,
            code: "AccessDeniedException".to_owned(),
            message: "The role defined for the function cannot be assumed by Lambda.".to_owned(),
            ..inner
        })?;
        if let Some(sealed) = &found.environment {
            open(cx, &found.arn, &session, sealed)?;
        }
        if let Some(function) = cx.cloud.functions.get_mut(&id) {
            function.session = Some(session);
        }
        Ok(Invoked {
            status_code: 200,
            executed_version: "$LATEST",
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}

/// The role of a function that ran, and the session in which it did.
///
/// # Errors
/// `ResourceNotFoundException` if there is none, or it has not run.
pub fn function_run(cloud: &Cloud, place: &RegionalName) -> Result<(Arn, Credentials), ApiError> {
    let found = cloud.functions.get(place);
    found
        .and_then(|function| Some((function.role.clone(), function.session.clone()?)))
        .ok_or_else(|| {
            let text = format!("Function {} has not run.", place.name);
            error("ResourceNotFoundException", 404, text)
        })
}
