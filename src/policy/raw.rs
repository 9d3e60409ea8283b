//! The shape of a policy document: which members, of which types.
//!
//! This pass knows the grammar only. What the values mean, and whether they
//! may be stored, is for [`super::check`].

use std::borrow::Cow;
use std::rc::Rc;

use super::error::{Problem, Trouble};
use super::fault::Fault;
use super::json::{Json, Member, Node};
use super::operator::Operator;
use super::{Effect, PolicyKind};

const DOCUMENT_MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// Whether `${…}` is a variable (version 2012-10-17) or literal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variables {
    Replaced,
    Literal,
}

/// A string and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    pub at: usize,
    pub text: Cow<'a, str>,
}

#[derive(Debug)]
pub(super) struct RawPolicy<'a> {
    pub start: usize,
    pub version: Option<Text<'a>>,
    pub statements: Vec<RawStatement<'a>>,
}

#[derive(Debug)]
pub(super) struct RawStatement<'a> {
    pub at: usize,
    pub sid: Option<Text<'a>>,
    pub effect: Effect,
    pub effect_text: Text<'a>,
    pub principal: Option<RawPrincipal<'a>>,
    pub action: Option<RawList<'a>>,
    pub resource: Option<RawList<'a>>,
    pub conditions: Vec<RawCondition<'a>>,
}

/// A list under a name, or under its opposite (`negated`); `at` is where the name stands.
#[derive(Debug)]
pub(super) struct RawList<'a> {
    pub at: usize,
    pub negated: bool,
    pub items: Vec<Text<'a>>,
}

/// Pairs of label (`AWS`) and entry; many entries share one label.
#[derive(Debug)]
pub(super) struct RawPrincipal<'a> {
    pub at: usize,
    pub negated: bool,
    pub entries: Vec<(Rc<str>, Text<'a>)>,
}

#[derive(Debug)]
pub(super) struct RawCondition<'a> {
    pub operator: Operator,
    pub key: Text<'a>,
    pub values: Vec<Text<'a>>,
}

impl RawPolicy<'_> {
    pub fn variables(&self) -> Variables {
        match &self.version {
            Some(version) if version.text == "2012-10-17" => Variables::Replaced,
            _ => Variables::Literal,
        }
    }
}

fn syntax<T>(at: usize, detail: impl Into<String>) -> Result<T, Trouble> {
    Err((Fault::Syntax, Problem::new(at, detail)))
}

fn unknown<T>(member: Member<'_>, words: &[&str]) -> Result<T, Trouble> {
    let name = member.name.into_owned();
    let problem = Problem::new(member.at, format!("unknown element `{name}`"))
        .suggest(&name, words.iter().copied());
    Err((Fault::UnknownMember(name), problem))
}

fn missing<T>(member: &'static str, at: usize, whole: &str) -> Result<T, Trouble> {
    let problem = Problem::new(at, format!("{whole} needs `{member}`"));
    Err((Fault::MissingMember(member), problem))
}

