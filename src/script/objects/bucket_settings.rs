//! Tags of buckets, and what public access is blocked.

use rhai::{Dynamic, Map};
use serde_json::{Map as JsonMap, Value, json};

use super::arguments::{self, dynamic};
use super::bucket::Bucket;
use super::client::{Client, Fallible, S3, ServiceObject, account_of};
use crate::api::Service;
use crate::script::Registry;

const MAKE: &str = "let bucket = s3.create_bucket(\"payroll-data\");\n";

/// A tag set as a map.
pub(super) fn as_map(answer: &Value) -> JsonMap<String, Value> {
    let tags = answer.get("TagSet").and_then(Value::as_array);
    let tag = |tag: &Value| {
        let key = tag.get("Key")?.as_str()?.to_owned();
        Some((key, tag.get("Value")?.clone()))
    };
    tags.into_iter().flatten().filter_map(tag).collect()
}

/// The tags that there are with `more` among them, as the service takes them.
pub(super) fn merged(mut tags: JsonMap<String, Value>, more: Map) -> Fallible<Value> {
    for tag in as_tags(more)?.as_array().into_iter().flatten() {
        tags.extend(as_map(&json!({ "TagSet": [tag] })));
    }
    let tags = tags.into_iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "TagSet": tags }))
}

fn as_tags(tags: Map) -> Fallible<Value> {
    arguments::tags(tags.into(), "tags")
}

impl Bucket {
    /// The bucket's tags; S3 says that there are none by an error.
    fn tags(&self) -> Fallible<JsonMap<String, Value>> {
        if self.is_untagged() {
            return Ok(JsonMap::new());
        }
        Ok(as_map(&self.call("GetBucketTagging", json!({}))?))
    }
}

/// Everything, nothing, or what a map says: what to block.
fn blocked(wish: Dynamic) -> Fallible<Value> {
    const NAMES: [&str; 4] = [
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    ];
    if let Ok(on) = wish.as_bool() {
        let all = NAMES.map(|name| (name.to_owned(), Value::from(on)));
        return Ok(Value::Object(all.into_iter().collect()));
    }
    match wish.is_map() {
        true => arguments::json_of(wish),
        false => Err(arguments::invalid(format!(
            "what to block is `true`, `false` or a map with {}",
            NAMES.join(", ")
        ))),
    }
}

pub(super) fn register(registry: &mut Registry<'_>) {
    bucket_tags(registry);
    public_access(registry);
    of_account(registry);
}

fn bucket_tags(registry: &mut Registry<'_>) {
    registry
        .property::<Bucket>("tags")
        .returns("map")
        .doc("The bucket's tags (GetBucketTagging).")
        .example(&format!(
            "{MAKE}bucket.tag(#{{ team: \"red\" }});\nbucket.tags"
        ))
        .register(|bucket: &mut Bucket| dynamic(&bucket.tags()?.into()));
    registry
        .method::<Bucket>("tag")
        .param("tags", "map")
        .doc("Adds tags to the bucket; one of the same key is replaced.")
        .example(&format!("{MAKE}bucket.tag(#{{ team: \"red\" }})"))
        .register(|bucket: &mut Bucket, tags: Map| -> Fallible<()> {
            let tagging = merged(bucket.tags()?, tags)?;
            let wish = json!({ "Tagging": tagging });
            bucket.call("PutBucketTagging", wish).map(drop)
        });
    registry
        .method::<Bucket>("untag")
        .doc("Takes all tags off the bucket.")
        .example(&format!("{MAKE}bucket.untag()"))
        .register(|bucket: &mut Bucket| -> Fallible<()> {
            bucket.call("DeleteBucketTagging", json!({})).map(drop)
        });
}

fn public_access(registry: &mut Registry<'_>) {
    registry
        .property::<Bucket>("public_access_block")
        .returns("map")
        .doc("What public access is blocked (GetPublicAccessBlock); everything, in a new bucket.")
        .example(&format!(
            "{MAKE}bucket.public_access_block.BlockPublicPolicy"
        ))
        .register(|bucket: &mut Bucket| -> Fallible<Dynamic> {
            let answer = bucket.call("GetPublicAccessBlock", json!({}))?;
            dynamic(
                answer
                    .get("PublicAccessBlockConfiguration")
                    .unwrap_or(&Value::Null),
            )
        });
    registry
        .method::<Bucket>("block_public_access")
        .param("what", "any")
        .doc("Blocks all public access (`true`), none (`false`), or what a map says: `BlockPublicPolicy`, `RestrictPublicBuckets`, `BlockPublicAcls`, `IgnorePublicAcls`.")
        .example(&format!("{MAKE}bucket.block_public_access(false);\nbucket.allow(\"*\", \"s3:GetObject\");\nbucket.is_public"))
        .register(|bucket: &mut Bucket, what: Dynamic| -> Fallible<()> {
            let wish = json!({ "PublicAccessBlockConfiguration": blocked(what)? });
            bucket.call("PutPublicAccessBlock", wish).map(drop)
        });
    registry
        .property::<Bucket>("is_public")
        .returns("bool")
        .doc("Whether the bucket policy is public, as S3 sees it (GetBucketPolicyStatus).")
        .example(&format!("{MAKE}bucket.is_public"))
        .register(|bucket: &mut Bucket| -> Fallible<bool> {
            if !bucket.has_policy() {
                return Ok(false);
            }
            let answer = bucket.call("GetBucketPolicyStatus", json!({}))?;
            let public = answer.pointer("/PolicyStatus/IsPublic");
            Ok(public.and_then(Value::as_bool).unwrap_or_default())
        });
}

fn account(client: &Client) -> Value {
    json!(account_of(client).map(|account| account.to_string()))
}

fn of_account(registry: &mut Registry<'_>) {
    registry
        .method::<S3>("block_public_access")
        .param("what", "any")
        .doc("Blocks public access to all buckets of the account, as `bucket.block_public_access` does to one.")
        .example("s3.block_public_access(true)")
        .register(|s3: &mut S3, what: Dynamic| -> Fallible<()> {
            let client = s3.client();
            let wish = json!({
                "AccountId": account(client), "PublicAccessBlockConfiguration": blocked(what)?,
            });
            client.call(Service::S3, "PutPublicAccessBlock", wish).map(drop)
        });
}
