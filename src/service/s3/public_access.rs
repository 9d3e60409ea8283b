//! Block Public Access, of buckets and of accounts.
//!
//! AWS has the operations twice, with the same names: in `s3` for a bucket, in
//! `s3control` for an account. Here they are one, which names either. Source:
//! S3 User Guide, "Blocking public access to your Amazon S3 storage".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::buckets::Nothing;
use super::{bucket, bucket_mut, error, record};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::AccountId;
use crate::state::public_access::PublicAccessBlock;

/// What is blocked.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PublicAccessBlockConfiguration {
    /// Whether to refuse new public ACLs.
    #[serde(default)]
    pub block_public_acls: bool,
    /// Whether to ignore the public ACLs that there are.
    #[serde(default)]
    pub ignore_public_acls: bool,
    /// Whether to refuse new public bucket policies.
    #[serde(default)]
    pub block_public_policy: bool,
    /// Whether a public bucket policy opens the bucket to its account and to
    /// services alone.
    #[serde(default)]
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlockConfiguration {
    const fn to_block(self) -> PublicAccessBlock {
        PublicAccessBlock {
            block_public_acls: self.block_public_acls,
            ignore_public_acls: self.ignore_public_acls,
            block_public_policy: self.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets,
        }
    }

    const fn of(block: PublicAccessBlock) -> Self {
        Self {
            block_public_acls: block.block_public_acls,
            ignore_public_acls: block.ignore_public_acls,
            block_public_policy: block.block_public_policy,
            restrict_public_buckets: block.restrict_public_buckets,
        }
    }
}

/// Sets what public access is blocked, for a bucket or for all buckets of the account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutPublicAccessBlock {
    /// The bucket.
    #[serde(default)]
    pub bucket: Option<String>,
    /// The account, in place of a bucket; needs `s3:PutAccountPublicAccessBlock`.
    #[serde(default)]
    pub account_id: Option<String>,
    /// What to block.
    pub public_access_block_configuration: PublicAccessBlockConfiguration,
}

/// Reads what public access is blocked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetPublicAccessBlock {
    /// The bucket.
    #[serde(default)]
    pub bucket: Option<String>,
    /// The account, in place of a bucket; needs `s3:GetAccountPublicAccessBlock`.
    #[serde(default)]
    pub account_id: Option<String>,
}

/// Blocks no public access any more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeletePublicAccessBlock {
    /// The bucket.
    #[serde(default)]
    pub bucket: Option<String>,
    /// The account, in place of a bucket; needs `s3:PutAccountPublicAccessBlock`.
    #[serde(default)]
    pub account_id: Option<String>,
}

/// The answer of `GetPublicAccessBlock`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BlockedAccess {
    /// What is blocked.
    pub public_access_block_configuration: PublicAccessBlockConfiguration,
}

/// Whose public access is meant.
enum Scope<'a> {
    Bucket(&'a str),
    Account(AccountId),
}

impl<'a> Scope<'a> {
    fn of(bucket: &'a Option<String>, account: &'a Option<String>) -> Result<Self, ApiError> {
        match (bucket, account) {
            (Some(bucket), None) => Ok(Self::Bucket(bucket)),
            (None, Some(account)) => AccountId::parse(account)
                .map(Self::Account)
                .map_err(|e| ApiError::validation(Service::S3, e.to_string())),
            _ => Err(ApiError::validation(
                Service::S3,
                "name either a Bucket or an AccountId",
            )),
        }
    }

    /// Asks to `verb` it: `Get` or `Put`.
    fn access(&self, view: &View<'_>, verb: &str) -> Result<Vec<AccessRequest>, ApiError> {
        let (whose, target) = match self {
            Self::Bucket(name) => ("Bucket", Target::bucket(bucket(view, name)?)),
            Self::Account(account) => {
                let owner = Some(account.clone());
                (
                    "Account",
                    Target {
                        owner,
                        ..Target::any()
                    },
                )
            }
        };
        let action = format!("s3:{verb}{whose}PublicAccessBlock");
        Ok(vec![AccessRequest::new(&action, target)])
    }

    fn get(&self, view: &View<'_>) -> Result<Option<PublicAccessBlock>, ApiError> {
        Ok(match self {
            Self::Bucket(name) => bucket(view, name)?.public_access_block,
            Self::Account(id) => {
                let account = view.cloud.accounts.get(id);
                account.and_then(|account| account.public_access_block)
            }
        })
    }

    fn set(&self, cx: &mut Context<'_>, block: Option<PublicAccessBlock>) -> Result<(), ApiError> {
        match self {
            Self::Bucket(name) => bucket_mut(cx.cloud, name)?.public_access_block = block,
            Self::Account(id) => {
                if let Some(account) = cx.cloud.accounts.get_mut(id) {
                    account.public_access_block = block;
                }
            }
        }
        Ok(())
    }

