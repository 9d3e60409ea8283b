//! Encryption at rest: where S3 meets KMS.
//!
//! S3 asks KMS for a data key, or to decrypt one, **as the caller**: a forward
//! access session with `kms:ViaService`. Its own rights, and the bucket
//! owner's, never stand in. Source: KMS Developer Guide, "How Amazon S3 uses
//! AWS KMS".

use std::ops::Range;

use zeroize::Zeroizing;

use super::customer_key::{self, CustomerKey, CustomerMembers};
use super::intake::{self, Digests, Layer};
use super::plain::{Message, Plain};
use super::wish::{Choice, Wish, choose, kms_key};
use super::{error, parts, service_key};
use crate::api::{ApiError, Context, Operation, Service};
use crate::base::{Arn, Blob, Payload};
use crate::crypto::message::{Header, Opened, Source};
use crate::crypto::{DataKey, EncryptedDataKey, EncryptionContext, digest};
use crate::service::kms;
use crate::state::body::Body;
use crate::state::credential::Owner;
use crate::state::s3::{Bucket, Object, ObjectEncryption};

/// An encrypted body, ready to be stored.
#[derive(Debug)]
pub struct Sealed {
    /// The message.
    pub body: Body,
    /// The length of the plaintext in bytes.
    pub size: u64,
    /// How it is encrypted.
    pub encryption: ObjectEncryption,
    /// The entity tag: the MD5 of the body for SSE-S3, opaque for SSE-KMS.
    pub etag: String,
}

/// Encrypts the body of the object under `key` of `bucket`; `digests` see it.
///
/// # Errors
/// `AccessDenied` quoting the KMS action, or `KMS.…` with KMS's own error.
pub(super) fn seal(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    plaintext: Payload,
    wish: &Wish,
    digests: &mut Digests,
) -> Result<Sealed, ApiError> {
    let object = bucket.object_arn(key);
    let place = (bucket.name.as_str(), key);
    match choose(bucket, wish)? {
        Choice::SseS3 => {
            let layers = [service_key::layer(cx, bucket, s3_context(&object))?];
            digests.want_md5();
            let body = intake::keep(cx, place, plaintext, &layers, digests)?;
            Ok(Sealed {
                body,
                size: digests.length,
                encryption: ObjectEncryption::SseS3,
                etag: digest::hex(&digests.md5().unwrap_or_default()),
            })
        }
        Choice::SseC(key) => {
            let layers = [customer_layer(key, s3_context(&object))];
            let body = intake::keep(cx, place, plaintext, &layers, digests)?;
            cx.note(
                "The caller's key encrypts the object and is wiped from memory: S3 keeps no copy",
            );
            Ok(Sealed {
                body,
                size: digests.length,
                encryption: ObjectEncryption::SseC,
                etag: cx.effects.entropy.hex(16),
            })
        }
        Choice::SseKms {
            key,
            bucket_key,
            dual_layer,
        } => {
            let key = kms_key(cx, bucket, key)?;
            let mut context = wish.extra_context()?;
            let scope = if bucket_key {
                bucket.arn()
            } else {
                object.clone()
            };
            context.insert("aws:s3:arn", scope.as_str());
            let made = new_data_key(cx, bucket, &key, &context)?;
            let encryption = ObjectEncryption::SseKms {
                key: made.key.clone(),
                context: context.clone(),
                bucket_key,
                dual_layer,
            };
            let outer = if dual_layer {
                Some(service_key::layer(cx, bucket, s3_context(&object))?)
            } else {
                None
            };
            let layers = (made.layer(context), outer);
            seal_with_kms(cx, place, plaintext, layers, encryption, digests)
        }
    }
}

