//! Sealing and opening the parts of multipart uploads.
//!
//! All parts of an upload under SSE-KMS have one data key. KMS makes it when
//! the upload begins and decrypts it, for the caller, with every part: so who
//! only uploads needs `kms:Decrypt` too. Source: S3 User Guide, "Multipart
//! upload API and permissions".

use std::ops::Range;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::customer_key::{CustomerKey, CustomerMembers};
use super::encryption::{ask_kms_for_data_key, internal, new_data_key, s3_context, seal_message};
use super::wish::{Choice, Wish, choose};
use super::{error, service_key};
use crate::api::{ApiError, Context};
use crate::base::Arn;
use crate::crypto::{DataKey, EncryptedDataKey, EncryptionContext, message};
use crate::service::kms;
use crate::state::s3::{Bucket, Object, ObjectEncryption};
use crate::state::uploads::{SealedPart, Upload, UploadEncryption};

/// The pair in a part's header that says which one it is.
const LABEL: &str = "keychai:part";

/// Chooses what the parts are to be sealed with.
pub(super) fn begin(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    wish: &Wish,
) -> Result<UploadEncryption, ApiError> {
    let object = bucket.object_arn(key);
    match choose(bucket, wish)? {
        Choice::SseS3 => Ok(UploadEncryption::SseS3),
        Choice::SseC(key) => {
            let (edk, context) = (customer_edk(), s3_context(&object));
            let check = seal_message(cx, &[], key.data_key(), edk, &context)?;
            Ok(UploadEncryption::SseC {
                check: Bytes::from(check),
            })
        }
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
            let scope = if bucket_key { bucket.arn() } else { object };
            context.insert("aws:s3:arn", scope.as_str());
            let made = new_data_key(cx, &key, &context)?;
            cx.note("S3 keeps the encrypted data key for the parts and wipes the plaintext one");
            Ok(UploadEncryption::SseKms {
                key: made.key,
                context,
                bucket_key,
                dual_layer,
                encrypted_data_key: made.encrypted,
            })
        }
    }
}

/// The encrypted data key of a message whose key the caller brings.
pub(super) fn customer_edk() -> EncryptedDataKey {
    EncryptedDataKey {
        provider_id: "keychai-sse-c".to_owned(),
        provider_info: b"brought by the caller".to_vec(),
        ciphertext: Vec::new(),
    }
}

pub(super) fn labelled(mut context: EncryptionContext, label: &str) -> EncryptionContext {
    context.insert(LABEL, label);
    context
}

/// Seals one part of an upload.
pub(super) fn seal(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    upload: &Upload,
    label: String,
    plaintext: &[u8],
    customer: &CustomerMembers,
) -> Result<SealedPart, ApiError> {
    let own = labelled(s3_context(&bucket.object_arn(&upload.key)), &label);
    let customer = admit(upload, customer)?;
    let message = match (&upload.encryption, customer) {
        (UploadEncryption::SseS3, _) => service_key::seal(cx, bucket, &own, plaintext)?,
        (UploadEncryption::SseC { .. }, Some(key)) => {
            seal_message(cx, plaintext, key.data_key(), customer_edk(), &own)?
        }
        (UploadEncryption::SseC { .. }, None) => return Err(internal("no customer key")),
        (
            UploadEncryption::SseKms {
                key,
                context,
                dual_layer,
                encrypted_data_key,
                ..
            },
            _,
        ) => {
            let data_key = ask_kms_for_data_key(cx, key, context, encrypted_data_key)?;
            let edk = kms_edk(key, encrypted_data_key);
            let inner = labelled(context.clone(), &label);
            let sealed = seal_message(cx, plaintext, &data_key, edk, &inner)?;
            if *dual_layer {
                service_key::seal(cx, bucket, &own, &sealed)?
            } else {
                sealed
            }
        }
    };
    Ok(SealedPart {
        message: Bytes::from(message),
        size: plaintext.len() as u64,
        label,
    })
}

fn kms_edk(key: &Arn, encrypted: &[u8]) -> EncryptedDataKey {
    EncryptedDataKey {
        provider_id: "aws-kms".to_owned(),
        provider_info: key.as_str().as_bytes().to_vec(),
        ciphertext: encrypted.to_vec(),
    }
}

