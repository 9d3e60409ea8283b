//! The list of an object's parts, authenticated.
//!
//! Every part is a message of its own, and nothing in the format says which
//! others belong with it. The manifest does: upload, number of parts, and of
//! each its label, its length and the random id of its message, under a key
//! that follows from the data key. S3 completes an upload without asking KMS,
//! so it keeps that key, encrypted under its own, while the upload is under
//! way; it opens nothing.

use zeroize::Zeroizing;

use super::encryption::internal;
use super::service_key;
use crate::api::ApiError;
use crate::crypto::kdf::HkdfSha256;
use crate::crypto::key_spec::MacAlgorithm;
use crate::crypto::{DataKey, EncryptionContext, MacKey};
use crate::state::s3::Bucket;
use crate::state::uploads::{Manifest, SealedPart, Upload, UploadEncryption};

const INFO: &[u8] = b"keychai manifest of parts, version 1";

/// The key of the manifest of an object under `data_key`.
pub(super) fn key_of(data_key: &DataKey) -> Result<DataKey, ApiError> {
    let mut key = Zeroizing::new(vec![0; 32]);
    HkdfSha256::extract(&[], data_key.as_bytes())
        .expand(&[INFO], &mut key)
        .map_err(internal)?;
    DataKey::from_bytes(key).map_err(internal)
}

/// Makes the manifest of the parts that an upload ends in.
pub(super) fn make(
    bucket: &Bucket,
    context: &EncryptionContext,
    upload_id: &str,
    upload: &Upload,
    parts: &[&SealedPart],
) -> Result<Manifest, ApiError> {
    let key = service_key::unwrap(bucket, context, &upload.manifest_key)?;
    let mac = mac_key(&key)?.tag(&listed(upload_id, parts.iter().copied()));
    let mac = <[u8; 32]>::try_from(mac).map_err(|_| internal("no MAC"))?;
    Ok(Manifest {
        upload_id: upload_id.to_owned(),
        mac,
        wrapped_key: match upload.encryption {
            UploadEncryption::SseS3 => Some(upload.manifest_key.clone()),
            _ => None,
        },
    })
}

/// Checks the manifest of `parts` under the key that it was made with.
pub(super) fn check(
    manifest: &Manifest,
    key: &DataKey,
    parts: &[SealedPart],
) -> Result<(), ApiError> {
    let listed = listed(&manifest.upload_id, parts.iter());
    match mac_key(key)?.verify(&listed, &manifest.mac) {
        true => Ok(()),
        false => Err(internal("its parts are not those that were uploaded")),
    }
}

fn mac_key(key: &DataKey) -> Result<MacKey, ApiError> {
    let material = Zeroizing::new(key.as_bytes().to_vec());
    MacKey::from_material(MacAlgorithm::HMAC_SHA_256, material)
        .ok_or_else(|| internal("a manifest key has 32 bytes"))
}

/// What is authenticated: every field behind its length.
fn listed<'a>(upload_id: &str, parts: impl Iterator<Item = &'a SealedPart>) -> Vec<u8> {
    let mut list = Vec::new();
    let mut push = |bytes: &[u8]| {
        list.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        list.extend_from_slice(bytes);
    };
    push(upload_id.as_bytes());
    for part in parts {
        push(part.label.as_bytes());
        push(&part.size.to_be_bytes());
        push(&part.message_id);
    }
    list
}
