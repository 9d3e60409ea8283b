//! Encryption at rest: where S3 meets KMS.
//!
//! S3 asks KMS for a data key, or to decrypt one, **as the caller**: a forward
//! access session with `kms:ViaService`. Its own rights, and the bucket
//! owner's, never stand in. Source: KMS Developer Guide, "How Amazon S3 uses
//! AWS KMS".

use std::ops::Range;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::customer_key::{self, CustomerKey, CustomerMembers};
use super::wish::{Choice, Wish, choose};
use super::{error, parts, service_key};
use crate::api::{ApiError, Context, Service};
use crate::base::{Arn, Blob};
use crate::crypto::{DataKey, EncryptedDataKey, EncryptionContext, message};
use crate::service::kms;
use crate::state::credential::Owner;
use crate::state::s3::{Bucket, Object, ObjectEncryption};

/// Plaintext bytes per frame of a stored object.
pub(super) const FRAME_LENGTH: u32 = 65_536;

/// An encrypted body, ready to be stored.
#[derive(Debug)]
pub struct Sealed {
    /// The message.
    pub body: Bytes,
    /// How it is encrypted.
    pub encryption: ObjectEncryption,
    /// The entity tag: the MD5 of the body for SSE-S3, opaque for SSE-KMS.
    pub etag: String,
}

/// Encrypts the body of the object under `key` of `bucket`.
///
/// # Errors
/// `AccessDenied` quoting the KMS action, or `KMS.…` with KMS's own error.
pub fn seal(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    plaintext: &[u8],
    wish: &Wish,
) -> Result<Sealed, ApiError> {
    let object = bucket.object_arn(key);
    match choose(bucket, wish)? {
        Choice::SseS3 => Ok(Sealed {
            body: Bytes::from(service_key::seal(
                cx,
                bucket,
                &s3_context(&object),
                plaintext,
            )?),
            encryption: ObjectEncryption::SseS3,
            etag: crate::crypto::digest::md5_hex(plaintext),
        }),
        Choice::SseC(key) => seal_with_customer_key(cx, &object, &key, plaintext),
        Choice::SseKms {
            key,
            bucket_key,
            dual_layer,
        } => {
            let key = match key {
                Some(key) => key,
                None => kms::managed::aws_managed_key(cx, "s3")?.to_string(),
            };
            let mut context = wish.extra_context()?;
            let scope = if bucket_key {
                bucket.arn()
            } else {
                object.clone()
            };
            context.insert("aws:s3:arn", scope.as_str());
            let sealed = seal_with_kms(cx, &key, context, bucket_key, plaintext)?;
            if dual_layer {
                return add_layer(cx, bucket, &object, sealed);
            }
            Ok(sealed)
        }
    }
}

/// The key is the data key of the message; no encrypted one is stored with it.
fn seal_with_customer_key(
    cx: &mut Context<'_>,
    object: &Arn,
    key: &CustomerKey,
    plaintext: &[u8],
) -> Result<Sealed, ApiError> {
    let context = s3_context(object);
    let body = seal_message(
        cx,
        plaintext,
        key.data_key(),
        parts::customer_edk(),
        &context,
    )?;
    cx.note("The caller's key encrypts the object and is wiped from memory: S3 keeps no copy");
    let etag = cx.effects.entropy.hex(16);
    Ok(Sealed {
        body: Bytes::from(body),
        encryption: ObjectEncryption::SseC,
        etag,
    })
}

/// A data key that KMS made.
pub(super) struct NewDataKey {
    /// The ARN of the KMS key.
    pub(super) key: Arn,
    /// The data key in clear.
    pub(super) plaintext: DataKey,
    /// The data key as KMS encrypted it.
    pub(super) encrypted: Vec<u8>,
}

/// KMS answers no unsigned requests, so S3 does not even ask it for the sake of one.
///
/// Source: AWS Knowledge Center, "Requests require AWS Signature Version 4".
fn check_signed(cx: &Context<'_>) -> Result<(), ApiError> {
    if !matches!(cx.caller.owner, Owner::Anonymous) {
        return Ok(());
    }
    let text = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS \
                Signature Version 4.";
    Err(error("InvalidArgument", 400, text)
        .with_detail("Nobody signed the request, and KMS answers only callers it knows."))
}

