//! Sealing and opening the parts of multipart uploads.
//!
//! All parts of an upload under SSE-KMS have one data key. KMS makes it when
//! the upload begins and decrypts it, for the caller, with every part: so who
//! only uploads needs `kms:Decrypt` too. Source: S3 User Guide, "Multipart
//! upload API and permissions".

use std::ops::Range;

use bytes::Bytes;

use super::customer_key::{CustomerKey, CustomerMembers};
use super::encryption::{
    ask_kms_for_data_key, customer_layer, internal, kms_layer, new_data_key, s3_context,
};
use super::intake::{self, Digests, Layer};
use super::plain::{Message, Plain};
use super::wish::{Choice, Wish, choose, kms_key};
use super::{error, manifest, service_key};
use crate::api::{ApiError, Context};
use crate::base::{Arn, Payload};
use crate::crypto::message::{self, Header, Opened, Source};
use crate::crypto::{DataKey, EncryptionContext};
use crate::state::s3::{Bucket, Object, ObjectEncryption};
use crate::state::uploads::{SealedPart, Upload, UploadEncryption};

/// The pair in a part's header that says which one it is.
const LABEL: &str = "keychai:part";

/// Chooses what the parts are to be sealed with, and the key of their manifest,
/// which is encrypted.
pub(super) fn begin(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    wish: &Wish,
) -> Result<(UploadEncryption, Vec<u8>), ApiError> {
    let object = bucket.object_arn(key);
    let own = manifest_context(&object);
    match choose(bucket, wish)? {
        Choice::SseS3 => {
            let key = DataKey::generate(32, &mut cx.effects.entropy).map_err(internal)?;
            Ok((
                UploadEncryption::SseS3,
                service_key::wrap(cx, bucket, &own, &key)?,
            ))
        }
        Choice::SseC(key) => {
            let manifest = manifest::key_of(key.data_key())?;
            let check = nothing_under(cx, customer_layer(key, s3_context(&object)))?;
            let wrapped = service_key::wrap(cx, bucket, &own, &manifest)?;
            Ok((UploadEncryption::SseC { check }, wrapped))
        }
        Choice::SseKms {
            key,
            bucket_key,
            dual_layer,
        } => {
            let key = kms_key(cx, bucket, key)?;
            let mut context = wish.extra_context()?;
            let scope = if bucket_key { bucket.arn() } else { object };
            context.insert("aws:s3:arn", scope.as_str());
            let made = new_data_key(cx, bucket, &key, &context)?;
            let manifest = manifest::key_of(&made.plaintext)?;
            let wrapped = service_key::wrap(cx, bucket, &own, &manifest)?;
            cx.note("S3 keeps the encrypted data key for the parts and wipes the plaintext one");
            let encryption = UploadEncryption::SseKms {
                key: made.key,
                context,
                bucket_key,
                dual_layer,
                encrypted_data_key: made.encrypted,
            };
            Ok((encryption, wrapped))
        }
    }
}

/// A message of nothing: whether a key is the one of `layer` shows by it.
fn nothing_under(cx: &mut Context<'_>, layer: Layer) -> Result<Bytes, ApiError> {
    let entropy = &mut cx.effects.entropy;
    let keys = [layer.encrypted];
    let frame = message::OBJECT_FRAME_LENGTH;
    message::seal(&[], &layer.data_key, &keys, &layer.context, frame, entropy)
        .map(Bytes::from)
        .map_err(internal)
}

pub(super) fn labelled(mut context: EncryptionContext, label: &str) -> EncryptionContext {
    context.insert(LABEL, label);
    context
}

/// The context under which S3 encrypts the key of a manifest.
pub(super) fn manifest_context(object: &Arn) -> EncryptionContext {
    labelled(s3_context(object), "manifest")
}

/// Seals one part of an upload.
pub(super) fn seal(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    upload: &Upload,
    label: String,
    plaintext: Payload,
    customer: &CustomerMembers,
    digests: &mut Digests,
) -> Result<SealedPart, ApiError> {
    let own = labelled(s3_context(&bucket.object_arn(&upload.key)), &label);
    let customer = admit(upload, customer)?;
    let mut layers = Vec::new();
    match (&upload.encryption, customer) {
        (UploadEncryption::SseS3, _) => layers.push(service_key::layer(cx, bucket, own)?),
        (UploadEncryption::SseC { .. }, Some(key)) => layers.push(customer_layer(key, own)),
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
            let data_key = ask_kms_for_data_key(cx, bucket, key, context, encrypted_data_key)?;
            let inner = labelled(context.clone(), &label);
            layers.push(kms_layer(data_key, key, encrypted_data_key.clone(), inner));
            if *dual_layer {
                layers.push(service_key::layer(cx, bucket, own)?);
            }
        }
    }
    let place = (bucket.name.as_str(), upload.key.as_str());
    let message = intake::keep(cx, place, plaintext, &layers, digests)?;
    let header = Header::read(&message).map_err(internal)?;
    Ok(SealedPart {
        message_id: *header.message_id(),
        message,
        size: digests.length,
        label,
    })
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
            let header = Header::parse(check).map_err(internal)?;
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

