//! Grants of a KMS key.

use serde_json::Value;

use super::caller::Caller;
use super::context::Context;
use super::principal::{Form, forms};
use super::{Fault, strings};

/// The ways in which live, matching grants of `key` reach the caller.
pub fn reached(
    case: &Value,
    check: &Value,
    caller: &Caller,
    context: &Context,
    fault: Fault,
) -> Vec<Form> {
    let grants = case["policies"]["grants"].as_array().into_iter().flatten();
    if fault == Fault::GrantsIgnored {
        return Vec::new();
    }
    grants
        .filter(|grant| grant["KeyId"] == check["resource"])
        .filter(|grant| covers(grant, check, context, fault))
        .flat_map(|grant| {
            let as_statement = serde_json::json!({
                "Effect": "Allow",
                "Principal": { "AWS": grant["GranteePrincipal"] },
            });
            forms(&as_statement, caller, fault)
        })
        .collect()
}

/// Whether the operation is granted, with this encryption context.
fn covers(grant: &Value, check: &Value, context: &Context, fault: Fault) -> bool {
    let operation = check["action"].as_str().unwrap().trim_start_matches("kms:");
    let granted = strings(&grant["Operations"]).iter().any(|o| o == operation);
    let unbound = ["DescribeKey", "RetireGrant"].contains(&operation);
    let ignored = fault == Fault::GrantConstraintsIgnored;
    granted && (unbound || ignored || constraints_hold(&grant["Constraints"], context))
}

fn constraints_hold(constraints: &Value, context: &Context) -> bool {
    let given = context.encryption_context();
    let contained = |wanted: &[(String, String)]| wanted.iter().all(|pair| given.contains(pair));
    let equal = pairs(&constraints["EncryptionContextEquals"]);
    let subset = pairs(&constraints["EncryptionContextSubset"]);
    let equals =
        equal.is_none_or(|want| contained(&want) && given.iter().all(|p| want.contains(p)));
    equals && subset.is_none_or(|want| contained(&want))
}

/// The pairs of a constraint; their names ignore case, their values do not.
fn pairs(constraint: &Value) -> Option<Vec<(String, String)>> {
    let pairs = constraint.as_object()?;
    Some(
        pairs
            .iter()
            .map(|(key, value)| (key.to_lowercase(), value.as_str().unwrap().to_owned()))
            .collect(),
    )
}
