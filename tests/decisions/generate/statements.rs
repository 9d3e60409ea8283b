//! Statements: some made to fit a check, others that nearly do.

use serde_json::{Map, Value, json};

use super::callers::{Caller, stranger};
use super::conditions::condition;
use super::dice::Dice;
use super::names::*;

/// Where a statement is to stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Identity, boundary, session and service control policies: nobody is named.
    Own,
    /// A bucket's or a key's policy.
    Resource,
    /// A role's trust policy: nobody is excluded, no resource is named.
    Trust,
}

/// An Allow that most likely covers `check`.
pub fn fitting(dice: &mut Dice, caller: &Caller, check: &Value, place: Place) -> Value {
    let action = text(check, "action");
    let mut statement = json!({ "Effect": "Allow" });
    match covering_action(dice, action) {
        _ if place == Place::Trust => statement["Action"] = trust_action(dice, action),
        Err(other) => statement["NotAction"] = other,
        Ok(actions) => statement["Action"] = actions,
    }
    if place != Place::Trust {
        statement["Resource"] = covering_resource(dice, text(check, "resource"));
    }
    if dice.chance(22) {
        statement["Condition"] = condition(dice, pairs(check), true);
    }
    name_someone(dice, caller, &mut statement, place, 88);
    in_other_order(dice, statement)
}

/// Any statement at all, around the names of the case.
pub fn random(
    dice: &mut Dice,
    caller: &Caller,
    check: &Value,
    place: Place,
    effect: &str,
) -> Value {
    let mut statement = json!({ "Effect": effect });
    let action = if place == Place::Trust || dice.chance(80) {
        text(check, "action").to_owned()
    } else {
        (dice.pick(&ACTIONS)).to_owned()
    };
    let patterns = near_actions(dice, &action);
    let listed = if place == Place::Trust {
        trust_action(dice, &action)
    } else {
        some_of(dice, &patterns)
    };
    let not = place != Place::Trust && dice.chance(12);
    statement[if not { "NotAction" } else { "Action" }] = listed;
    if place != Place::Trust {
        let not = dice.chance(12);
        let patterns = near_resources(dice, text(check, "resource"));
        statement[if not { "NotResource" } else { "Resource" }] = some_of(dice, &patterns);
    }
    if dice.chance(if effect == "Deny" { 85 } else { 60 }) {
        statement["Condition"] = condition(dice, pairs(check), false);
    }
    name_someone(dice, caller, &mut statement, place, 50);
    in_other_order(dice, statement)
}

const ACTIONS: [&str; 6] = [
    "s3:GetObject",
    "s3:ListBucket",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "sts:AssumeRole",
    "iam:PassRole",
];

fn text<'a>(check: &'a Value, member: &str) -> &'a str {
    check[member].as_str().unwrap()
}

fn pairs(check: &Value) -> &Map<String, Value> {
    check["context"].as_object().unwrap()
}

/// The right list for `Action`, or for `NotAction`.
fn covering_action(dice: &mut Dice, action: &str) -> Result<Value, Value> {
    let (service, name) = action.split_once(':').unwrap();
    Ok(match dice.below(10) {
        0..4 => json!(action),
        4 => json!(dice.turn_case(action)),
        5 => json!([dice.pick(&ACTIONS), action]),
        6 => json!(format!("{service}:{}*", &name[..3])),
        7 => json!(format!("{service}:?{}", &name[1..])),
        8 => json!(format!("{service}:*")),
        _ if ["s3", "sts"].contains(&service) => return Err(json!("kms:*")),
        _ => json!("*"),
    })
}

/// Trust policies speak of STS alone.
fn trust_action(dice: &mut Dice, action: &str) -> Value {
    let action = if action.starts_with("sts:") {
        action
    } else {
        "sts:AssumeRole"
    };
    match dice.below(6) {
        0..3 => json!(action),
        3 => json!(["sts:AssumeRole", "sts:TagSession"]),
        4 => json!(dice.turn_case(action)),
        _ => json!(dice.pick(&["sts:*", "sts:AssumeRole*"])),
    }
}

