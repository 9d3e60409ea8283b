//! Objects of a bucket: as policies name them, and their tags.

use rhai::Map;
use serde_json::{Map as JsonMap, Value, json};

use super::arguments::dynamic;
use super::bucket::Bucket;
use super::bucket_settings::{as_map, merged};
use super::client::{Client, Fallible};
use crate::script::Registry;

const PUT: &str =
    "let bucket = s3.create_bucket(\"payroll-data\");\nbucket.put(\"q1.csv\", \"id\");\n";

/// Objects of a bucket: the one under a key, or those under a pattern, as
/// policies name them.
#[derive(Clone, Debug)]
pub struct Objects {
    bucket: Bucket,
    key: String,
    arn: String,
}

impl Objects {
    pub(super) fn new(bucket: Bucket, key: &str, arn: String) -> Self {
        let key = key.to_owned();
        Self { bucket, key, arn }
    }

    /// The ARN, which may end in `*`.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The key or pattern.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn bucket(&self) -> &str {
        &self.bucket.name
    }

    pub(super) fn client(&self) -> &Client {
        &self.bucket.client
    }

    fn call(&self, operation: &str, mut members: Value) -> Fallible<Value> {
        if let Value::Object(members) = &mut members {
            members.insert("Key".to_owned(), self.key.as_str().into());
        }
        self.bucket.call(operation, members)
    }

    fn tags(&self) -> Fallible<JsonMap<String, Value>> {
        Ok(as_map(&self.call("GetObjectTagging", json!({}))?))
    }
}

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Objects>(
            "Objects",
            "Objects of a bucket, as policies name them; stands for an ARN.",
        )
        .brief(|objects: &Objects| objects.arn.clone());
    registry
        .property::<Objects>("arn")
        .returns("string")
        .doc("The ARN, such as `arn:aws:s3:::payroll-data/*`.")
        .register(|objects: &mut Objects| objects.arn.clone());
    registry
        .property::<Objects>("tags")
        .returns("map")
        .doc("The object's tags (GetObjectTagging).")
        .example(&format!("{PUT}bucket.object(\"q1.csv\").tags"))
        .register(|object: &mut Objects| dynamic(&object.tags()?.into()));
    registry
        .method::<Objects>("tag")
        .param("tags", "map")
        .doc("Adds tags to the object; one of the same key is replaced. KMS is not asked.")
        .example(&format!(
            "{PUT}bucket.object(\"q1.csv\").tag(#{{ team: \"red\" }})"
        ))
        .register(|object: &mut Objects, tags: Map| -> Fallible<()> {
            let tagging = merged(object.tags()?, tags)?;
            let wish = json!({ "Tagging": tagging });
            object.call("PutObjectTagging", wish).map(drop)
        });
    registry
        .method::<Objects>("untag")
        .doc("Takes all tags off the object.")
        .example(&format!("{PUT}bucket.object(\"q1.csv\").untag()"))
        .register(|object: &mut Objects| -> Fallible<()> {
            object.call("DeleteObjectTagging", json!({})).map(drop)
        });
}
