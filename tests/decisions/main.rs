//! The conformance cases of kind `authz`, judged by the engine alone, in both models.
//!
//! Source: `tests/cases/decisions.json`, whose facts come from AWS's
//! documentation and recorded answers. Cases marked `uncertain` are counted apart.
#![expect(
    clippy::unwrap_used,
    reason = "a case without the expected shape fails"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "a case without the expected shape fails"
)]
#![expect(clippy::panic, reason = "a case that cannot be read fails")]
#![expect(
    clippy::print_stdout,
    reason = "the uncertain cases are reported apart"
)]

mod laws;

use std::collections::BTreeMap;
use std::sync::Arc;

use keychai::authz::{
    Decision, Grant, GrantConstraints, Layers, Model, NamedPolicy, PolicySet, Question,
    ResourceKind, Subject, Verdict, decide, denial_message,
};
use keychai::base::{AccountId, Arn, GrantId, Timestamp, UniqueId};
use keychai::policy::{Policy, PolicyKind, Principal, PrincipalKind, RequestContext};
use serde_json::Value;

struct Outcome {
    decision: &'static str,
    layer: Option<String>,
    action: Option<String>,
    message: Option<String>,
}

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
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

fn load(kind: PolicyKind, document: &Value) -> Policy {
    Policy::load(kind, &document.to_string()).unwrap_or_else(|e| panic!("{document}: {e}"))
}

fn named(kind: PolicyKind, document: &Value) -> NamedPolicy {
    NamedPolicy::new(kind.name(), load(kind, document))
}

fn list(kind: PolicyKind, documents: &Value) -> Vec<NamedPolicy> {
    documents
        .as_array()
        .map(|l| l.iter().map(|d| named(kind, d)).collect())
        .unwrap_or_default()
}

fn one_or_many(kind: PolicyKind, documents: &Value) -> Vec<NamedPolicy> {
    if documents.is_array() {
        list(kind, documents)
    } else {
        vec![named(kind, documents)]
    }
}

fn levels(kind: PolicyKind, documents: &Value) -> Arc<[PolicySet]> {
    let levels = documents.as_array().into_iter().flatten();
    levels.map(|level| list(kind, level).into()).collect()
}

