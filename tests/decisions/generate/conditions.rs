//! Condition keys with their few values, in requests and in policies.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::names::*;

/// How the values of a key compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Arn,
    Number,
    Date,
    Bool,
    Address,
    Bytes,
}

struct Key {
    name: &'static str,
    kind: Type,
    /// Whether a request holds a list of values.
    many: bool,
    /// Services whose requests carry it; `-` marks what follows from the caller.
    services: &'static str,
    /// What requests say.
    values: &'static [&'static str],
    /// What else policies say.
    others: &'static [&'static str],
}

const fn key(
    name: &'static str,
    kind: Type,
    services: &'static str,
    values: &'static [&'static str],
    others: &'static [&'static str],
) -> Key {
    Key {
        name,
        kind,
        many: false,
        services,
        values,
        others,
    }
}

const fn list(
    name: &'static str,
    services: &'static str,
    values: &'static [&'static str],
    others: &'static [&'static str],
) -> Key {
    Key {
        name,
        kind: Type::Text,
        many: true,
        services,
        values,
        others,
    }
}

const TEAMS: &[&str] = &["blue", "red", "Blue"];
const TEAM_PATTERNS: &[&str] = &[
    "b*",
    "?lue",
    "*",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/Team, 'blue'}",
    "b${?}ue",
    "BLUE",
    "${aws:username}",
    "${aws:TagKeys}",
];
const ARNS: &[&str] = &[
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:iam::111122223333:role/app-role",
    "arn:aws:iam::111122223333:root",
];
const ARN_PATTERNS: &[&str] = &[
    "arn:aws:iam::111122223333:user/team/bob",
    "arn:aws:iam::*:user/*",
    "arn:aws:iam::111122223333:role/*",
    "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}",
    "arn:aws:*::44445555????:*/*",
    "${aws:PrincipalArn}",
    "arn:aws:sts::111122223333:federated-user/dora",
];
const DATES: &[&str] = &[
    "2026-06-01T11:00:00Z",
    "1780311600",
    "2026-06-01T13:30:00.5+02:00",
];
const DATE_LIMITS: &[&str] = &[
    "2026-06-01T11:00:01Z",
    "1780311599",
    "2026-06-02",
    "2020-02-29T23:59:59Z",
];

