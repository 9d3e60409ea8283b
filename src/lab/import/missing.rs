//! What decisions need and the folder does not hold.

use std::collections::BTreeSet;

use serde_json::Value;

use super::keys::is_without_policy;
use super::recognise::{Export, Found};
use super::{Report, of_kind};
use crate::base::Arn;
use crate::lab::Lab;
use crate::state::iam::Entity;
use crate::state::kms::KeyManager;
use crate::state::s3::DefaultEncryption;

/// Lists what is missing, each with the command that prints it.
pub(super) fn look(lab: &Lab, exports: &[Export], report: &mut Report) {
    let mut missing = BTreeSet::new();
    pages(exports, &mut missing);
    policies(lab, &mut missing);
    groups(lab, &mut missing);
    keys(lab, &mut missing);
    buckets(lab, exports, &mut missing);
    if lab.cloud().organization_of(lab.home()).is_none() {
        missing.insert(
            "service and resource control policies: if the account is in an organization, \
             `aws organizations list-policies-for-target --target-id ACCOUNT --filter \
             SERVICE_CONTROL_POLICY` and `describe-policy` for each"
                .to_owned(),
        );
    }
    report.missing.extend(missing);
}

fn pages(exports: &[Export], missing: &mut BTreeSet<String>) {
    let pages: Vec<&Export> = of_kind(exports, Found::Authorization).collect();
    let goes_on = |export: &&&Export| {
        let more = export.value.get("IsTruncated").and_then(Value::as_bool);
        let token = export.value.get("NextToken").is_some();
        more == Some(true) || (token && more.is_none())
    };
    let more: Vec<&&Export> = pages.iter().filter(goes_on).collect();
    if pages.is_empty() {
        missing.insert(
            "users, roles and their policies: `aws iam get-account-authorization-details`".into(),
        );
    } else if let Some(last) = more.last().filter(|_| more.len() == pages.len()) {
        missing.insert(format!(
            "the last page of `aws iam get-account-authorization-details`: {} says that there is \
             more (use it without `--no-paginate` and `--max-items`)",
            last.file
        ));
    }
}

fn policies(lab: &Lab, missing: &mut BTreeSet<String>) {
    let cloud = lab.cloud();
    let mut look = |entity: &Entity| {
        for arn in entity.attached.iter().chain(&entity.boundary) {
            if cloud.managed_policy(arn).is_none() {
                missing.insert(format!(
                    "policy {arn} of {}: `aws iam get-account-authorization-details` without \
                     `--filter` prints it",
                    entity.name
                ));
            }
        }
    };
    for account in cloud.accounts.values() {
        account.users.values().for_each(|user| look(&user.entity));
        account
            .groups
            .values()
            .for_each(|group| look(&group.entity));
        account.roles.values().for_each(|role| look(&role.entity));
    }
}

fn groups(lab: &Lab, missing: &mut BTreeSet<String>) {
    for account in lab.cloud().accounts.values() {
        for user in account.users.values() {
            let unknown = user.groups.iter().filter(|g| account.group(g).is_none());
            missing.extend(unknown.map(|group| {
                let name = &user.entity.name;
                format!("group {group} of user {name}: `aws iam get-account-authorization-details`")
            }));
        }
    }
}

fn keys(lab: &Lab, missing: &mut BTreeSet<String>) {
    let cloud = lab.cloud();
    for key in cloud.keys.values().filter(|key| is_without_policy(key)) {
        let label = cloud.key_label(key);
        let who = match key.manager {
            KeyManager::Aws => "the AWS managed key",
            KeyManager::Customer => "key",
        };
        missing.insert(format!(
            "the policy of {who} {label}, which admits nobody until then: `aws kms get-key-policy \
             --key-id {} > key-policy-{}.json`",
            key.id, key.id
        ));
    }
    for (alias, id) in &cloud.aliases {
        if cloud.key(id, &alias.region).is_none() && !alias.name.starts_with("alias/aws/") {
            missing.insert(format!(
                "the key of {}: `aws kms describe-key --key-id {id}`",
                alias.name
            ));
        }
    }
}

fn buckets(lab: &Lab, exports: &[Export], missing: &mut BTreeSet<String>) {
    let cloud = lab.cloud();
    let told =
        |kind, name: &str| of_kind(exports, kind).any(|export| export.words().contains(name));
    for bucket in cloud.buckets.values() {
        let name = bucket.name.as_str();
        if let DefaultEncryption::SseKms { key: Some(key), .. } = &bucket.encryption
            && let Ok(arn) = Arn::parse(key)
            && arn.resource().starts_with("key/")
            && cloud.key_by_arn(&arn).is_none()
        {
            missing.insert(format!(
                "the key of bucket {name}: `aws kms describe-key --key-id {key}` and `get-key-policy`"
            ));
        }
        if !told(Found::BucketEncryption, name) {
            missing.insert(format!(
                "the default encryption of bucket {name}, taken as SSE-S3: `aws s3api \
                 get-bucket-encryption --bucket {name} > encryption-{name}.json`"
            ));
        }
    }
}
