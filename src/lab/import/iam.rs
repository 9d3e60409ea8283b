//! Users, groups, roles and managed policies.

use std::collections::BTreeMap;

use serde_json::Value;

use super::documents::{account_in, bound, instant, list, member, policy};
use super::recognise::{Export, Found, entries};
use super::{Report, of_kind};
use crate::base::{Arn, Timestamp, UniqueId};
use crate::lab::Lab;
use crate::policy::{Policy, PolicyKind};
use crate::state::Cloud;
use crate::state::iam::{
    Account, Entity, Group, InstanceProfile, ManagedPolicy, PolicyVersion, Role, User, folded,
};

/// What to do about an entry that does not fit.
const AGAIN: &str = "print it again with `aws iam get-account-authorization-details`";

/// Puts everything that `get-account-authorization-details` tells into the cloud.
pub(super) fn load(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    let now = lab.now();
    for export in of_kind(exports, Found::Authorization) {
        let lists: [(&str, &str, Loader); 4] = [
            ("Policies", "managed policies", put_policy),
            ("GroupDetailList", "groups", put_group),
            ("UserDetailList", "users", put_user),
            ("RoleDetailList", "roles", put_role),
        ];
        for (name, noun, put) in lists {
            for (place, entry) in entries(&export.value, name) {
                let mut faults = Vec::new();
                match put(lab.cloud_mut(), entry, now, &mut faults) {
                    Ok(()) => report.count(noun, 1),
                    Err(what) => faults.push(what),
                }
                for what in faults {
                    report.problem(&export.file, place.clone(), what, AGAIN);
                }
            }
        }
    }
}

type Loader = fn(&mut Cloud, &Value, Timestamp, &mut Vec<String>) -> Result<(), String>;

/// Ties trust policies, key policies and bucket policies to the entities that they name.
pub(super) fn bind(lab: &mut Lab) {
    let cloud = lab.cloud_mut();
    let known = cloud.clone();
    for id in known.accounts.keys() {
        let Some(account) = cloud.accounts.get_mut(id) else {
            continue;
        };
        for (name, role) in known.accounts.get(id).iter().flat_map(|a| &a.roles) {
            if let Some(own) = account.roles.get_mut(name) {
                own.trust = bound(&known, &role.trust);
            }
        }
    }
    for (place, key) in &known.keys {
        if let Some(own) = cloud.keys.get_mut(place) {
            own.policy = bound(&known, &key.policy);
        }
    }
    for (name, bucket) in &known.buckets {
        if let (Some(own), Some(policy)) = (cloud.buckets.get_mut(name), &bucket.policy) {
            own.policy = Some(bound(&known, policy));
        }
    }
}

/// The account of an ARN, opened if it is new.
fn account<'c>(cloud: &'c mut Cloud, arn: &str) -> Result<&'c mut Account, String> {
    let id = account_in(arn).ok_or_else(|| format!("`{arn}` names no account"))?;
    if cloud.accounts.get(&id).is_none() {
        cloud
            .accounts
            .insert_mut(id.clone(), Account::new(id.clone()));
    }
    cloud
        .accounts
        .get_mut(&id)
        .ok_or_else(|| "no account".to_owned())
}

fn needed<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    member(value, name).ok_or_else(|| format!("the member `{name}` is missing"))
}

fn entity(
    value: &Value,
    title: &str,
    now: Timestamp,
    faults: &mut Vec<String>,
) -> Result<Entity, String> {
    let name = needed(value, &format!("{title}Name"))?;
    let id = needed(value, &format!("{title}Id"))?;
    let arn = Arn::parse(needed(value, "Arn")?).map_err(|e| e.to_string())?;
    let mut inline = BTreeMap::new();
    for own in list(value, &format!("{title}PolicyList")) {
        let label = member(own, "PolicyName").unwrap_or("policy");
        match own
            .get("PolicyDocument")
            .map(|d| policy(PolicyKind::Inline, d))
        {
            Some(Ok(document)) => {
                inline.insert(label.to_owned(), document);
            }
            Some(Err(why)) => faults.push(format!("policy `{label}` of {name}: {why}")),
            None => faults.push(format!("policy `{label}` of {name} has no PolicyDocument")),
        }
    }
    let attached = list(value, "AttachedManagedPolicies").iter();
    let attached = attached.filter_map(|p| Arn::parse(member(p, "PolicyArn")?).ok());
    let boundary = value.get("PermissionsBoundary");
    let boundary = boundary.and_then(|b| member(b, "PermissionsBoundaryArn"));
    let tags = list(value, "Tags").iter();
    let tags = tags.filter_map(|t| Some((member(t, "Key")?.into(), member(t, "Value")?.into())));
    Ok(Entity {
        name: name.to_owned(),
        path: member(value, "Path").unwrap_or("/").to_owned(),
        arn,
        id: UniqueId::parse(id).map_err(|e| e.to_string())?,
        created: instant(value.get("CreateDate"), now),
        inline,
        attached: attached.collect(),
        boundary: boundary.and_then(|arn| Arn::parse(arn).ok()),
        tags: tags.collect(),
    })
}