/// The key that a part brings; it must be the one of the upload.
fn admit(upload: &Upload, members: &CustomerMembers) -> Result<Option<CustomerKey>, ApiError> {
    let wrong = |text: &str| Err(error("InvalidRequest", 400, text));
    match (&upload.encryption, members.decode()?) {
        (UploadEncryption::SseC { .. }, None) => wrong(
            "The multipart upload initiate requested encryption. Subsequent part requests must \
             include the appropriate encryption parameters.",
        ),
        (UploadEncryption::SseC { check }, Some(key)) => {
            let header = message::Header::parse(check).map_err(internal)?;
            match header.authenticate(key.data_key()) {
                Ok(_) => Ok(Some(key)),
                Err(_) => wrong(DIFFERENT),
            }
        }
        (_, Some(_)) => wrong(DIFFERENT),
        (_, None) => Ok(None),
    }
}

const DIFFERENT: &str =
    "The provided encryption parameters did not match the ones used originally.";

/// How the object that an upload becomes is encrypted.
pub(super) fn of_object(upload: &UploadEncryption) -> ObjectEncryption {
    match upload {
        UploadEncryption::SseS3 => ObjectEncryption::SseS3,
        UploadEncryption::SseC { .. } => ObjectEncryption::SseC,
        UploadEncryption::SseKms {
            key,
            context,
            bucket_key,
            dual_layer,
            ..
        } => ObjectEncryption::SseKms {
            key: key.clone(),
            context: context.clone(),
            bucket_key: *bucket_key,
            dual_layer: *dual_layer,
        },
    }
}

/// Opens an object of parts, or the parts that hold `range`.
pub(super) fn open(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    object: &Object,
    customer: Option<CustomerKey>,
    range: Option<Range<u64>>,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let range = range.unwrap_or(0..object.size);
    let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(internal)?;
    // Of its final length at once: growing would leave copies of the plaintext behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(length));
    let mut opener = Opener {
        bucket,
        own: s3_context(&bucket.object_arn(key)),
        encryption: &object.encryption,
        customer,
        data_key: None,
    };
    let mut start = 0;
    for part in object.parts.iter() {
        let end = start + part.size;
        let wanted = range.start.max(start)..range.end.min(end);
        if wanted.start < wanted.end || object.size == 0 {
            let within = wanted.start - start..wanted.end - start;
            plaintext.extend_from_slice(&opener.part(cx, part, within)?);
        }
        start = end;
    }
    Ok(plaintext)
}

/// What is needed to open the parts of one object; KMS is asked once.
struct Opener<'a> {
    bucket: &'a Bucket,
    own: EncryptionContext,
    encryption: &'a ObjectEncryption,
    customer: Option<CustomerKey>,
    data_key: Option<DataKey>,
}

impl Opener<'_> {
    fn part(
        &mut self,
        cx: &mut Context<'_>,
        part: &SealedPart,
        range: Range<u64>,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let own = labelled(self.own.clone(), &part.label);
        let range = Some(range);
        match (self.encryption, &self.customer) {
            (ObjectEncryption::SseS3, _) => {
                service_key::open(self.bucket, &own, &part.message, range)
            }
            (ObjectEncryption::SseC, Some(key)) => {
                check_label(&part.message, &part.label)?;
                service_key::open_part(&part.message, key.data_key(), range)
            }
            (ObjectEncryption::SseC, None) => Err(internal("no customer key")),
            (
                ObjectEncryption::SseKms {
                    dual_layer: true, ..
                },
                _,
            ) => {
                let inner = service_key::open(self.bucket, &own, &part.message, None)?;
                self.with_kms(cx, &inner, &part.label, range)
            }
            (ObjectEncryption::SseKms { .. }, _) => {
                self.with_kms(cx, &part.message, &part.label, range)
            }
        }
    }

    fn with_kms(
        &mut self,
        cx: &mut Context<'_>,
        sealed: &[u8],
        label: &str,
        range: Option<Range<u64>>,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let header = check_label(sealed, label)?;
        let edk = header.encrypted_data_keys().first();
        let (ObjectEncryption::SseKms { key, context, .. }, Some(edk)) = (self.encryption, edk)
        else {
            return Err(internal("no data key"));
        };
        let data_key = match self.data_key.take() {
            Some(known) => known,
            None => ask_kms_for_data_key(cx, key, context, &edk.ciphertext)?,
        };
        let data_key = self.data_key.insert(data_key);
        service_key::open_part(sealed, data_key, range)
    }
}

/// The header of a part, if it says the part that it should be.
fn check_label(sealed: &[u8], label: &str) -> Result<message::Header, ApiError> {
    let header = message::Header::parse(sealed).map_err(internal)?;
    let mut pairs = header.context().iter();
    if pairs.any(|(name, value)| name == LABEL && value == label) {
        drop(pairs);
        return Ok(header);
    }
    Err(internal("a part is not where it belongs"))
}