/// Opens the parts of an object that hold `range`.
pub(super) fn open(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    key: &str,
    object: &Object,
    customer: Option<CustomerKey>,
    range: Range<u64>,
) -> Result<Plain, ApiError> {
    let arn = bucket.object_arn(key);
    let mut opener = Opener {
        bucket,
        own: s3_context(&arn),
        encryption: &object.encryption,
        customer,
        data_key: None,
    };
    opener.check_manifest(cx, object, &manifest_context(&arn))?;
    let mut plain = Plain::default();
    let mut start = 0;
    for part in object.parts.iter() {
        let end = start + part.size;
        let wanted = range.start.max(start)..range.end.min(end);
        if wanted.start < wanted.end || object.size == 0 {
            plain.push(
                opener.part(cx, part)?.lean(),
                wanted.start - start..wanted.end - start,
            );
        }
        start = end;
    }
    Ok(plain)
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
    /// Checks that the parts are those of the upload, all of them, in order.
    fn check_manifest(
        &mut self,
        cx: &mut Context<'_>,
        object: &Object,
        context: &EncryptionContext,
    ) -> Result<(), ApiError> {
        let manifest = object
            .manifest
            .as_ref()
            .ok_or_else(|| internal("parts without a manifest"))?;
        let key = match (&self.customer, self.encryption, &manifest.wrapped_key) {
            (Some(key), ..) => manifest::key_of(key.data_key())?,
            (None, ObjectEncryption::SseKms { .. }, _) => {
                let first = object.parts.first();
                let first = first.ok_or_else(|| internal("no parts"))?;
                let (own, label) = (labelled(self.own.clone(), &first.label), &first.label);
                let header = match self.encryption {
                    ObjectEncryption::SseKms {
                        dual_layer: true, ..
                    } => Header::read(&service_key::open(self.bucket, &own, &first.message)?),
                    _ => Header::read(&first.message),
                }
                .map_err(internal)?;
                check_label(&header, label)?;
                manifest::key_of(self.data_key_of(cx, &header)?)?
            }
            (None, _, Some(wrapped)) => service_key::unwrap(self.bucket, context, wrapped)?,
            (None, _, None) => return Err(internal("no manifest key")),
        };
        manifest::check(manifest, &key, &object.parts)
    }

    fn part(&mut self, cx: &mut Context<'_>, part: &SealedPart) -> Result<Message, ApiError> {
        let own = labelled(self.own.clone(), &part.label);
        let outer_id = *Header::read(&part.message).map_err(internal)?.message_id();
        if outer_id != part.message_id {
            return Err(internal("a part is not the one that was uploaded"));
        }
        let message = match (self.encryption, &self.customer) {
            (ObjectEncryption::SseS3, _) => {
                Message::One(service_key::open(self.bucket, &own, &part.message)?)
            }
            (ObjectEncryption::SseC, Some(key)) => {
                let header = Header::read(&part.message).map_err(internal)?;
                check_label(&header, &part.label)?;
                let opened = Opened::with_header(part.message.clone(), &header, key.data_key());
                Message::One(opened.map_err(internal)?)
            }
            (ObjectEncryption::SseC, None) => return Err(internal("no customer key")),
            (
                ObjectEncryption::SseKms {
                    dual_layer: true, ..
                },
                _,
            ) => {
                let outer = service_key::open(self.bucket, &own, &part.message)?;
                Message::Two(self.with_kms(cx, outer, &part.label)?)
            }
            (ObjectEncryption::SseKms { .. }, _) => {
                Message::One(self.with_kms(cx, part.message.clone(), &part.label)?)
            }
        };
        match message.length() == part.size {
            true => Ok(message),
            false => Err(internal("a part is not as long as it should be")),
        }
    }

    fn with_kms<S: Source>(
        &mut self,
        cx: &mut Context<'_>,
        sealed: S,
        label: &str,
    ) -> Result<Opened<S>, ApiError> {
        let header = Header::read(&sealed).map_err(internal)?;
        check_label(&header, label)?;
        let data_key = self.data_key_of(cx, &header)?;
        Opened::with_header(sealed, &header, data_key).map_err(internal)
    }

    fn data_key_of(&mut self, cx: &mut Context<'_>, header: &Header) -> Result<&DataKey, ApiError> {
        let data_key = match self.data_key.take() {
            Some(known) => known,
            None => {
                let encrypted = header.encrypted_data_keys().first();
                let (ObjectEncryption::SseKms { key, context, .. }, Some(encrypted)) =
                    (self.encryption, encrypted)
                else {
                    return Err(internal("no data key"));
                };
                ask_kms_for_data_key(cx, self.bucket, key, context, &encrypted.ciphertext)?
            }
        };
        Ok(self.data_key.insert(data_key))
    }
}

/// Checks that the header of a part says the part that it should be.
fn check_label(header: &Header, label: &str) -> Result<(), ApiError> {
    let mut pairs = header.context().iter();
    match pairs.any(|(name, value)| name == LABEL && value == label) {
        true => Ok(()),
        false => Err(internal("a part is not where it belongs")),
    }
}
