//! The condition keys of the generated cases, with their few values.

use super::names::{AWAY, HOME, SERVICES};

/// How the values of a key compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Arn,
    Number,
    Date,
    Bool,
    Address,
    Bytes,
}

/// A key with the few values that it has here.
pub struct Key {
    pub name: &'static str,
    pub kind: Type,
    /// Whether a request holds a list of values.
    pub many: bool,
    /// Services whose requests carry it; `-` marks what follows from the caller.
    pub services: &'static str,
    /// What requests say.
    pub values: &'static [&'static str],
    /// What else policies say.
    pub others: &'static [&'static str],
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
    "arn:aws:x:us-east-2:999999999999:store/abc:111122223333:user/alice",
];
const ARN_PATTERNS: &[&str] = &[
    "arn:aws:x:*:111122223333:user/*",
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

/// Every key of the generated cases.
pub const KEYS: &[Key] = &[
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
