//! The rules for names, paths and lengths.
//!
//! Source: IAM User Guide, "IAM and AWS STS quotas", name requirements and
//! character limits.

use super::validation;
use crate::api::ApiError;
use crate::base::Arn;

const MAX_PATH: usize = 512;
const MAX_DESCRIPTION: usize = 1000;
const MAX_POLICY_NAME: usize = 128;

/// Whether `text` consists of letters, digits, `_` and `+=,.@-`.
pub(in crate::service) fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// Checks the name given as `member`, 1 to `limit` characters.
pub(super) fn name(member: &str, text: &str, limit: usize) -> Result<(), ApiError> {
    length(member, text, 1, limit)?;
    if is_name(text) {
        return Ok(());
    }
    Err(validation(format!(
        "The specified value for {member} is invalid. It must contain only alphanumeric \
         characters and/or the following: +=,.@_-"
    ))
    .with_detail(format!("It was `{text}`.")))
}

/// Checks the name of a policy.
pub(super) fn policy(text: &str) -> Result<(), ApiError> {
    name("policyName", text, MAX_POLICY_NAME)
}

/// Checks a path, if one was given.
pub(super) fn path(text: Option<&str>) -> Result<(), ApiError> {
    let Some(text) = text else { return Ok(()) };
    length("path", text, 1, MAX_PATH)?;
    let closed = text.starts_with('/') && text.ends_with('/');
    if closed && !text.contains("//") && text.bytes().all(|b| (b'!'..=b'~').contains(&b)) {
        return Ok(());
    }
    Err(validation(
        "The specified value for path is invalid. It must begin and end with / and contain only \
         alphanumeric characters and/or / characters.",
    )
    .with_detail(format!(
        "It was `{text}`; a path looks like `/`, or `/division/team/`."
    )))
}

/// Checks a description, if one was given.
pub(super) fn description(text: Option<&str>) -> Result<(), ApiError> {
    text.map_or(Ok(()), |text| {
        length("description", text, 0, MAX_DESCRIPTION)
    })
}

/// Checks the number of characters of `member`.
pub(super) fn length(member: &str, text: &str, least: usize, most: usize) -> Result<(), ApiError> {
    let count = text.chars().count();
    let rule = if count < least {
        format!("greater than or equal to {least}")
    } else if count > most {
        format!("less than or equal to {most}")
    } else {
        return Ok(());
    };
    Err(validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member \
         must have length {rule}"
    ))
    .with_detail(format!("It has {count} characters.")))
}

/// Reads the ARN of a managed policy.
pub(super) fn policy_arn(text: &str) -> Result<Arn, ApiError> {
    Arn::parse(text)
        .ok()
        .filter(|arn| arn.service() == "iam" && arn.resource_type() == "policy")
        .ok_or_else(|| {
            validation(format!("ARN {text} is not valid."))
                .with_detail("The ARN of a policy is `arn:aws:iam::111122223333:policy/Name`.")
        })
}
