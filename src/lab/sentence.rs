//! What happened, in one sentence.

use crate::api::{ApiError, Service};
use crate::authz::{Decision, Layer, Verdict};
use crate::base::Arn;
use crate::state::Cloud;

/// Why a call failed, names before ids.
pub fn sentence(cloud: &Cloud, error: &ApiError) -> String {
    match &error.decision {
        Some(decision) => denial(cloud, decision),
        None => other(error),
    }
}

/// What people call the resource of a decision.
pub fn resource_label(cloud: &Cloud, resource: &str) -> String {
    let Ok(arn) = Arn::parse(resource) else {
        return resource.to_owned();
    };
    match arn.service() {
        "kms" => cloud
            .key_by_arn(&arn)
            .map_or_else(|| arn.resource().to_owned(), |key| cloud.key_label(key)),
        "s3" => arn.resource().to_owned(),
        "iam" => arn.base_name().to_owned(),
        _ => resource.to_owned(),
    }
}

/// What people call the caller: the user, or the role behind a session.
pub fn caller_label(principal: &str) -> String {
    let Ok(arn) = Arn::parse(principal) else {
        return principal.to_owned();
    };
    match arn.resource_type() {
        "assumed-role" => arn
            .resource_name()
            .split('/')
            .next()
            .unwrap_or_default()
            .to_owned(),
        "root" => format!("the root user of {}", arn.account()),
        _ => arn.base_name().to_owned(),
    }
}

fn denial(cloud: &Cloud, decision: &Decision) -> String {
    let who = caller_label(&decision.principal);
    let action = &decision.action;
    let on = resource_label(cloud, &decision.resource);
    if let (Verdict::ExplicitDeny, Some(by)) = (decision.verdict, &decision.denied_by) {
        return format!(
            "{} denies {action} on {on} to {who}; a Deny beats every Allow.",
            by.label()
        );
    }
    match decision.decisive {
        Some(Layer::Identity) => format!("No identity policy of {who} allows {action} on {on}."),
        Some(Layer::Resource) => gate(decision, &who, action, &on),
        Some(Layer::Boundary) => {
            format!("The permissions boundary of {who} does not allow {action} on {on}.")
        }
        Some(Layer::Session) => {
            format!("The session policy of this session of {who} does not allow {action} on {on}.")
        }
        Some(Layer::Scp) => format!("No service control policy allows {action} to {who}."),
        Some(Layer::Vpce) => format!("The VPC endpoint policy does not allow {action} on {on}."),
        Some(Layer::Rcp | Layer::Grant) | None => {
            format!("Nothing allows {action} on {on} to {who}.")
        }
    }
}

fn gate(decision: &Decision, who: &str, action: &str, on: &str) -> String {
    match decision.service() {
        "kms" => format!(
            "The key policy of {on} has no statement that lets {who} call {action}, and no grant does."
        ),
        "sts" => format!("The trust policy of {on} does not let {who} call {action}."),
        _ => format!(
            "{on} belongs to another account, and its own policy does not let {who} call {action}."
        ),
    }
}

fn other(error: &ApiError) -> String {
    match (error.service, error.code.as_str()) {
        (Service::S3, "NoSuchKey") => "There is no object under this key.".to_owned(),
        (Service::S3, "NoSuchBucket") => "There is no bucket of this name.".to_owned(),
        (_, code) if code.contains("ExpiredToken") => {
            "The session's temporary credentials have expired.".to_owned()
        }
        (_, code) if code.ends_with("DisabledException") => "The KMS key is disabled.".to_owned(),
        (_, "KMS.KMSInvalidStateException" | "KMSInvalidStateException") => error.message.clone(),
        (_, "InvalidCiphertextException") => {
            "KMS cannot decrypt this ciphertext with this key and encryption context.".to_owned()
        }
        _ if error.message.is_empty() => error.code.clone(),
        _ => error.message.clone(),
    }
}
