//! Buckets with their policies, their default encryption, and what is blocked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::documents::{instant, list, member, policy};
use super::recognise::{Export, Found, named_in};
use super::{Report, of_kind};
use crate::base::{BucketName, KeyId};
use crate::crypto::BackingKey;
use crate::lab::Lab;
use crate::policy::{Policy, PolicyKind};
use crate::state::Map;
use crate::state::public_access::PublicAccessBlock;
use crate::state::s3::{Bucket, DefaultEncryption, Tags};
use crate::state::versions::Versioning;

/// The command's output does not say of which bucket it is.
const WHOSE: &str = "name the file after the bucket, such as `encryption-BUCKET.json`, and export \
                     `aws s3api list-buckets`";
const AGAIN: &str = "print it again with the AWS CLI";

/// Puts the buckets, then what belongs to them.
pub(super) fn load(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    for export in of_kind(exports, Found::BucketList) {
        for entry in list(&export.value, "Buckets") {
            put(
                lab,
                member(entry, "Name").unwrap_or_default(),
                entry.get("CreationDate"),
            );
        }
    }
    policies(lab, exports, report);
    settings(lab, exports, report);
    report.count("buckets", lab.cloud().buckets.size());
}

fn put(lab: &mut Lab, name: &str, created: Option<&Value>) -> Option<BucketName> {
    let name = BucketName::parse(name).ok()?;
    if lab.cloud().buckets.get(&name).is_some() {
        return Some(name);
    }
    let (account, now) = (lab.home().clone(), lab.now());
    let bucket = Bucket {
        name: name.clone(),
        account,
        region: lab.cloud().region.clone(),
        created: instant(created, now),
        policy: None,
        encryption: DefaultEncryption::SseS3,
        service_key: Arc::new(BackingKey::generate(lab.entropy_mut())),
        service_key_id: KeyId::fresh(lab.entropy_mut()),
        objects: Map::new_sync(),
        versioning: Versioning::Never,
        history: Map::new_sync(),
        uploads: Map::new_sync(),
        tags: Tags::new(),
        public_access_block: None,
    };
    lab.cloud_mut().buckets.insert_mut(name.clone(), bucket);
    Some(name)
}

fn policies(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    for export in of_kind(exports, Found::BucketPolicy) {
        let document = export.value.get("Policy").unwrap_or(&Value::Null);
        let document = match policy(PolicyKind::Bucket, document) {
            Ok(document) => document,
            Err(what) => {
                report.problem(&export.file, "Policy", what, AGAIN);
                continue;
            }
        };
        let name = named_bucket(&document);
        let Some(name) = name.and_then(|name| put(lab, &name, None)) else {
            report.problem(&export.file, "Policy", "no statement names a bucket", WHOSE);
            continue;
        };
        if let Some(bucket) = lab.cloud_mut().buckets.get_mut(&name) {
            bucket.policy = Some(document);
        }
        report.count("bucket policies", 1);
    }
}

/// The bucket that a bucket policy is about: all its resources lie in it.
fn named_bucket(policy: &Policy) -> Option<String> {
    let statements = policy.statements().iter();
    let mut resources = statements.flat_map(|statement| statement.resource().entries());
    let rest = resources.find_map(|resource| resource.as_str().strip_prefix("arn:aws:s3:::"))?;
    rest.split('/').next().map(str::to_owned)
}

fn settings(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    let buckets = lab.cloud().buckets.keys();
    let names: BTreeMap<String, BucketName> = buckets
        .map(|name| (name.to_string(), name.clone()))
        .collect();
    for kind in [Found::BucketEncryption, Found::PublicAccess] {
        for export in of_kind(exports, kind) {
            let said = member(&export.value, "Bucket").map(str::to_owned);
            let file = said.unwrap_or_else(|| export.words());
            let Some(name) = named_in(&file, &names) else {
                let what = "this does not say of which bucket it is";
                report.problem(&export.file, "", what, WHOSE);
                continue;
            };
            let Some(bucket) = lab.cloud_mut().buckets.get_mut(&name) else {
                continue;
            };
            match kind {
                Found::BucketEncryption => bucket.encryption = encryption(&export.value),
                _ => bucket.public_access_block = Some(blocked(&export.value)),
            }
            report.count("bucket settings", 1);
        }
    }
}

fn encryption(value: &Value) -> DefaultEncryption {
    let rule = value.pointer("/ServerSideEncryptionConfiguration/Rules/0");
    let applied = rule.and_then(|rule| rule.get("ApplyServerSideEncryptionByDefault"));
    let algorithm = applied.and_then(|a| member(a, "SSEAlgorithm"));
    match algorithm {
        Some(kms @ ("aws:kms" | "aws:kms:dsse")) => DefaultEncryption::SseKms {
            key: applied
                .and_then(|a| member(a, "KMSMasterKeyID"))
                .map(str::to_owned),
            bucket_key: rule
                .and_then(|rule| rule.get("BucketKeyEnabled"))
                .and_then(Value::as_bool)
                .unwrap_or(false),
            dual_layer: kms == "aws:kms:dsse",
        },
        _ => DefaultEncryption::SseS3,
    }
}

fn blocked(value: &Value) -> PublicAccessBlock {
    let block = value.get("PublicAccessBlockConfiguration");
    let is = |name: &str| {
        let member = block.and_then(|block| block.get(name));
        member.and_then(Value::as_bool).unwrap_or(false)
    };
    PublicAccessBlock {
        block_public_acls: is("BlockPublicAcls"),
        ignore_public_acls: is("IgnorePublicAcls"),
        block_public_policy: is("BlockPublicPolicy"),
        restrict_public_buckets: is("RestrictPublicBuckets"),
    }
}
