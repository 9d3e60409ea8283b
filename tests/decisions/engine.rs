//! The one place where a case is put to the engine.
//!
//! A second way into it (an untraced verdict, the command line) belongs here too:
//! [`engine`] is what everything generated is compared with.

use std::sync::Arc;

use keychai::authz::{
    Decision, Grant, GrantConstraints, Layers, Model, NamedPolicy, PolicySet, Question,
    ResourceKind, Subject, Verdict, decide, denial_message, verdict,
};
use keychai::base::{AccountId, Arn, GrantId, Timestamp, UniqueId};
use keychai::policy::{Policy, PolicyKind, Principal, PrincipalKind, RequestContext};
use serde_json::Value;

use crate::naive;

/// What the engine says, its message included.
pub struct Outcome {
    pub decision: &'static str,
    pub layer: Option<String>,
    pub action: Option<String>,
    pub message: Option<String>,
}

/// The engine's answer to `case`, or why the case cannot be put to it.
pub fn run(case: &Value, model: Model) -> Result<Outcome, String> {
    let service = text(&case["request"], "api")
        .and_then(|a| a.split(':').next())
        .unwrap();
    for check in case["request"]["checks"].as_array().unwrap() {
        let decision = decision(case, check, model)?;
        let word = match decision.verdict {
            Verdict::Allow => continue,
            Verdict::ImplicitDeny => "implicit-deny",
            Verdict::ExplicitDeny => "explicit-deny",
        };
        return Ok(Outcome {
            decision: word,
            layer: decision.decisive.map(|l| l.to_string()),
            message: Some(denial_message(&decision, service)),
            action: Some(decision.action.to_string()),
        });
    }
    Ok(Outcome {
        decision: "allow",
        layer: None,
        action: None,
        message: None,
    })
}

/// The engine's verdict on `case` under `model`, or why the case cannot be put to it.
pub fn engine(case: &Value, model: &str) -> Result<naive::Verdict, String> {
    let model = match model {
        "aws" => Model::Aws,
        "exam" => Model::Exam,
        other => return Err(format!("unknown model `{other}`")),
    };
    let outcome = run(case, model)?;
    Ok(naive::Verdict {
        decision: outcome.decision.into(),
        layer: outcome.layer,
        failed_action: outcome.action,
    })
}

/// A member that is a text.
pub fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

fn principal(case: &Value) -> Principal {
    let p = &case["principal"];
    let arn = text(p, "arn").and_then(|a| Arn::parse(a).ok());
    let id = text(p, "unique_id").map(|id| id.split(':').next().unwrap_or(id));
    Principal {
        kind: match text(p, "kind").unwrap() {
            "iam-user" => PrincipalKind::User,
            "role-session" => PrincipalKind::RoleSession,
            "federated-user" => PrincipalKind::FederatedUser,
            "root" => PrincipalKind::Root,
            "anonymous" => PrincipalKind::Anonymous,
            "service" => PrincipalKind::Service,
            "web-identity" => PrincipalKind::WebIdentity,
            other => panic!("unknown principal kind {other}"),
        },
        account: text(p, "account").and_then(|a| AccountId::parse(a).ok()),
        issuer: text(p, "issuer_arn").and_then(|a| Arn::parse(a).ok()),
        unique_id: id.and_then(|id| UniqueId::parse(id).ok()),
        service: text(p, "service").map(Into::into),
        provider: text(p, "provider")
            .or_else(|| text(p, "arn"))
            .map(Into::into),
        canonical_user: None,
        has_boundary: !case["policies"]["permissions_boundary"].is_null(),
        arn,
    }
}

fn named(kind: PolicyKind, document: &Value) -> Result<NamedPolicy, String> {
    let policy =
        Policy::load(kind, &document.to_string()).map_err(|e| format!("{document}: {e}"))?;
    Ok(NamedPolicy::new(kind.name(), policy))
}

fn list(kind: PolicyKind, documents: &Value) -> Result<Vec<NamedPolicy>, String> {
    let documents = documents.as_array().into_iter().flatten();
    documents.map(|d| named(kind, d)).collect()
}

fn one_or_many(kind: PolicyKind, documents: &Value) -> Result<Vec<NamedPolicy>, String> {
    if documents.is_array() {
        list(kind, documents)
    } else {
        Ok(vec![named(kind, documents)?])
    }
}

