//! Buckets and objects as `s3` makes, finds and moves them.

use std::sync::Arc;

use rhai::{Array, Dynamic, Map, NativeCallContext};
use serde_json::{Value, json};

use super::arguments::{Options, bytes};
use super::body::{Body, StoredMessage, StoredObject};
use super::bucket::Bucket;
use super::ciphertext::member;
use super::client::{Client, Fallible, S3, ServiceObject};
use super::key::counted;
use super::object_options::{self, COPY_OPTIONS, GET_OPTIONS, PUT_OPTIONS};
use super::transfer::put_any;
use crate::api::Service;
use crate::base::{Arn, Blob as Bytes, BucketName};
use crate::render::Envelope;
use crate::script::{Registry, Thrown};

/// `bucket/key` in its two parts.
pub(super) fn parts(name: &str) -> Fallible<(String, String)> {
    match name.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
            Ok((bucket.to_owned(), key.to_owned()))
        }
        _ => {
            let text = format!("`{name}` names no object: write it as `bucket/key`");
            Err(Thrown::new("WrongValue", text).into())
        }
    }
}

pub(super) fn put(
    client: &Client,
    bucket: &str,
    key: &str,
    body: &Dynamic,
    options: Map,
) -> Fallible<StoredObject> {
    let body = bytes(body, "a body")?;
    let mut input = writing("put_object", bucket, key, options)?;
    input.insert("Body".to_owned(), Bytes::from(body).to_base64().into());
    let head = client.call(Service::S3, "PutObject", input.into())?;
    Ok(StoredObject {
        name: format!("{bucket}/{key}"),
        head,
    })
}

/// The members of a request that stores, all but the body.
pub(super) fn writing(
    method: &'static str,
    bucket: &str,
    key: &str,
    options: Map,
) -> Fallible<serde_json::Map<String, Value>> {
    let options = Options::new(method, options, &PUT_OPTIONS)?;
    let mut input = named(bucket, key);
    object_options::writing(&options, &mut input)?;
    Ok(input)
}

pub(super) fn get(client: &Client, bucket: &str, key: &str, options: Map) -> Fallible<Body> {
    let options = Options::new("get_object", options, &GET_OPTIONS)?;
    let mut input = named(bucket, key);
    object_options::reading(&options, &mut input)?;
    let mut head = client.call(Service::S3, "GetObject", input.into())?;
    let bytes = Arc::new(zeroize::Zeroizing::new(member(&head, "Body")?));
    if let Value::Object(members) = &mut head {
        members.remove("Body");
    }
    Ok(Body {
        name: format!("{bucket}/{key}"),
        bytes,
        head,
    })
}

pub(super) fn named(bucket: &str, key: &str) -> serde_json::Map<String, Value> {
    let pairs = [("Bucket", bucket), ("Key", key)];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.into()));
    pairs.into_iter().collect()
}

pub(super) fn head(
    client: &Client,
    bucket: &str,
    key: &str,
    options: Map,
) -> Fallible<StoredObject> {
    let options = Options::new("head_object", options, &GET_OPTIONS)?;
    let mut input = named(bucket, key);
    object_options::reading(&options, &mut input)?;
    let head = client.call(Service::S3, "HeadObject", input.into())?;
    Ok(StoredObject {
        name: format!("{bucket}/{key}"),
        head,
    })
}

pub(super) fn delete(client: &Client, bucket: &str, key: &str) -> Fallible<()> {
    client
        .call(
            Service::S3,
            "DeleteObject",
            json!({ "Bucket": bucket, "Key": key }),
        )
        .map(drop)
}

fn copy(client: &Client, from: &str, to: &str, options: Map) -> Fallible<StoredObject> {
    let options = Options::new("copy_object", options, &COPY_OPTIONS)?;
    parts(from)?;
    let (bucket, key) = parts(to)?;
    let mut input = serde_json::Map::new();
    object_options::copying(&options, &mut input)?;
    input.insert("CopySource".to_owned(), from.into());
    input.insert("Bucket".to_owned(), bucket.into());
    input.insert("Key".to_owned(), key.into());
    let mut head = client.call(Service::S3, "CopyObject", input.into())?;
    let result = head.get("CopyObjectResult").cloned();
    if let (Value::Object(members), Some(Value::Object(result))) = (&mut head, result) {
        members.extend(result);
    }
    Ok(StoredObject {
        name: to.to_owned(),
        head,
    })
}

