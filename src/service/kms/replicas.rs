//! The keys of a multi-Region key: replicating one, and changing the primary.
//!
//! Related keys share id, material, spec, usage, origin and rotation; policy,
//! grants, aliases, tags, description and state are each key's own. Source: KMS
//! Developer Guide, "Multi-Region keys in AWS KMS".

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::key_policy::{bound_policy, check_lockout};
use super::keys::check_description;
use super::life::Nothing;
use super::metadata::KeyMetadata;
use super::tags::{Tag, check_tags, making_with};
use super::{error, reference, settled, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Region};
use crate::crypto::BackingKey;
use crate::crypto::key_spec::{AwsName as _, Origin};
use crate::policy::Policy;
use crate::service::principals::shown;
use crate::state::Map;
use crate::state::kms::{Key, KeyPlace, KeyState, Material, MultiRegionKeyType};

/// The error for what only a primary key can do.
pub(super) fn not_primary(key: &Key) -> ApiError {
    let text = format!("{} is not a multi-region primary key.", key.arn);
    error("UnsupportedOperationException", text)
}

fn primary(key: &Key) -> Result<(), ApiError> {
    match key.multi_region {
        Some(MultiRegionKeyType::Primary) => Ok(()),
        Some(MultiRegionKeyType::Replica) | None => Err(not_primary(key)),
    }
}

/// A Region of the partition that the lab is in.
fn region(member: &str, text: &str) -> Result<Region, ApiError> {
    let elsewhere = text.starts_with("cn-") || text.starts_with("us-gov-");
    let region = Region::parse(text).ok().filter(|_| !elsewhere);
    region.ok_or_else(|| {
        let text = format!("`{text}` as {member} is not a Region of the partition aws");
        ApiError::validation(Service::Kms, text)
    })
}

/// Makes a replica of a multi-Region primary key in another Region. It is called
/// in the primary key's Region, and needs `kms:ReplicateKey` on that key and
/// `kms:CreateKey`, with tags `kms:TagResource` too, in the other Region.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReplicateKey {
    /// The primary key: an id or a key ARN.
    pub key_id: String,
    /// The Region of the replica.
    pub replica_region: String,
    /// The replica's key policy, as JSON text; without it the default key policy.
    #[serde(default)]
    pub policy: Option<String>,
    /// Skips the check that the caller can still change the replica's key policy.
    #[serde(default)]
    pub bypass_policy_lockout_safety_check: bool,
    /// The replica's description, up to 8192 characters.
    #[serde(default)]
    pub description: String,
    /// The replica's tags, at most 50.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// The answer of `ReplicateKey`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Replicated {
    /// The replica, which is still being made.
    pub replica_key_metadata: KeyMetadata,
    /// Its key policy, as JSON text.
    pub replica_policy: String,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replica_tags: Vec<Tag>,
}

impl ReplicateKey {
    fn region(&self) -> Result<Region, ApiError> {
        region("ReplicaRegion", &self.replica_region)
    }

