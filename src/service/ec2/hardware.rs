//! How EC2 and EBS use KMS.
//!
//! EBS has KMS make a data key **as the caller**, and keeps it encrypted with
//! the volume. When the volume is attached, EC2 makes a grant, as the caller,
//! for a principal of the instance's own; with it that principal decrypts the
//! data key into the memory of the host. The grant stays for later starts, and
//! is retired when the volume is detached: to revoke it, or to disable the key,
//! changes nothing for an instance that runs.
//!
//! EC2 answers before it asks KMS: there a volume without a usable key ends in
//! the state `error`. The lab asks at once, so that the call itself says why.
//!
//! Source: KMS Developer Guide, "How Amazon Elastic Block Store (Amazon EBS)
//! uses AWS KMS" and "How unusable KMS keys affect data keys".

use std::sync::Arc;

use crate::api::{ApiError, Caller, Context, Service};
use crate::authz::GrantConstraints;
use crate::base::{GrantId, InstanceId, VolumeId};
use crate::crypto::{DataKey, EncryptionContext};
use crate::service::{kms, service_grant};
use crate::state::compute::{Attachment, SealedKey};

/// The role in whose name EC2 works for an instance.
const INFRASTRUCTURE: &str = "aws:ec2-infrastructure";

/// The encryption context of a volume's data key.
pub(super) fn context_of(volume: &VolumeId) -> EncryptionContext {
    service_grant::context("aws:ebs:id", volume.as_str())
}

fn infrastructure(cx: &Context<'_>, instance: &InstanceId) -> Caller {
    service_grant::infrastructure(cx, INFRASTRUCTURE, instance.as_str())
}

/// Has KMS make the data key of a volume, as the caller.
///
/// # Errors
/// `UnauthorizedOperation` with KMS's reason, or KMS's own error.
pub(super) fn new_data_key(
    cx: &mut Context<'_>,
    volume: &VolumeId,
    key: Option<&str>,
) -> Result<SealedKey, ApiError> {
    let key = service_grant::key(cx, key, "ebs").map_err(as_ec2_error)?;
    let made = cx.forward(kms::GenerateDataKeyWithoutPlaintext {
        key_id: key.to_string(),
        key_spec: Some(kms::data_keys::DataKeySpec::AES_256),
        number_of_bytes: None,
        encryption_context: context_of(volume),
        grant_tokens: Vec::new(),
        dry_run: false,
    });
    let made = made.map_err(as_ec2_error)?;
    cx.note(format!(
        "EBS keeps the data key of {volume} as KMS encrypted it ({} bytes)",
        made.ciphertext_blob.len()
    ));
    Ok(SealedKey {
        key: made.key_id,
        data_key: made.ciphertext_blob,
    })
}

/// Makes the grant by which the infrastructure of `instance` decrypts, as the caller.
///
/// # Errors
/// As [`new_data_key`].
pub(super) fn make_grant(
    cx: &mut Context<'_>,
    volume: &VolumeId,
    sealed: &SealedKey,
    instance: &InstanceId,
) -> Result<GrantId, ApiError> {
    let account = cx.caller.account.clone();
    let grantee = Caller::infrastructure_arn(&account, INFRASTRUCTURE, instance.as_str());
    service_grant::make(
        cx,
        service_grant::Wanted {
            key: &sealed.key,
            grantee: &grantee,
            retiring: grantee.clone(),
            operations: &["Decrypt"],
            constraints: GrantConstraints {
                encryption_context_equals: None,
                encryption_context_subset: Some(context_of(volume)),
            },
        },
    )
    .map_err(as_ec2_error)
}

/// Decrypts the data key of a volume as the infrastructure of `instance`.
///
/// # Errors
/// As [`new_data_key`].
pub(super) fn open(
    cx: &mut Context<'_>,
    volume: &VolumeId,
    sealed: &SealedKey,
    instance: &InstanceId,
    grant: Option<&GrantId>,
) -> Result<Arc<DataKey>, ApiError> {
    let caller = infrastructure(cx, instance);
    let opened = service_grant::open(cx, &caller, sealed, context_of(volume), grant);
    let data_key = opened.map_err(as_ec2_error)?;
    cx.note("The infrastructure of the instance decrypts the data key by its grant");
    Ok(data_key)
}

/// Retires the grant of an attachment that ends.
pub(super) fn retire_grant(cx: &mut Context<'_>, sealed: &SealedKey, attachment: &Attachment) {
    if let Some(grant) = &attachment.grant {
        let caller = infrastructure(cx, &attachment.instance);
        service_grant::retire(cx, &caller, &sealed.key, grant);
    }
}

/// A refusal by KMS with its decision; other errors of KMS keep their words.
fn as_ec2_error(inner: ApiError) -> ApiError {
    match &inner.decision {
        Some(decision) => ApiError {
            detail: inner.detail.clone(),
            ..ApiError::denied(Service::Ec2, Arc::clone(decision))
        },
        None if inner.is_denial() => ApiError {
            detail: inner.detail,
            ..ApiError::new(Service::Ec2, "UnauthorizedOperation", 403, inner.message)
        },
        None => ApiError {
            service: Service::Ec2,
            ..inner
        },
    }
}
