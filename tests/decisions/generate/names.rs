//! The few names that all cases are made of, so that they meet often.

/// Two accounts.
pub const HOME: &str = "111122223333";
pub const AWAY: &str = "444455556666";

pub const HOME_BUCKET: &str = "arn:aws:s3:::data";
pub const AWAY_BUCKET: &str = "arn:aws:s3:::logs";
pub const HOME_KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub const AWAY_KEY: &str =
    "arn:aws:kms:us-east-1:444455556666:key/bbbb2222-bbbb-2222-bbbb-222222222222";
pub const MANAGED_KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/aaaa1111-aaaa-1111-aaaa-111111111111";
pub const HOME_ROLE: &str = "arn:aws:iam::111122223333:role/target";
pub const AWAY_ROLE: &str = "arn:aws:iam::444455556666:role/target";

pub const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/idp.lab.example";
pub const OTHER_PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/other.example";
pub const SERVICES: [&str; 2] = ["glue.amazonaws.com", "lambda.amazonaws.com"];

/// Keys of objects; one of them looks like a pattern.
pub const OBJECTS: [&str; 5] = [
    "reports/q1.csv",
    "home/alice/a.txt",
    "blue/2026/x.txt",
    "*/x.txt",
    "reports",
];

/// User names with their ids; the second lies in a path.
pub const USERS: [(&str, &str); 2] = [
    ("alice", "AIDAEXAMPLEALICE0001A"),
    ("team/bob", "AIDAEXAMPLEBOB000001A"),
];

/// Role paths with their names and ids.
pub const ROLES: [(&str, &str, &str); 2] = [
    ("app-role", "app-role", "AROAEXAMPLEAPPROLE01A"),
    ("jobs/glue-role", "glue-role", "AROAEXAMPLEGLUEROLE1A"),
];

/// The path, name and id of a role that belongs to a service.
pub const SERVICE_LINKED: (&str, &str, &str) = (
    "aws-service-role/glue.amazonaws.com/AWSServiceRoleForGlue",
    "AWSServiceRoleForGlue",
    "AROAEXAMPLELINKED001A",
);

pub const SESSIONS: [&str; 2] = ["sess1", "sess2"];

pub fn user(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:user/{name}")
}

pub fn role(account: &str, path: &str) -> String {
    format!("arn:aws:iam::{account}:role/{path}")
}

pub fn session(account: &str, role: &str, session: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
}

pub fn federated(account: &str, name: &str) -> String {
    format!("arn:aws:sts::{account}:federated-user/{name}")
}

pub fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// The account that owns a resource of these cases.
pub fn owner(resource: &str) -> &'static str {
    let away = [AWAY_BUCKET, AWAY_KEY, AWAY_ROLE]
        .iter()
        .any(|r| resource.starts_with(r));
    if away { AWAY } else { HOME }
}
