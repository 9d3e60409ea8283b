//! The condition keys that every request has.
//!
//! Source: IAM User Guide, "AWS global condition context keys".

use std::sync::Arc;

use super::access::AccessRequest;
use super::caller::Caller;
use super::operation::View;
use super::route::Origin;
use crate::base::{AccountId, Arn};
use crate::policy::{PrincipalKind, RequestContext};
use crate::state::Cloud;
use crate::state::credential::{Owner, SessionKind};
use crate::state::oidc::WebIdentity;

/// The condition keys of one access request, as policies see them.
pub(super) fn context_of(
    view: &View<'_>,
    request: &AccessRequest,
    origin: &Origin,
) -> RequestContext {
    let (caller, region) = (view.caller, view.region);
    let mut context = RequestContext::new();
    context
        .set("aws:CurrentTime", view.now.to_string())
        .set("aws:EpochTime", view.now.seconds().to_string())
        .set("aws:RequestedRegion", region.as_str())
        .set("aws:SecureTransport", "true")
        .set(
            "aws:ViaAWSService",
            if origin.via.is_some() {
                "true"
            } else {
                "false"
            },
        );
    match origin.via {
        Some(service) if request.action.starts_with("kms:") => {
            let host = format!("{}.{region}.amazonaws.com", service.prefix());
            context.set("kms:ViaService", host);
        }
        Some(_) => {}
        None => add_network(&mut context, origin),
    }
    add_principal(&mut context, caller);
    let account = caller.subject.principal.account.as_ref();
    if let Some(account) = account {
        add_organization(&mut context, "Principal", view.cloud, account);
    }
    if let Some(owner) = &request.target.owner {
        context.set("aws:ResourceAccount", owner.as_str());
        add_organization(&mut context, "Resource", view.cloud, owner);
    }
    if let Some(account) = account.filter(|_| request.action.starts_with("kms:")) {
        context.set("kms:CallerAccount", account.as_str());
    }
    context.extend(&request.target.context);
    context.extend(&request.context);
    if origin.via.is_some() && context.get("kms:GrantIsForAWSResource").is_some() {
        context.set("kms:GrantIsForAWSResource", "true");
    }
    context
}

/// A call through a VPC endpoint shows its private address, and no public one.
fn add_network(context: &mut RequestContext, origin: &Origin) {
    let source_ip = origin.source_ip.as_str();
    match &origin.endpoint {
        None => context.set("aws:SourceIp", source_ip),
        Some(endpoint) => context
            .set("aws:SourceVpce", endpoint.id.as_str())
            .set("aws:SourceVpc", endpoint.vpc.as_str())
            .set("aws:VpcSourceIp", source_ip),
    };
    context.set("aws:UserAgent", origin.user_agent.as_str());
}

/// Adds `aws:PrincipalOrgID` and `aws:PrincipalOrgPaths`, or those of the
/// resource, where the account is in an organization.
fn add_organization(context: &mut RequestContext, whose: &str, cloud: &Cloud, account: &AccountId) {
    if let Some(own) = cloud.guardrails_of(account) {
        context.set(&format!("aws:{whose}OrgID"), own.organization.as_str());
        context.set_many(&format!("aws:{whose}OrgPaths"), [Arc::clone(&own.path)]);
    }
}

fn add_principal(context: &mut RequestContext, caller: &Caller) {
    let principal = &caller.subject.principal;
    if let Some(service) = &principal.service {
        context
            .set("aws:PrincipalIsAWSService", "true")
            .set("aws:PrincipalServiceName", &**service);
        return;
    }
    let (kind, id, name) = match &caller.owner {
        Owner::Root(account) => ("Account", account.to_string(), None),
        Owner::User { id, name, .. } => ("User", id.to_string(), Some(name)),
        Owner::Session(session) => match &session.kind {
            SessionKind::Role { .. } | SessionKind::Infrastructure { .. } => {
                ("AssumedRole", session.kind.user_id(), None)
            }
            SessionKind::Root(account) => ("Account", account.to_string(), None),
            SessionKind::User { id, name, .. } => ("User", id.to_string(), Some(name)),
            SessionKind::Federated { .. } => ("FederatedUser", session.kind.user_id(), None),
        },
        Owner::Anonymous => ("Anonymous", "anonymous".to_owned(), None),
        Owner::WebIdentity(identity) => return add_web_identity(context, identity),
    };
    context.set("aws:PrincipalType", kind).set("aws:userid", id);
    // Unsigned requests do not say whether a service makes them.
    if let Some(account) = &principal.account {
        context
            .set("aws:PrincipalAccount", account.as_str())
            .set("aws:PrincipalIsAWSService", "false");
    }
    if let Some(name) = name {
        context.set("aws:username", name.as_str());
    }
    let arn = match principal.kind {
        PrincipalKind::RoleSession => &principal.issuer,
        _ => &principal.arn,
    };
    if let Some(arn) = arn.as_ref().map(Arn::as_str) {
        context.set("aws:PrincipalArn", arn);
    }
    for (key, value) in &caller.tags {
        context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
    if let Some(session) = caller.session() {
        context.set("aws:TokenIssueTime", session.issued.to_string());
        context.set(
            "aws:MultiFactorAuthPresent",
            if session.mfa { "true" } else { "false" },
        );
        if let Some(identity) = &session.web_identity {
            add_web_identity(context, identity);
        }
        if let Some(identity) = &session.source_identity {
            context.set("aws:SourceIdentity", identity.as_str());
        }
    }
}

/// The keys of a token, which its sessions keep.
///
/// Source: IAM User Guide, "IAM and AWS STS condition context keys", keys for
/// OIDC federation.
fn add_web_identity(context: &mut RequestContext, identity: &WebIdentity) {
    let url = &identity.url;
    context
        .set("aws:FederatedProvider", identity.provider.as_str())
        .set(&format!("{url}:sub"), identity.subject.as_str())
        .set(&format!("{url}:aud"), identity.audience.as_str());
    if !identity.methods.is_empty() {
        context.set_many(&format!("{url}:amr"), identity.methods.iter().cloned());
    }
}
