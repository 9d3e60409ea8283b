//! What happened, in one sentence.

use crate::api::{ApiError, Service};
use crate::authz::{Decision, Finding, Layer, StatementRef, Step, Verdict};
use crate::base::Arn;
use crate::policy::Effect;
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
        "iam" | "ec2" => arn.base_name().to_owned(),
        "organizations" => organization_label(cloud, &arn).unwrap_or_else(|| resource.to_owned()),
        _ => resource.to_owned(),
    }
}

/// The name of a node or policy of an organization.
fn organization_label(cloud: &Cloud, arn: &Arn) -> Option<String> {
    let id = arn.resource().rsplit('/').next()?;
    let mut trees = cloud.organizations.values().map(|o| o.tree());
    trees.find_map(|tree| {
        let node = tree.nodes.get(id).map(|node| node.label());
        node.or_else(|| tree.policies.get(id).map(|policy| policy.name.clone()))
    })
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
        return guardrail_denies(decision, by, &who, &on).unwrap_or_else(|| {
            let by = by.label();
            format!("{by} denies {action} on {on} to {who}; a Deny beats every Allow.")
        });
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
        Some(Layer::Scp) => {
            let level = decision.step(Layer::Scp).and_then(closed_level);
            let place = level
                .map(|level| format!(" on {level}"))
                .unwrap_or_default();
            format!(
                "No service control policy{place} allows {action} to {who}; one must at every level, \
                 and nothing in the account can make up for it."
            )
        }
        Some(Layer::Vpce) => format!(
            "The policy of the VPC endpoint that the call came through does not allow {action} on {on}."
        ),
        Some(Layer::Rcp | Layer::Grant) | None => {
            format!("Nothing allows {action} on {on} to {who}.")
        }
    }
}

/// What a policy above the account, or on the network, forbids.
fn guardrail_denies(decision: &Decision, by: &StatementRef, who: &str, on: &str) -> Option<String> {
    let action = &decision.action;
    let (place, policy) = by.policy.split_once(" › ").unwrap_or(("", &by.policy));
    match decision.decisive? {
        Layer::Scp => Some(format!(
            "The organization's policy {policy} on {place} denies {action} to {who}; nothing in \
             this account can override it."
        )),
        Layer::Rcp => Some(format!(
            "The organization's policy {policy} on {place} denies {action} on {on} to {who}; \
             neither the resource's own policy nor the caller's can override it."
        )),
        Layer::Vpce => Some(format!(
            "The {policy} denies {action} on {on} to every call that comes through it."
        )),
        _ => None,
    }
}

/// The first level of an organization on which no policy allows the call:
/// `Root`, `OU dev` or `account payroll`.
pub fn closed_level(step: &Step) -> Option<&str> {
    let opens = |f: &Finding| f.matched && f.effect == Effect::Allow;
    step.findings.iter().filter_map(level).find(|name| {
        let mut of_level = step.findings.iter().filter(|f| level(f) == Some(*name));
        !of_level.any(opens)
    })
}

/// The part of an organization that a finding's policy is attached to.
fn level(finding: &Finding) -> Option<&str> {
    let (place, _) = finding.statement.policy.split_once(" › ")?;
    Some(place)
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
        // STS takes no credentials that ended, so what ended is a token shown to it.
        (Service::Sts, "ExpiredTokenException") => {
            "The identity provider's token has expired.".to_owned()
        }
        (_, code) if code.contains("ExpiredToken") => {
            "The session's temporary credentials have expired.".to_owned()
        }
        (_, code) if code.ends_with("DisabledException") => "The KMS key is disabled.".to_owned(),
        (_, "KMS.KMSInvalidStateException" | "KMSInvalidStateException") => error.message.clone(),
        (_, "InvalidCiphertextException") => {
            "KMS cannot decrypt this ciphertext with this key and encryption context.".to_owned()
        }
        (_, code) if error.message.is_empty() => unsaid(code).to_owned(),
        _ => error.message.clone(),
    }
}

/// What an error means that KMS gives without a text; the code of one that is not known.
///
/// Source: KMS API Reference, errors.
fn unsaid(code: &str) -> &str {
    match code {
        "ExpiredImportTokenException" => "The import token has expired.",
        "IncorrectKeyMaterialException" => {
            "The key material is expired, invalid, or not what the key expects."
        }
        "InvalidImportTokenException" => "The import token is invalid, or of another key.",
        "InvalidMarkerException" => "The marker of the next page is invalid.",
        "KMSInvalidMacException" => "The HMAC is not that of this message under this key.",
        "KMSInvalidSignatureException" => {
            "The signature was not made of this message with this key and algorithm."
        }
        "UnsupportedOperationException" => {
            "The operation does not support this key, or one of the parameters."
        }
        _ => code,
    }
}
