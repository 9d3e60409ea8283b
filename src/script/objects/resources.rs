//! Part of the objects: keys, buckets, failures and answers, and their names.

use rhai::Dynamic;

use super::bucket::Bucket;
use super::bucket_objects::Objects;
use super::client::LabHandle;
use super::compute::{Instance, Volume};
use super::key::Key;
use super::{answers, body, bucket, ciphertext, failure, key, kms, s3};
use crate::script::Registry;

/// Registers them all; types come before the methods that give them.
pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    ciphertext::register(registry);
    key::register(registry);
    kms::register(registry);
    body::register(registry);
    bucket::register(registry);
    s3::register(registry);
    failure::register(registry);
    answers::register(registry, lab);
}

/// The ARN of a key, a bucket or a bucket's objects.
pub(super) fn name_of(value: &Dynamic) -> Option<String> {
    let key = value.read_lock::<Key>().map(|key| key.arn().to_owned());
    key.or_else(|| value.read_lock::<Bucket>().map(|bucket| bucket.arn()))
        .or_else(|| {
            value
                .read_lock::<Objects>()
                .map(|objects| objects.arn().to_owned())
        })
        .or_else(|| value.read_lock::<Volume>().map(|v| v.id().to_owned()))
        .or_else(|| value.read_lock::<Instance>().map(|i| i.id().to_owned()))
}