/// Asks KMS for a data key, as the caller.
pub(super) fn new_data_key(
    cx: &mut Context<'_>,
    key: &str,
    context: &EncryptionContext,
) -> Result<NewDataKey, ApiError> {
    check_signed(cx)?;
    let answer = cx
        .forward(kms::GenerateDataKey {
            key_id: key.to_owned(),
            key_spec: Some(kms::data_keys::DataKeySpec::AES_256),
            number_of_bytes: None,
            encryption_context: context.clone(),
            grant_tokens: Vec::new(),
            dry_run: false,
        })
        .map_err(as_s3_error)?;
    let label = label(cx, &answer.key_id);
    cx.note(format!(
        "S3 calls kms:GenerateDataKey on {label} as the caller, with context {}",
        shown(context)
    ));
    Ok(NewDataKey {
        key: answer.key_id,
        plaintext: data_key(&answer.plaintext)?,
        encrypted: answer.ciphertext_blob.as_bytes().to_vec(),
    })
}

/// Seals one message under `data_key`.
pub(super) fn seal_message(
    cx: &mut Context<'_>,
    plaintext: &[u8],
    data_key: &DataKey,
    edk: EncryptedDataKey,
    context: &EncryptionContext,
) -> Result<Vec<u8>, ApiError> {
    let entropy = &mut cx.effects.entropy;
    message::seal(plaintext, data_key, &[edk], context, FRAME_LENGTH, entropy).map_err(internal)
}

/// The second layer of DSSE-KMS.
fn add_layer(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    object: &Arn,
    sealed: Sealed,
) -> Result<Sealed, ApiError> {
    let body = Bytes::from(service_key::seal(
        cx,
        bucket,
        &s3_context(object),
        &sealed.body,
    )?);
    cx.note("The second layer: S3's own key encrypts the encrypted object once more");
    let encryption = match sealed.encryption {
        ObjectEncryption::SseKms {
            key,
            context,
            bucket_key,
            ..
        } => ObjectEncryption::SseKms {
            key,
            context,
            bucket_key,
            dual_layer: true,
        },
        other => other,
    };
    Ok(Sealed {
        body,
        encryption,
        ..sealed
    })
}

/// The four steps of an upload.
fn seal_with_kms(
    cx: &mut Context<'_>,
    key: &str,
    context: EncryptionContext,
    bucket_key: bool,
    plaintext: &[u8],
) -> Result<Sealed, ApiError> {
    let made = new_data_key(cx, key, &context)?;
    let edk = EncryptedDataKey {
        provider_id: "aws-kms".to_owned(),
        provider_info: made.key.as_str().as_bytes().to_vec(),
        ciphertext: made.encrypted.clone(),
    };
    let body = seal_message(cx, plaintext, &made.plaintext, edk, &context)?;
    cx.note(format!(
        "The data key encrypts the object: {} bytes become {} bytes",
        plaintext.len(),
        body.len()
    ));
    cx.note(format!(
        "S3 stores the encrypted object with the encrypted data key ({} bytes)",
        made.encrypted.len()
    ));
    drop(made.plaintext);
    cx.note("The plaintext data key is wiped from memory");
    let etag = cx.effects.entropy.hex(16);
    let key = made.key;
    Ok(Sealed {
        body: Bytes::from(body),
        encryption: ObjectEncryption::SseKms {
            key,
            context,
            bucket_key,
            dual_layer: false,
        },
        etag,
    })
}

