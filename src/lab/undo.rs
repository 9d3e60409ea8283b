//! The repair of an explicit deny.

use serde_json::{Value, json};

use super::call::Call;
use super::facade::Lab;
use super::fix::Change;
use super::proposals::{Actor, Proposal, key_of};
use crate::api::Service;
use crate::authz::{Decision, Layer};

/// Takes the denying statement out of the inline policy, key policy or bucket policy it stands in.
pub(super) fn undo_deny(lab: &Lab, call: &Call, decision: &Decision) -> Option<Proposal> {
    let denied_by = decision.denied_by.as_ref()?;
    let actor = Actor::of(lab, call)?;
    let (account, service, operation, input, document) = match decision.decisive? {
        Layer::Identity => {
            let account = lab.cloud().accounts.get(&actor.account)?;
            let (entity, operation, member) = match actor.kind() {
                "user" => (
                    &account.user(&actor.name)?.entity,
                    "PutUserPolicy",
                    "UserName",
                ),
                _ => (
                    &account.role(&actor.name)?.entity,
                    "PutRolePolicy",
                    "RoleName",
                ),
            };
            let name = denied_by.policy.split(" › ").last()?;
            let document = entity.inline.get(name)?.to_value();
            let input = json!({ member: actor.name, "PolicyName": name });
            (
                actor.account.clone(),
                Service::Iam,
                operation,
                input,
                document,
            )
        }
        Layer::Resource if decision.service() == "kms" => {
            let key = key_of(lab, decision)?;
            let input = json!({ "KeyId": key.arn });
            (
                key.account.clone(),
                Service::Kms,
                "PutKeyPolicy",
                input,
                key.policy.to_value(),
            )
        }
        Layer::Resource if decision.service() == "s3" => {
            let name = decision
                .resource
                .strip_prefix("arn:aws:s3:::")?
                .split('/')
                .next()?;
            let bucket = lab
                .cloud()
                .buckets
                .values()
                .find(|b| b.name.as_str() == name)?;
            let document = bucket.policy.as_ref()?.to_value();
            let input = json!({ "Bucket": name });
            (
                bucket.account.clone(),
                Service::S3,
                "PutBucketPolicy",
                input,
                document,
            )
        }
        _ => return None,
    };
    if on_purpose(&document, denied_by.index).is_some() {
        return None;
    }
    let reduced = without_statement(&document, denied_by.index)?;
    let member = if service == Service::Iam {
        "PolicyDocument"
    } else {
        "Policy"
    };
    let mut input = input;
    input
        .as_object_mut()?
        .insert(member.to_owned(), json!(reduced.to_string()));
    Some(Proposal {
        title: format!("remove the statement {} that denies", denied_by.label()),
        script: Vec::new(),
        changes: vec![Change::new(&account, service, operation, input)],
    })
}

/// Condition keys of a Deny that guards how calls are made, and from where: it means
/// the calls that it meets.
const GUARDS: [&str; 10] = [
    "aws:securetransport",
    "s3:tlsversion",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:principalorgid",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
];

/// The condition key by which the statement at `index` denies on purpose, if it does.
pub(super) fn on_purpose(document: &Value, index: usize) -> Option<String> {
    let statements = document.get("Statement")?;
    let statement = statements.get(index).unwrap_or(statements);
    let operators = statement.get("Condition")?.as_object()?.values();
    let mut keys = operators
        .filter_map(Value::as_object)
        .flat_map(|keys| keys.keys());
    keys.find(|key| GUARDS.contains(&key.to_ascii_lowercase().as_str()))
        .cloned()
}

/// The document without its statement at `index`; `None` if none would be left.
fn without_statement(document: &Value, index: usize) -> Option<Value> {
    let mut document = document.clone();
    let statements = document.get_mut("Statement")?.as_array_mut()?;
    if index >= statements.len() || statements.len() < 2 {
        return None;
    }
    statements.remove(index);
    Some(document)
}