const KEYS: &[Key] = &[
    key(
        "aws:RequestedRegion",
        Type::Text,
        "",
        &["us-east-1", "eu-west-1"],
        &["us-*", "eu-west-?"],
    ),
    key(
        "aws:SourceIp",
        Type::Address,
        "",
        &["203.0.113.77", "2001:db8::7", "198.51.100.1"],
        &[
            "203.0.113.0/24",
            "203.0.113.77/25",
            "2001:db8::/32",
            "0.0.0.0/0",
            "203.0.113.64/28",
        ],
    ),
    key("aws:CurrentTime", Type::Date, "", DATES, DATE_LIMITS),
    key("aws:TokenIssueTime", Type::Date, "", DATES, DATE_LIMITS),
    key(
        "aws:MultiFactorAuthPresent",
        Type::Bool,
        "",
        &["true", "false"],
        &[],
    ),
    key("aws:SourceArn", Type::Arn, "", ARNS, ARN_PATTERNS),
    key(
        "lab:blob",
        Type::Bytes,
        "",
        &["QmluYXJ5", "AAEC"],
        &["AAEC/w=="],
    ),
    key(
        "lab:count",
        Type::Number,
        "",
        &["7", "10", "-0.5", "010.0", "1000000000000000000001"],
        &["10.00", "7.5", "-1", "1000000000000000000000"],
    ),
    key(
        "aws:RequestTag/team",
        Type::Text,
        "sts s3",
        TEAMS,
        TEAM_PATTERNS,
    ),
    list(
        "aws:TagKeys",
        "sts kms",
        &["team", "cost"],
        &["te*", "Team"],
    ),
    key(
        "sts:ExternalId",
        Type::Text,
        "sts",
        &["lab-42", "lab-43"],
        &["lab-*", "LAB-42"],
    ),
    key(
        "idp.lab.example:aud",
        Type::Text,
        "sts",
        &["app1", "other"],
        &["app?"],
    ),
    key(
        "iam:PassedToService",
        Type::Text,
        "iam",
        &SERVICES,
        &["*.amazonaws.com"],
    ),
    key(
        "s3:ExistingObjectTag/team",
        Type::Text,
        "s3",
        TEAMS,
        TEAM_PATTERNS,
    ),
    key(
        "s3:x-amz-server-side-encryption",
        Type::Text,
        "s3",
        &["aws:kms", "AES256"],
        &["aws:*"],
    ),
    key(
        "s3:max-keys",
        Type::Number,
        "s3",
        &["10", "11"],
        &["10.5", "5"],
    ),
    key(
        "kms:ViaService",
        Type::Text,
        "-",
        &[],
        &[
            "s3.us-east-1.amazonaws.com",
            "ec2.us-east-1.amazonaws.com",
            "s3.*.amazonaws.com",
        ],
    ),
    key(
        "kms:EncryptionContext:AppName",
        Type::Text,
        "-",
        &[],
        &["x", "y", "X", "?"],
    ),
    key(
        "kms:EncryptionContext:aws:s3:arn",
        Type::Arn,
        "-",
        &[],
        &[
            "arn:aws:s3:::data/reports/q1.csv",
            "arn:aws:s3:::data*",
            "arn:aws:s3:::data",
            "arn:aws:s3:::*/reports/*",
        ],
    ),
    list(
        "kms:EncryptionContextKeys",
        "-",
        &[],
        &["AppName", "aws:s3:arn", "Stage", "a*"],
    ),
    list(
        "kms:GrantOperations",
        "kms",
        &["Decrypt", "Encrypt"],
        &["D*", "ReEncryptTo"],
    ),
    key("kms:GranteePrincipal", Type::Arn, "kms", ARNS, ARN_PATTERNS),
    key(
        "kms:GrantIsForAWSResource",
        Type::Bool,
        "kms",
        &["true", "false"],
        &[],
    ),
    key(
        "kms:RequestAlias",
        Type::Text,
        "kms",
        &["alias/app", "alias/x"],
        &["alias/*"],
    ),
    list("kms:ResourceAliases", "-", &[], &["alias/app", "alias/a*"]),
    key("kms:CallerAccount", Type::Text, "-", &[], &[HOME, AWAY]),
    key(
        "aws:PrincipalAccount",
        Type::Text,
        "-",
        &[],
        &[HOME, AWAY, "1111*"],
    ),
    key("aws:PrincipalArn", Type::Arn, "-", &[], ARN_PATTERNS),
    key(
        "aws:PrincipalTag/team",
        Type::Text,
        "-",
        &[],
        &["blue", "red", "B*", "${aws:RequestTag/team}"],
    ),
    key(
        "aws:PrincipalOrgID",
        Type::Text,
        "-",
        &[],
        &["o-lab1", "o-lab?"],
    ),
    key(
        "aws:PrincipalType",
        Type::Text,
        "-",
        &[],
        &["User", "AssumedRole", "FederatedUser", "Account"],
    ),
    key(
        "aws:PrincipalIsAWSService",
        Type::Bool,
        "-",
        &[],
        &["true", "false"],
    ),
    key(
        "aws:username",
        Type::Text,
        "-",
        &[],
        &["alice", "bob", "ALICE", "a*"],
    ),
    key(
        "aws:userid",
        Type::Text,
        "-",
        &[],
        &[
            "AIDAEXAMPLEALICE0001A",
            "AROA*:sess1",
            "*:dora",
            "anonymous",
        ],
    ),
    key(
        "aws:ViaAWSService",
        Type::Bool,
        "-",
        &[],
        &["true", "false"],
    ),
    key(
        "aws:SecureTransport",
        Type::Bool,
        "-",
        &[],
        &["true", "false"],
    ),
];

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
