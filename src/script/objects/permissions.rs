//! What the policies of users, groups and roles say: adding to them, taking out of them.

use std::collections::BTreeSet;

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at, dynamic, invalid, parsed, texts};
use super::client::Fallible;
use super::entities::{Holder, Kind};
use super::managed::document_of;
use crate::base::{Arn, nearest};
use crate::policy::{Effect, StatementDraft, edit};
use crate::script::Thrown;

/// The longest name of a policy.
const MAX_NAME: usize = 128;

/// Adds one statement to the entity, as an inline policy of its own.
pub(super) fn add<T: Holder>(
    holder: &T,
    effect: Effect,
    actions: Dynamic,
    resources: Dynamic,
    options: Map,
) -> Fallible<()> {
    let method = match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let options = Options::new(method, options, &["condition", "name", "sid"])?;
    let actions = texts(actions, "an action")?;
    let resources = texts(resources, "a resource")?;
    if actions.is_empty() || resources.is_empty() {
        return Err(invalid(
            "a statement needs at least one action and one resource",
        ));
    }
    let name = match options.text("name")? {
        Some(name) => name,
        None => fresh_name(holder, effect, &actions),
    };
    let mut statement = StatementDraft::of(effect)
        .actions(actions)
        .resources(resources);
    if let Some(sid) = options.text("sid")? {
        statement = statement.sid(sid);
    }
    let statement = conditioned(statement, options.json("condition")?);
    let document = edit::with_statement(None, statement).to_string();
    put(holder, &name, &document)
}

/// The statement as JSON, with a condition as policies write it.
pub(super) fn conditioned(statement: StatementDraft, condition: Option<Value>) -> Value {
    let mut statement = statement.to_value();
    if let (Some(condition), Some(members)) = (condition, statement.as_object_mut()) {
        members.insert("Condition".into(), condition);
    }
    statement
}

fn put<T: Holder>(holder: &T, name: &str, document: &str) -> Fallible<()> {
    let operation = format!("Put{}Policy", T::KIND.title());
    let members = json!({ "PolicyName": name, "PolicyDocument": document });
    holder
        .entity()
        .call(T::KIND, &operation, members)
        .map(|_| ())
}

/// `Allow-s3-GetObject`, `Allow-s3-GetObject+2` for three actions; numbered where it is taken.
fn fresh_name<T: Holder>(holder: &T, effect: Effect, actions: &[String]) -> String {
    let first = actions.first().map_or("", String::as_str);
    let readable: String = first
        .replace(':', "-")
        .replace('*', "All")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .take(MAX_NAME / 2)
        .collect();
    let more = match actions.len() {
        0 | 1 => String::new(),
        count => format!("+{}", count - 1),
    };
    let base = format!("{}-{readable}{more}", effect.name());
    let taken: BTreeSet<String> = holder
        .entity()
        .look(T::KIND, |e| e.inline.keys().cloned().collect())
        .unwrap_or_default();
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|n| !taken.contains(n))
        .unwrap_or(base)
}

/// Takes actions out of every inline policy that lists them.
///
/// # Errors
/// If none lists an action, or something that cannot be taken apart still
/// grants it; then nothing changes.
pub(super) fn remove<T: Holder>(holder: &T, actions: Dynamic) -> Fallible<()> {
    let actions = texts(actions, "an action")?;
    let inline = inline_documents(holder);
    let mut after = inline.clone();
    for action in &actions {
        take_out(holder, action, &mut after)?;
    }
    holder.entity().client.lab.together(|| {
        let changes = inline.iter().zip(&after);
        changes
            .filter(|(before, left)| before != left)
            .try_for_each(|(_, (name, left))| match left {
                Some(left) => put(holder, name, &left.to_string()),
                None => drop_inline(holder, name),
            })
    })
}

pub(super) fn drop_inline<T: Holder>(holder: &T, name: &str) -> Fallible<()> {
    let operation = format!("Delete{}Policy", T::KIND.title());
    holder
        .entity()
        .call(T::KIND, &operation, json!({ "PolicyName": name }))
        .map(|_| ())
}

type Documents = Vec<(String, Option<Value>)>;

fn inline_documents<T: Holder>(holder: &T) -> Documents {
    let documents = |e: &crate::state::iam::Entity| {
        e.inline
            .iter()
            .map(|(name, policy)| (name.clone(), Some(policy.to_value())))
            .collect()
    };
    holder.entity().look(T::KIND, documents).unwrap_or_default()
}

