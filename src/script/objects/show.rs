//! How users, roles, groups, policies and sessions look.

use serde_json::Value;

use super::credential::Credential;
use super::entities::{Holder, Kind, ManagedPolicy};
use super::managed::document_of;
use super::session::Session;
use crate::base::{Arn, KeyId};
use crate::lab::{Lab, resource_label};
use crate::render::{Column, Rendered, Report, Row, Table, Text};
use crate::state::iam::Entity;

/// The most entries of one cell.
const MAX_ENTRIES: usize = 4;

/// A user, group or role with its policies.
pub(super) fn holder<T: Holder>(holder: &T) -> Rendered {
    let entity = holder.entity();
    let title = Text::new().strong(format!("{} {}", T::KIND.title(), entity.name));
    let report = entity.client.lab.read(|lab| {
        let mut facts = vec![
            ("arn", entity.arn.to_string()),
            ("id", entity.id.to_string()),
        ];
        facts.extend(more_facts(lab, holder));
        let report = Report::new().paragraph(title).pairs(facts);
        match policies(lab, holder) {
            Some(table) if table.rows().is_empty() => report.paragraph("It has no policies."),
            Some(table) => report.table(table),
            None => report.paragraph(Text::bad("deleted")),
        }
    });
    Rendered::from(&report)
}

fn more_facts<T: Holder>(lab: &Lab, holder: &T) -> Vec<(&'static str, String)> {
    let entity = holder.entity();
    let mut facts = Vec::new();
    let Some(account) = lab.cloud().account_of(&entity.arn) else {
        return facts;
    };
    let boundary = entity.look(T::KIND, |e| e.boundary.clone()).flatten();
    facts.extend(boundary.map(|arn| ("boundary", arn.base_name().to_owned())));
    match T::KIND {
        Kind::User => {
            let Some(user) = account.user(&entity.name) else {
                return facts;
            };
            if !user.groups.is_empty() {
                facts.push(("groups", user.groups.join(", ")));
            }
            facts.push(("access keys", user.access_keys.len().to_string()));
        }
        Kind::Role => {
            let Some(role) = account.role(&entity.name) else {
                return facts;
            };
            facts.push(("trusts", trusted(&role.trust.to_value())));
            let minutes = role.max_session_seconds / 60;
            facts.push(("longest session", format!("{minutes} min")));
        }
        Kind::Group => {
            let users = account.users.values();
            let members = users.filter(|u| {
                u.groups
                    .iter()
                    .any(|group| group.eq_ignore_ascii_case(&entity.name))
            });
            let names: Vec<&str> = members.map(|user| user.entity.name.as_str()).collect();
            facts.push(("members", names.join(", ")));
        }
    }
    facts
}

/// Who a trust policy names, by short names.
fn trusted(document: &Value) -> String {
    let principals = statements(document)
        .into_iter()
        .filter_map(|s| s.get("Principal").cloned());
    let names: Vec<String> = principals
        .flat_map(|principal| match principal {
            Value::Object(labels) => labels.values().flat_map(texts).collect(),
            everyone => texts(&everyone),
        })
        .map(|who| match Arn::parse(&who) {
            Ok(arn) => arn.base_name().to_owned(),
            Err(_) => who,
        })
        .collect();
    names.join(", ")
}

fn policies<T: Holder>(lab: &Lab, holder: &T) -> Option<Table> {
    let mut table = policy_table();
    holder
        .entity()
        .look(T::KIND, |own| push_policies(&mut table, lab, "", own))?;
    if T::KIND == Kind::User {
        let account = lab.cloud().account_of(&holder.entity().arn)?;
        let user = account.user(&holder.entity().name)?;
        for group in user.groups.iter().filter_map(|name| account.group(name)) {
            let prefix = format!("{} › ", group.entity.name);
            push_policies(&mut table, lab, &prefix, &group.entity);
        }
    }
    Some(table)
}

fn push_policies(table: &mut Table, lab: &Lab, prefix: &str, entity: &Entity) {
    for (name, policy) in &entity.inline {
        push_statements(table, lab, &format!("{prefix}{name}"), &policy.to_value());
    }
    for arn in &entity.attached {
        let document = document_of(lab, arn).unwrap_or_default();
        let name = format!("{prefix}{} (managed)", arn.base_name());
        push_statements(table, lab, &name, &document);
    }
}

