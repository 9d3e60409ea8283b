//! What might repair a failed call; `fix` tries each.

use serde_json::json;

use super::call::Call;
use super::facade::Lab;
use super::fix::Change;
use super::undo::undo_deny;
use crate::api::{ApiError, Service};
use crate::authz::{Decision, Layer, Verdict};
use crate::base::{AccountId, Arn};
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::state::credential::{Federator, Owner, SessionKind};
use crate::state::kms::{Key, KeyState};

/// A set of changes that might help.
pub(super) struct Proposal {
    pub(super) title: String,
    pub(super) script: Vec<String>,
    pub(super) changes: Vec<Change>,
}

impl Proposal {
    fn one(title: String, script: String, change: Change) -> Self {
        Self {
            title,
            script: vec![script],
            changes: vec![change],
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.title = format!("{}; {}", self.title, other.title);
        self.script.extend(other.script);
        self.changes.extend(other.changes);
        self
    }
}

/// The user or role whose policies speak for the caller.
pub(super) struct Actor {
    pub(super) account: AccountId,
    arn: Arn,
    pub(super) name: String,
}

impl Actor {
    /// The ARN of the user or role.
    pub(super) fn arn(&self) -> &Arn {
        &self.arn
    }

    pub(super) fn of(lab: &Lab, call: &Call) -> Option<Self> {
        let known = lab
            .cloud()
            .credentials
            .get(&call.credentials.access_key_id)?;
        let user = |account: &AccountId, name: &str| {
            let account = lab.cloud().accounts.get(account)?;
            Some(account.user(name)?.entity.arn.clone())
        };
        let arn = match &known.owner {
            Owner::Root(_) | Owner::Anonymous | Owner::WebIdentity(_) => return None,
            Owner::User { account, name, .. } => user(account, name)?,
            Owner::Session(session) => match &session.kind {
                SessionKind::Root(_) => return None,
                SessionKind::Role { role, .. } => role.clone(),
                SessionKind::User { account, name, .. } => user(account, name)?,
                SessionKind::Infrastructure { arn, .. } => arn.clone(),
                SessionKind::Federated {
                    account, federator, ..
                } => match federator {
                    Federator::Root => return None,
                    Federator::User { name, .. } => user(account, name)?,
                },
            },
        };
        let account = AccountId::parse(arn.account()).ok()?;
        Some(Self {
            account,
            name: arn.base_name().to_owned(),
            arn,
        })
    }

    pub(super) fn kind(&self) -> &str {
        self.arn.resource_type()
    }

