//! The layers of a decision.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One kind of policy that has a say in a decision.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Service control policies of the caller's organization.
    Scp,
    /// Resource control policies of the resource's organization.
    Rcp,
    /// The policy of the VPC endpoint that the call came through.
    Vpce,
    /// The policies attached to the caller: inline, managed, through groups.
    Identity,
    /// The policy on the resource: bucket policy, key policy or role trust policy.
    Resource,
    /// The grants of the KMS key.
    Grant,
    /// The caller's permissions boundary.
    Boundary,
    /// The session policies given when the session was made.
    Session,
}

impl Layer {
    /// Every layer, in the order in which people look at them.
    pub const ALL: [Self; 8] = [
        Self::Scp,
        Self::Rcp,
        Self::Vpce,
        Self::Identity,
        Self::Resource,
        Self::Grant,
        Self::Boundary,
        Self::Session,
    ];

    /// The name used in cases and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Vpce => "vpce",
            Self::Identity => "identity",
            Self::Resource => "resource",
            Self::Grant => "grant",
            Self::Boundary => "boundary",
            Self::Session => "session",
        }
    }

    /// What AWS calls this kind of policy in its denial messages.
    ///
    /// Source: IAM User Guide, "Troubleshoot access denied error messages".
    pub fn policy_type(self) -> &'static str {
        match self {
            Self::Scp => "service control policy",
            Self::Rcp => "resource control policy",
            Self::Vpce => "VPC endpoint policy",
            Self::Identity => "identity-based policy",
            Self::Resource | Self::Grant => "resource-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one layer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LayerVerdict {
    /// A statement allows.
    Allow,
    /// A statement denies.
    Deny,
    /// There are policies, and none speaks of this call.
    Silent,
    /// This layer has no policy here, or does not bind this caller.
    NotSet,
}
