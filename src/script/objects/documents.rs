//! Changing the policies of keys and buckets one principal at a time.

use serde_json::{Value, json};

use crate::base::{AccountId, Arn};
use crate::policy::{Effect, PrincipalLabel, StatementDraft, edit};

/// A statement about one principal.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    /// The Sid's beginning; the principal's name follows.
    pub(super) verb: &'a str,
    pub(super) effect: Effect,
    pub(super) principal: &'a str,
    pub(super) actions: &'a [String],
    pub(super) resources: &'a [String],
}

/// The document with the wish in it: a statement of its own, or more actions in
/// the one that an earlier wish made.
pub(super) fn with_wish(document: Option<&Value>, wish: &Wish<'_>) -> Value {
    let living = document.map(without_dead);
    let document = living.as_ref();
    let principal = canonical(wish.principal);
    let mut sids = (1..).map(|n| match n {
        1 => format!("{}{}", wish.verb, name_of(wish.principal)),
        n => format!("{}{}{n}", wish.verb, name_of(wish.principal)),
    });
    let fresh = |sid: &str, actions: Vec<String>| {
        let draft = StatementDraft::of(wish.effect)
            .sid(sid)
            .actions(actions)
            .resources(wish.resources.iter().cloned());
        match principal.as_str() {
            "*" => draft.everyone(),
            one => draft.principal(PrincipalLabel::of(one), one),
        }
        .to_value()
    };
    loop {
        let sid = sids.next().unwrap_or_default();
        let same = document.and_then(|d| statements(d).into_iter().find(|s| sid_is(s, &sid)));
        let Some(known) = same else {
            return edit::with_statement(document, fresh(&sid, wish.actions.to_vec()));
        };
        let mut actions = known.get("Action").map(texts).unwrap_or_default();
        if known == fresh(&sid, actions.clone()) {
            let more = wish
                .actions
                .iter()
                .filter(|a| !actions.contains(a))
                .cloned();
            let more: Vec<String> = more.collect();
            actions.extend(more);
            return edit::with_statement(document, fresh(&sid, actions));
        }
    }
}

/// The document without `principal` in any Allow, and how many statements
/// changed; a statement that is left without principals goes.
pub(super) fn without_principal(document: &Value, principal: &str) -> (Value, usize) {
    without(document, &canonical(principal), allows)
}

fn allows(statement: &Value) -> bool {
    statement.get("Effect").and_then(Value::as_str) == Some("Allow")
}

fn without(document: &Value, principal: &str, wanted: impl Fn(&Value) -> bool) -> (Value, usize) {
    let mut changed = 0;
    let mut kept = Vec::new();
    for mut statement in statements(document) {
        if !(wanted(&statement) && drop_principal(&mut statement, principal)) {
            kept.push(statement);
            continue;
        }
        changed += 1;
        let is_left = statement
            .get("Principal")
            .and_then(Value::as_object)
            .is_some_and(|p| !p.is_empty());
        if is_left {
            kept.push(statement);
        }
    }
    let mut document = document.clone();
    if let Value::Object(members) = &mut document {
        members.insert("Statement".to_owned(), Value::Array(kept));
    }
    (document, changed)
}

/// The document without the unique ids of users and roles that are gone, which
/// no service stores a second time; a statement without principals goes.
pub(super) fn without_dead(document: &Value) -> Value {
    let is_dead = |p: &String| p.starts_with("AIDA") || p.starts_with("AROA");
    let dead = principals_of_all(document);
    let mut left = document.clone();
    for id in dead.into_iter().filter(is_dead) {
        left = without(&left, &id, |_| true).0;
    }
    left
}

/// An account as the ARN of its root user, as services give it back.
fn canonical(principal: &str) -> String {
    match AccountId::parse(principal) {
        Ok(account) => Arn::of("iam", "", account.as_str(), "root").to_string(),
        Err(_) => principal.to_owned(),
    }
}

/// Takes the principal out of a statement; whether it was there.
fn drop_principal(statement: &mut Value, principal: &str) -> bool {
    let Some(Value::Object(labels)) = statement.get_mut("Principal") else {
        return false;
    };
    let mut found = false;
    for entry in labels.values_mut() {
        let before = texts(entry);
        let after: Vec<String> = before.iter().filter(|p| *p != principal).cloned().collect();
        if after.len() < before.len() {
            found = true;
            *entry = match after.as_slice() {
                [one] => json!(one),
                many => json!(many),
            };
        }
    }
    labels.retain(|_, entry| !texts(entry).is_empty());
    found
}

