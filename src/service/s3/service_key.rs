//! S3's own key of a bucket: the whole of SSE-S3, the outer layer of DSSE-KMS.

use std::ops::Range;

use zeroize::Zeroizing;

use super::encryption::{FRAME_LENGTH, internal};
use crate::api::{ApiError, Context};
use crate::crypto::{
    CiphertextBlob, DataKey, EncryptedDataKey, EncryptionContext, ciphertext_blob, message,
};
use crate::state::s3::Bucket;

/// Seals `plaintext` under a fresh data key, and that under the bucket's key.
pub(super) fn seal(
    cx: &mut Context<'_>,
    bucket: &Bucket,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, ApiError> {
    let entropy = &mut cx.effects.entropy;
    let data_key = DataKey::generate(32, entropy).map_err(internal)?;
    let (own, id) = (&bucket.service_key, &bucket.service_key_id);
    let wrapped =
        ciphertext_blob::seal(own, id, context, data_key.as_bytes(), entropy).map_err(internal)?;
    let edk = EncryptedDataKey {
        provider_id: "keychai-s3".to_owned(),
        provider_info: id.as_str().as_bytes().to_vec(),
        ciphertext: wrapped,
    };
    message::seal(plaintext, &data_key, &[edk], context, FRAME_LENGTH, entropy).map_err(internal)
}

/// Opens what [`seal`] sealed, or a part of it.
pub(super) fn open(
    bucket: &Bucket,
    context: &EncryptionContext,
    sealed: &[u8],
    range: Option<Range<u64>>,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let header = message::Header::parse(sealed).map_err(internal)?;
    let edk = header
        .encrypted_data_keys()
        .first()
        .ok_or_else(|| internal("no data key"))?;
    let blob = CiphertextBlob::parse(&edk.ciphertext).map_err(internal)?;
    let bytes = blob.open(&bucket.service_key, context).map_err(internal)?;
    let data_key = DataKey::from_bytes(bytes).map_err(internal)?;
    open_part(sealed, &data_key, range)
}

/// The plaintext of a message; of a range, only the frames that hold it are opened.
pub(super) fn open_part(
    sealed: &[u8],
    data_key: &DataKey,
    range: Option<Range<u64>>,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    match range {
        None => message::open(sealed, data_key),
        Some(range) => message::open_range(sealed, data_key, range),
    }
    .map_err(internal)
}
