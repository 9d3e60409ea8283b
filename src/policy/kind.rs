//! What a policy is attached to.

use std::fmt;

use serde::Serialize;

/// Where a policy is stored; decides the rules on writing it and the wording of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// A managed policy of IAM, also used as a permissions boundary.
    Managed,
    /// A policy embedded in a user, group or role.
    Inline,
    /// The trust policy of a role.
    Trust,
    /// The key policy of a KMS key.
    Key,
    /// The bucket policy of an S3 bucket.
    Bucket,
    /// A policy passed to STS when a session is made.
    Session,
    /// A service control policy of an organization.
    ServiceControl,
    /// A resource control policy of an organization.
    ResourceControl,
    /// The policy of a VPC endpoint.
    Endpoint,
}

impl PolicyKind {
    /// The name of the kind in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Managed => "managed policy",
            Self::Inline => "inline policy",
            Self::Trust => "trust policy",
            Self::Key => "key policy",
            Self::Bucket => "bucket policy",
            Self::Session => "session policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
        }
    }

    /// Whether each statement has to say whom it is about.
    pub const fn needs_principal(self) -> bool {
        matches!(self, Self::Trust | Self::Key | Self::Bucket)
    }

    /// Whether a statement may say whom it is about.
    pub const fn takes_principal(self) -> bool {
        self.needs_principal() || matches!(self, Self::ResourceControl | Self::Endpoint)
    }

    /// Whether Sids are plain and unique, as IAM wants them.
    pub(super) const fn has_iam_sids(self) -> bool {
        !matches!(self, Self::Key | Self::Bucket | Self::Endpoint)
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