/// The principals that a document's Allows name.
pub(super) fn principals(document: &Value) -> Vec<String> {
    named_in(statements(document).into_iter().filter(allows))
}

fn principals_of_all(document: &Value) -> Vec<String> {
    named_in(statements(document).into_iter())
}

fn named_in(statements: impl Iterator<Item = Value>) -> Vec<String> {
    let named = |statement: Value| {
        let labels = statement
            .get("Principal")
            .and_then(Value::as_object)
            .cloned();
        labels
            .into_iter()
            .flatten()
            .flat_map(|(_, entry)| texts(&entry))
            .collect::<Vec<_>>()
    };
    statements.flat_map(named).collect()
}

fn statements(document: &Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

fn sid_is(statement: &Value, sid: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(sid)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// `GlueRole` for a role's ARN, `Glue` for a service, as a Sid may hold it.
fn name_of(principal: &str) -> String {
    let name = match Arn::parse(principal) {
        Ok(arn) if arn.resource() == "root" => format!("Account{}", arn.account()),
        Ok(arn) => arn.base_name().to_owned(),
        Err(_) if principal == "*" => "Everyone".to_owned(),
        Err(_) => principal.split('.').next().unwrap_or_default().to_owned(),
    };
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/GlueRole";

    fn wish<'a>(principal: &'a str, actions: &'a [String], resources: &'a [String]) -> Wish<'a> {
        Wish {
            verb: "Trust",
            effect: Effect::Allow,
            principal,
            actions,
            resources,
        }
    }

    #[test]
    fn a_second_wish_extends_the_statement_of_the_first() {
        let (all, decrypt, encrypt) = (
            vec!["*".to_owned()],
            vec!["kms:Decrypt".to_owned()],
            vec!["kms:Encrypt".to_owned()],
        );
        let once = with_wish(None, &wish(ROLE, &decrypt, &all));
        let twice = with_wish(Some(&once), &wish(ROLE, &encrypt, &all));
        assert_eq!(twice["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(
            twice["Statement"][0]["Action"],
            json!(["kms:Decrypt", "kms:Encrypt"])
        );
        let namesake = "arn:aws:iam::444455556666:role/GlueRole";
        let other = with_wish(Some(&twice), &wish(namesake, &decrypt, &all));
        assert_eq!(other["Statement"][1]["Sid"], json!("TrustGlueRole2"));
    }

    #[test]
    fn what_is_gone_is_left_out_of_what_is_saved_again() {
        let document = json!({ "Statement": [
            { "Effect": "Deny", "Principal": { "AWS": "AROAAAAAAAAAAAAAAAAAA" }, "Action": "*", "Resource": "*" },
            { "Effect": "Allow", "Principal": { "AWS": ["AIDAAAAAAAAAAAAAAAAAA", ROLE] }, "Action": "*", "Resource": "*" },
        ] });
        let left = without_dead(&document);
        assert_eq!(left["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(left["Statement"][0]["Principal"], json!({ "AWS": ROLE }));
    }

    #[test]
    fn an_account_is_one_principal_however_it_is_written() {
        let (all, root) = (vec!["*".to_owned()], "arn:aws:iam::111122223333:root");
        let once = with_wish(None, &wish("111122223333", &all, &all));
        assert_eq!(once["Statement"][0]["Principal"], json!({ "AWS": root }));
        assert_eq!(
            with_wish(Some(&once), &wish("111122223333", &all, &all)),
            once
        );
        assert_eq!(without_principal(&once, "111122223333").1, 1);
    }

    #[test]
    fn a_statement_without_principals_goes_and_denials_stay() {
        let document = json!({ "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": ROLE }, "Action": "*", "Resource": "*" },
            { "Effect": "Allow", "Principal": { "AWS": [ROLE, "x"] }, "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Principal": { "AWS": ROLE }, "Action": "*", "Resource": "*" },
        ] });
        let (left, changed) = without_principal(&document, ROLE);
        assert_eq!(changed, 2);
        assert_eq!(left["Statement"][0]["Principal"], json!({ "AWS": "x" }));
        assert_eq!(left["Statement"][1], document["Statement"][2]);
    }
}
