//! What completion offers inside the members and texts of calls: AWS's members with
//! their documentation, the actions of the catalogue, and the names that exist.

use serde_json::Value;

use super::LabObjects;
use super::client::{
    CloudTrail, Ec2, Glue, Iam, Kms, Lambda, Organizations, Rds, S3, ServiceObject, Sts,
};
use super::operations::snake_case;
use crate::api::Service;
use crate::policy::lint::Catalogue;
use crate::script::{CallSite, Completion, CompletionHints, TextSite};
use crate::service::operations;
use crate::state::Cloud;

/// How many names of one kind are offered.
const MOST: usize = 200;
/// The members of a policy and of its statements, and the texts that some take.
const DOCUMENT: [(&str, &str); 3] = [
    (
        "Version",
        "The version of the policy language: `2012-10-17`.",
    ),
    ("Id", "A name of the document."),
    (
        "Statement",
        "The statements: maps with Effect, Action, Resource…",
    ),
];
const STATEMENT: [(&str, &str); 9] = [
    ("Sid", "The statement's name."),
    ("Effect", "`Allow` or `Deny`; a Deny beats every Allow."),
    (
        "Principal",
        "Whom it is about, in policies of resources and in trust policies.",
    ),
    ("NotPrincipal", "All but these; beware in an Allow."),
    (
        "Action",
        "What is done, such as `s3:GetObject`; `*` and `?` are wildcards.",
    ),
    ("NotAction", "All but these actions."),
    (
        "Resource",
        "ARNs of what it is done to; `*` and `?` are wildcards.",
    ),
    ("NotResource", "All but these resources."),
    (
        "Condition",
        "Operators with condition keys and their values; all must hold.",
    ),
];
const PRINCIPALS: [(&str, &str); 4] = [
    ("AWS", "Accounts, users, roles and sessions by ARN, or `*`."),
    ("Service", "Services of AWS, such as `glue.amazonaws.com`."),
    ("Federated", "Identity providers."),
    ("CanonicalUser", "Accounts by canonical id."),
];

impl CompletionHints for LabObjects {
    fn members(&self, call: &CallSite) -> Vec<Completion> {
        let table = match call.path.last().map(String::as_str) {
            Some("Statement") => &STATEMENT[..],
            Some("Principal" | "NotPrincipal") => &PRINCIPALS[..],
            Some("policy" | "Policy" | "PolicyDocument" | "trust") => &DOCUMENT[..],
            _ => return operation_members(call),
        };
        let member = |(name, doc): &(&str, &str)| proposal(name, "member", "", doc);
        table.iter().map(member).collect()
    }

    fn texts(&self, site: &TextSite) -> Vec<Completion> {
        let path = site.call.as_ref().map(|call| call.path.as_slice());
        let member = path.and_then(<[String]>::last).map_or("", String::as_str);
        match member {
            "Effect" => words(&["Allow", "Deny"]),
            "Version" => words(&["2012-10-17"]),
            "Action" | "NotAction" | "action" | "actions" => actions(&site.prefix, true),
            _ => {
                let mut found = actions(&site.prefix, false);
                found.extend(self.lab.read(|lab| names(lab.cloud(), site)));
                found
            }
        }
    }
}

fn proposal(text: &str, kind: &str, detail: &str, doc: &str) -> Completion {
    Completion {
        text: text.to_owned(),
        kind: kind.to_owned(),
        detail: detail.to_owned(),
        doc: doc.to_owned(),
    }
}

fn words(words: &[&str]) -> Vec<Completion> {
    words
        .iter()
        .map(|word| proposal(word, "value", "", ""))
        .collect()
}

/// The members of the operation that is called, of all services where the receiver
/// is not known.
fn operation_members(call: &CallSite) -> Vec<Completion> {
    let service = call.receiver.as_deref().map(service_named);
    if call.argument != 0 || service == Some(None) {
        return Vec::new();
    }
    let fits = |service_of: Service| service.flatten().is_none_or(|wanted| wanted == service_of);
    let mut table = operations().iter();
    let found = table
        .find(|entry| fits(entry.spec.service) && snake_case(entry.spec.name) == call.function);
    let Some(entry) = found else {
        return Vec::new();
    };
    let schema = entry.input_schema();
    let root = schema.as_value();
    let inner = call
        .path
        .iter()
        .try_fold(root, |schema, name| properties(root, schema)?.get(name));
    let Some(schema) = inner.and_then(|schema| described(root, schema)) else {
        return Vec::new();
    };
    let required = schema.get("required").and_then(Value::as_array);
    let must = |name: &str| {
        let mut names = required.into_iter().flatten().filter_map(Value::as_str);
        names.any(|known| known == name)
    };
    let members = schema.get("properties").and_then(Value::as_object);
    let members = members.into_iter().flatten().map(|(name, member)| {
        let doc = member
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let detail = match must(name) {
            true => format!("{}, required", type_of(root, member)),
            false => type_of(root, member),
        };
        proposal(name, "member", &detail, &doc.replace('\n', " "))
    });
    let mut members: Vec<_> = members.collect();
    members.sort_by_key(|member| !member.detail.ends_with("required"));
    members
}