fn optional(kind: PolicyKind, document: &Value) -> Result<Option<NamedPolicy>, String> {
    let document = Some(document).filter(|d| !d.is_null());
    document.map(|d| named(kind, d)).transpose()
}

fn levels(kind: PolicyKind, documents: &Value) -> Result<Arc<[PolicySet]>, String> {
    let levels = documents.as_array().into_iter().flatten();
    levels
        .map(|level| list(kind, level).map(PolicySet::from))
        .collect()
}

fn grant(value: &Value) -> Result<Arc<Grant>, String> {
    let constraints: Option<GrantConstraints> = value
        .get("Constraints")
        .filter(|c| !c.is_null())
        .map(|c| serde_json::from_value(c.clone()))
        .transpose()
        .map_err(|e| format!("{value}: {e}"))?;
    let operations = value["Operations"].as_array().into_iter().flatten();
    Ok(Arc::new(Grant {
        id: GrantId::parse(&"0".repeat(64)).map_err(|e| e.to_string())?,
        name: None,
        grantee: Arn::parse(text(value, "GranteePrincipal").ok_or("no GranteePrincipal")?)
            .map_err(|e| e.to_string())?,
        grantee_id: None,
        retiring: None,
        operations: operations
            .map(|o| o.as_str().unwrap_or_default().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| format!("{value}: unknown operation"))?,
        constraints,
        issuing_account: AccountId::parse("111122223333").map_err(|e| e.to_string())?,
        created: Timestamp::from_seconds(0),
        visible_from: Timestamp::from_seconds(0),
        tokens: Vec::new(),
    }))
}

const NETWORK: [&str; 3] = ["aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce"];

fn context(case: &Value, check: &Value) -> RequestContext {
    let mut context = RequestContext::new();
    let both = [&case["request"]["context"], &check["context"]];
    let forwarded = check["context"]["aws:ViaAWSService"] == "true";
    for (at, (key, value)) in both.into_iter().enumerate().flat_map(|(at, pairs)| {
        pairs
            .as_object()
            .into_iter()
            .flatten()
            .map(move |p| (at, p))
    }) {
        // The caller's network is not that of the service that calls on.
        if at == 0 && forwarded && NETWORK.contains(&key.as_str()) {
            continue;
        }
        match value {
            Value::Array(values) => {
                context.set_many(key, values.iter().map(|v| v.as_str().unwrap()));
            }
            Value::String(text) => {
                context.set(key, text.as_str());
            }
            other => {
                context.set(key, other.to_string());
            }
        }
    }
    let asks_kms = text(check, "action").is_some_and(|a| a.starts_with("kms:"));
    add_principal_keys(&mut context, case, asks_kms);
    let found = text(check, "resource").and_then(|resource| entry(case, resource));
    if let Some(aliases) = found
        .and_then(|(_, r)| r.get("aliases"))
        .and_then(Value::as_array)
    {
        context.set_many(
            "kms:ResourceAliases",
            aliases.iter().map(|a| a.as_str().unwrap()),
        );
    }
    context
}

/// The keys that follow from the caller, which cases leave to the evaluator.
///
/// Source: IAM guide, "AWS global condition context keys": unsigned calls carry none
/// that tell the principal, except its type and id.
fn add_principal_keys(context: &mut RequestContext, case: &Value, asks_kms: bool) {
    let p = &case["principal"];
    let kind = text(p, "kind").unwrap();
    let signed = kind != "anonymous" && kind != "web-identity";
    let arn = match kind {
        "role-session" => text(p, "issuer_arn"),
        _ => text(p, "arn").filter(|_| signed),
    };
    let account = text(p, "account").filter(|_| signed);
    let user_id = if kind == "anonymous" {
        Some("anonymous")
    } else {
        text(p, "unique_id")
    };
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value
            && context.get(key).is_none()
        {
            context.set(key, value);
        }
    };
    put("aws:PrincipalArn", arn);
    put("aws:PrincipalAccount", account);
    put("aws:PrincipalOrgID", text(p, "org_id"));
    put("aws:PrincipalType", principal_type(kind));
    put("aws:userid", user_id);
    let service = if kind == "service" { "true" } else { "false" };
    put(
        "aws:PrincipalIsAWSService",
        Some(service).filter(|_| signed),
    );
    put("aws:ViaAWSService", Some("false"));
    put("aws:SecureTransport", Some("true"));
    put("kms:CallerAccount", account.filter(|_| asks_kms));
    if kind == "iam-user" {
        put("aws:username", arn.and_then(|a| a.rsplit('/').next()));
    }
    let tags = p.get("tags").and_then(Value::as_object);
    for (key, value) in tags.into_iter().flatten() {
        put(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
}

fn principal_type(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "iam-user" => "User",
        "role-session" => "AssumedRole",
        "federated-user" => "FederatedUser",
        "root" => "Account",
        "anonymous" => "Anonymous",
        _ => return None,
    })
}

