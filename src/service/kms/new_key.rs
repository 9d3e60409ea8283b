//! A key before it has material.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::Context;
use crate::base::{Arn, KeyId};
use crate::crypto::BackingKey;
use crate::crypto::key_spec::{KeySpec, KeyUsage, Origin};
use crate::policy::Policy;
use crate::state::Map;
use crate::state::kms::{Key, KeyManager, KeyState, MultiRegionKeyType};

/// What is settled about a key before it is made.
pub(super) struct Blank {
    pub(super) manager: KeyManager,
    pub(super) policy: Policy,
    pub(super) description: String,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) spec: KeySpec,
    pub(super) usage: KeyUsage,
    pub(super) origin: Origin,
    pub(super) multi_region: bool,
}

impl Blank {
    /// A symmetric encryption key.
    pub(super) fn of(manager: KeyManager, policy: Policy) -> Self {
        Self {
            manager,
            policy,
            description: String::new(),
            tags: BTreeMap::new(),
            spec: KeySpec::SYMMETRIC_DEFAULT,
            usage: KeyUsage::ENCRYPT_DECRYPT,
            origin: Origin::AWS_KMS,
            multi_region: false,
        }
    }
}

/// A fresh key of the caller's account, without material.
pub(super) fn new_key(cx: &mut Context<'_>, blank: Blank) -> Key {
    let id = match blank.multi_region {
        true => KeyId::fresh_multi_region(&mut cx.effects.entropy),
        false => KeyId::fresh(&mut cx.effects.entropy),
    };
    let (account, region) = (cx.caller.account.clone(), cx.region.clone());
    let external = blank.origin == Origin::EXTERNAL;
    let resource = format!("key/{id}");
    Key {
        arn: Arn::of("kms", region.as_str(), account.as_str(), &resource),
        id,
        account,
        region,
        description: blank.description,
        state: match external {
            true => KeyState::PendingImport,
            false => KeyState::Enabled,
        },
        manager: blank.manager,
        created: cx.now(),
        deletion_date: None,
        pending_window_days: None,
        settles: None,
        policy: blank.policy,
        spec: blank.spec,
        usage: blank.usage,
        origin: blank.origin,
        multi_region: blank.multi_region.then_some(MultiRegionKeyType::Primary),
        materials: Vec::new(),
        token_key: external.then(|| Arc::new(BackingKey::generate(&mut cx.effects.entropy))),
        rotation: None,
        grants: Map::new_sync(),
        tags: blank.tags,
    }
}