    fn record(&self, view: &View<'_>, members: Value) -> Record {
        match self {
            Self::Bucket(name) => record(view, name, None, members),
            Self::Account(_) => Record::of(members),
        }
    }
}

/// The record of a call whose scope may be none.
fn record_of(
    view: &View<'_>,
    bucket: &Option<String>,
    account: &Option<String>,
    configuration: Option<PublicAccessBlockConfiguration>,
) -> Record {
    let mut members = serde_json::Map::new();
    let known = [
        ("bucketName", bucket.clone().map(Value::from)),
        ("accountId", account.clone().map(Value::from)),
        (
            "PublicAccessBlockConfiguration",
            configuration.map(|known| json!(known)),
        ),
    ];
    let known = known
        .into_iter()
        .filter_map(|(k, v)| Some((k.to_owned(), v?)));
    members.extend(known);
    match Scope::of(bucket, account) {
        Ok(scope) => scope.record(view, members.into()),
        Err(_) => Record::of(members.into()),
    }
}

impl Operation for PutPublicAccessBlock {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "PutPublicAccessBlock")
        .needs(&[
            "s3:PutBucketPublicAccessBlock",
            "s3:PutAccountPublicAccessBlock",
        ])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        Scope::of(&self.bucket, &self.account_id).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Scope::of(&self.bucket, &self.account_id)?.access(view, "Put")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let block = self.public_access_block_configuration.to_block();
        Scope::of(&self.bucket, &self.account_id)?.set(cx, Some(block))?;
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let configuration = Some(self.public_access_block_configuration);
        record_of(view, &self.bucket, &self.account_id, configuration)
    }
}

impl Operation for GetPublicAccessBlock {
    type Output = BlockedAccess;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetPublicAccessBlock")
        .needs(&[
            "s3:GetBucketPublicAccessBlock",
            "s3:GetAccountPublicAccessBlock",
        ])
        .fails(&["NoSuchBucket", "NoSuchPublicAccessBlockConfiguration"]);

    fn validate(&self) -> Result<(), ApiError> {
        Scope::of(&self.bucket, &self.account_id).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Scope::of(&self.bucket, &self.account_id)?.access(view, "Get")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let block = Scope::of(&self.bucket, &self.account_id)?.get(&cx.view())?;
        let block = block.ok_or_else(|| {
            let text = "The public access block configuration was not found";
            error("NoSuchPublicAccessBlockConfiguration", 404, text)
        })?;
        Ok(BlockedAccess {
            public_access_block_configuration: PublicAccessBlockConfiguration::of(block),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        record_of(view, &self.bucket, &self.account_id, None)
    }
}

impl Operation for DeletePublicAccessBlock {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::S3, "DeletePublicAccessBlock")
        .needs(&[
            "s3:PutBucketPublicAccessBlock",
            "s3:PutAccountPublicAccessBlock",
        ])
        .fails(&["NoSuchBucket"]);

    fn validate(&self) -> Result<(), ApiError> {
        Scope::of(&self.bucket, &self.account_id).map(drop)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Scope::of(&self.bucket, &self.account_id)?.access(view, "Put")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        Scope::of(&self.bucket, &self.account_id)?.set(cx, None)?;
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        record_of(view, &self.bucket, &self.account_id, None)
    }
}

/// Whether the bucket policy is public, in the sense of Block Public Access.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetBucketPolicyStatus {
    /// The bucket.
    pub bucket: String,
}

/// The answer of `GetBucketPolicyStatus`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct BucketPolicyStatus {
    /// The status.
    pub policy_status: PolicyStatus,
}

/// Whether a policy is public.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyStatus {
    /// Whether it is.
    pub is_public: bool,
}

impl Operation for GetBucketPolicyStatus {
    type Output = BucketPolicyStatus;

    const SPEC: OperationSpec = OperationSpec::read(Service::S3, "GetBucketPolicyStatus")
        .needs(&["s3:GetBucketPolicyStatus"])
        .fails(&["NoSuchBucket", "NoSuchBucketPolicy"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let target = Target::bucket(bucket(view, &self.bucket)?);
        Ok(vec![AccessRequest::new("s3:GetBucketPolicyStatus", target)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let policy = bucket(&view, &self.bucket)?.policy.as_ref();
        let policy = policy.ok_or_else(super::policy::none)?;
        Ok(BucketPolicyStatus {
            policy_status: PolicyStatus {
                is_public: policy.is_public(),
            },
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let parameters = json!({ "bucketName": self.bucket, "policyStatus": "" });
        record(view, &self.bucket, None, parameters)
    }
}