fn take_out<T: Holder>(holder: &T, action: &str, documents: &mut Documents) -> Fallible<()> {
    let (mut changed, mut others) = (0, other_grants(holder, action));
    let mut after = documents.clone();
    for (name, slot) in &mut after {
        let Some(document) = slot.take() else {
            continue;
        };
        let reduced = edit::without_action(&document, action);
        changed += reduced.changed;
        others.extend(
            reduced
                .still_granted_by
                .iter()
                .map(|p| format!("`{p}` in policy `{name}`")),
        );
        *slot = reduced.document;
    }
    let who = &holder.entity().name;
    if !others.is_empty() {
        let message = format!(
            "`{action}` is still granted to {who} by {}; change that first, or deny the action",
            others.join(", ")
        );
        return Err(Thrown::new("StillGranted", message)
            .with(
                "hint",
                format!("{who}.deny(\"{action}\", \"*\") beats every Allow"),
            )
            .into());
    }
    if changed == 0 {
        return Err(not_listed(who, action, documents));
    }
    *documents = after;
    Ok(())
}

fn not_listed(who: &str, action: &str, documents: &Documents) -> Box<rhai::EvalAltResult> {
    let listed: Vec<&str> = documents
        .iter()
        .filter_map(|(_, document)| document.as_ref()?.get("Statement")?.as_array())
        .flatten()
        .filter_map(|statement| statement.get("Action"))
        .flat_map(|actions| match actions {
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect::<Vec<_>>(),
        })
        .collect();
    let hint = match nearest(action, listed.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    invalid(format!("no policy of {who} lists `{action}`{hint}"))
}

/// What grants the action beside the entity's own inline policies.
fn other_grants<T: Holder>(holder: &T, action: &str) -> Vec<String> {
    let entity = holder.entity();
    entity.client.lab.read(|lab| {
        let Some(account) = lab.cloud().account_of(&entity.arn) else {
            return Vec::new();
        };
        let managed = |arns: &[Arn], found: &mut Vec<String>| {
            let granting = arns.iter().filter(|arn| {
                document_of(lab, arn).is_some_and(|document| grants(&document, action))
            });
            found.extend(granting.map(|arn| format!("managed policy `{}`", arn.base_name())));
        };
        let mut found = Vec::new();
        let attached = match T::KIND {
            Kind::User => account.user(&entity.name).map(|u| &u.entity.attached),
            Kind::Group => account.group(&entity.name).map(|g| &g.entity.attached),
            Kind::Role => account.role(&entity.name).map(|r| &r.entity.attached),
        };
        managed(attached.map_or(&[][..], Vec::as_slice), &mut found);
        let user = account.user(&entity.name).filter(|_| T::KIND == Kind::User);
        let groups = user
            .into_iter()
            .flat_map(|u| &u.groups)
            .filter_map(|g| account.group(g));
        for group in groups {
            managed(&group.entity.attached, &mut found);
            let inline = group.entity.inline.iter();
            let granting = inline.filter(|(_, policy)| grants(&policy.to_value(), action));
            found.extend(
                granting.map(|(n, _)| format!("policy `{n}` of group `{}`", group.entity.name)),
            );
        }
        found
    })
}

fn grants(document: &Value, action: &str) -> bool {
    let reduced = edit::without_action(document, action);
    reduced.changed > 0 || !reduced.still_granted_by.is_empty()
}

/// Every policy of the entity: its name and kind, and for a managed one its ARN.
pub(super) fn policies<T: Holder>(holder: &T) -> Fallible<rhai::Array> {
    let (entity, title) = (holder.entity(), T::KIND.title());
    let inline = entity.call(T::KIND, &format!("List{title}Policies"), json!({}))?;
    let attached = entity.call(T::KIND, &format!("ListAttached{title}Policies"), json!({}))?;
    let list = |answer: &Value, member: &str| {
        answer
            .get(member)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let inline = list(&inline, "PolicyNames")
        .into_iter()
        .map(|name| json!({ "name": name, "kind": "inline" }));
    let attached = list(&attached, "AttachedPolicies").into_iter().map(|policy| {
        json!({
            "name": at(&policy, "/PolicyName"), "kind": "managed", "arn": at(&policy, "/PolicyArn"),
        })
    });
    inline
        .chain(attached)
        .map(|policy| dynamic(&policy))
        .collect()
}

/// The document of an inline policy.
pub(super) fn inline_policy<T: Holder>(holder: &T, name: &str) -> Fallible<Dynamic> {
    let operation = format!("Get{}Policy", T::KIND.title());
    let answer = holder
        .entity()
        .call(T::KIND, &operation, json!({ "PolicyName": name }))?;
    parsed(&at(&answer, "/PolicyDocument"))
}
