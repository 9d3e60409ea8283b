//! STS: sessions.
//!
//! [`assume_role`] judges the role's trust policy and makes a session, and
//! [`federation_token`] makes one for somebody whom a user vouches for, and
//! [`web_identity`] one for the holder of an identity provider's token;
//! [`session`] issues the temporary credentials; [`service_role`] is how a
//! service assumes a role on its own behalf; [`authorization_message`] decodes
//! what EC2's denials carry.

pub mod assume_role;
pub mod authorization_message;
pub mod caller_identity;
pub mod federation_token;
pub mod service_role;
pub mod session;
mod session_policy;
mod session_tags;
pub mod session_token;
#[cfg(test)]
mod tests;
mod token;
pub mod web_identity;

pub use assume_role::AssumeRole;
pub use authorization_message::DecodeAuthorizationMessage;
pub use caller_identity::GetCallerIdentity;
pub use federation_token::GetFederationToken;
pub use service_role::assume_for_service;
pub use session_token::GetSessionToken;
pub use web_identity::AssumeRoleWithWebIdentity;

use crate::api::{ApiError, Service};

fn error(code: &str, status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Sts, code, status, message)
}

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::validation(Service::Sts, message)
}

fn access_denied(message: impl Into<String>) -> ApiError {
    error("AccessDenied", 403, message)
}

/// The constraint `rule` that the value of `member` breaks, in AWS's words.
fn broken(member: &str, value: &str, rule: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         {rule}"
    ))
}

/// Checks a length of session in seconds, if one was given.
fn check_duration(seconds: Option<i64>, most: i64) -> Result<(), ApiError> {
    let rule = match seconds {
        Some(seconds) if seconds < 900 => "greater than or equal to 900".to_owned(),
        Some(seconds) if seconds > most => format!("less than or equal to {most}"),
        _ => return Ok(()),
    };
    let value = seconds.unwrap_or_default().to_string();
    Err(broken(
        "durationSeconds",
        &value,
        &format!("Member must have value {rule}"),
    ))
}

/// Checks the number of characters of `member`, if it was given.
fn check_length(
    member: &str,
    text: Option<&str>,
    least: usize,
    most: usize,
) -> Result<(), ApiError> {
    let Some(text) = text else { return Ok(()) };
    let rule = match text.chars().count() {
        count if count < least => format!("greater than or equal to {least}"),
        count if count > most => format!("less than or equal to {most}"),
        _ => return Ok(()),
    };
    Err(broken(
        member,
        text,
        &format!("Member must have length {rule}"),
    ))
}

/// Checks that `member`, if it was given, has only word characters and those of `extra`.
fn check_characters(member: &str, text: Option<&str>, extra: &str) -> Result<(), ApiError> {
    let Some(text) = text else { return Ok(()) };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || extra.contains(c);
    if text.chars().all(fits) {
        return Ok(());
    }
    let pattern = format!("Member must satisfy regular expression pattern: [\\w{extra}]*");
    Err(broken(member, text, &pattern))
}

/// Refuses a second factor: nobody in the lab has one.
fn check_mfa(serial_number: Option<&str>, token_code: Option<&str>) -> Result<(), ApiError> {
    if serial_number.is_none() && token_code.is_none() {
        return Ok(());
    }
    Err(
        access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
            .with_detail("There are no MFA devices in the lab."),
    )
}
