//! What runs: EC2 instances with their volumes, Lambda functions, RDS databases.
//!
//! What is encrypted is kept as ciphertext; a data key stands in clear only
//! where something runs that needs it.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{AccountId, Arn, Blob, GrantId, InstanceId, Region, Timestamp, VolumeId};
use crate::crypto::DataKey;
use crate::state::Map;
use crate::state::credential::Credentials;

/// Where what has a name lives: the name is unique in one Region of one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RegionalName {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The name.
    pub name: String,
}

impl RegionalName {
    /// The names of `map` in the same Region of the same account, with what has them.
    pub fn beside<'a, T>(
        &'a self,
        map: &'a Map<Self, T>,
    ) -> impl Iterator<Item = (&'a str, &'a T)> + 'a {
        map.iter()
            .filter(|(other, _)| other.account == self.account && other.region == self.region)
            .map(|(other, found)| (other.name.as_str(), found))
    }
}

/// An EC2 instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// The id.
    pub id: InstanceId,
    /// The id of its launch, `r-…`.
    pub reservation: String,
    /// Whose it is.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The image, such as `ami-12345678`.
    pub image: String,
    /// The type, such as `t3.micro`.
    pub kind: String,
    /// Whether it runs.
    pub state: InstanceState,
    /// Why it does not, where EC2 stopped it.
    pub reason: Option<Cow<'static, str>>,
    /// The ARN of its instance profile.
    pub profile: Option<Arn>,
    /// When it was launched.
    pub launched: Timestamp,
}

/// Whether an instance runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstanceState {
    /// It runs.
    Running,
    /// It can be started.
    Stopped,
    /// It is gone.
    Terminated,
}

impl InstanceState {
    /// EC2's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Terminated => "terminated",
        }
    }

    /// EC2's number for it.
    pub fn code(self) -> u16 {
        match self {
            Self::Running => 16,
            Self::Stopped => 80,
            Self::Terminated => 48,
        }
    }
}

/// An EBS volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Volume {
    /// The id.
    pub id: VolumeId,
    /// Whose it is.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The Availability Zone.
    pub zone: String,
    /// The size, in GiB.
    pub size_gib: i64,
    /// When it was made.
    pub created: Timestamp,
    /// How it is encrypted, if it is.
    pub sealed: Option<SealedKey>,
    /// What it is attached to.
    pub attachment: Option<Attachment>,
}

/// A data key as KMS encrypted it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedKey {
    /// The ARN of the KMS key.
    pub key: Arn,
    /// The data key, encrypted.
    pub data_key: Blob,
}

/// A volume in use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// The instance.
    pub instance: InstanceId,
    /// As what the instance sees it, such as `/dev/sdf`.
    pub device: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether the volume goes with the instance.
    pub delete_on_termination: bool,
    /// The grant by which the instance's infrastructure decrypts the data key.
    pub grant: Option<GrantId>,
    /// The data key in clear, in the memory of the host while the instance runs.
    #[serde(with = "crate::crypto::kept::option")]
    pub data_key: Option<Arc<DataKey>>,
}

/// A Lambda function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: Arn,
    /// The role that it runs as.
    pub role: Arn,
    /// The runtime, such as `python3.13`.
    pub runtime: Option<String>,
    /// The handler.
    pub handler: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// When it was last changed.
    pub modified: Timestamp,
    /// The customer managed key of the environment, if one was given.
    pub key: Option<Arn>,
    /// The environment variables, encrypted; `None` where there are none.
    pub environment: Option<SealedEnvironment>,
    /// The session in which it ran last.
    pub session: Option<Credentials>,
}

/// Environment variables as KMS encrypted them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedEnvironment {
    /// The ARN of the KMS key.
    pub key: Arn,
    /// The variables, a JSON object, encrypted under the key.
    pub sealed: Blob,
    /// The grant by which the function's role decrypts them.
    pub grant: GrantId,
}

/// An RDS database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Database {
    /// The identifier.
    pub id: String,
    /// The id that never changes, `db-…`, which KMS sees.
    pub resource_id: String,
    /// The ARN.
    pub arn: Arn,
    /// The class, such as `db.t3.micro`.
    pub class: String,
    /// The engine, such as `postgres`.
    pub engine: String,
    /// Whether it can be used.
    pub status: DatabaseStatus,
    /// How its storage is encrypted, if it is, and the grant to decrypt it by.
    pub sealed: Option<(SealedKey, GrantId)>,
    /// The data key in clear, in the memory of the host while the database runs.
    #[serde(with = "crate::crypto::kept::option")]
    pub data_key: Option<Arc<DataKey>>,
    /// When it was made.
    pub created: Timestamp,
}

/// Whether a database can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseStatus {
    /// It can.
    Available,
    /// It can be started.
    Stopped,
    /// Its key cannot be used, and may come back.
    InaccessibleEncryptionCredentialsRecoverable,
    /// Its key cannot be used.
    InaccessibleEncryptionCredentials,
}
