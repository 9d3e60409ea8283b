//! Lambda: functions that run as a role.
//!
//! The lab runs no code: [`Invoke`] does all that Lambda does before it, and
//! scripts then act in the session of the function. How the environment is
//! encrypted is in `environment`.

mod environment;
pub mod functions;
pub mod invoke;
pub mod update;

pub use environment::Environment;
pub use functions::{CreateFunction, DeleteFunction, GetFunction, ListFunctions};
pub use invoke::{Invoke, function_run};
pub use update::UpdateFunctionConfiguration;

use crate::api::{AccessRequest, ApiError, Service, Target, View};
use crate::base::{AccountId, Arn, nearest};
use crate::service::pass_role;
use crate::service::sts::service_role::judge_service;
use crate::state::Cloud;
use crate::state::compute::Function;

/// Lambda as a principal.
pub const HOST: &str = "lambda.amazonaws.com";

fn error(code: &str, status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Lambda, code, status, message)
}

fn invalid(message: impl Into<String>) -> ApiError {
    error("InvalidParameterValueException", 400, message)
}

/// The name in what a caller writes: a name, or an ARN of a function.
fn name_of(text: &str) -> &str {
    text.rsplit_once(":function:")
        .map_or(text, |(_, name)| name)
}

fn check_name(text: &str) -> Result<(), ApiError> {
    let name = name_of(text);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=64).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(ApiError::validation(
        Service::Lambda,
        format!(
            "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy \
             constraint: Member must be a name of 1 to 64 letters, digits, hyphens and \
             underscores, or the ARN of a function"
        ),
    ))
}

fn arn_of(view: &View<'_>, text: &str) -> Arn {
    let account = view.caller.account.as_str();
    let resource = format!("function:{}", name_of(text));
    Arn::of("lambda", view.region.as_str(), account, &resource)
}

fn on_function(view: &View<'_>, text: &str, action: &str) -> AccessRequest {
    let target = Target::plain(&arn_of(view, text), &view.caller.account);
    AccessRequest::new(action, target)
}

/// The account's function of this name.
fn function<'a>(
    cloud: &'a Cloud,
    account: &AccountId,
    arn: &Arn,
) -> Result<&'a Function, ApiError> {
    let name = name_of(arn.as_str());
    let found = cloud.functions.get(&(account.clone(), name.to_owned()));
    found.ok_or_else(|| {
        let text = format!("Function not found: {arn}");
        let missing = error("ResourceNotFoundException", 404, text);
        let own = cloud.functions.keys().filter(|(owner, _)| owner == account);
        match nearest(name, own.map(|(_, known)| known.as_str())) {
            Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
            None => missing,
        }
    })
}

/// Whether the role exists and trusts Lambda.
fn check_trust(view: &View<'_>, role: &Arn) -> Result<(), ApiError> {
    let found = pass_role::found(view, role.as_str());
    let account = &view.caller.account;
    let trusts = |role| judge_service(view.cloud, role, account, HOST, view.now).is_allow();
    let detail = match found {
        Some(role) if trusts(role) => return Ok(()),
        Some(_) => format!("Its trust policy must allow sts:AssumeRole to {HOST}."),
        None => "There is no such role in this account.".to_owned(),
    };
    Err(
        invalid("The role defined for the function cannot be assumed by Lambda.")
            .with_detail(detail),
    )
}