/// Reads a document.
pub(super) fn read(kind: PolicyKind, node: Node<'_>) -> Result<RawPolicy<'_>, Trouble> {
    let start = node.start;
    let Json::Object(members) = node.value else {
        let detail = format!(
            "a policy is a JSON object; this is {}",
            node.value.describe()
        );
        return Err((Fault::NotJson, Problem::new(start, detail)));
    };
    let (mut version, mut statements) = (None, None);
    for member in members {
        match &*member.name {
            "Version" => version = Some(version_of(member)?),
            "Id" => drop(string(member, "`Id`")?),
            "Statement" => statements = Some(statements_of(kind, member)?),
            _ => return unknown(member, &DOCUMENT_MEMBERS),
        }
    }
    match statements {
        Some(statements) => Ok(RawPolicy {
            start,
            version,
            statements,
        }),
        None => missing("Statement", start, "a policy"),
    }
}

fn version_of(member: Member<'_>) -> Result<Text<'_>, Trouble> {
    let version = string(member, "`Version`")?;
    if matches!(&*version.text, "2012-10-17" | "2008-10-17") {
        return Ok(version);
    }
    let detail = format!("unknown version `{}`", version.text);
    Err((
        Fault::UnknownVersion,
        Problem::new(version.at, detail).hint("use `2012-10-17`"),
    ))
}

fn statements_of(kind: PolicyKind, member: Member<'_>) -> Result<Vec<RawStatement<'_>>, Trouble> {
    match member.node.value {
        Json::Object(_) => Ok(vec![statement(kind, member.node)?]),
        Json::Array(items) if items.is_empty() => {
            let problem = Problem::new(member.node.start, "the list of statements is empty")
                .hint("a policy has at least one statement");
            Err((Fault::NoStatements, problem))
        }
        Json::Array(items) => items
            .into_iter()
            .map(|node| statement(kind, node))
            .collect(),
        other => syntax(
            member.node.start,
            format!(
                "`Statement` is an object or a list of objects, not {}",
                other.describe()
            ),
        ),
    }
}

fn statement(kind: PolicyKind, node: Node<'_>) -> Result<RawStatement<'_>, Trouble> {
    let at = node.start;
    let Json::Object(members) = node.value else {
        return syntax(
            at,
            format!("a statement is an object, not {}", node.value.describe()),
        );
    };
    let (mut sid, mut effect, mut conditions) = (None, None, Vec::new());
    let (mut principal, mut action, mut resource) = (None, None, None);
    for member in members {
        match &*member.name {
            "Sid" => sid = Some(string(member, "`Sid`")?),
            "Effect" => effect = Some(effect_of(member)?),
            "Principal" | "NotPrincipal" => only_one(&principal, &member, "Principal")
                .and_then(|()| principal_of(member))
                .map(|read| principal = Some(read))?,
            "Action" | "NotAction" => only_one(&action, &member, "Action")
                .and_then(|()| list(member))
                .map(|read| action = Some(read))?,
            "Resource" | "NotResource" => only_one(&resource, &member, "Resource")
                .and_then(|()| list(member))
                .map(|read| resource = Some(read))?,
            "Condition" => conditions = conditions_of(member)?,
            _ => return unknown(member, &STATEMENT_MEMBERS),
        }
    }
    let Some((effect, effect_text)) = effect else {
        return missing("Effect", at, "a statement");
    };
    if principal.is_none() && kind.needs_principal() {
        return missing("Principal", at, &format!("a statement of a {kind}"));
    }
    Ok(RawStatement {
        at,
        sid,
        effect,
        effect_text,
        principal,
        action,
        resource,
        conditions,
    })
}

fn only_one<T>(seen: &Option<T>, member: &Member<'_>, name: &'static str) -> Result<(), Trouble> {
    if seen.is_none() {
        return Ok(());
    }
    let detail = format!("a statement has either `{name}` or `Not{name}`, not both");
    Err((Fault::BothForms(name), Problem::new(member.at, detail)))
}

fn string<'a>(member: Member<'a>, what: &str) -> Result<Text<'a>, Trouble> {
    match member.node.value {
        Json::String(text) => Ok(Text {
            at: member.node.start,
            text,
        }),
        other => syntax(
            member.node.start,
            format!("{what} is a string, not {}", other.describe()),
        ),
    }
}

/// Reads the effect. A word in the wrong case passes here: AWS's second parser refuses it.
fn effect_of(member: Member<'_>) -> Result<(Effect, Text<'_>), Trouble> {
    let word = string(member, "`Effect`")?;
    for effect in [Effect::Allow, Effect::Deny] {
        if word.text.eq_ignore_ascii_case(effect.name()) {
            return Ok((effect, word));
        }
    }
    let text = word.text.into_owned();
    let problem = Problem::new(
        word.at,
        format!("`Effect` is `Allow` or `Deny`, not `{text}`"),
    )
    .suggest(&text, ["Allow", "Deny"]);
    Err((Fault::UnknownEffect(text), problem))
}

fn list(member: Member<'_>) -> Result<RawList<'_>, Trouble> {
    let negated = member.name.starts_with("Not");
    let items = strings(member.node, &member.name)?;
    Ok(RawList {
        at: member.at,
        negated,
        items,
    })
}

fn strings<'a>(node: Node<'a>, name: &str) -> Result<Vec<Text<'a>>, Trouble> {
    let one = |node: Node<'a>| match node.value {
        Json::String(text) => Ok(Text {
            at: node.start,
            text,
        }),
        other => syntax(
            node.start,
            format!("an entry of `{name}` is a string, not {}", other.describe()),
        ),
    };
    match node.value {
        Json::Array(items) => items.into_iter().map(one).collect(),
        _ => one(node).map(|text| vec![text]),
    }
}