fn policy_table() -> Table {
    Table::new([
        Column::new("policy").essential(),
        Column::new("effect"),
        Column::new("actions").code().essential(),
        Column::new("resources").code(),
    ])
}

/// How many statements of one policy are shown.
const MAX_STATEMENTS: usize = 5;

fn push_statements(table: &mut Table, lab: &Lab, name: &str, document: &Value) {
    let statements = statements(document);
    for (index, statement) in statements.iter().take(MAX_STATEMENTS).enumerate() {
        let effect = statement
            .get("Effect")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let effect = if effect == "Deny" {
            Text::bad("deny")
        } else {
            Text::good("allow")
        };
        let condition = if statement.get("Condition").is_some() {
            ", if …"
        } else {
            ""
        };
        let actions = member(statement, "Action");
        let resources: Vec<String> = member(statement, "Resource")
            .iter()
            .map(|resource| short_label(lab, resource))
            .collect();
        table.push(Row::new([
            Text::from(if index == 0 { name } else { "" }),
            effect,
            Text::from(short(&actions)),
            Text::from(format!("{}{condition}", short(&resources))),
        ]));
    }
    if let Some(more) = statements
        .len()
        .checked_sub(MAX_STATEMENTS)
        .filter(|more| *more > 0)
    {
        table.push(Row::new([
            "",
            "",
            format!("… {more} more statements").as_str(),
            "",
        ]));
    }
}

/// What people call a resource; of a key without alias the beginning of its id.
pub(super) fn short_label(lab: &Lab, resource: &str) -> String {
    let label = resource_label(lab.cloud(), resource);
    match KeyId::parse(&label) {
        Ok(id) => format!("key {}…", id.as_str().chars().take(8).collect::<String>()),
        Err(_) => label,
    }
}

fn member(statement: &Value, name: &str) -> Vec<String> {
    let negated = || {
        let not = texts(statement.get(format!("Not{name}").as_str())?);
        Some(not.into_iter().map(|text| format!("not {text}")).collect())
    };
    statement
        .get(name)
        .map(texts)
        .or_else(negated)
        .unwrap_or_default()
}

fn short(entries: &[String]) -> String {
    let shown: Vec<&str> = entries
        .iter()
        .take(MAX_ENTRIES)
        .map(String::as_str)
        .collect();
    match entries.len().checked_sub(MAX_ENTRIES) {
        Some(more) if more > 0 => format!("{}, … {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

fn statements(document: &Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
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

/// A managed policy with its statements.
pub(super) fn managed(policy: &ManagedPolicy) -> Rendered {
    let name = policy.arn.base_name();
    let report = policy.client.lab.read(|lab| {
        let report = Report::new()
            .paragraph(Text::new().strong(format!("Policy {name}")))
            .pairs([("arn", policy.arn.to_string())]);
        match document_of(lab, &policy.arn) {
            Some(document) => {
                let mut table = policy_table();
                push_statements(&mut table, lab, name, &document);
                report.table(table)
            }
            None => report.paragraph(Text::bad("deleted")),
        }
    });
    Rendered::from(&report)
}

/// A session: of which role or federated user, until when.
pub(super) fn session(session: &Session) -> Rendered {
    let of = session.of();
    let state = match session.is_expired() {
        true => Text::bad(format!("expired at {}", session.expires())),
        false => Text::good(format!("until {}", session.expires())),
    };
    let mut facts = vec![("arn", Text::from(session.arn())), ("valid", state)];
    facts.extend(
        session
            .service()
            .map(|service| ("started by", Text::from(service.host()))),
    );
    let title = Text::new().strong(format!("Session of {}", of.base_name()));
    Rendered::from(&Report::new().paragraph(title).pairs(facts))
}

/// Credentials without their secrets.
pub(super) fn credential(credential: &Credential) -> Rendered {
    let expires = credential
        .expires()
        .map_or_else(|| "never".to_owned(), |at| at.to_string());
    let report = Report::new()
        .paragraph(Text::new().strong("Credentials"))
        .pairs([
            ("access key id", credential.access_key_id()),
            (
                "secret access key",
                "hidden; see reveal_secret()".to_owned(),
            ),
            ("expires", expires),
        ]);
    Rendered::from(&report)
}
