//! Block Public Access: what buckets and accounts keep the public from.

use serde::{Deserialize, Serialize};

use super::Cloud;
use super::s3::Bucket;

/// Block Public Access of a bucket or an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// Whether to refuse new public ACLs.
    pub block_public_acls: bool,
    /// Whether to ignore the public ACLs that there are.
    pub ignore_public_acls: bool,
    /// Whether to refuse new public bucket policies.
    pub block_public_policy: bool,
    /// Whether a public bucket policy opens the bucket to its account and to
    /// services alone.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// Everything blocked, as new buckets have it.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// What either of the two blocks.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }
}

impl Cloud {
    /// What is blocked for `bucket`, by itself or by its account.
    pub fn public_access_block(&self, bucket: &Bucket) -> PublicAccessBlock {
        let account = self.accounts.get(&bucket.account);
        let of_account = account.and_then(|account| account.public_access_block);
        let of_bucket = bucket.public_access_block.unwrap_or_default();
        of_bucket.or(of_account.unwrap_or_default())
    }
}