/// The layer under a key that the caller brings: that is the data key, and no
/// encrypted one is stored with it.
pub(super) fn customer_layer(key: CustomerKey, context: EncryptionContext) -> Layer {
    Layer {
        data_key: key.into_data_key(),
        encrypted: EncryptedDataKey {
            provider_id: "keychai-sse-c".to_owned(),
            provider_info: b"brought by the caller".to_vec(),
            ciphertext: Vec::new(),
        },
        context,
    }
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

impl NewDataKey {
    fn layer(self, context: EncryptionContext) -> Layer {
        kms_layer(self.plaintext, &self.key, self.encrypted, context)
    }
}

/// The layer under a data key of the KMS key `key`.
pub(super) fn kms_layer(
    data_key: DataKey,
    key: &Arn,
    encrypted: Vec<u8>,
    context: EncryptionContext,
) -> Layer {
    Layer {
        data_key,
        encrypted: EncryptedDataKey {
            provider_id: "aws-kms".to_owned(),
            provider_info: key.as_str().as_bytes().to_vec(),
            ciphertext: encrypted,
        },
        context,
    }
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

/// Calls KMS as the caller, in the Region of `bucket`, wherever S3 was called:
/// a bucket and the keys of its objects are in one Region.
///
/// Source: S3 User Guide, "Using server-side encryption with AWS KMS keys".
fn ask<O: Operation>(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    operation: O,
) -> Result<O::Output, ApiError> {
    check_signed(cx)?;
    cx.in_region(&bucket.region, |cx| cx.forward(operation))
        .map_err(as_s3_error)
}

/// Asks KMS for a data key.
pub(super) fn new_data_key(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    context: &EncryptionContext,
) -> Result<NewDataKey, ApiError> {
    let request = kms::GenerateDataKey {
        key_id: key.to_owned(),
        key_spec: Some(kms::data_keys::DataKeySpec::AES_256),
        number_of_bytes: None,
        encryption_context: context.clone(),
        grant_tokens: Vec::new(),
        dry_run: false,
    };
    let answer = ask(cx, bucket, request)?;
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

/// The four steps of an upload, and the second layer of DSSE-KMS.
fn seal_with_kms(
    cx: &mut Context<'_>,
    place: (&str, &str),
    plaintext: Payload,
    (inner, outer): (Layer, Option<Layer>),
    encryption: ObjectEncryption,
    digests: &mut Digests,
) -> Result<Sealed, ApiError> {
    let encrypted = inner.encrypted.ciphertext.len();
    let has_outer = outer.is_some();
    let layers: Vec<Layer> = [Some(inner), outer].into_iter().flatten().collect();
    let body = intake::keep(cx, place, plaintext, &layers, digests)?;
    cx.note(format!(
        "The data key encrypts the object: {} bytes become {} bytes",
        digests.length,
        body.length()
    ));
    cx.note(format!(
        "S3 stores the encrypted object with the encrypted data key ({encrypted} bytes)"
    ));
    drop(layers);
    cx.note("The plaintext data key is wiped from memory");
    if has_outer {
        cx.note("The second layer: S3's own key encrypts the encrypted object once more");
    }
    Ok(Sealed {
        body,
        size: digests.length,
        encryption,
        etag: cx.effects.entropy.hex(16),
    })
}

/// Opens the object that is stored under `key` of `bucket`, or a part of it.
/// `customer` is the key that the request brings.
///
/// # Errors
/// `AccessDenied` quoting `kms:Decrypt`, `KMS.…` with KMS's own error, or the
/// errors of SSE-C.
pub(super) fn open(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    object: &Object,
    customer: &CustomerMembers,
    range: Option<Range<u64>>,
) -> Result<Plain, ApiError> {
    let customer = customer_key::admit(object, customer)?;
    let range = range.unwrap_or(0..object.size);
    if !object.parts.is_empty() {
        return parts::open(cx, bucket, key, object, customer, range);
    }
    let own = s3_context(&bucket.object_arn(key));
    let message = match (&object.encryption, customer) {
        (ObjectEncryption::SseS3, _) => {
            Message::One(service_key::open(bucket, &own, &object.body)?)
        }
        (ObjectEncryption::SseC, Some(key)) => {
            Message::One(Opened::new(object.body.clone(), key.data_key()).map_err(internal)?)
        }
        (ObjectEncryption::SseC, None) => return Err(internal("no customer key")),
        (
            ObjectEncryption::SseKms {
                dual_layer: true,
                key,
                context,
                ..
            },
            _,
        ) => {
            let outer = service_key::open(bucket, &own, &object.body)?;
            Message::Two(open_with_kms(cx, bucket, key, context, outer)?)
        }
        (ObjectEncryption::SseKms { key, context, .. }, _) => Message::One(open_with_kms(
            cx,
            bucket,
            key,
            context,
            object.body.clone(),
        )?),
    };
    if message.length() != object.size {
        return Err(internal("it is not as long as it should be"));
    }
    if let ObjectEncryption::SseKms { .. } = object.encryption {
        cx.note(format!(
            "S3 decrypts the object in memory: {} bytes become {} bytes",
            object.body.length(),
            range.end.saturating_sub(range.start)
        ));
        cx.note("S3 returns the plaintext; the data key is wiped from memory");
    }
    let mut plain = Plain::default();
    plain.push(message, range);
    Ok(plain)
}

/// The steps of a download until the data key is there.
fn open_with_kms<S: Source>(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &Arn,
    context: &EncryptionContext,
    sealed: S,
) -> Result<Opened<S>, ApiError> {
    let header = Header::read(&sealed).map_err(internal)?;
    let encrypted = header
        .encrypted_data_keys()
        .first()
        .ok_or_else(|| internal("no data key"))?;
    let data_key = ask_kms_for_data_key(cx, bucket, key, context, &encrypted.ciphertext)?;
    Opened::with_header(sealed, &header, &data_key).map_err(internal)
}

/// Asks KMS to decrypt the data key of a stored object and lets it go: what a
/// checksum says of the plaintext is for those who may decrypt it. Nothing is
/// asked where KMS has no part in the encryption.
///
/// Source: S3 API Reference, `HeadObject`, permissions.
///
/// # Errors
/// `AccessDenied` quoting `kms:Decrypt`, or `KMS.…` with KMS's own error.
pub(super) fn unlock(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    object: &Object,
) -> Result<(), ApiError> {
    let ObjectEncryption::SseKms {
        key: kms_key,
        context,
        dual_layer,
        ..
    } = &object.encryption
    else {
        return Ok(());
    };
    let header = match dual_layer {
        true => {
            let own = s3_context(&bucket.object_arn(key));
            let own = match object.parts.first() {
                Some(part) => parts::labelled(own, &part.label),
                None => own,
            };
            Header::read(&service_key::open(bucket, &own, &object.body)?)
        }
        false => Header::read(&object.body),
    };
    let header = header.map_err(internal)?;
    let edk = header.encrypted_data_keys().first();
    let edk = edk.ok_or_else(|| internal("no data key"))?;
    ask_kms_for_data_key(cx, bucket, kms_key, context, &edk.ciphertext).map(drop)
}

/// The first two steps of a download.
pub(super) fn ask_kms_for_data_key(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &Arn,
    context: &EncryptionContext,
    encrypted: &[u8],
) -> Result<DataKey, ApiError> {
    let label = label(cx, key);
    let request = kms::Decrypt {
        ciphertext_blob: Blob::from(encrypted),
        key_id: Some(key.to_string()),
        encryption_algorithm: None,
        encryption_context: context.clone(),
        grant_tokens: Vec::new(),
        dry_run: false,
    };
    let answer = ask(cx, bucket, request)?;
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
