//! IAM entities.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Map;
use super::oidc::OidcProvider;
use super::public_access::PublicAccessBlock;
use crate::base::{AccessKeyId, AccountId, Arn, Timestamp, UniqueId};
use crate::policy::Policy;

/// An account and its IAM entities. Names are unique ignoring case: maps are
/// keyed by [`folded`] names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// The account number.
    pub id: AccountId,
    /// The name that the account goes by, if it has one.
    pub alias: Option<String>,
    /// The users.
    pub users: Map<String, User>,
    /// The groups.
    pub groups: Map<String, Group>,
    /// The roles.
    pub roles: Map<String, Role>,
    /// The instance profiles.
    pub instance_profiles: Map<String, InstanceProfile>,
    /// The customer managed policies.
    pub policies: Map<String, ManagedPolicy>,
    /// What public access to its buckets is blocked; `None` where nobody said.
    pub public_access_block: Option<PublicAccessBlock>,
    /// The OIDC providers, by URL without `https://`.
    pub oidc_providers: Map<String, OidcProvider>,
}

impl Account {
    /// An account without entities.
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            alias: None,
            users: Map::new_sync(),
            groups: Map::new_sync(),
            roles: Map::new_sync(),
            instance_profiles: Map::new_sync(),
            policies: Map::new_sync(),
            public_access_block: None,
            oidc_providers: Map::new_sync(),
        }
    }

    /// The ARN that stands for the account.
    pub fn root_arn(&self) -> Arn {
        Arn::of("iam", "", self.id.as_str(), "root")
    }

    /// The user of this name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(folded(name).as_str())
    }

    /// The role of this name.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(folded(name).as_str())
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(folded(name).as_str())
    }

    /// The instance profile of this name.
    pub fn instance_profile(&self, name: &str) -> Option<&InstanceProfile> {
        self.instance_profiles.get(folded(name).as_str())
    }

    /// The role in an instance profile.
    pub fn role_in(&self, profile: &InstanceProfile) -> Option<&Role> {
        self.roles.get(profile.role.as_ref()?)
    }

    /// The instance profiles that a role is in.
    pub fn profiles_of<'a>(&'a self, role: &str) -> impl Iterator<Item = &'a InstanceProfile> {
        let role = folded(role);
        self.instance_profiles
            .values()
            .filter(move |profile| profile.role.as_ref() == Some(&role))
    }

    /// The unique id behind a user or role ARN of this account, if it exists.
    pub fn unique_id(&self, arn: &Arn) -> Option<&UniqueId> {
        let entity = match arn.resource_type() {
            "user" => &self.user(arn.base_name())?.entity,
            "role" => &self.role(arn.base_name())?.entity,
            _ => return None,
        };
        (entity.arn == *arn).then_some(&entity.id)
    }
}

/// The key under which a name is stored.
pub fn folded(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// What users, groups and roles have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entity {
    /// The name, in the case in which it was given.
    pub name: String,
    /// The path, `/` by default.
    pub path: String,
    /// The ARN.
    pub arn: Arn,
    /// The unique id.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// Inline policies by name.
    pub inline: BTreeMap<String, Policy>,
    /// ARNs of attached managed policies, in the order of attachment.
    pub attached: Vec<Arn>,
    /// The ARN of the managed policy that bounds it.
    pub boundary: Option<Arn>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// An IAM user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// What it shares with groups and roles.
    pub entity: Entity,
    /// The folded names of its groups.
    pub groups: Vec<String>,
    /// Its access keys, at most two.
    pub access_keys: Vec<AccessKeyId>,
}

/// An IAM group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// What it shares with users and roles.
    pub entity: Entity,
}

/// An IAM role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// What it shares with users and groups.
    pub entity: Entity,
    /// Who may assume it, its principals bound to unique ids.
    pub trust: Policy,
    /// The longest session, in seconds.
    pub max_session_seconds: u32,
    /// The description.
    pub description: Option<String>,
}

/// The role of an EC2 instance, as instances name it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// What it shares with users, groups and roles; it holds no policies.
    pub entity: Entity,
    /// The folded name of its role.
    pub role: Option<String>,
}

/// A customer managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// The name.
    pub name: String,
    /// The path.
    pub path: String,
    /// The ARN.
    pub arn: Arn,
    /// The unique id.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// The number of the default version.
    pub default_version: u32,
    /// The number that the next version gets; numbers are never reused.
    pub next_version: u32,
    /// The versions by number, at most five.
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The description.
    pub description: Option<String>,
}

impl ManagedPolicy {
    /// The document of the default version.
    pub fn default_document(&self) -> Option<&Policy> {
        self.versions
            .get(&self.default_version)
            .map(|v| &v.document)
    }
}

/// One version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The document.
    pub document: Policy,
    /// When it was made.
    pub created: Timestamp,
}