fn covering_resource(dice: &mut Dice, resource: &str) -> Value {
    if resource == "*" || dice.chance(35) {
        return json!("*");
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let [_, _, service, region, account, rest] = parts[..] else {
        return json!("*");
    };
    // A key that looks like a pattern fits itself.
    match dice.below(5) {
        0 | 1 => json!(resource),
        2 => json!(["arn:aws:s3:::other", resource]),
        3 => json!(format!(
            "arn:aws:{service}:{region}:{account}:{}*",
            &rest[..4]
        )),
        _ => json!(format!("arn:aws:{service}:*:*:*")),
    }
}

/// Patterns around an action, most of which do not fit.
fn near_actions(dice: &mut Dice, action: &str) -> Vec<String> {
    let (service, name) = action.split_once(':').unwrap();
    vec![
        action.to_owned(),
        dice.turn_case(action),
        format!("{service}:*"),
        format!("{service}:{}*", &name[..4]),
        format!("{action}?"),
        format!("{service}:*{}", &name[name.len() - 3..]),
        format!("{service}:{}", &name[1..]),
        (dice.pick(&ACTIONS)).to_owned(),
    ]
}

fn near_resources(dice: &mut Dice, resource: &str) -> Vec<String> {
    let mut list: Vec<String> = vec![resource.to_owned(), "*".to_owned()];
    let others: &[&str] = if resource.starts_with("arn:aws:s3") {
        &[
            "arn:aws:s3:::data/*",
            "arn:aws:s3:::data",
            "arn:aws:s3:::data*",
            "arn:aws:s3:::*/reports/*",
            "arn:aws:s3:::Data/*",
            "arn:aws:s3:::data/?eports/*",
            "arn:*:s3:::logs/*",
            "arn:aws:s3:::data/home/${aws:username}/*",
            "arn:aws:s3:::data/${aws:PrincipalTag/team}/*",
            "arn:aws:s3:::data/${aws:PrincipalTag/Team, 'reports'}/*",
            "arn:aws:s3:::data/${*}/x.txt",
            "arn:aws:s3:::data/${aws:TagKeys}/*",
        ]
    } else if resource.starts_with("arn:aws:kms") {
        &[
            HOME_KEY,
            AWAY_KEY,
            "arn:aws:kms:*:111122223333:key/*",
            "arn:aws:kms:us-east-1:*:key/1234*",
            "arn:aws:kms:us-east-?:444455556666:*",
            "arn:aws:kms:us-east-1:111122223333:alias/app",
            "arn:aws:kms:eu-west-1:111122223333:key/*",
            "arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*",
        ]
    } else {
        &[
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::*:role/t?rget",
            "arn:aws:iam::444455556666:role/target",
            "arn:aws:iam::111122223333:role/Target",
            "arn:aws:iam::111122223333:role/other",
        ]
    };
    list.extend(dice.some(others, 40).into_iter().map(str::to_owned));
    list
}

/// One or two of the patterns, as a text or as a list.
fn some_of(dice: &mut Dice, patterns: &[String]) -> Value {
    let mut one = || patterns[dice.below(patterns.len())].clone();
    let (one, other) = (one(), one());
    match dice.below(3) {
        0 => json!([one, other]),
        1 => json!([one]),
        _ => json!(one),
    }
}

/// Adds the principal, which reaches the caller with this chance.
fn name_someone(
    dice: &mut Dice,
    caller: &Caller,
    statement: &mut Value,
    place: Place,
    percent: usize,
) {
    if place == Place::Own {
        return;
    }
    let denies = statement["Effect"] == "Deny";
    if place == Place::Resource && dice.chance(if denies { 20 } else { 3 }) {
        statement["NotPrincipal"] = excluded(dice, caller);
        return;
    }
    if dice.chance(20) {
        let everyone = [json!("*"), json!({ "AWS": "*" })];
        statement["Principal"] = everyone[dice.below(2)].clone();
        return;
    }
    let mut named = Vec::new();
    if dice.chance(percent) {
        named.push(caller.links[dice.below(caller.links.len())].clone());
    }
    while named.is_empty() || dice.chance(30) {
        named.push(stranger(dice));
    }
    statement["Principal"] = element(dice, &named);
}

/// Whom a `NotPrincipal` spares: the whole chain, a part of it, or others.
fn excluded(dice: &mut Dice, caller: &Caller) -> Value {
    let mut named = if dice.chance(55) {
        caller.links.clone()
    } else {
        dice.some(&caller.links, 60)
    };
    if named.is_empty() || dice.chance(20) {
        named.push(stranger(dice));
    }
    named.retain(|(_, name)| name != "*");
    if named.is_empty() {
        named.push(("AWS", root(HOME)));
    }
    element(dice, &named)
}

/// Names by type; one alone may stand without a list.
fn element(dice: &mut Dice, named: &[(&'static str, String)]) -> Value {
    let mut made = json!({});
    for (kind, name) in named {
        match made.get_mut(*kind).and_then(Value::as_array_mut) {
            Some(list) if list.contains(&json!(name)) => {}
            Some(list) => list.push(json!(name)),
            None => made[*kind] = json!([name]),
        }
    }
    for names in made.as_object_mut().unwrap().values_mut() {
        if names.as_array().unwrap().len() == 1 && dice.chance(50) {
            *names = names[0].clone();
        }
    }
    made
}

/// The members of a statement in any order.
fn in_other_order(dice: &mut Dice, statement: Value) -> Value {
    let mut members: Vec<(String, Value)> =
        statement.as_object().unwrap().clone().into_iter().collect();
    let mut made = Map::new();
    while !members.is_empty() {
        let (name, value) = members.remove(dice.below(members.len()));
        made.insert(name, value);
    }
    Value::Object(made)
}
