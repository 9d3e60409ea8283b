//! The options with which objects are written, read and copied.

use serde_json::Value;

use super::arguments::{Options, bytes};
use super::client::Fallible;
use crate::base::Blob as Bytes;

/// The members of a call.
type Members = serde_json::Map<String, Value>;

/// Of `put_object`.
pub(super) const PUT_OPTIONS: [&str; 9] = [
    "encryption",
    "metadata",
    "content_type",
    "bucket_key",
    "customer_key",
    "checksum",
    "tags",
    "if_match",
    "if_none_match",
];
/// Of `get_object` and `head_object`.
pub(super) const GET_OPTIONS: [&str; 8] = [
    "range",
    "version_id",
    "customer_key",
    "checksum",
    "if_match",
    "if_none_match",
    "if_modified_since",
    "if_unmodified_since",
];
/// Options that are members by another name.
const CONDITIONS: [(&str, &str); 4] = [
    ("if_match", "IfMatch"),
    ("if_none_match", "IfNoneMatch"),
    ("if_modified_since", "IfModifiedSince"),
    ("if_unmodified_since", "IfUnmodifiedSince"),
];

fn conditions(options: &Options, input: &mut Members) -> Fallible<()> {
    for (option, member) in CONDITIONS {
        if let Some(value) = options.text(option)? {
            input.insert(member.to_owned(), value.into());
        }
    }
    Ok(())
}

/// Of `copy_object`.
pub(super) const COPY_OPTIONS: [&str; 9] = [
    "encryption",
    "metadata",
    "bucket_key",
    "customer_key",
    "source_customer_key",
    "checksum",
    "tags",
    "if_match",
    "if_none_match",
];

/// Members for a key of the caller's own, which go by names that begin with `prefix`.
fn customer(options: &Options, option: &str, prefix: &str, input: &mut Members) -> Fallible<()> {
    if let Some(key) = options.value(option) {
        let key = zeroize::Zeroizing::new(bytes(&key, &format!("option `{option}`"))?);
        let text = Bytes::from(key.as_slice()).to_base64();
        input.insert(format!("{prefix}SSECustomerAlgorithm"), "AES256".into());
        input.insert(format!("{prefix}SSECustomerKey"), text.into());
    }
    Ok(())
}

/// Members for a wish such as a key, `"AES256"`, `"SSE-S3"` or `"aws:kms"`.
fn encryption(options: &Options, input: &mut Members) -> Fallible<()> {
    if let Some(wish) = options.text("encryption")? {
        let (algorithm, is_key) = match wish.as_str() {
            "AES256" | "SSE-S3" => ("AES256", false),
            "aws:kms" | "SSE-KMS" => ("aws:kms", false),
            "aws:kms:dsse" | "DSSE-KMS" => ("aws:kms:dsse", false),
            _ => ("aws:kms", true),
        };
        input.insert("ServerSideEncryption".to_owned(), algorithm.into());
        if is_key {
            input.insert("SSEKMSKeyId".to_owned(), wish.into());
        }
    }
    customer(options, "customer_key", "", input)?;
    if let Some(flag) = options.flag("bucket_key")? {
        input.insert("BucketKeyEnabled".to_owned(), flag.into());
    }
    if let Some(metadata) = options.text_map("metadata")? {
        input.insert("Metadata".to_owned(), metadata.into());
    }
    Ok(())
}

/// Members for the options of a request that stores.
fn storing(options: &Options, input: &mut Members) -> Fallible<()> {
    encryption(options, input)?;
    conditions(options, input)?;
    if let Some(algorithm) = options.text("checksum")? {
        input.insert("ChecksumAlgorithm".to_owned(), algorithm.into());
    }
    if let Some(tags) = options.text_map("tags")? {
        let pairs = tags.iter().map(|(key, value)| {
            let value = value.as_str().unwrap_or_default();
            format!("{}={}", in_url(key), in_url(value))
        });
        let pairs: Vec<String> = pairs.collect();
        input.insert("Tagging".to_owned(), pairs.join("&").into());
    }
    Ok(())
}

/// A text as the query of a URL has it.
fn in_url(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    encoded.collect()
}

/// Members for the options of `put_object`.
pub(super) fn writing(options: &Options, input: &mut Members) -> Fallible<()> {
    storing(options, input)?;
    if let Some(content_type) = options.text("content_type")? {
        input.insert("ContentType".to_owned(), content_type.into());
    }
    Ok(())
}

/// What of the members of a request that stores belongs to the end of an upload in
/// parts; the rest belongs to its beginning.
pub(super) fn ending(input: &mut Members) -> Members {
    let names = ["IfMatch", "IfNoneMatch"];
    let taken = |name: &str| Some((name.to_owned(), input.remove(name)?));
    names.into_iter().filter_map(taken).collect()
}

/// The members that each part of an upload has as the beginning has them.
pub(super) fn of_each_part(input: &Members) -> Members {
    let names = [
        "Bucket",
        "Key",
        "SSECustomerAlgorithm",
        "SSECustomerKey",
        "ChecksumAlgorithm",
    ];
    let copied = |name: &str| Some((name.to_owned(), input.get(name)?.clone()));
    names.into_iter().filter_map(copied).collect()
}

/// Members for the options of `copy_object`.
pub(super) fn copying(options: &Options, input: &mut Members) -> Fallible<()> {
    storing(options, input)?;
    if input.contains_key("Tagging") {
        input.insert("TaggingDirective".to_owned(), "REPLACE".into());
    }
    customer(options, "source_customer_key", "CopySource", input)
}

/// Members for the options of a request that reads.
pub(super) fn reading(options: &Options, input: &mut Members) -> Fallible<()> {
    if let Some(range) = options.text("range")? {
        let range = if range.starts_with("bytes=") {
            range
        } else {
            format!("bytes={range}")
        };
        input.insert("Range".to_owned(), range.into());
    }
    if let Some(id) = options.text("version_id")? {
        input.insert("VersionId".to_owned(), id.into());
    }
    if options.flag("checksum")? == Some(true) {
        input.insert("ChecksumMode".to_owned(), "ENABLED".into());
    }
    conditions(options, input)?;
    customer(options, "customer_key", "", input)
}
