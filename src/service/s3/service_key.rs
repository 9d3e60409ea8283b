//! S3's own key of a bucket: the whole of SSE-S3, the outer layer of DSSE-KMS.

use super::encryption::internal;
use super::intake::Layer;
use crate::api::{ApiError, Context};
use crate::crypto::message::{Header, Opened};
use crate::crypto::{
    CiphertextBlob, DataKey, EncryptedDataKey, EncryptionContext, ciphertext_blob,
};
use crate::state::body::Body;
use crate::state::s3::Bucket;

/// A layer under a fresh data key, and that under the bucket's key.
pub(super) fn layer(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    context: EncryptionContext,
) -> Result<Layer, ApiError> {
    let data_key = DataKey::generate(32, &mut cx.effects.entropy).map_err(internal)?;
    let encrypted = EncryptedDataKey {
        provider_id: "keychai-s3".to_owned(),
        provider_info: bucket.service_key_id.as_str().as_bytes().to_vec(),
        ciphertext: wrap(cx, bucket, &context, &data_key)?,
    };
    Ok(Layer {
        data_key,
        encrypted,
        context,
    })
}

/// Encrypts a key under the bucket's.
pub(super) fn wrap(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    context: &EncryptionContext,
    key: &DataKey,
) -> Result<Vec<u8>, ApiError> {
    let (own, id) = (&bucket.service_key, &bucket.service_key_id);
    let entropy = &mut cx.effects.entropy;
    ciphertext_blob::seal(own, id, context, key.as_bytes(), entropy).map_err(internal)
}

/// Decrypts what [`wrap`] encrypted.
pub(super) fn unwrap(
    bucket: &Bucket,
    context: &EncryptionContext,
    wrapped: &[u8],
) -> Result<DataKey, ApiError> {
    let blob = CiphertextBlob::parse(wrapped).map_err(internal)?;
    let bytes = blob.open(&bucket.service_key, context).map_err(internal)?;
    DataKey::from_bytes(bytes).map_err(internal)
}

/// Opens a layer that [`layer`] made.
pub(super) fn open(
    bucket: &Bucket,
    context: &EncryptionContext,
    sealed: &Body,
) -> Result<Opened<Body>, ApiError> {
    let header = Header::read(sealed).map_err(internal)?;
    let encrypted = header
        .encrypted_data_keys()
        .first()
        .ok_or_else(|| internal("no data key"))?;
    let data_key = unwrap(bucket, context, &encrypted.ciphertext)?;
    Opened::with_header(sealed.clone(), &header, &data_key).map_err(internal)
}
