//! The whole cloud.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compute::{Database, Function, Instance, RegionalName, Volume};
use super::credential::Credential;
use super::folder::Folder;
use super::glue::Job;
use super::iam::{Account, folded};
use super::kms::{AliasId, Key, KeyPlace};
use super::oidc::Issuer;
use super::organization::{Guardrails, Organization};
use super::s3::Bucket;
use super::stand_in::StandIns;
use super::trail::Trail;
use super::vpc::VpcEndpoint;
use super::{Map, aws_managed};
use crate::authz::Model;
use crate::base::{
    AccessKeyId, AccountId, Arn, BucketName, Entropy, InstanceId, KeyId, OrganizationId, Region,
    Timestamp, VolumeId, VpcEndpointId,
};
use crate::crypto::DataKey;
use crate::policy::Policy;

/// Everything that a lab holds, apart from its clock and its randomness.
///
/// Cloning is how a lab is forked, and how a failed call is undone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cloud {
    /// The rule for KMS.
    pub model: Model,
    /// The Region in which calls are made unless they say otherwise.
    pub region: Region,
    /// How long a new grant takes until it works without its token, in seconds.
    pub grant_propagation_seconds: i64,
    /// How long a multi-Region key stays `Creating` or `Updating`, in seconds.
    pub replication_seconds: i64,
    /// The accounts.
    pub accounts: Map<AccountId, Account>,
    /// Documents of AWS managed policies that an import brought, by ARN; they
    /// stand before the bundled ones.
    #[serde(default = "Map::new_sync")]
    pub aws_policies: Map<String, Policy>,
    /// The organizations.
    pub organizations: Map<OrganizationId, Organization>,
    /// The organization that an account belongs to, where it does.
    pub memberships: Map<AccountId, OrganizationId>,
    /// Every access key, long-term and temporary.
    pub credentials: Map<AccessKeyId, Credential>,
    /// The KMS keys of all accounts and Regions.
    pub keys: Map<KeyPlace, Key>,
    /// The aliases of all accounts; each names a key of its own Region.
    pub aliases: Map<AliasId, KeyId>,
    /// What is due when: rotations, deletions and expiries, soonest first.
    pub schedule: Map<(Timestamp, KeyPlace), ()>,
    /// The buckets of all accounts; their names are unique.
    pub buckets: Map<BucketName, Bucket>,
    /// The VPC endpoints of all accounts.
    pub endpoints: Map<VpcEndpointId, Arc<VpcEndpoint>>,
    /// The Glue jobs of all accounts and Regions.
    pub jobs: Map<RegionalName, Job>,
    /// Who issues OpenID Connect tokens, by URL without `https://`.
    pub issuers: Map<String, Issuer>,
    /// The EC2 instances of all accounts.
    pub instances: Map<InstanceId, Instance>,
    /// The EBS volumes of all accounts.
    pub volumes: Map<VolumeId, Volume>,
    /// The Lambda functions of all accounts and Regions.
    pub functions: Map<RegionalName, Function>,
    /// The RDS databases of all accounts and Regions.
    pub databases: Map<RegionalName, Database>,
    /// Seals the encoded messages of denials; without it they carry none.
    #[serde(default, with = "crate::crypto::kept::option")]
    pub denial_key: Option<Arc<DataKey>>,
    /// What stands in for policies while an experiment runs.
    #[serde(skip)]
    pub stand_ins: StandIns,
    /// What happened.
    pub trail: Trail,
}

impl Cloud {
    /// An empty cloud.
    pub fn new(model: Model, region: Region) -> Self {
        Self {
            model,
            region,
            grant_propagation_seconds: 0,
            replication_seconds: 0,
            accounts: Map::new_sync(),
            aws_policies: Map::new_sync(),
            organizations: Map::new_sync(),
            memberships: Map::new_sync(),
            credentials: Map::new_sync(),
            keys: Map::new_sync(),
            aliases: Map::new_sync(),
            schedule: Map::new_sync(),
            buckets: Map::new_sync(),
            endpoints: Map::new_sync(),
            jobs: Map::new_sync(),
            issuers: Map::new_sync(),
            instances: Map::new_sync(),
            volumes: Map::new_sync(),
            functions: Map::new_sync(),
            databases: Map::new_sync(),
            denial_key: None,
            stand_ins: StandIns::default(),
            trail: Trail::default(),
        }
    }

    /// Lets denials carry encoded messages, under a key that is drawn beside `entropy`.
    pub fn seal_denials(&mut self, entropy: &Entropy) {
        if self.denial_key.is_none() {
            let key = DataKey::generate(32, &mut entropy.beside());
            self.denial_key = key.ok().map(Arc::new);
        }
    }

    /// Gives the bodies of all buckets their place: see [`Bucket::settle_bodies`].
    pub fn settle_bodies(&mut self, folder: Option<&Arc<Folder>>) {
        for name in self.buckets.keys().cloned().collect::<Vec<_>>() {
            if let Some(bucket) = self.buckets.get_mut(&name) {
                bucket.settle_bodies(folder);
            }
        }
    }

    /// The account that an ARN belongs to, if it exists here.
    pub fn account_of(&self, arn: &Arn) -> Option<&Account> {
        self.accounts.get(arn.account())
    }

    /// The document in force of a managed policy, of an account or of AWS.
    pub fn managed_policy(&self, arn: &Arn) -> Option<Policy> {
        let own = self.account_of(arn).and_then(|account| {
            let policy = account.policies.get(&folded(arn.base_name()))?;
            policy.default_document().cloned()
        });
        own.or_else(|| self.aws_policies.get(arn.as_str()).cloned())
            .or_else(|| aws_managed::policy(arn))
    }

    /// The organization that `account` belongs to.
    pub fn organization_of(&self, account: &AccountId) -> Option<&Organization> {
        self.organizations.get(self.memberships.get(account)?)
    }

    /// What the organization of `account` lays upon it.
    pub fn guardrails_of(&self, account: &AccountId) -> Option<&Guardrails> {
        self.organization_of(account)?.guardrails(account)
    }

    /// The key with this ARN.
    pub fn key_by_arn(&self, arn: &Arn) -> Option<&Key> {
        let id = KeyId::parse(arn.resource().strip_prefix("key/")?).ok()?;
        let region = Region::parse(arn.region()).ok()?;
        self.key(&id, &region).filter(|key| &key.arn == arn)
    }

    /// The key `id` of a Region.
    pub fn key(&self, id: &KeyId, region: &Region) -> Option<&Key> {
        self.keys.get(&KeyPlace {
            id: id.clone(),
            region: region.clone(),
        })
    }

    /// All keys of the multi-Region key that `key` belongs to, by Region; else `key` alone.
    pub fn related<'a>(&'a self, key: &'a Key) -> Vec<&'a Key> {
        match key.multi_region {
            None => vec![key],
            Some(_) => self.keys.values().filter(|k| k.id == key.id).collect(),
        }
    }

    /// The key that an alias names.
    pub fn key_of_alias(&self, alias: &AliasId) -> Option<&Key> {
        self.key(self.aliases.get(alias)?, &alias.region)
    }

    /// The names of the aliases of `key`, in order.
    pub fn aliases_of<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a str> + 'a {
        self.aliases
            .iter()
            .filter(move |(alias, target)| **target == key.id && alias.region == key.region)
            .map(|(alias, _)| alias.name.as_str())
    }

    /// What people call `key`: its first alias, or the beginning of its id.
    pub fn key_label(&self, key: &Key) -> String {
        self.aliases_of(key)
            .next()
            .map_or_else(|| key.id.to_string(), str::to_owned)
    }
}