    /// How a script names it.
    fn expression(&self, lab: &Lab) -> String {
        let own = format!("iam.{}(\"{}\")", self.kind(), self.name);
        in_account(lab, &self.account, own)
    }
}

/// How a script says `expression`, which stands for something of `account`.
fn in_account(lab: &Lab, account: &AccountId, expression: String) -> String {
    if lab.home() == account {
        return expression;
    }
    format!("lab.account(\"{account}\").{expression}")
}

/// What might repair `call`, which failed with `error`; the smallest first.
pub(super) fn proposals_for(lab: &Lab, call: &Call, error: &ApiError) -> Vec<Proposal> {
    if let Some(decision) = &error.decision {
        return match decision.verdict {
            Verdict::ExplicitDeny => undo_deny(lab, call, decision).into_iter().collect(),
            _ => grant_access(lab, call, decision),
        };
    }
    let code = error.code.strip_prefix("KMS.").unwrap_or(&error.code);
    match code {
        "DisabledException" => key_in(lab, &error.message)
            .map(|key| enable(lab, key))
            .into_iter()
            .collect(),
        "KMSInvalidStateException" => key_in(lab, &error.message)
            .map(|key| revive(lab, key))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// Each way to supply what no policy gives yet.
fn grant_access(lab: &Lab, call: &Call, decision: &Decision) -> Vec<Proposal> {
    let Some(actor) = Actor::of(lab, call) else {
        return Vec::new();
    };
    let mut proposals = Vec::new();
    let supply = |layer: &Layer| match layer {
        Layer::Identity => Some(identity_statement(lab, &actor, decision)),
        Layer::Resource => resource_statement(lab, &actor, decision),
        _ => None,
    };
    let parts: Option<Vec<Proposal>> = decision.missing.iter().map(supply).collect();
    if let Some(whole) = parts.and_then(|parts| parts.into_iter().reduce(Proposal::and)) {
        proposals.push(whole);
    }
    proposals.extend(key_grant(lab, &actor, decision));
    proposals
}

/// Adds an Allow to the caller's own inline policy `Repair`.
fn identity_statement(lab: &Lab, actor: &Actor, decision: &Decision) -> Proposal {
    const NAME: &str = "Repair";
    let account = lab.cloud().accounts.get(&actor.account);
    let existing = account.and_then(|account| match actor.kind() {
        "user" => account.user(&actor.name).map(|u| &u.entity),
        _ => account.role(&actor.name).map(|r| &r.entity),
    });
    let document = existing
        .and_then(|e| e.inline.get(NAME))
        .map(|policy| policy.to_value());
    let statement = StatementDraft::allow()
        .action(&*decision.action)
        .resource(&*decision.resource)
        .to_value();
    let document = edit::with_statement(document.as_ref(), statement).to_string();
    let (operation, member) = match actor.kind() {
        "user" => ("PutUserPolicy", "UserName"),
        _ => ("PutRolePolicy", "RoleName"),
    };
    let input = json!({ member: actor.name, "PolicyName": NAME, "PolicyDocument": document });
    let resource = resource_expression(lab, &decision.resource);
    Proposal::one(
        format!(
            "allow {} in an identity policy of {}",
            decision.action, actor.name
        ),
        format!(
            "{}.allow(\"{}\", {resource})",
            actor.expression(lab),
            decision.action
        ),
        Change::new(&actor.account, Service::Iam, operation, input),
    )
}

/// Adds the caller to the resource's own policy.
fn resource_statement(lab: &Lab, actor: &Actor, decision: &Decision) -> Option<Proposal> {
    match decision.service() {
        "kms" => key_statement(lab, actor, decision),
        "s3" => bucket_statement(lab, actor, decision),
        "sts" => trust_statement(lab, actor, decision),
        _ => None,
    }
}

fn key_statement(lab: &Lab, actor: &Actor, decision: &Decision) -> Option<Proposal> {
    let key = key_of(lab, decision)?;
    let policy = key.policy.to_value();
    let statement = StatementDraft::allow()
        .sid(edit::free_sid(
            &policy,
            &format!("Trust{}", letters(&actor.name)),
        ))
        .principal(PrincipalLabel::Aws, actor.arn.as_str())
        .actions([
            "kms:Decrypt",
            "kms:GenerateDataKey*",
            "kms:Encrypt",
            "kms:ReEncrypt*",
            "kms:DescribeKey",
        ])
        .resource("*")
        .to_value();
    let policy = edit::with_statement(Some(&policy), statement).to_string();
    let input = json!({ "KeyId": key.arn, "Policy": policy });
    let label = lab.cloud().key_label(key);
    Some(Proposal::one(
        format!(
            "one statement in the key policy of {label} that trusts {}",
            actor.name
        ),
        format!(
            "{}.trust({})",
            key_expression(lab, key),
            actor.expression(lab)
        ),
        Change::new(&key.account, Service::Kms, "PutKeyPolicy", input),
    ))
}

fn bucket_statement(lab: &Lab, actor: &Actor, decision: &Decision) -> Option<Proposal> {
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
    let statement = StatementDraft::allow()
        .principal(PrincipalLabel::Aws, actor.arn.as_str())
        .action(&*decision.action)
        .resource(&*decision.resource)
        .to_value();
    let document = bucket.policy.as_ref().map(|policy| policy.to_value());
    let policy = edit::with_statement(document.as_ref(), statement).to_string();
    let input = json!({ "Bucket": name, "Policy": policy });
    Some(Proposal::one(
        format!(
            "one statement in the bucket policy of {name} for {}",
            actor.name
        ),
        format!(
            "{}.allow({}, \"{}\")",
            in_account(lab, &bucket.account, format!("s3.bucket(\"{name}\")")),
            actor.expression(lab),
            decision.action
        ),
        Change::new(&bucket.account, Service::S3, "PutBucketPolicy", input),
    ))
}

fn trust_statement(lab: &Lab, actor: &Actor, decision: &Decision) -> Option<Proposal> {
    let arn = Arn::parse(&decision.resource).ok()?;
    let account = lab.cloud().account_of(&arn)?;
    let role = account.role(arn.base_name())?;
    let statement = StatementDraft::allow()
        .principal(PrincipalLabel::Aws, actor.arn.as_str())
        .action(&*decision.action)
        .to_value();
    let policy = edit::with_statement(Some(&role.trust.to_value()), statement).to_string();
    let input = json!({ "RoleName": role.entity.name, "PolicyDocument": policy });
    let trusting = format!("iam.role(\"{}\")", role.entity.name);
    let trusting = in_account(lab, &account.id, trusting);
    Some(Proposal::one(
        format!(
            "one statement in the trust policy of {} for {}",
            role.entity.name, actor.name
        ),
        format!("{trusting}.trust({})", actor.expression(lab)),
        Change::new(&account.id, Service::Iam, "UpdateAssumeRolePolicy", input),
    ))
}

/// A grant stands in for key policy and IAM together.
fn key_grant(lab: &Lab, actor: &Actor, decision: &Decision) -> Option<Proposal> {
    let operation = decision.action.strip_prefix("kms:")?;
    let operation: crate::authz::GrantOperation = operation.parse().ok()?;
    let key = key_of(lab, decision)?;
    let input = json!({
        "KeyId": key.arn, "GranteePrincipal": actor.arn, "Operations": [operation],
    });
    let label = lab.cloud().key_label(key);
    Some(Proposal::one(
        format!(
            "a grant of {operation} on {label} to {}: temporary, can be revoked",
            actor.name
        ),
        format!(
            "{}.grant({}, [\"{operation}\"])",
            key_expression(lab, key),
            actor.expression(lab)
        ),
        Change::new(&key.account, Service::Kms, "CreateGrant", input),
    ))
}

fn enable(lab: &Lab, key: &Key) -> Proposal {
    Proposal::one(
        format!("enable the key {}", key.id),
        in_account(
            lab,
            &key.account,
            format!("kms.key(\"{}\").enable()", key.id),
        ),
        Change::new(
            &key.account,
            Service::Kms,
            "EnableKey",
            json!({ "KeyId": key.arn }),
        ),
    )
}

fn revive(lab: &Lab, key: &Key) -> Proposal {
    let cancel = Proposal::one(
        format!("cancel the deletion of the key {}", key.id),
        in_account(
            lab,
            &key.account,
            format!("kms.key(\"{}\").cancel_deletion()", key.id),
        ),
        Change::new(
            &key.account,
            Service::Kms,
            "CancelKeyDeletion",
            json!({ "KeyId": key.arn }),
        ),
    );
    if matches!(
        key.state,
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion
    ) {
        cancel.and(enable(lab, key))
    } else {
        cancel
    }
}

/// The key whose ARN begins an error's text.
fn key_in<'a>(lab: &'a Lab, message: &str) -> Option<&'a Key> {
    let arn = Arn::parse(message.split_whitespace().next()?).ok()?;
    lab.cloud().key_by_arn(&arn)
}

pub(super) fn key_of<'a>(lab: &'a Lab, decision: &Decision) -> Option<&'a Key> {
    lab.cloud()
        .key_by_arn(&Arn::parse(&decision.resource).ok()?)
}

fn resource_expression(lab: &Lab, resource: &str) -> String {
    let key = Arn::parse(resource)
        .ok()
        .and_then(|arn| lab.cloud().key_by_arn(&arn));
    match key {
        Some(key) => key_expression(lab, key),
        None => format!("\"{resource}\""),
    }
}

fn key_expression(lab: &Lab, key: &Key) -> String {
    let own = format!("kms.key(\"{}\")", lab.cloud().key_label(key));
    in_account(lab, &key.account, own)
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}
