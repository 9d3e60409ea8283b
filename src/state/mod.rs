//! Floor F3: the cloud as plain data.
//!
//! Accounts with their IAM entities, their organizations, credentials, KMS keys,
//! buckets, VPC endpoints and the trail. It knows no operation and no rule; services change it. [`Cloud`] is
//! the whole. Every collection is a persistent map, so a clone of a cloud with
//! a hundred thousand objects costs as much as one with ten, and bodies are
//! shared, never copied.

pub mod aws_managed;
pub mod body;
pub mod checksum;
mod cloud;
pub mod compute;
pub mod credential;
pub mod folder;
pub mod glue;
pub mod iam;
pub mod kms;
pub mod oidc;
pub mod organization;
pub mod public_access;
pub mod s3;
pub mod stand_in;
pub mod trail;
pub mod uploads;
pub mod versions;
pub mod vpc;

pub use cloud::Cloud;

/// A map whose clones share what they have in common.
pub type Map<K, V> = rpds::RedBlackTreeMapSync<K, V>;
