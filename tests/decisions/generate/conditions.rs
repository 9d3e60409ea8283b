//! Condition keys with their few values, in requests and in policies.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::keys::{KEYS, Key, Type};
use super::names::HOME_BUCKET;

/// Adds some keys that the service of a check sends.
pub fn add_some_keys(dice: &mut Dice, check: &mut Value) {
    let action = check["action"].as_str().unwrap().to_owned();
    let service = action.split(':').next().unwrap();
    for key in KEYS
        .iter()
        .filter(|k| k.services.is_empty() || k.services.contains(service))
    {
        if dice.chance(25) {
            check["context"][key.name] = sent(dice, key);
        }
    }
    let symmetric = ["crypt", "DataKey"]
        .iter()
        .any(|part| action.contains(part));
    if service == "kms" && symmetric && dice.chance(60) {
        add_encryption_context(dice, check);
    }
    if service == "kms" && dice.chance(15) {
        check["context"]["kms:ViaService"] = json!("ec2.us-east-1.amazonaws.com");
    }
}

fn sent(dice: &mut Dice, key: &Key) -> Value {
    if key.many {
        json!(dice.some(key.values, 45))
    } else {
        json!(dice.pick(key.values))
    }
}

fn add_encryption_context(dice: &mut Dice, check: &mut Value) {
    let pairs = dice.some(
        &[
            ("AppName", "x"),
            ("Stage", "prod"),
            ("aws:s3:arn", HOME_BUCKET),
        ],
        50,
    );
    for (name, value) in &pairs {
        let value = if dice.chance(25) { "y" } else { value };
        check["context"][format!("kms:EncryptionContext:{name}")] = json!(value);
    }
    if !pairs.is_empty() {
        let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
        check["context"]["kms:EncryptionContextKeys"] = json!(names);
    }
}

/// A `Condition` with one to three keys. A `friendly` one prefers what the request says.
pub fn condition(dice: &mut Dice, context: &Map<String, Value>, friendly: bool) -> Value {
    let mut made = json!({});
    for _ in 0..1 + usize::from(dice.chance(25)) + usize::from(dice.chance(10)) {
        let key = any_key(dice, context, friendly);
        let (operator, negated) = operator(dice, key, friendly);
        let name = if dice.chance(10) {
            dice.turn_case(key.name)
        } else {
            key.name.to_owned()
        };
        let value = if operator == "Null" {
            let present = context.contains_key(key.name) == dice.chance(70);
            json!((!present).to_string())
        } else {
            values(
                dice,
                key,
                &operator,
                context.get(key.name).filter(|_| friendly && !negated),
            )
        };
        made[operator][name] = value;
    }
    made
}

fn any_key(dice: &mut Dice, context: &Map<String, Value>, friendly: bool) -> &'static Key {
    let present: Vec<&Key> = KEYS
        .iter()
        .filter(|k| context.contains_key(k.name))
        .collect();
    if !present.is_empty() && dice.chance(if friendly { 80 } else { 45 }) {
        dice.pick(&present)
    } else {
        &KEYS[dice.below(KEYS.len())]
    }
}

/// An operator with its prefix and suffix, and whether it is a negated one.
fn operator(dice: &mut Dice, key: &Key, friendly: bool) -> (String, bool) {
    if dice.chance(8) {
        return ("Null".to_owned(), false);
    }
    let orders = [
        "Equals",
        "LessThan",
        "LessThanEquals",
        "GreaterThan",
        "GreaterThanEquals",
        "NotEquals",
    ];
    let (family, names): (&str, &[&str]) = match key.kind {
        Type::Text => (
            "String",
            &[
                "Equals",
                "Like",
                "EqualsIgnoreCase",
                "NotEquals",
                "NotLike",
                "NotEqualsIgnoreCase",
            ],
        ),
        Type::Arn if dice.chance(30) => ("String", &["Equals", "Like", "NotEquals", "NotLike"]),
        Type::Arn => ("Arn", &["Equals", "Like", "NotEquals", "NotLike"]),
        Type::Number => ("Numeric", &orders),
        Type::Date => ("Date", &orders),
        Type::Bool => ("", &["Bool"]),
        Type::Address => ("", &["IpAddress", "NotIpAddress"]),
        Type::Bytes => ("", &["BinaryEquals"]),
    };
    let name = dice.pick(names);
    let suffix = if dice.chance(18) { "IfExists" } else { "" };
    // KMS refuses ForAllValues on the pairs of the encryption context.
    let may_be_set = !key.name.starts_with("kms:EncryptionContext:");
    let wants_set = if key.many {
        if friendly { 95 } else { 75 }
    } else {
        6
    };
    let prefix = if may_be_set && dice.chance(wants_set) {
        dice.pick(&["ForAllValues:", "ForAnyValue:"])
    } else {
        ""
    };
    // What an empty list means to ForAnyValue with IfExists is nowhere written.
    let suffix = if key.many && prefix == "ForAnyValue:" {
        ""
    } else {
        suffix
    };
    (
        format!("{prefix}{family}{name}{suffix}"),
        name.contains("Not"),
    )
}

/// The right side: one value or a list, among them the request's own where it is given.
fn values(dice: &mut Dice, key: &Key, operator: &str, own: Option<&Value>) -> Value {
    let typed = |value: &&&str| {
        let listed = key.kind != Type::Arn
            || !operator.contains("Arn")
            || value.split(':').count() > 5
            || value.starts_with('$');
        // Wildcards and variables are for texts and ARNs.
        listed
            && (operator.contains("String")
                || operator.contains("Arn")
                || !value.contains(['*', '$']))
    };
    let pool: Vec<&str> = key
        .values
        .iter()
        .chain(key.others)
        .filter(typed)
        .copied()
        .collect();
    let mut chosen: Vec<Value> = (0..1 + dice.below(2))
        .map(|_| json!(dice.pick(&pool)))
        .collect();
    match own {
        Some(Value::Array(list)) if !list.is_empty() => chosen.extend(list.iter().cloned()),
        Some(Value::String(value)) => chosen.push(json!(value)),
        _ => {}
    }
    if dice.chance(15) && key.kind == Type::Bool {
        return json!(chosen[0] == "true");
    }
    if dice.chance(15) && key.kind == Type::Number {
        return json!(dice.pick(&[7, 10, 11]));
    }
    if chosen.len() == 1 && dice.chance(60) {
        return chosen.remove(0);
    }
    json!(chosen)
}
