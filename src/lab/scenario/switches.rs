//! Switches that most scenarios want, ready-made.

use serde_json::{Value, json};

use super::switch::Switch;
use crate::api::{ApiError, Service};
use crate::authz::Model;
use crate::base::{AccountId, Arn};
use crate::lab::{Change, Lab};
use crate::policy::{StatementDraft, edit};

impl Switch {
    /// Whether the inline policies of a user or role allow `action`. Off takes the
    /// action out of them; one that a wildcard gives stays.
    pub fn permission(principal: &Arn, action: &str) -> Self {
        let (principal, wanted) = (principal.clone(), action.to_owned());
        Self::new(action, move |lab| {
            without_permission(lab, &principal, &wanted)
        })
    }

    /// Whether a user or role is free of a Deny of `action`. Off adds one.
    pub fn no_deny(principal: &Arn, action: &str) -> Self {
        let (principal, wanted) = (principal.clone(), action.to_owned());
        Self::new(format!("no Deny of {action}"), move |lab| {
            let deny = StatementDraft::deny().action(&*wanted).resource("*");
            put_inline(
                lab,
                &principal,
                &format!("Deny-{}", wanted.replace(':', "-")),
                &edit::with_statement(None, deny.to_value()),
            )
        })
    }

    /// Whether the permissions boundary of a user or role, if it has one, allows
    /// `action`. Off sets one that allows everything else.
    pub fn boundary(principal: &Arn, action: &str) -> Self {
        let (principal, wanted) = (principal.clone(), action.to_owned());
        Self::new(format!("boundary lets {action}"), move |lab| {
            let account = account_of(&principal)?;
            let policy = json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "NotAction": wanted, "Resource": "*" },
            ] });
            let input = json!({ "PolicyName": format!("Without-{}", wanted.replace(':', "-")), "PolicyDocument": policy.to_string() });
            let made = lab.call_as_admin(&account, Service::Iam, "CreatePolicy", input)?;
            let arn = made.pointer("/Policy/Arn").cloned().unwrap_or_default();
            let kind = kind_of(&principal);
            let input =
                json!({ format!("{kind}Name"): principal.base_name(), "PermissionsBoundary": arn });
            let operation = format!("Put{kind}PermissionsBoundary");
            lab.call_as_admin(&account, Service::Iam, &operation, input)
                .map(drop)
        })
    }

    /// Whether the key policy names a user or role. Off takes it out.
    pub fn trust(key: &Arn, principal: &Arn) -> Self {
        let (key, principal) = (key.clone(), principal.clone());
        Self::new("key policy", move |lab| {
            let Some(found) = lab.cloud().key_by_arn(&key) else {
                return Err(gone(Service::Kms, key.as_str()));
            };
            let (account, policy) = (found.account.clone(), found.policy.to_value());
            let policy = without_principal(&policy, principal.as_str());
            let input = json!({ "KeyId": key, "Policy": policy.to_string() });
            lab.call_as_admin(&account, Service::Kms, "PutKeyPolicy", input)
                .map(drop)
        })
    }

    /// Whether a grant is in force. Off revokes it.
    pub fn grant(key: &Arn, grant: &str) -> Self {
        let (key, grant) = (key.clone(), grant.to_owned());
        Self::new("grant", move |lab| {
            let input = json!({ "KeyId": key, "GrantId": grant });
            lab.call_as_admin(&account_of(&key)?, Service::Kms, "RevokeGrant", input)
                .map(drop)
        })
    }

    /// The state of a key: `enabled`, `disabled` or `pending deletion`.
    pub fn key_state(key: &Arn) -> Self {
        let call = |operation: &'static str| {
            let key = key.clone();
            move |lab: &mut Lab| {
                let input = json!({ "KeyId": key });
                lab.call_as_admin(&account_of(&key)?, Service::Kms, operation, input)
                    .map(drop)
            }
        };
        Self::choice("key state", "enabled")
            .state("disabled", call("DisableKey"))
            .state("pending deletion", call("ScheduleKeyDeletion"))
    }

    /// Whether an object exists. Off deletes it.
    pub fn object(bucket: &str, key: &str) -> Self {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        Self::new("object", move |lab| {
            let owner = lab
                .cloud()
                .buckets
                .get(bucket.as_str())
                .map(|b| b.account.clone());
            let owner = owner.ok_or_else(|| gone(Service::S3, &bucket))?;
            let input = json!({ "Bucket": bucket, "Key": key });
            lab.call_as_admin(&owner, Service::S3, "DeleteObject", input)
                .map(drop)
        })
    }

    /// Whether sessions are fresh. Off lets `seconds` go by.
    pub fn session(seconds: i64) -> Self {
        Self::choice("session", "fresh").state("expired", move |lab| {
            let error = |text: String| ApiError::validation(Service::Sts, text);
            lab.advance(seconds).map(drop).map_err(error)
        })
    }

    /// The model that decides, in a lab that was built under `built`.
    pub fn model(built: Model) -> Self {
        let other = match built {
            Model::Exam => Model::Aws,
            Model::Aws => Model::Exam,
        };
        Self::choice("model", built.to_string()).state(other.to_string(), move |lab| {
            lab.set_model(other);
            Ok(())
        })
    }

    /// Any changes, made by the administrators of their accounts.
    pub fn changes(name: impl Into<String>, changes: Vec<Change>) -> Self {
        Self::new(name, move |lab| {
            changes.iter().try_for_each(|change| change.make(lab))
        })
    }
}