fn service_named(type_name: &str) -> Option<Service> {
    fn of<S: ServiceObject>() -> (&'static str, Service) {
        (S::NAME, S::SERVICE)
    }
    let all = [
        of::<Iam>(),
        of::<Sts>(),
        of::<Kms>(),
        of::<S3>(),
        of::<Glue>(),
        of::<Organizations>(),
        of::<Ec2>(),
        of::<Lambda>(),
        of::<Rds>(),
        of::<CloudTrail>(),
    ];
    let found = all.into_iter().find(|(name, _)| *name == type_name);
    found.map(|(_, service)| service)
}

fn properties<'a>(
    root: &'a Value,
    schema: &'a Value,
) -> Option<&'a serde_json::Map<String, Value>> {
    described(root, schema)?.get("properties")?.as_object()
}

/// The schema with the properties, behind references, options and lists.
fn described<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let mut schema = schema;
    for _ in 0..8 {
        if schema.get("properties").is_some() {
            return Some(schema);
        }
        schema = inside(root, schema)?;
    }
    None
}

fn inside<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return root.pointer(reference.trim_start_matches('#'));
    }
    if let Some(items) = schema.get("items") {
        return Some(items);
    }
    let choices = ["anyOf", "oneOf", "allOf"];
    let choices = choices
        .iter()
        .find_map(|name| schema.get(*name)?.as_array())?;
    let is_null = |choice: &&Value| choice.get("type").and_then(Value::as_str) == Some("null");
    choices.iter().find(|choice| !is_null(choice))
}

/// The word that scripts know a member's type by.
fn type_of(root: &Value, schema: &Value) -> String {
    let mut schema = schema;
    for _ in 0..8 {
        let named = match schema.get("type") {
            Some(Value::String(name)) => Some(name.as_str()),
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_str)
                .find(|n| *n != "null"),
            _ => None,
        };
        match (named, inside(root, schema)) {
            (Some("object"), _) => return "map".to_owned(),
            (Some("integer"), _) => return "int".to_owned(),
            (Some("boolean"), _) => return "bool".to_owned(),
            (Some("number"), _) => return "float".to_owned(),
            (Some(name), _) => return name.to_owned(),
            (None, Some(next)) => schema = next,
            (None, None) => return String::new(),
        }
    }
    String::new()
}

/// Actions that begin so; names of services as long as there is no colon, if an
/// action is what is wanted.
fn actions(prefix: &str, is_wanted: bool) -> Vec<Completion> {
    let catalogue = Catalogue::bundled();
    let Some((service, _)) = prefix.split_once(':') else {
        let services = catalogue.services().filter(|_| is_wanted);
        return services
            .map(|name| proposal(&format!("{name}:"), "action", "service", ""))
            .collect();
    };
    let known = catalogue.actions(service).into_iter().flatten();
    known
        .map(|action| {
            let resources = match action.resource_types.as_slice() {
                [] => String::new(),
                types => format!("On {}.", types.join(", ")),
            };
            proposal(&action.name, "action", &action.access_level, &resources)
        })
        .collect()
}

