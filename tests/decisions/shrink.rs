//! Makes a case smaller while something about it stays true.

use serde_json::Value;

/// The parts that may be taken away, with all that lies in them.
const PARTS: [&str; 7] = [
    "/policies",
    "/request/context",
    "/request/checks",
    "/principal/tags",
    "/principal/org_id",
    "/principal/management_account",
    "/principal/service_linked",
];

/// Without what may go: `still` holds of the result, and of no smaller one.
pub fn shrink(case: &Value, still: &dyn Fn(&Value) -> bool) -> Value {
    let mut smallest = case.clone();
    'again: loop {
        for path in paths(&smallest) {
            let smaller = without(&smallest, &path);
            if still(&smaller) {
                smallest = smaller;
                continue 'again;
            }
        }
        return smallest;
    }
}

/// All places that may go, the outer ones first.
fn paths(case: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for part in PARTS {
        if let Some(value) = case.pointer(part) {
            if part.starts_with("/principal") {
                all.push(part.to_owned());
            }
            collect(value, part, &mut all);
        }
    }
    all.retain(|path| may_go(case, path));
    all
}

/// Members without which a check, a statement, a resource or a grant would be none.
const NEEDED: [&str; 16] = [
    "action",
    "resource",
    "context",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Statement",
    "kind",
    "account",
    "key_manager",
    "KeyId",
    "GranteePrincipal",
];

/// Whether what is left would be of the same form: no needed member, and no last of a list.
fn may_go(case: &Value, path: &str) -> bool {
    let (parent, name) = path.rsplit_once('/').unwrap_or_default();
    if NEEDED.contains(&name) || name == "Operations" {
        return false;
    }
    let may_be_empty = ["/policies/identity", "/policies/grants"].contains(&parent);
    match case.pointer(parent) {
        Some(Value::Array(list)) => list.len() > 1 || may_be_empty,
        _ => true,
    }
}

fn collect(value: &Value, at: &str, all: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => return,
    };
    all.extend(members.iter().map(|(name, _)| format!("{at}/{name}")));
    for (name, value) in members {
        collect(value, &format!("{at}/{name}"), all);
    }
}

fn without(case: &Value, path: &str) -> Value {
    let mut smaller = case.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    match smaller.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.shift_remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(items) => {
            items.remove(name.parse().unwrap());
        }
        _ => {}
    }
    smaller
}
