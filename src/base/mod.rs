//! Floor F0: the vocabulary that every other floor speaks.
//!
//! Identifiers as types, ARNs, the lab's clock, its source of randomness,
//! wildcard patterns and binary values. It knows nothing of policies, keys or
//! services. Start with [`Arn`] and the identifiers in [`id`].

pub mod arn;
pub mod blob;
pub mod entropy;
pub mod files;
mod finder;
pub mod glob;
pub mod id;
pub mod nearest;
pub mod organization_id;
pub mod payload;
pub(crate) mod sealing;
pub mod secret;
pub mod time;

pub use arn::{Arn, ArnError};
pub use blob::Blob;
pub use entropy::Entropy;
pub use glob::Glob;
pub use id::{
    AccessKeyId, AccountId, BucketName, GrantId, IdError, KeyId, KeyMaterialId, Region, UniqueId,
};
pub use nearest::nearest;
pub use organization_id::{
    ControlPolicyId, InstanceId, NodeId, OrganizationId, VolumeId, VpcEndpointId, VpcId,
};
pub use payload::{Payload, Sink};
pub use secret::SecretText;
pub use time::{Clock, Timestamp};
