//! What a repair opens beside the call that it repairs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::call::Call;
use super::facade::Lab;
use super::fix::Repair;
use super::proposals::Actor;
use super::sentence::{caller_label, resource_label};
use crate::base::{AccessKeyId, AccountId, Arn, SecretText};
use crate::state::credential::{
    AccessKeyStatus, Credential, Credentials, Owner, Session, SessionKind,
};
use crate::state::iam::Entity;

/// A call that was denied and that a repair allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Who may make it: the user's or role's name.
    pub principal: String,
    /// `service:Operation`.
    pub action: String,
    /// What people call the resource.
    pub resource: String,
    /// Whether it is somebody else than the caller of the repaired call.
    pub by_others: bool,
    /// Whether it is about a resource that the repaired call does not use.
    pub elsewhere: bool,
}

/// How many resources and other principals of a kind are probed.
const NEIGHBOURS: usize = 6;

/// What is asked of objects, buckets, keys and roles.
const OF_OBJECTS: [&str; 3] = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];
const OF_BUCKETS: [&str; 2] = ["s3:ListBucket", "s3:PutBucketPolicy"];
const OF_KEYS: [&str; 6] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
];
const OF_ROLES: [&str; 2] = ["sts:AssumeRole", "iam:PassRole"];

/// An action on a resource.
pub(super) type Aim = (String, String);

/// A call beside the one in question, which is denied as things stand.
struct Probe {
    credentials: Credentials,
    principal: String,
    by_others: bool,
    aim: Aim,
}

/// The calls around one that are denied as things stand.
pub(super) struct Probes {
    lab: Lab,
    denied: Vec<Probe>,
}

impl Probes {
    /// The calls around `call`: the caller's with other actions and on other
    /// resources, and the same of other principals.
    pub(super) fn around(lab: &Lab, call: &Call) -> Self {
        let mut lab = lab.fork();
        let caller = Actor::of(&lab, call);
        let name = caller.as_ref().map(|actor| actor.name.clone());
        let mut callers = vec![(call.credentials.clone(), name.unwrap_or_default(), false)];
        let own = caller.map(|actor| actor.arn().clone());
        for entity in others(&lab, own.as_ref()) {
            if let Some(credentials) = speak_as(&mut lab, &entity) {
                callers.push((credentials, entity.name, true));
            }
        }
        let aims = aims(&lab, call);
        let mut denied = Vec::new();
        for (credentials, principal, by_others) in callers {
            for aim in &aims {
                if allows(&lab, &credentials, aim) == Some(false) {
                    denied.push(Probe {
                        credentials: credentials.clone(),
                        principal: principal.clone(),
                        by_others,
                        aim: aim.clone(),
                    });
                }
            }
        }
        Self { lab, denied }
    }

    /// What `repair` opens beside what `call` itself asks for: `aim`, or else what it
    /// asks for when it is made.
    pub(super) fn opened_by(&self, repair: &Repair, call: &Call, aim: Option<&Aim>) -> Vec<Opened> {
        let mut repaired = self.lab.fork();
        if repair.apply(&mut repaired).is_err() {
            return Vec::new();
        }
        let asked = match aim {
            Some(aim) => BTreeSet::from([aim.clone()]),
            None => asked(&repaired, call),
        };
        let of_call = |probe: &&Probe| !probe.by_others && asked.contains(&probe.aim);
        let probes = self.denied.iter().filter(|probe| !of_call(probe));
        let open = probes.filter(|p| allows(&repaired, &p.credentials, &p.aim) == Some(true));
        open.map(|probe| Opened {
            principal: probe.principal.clone(),
            action: probe.aim.0.clone(),
            resource: resource_label(self.lab.cloud(), &probe.aim.1),
            by_others: probe.by_others,
            elsewhere: !asked.iter().any(|aim| aim.1 == probe.aim.1),
        })
        .collect()
    }
}

/// What a call asks for that succeeds in `lab`.
fn asked(lab: &Lab, call: &Call) -> BTreeSet<Aim> {
    let decisions = call.try_in(lab).decisions;
    let aims = decisions
        .iter()
        .map(|d| (d.action.to_string(), d.resource.to_string()));
    aims.collect()
}