/// What exists in the lab, by the names and ARNs that texts hold.
fn names(cloud: &Cloud, site: &TextSite) -> Vec<Completion> {
    let mut found = Vec::new();
    let is_arn = site.prefix.starts_with("arn:");
    let receiver = site.call.as_ref().and_then(|call| call.receiver.as_deref());
    for (name, bucket) in cloud.buckets.iter().take(MOST) {
        let keys = bucket.objects.keys().take(MOST).map(String::as_str);
        match (is_arn, receiver) {
            (true, _) => {
                found.push(proposal(&bucket.arn().to_string(), "arn", "bucket", ""));
                found.push(proposal(
                    &format!("{}/*", bucket.arn()),
                    "arn",
                    "objects",
                    "",
                ));
                let arns = keys.map(|key| bucket.object_arn(key).to_string());
                found.extend(arns.map(|arn| proposal(&arn, "arn", "object", "")));
            }
            (false, Some("Bucket")) => {
                found.extend(
                    keys.map(|key| proposal(key, "name", &format!("object of {name}"), "")),
                );
            }
            (false, _) => {
                found.push(proposal(name.as_str(), "name", "bucket", ""));
                let names = keys.map(|key| format!("{name}/{key}"));
                found.extend(names.map(|name| proposal(&name, "name", "object", "")));
            }
        }
    }
    for account in cloud.accounts.values() {
        let users = account.users.values().map(|user| (&user.entity, "user"));
        let roles = account.roles.values().map(|role| (&role.entity, "role"));
        let groups = account
            .groups
            .values()
            .map(|group| (&group.entity, "group"));
        for (entity, kind) in users.chain(roles).chain(groups).take(MOST) {
            found.push(named(is_arn, &entity.name, &entity.arn.to_string(), kind));
        }
        for policy in account.policies.values().take(MOST) {
            found.push(named(
                is_arn,
                &policy.name,
                &policy.arn.to_string(),
                "policy",
            ));
        }
    }
    for key in cloud.keys.values().take(MOST).filter(|_| is_arn) {
        let label = cloud.key_label(key);
        found.push(proposal(
            &key.arn.to_string(),
            "arn",
            &format!("key {label}"),
            "",
        ));
    }
    for alias in cloud.aliases.keys().take(MOST) {
        found.push(named(
            is_arn,
            &alias.name,
            &alias.arn().to_string(),
            "alias of a key",
        ));
    }
    found
}

fn named(is_arn: bool, name: &str, arn: &str, what: &str) -> Completion {
    match is_arn {
        true => proposal(arn, "arn", what, ""),
        false => proposal(name, "name", what, ""),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::lab::{Lab, LabOptions};
    use crate::script::{Captured, Session, SessionOptions};

    fn session() -> Session {
        let objects = LabObjects::new(Lab::new(&LabOptions::default()).unwrap());
        let options = SessionOptions::new(Rc::new(Captured::default()));
        let mut session = Session::new(options.with(objects.extension()));
        let code = "let key = kms.create_key(\"payroll\"); let bucket = s3.create_bucket(\"data\");
            bucket.put(\"q1.csv\", \"x\"); iam.create_role(\"GlueRole\", #{ trust: \"glue.amazonaws.com\" });";
        session.execute("setup", code).unwrap();
        session
    }

    fn offered(session: &Session, code: &str) -> Vec<String> {
        let found = session.complete(code, code.len());
        found.items.into_iter().map(|item| item.text).collect()
    }

    #[test]
    fn members_of_operations_come_with_type_and_documentation() {
        let session = session();
        let code = "kms.create_grant(#{ Gr";
        let found = session.complete(code, code.len());
        let member = found
            .items
            .iter()
            .find(|item| item.text == "GranteePrincipal")
            .unwrap();
        assert_eq!(member.detail, "string, required");
        assert!(!member.doc.is_empty());
        let inner = offered(&session, "kms.create_grant(#{ Constraints: #{ Enc");
        assert_eq!(
            inner,
            ["EncryptionContextEquals", "EncryptionContextSubset"]
        );
        assert!(offered(&session, "kms.no_such_call(#{ ").is_empty());
        assert_eq!(
            offered(&session, "iam.create_policy(\"p\", #{ Statement: [#{ Eff"),
            ["Effect"]
        );
    }

    #[test]
    fn texts_offer_actions_and_what_the_lab_holds() {
        let session = session();
        for (code, expected) in [
            (
                "let p = #{ Statement: [#{ Action: \"s3:GetObjectT",
                "s3:GetObjectTagging",
            ),
            (
                "f(#{ Statement: [#{ Action: [\"kms:*\", \"glue:StartJ",
                "glue:StartJobRun",
            ),
            ("f(#{ Statement: [#{ Action: \"km", "kms:"),
            ("f(#{ Statement: [#{ Effect: \"De", "Deny"),
            ("s3.bucket(\"da", "data"),
            ("s3.get_object(\"data/q", "data/q1.csv"),
            ("bucket.get(\"q", "q1.csv"),
            ("iam.role(\"Gl", "GlueRole"),
            ("kms.key(\"alias/pa", "alias/payroll"),
            ("f(\"arn:aws:s3:::data/q", "arn:aws:s3:::data/q1.csv"),
        ] {
            let found = offered(&session, code);
            assert!(
                found.iter().any(|text| text == expected),
                "{code}: {found:?}"
            );
        }
        assert!(
            offered(&session, "f(\"arn:aws:iam::")
                .iter()
                .any(|a| a.ends_with("role/GlueRole"))
        );
    }
}