/// The stored message itself, as a disk would show it: no call, no key, no plaintext.
pub(super) fn stored(client: &Client, bucket: &str, key: &str) -> Fallible<StoredMessage> {
    let name = format!("{bucket}/{key}");
    let found = client.lab.read(|lab| {
        let cloud = lab.cloud();
        let bucket = BucketName::parse(bucket)
            .ok()
            .and_then(|b| cloud.buckets.get(&b))?;
        let object = bucket.objects.get(key)?;
        let label = |key: &Arn| crate::lab::resource_label(cloud, key.as_str());
        Some(Envelope::of(&name, object, label))
    });
    match found {
        Some(envelope) => envelope
            .map(StoredMessage)
            .map_err(|e| Thrown::new("InternalFailure", e).into()),
        None => {
            let text = format!("nothing is stored under `{name}`");
            Err(Thrown::new("NoSuchKey", text)
                .with("status", 404_i64)
                .into())
        }
    }
}

fn buckets(client: &Client) -> Fallible<Array> {
    let listed = client.call(Service::S3, "ListBuckets", json!({}))?;
    let names = listed
        .get("Buckets")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let bucket = |entry: &Value| {
        let name = entry
            .get("Name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Dynamic::from(Bucket::new(client.clone(), name))
    };
    Ok(names.map(bucket).collect())
}

/// The bucket of this name, which must exist.
fn find(client: &Client, name: &str) -> Fallible<Bucket> {
    let names: Vec<String> = client.lab.read(|lab| {
        lab.cloud()
            .buckets
            .keys()
            .map(ToString::to_string)
            .collect()
    });
    if names.iter().any(|known| known == name) {
        return Ok(Bucket::new(client.clone(), name));
    }
    let text = format!("there is no bucket `{name}`");
    let hint = match crate::base::nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the lab has {}", counted(names.len(), "bucket")),
    };
    Err(Thrown::new("NoSuchBucket", text)
        .with("status", 404_i64)
        .with("hint", hint)
        .into())
}

pub(super) fn register(registry: &mut Registry<'_>) {
    finding(registry);
    objects(registry);
    copying(registry);
}

fn finding(registry: &mut Registry<'_>) {
    registry
        .method::<S3>("create_bucket")
        .param("name", "string")
        .returns("Bucket")
        .doc("Makes a bucket; its objects are encrypted with SSE-S3 unless you say otherwise.")
        .example("let bucket = s3.create_bucket(\"payroll-data\");")
        .register(|s3: &mut S3, name: &str| Bucket::create(s3.client(), name, Map::new()));
    registry.method::<S3>("create_bucket").param("name", "string").param("options", "map").returns("Bucket")
        .doc("Makes a bucket with options: `encryption` (a key, `\"SSE-S3\"` or `\"aws:kms\"`), `bucket_key`, `policy`. If one part fails, nothing is made.")
        .example("let key = kms.create_key(\"payroll\");\nlet bucket = s3.create_bucket(\"payroll-data\", #{ encryption: key });")
        .register(|s3: &mut S3, name: &str, options: Map| Bucket::create(s3.client(), name, options));
    registry
        .method::<S3>("bucket")
        .param("name", "string")
        .returns("Bucket")
        .doc("The bucket of this name. Names it only: no call is made.")
        .example("s3.create_bucket(\"payroll-data\");\ns3.bucket(\"payroll-data\").arn")
        .register(|s3: &mut S3, name: &str| find(s3.client(), name));
    registry
        .method::<S3>("buckets")
        .returns("array")
        .doc("All buckets of the account.")
        .example("s3.buckets().len()")
        .register(|s3: &mut S3| buckets(s3.client()));
}

const MAKE: &str = "let bucket = s3.create_bucket(\"payroll-data\");\ns3.put_object(\"payroll-data/q1.csv\", \"id,amount\");\n";
const OWN_KEY: &str = "let mine = \"0123456789abcdef0123456789abcdef\";\ns3.create_bucket(\"payroll-data\");\ns3.put_object(\"payroll-data/q1.csv\", \"id\", #{ customer_key: mine });\n";

