//! `iam:PassRole`: whether a caller may hand a role to a service.
//!
//! Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS
//! service".

use crate::api::{AccessRequest, Target, View};
use crate::base::Arn;
use crate::state::iam::Role;

/// The role of the caller's account that `text` names, by name or ARN.
pub(in crate::service) fn found<'a>(view: &View<'a>, text: &str) -> Option<&'a Role> {
    let account = view.cloud.accounts.get(&view.caller.account)?;
    match Arn::parse(text) {
        Ok(arn) => account
            .role(arn.base_name())
            .filter(|role| role.entity.arn == arn),
        Err(_) => account.role(text),
    }
}

/// The ARN of the role that `text` names, which need not exist.
pub(in crate::service) fn arn(view: &View<'_>, text: &str) -> Arn {
    if let Some(role) = found(view, text) {
        return role.entity.arn.clone();
    }
    Arn::parse(text).unwrap_or_else(|_| {
        let account = view.caller.account.as_str();
        Arn::of("iam", "", account, &format!("role/{text}"))
    })
}

/// Asks to pass `role` to the service at `host`.
pub(in crate::service) fn request(view: &View<'_>, role: &Arn, host: &str) -> AccessRequest {
    let target = Target::plain(role, &view.caller.account);
    to(AccessRequest::new("iam:PassRole", target), host)
}

/// The request to pass a role, with the service that it is passed to.
pub(in crate::service) fn to(request: AccessRequest, host: &str) -> AccessRequest {
    request.with("iam:PassedToService", host)
}