/// Decrypts the object that is stored under `key` of `bucket`, or a part of it.
/// `customer` is the key that the request brings.
///
/// # Errors
/// `AccessDenied` quoting `kms:Decrypt`, `KMS.…` with KMS's own error, or the
/// errors of SSE-C.
pub fn open(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    object: &Object,
    customer: &CustomerMembers,
    range: Option<Range<u64>>,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let customer = customer_key::admit(object, customer)?;
    if !object.parts.is_empty() {
        return parts::open(cx, bucket, key, object, customer, range);
    }
    let own = s3_context(&bucket.object_arn(key));
    match (&object.encryption, customer) {
        (ObjectEncryption::SseS3, _) => service_key::open(bucket, &own, &object.body, range),
        (ObjectEncryption::SseC, Some(key)) => {
            service_key::open_part(&object.body, key.data_key(), range)
        }
        (ObjectEncryption::SseC, None) => Err(internal("no customer key")),
        (
            ObjectEncryption::SseKms {
                key,
                context,
                dual_layer,
                ..
            },
            _,
        ) => {
            // The outer layer is opened whole: where the frames of the inner one lie in it
            // is not known before.
            let outer = if *dual_layer {
                Some(service_key::open(bucket, &own, &object.body, None)?)
            } else {
                None
            };
            let sealed = outer
                .as_ref()
                .map_or(object.body.as_ref(), |inner| inner.as_slice());
            open_with_kms(cx, key, context, sealed, range)
        }
    }
}

/// The steps of a download.
fn open_with_kms(
    cx: &mut Context<'_>,
    key: &Arn,
    context: &EncryptionContext,
    sealed: &[u8],
    range: Option<Range<u64>>,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let header = message::Header::parse(sealed).map_err(internal)?;
    let edk = header
        .encrypted_data_keys()
        .first()
        .ok_or_else(|| internal("no data key"))?;
    let data_key = ask_kms_for_data_key(cx, key, context, &edk.ciphertext)?;
    let plaintext = service_key::open_part(sealed, &data_key, range)?;
    cx.note(format!(
        "S3 decrypts the object in memory: {} bytes become {} bytes",
        sealed.len(),
        plaintext.len()
    ));
    cx.note("S3 returns the plaintext; the data key is wiped from memory");
    Ok(plaintext)
}

/// The first two steps of a download.
pub(super) fn ask_kms_for_data_key(
    cx: &mut Context<'_>,
    key: &Arn,
    context: &EncryptionContext,
    encrypted: &[u8],
) -> Result<DataKey, ApiError> {
    check_signed(cx)?;
    let label = label(cx, key);
    let answer = cx
        .forward(kms::Decrypt {
            ciphertext_blob: Blob::from(encrypted),
            key_id: Some(key.to_string()),
            encryption_algorithm: None,
            encryption_context: context.clone(),
            grant_tokens: Vec::new(),
            dry_run: false,
        })
        .map_err(as_s3_error)?;
    cx.note(format!(
        "S3 sends the encrypted data key ({} bytes) to kms:Decrypt on {label} as the caller, \
         with context {}",
        encrypted.len(),
        shown(context)
    ));
    cx.note("KMS decrypts the data key under the master key, which never leaves KMS");
    data_key(&answer.plaintext)
}

fn data_key(plaintext: &Blob) -> Result<DataKey, ApiError> {
    DataKey::from_bytes(Zeroizing::new(plaintext.as_bytes().to_vec())).map_err(internal)
}

pub(super) fn s3_context(object: &Arn) -> EncryptionContext {
    let mut context = EncryptionContext::default();
    context.insert("aws:s3:arn", object.as_str());
    context
}

fn label(cx: &Context<'_>, key: &Arn) -> String {
    cx.cloud
        .key_by_arn(key)
        .map_or_else(|| key.to_string(), |key| cx.cloud.key_label(key))
}

fn shown(context: &EncryptionContext) -> String {
    let pairs: Vec<String> = context.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// A refusal by KMS is S3's `AccessDenied`; other errors come as `KMS.<code>`.
fn as_s3_error(inner: ApiError) -> ApiError {
    match &inner.decision {
        Some(decision) => ApiError {
            detail: inner.detail.clone(),
            ..ApiError::denied(Service::S3, std::sync::Arc::clone(decision))
        },
        None if inner.is_denial() => error("AccessDenied", 403, inner.message),
        None => ApiError {
            service: Service::S3,
            code: format!("KMS.{}", inner.code),
            status: 400,
            ..inner
        },
    }
}

/// What cannot happen unless stored bytes were altered.
pub(super) fn internal(cause: impl std::fmt::Display) -> ApiError {
    error(
        "InternalError",
        500,
        "We encountered an internal error. Please try again.",
    )
    .with_detail(format!(
        "The stored object could not be processed: {cause}."
    ))
}
