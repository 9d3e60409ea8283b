//! What an operation asks permission for.

use std::sync::Arc;

use crate::authz::{Grant, NamedPolicy, ResourceKind};
use crate::base::{AccountId, Arn};
use crate::crypto::EncryptionContext;
use crate::crypto::key_spec::AwsName as _;
use crate::policy::RequestContext;
use crate::state::Cloud;
use crate::state::iam::Role;
use crate::state::kms::{Key, KeyManager};
use crate::state::s3::Bucket;

/// One permission that a call needs.
#[derive(Clone, Debug)]
pub struct AccessRequest {
    /// `service:Operation`.
    pub action: String,
    /// What it acts on.
    pub target: Target,
    /// The condition keys of this request beyond those that every request has.
    pub context: RequestContext,
    /// The grant tokens that the request carries.
    pub grant_tokens: Vec<String>,
    /// Whether the caller did not name the target: a ciphertext did.
    pub named_by_ciphertext: bool,
}

impl AccessRequest {
    /// Asks for `action` on `target`.
    pub fn new(action: &str, target: Target) -> Self {
        Self {
            action: action.to_owned(),
            target,
            context: RequestContext::new(),
            grant_tokens: Vec::new(),
            named_by_ciphertext: false,
        }
    }

    /// Adds a single-valued condition key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.set(key, value.into());
        self
    }

    /// Adds a single-valued condition key if there is a value.
    #[must_use]
    pub fn with_some(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds a multivalued condition key.
    #[must_use]
    pub fn with_many(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.context.set_many(key, values);
        self
    }

    /// Adds `aws:RequestTag/…` for each tag that the request sets, and `aws:TagKeys`.
    #[must_use]
    pub fn with_request_tags<'t>(
        mut self,
        tags: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Self {
        let mut keys = Vec::new();
        for (key, value) in tags {
            self = self.with(&format!("aws:RequestTag/{key}"), value);
            keys.push(key.to_owned());
        }
        match keys.is_empty() {
            true => self,
            false => self.with_many("aws:TagKeys", keys),
        }
    }

    /// Adds `kms:EncryptionContext:…` for each pair, and `kms:EncryptionContextKeys`.
    #[must_use]
    pub fn with_encryption_context(mut self, context: &EncryptionContext) -> Self {
        if context.is_empty() {
            return self;
        }
        for (key, value) in context.iter() {
            self = self.with(&format!("kms:EncryptionContext:{key}"), value);
        }
        let keys: Vec<String> = context.iter().map(|(key, _)| key.to_owned()).collect();
        self.with_many("kms:EncryptionContextKeys", keys)
    }
}

/// What a call acts on, with the policies that belong to it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The ARN, or `*`.
    pub resource: String,
    /// Who owns it; `None` for calls on no resource.
    pub owner: Option<AccountId>,
    /// How its policy takes part.
    pub kind: ResourceKind,
    /// Its policy.
    pub policy: Option<NamedPolicy>,
    /// Its grants, for a key.
    pub grants: Vec<Arc<Grant>>,
    /// Condition keys that come with it.
    pub context: RequestContext,
}

impl Target {
    /// No resource in particular.
    pub fn any() -> Self {
        Self {
            resource: "*".to_owned(),
            owner: None,
            kind: ResourceKind::Additive,
            policy: None,
            grants: Vec::new(),
            context: RequestContext::new(),
        }
    }

    /// A resource that has no policy of its own.
    pub fn plain(arn: &Arn, owner: &AccountId) -> Self {
        Self {
            resource: arn.to_string(),
            owner: Some(owner.clone()),
            ..Self::any()
        }
    }

    /// A KMS key, judged by its key policy and grants.
    pub fn key(cloud: &Cloud, key: &Key) -> Self {
        let customer = key.manager == KeyManager::Customer;
        let aliases: Vec<String> = cloud.aliases_of(key).map(str::to_owned).collect();
        let mut context = RequestContext::new();
        context
            .set("kms:KeySpec", key.spec.as_str())
            .set("kms:KeyUsage", key.usage.as_str())
            .set("kms:KeyOrigin", key.origin.as_str())
            .set("kms:MultiRegion", key.multi_region.is_some().to_string());
        if let Some(kind) = key.multi_region {
            context.set("kms:MultiRegionKeyType", kind.as_str());
        }
        let label = aliases
            .first()
            .cloned()
            .unwrap_or_else(|| key.id.to_string());
        if !aliases.is_empty() {
            context.set_many("kms:ResourceAliases", aliases);
        }
        for (name, value) in &key.tags {
            context.set(&format!("aws:ResourceTag/{name}"), value.as_str());
        }
        Self {
            resource: key.arn.to_string(),
            owner: Some(key.account.clone()),
            kind: if customer {
                ResourceKind::CustomerKey
            } else {
                ResourceKind::AwsManagedKey
            },
            policy: Some(NamedPolicy::new(
                format!("key policy of {label}"),
                key.policy.clone(),
            )),
            grants: key.grants.values().cloned().collect(),
            context,
        }
    }

    /// A bucket.
    pub fn bucket(bucket: &Bucket) -> Self {
        Self::in_bucket(bucket, &bucket.arn())
    }

    /// The object under `key`, which need not exist.
    pub fn object(bucket: &Bucket, key: &str) -> Self {
        Self::in_bucket(bucket, &bucket.object_arn(key))
    }

    fn in_bucket(bucket: &Bucket, arn: &Arn) -> Self {
        let policy = bucket.policy.as_ref().map(|policy| {
            NamedPolicy::new(format!("bucket policy of {}", bucket.name), policy.clone())
        });
        Self {
            policy,
            ..Self::plain(arn, &bucket.account)
        }
    }

    /// A role that is to be assumed, judged by its trust policy.
    pub fn role_trust(role: &Role, owner: &AccountId) -> Self {
        let name = format!("trust policy of {}", role.entity.name);
        Self {
            kind: ResourceKind::RoleTrust,
            policy: Some(NamedPolicy::new(name, role.trust.clone())),
            ..Self::plain(&role.entity.arn, owner)
        }
    }
}