fn gone(service: Service, what: &str) -> ApiError {
    ApiError::validation(service, format!("{what} does not exist in this lab"))
}

fn account_of(arn: &Arn) -> Result<AccountId, ApiError> {
    AccountId::parse(arn.account())
        .map_err(|error| ApiError::validation(Service::Iam, error.to_string()))
}

/// `User` or `Role`, as IAM's operations are named.
fn kind_of(principal: &Arn) -> &'static str {
    match principal.resource_type() {
        "user" => "User",
        _ => "Role",
    }
}

fn put_inline(
    lab: &mut Lab,
    principal: &Arn,
    name: &str,
    document: &Value,
) -> Result<(), ApiError> {
    let kind = kind_of(principal);
    let input = json!({
        format!("{kind}Name"): principal.base_name(), "PolicyName": name,
        "PolicyDocument": document.to_string(),
    });
    let account = account_of(principal)?;
    lab.call_as_admin(&account, Service::Iam, &format!("Put{kind}Policy"), input)
        .map(drop)
}

fn without_permission(lab: &mut Lab, principal: &Arn, action: &str) -> Result<(), ApiError> {
    let account = account_of(principal)?;
    let kind = kind_of(principal);
    let known = lab.cloud().accounts.get(&account);
    let entity = known.and_then(|known| match kind {
        "User" => known.user(principal.base_name()).map(|user| &user.entity),
        _ => known.role(principal.base_name()).map(|role| &role.entity),
    });
    let entity = entity.ok_or_else(|| gone(Service::Iam, principal.as_str()))?;
    let reduced: Vec<(String, edit::Reduced)> = entity
        .inline
        .iter()
        .map(|(name, policy)| {
            (
                name.clone(),
                edit::without_action(&policy.to_value(), action),
            )
        })
        .filter(|(_, reduced)| reduced.changed > 0)
        .collect();
    if reduced.is_empty() {
        let text = format!(
            "no inline policy of {} names {action}",
            principal.base_name()
        );
        return Err(ApiError::validation(Service::Iam, text));
    }
    for (name, reduced) in reduced {
        match reduced.document {
            Some(document) => put_inline(lab, principal, &name, &document)?,
            None => {
                let input =
                    json!({ format!("{kind}Name"): principal.base_name(), "PolicyName": name });
                lab.call_as_admin(
                    &account,
                    Service::Iam,
                    &format!("Delete{kind}Policy"),
                    input,
                )?;
            }
        }
    }
    Ok(())
}

/// The document without a principal of its Allows; a statement that names nobody else goes.
fn without_principal(document: &Value, principal: &str) -> Value {
    let mut document = document.clone();
    let statements = document.get_mut("Statement").and_then(Value::as_array_mut);
    let names = |value: &Value| value.as_str() == Some(principal);
    if let Some(statements) = statements {
        statements.retain_mut(|statement| {
            let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
            match statement.pointer_mut("/Principal/AWS").filter(|_| allows) {
                Some(Value::Array(list)) => {
                    list.retain(|entry| !names(entry));
                    !list.is_empty()
                }
                Some(one) => !names(one),
                None => true,
            }
        });
    }
    document
}
