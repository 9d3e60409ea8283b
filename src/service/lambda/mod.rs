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
use crate::base::{AccountId, Arn, Region, nearest};
use crate::service::sts::service_role::judge_service;
use crate::service::{pass_role, regional};
use crate::state::compute::{Function, RegionalName};

/// Lambda as a principal.
pub const HOST: &str = "lambda.amazonaws.com";

fn error(code: &str, status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Lambda, code, status, message)
}

fn invalid(message: impl Into<String>) -> ApiError {
    error("InvalidParameterValueException", 400, message)
}

/// The Region, the account and the name in what a caller writes: a name, an ARN,
/// or the end of one from the account on; `None` for anything else.
///
/// Source: Lambda API Reference, Invoke, FunctionName.
fn parts(text: &str) -> Option<(Option<Region>, Option<AccountId>, &str)> {
    let Some((owner, name)) = text.split_once(":function:") else {
        return Some((None, None, text));
    };
    let (region, account) = match owner.strip_prefix("arn:aws:lambda:") {
        Some(owner) => {
            let (region, account) = owner.split_once(':')?;
            (Some(Region::parse(region).ok()?), account)
        }
        None => (None, owner),
    };
    Some((region, Some(AccountId::parse(account).ok()?), name))
}

fn check_name(text: &str) -> Result<(), ApiError> {
    let name = parts(text).map_or("", |(_, _, name)| name);
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

/// What a caller means: the Region and account are the caller's own unless named.
fn place(view: &View<'_>, text: &str) -> RegionalName {
    let (region, account, name) = parts(text).unwrap_or((None, None, text));
    let own = regional::own(view, name);
    RegionalName {
        account: account.unwrap_or(own.account),
        region: region.unwrap_or(own.region),
        name: own.name,
    }
}

fn arn_at(place: &RegionalName) -> Arn {
    let resource = format!("function:{}", place.name);
    Arn::of(
        "lambda",
        place.region.as_str(),
        place.account.as_str(),
        &resource,
    )
}

/// A function of another account has no policy that admits the caller.
fn on_function(view: &View<'_>, text: &str, action: &str) -> AccessRequest {
    let place = place(view, text);
    AccessRequest::new(action, Target::plain(&arn_at(&place), &place.account))
}

/// Where what the caller names lives, which has to be the Region of the call.
///
/// # Errors
/// `ResourceNotFoundException`.
fn reachable(view: &View<'_>, text: &str) -> Result<RegionalName, ApiError> {
    let place = place(view, text);
    if place.region == *view.region {
        return Ok(place);
    }
    let text = format!(
        "Functions from '{}' are not reachable in this region ('{}')",
        place.region, view.region
    );
    Err(error("ResourceNotFoundException", 404, text))
}

/// The function that the caller names, and where it lives.
///
/// # Errors
/// `ResourceNotFoundException`.
fn function(view: &View<'_>, text: &str) -> Result<(RegionalName, Function), ApiError> {
    let place = reachable(view, text)?;
    let functions = &view.cloud.functions;
    if let Some(found) = functions.get(&place) {
        return Ok((place, found.clone()));
    }
    let text = format!("Function not found: {}", arn_at(&place));
    let missing = error("ResourceNotFoundException", 404, text);
    let known = place.beside(functions).map(|(known, _)| known);
    Err(match nearest(&place.name, known) {
        Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
        None => missing,
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