fn put_user(
    cloud: &mut Cloud,
    value: &Value,
    now: Timestamp,
    faults: &mut Vec<String>,
) -> Result<(), String> {
    let entity = entity(value, "User", now, faults)?;
    let groups = list(value, "GroupList").iter();
    let groups = groups.filter_map(Value::as_str).map(folded).collect();
    let key = folded(&entity.name);
    let account = account(cloud, entity.arn.as_str())?;
    let user = User {
        entity,
        groups,
        access_keys: Vec::new(),
    };
    account.users.insert_mut(key, user);
    Ok(())
}

fn put_group(
    cloud: &mut Cloud,
    value: &Value,
    now: Timestamp,
    faults: &mut Vec<String>,
) -> Result<(), String> {
    let entity = entity(value, "Group", now, faults)?;
    let key = folded(&entity.name);
    account(cloud, entity.arn.as_str())?
        .groups
        .insert_mut(key, Group { entity });
    Ok(())
}

fn put_role(
    cloud: &mut Cloud,
    value: &Value,
    now: Timestamp,
    faults: &mut Vec<String>,
) -> Result<(), String> {
    let entity = entity(value, "Role", now, faults)?;
    let trust = value.get("AssumeRolePolicyDocument");
    let trust = trust.ok_or("the member `AssumeRolePolicyDocument` is missing")?;
    let trust = policy(PolicyKind::Trust, trust)
        .map_err(|why| format!("trust policy of {}: {why}", entity.name))?;
    let longest = value.get("MaxSessionDuration").and_then(Value::as_u64);
    let key = folded(&entity.name);
    let account = account(cloud, entity.arn.as_str())?;
    for profile in list(value, "InstanceProfileList") {
        if let Some(profile) = profile_of(profile, &key, now) {
            let name = folded(&profile.entity.name);
            account.instance_profiles.insert_mut(name, profile);
        }
    }
    let role = Role {
        entity,
        trust,
        max_session_seconds: longest.and_then(|s| u32::try_from(s).ok()).unwrap_or(3600),
        description: member(value, "Description").map(str::to_owned),
    };
    account.roles.insert_mut(key, role);
    Ok(())
}

fn profile_of(value: &Value, role: &str, now: Timestamp) -> Option<InstanceProfile> {
    let entity = entity(value, "InstanceProfile", now, &mut Vec::new()).ok()?;
    Some(InstanceProfile {
        entity,
        role: Some(role.to_owned()),
    })
}

fn put_policy(
    cloud: &mut Cloud,
    value: &Value,
    now: Timestamp,
    faults: &mut Vec<String>,
) -> Result<(), String> {
    let name = needed(value, "PolicyName")?;
    let arn = Arn::parse(needed(value, "Arn")?).map_err(|e| e.to_string())?;
    let default = version(needed(value, "DefaultVersionId")?);
    let mut versions = BTreeMap::new();
    for own in list(value, "PolicyVersionList") {
        let number = version(member(own, "VersionId").unwrap_or_default());
        match own.get("Document").map(|d| policy(PolicyKind::Managed, d)) {
            Some(Ok(document)) => {
                let created = instant(own.get("CreateDate"), now);
                versions.insert(number, PolicyVersion { document, created });
            }
            Some(Err(why)) => faults.push(format!("version v{number} of {name}: {why}")),
            None => faults.push(format!("version v{number} of {name} has no Document")),
        }
    }
    let in_force = versions.get(&default).map(|v| v.document.clone());
    let in_force: Policy =
        in_force.ok_or_else(|| format!("the default version v{default} of {name} is missing"))?;
    if arn.account() == "aws" {
        cloud.aws_policies.insert_mut(arn.to_string(), in_force);
        return Ok(());
    }
    let policy = ManagedPolicy {
        name: name.to_owned(),
        path: member(value, "Path").unwrap_or("/").to_owned(),
        id: UniqueId::parse(needed(value, "PolicyId")?).map_err(|e| e.to_string())?,
        created: instant(value.get("CreateDate"), now),
        default_version: default,
        next_version: versions
            .keys()
            .max()
            .copied()
            .unwrap_or(default)
            .saturating_add(1),
        versions,
        description: member(value, "Description").map(str::to_owned),
        arn: arn.clone(),
    };
    let key = folded(name);
    account(cloud, arn.as_str())?
        .policies
        .insert_mut(key, policy);
    Ok(())
}

/// The number in `v3`.
fn version(text: &str) -> u32 {
    text.trim_start_matches('v').parse().unwrap_or(1)
}