fn objects(registry: &mut Registry<'_>) {
    registry
        .method::<S3>("put_object")
        .param("name", "string")
        .param("body", "any")
        .returns("StoredObject")
        .doc("Stores a text or blob under `bucket/key`, encrypted as the bucket says. A function in place of the body is called for one piece after the other, until it gives `()`: so a long body is never whole in memory.")
        .example(MAKE)
        .register(
            |context: NativeCallContext<'_>, s3: &mut S3, name: &str, body: Dynamic| {
                let (bucket, key) = parts(name)?;
                put_any(&context, s3.client(), (&bucket, &key), &body, Map::new())
            },
        );
    registry.method::<S3>("put_object").param("name", "string").param("body", "any").param("options", "map")
        .returns("StoredObject")
        .doc("Stores with options: `encryption` (a key, `\"AES256\"`, `\"aws:kms\"` or `\"aws:kms:dsse\"`), `metadata`, `content_type`, `bucket_key`, `customer_key` (32 bytes of your own, for SSE-C), `checksum` (an algorithm such as `\"SHA256\"`), `tags` (a map), `if_match` (an ETag), `if_none_match` (`\"*\"`: only if there is none).")
        .example("s3.create_bucket(\"payroll-data\");\ns3.put_object(\"payroll-data/q1.csv\", \"id\", #{ content_type: \"text/csv\" })")
        .register(|context: NativeCallContext<'_>, s3: &mut S3, name: &str, body: Dynamic, options: Map| {
            let (bucket, key) = parts(name)?;
            put_any(&context, s3.client(), (&bucket, &key), &body, options)
        });
    registry
        .method::<S3>("get_object")
        .param("name", "string")
        .returns("Body")
        .doc("Reads and decrypts the object under `bucket/key`.")
        .example(&format!(
            "{MAKE}s3.get_object(\"payroll-data/q1.csv\").text()"
        ))
        .register(|s3: &mut S3, name: &str| -> Fallible<Body> {
            let (bucket, key) = parts(name)?;
            get(s3.client(), &bucket, &key, Map::new())
        });
    registry
        .method::<S3>("get_object")
        .param("name", "string")
        .param("options", "map")
        .returns("Body")
        .doc("Reads with options: `range` is `\"0-99\"`, `\"100-\"` or `\"-10\"`; `if_match`, `if_none_match`, `if_modified_since`, `if_unmodified_since` are conditions; `version_id` is a version; `customer_key` is the key of an object that was stored under one (SSE-C); `checksum: true` shows the checksum.")
        .example(&format!(
            "{MAKE}s3.get_object(\"payroll-data/q1.csv\", #{{ range: \"0-1\" }}).text()"
        ))
        .register(|s3: &mut S3, name: &str, options: Map| -> Fallible<Body> {
            let (bucket, key) = parts(name)?;
            get(s3.client(), &bucket, &key, options)
        });
    registry
        .method::<S3>("head_object")
        .param("name", "string")
        .returns("StoredObject")
        .doc("What is known of an object, without its body and without KMS.")
        .example(&format!("{MAKE}s3.head_object(\"payroll-data/q1.csv\")"))
        .register(|s3: &mut S3, name: &str| -> Fallible<StoredObject> {
            let (bucket, key) = parts(name)?;
            head(s3.client(), &bucket, &key, Map::new())
        });
    registry
        .method::<S3>("head_object")
        .param("name", "string")
        .param("options", "map")
        .returns("StoredObject")
        .doc("What is known of an object, with the options of `get_object`.")
        .example(&format!(
            "{OWN_KEY}s3.head_object(\"payroll-data/q1.csv\", #{{ customer_key: mine }})"
        ))
        .register(
            |s3: &mut S3, name: &str, options: Map| -> Fallible<StoredObject> {
                let (bucket, key) = parts(name)?;
                head(s3.client(), &bucket, &key, options)
            },
        );
    registry
        .method::<S3>("delete_object")
        .param("name", "string")
        .doc("Deletes an object; it is no error if there is none. KMS is not asked.")
        .example(&format!("{MAKE}s3.delete_object(\"payroll-data/q1.csv\")"))
        .register(|s3: &mut S3, name: &str| -> Fallible<()> {
            let (bucket, key) = parts(name)?;
            delete(s3.client(), &bucket, &key)
        });
}

fn copying(registry: &mut Registry<'_>) {
    registry.method::<S3>("copy_object").param("from", "string").param("to", "string").returns("StoredObject")
        .doc("Copies an object: read under its key, written under the target's. Brings old objects under a new key.")
        .example(&format!("{MAKE}s3.copy_object(\"payroll-data/q1.csv\", \"payroll-data/q1-copy.csv\")"))
        .register(|s3: &mut S3, from: &str, to: &str| copy(s3.client(), from, to, Map::new()));
    registry.method::<S3>("copy_object").param("from", "string").param("to", "string").param("options", "map")
        .returns("StoredObject")
        .doc("Copies with options: `encryption`, `metadata`, `bucket_key`, `customer_key`, `checksum`, `tags` (in place of the source's), `if_match`, `if_none_match`; `source_customer_key` opens a source that is stored with SSE-C.")
        .example(&format!("{MAKE}s3.copy_object(\"payroll-data/q1.csv\", \"payroll-data/q1-copy.csv\", #{{ encryption: \"AES256\" }})"))
        .register(|s3: &mut S3, from: &str, to: &str, options: Map| copy(s3.client(), from, to, options));
    registry.method::<S3>("stored").param("name", "string").returns("StoredMessage")
        .doc("The object as it lies on disk: header, encrypted data key, frames and the first bytes of the ciphertext. For looking behind S3; never plaintext, no call.")
        .example(&format!("{MAKE}s3.stored(\"payroll-data/q1.csv\")"))
        .register(|s3: &mut S3, name: &str| -> Fallible<StoredMessage> {
            let (bucket, key) = parts(name)?;
            stored(s3.client(), &bucket, &key)
        });
}
