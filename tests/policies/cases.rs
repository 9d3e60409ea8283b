//! The conformance cases that the policy language decides on its own.

use keychai::base::{AccountId, Arn, UniqueId};
use keychai::policy::{
    Effect, Policy, PolicyKind, Principal, PrincipalForm, PrincipalKind, PrincipalPattern, Reach,
    Request, RequestContext, Resolution,
};
use serde_json::Value;

fn cases(kind: &str, group: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../cases/decisions.json")).unwrap();
    let wanted = |case: &&Value| case["kind"] == kind && case["group"] == group;
    all["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(wanted)
        .cloned()
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What the service would store: a text stands for itself, an object for its JSON.
pub fn document(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| format!("{value:#}"), str::to_owned)
}

fn principal(case: &Value) -> Principal {
    let given = &case["principal"];
    let arn = |member: &str| Arn::parse(text(&given[member])).ok();
    assert_eq!(
        given["kind"], "iam-user",
        "{}: policy-language cases have users as callers",
        case["id"]
    );
    Principal {
        account: AccountId::parse(text(&given["account"])).ok(),
        arn: arn("arn"),
        unique_id: UniqueId::parse(text(&given["unique_id"])).ok(),
        ..Principal::of_kind(PrincipalKind::User)
    }
}

fn add_to(context: &mut RequestContext, given: &Value) {
    for (key, value) in given.as_object().into_iter().flatten() {
        match value.as_array() {
            Some(values) => context.set_many(key, values.iter().map(text)),
            None => context.set(key, text(value)),
        };
    }
}

fn context(case: &Value, check: &Value, principal: &Principal) -> RequestContext {
    let mut context = RequestContext::new();
    let arn = principal.arn.as_ref().unwrap();
    context
        .set("aws:PrincipalArn", arn.as_str())
        .set("aws:username", arn.base_name());
    add_to(&mut context, &case["request"]["context"]);
    add_to(&mut context, &check["context"]);
    context
}

/// The least evaluator that these cases need: identity policies, and the key policy for KMS.
fn decide(case: &Value) -> &'static str {
    let principal = principal(case);
    let load = |kind, value: &Value| Policy::load(kind, &document(value)).unwrap();
    let identity: Vec<Policy> = case["policies"]["identity"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| load(PolicyKind::Inline, value))
        .collect();
    for check in case["request"]["checks"].as_array().unwrap() {
        let context = context(case, check, &principal);
        let (action, resource) = (text(&check["action"]), text(&check["resource"]));
        let request = Request::new(action, resource, &principal, &context);
        let mut covered = [false; 2];
        for statement in identity.iter().flat_map(Policy::statements) {
            covered[statement.effect() as usize] |= statement.matches(&request).is_some();
        }
        let key_policy = &case["policies"]["resources"][resource]["policy"];
        let admitted = !action.starts_with("kms:")
            || load(PolicyKind::Key, key_policy)
                .statements()
                .iter()
                .any(|statement| statement.matches(&request) == Some(Reach::Account));
        match (
            covered[Effect::Allow as usize],
            covered[Effect::Deny as usize],
        ) {
            (_, true) => return "explicit-deny",
            (true, false) if admitted => {}
            _ => return "implicit-deny",
        }
    }
    "allow"
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "how many ran is worth seeing with --nocapture"
)]
fn the_language_cases_decide_as_recorded() {
    let (mut ran, mut uncertain_differences) = (0, Vec::new());
    for case in cases("authz", "policy-language") {
        let (found, expected) = (decide(&case), text(&case["expected_aws"]["decision"]));
        if case["uncertain"] == true {
            uncertain_differences.extend((found != expected).then(|| case["id"].clone()));
            continue;
        }
        assert_eq!(found, expected, "{}: {}", case["id"], case["description"]);
        ran += 1;
    }
    println!(
        "{ran} cases of the policy language ran; uncertain and different: {uncertain_differences:?}"
    );
    assert!(ran >= 34, "only {ran} cases ran");
}