fn grant(value: &Value) -> Arc<Grant> {
    let constraints: Option<GrantConstraints> = value
        .get("Constraints")
        .filter(|c| !c.is_null())
        .map(|c| serde_json::from_value(c.clone()).unwrap());
    Arc::new(Grant {
        id: GrantId::parse(&"0".repeat(64)).unwrap(),
        name: None,
        grantee: Arn::parse(text(value, "GranteePrincipal").unwrap()).unwrap(),
        grantee_id: None,
        retiring: None,
        operations: value["Operations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o.as_str().unwrap().parse().unwrap())
            .collect(),
        constraints,
        issuing_account: AccountId::parse("111122223333").unwrap(),
        created: Timestamp::from_seconds(0),
        visible_from: Timestamp::from_seconds(0),
        tokens: Vec::new(),
    })
}

fn context(case: &Value, check: &Value) -> RequestContext {
    let mut context = RequestContext::new();
    let both = [&case["request"]["context"], &check["context"]];
    for (key, value) in both.into_iter().filter_map(Value::as_object).flatten() {
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
    add_principal_keys(&mut context, case);
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

/// The keys of authorization.md 2.4, which cases leave to the evaluator.
fn add_principal_keys(context: &mut RequestContext, case: &Value) {
    let p = &case["principal"];
    let kind = text(p, "kind").unwrap();
    let arn = if kind == "role-session" {
        text(p, "issuer_arn")
    } else {
        text(p, "arn")
    };
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value
            && context.get(key).is_none()
        {
            context.set(key, value);
        }
    };
    put("aws:PrincipalArn", arn);
    put("aws:PrincipalAccount", text(p, "account"));
    put("aws:PrincipalOrgID", text(p, "org_id"));
    put("aws:userid", text(p, "unique_id"));
    put("aws:PrincipalIsAWSService", Some("false"));
    put("aws:ViaAWSService", Some("false"));
    put("aws:SecureTransport", Some("true"));
    put("kms:CallerAccount", text(p, "account"));
    if kind == "iam-user" {
        put(
            "aws:username",
            text(p, "arn").and_then(|a| a.rsplit('/').next()),
        );
    }
    for (key, value) in p
        .get("tags")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        put(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
}

/// The resource entry that a check is about, with its ARN.
fn entry<'a>(case: &'a Value, resource: &str) -> Option<(&'a String, &'a Value)> {
    let entries = case["policies"]["resources"].as_object()?;
    entries
        .iter()
        .find(|(arn, _)| resource == arn.as_str() || resource.starts_with(&format!("{arn}/")))
}

fn judge(case: &Value, check: &Value, model: Model) -> Decision {
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
    let resource_policy = found
        .map(|(_, r)| &r["policy"])
        .filter(|p| !p.is_null())
        .map(|p| named(policy_kind, p));
    let layers = Layers {
        identity: list(PolicyKind::Inline, &policies["identity"]).into(),
        resource: resource_policy,
        boundary: Some(&policies["permissions_boundary"])
            .filter(|b| !b.is_null())
            .map(|b| named(PolicyKind::Managed, b)),
        session: match session {
            Value::Null if federated => Some(PolicySet::default()),
            Value::Null => None,
            some => Some(one_or_many(PolicyKind::Session, some).into()),
        },
        scp: levels(PolicyKind::ServiceControl, &policies["scp"]),
        rcp: levels(PolicyKind::ResourceControl, &policies["rcp"]),
        vpce: Some(&policies["vpc_endpoint"])
            .filter(|v| !v.is_null())
            .map(|v| named(PolicyKind::Endpoint, v)),
        grants: policies["grants"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|g| text(g, "KeyId") == Some(resource))
            .map(grant)
            .collect(),
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
    decide(&Question {
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
        context: &context(case, check),
        layers: &layers,
        grant_tokens: &[],
        now: Timestamp::from_seconds(1),
    })
}

fn run(case: &Value, model: Model) -> Outcome {
    let service = text(&case["request"], "api")
        .and_then(|a| a.split(':').next())
        .unwrap();
    for check in case["request"]["checks"].as_array().unwrap() {
        let decision = judge(case, check, model);
        let word = match decision.verdict {
            Verdict::Allow => continue,
            Verdict::ImplicitDeny => "implicit-deny",
            Verdict::ExplicitDeny => "explicit-deny",
        };
        return Outcome {
            decision: word,
            layer: decision.decisive.map(|l| l.to_string()),
            message: Some(denial_message(&decision, service)),
            action: Some(decision.action.to_string()),
        };
    }
    Outcome {
        decision: "allow",
        layer: None,
        action: None,
        message: None,
    }
}

fn mismatch(expected: &Value, got: &Outcome) -> Option<String> {
    let mut wrong = Vec::new();
    let mut same = |member: &str, got: Option<&str>| {
        if let Some(want) = text(expected, member)
            && Some(want) != got
        {
            wrong.push(format!("{member}: want {want}, got {got:?}"));
        }
    };
    same("decision", Some(got.decision));
    same("layer", got.layer.as_deref());
    same("failed_action", got.action.as_deref());
    if let Some(part) = text(expected, "message_contains")
        && !got.message.as_deref().unwrap_or_default().contains(part)
    {
        wrong.push(format!("message: want …{part}…, got {:?}", got.message));
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

#[test]
fn every_certain_authz_case_agrees_in_both_models() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/decisions.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut uncertain = BTreeMap::new();
    let mut judged = 0;
    for case in file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["kind"] == "authz")
    {
        let id = text(case, "id").unwrap();
        for (model, member) in [(Model::Aws, "expected_aws"), (Model::Exam, "expected_exam")] {
            judged += 1;
            if let Some(text) = mismatch(&case[member], &run(case, model)) {
                let line = format!("{id} {model}: {text} ({})", case["description"]);
                if case["uncertain"] == true {
                    uncertain.insert(id, line);
                } else {
                    wrong.push(line);
                }
            }
        }
    }
    println!("{judged} judgements; uncertain and different: {uncertain:#?}");
    assert!(
        judged >= 360,
        "only {judged} judgements: is the case file whole?"
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
