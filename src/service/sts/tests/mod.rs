mod federation;
mod sessions;
mod trust;

use crate::service::testing::{Bench, HOME, credentials, role_arn};
use crate::state::credential::Credentials;
use serde_json::{Value, json};

fn session(answer: &Value) -> Credentials {
    credentials(&answer["Credentials"])
}

/// A user who may assume everything, a role that trusts the account.
fn lab() -> (Bench, Credentials) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let actions = json!(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
    bench.grant("alice", "Allow", actions, "*");
    bench.role("app", json!({ "AWS": HOME }));
    (bench, alice)
}

/// AssumeRole with further members.
fn assume(
    bench: &mut Bench,
    who: &Credentials,
    extra: Value,
) -> Result<Value, crate::api::ApiError> {
    let mut input = json!({ "RoleArn": role_arn("app"), "RoleSessionName": "s1" });
    let members = input.as_object_mut().unwrap();
    members.extend(extra.as_object().unwrap().clone());
    bench.call(who, "sts:AssumeRole", input)
}