fn principal_of(member: Member<'_>) -> Result<RawPrincipal<'_>, Trouble> {
    let (at, negated) = (member.at, member.name.starts_with("Not"));
    let mut entries = Vec::new();
    match member.node.value {
        Json::String(text) if text == "*" => {
            entries.push((
                "AWS".into(),
                Text {
                    at: member.node.start,
                    text,
                },
            ));
        }
        Json::String(text) => {
            let problem = Problem::new(member.node.start, format!("`{text}` stands alone")).hint(
                format!("write `{{\"AWS\": \"{text}\"}}`; only `*` may stand alone"),
            );
            let fault = Fault::InvalidPrincipal {
                label: "AWS".into(),
                text: text.into_owned(),
            };
            return Err((fault, problem));
        }
        Json::Object(members) => {
            for inner in members {
                let label: Rc<str> = inner.name.into();
                let texts = strings(inner.node, &label)?;
                entries.extend(texts.into_iter().map(|text| (Rc::clone(&label), text)));
            }
        }
        other => {
            let what = other.describe();
            return syntax(
                member.node.start,
                format!("`{}` is `\"*\"` or an object, not {what}", member.name),
            );
        }
    }
    Ok(RawPrincipal {
        at,
        negated,
        entries,
    })
}

fn conditions_of(member: Member<'_>) -> Result<Vec<RawCondition<'_>>, Trouble> {
    let Json::Object(operators) = member.node.value else {
        let what = member.node.value.describe();
        return syntax(
            member.node.start,
            format!("`Condition` is an object, not {what}"),
        );
    };
    let mut conditions = Vec::new();
    for entry in operators {
        let operator = operator_of(&entry);
        let Json::Object(keys) = entry.node.value else {
            let what = entry.node.value.describe();
            return syntax(
                entry.node.start,
                format!("an operator holds an object from keys to values, not {what}"),
            );
        };
        // An operator without keys asks for nothing, and AWS does not look at its name.
        for key in keys {
            let operator = operator.clone()?;
            let values = condition_values(key.node)?;
            let key = Text {
                at: key.at,
                text: key.name,
            };
            conditions.push(RawCondition {
                operator,
                key,
                values,
            });
        }
    }
    Ok(conditions)
}

fn operator_of(member: &Member<'_>) -> Result<Operator, Trouble> {
    Operator::parse(&member.name).ok_or_else(|| {
        let problem = Problem::new(member.at, format!("unknown operator `{}`", member.name));
        let problem = match Operator::near(&member.name) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem,
        };
        (Fault::UnknownOperator(member.name.to_string()), problem)
    })
}

/// Reads scalar values; booleans and numbers become the text that they were written as.
fn condition_values(node: Node<'_>) -> Result<Vec<Text<'_>>, Trouble> {
    match node.value {
        Json::Array(items) => items.into_iter().map(scalar).collect(),
        _ => scalar(node).map(|text| vec![text]),
    }
}

fn scalar(node: Node<'_>) -> Result<Text<'_>, Trouble> {
    let text = match node.value {
        Json::String(text) => text,
        Json::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Json::Number(text) => Cow::Borrowed(text),
        other => {
            return syntax(
                node.start,
                format!(
                    "a condition value is a string, number or boolean, not {}",
                    other.describe()
                ),
            );
        }
    };
    Ok(Text {
        at: node.start,
        text,
    })
}
