//! Changing a policy document without disturbing the rest of it.
//!
//! Pure functions from document to document; members and statements keep
//! their order, and what is not touched keeps its form.

use serde_json::{Map, Value};

use super::builder::{PrincipalLabel, one_or_many};
use super::{ActionPattern, Principal, Request, RequestContext};

/// A document after statements or actions were taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduced {
    /// What is left; `None` once no statement is left, for a policy needs one.
    pub document: Option<Value>,
    /// How many statements changed or went.
    pub changed: usize,
    /// Patterns that were not named but still grant the action, such as `kms:*`.
    pub still_granted_by: Vec<String>,
}

/// Adds `statement`, in place of the one with the same Sid if there is one.
///
/// A document that is no object, or `None`, becomes a new policy.
pub fn with_statement(document: Option<&Value>, statement: Value) -> Value {
    let sid = sid_of(&statement).map(str::to_owned);
    let mut statements = document.map(statements_of).unwrap_or_default();
    let same = statements
        .iter_mut()
        .find(|s| sid.is_some() && sid_of(s) == sid.as_deref());
    match same {
        Some(slot) => *slot = statement,
        None => statements.push(statement),
    }
    with_statements(document, statements)
}

/// `sid`, or `sid` with the first number that makes it one that no statement has.
pub fn free_sid(document: &Value, sid: &str) -> String {
    let statements = statements_of(document);
    let taken = |sid: &str| statements.iter().any(|s| sid_of(s) == Some(sid));
    let mut free = sid.to_owned();
    let mut number = 2;
    while taken(&free) {
        free = format!("{sid}{number}");
        number += 1;
    }
    free
}

/// Takes out every statement with this Sid.
pub fn without_sid(document: &Value, sid: &str) -> Reduced {
    let before = statements_of(document);
    let after: Vec<Value> = before
        .iter()
        .filter(|s| sid_of(s) != Some(sid))
        .cloned()
        .collect();
    let changed = before.len() - after.len();
    reduced(document, after, changed, Vec::new())
}

/// Takes `action` out of every Allow; a statement left without actions goes.
///
/// Case does not count. A wildcard that covers the action is not rewritten,
/// because that would take away more than was asked for: it is reported.
pub fn without_action(document: &Value, action: &str) -> Reduced {
    let mut changed = 0;
    let mut still_granted_by = Vec::new();
    let mut after = Vec::new();
    for mut statement in statements_of(document) {
        let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        let Some(actions) = statement.get("Action").map(texts).filter(|_| allows) else {
            after.push(statement);
            continue;
        };
        let (gone, kept): (Vec<String>, Vec<String>) = actions
            .into_iter()
            .partition(|a| a.eq_ignore_ascii_case(action));
        still_granted_by.extend(
            kept.iter()
                .filter(|pattern| covers(pattern, action))
                .cloned(),
        );
        if gone.is_empty() {
            after.push(statement);
            continue;
        }
        changed += 1;
        if let (false, Some(slot)) = (kept.is_empty(), statement.get_mut("Action")) {
            *slot = one_or_many(&kept);
            after.push(statement);
        }
    }
    reduced(document, after, changed, still_granted_by)
}

/// Adds a principal to the statement with this Sid; `None` if there is no such statement.
///
/// A statement about everyone, or one that names the principal already, stays as it is.
pub fn with_principal(
    document: &Value,
    sid: &str,
    label: PrincipalLabel,
    principal: &str,
) -> Option<Value> {
    let mut statements = statements_of(document);
    let statement = statements
        .iter_mut()
        .find(|s| sid_of(s) == Some(sid))?
        .as_object_mut()?;
    let element = statement
        .entry("Principal")
        .or_insert_with(|| Map::new().into());
    if let Value::Object(labels) = element {
        let slot = labels
            .entry(label.name())
            .or_insert_with(|| Value::Array(Vec::new()));
        let mut entries = texts(slot);
        if !entries.iter().any(|entry| entry == principal) {
            entries.push(principal.to_owned());
        }
        *slot = one_or_many(&entries);
    }
    Some(with_statements(Some(document), statements))
}

/// The statements of a document, one alone as a list.
fn statements_of(document: &Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

fn with_statements(document: Option<&Value>, statements: Vec<Value>) -> Value {
    let mut members = document
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    if members.is_empty() {
        members.insert("Version".into(), "2012-10-17".into());
    }
    members.insert("Statement".into(), Value::Array(statements));
    members.into()
}

fn reduced(
    document: &Value,
    statements: Vec<Value>,
    changed: usize,
    still_granted_by: Vec<String>,
) -> Reduced {
    let document = match statements.is_empty() {
        true => None,
        false if changed == 0 => Some(document.clone()),
        false => Some(with_statements(Some(document), statements)),
    };
    Reduced {
        document,
        changed,
        still_granted_by,
    }
}

fn sid_of(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn covers(pattern: &str, action: &str) -> bool {
    let (nobody, nothing) = (Principal::anonymous(), RequestContext::new());
    ActionPattern::new(pattern).matches(&Request::new(action, "*", &nobody, &nothing))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "kms:Decrypt"], "Resource": "*"},
            {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"},
            {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"},
        ]})
    }

    #[test]
    fn a_statement_replaces_its_namesake_in_place_or_is_added() {
        let new = json!({"Sid": "Read", "Effect": "Deny", "Action": "*", "Resource": "*"});
        let changed = with_statement(Some(&document()), new.clone());
        assert_eq!(changed["Statement"][0], new);
        assert_eq!(changed["Statement"][1], document()["Statement"][1]);
        let unnamed = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        assert_eq!(
            with_statement(Some(&document()), unnamed.clone())["Statement"][3],
            unnamed
        );
        assert_eq!(
            with_statement(None, unnamed.clone()),
            json!({"Version": "2012-10-17", "Statement": [unnamed]})
        );
    }

    #[test]
    fn an_action_is_taken_out_of_allows_only_and_wildcards_are_reported() {
        let Reduced {
            document: Some(after),
            changed,
            still_granted_by,
        } = without_action(&document(), "KMS:decrypt")
        else {
            panic!("statements are left")
        };
        assert_eq!(after["Statement"][0]["Action"], json!("s3:GetObject"));
        assert_eq!(after["Statement"][1], document()["Statement"][1]);
        assert_eq!((changed, still_granted_by), (1, vec!["kms:*".to_owned()]));
    }

    #[test]
    fn a_policy_without_statements_is_none() {
        let one = json!({"Statement": {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}});
        assert_eq!(without_action(&one, "s3:GetObject").document, None);
        assert_eq!(without_sid(&one, "A").document, None);
        assert_eq!(without_sid(&one, "B").document, Some(one));
    }

    #[test]
    fn a_principal_joins_the_ones_that_are_there() {
        let after = with_principal(&document(), "Use", PrincipalLabel::Aws, "x").unwrap();
        assert_eq!(
            after["Statement"][2]["Principal"],
            json!({"AWS": ["111122223333", "x"]})
        );
        let again = with_principal(&after, "Use", PrincipalLabel::Aws, "x").unwrap();
        assert_eq!(again, after);
        let service = with_principal(&after, "Use", PrincipalLabel::Service, "s").unwrap();
        assert_eq!(service["Statement"][2]["Principal"]["Service"], json!("s"));
        assert_eq!(
            with_principal(&document(), "None", PrincipalLabel::Aws, "x"),
            None
        );
    }
}
