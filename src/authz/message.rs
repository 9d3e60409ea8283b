//! AWS's wording of a denial.
//!
//! Source: IAM User Guide, "Troubleshoot access denied error messages"; S3
//! User Guide, "Troubleshoot access denied (403 Forbidden) errors"; KMS
//! Developer Guide, "Troubleshooting AWS KMS permissions".

use super::decision::{Decision, Verdict};
use super::layer::Layer;

/// The text that the service gives for a denied `decision`.
///
/// `by_service` is the service that answers the caller, which may quote the
/// denial of another: S3 quotes the KMS action that it was refused.
pub fn denial_message(decision: &Decision, by_service: &str) -> String {
    if &*decision.principal == "anonymous" || (by_service == "s3" && decision.cross_account) {
        return "Access Denied".to_owned();
    }
    told(decision, decision.cross_account)
}

/// The same for a caller whose account is in one organization with the
/// resource's: S3 tells it as much as one of the same account.
pub fn denial_message_in_organization(decision: &Decision, by_service: &str) -> String {
    told(decision, decision.cross_account && by_service != "s3")
}

/// What KMS says of a key of another account, whatever the reason.
pub fn foreign_key_message(caller: &str, action: &str) -> String {
    format!(
        "User: {caller} is not authorized to perform: {action} on this resource because the \
         resource does not exist in this Region, no resource-based policies allow access, or a \
         resource-based policy explicitly denies access"
    )
}

fn told(decision: &Decision, to_stranger: bool) -> String {
    let caller = &decision.principal;
    let action = &decision.action;
    if caller.contains(":oidc-provider/") || &**action == "sts:AssumeRoleWithWebIdentity" {
        return format!("Not authorized to perform {action}");
    }
    let base = format!("User: {caller} is not authorized to perform: {action}");
    if to_stranger {
        return match decision.service() {
            "kms" => foreign_key_message(caller, action),
            _ => format!("{base} on resource: {}", decision.resource),
        };
    }
    // S3 quotes the ARNs of its own; what KMS said it passes on as it is.
    let resource = match decision.service() {
        "s3" => format!("\"{}\"", decision.resource),
        _ => decision.resource.to_string(),
    };
    format!("{base} on resource: {resource}{}", tail(decision))
}

fn tail(decision: &Decision) -> String {
    let Some(layer) = decision.decisive else {
        return String::new();
    };
    let trust = layer == Layer::Resource && decision.service() == "sts";
    let kind = if trust {
        "role trust policy"
    } else {
        layer.policy_type()
    };
    match decision.verdict {
        Verdict::ExplicitDeny if trust => format!(" with an explicit deny in the {kind}"),
        Verdict::ExplicitDeny => {
            let article = if kind.starts_with('i') { "an" } else { "a" };
            format!(" with an explicit deny in {article} {kind}")
        }
        _ => format!(" because no {kind} allows the {} action", decision.action),
    }
}
