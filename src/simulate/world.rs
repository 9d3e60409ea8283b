//! What cases leave out: the keys that every request has, and who exists.

use serde_json::{Map, Value};

use super::case::{Case, Check, PrincipalWord, ResourceSpec};
use crate::base::Arn;
use crate::policy::RequestContext;

/// When the sessions of cases were issued.
const ISSUED: &str = "2026-06-01T12:00:00Z";

/// The names by which a case says that nobody is there.
const NOBODY: [&str; 2] = ["nobody", "missing"];

/// The condition keys of one check: what the case says, and what follows from
/// the caller and the resource where it does not.
///
/// Source: IAM User Guide, "AWS global condition context keys".
pub(super) fn context(
    case: &Case,
    check: &Check,
    resource: Option<&ResourceSpec>,
    owner: Option<&str>,
) -> RequestContext {
    let mut context = RequestContext::new();
    for (key, value) in &case.request.context {
        if !(is_forwarded(check) && is_of_network(key)) {
            set(&mut context, key, value);
        }
    }
    for (key, value) in &check.context {
        set(&mut context, key, value);
    }
    let mut defaults = RequestContext::new();
    of_every_request(&mut defaults, owner);
    of_caller(&mut defaults, case);
    if check.action.starts_with("kms:")
        && let Some(account) = &case.principal.account
    {
        defaults.set("kms:CallerAccount", account.as_str());
    }
    if let Some(resource) = resource {
        of_resource(&mut defaults, resource);
    }
    defaults.extend(&context);
    defaults
}

/// Whether a service makes this call on behalf of the caller.
fn is_forwarded(check: &Check) -> bool {
    check.context.iter().any(|(key, value)| {
        key.eq_ignore_ascii_case("aws:ViaAWSService") && text_of(value) == "true"
    })
}

/// Whether a key tells the caller's network, which is not that of the service
/// that calls on. Source: IAM User Guide, "Forward access sessions".
fn is_of_network(key: &str) -> bool {
    let keys = [
        "aws:SourceIp",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:VpcSourceIp",
    ];
    keys.iter().any(|known| known.eq_ignore_ascii_case(key))
}

fn set(context: &mut RequestContext, key: &str, value: &Value) {
    match value {
        Value::Array(values) => {
            context.set_many(key, values.iter().map(text_of));
        }
        one => {
            context.set(key, text_of(one));
        }
    }
}

/// Booleans and numbers become text, as in policies.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn of_every_request(context: &mut RequestContext, owner: Option<&str>) {
    context
        .set("aws:SecureTransport", "true")
        .set("aws:ViaAWSService", "false");
    if let Some(owner) = owner {
        context.set("aws:ResourceAccount", owner);
    }
}

fn of_caller(context: &mut RequestContext, case: &Case) {
    let principal = &case.principal;
    // Unsigned requests do not say whether a service makes them.
    if !matches!(
        principal.kind,
        PrincipalWord::Anonymous | PrincipalWord::WebIdentity
    ) {
        let is_service = principal.kind == PrincipalWord::Service;
        context.set("aws:PrincipalIsAWSService", is_service.to_string());
    }
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            context.set(key, value);
        }
    };
    let (kind, arn) = match principal.kind {
        PrincipalWord::IamUser => (Some("User"), &principal.arn),
        PrincipalWord::RoleSession => (Some("AssumedRole"), &principal.issuer_arn),
        PrincipalWord::FederatedUser => (Some("FederatedUser"), &principal.arn),
        PrincipalWord::Root => (Some("Account"), &principal.arn),
        PrincipalWord::Anonymous => (Some("Anonymous"), &None),
        PrincipalWord::Service | PrincipalWord::WebIdentity => (None, &None),
    };
    put("aws:PrincipalType", kind);
    put("aws:PrincipalArn", arn.as_deref());
    if principal.kind != PrincipalWord::WebIdentity {
        put("aws:PrincipalAccount", principal.account.as_deref());
        put("aws:PrincipalOrgID", principal.org_id.as_deref());
    }
    match principal.kind {
        PrincipalWord::Anonymous => put("aws:userid", Some("anonymous")),
        PrincipalWord::Service => put(
            "aws:PrincipalServiceName",
            principal.service.as_deref().or(principal.arn.as_deref()),
        ),
        PrincipalWord::Root => put(
            "aws:userid",
            principal
                .unique_id
                .as_deref()
                .or(principal.account.as_deref()),
        ),
        _ => put("aws:userid", principal.unique_id.as_deref()),
    }
    if principal.kind == PrincipalWord::IamUser {
        let name = principal.arn.as_deref().and_then(|a| a.rsplit('/').next());
        put("aws:username", name);
    }
    let temporary = principal.session_token
        || matches!(
            principal.kind,
            PrincipalWord::RoleSession | PrincipalWord::FederatedUser
        );
    if temporary {
        put("aws:TokenIssueTime", Some(ISSUED));
        put("aws:MultiFactorAuthPresent", Some("false"));
    }
    tags(context, "aws:PrincipalTag", &principal.tags);
}

fn of_resource(context: &mut RequestContext, resource: &ResourceSpec) {
    if !resource.aliases.is_empty() {
        let aliases = resource.aliases.iter().map(String::as_str);
        context.set_many("kms:ResourceAliases", aliases);
    }
    tags(context, "aws:ResourceTag", &resource.tags);
}

fn tags(context: &mut RequestContext, key: &str, tags: &Map<String, Value>) {
    for (tag, value) in tags {
        context.set(&format!("{key}/{tag}"), text_of(value));
    }
}

/// Whether the entity of this ARN exists: everybody does who is not called
/// `nobody` or `missing`.
pub(super) fn exists(arn: &Arn) -> bool {
    !NOBODY.contains(&arn.base_name())
}