/// The resource entry that a check is about, with its ARN.
fn entry<'a>(case: &'a Value, resource: &str) -> Option<(&'a String, &'a Value)> {
    let entries = case["policies"]["resources"].as_object()?;
    entries
        .iter()
        .find(|(arn, _)| resource == arn.as_str() || resource.starts_with(&format!("{arn}/")))
}

fn decision(case: &Value, check: &Value, model: Model) -> Result<Decision, String> {
    let action = text(check, "action").unwrap();
    let resource = text(check, "resource").unwrap();
    let found = entry(case, resource);
    let kind = found.and_then(|(_, r)| text(r, "kind")).unwrap_or("other");
    let aws_managed = found.and_then(|(_, r)| text(r, "key_manager")) == Some("AWS");
    let policy_kind = match kind {
        "kms-key" => PolicyKind::Key,
        "iam-role" => PolicyKind::Trust,
        _ => PolicyKind::Bucket,
    };
    let principal = principal(case);
    let federated = principal.kind == PrincipalKind::FederatedUser;
    let policies = &case["policies"];
    let session = &policies["session"];
    // A trust policy answers for STS alone: iam:PassRole is the identity's affair.
    let resource_policy = found
        .filter(|_| kind != "iam-role" || action.starts_with("sts:"))
        .map_or(&Value::Null, |(_, r)| &r["policy"]);
    let layers = Layers {
        identity: list(PolicyKind::Inline, &policies["identity"])?.into(),
        resource: optional(policy_kind, resource_policy)?,
        boundary: optional(PolicyKind::Managed, &policies["permissions_boundary"])?,
        session: match session {
            Value::Null if federated => Some(PolicySet::default()),
            Value::Null => None,
            some => Some(one_or_many(PolicyKind::Session, some)?.into()),
        },
        scp: levels(PolicyKind::ServiceControl, &policies["scp"])?,
        rcp: levels(PolicyKind::ResourceControl, &policies["rcp"])?,
        vpce: optional(PolicyKind::Endpoint, &policies["vpc_endpoint"])?,
        grants: policies["grants"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|g| text(g, "KeyId") == Some(resource))
            .map(grant)
            .collect::<Result<_, _>>()?,
    };
    let p = &case["principal"];
    let subject = Arc::new(Subject {
        principal,
        exempt_from_scp: p.get("management_account") == Some(&Value::Bool(true))
            || p.get("service_linked") == Some(&Value::Bool(true)),
    });
    let owner = found
        .and_then(|(_, r)| text(r, "account"))
        .and_then(|a| AccountId::parse(a).ok());
    let own_arn = Arn::parse(resource)
        .ok()
        .and_then(|a| AccountId::parse(a.account()).ok());
    let owner = owner.or(own_arn);
    let context = context(case, check);
    let question = Question {
        model,
        subject: &subject,
        action,
        resource,
        owner: owner.as_ref(),
        kind: match kind {
            "kms-key" if aws_managed => ResourceKind::AwsManagedKey,
            "kms-key" => ResourceKind::CustomerKey,
            "iam-role" if action.starts_with("sts:") => ResourceKind::RoleTrust,
            _ => ResourceKind::Additive,
        },
        context: &context,
        layers: &layers,
        grant_tokens: &[],
        now: Timestamp::from_seconds(1),
    };
    let decision = decide(&question);
    if verdict(&question) == decision.verdict {
        Ok(decision)
    } else {
        // Not a verdict of any evaluator, so it is a disagreement with all of them.
        Err(format!(
            "{} of {} differs between `verdict` and `decide`: {:?}",
            action,
            resource,
            verdict(&question)
        ))
    }
}