fn allows(lab: &Lab, credentials: &Credentials, (action, resource): &Aim) -> Option<bool> {
    let decision = lab.decide(credentials, action, resource).ok()?;
    Some(decision.is_allow())
}

/// What is probed: the objects, buckets, keys and roles of the lab, the bucket of
/// the call first.
fn aims(lab: &Lab, call: &Call) -> Vec<Aim> {
    let member = |name: &str| call.input.get(name).and_then(serde_json::Value::as_str);
    let cloud = lab.cloud();
    let mut buckets: Vec<&str> = cloud.buckets.keys().map(|name| name.as_str()).collect();
    buckets.sort_by_key(|name| Some(*name) != member("Bucket"));
    let mut aims = Vec::new();
    let mut ask = |actions: &[&str], resource: String| {
        aims.extend(
            actions
                .iter()
                .map(|action| ((*action).to_owned(), resource.clone())),
        );
    };
    for bucket in buckets.into_iter().take(NEIGHBOURS) {
        ask(&OF_BUCKETS, format!("arn:aws:s3:::{bucket}"));
        ask(&OF_OBJECTS, format!("arn:aws:s3:::{bucket}/another-object"));
        if let Some(key) = member("Key").filter(|_| member("Bucket") == Some(bucket)) {
            ask(&OF_OBJECTS, format!("arn:aws:s3:::{bucket}/{key}"));
        }
    }
    for key in cloud.keys.values().take(NEIGHBOURS) {
        ask(&OF_KEYS, key.arn.to_string());
    }
    let roles = cloud
        .accounts
        .values()
        .flat_map(|account| account.roles.values());
    for role in roles.take(NEIGHBOURS) {
        ask(&OF_ROLES, role.entity.arn.to_string());
    }
    aims
}

/// Other users and roles, the administrators left out.
fn others(lab: &Lab, own: Option<&Arn>) -> Vec<Entity> {
    let accounts = lab.cloud().accounts.values();
    let entities = accounts.flat_map(|account| {
        let users = account.users.values().map(|user| &user.entity);
        users.chain(account.roles.values().map(|role| &role.entity))
    });
    let is_administrator = |entity: &Entity| {
        let account = AccountId::parse(entity.arn.account());
        let is_user = entity.arn.resource_type() == "user";
        account.is_ok_and(|account| is_user && lab.is_administrator(&account, &entity.name))
    };
    let others = entities.filter(|e| !is_administrator(e) && Some(&e.arn) != own);
    others.take(NEIGHBOURS).cloned().collect()
}

/// Credentials with which a user or role speaks in a fork; nobody else gets them.
fn speak_as(lab: &mut Lab, entity: &Entity) -> Option<Credentials> {
    let now = lab.now();
    let account = crate::base::AccountId::parse(entity.arn.account()).ok()?;
    let (cloud, effects) = lab.parts();
    let owner = match entity.arn.resource_type() {
        "user" => Owner::User {
            account,
            name: entity.name.clone(),
            id: entity.id.clone(),
        },
        _ => Owner::Session(Arc::new(Session {
            kind: SessionKind::Role {
                role: entity.arn.clone(),
                role_id: entity.id.clone(),
                name: "probe".to_owned(),
                arn: Arn::of(
                    "sts",
                    "",
                    account.as_str(),
                    &format!("assumed-role/{}/probe", entity.name),
                ),
            },
            issued: now,
            mfa: false,
            policies: None,
            tags: BTreeMap::new(),
            transitive_tag_keys: BTreeSet::new(),
            source_identity: None,
            web_identity: None,
            service: None,
        })),
    };
    let credentials = Credentials {
        access_key_id: AccessKeyId::fresh("AKIA", &mut effects.entropy),
        secret_access_key: SecretText::new(effects.entropy.text(40, b"abcdefghijklmnopqrstuvwxyz")),
        session_token: None,
    };
    let known = Credential {
        secret: credentials.secret_access_key.clone(),
        token: None,
        owner,
        status: AccessKeyStatus::Active,
        created: now,
        expires: None,
    };
    cloud
        .credentials
        .insert_mut(credentials.access_key_id.clone(), known);
    Some(credentials)
}

/// `Intern may kms:Decrypt on alias/payroll`.
impl std::fmt::Display for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = caller_label(&self.principal);
        write!(f, "{who} may {} on {}", self.action, self.resource)
    }
}