    /// What is asked for in the Region of the replica.
    fn creation(&self, view: &View<'_>, key: &Key) -> Vec<AccessRequest> {
        let mut target = Target::any();
        target.owner = Some(view.caller.account.clone());
        let bypass = self.bypass_policy_lockout_safety_check;
        let request = AccessRequest::new("kms:CreateKey", target)
            .with("aws:RequestedRegion", &*self.replica_region)
            .with("kms:KeySpec", key.spec.as_str())
            .with("kms:KeyUsage", key.usage.as_str())
            .with("kms:KeyOrigin", key.origin.as_str())
            .with("kms:MultiRegion", "true")
            .with("kms:MultiRegionKeyType", "REPLICA")
            .with("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string());
        let (account, region) = (&view.caller.account, &*self.replica_region);
        making_with(request, account, region, &self.tags)
    }

    fn replica(self, cx: &mut Context<'_>, key: &Key, region: Region, policy: Policy) -> Key {
        let now = cx.now();
        let external = key.origin == Origin::EXTERNAL;
        let resource = format!("key/{}", key.id);
        let shared = |material: &Material| Material {
            secret: material.secret.clone().filter(|_| !external),
            valid_to: None,
            ..material.clone()
        };
        let tags = self.tags.into_iter().map(|t| (t.tag_key, t.tag_value));
        Key {
            arn: Arn::of("kms", region.as_str(), key.account.as_str(), &resource),
            region,
            description: self.description,
            state: KeyState::Creating,
            created: now,
            settles: Some(now.plus_seconds(cx.cloud.replication_seconds)),
            policy,
            multi_region: Some(MultiRegionKeyType::Replica),
            materials: key.materials.iter().map(shared).collect(),
            token_key: external.then(|| Arc::new(BackingKey::generate(&mut cx.effects.entropy))),
            grants: Map::new_sync(),
            tags: tags.collect(),
            ..key.clone()
        }
    }
}

impl Operation for ReplicateKey {
    type Output = Replicated;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "ReplicateKey")
        .needs(&["kms:ReplicateKey", "kms:CreateKey", "kms:TagResource"])
        .fails(&[
            "AlreadyExistsException",
            "DisabledException",
            "InvalidArnException",
            "KMSInvalidStateException",
            "LimitExceededException",
            "MalformedPolicyDocumentException",
            "NotFoundException",
            "TagException",
            "UnsupportedOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.region()?;
        check_description(&self.description)?;
        check_tags(&self.tags)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:ReplicateKey")?;
        let replication = reference::on_key(view, key, "kms:ReplicateKey")
            .with("kms:ReplicaRegion", &*self.replica_region);
        let mut requests = vec![replication];
        requests.extend(self.creation(view, key));
        Ok(requests)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let region = self.region()?;
        let key = reference::id_or_arn(&cx.view(), &self.key_id)?.clone();
        primary(&key)?;
        usable(&key)?;
        settled(&key)?;
        if let Some(there) = cx.cloud.key(&key.id, &region) {
            let text = format!("{} already exists", there.arn);
            return Err(error("AlreadyExistsException", text));
        }
        let policy = bound_policy(cx, self.policy.as_deref())?;
        if !self.bypass_policy_lockout_safety_check {
            check_lockout(cx.caller, &policy)?;
        }
        let replica_tags = self.tags.clone();
        let replica = self.replica(cx, &key, region, policy);
        if let Some(end) = replica.settles {
            cx.cloud.schedule.insert_mut((end, replica.place()), ());
        }
        cx.cloud.keys.insert_mut(replica.place(), replica.clone());
        Ok(Replicated {
            replica_key_metadata: KeyMetadata::of(cx.cloud, &replica),
            replica_policy: shown(cx.cloud, &replica.policy),
            replica_tags,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({
                "keyId": self.key_id, "replicaRegion": self.replica_region, "policy": self.policy,
                "description": self.description,
                "bypassPolicyLockoutSafetyCheck": self.bypass_policy_lockout_safety_check,
            }),
        )
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        let made = &output.replica_key_metadata;
        json!({ "replicaKeyMetadata": { "keyId": made.key_id, "arn": made.arn } })
    }
}

/// Makes the replica in another Region the primary key, and the primary key a
/// replica. It is called in the Region of the present primary key, and needs
/// the permission on both keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdatePrimaryRegion {
    /// The present primary key: an id or a key ARN.
    pub key_id: String,
    /// The Region of the replica that becomes the primary key.
    pub primary_region: String,
}

impl UpdatePrimaryRegion {
    /// The replica that is to be the primary key.
    fn replica<'a>(&self, view: &View<'a>, key: &Key) -> Result<&'a Key, ApiError> {
        let region = region("PrimaryRegion", &self.primary_region)?;
        let found = view.cloud.key(&key.id, &region);
        found.ok_or_else(|| {
            let resource = format!("key/{}", key.id);
            let arn = Arn::of("kms", region.as_str(), key.account.as_str(), &resource);
            error("NotFoundException", format!("Key '{arn}' does not exist"))
        })
    }
}

impl Operation for UpdatePrimaryRegion {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "UpdatePrimaryRegion")
        .needs(&["kms:UpdatePrimaryRegion"])
        .fails(&[
            "DisabledException",
            "InvalidArnException",
            "KMSInvalidStateException",
            "NotFoundException",
            "UnsupportedOperationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        region("PrimaryRegion", &self.primary_region).map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:UpdatePrimaryRegion")?;
        let asked = |key: &Key| {
            reference::on_key(view, key, "kms:UpdatePrimaryRegion")
                .with("kms:PrimaryRegion", &*self.primary_region)
                .with("aws:RequestedRegion", key.region.as_str())
        };
        Ok(vec![asked(key), asked(self.replica(view, key)?)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        let replica = self.replica(&view, key)?;
        primary(key)?;
        if key.region == replica.region {
            let text = format!("{} is the primary key already", key.arn);
            return Err(ApiError::validation(Service::Kms, text));
        }
        usable(key)?;
        usable(replica)?;
        let (old, new, rotation) = (key.place(), replica.place(), key.rotation);
        become_kind(cx, &old, MultiRegionKeyType::Replica)?;
        become_kind(cx, &new, MultiRegionKeyType::Primary)?;
        if let Some(rotation) = rotation {
            cx.cloud.schedule.remove_mut(&(rotation.next, old));
            cx.cloud.schedule.insert_mut((rotation.next, new), ());
        }
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({ "keyId": self.key_id, "primaryRegion": self.primary_region }),
        )
    }
}

fn become_kind(
    cx: &mut Context<'_>,
    place: &KeyPlace,
    kind: MultiRegionKeyType,
) -> Result<(), ApiError> {
    let end = cx.now().plus_seconds(cx.cloud.replication_seconds);
    let key = reference::key_mut(cx, place)?;
    key.multi_region = Some(kind);
    (key.state, key.settles) = (KeyState::Updating, Some(end));
    cx.cloud.schedule.insert_mut((end, place.clone()), ());
    Ok(())
}
