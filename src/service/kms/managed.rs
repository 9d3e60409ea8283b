//! AWS managed keys, made on first use.

use serde_json::json;

use super::material::make_material;
use super::new_key::{Blank, new_key};
use super::rotation::set_rotation;
use crate::api::{ApiError, Context, Service};
use crate::base::Arn;
use crate::policy::{Policy, PolicyKind};
use crate::state::kms::{AliasId, KeyManager, Rotation};

/// AWS managed keys rotate every year, which nobody can change.
///
/// Source: KMS API Reference, `GetKeyRotationStatus`.
const ROTATION_DAYS: u32 = 365;

/// The key policy of an AWS managed key: everyone in the account, through the service only.
///
/// Source: KMS Developer Guide, "Default key policy" of AWS managed keys.
fn policy_text(account: &str, region: &str, service: &str) -> String {
    // EBS is a part of EC2, and calls KMS by its name.
    let host = if service == "ebs" { "ec2" } else { service };
    let mut actions = vec![
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
    ];
    if service != "s3" {
        actions.push("kms:CreateGrant");
    }
    json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-2"),
        "Statement": [
            {
                "Sid": format!(
                    "Allow access through {} for all principals in the account that are authorized to use {}",
                    service.to_uppercase(), service.to_uppercase()
                ),
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": actions,
                "Resource": "*",
                "Condition": { "StringEquals": {
                    "kms:CallerAccount": account,
                    "kms:ViaService": format!("{host}.{region}.amazonaws.com"),
                } },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

/// The ARN of the account's AWS managed key for `service`; made if there is none yet.
///
/// # Errors
/// If the fixed policy did not compile, which a test rules out.
pub fn aws_managed_key(cx: &mut Context<'_>, service: &str) -> Result<Arn, ApiError> {
    let alias = AliasId {
        account: cx.caller.account.clone(),
        region: cx.region.clone(),
        name: format!("alias/aws/{service}"),
    };
    if let Some(key) = cx.cloud.key_of_alias(&alias) {
        return Ok(key.arn.clone());
    }
    let text = policy_text(alias.account.as_str(), alias.region.as_str(), service);
    let policy =
        Policy::parse(PolicyKind::Key, &text).map_err(|e| ApiError::policy(Service::Kms, &e))?;
    let description = format!(
        "Default key that protects my {} when no other key is defined",
        match service {
            "s3" => "S3 objects",
            "ebs" => "EBS volumes",
            "lambda" => "Lambda functions",
            "rds" => "RDS database volumes",
            other => other,
        }
    );
    let blank = Blank::of(KeyManager::Aws, policy);
    let mut key = new_key(
        cx,
        Blank {
            description,
            ..blank
        },
    );
    make_material(cx, &mut key)?;
    let (arn, place) = (key.arn.clone(), key.place());
    cx.cloud.aliases.insert_mut(alias, key.id.clone());
    cx.cloud.keys.insert_mut(place.clone(), key);
    let next = cx.now().plus_days(i64::from(ROTATION_DAYS));
    let rotation = Rotation {
        period_days: ROTATION_DAYS,
        next,
    };
    set_rotation(cx.cloud, &place, Some(rotation));
    Ok(arn)
}