fn kind_written_by(api: &str) -> Option<PolicyKind> {
    match api {
        "iam:CreatePolicy" | "iam:CreatePolicyVersion" => Some(PolicyKind::Managed),
        "iam:PutUserPolicy" | "iam:PutRolePolicy" | "iam:PutGroupPolicy" => {
            Some(PolicyKind::Inline)
        }
        "iam:CreateRole" | "iam:UpdateAssumeRolePolicy" => Some(PolicyKind::Trust),
        "kms:PutKeyPolicy" | "kms:CreateKey" => Some(PolicyKind::Key),
        "s3:PutBucketPolicy" => Some(PolicyKind::Bucket),
        _ => None,
    }
}

/// Everyone exists but `nobody`.
fn resolve(pattern: &PrincipalPattern) -> Resolution {
    match pattern.form() {
        PrincipalForm::User(arn) if arn.base_name() == "nobody" => Resolution::Unknown,
        _ => Resolution::Known,
    }
}

/// Why the outcome differs from the expected one, if it does.
fn difference(case: &Value, kind: PolicyKind) -> Option<String> {
    let outcome = Policy::parse(kind, &document(&case["request"]["document"]))
        .and_then(|policy| policy.bind(&mut resolve));
    let expected = &case["expected_aws"];
    match outcome {
        Ok(_) => (expected["decision"] != "accepted").then(|| "it was accepted".to_owned()),
        Err(error) => {
            let same = expected["decision"] == "error"
                && expected["error_code"] == error.code()
                && expected["http_status"] == error.http_status()
                && expected["message"]
                    .as_str()
                    .is_none_or(|m| m == error.message())
                && expected["message_contains"]
                    .as_str()
                    .is_none_or(|m| error.message().contains(m));
            (!same).then(|| error.to_string())
        }
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "how many ran is worth seeing with --nocapture"
)]
fn documents_are_refused_with_the_words_of_the_service() {
    let (mut ran, mut uncertain_differences) = (0, Vec::new());
    for case in cases("validate", "validation") {
        let Some(kind) = kind_written_by(text(&case["request"]["api"])) else {
            continue;
        };
        let difference = difference(&case, kind);
        if case["uncertain"] == true {
            uncertain_differences.extend(difference.map(|why| (case["id"].clone(), why)));
            continue;
        }
        assert_eq!(difference, None, "{}: {}", case["id"], case["description"]);
        ran += 1;
    }
    println!("{ran} documents were checked; uncertain and different: {uncertain_differences:?}");
    assert!(ran >= 20, "only {ran} documents were checked");
}

/// Every policy of a case with the kind that its place gives it.
pub fn policies(case: &Value) -> Vec<(PolicyKind, Value)> {
    let mut found = Vec::new();
    let places = [
        ("identity", PolicyKind::Inline),
        ("permissions_boundary", PolicyKind::Managed),
        ("session", PolicyKind::Session),
        ("scp", PolicyKind::ServiceControl),
        ("rcp", PolicyKind::ResourceControl),
        ("vpc_endpoint", PolicyKind::Endpoint),
    ];
    for (place, kind) in places {
        collect(&case["policies"][place], kind, &mut found);
    }
    for resource in case["policies"]["resources"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let kind = match text(&resource.1["kind"]) {
            "kms-key" => PolicyKind::Key,
            "iam-role" => PolicyKind::Trust,
            _ => PolicyKind::Bucket,
        };
        collect(&resource.1["policy"], kind, &mut found);
    }
    found
}

/// Finds the documents in a value that may be one, a list or a tree of lists.
fn collect(value: &Value, kind: PolicyKind, found: &mut Vec<(PolicyKind, Value)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, kind, found)),
        Value::Object(members) if members.contains_key("Statement") => {
            found.push((kind, value.clone()));
        }
        Value::Object(members) => members.values().for_each(|item| collect(item, kind, found)),
        _ => {}
    }
}

#[test]
fn every_policy_of_every_case_is_accepted_by_its_kind() {
    let all: Value = serde_json::from_str(include_str!("../cases/decisions.json")).unwrap();
    let mut count = 0;
    for case in all["cases"].as_array().unwrap() {
        for (kind, value) in policies(case) {
            let policy = Policy::parse(kind, &document(&value))
                .unwrap_or_else(|error| panic!("{}: {error}", case["id"]));
            assert_eq!(policy.to_value(), value);
            count += 1;
        }
    }
    assert!(count >= 360, "only {count} policies were found");
}
