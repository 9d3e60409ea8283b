//! A bucket as scripts hold it.

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, document, list, text};
use super::body::{Body, StoredMessage, StoredObject};
use super::bucket_objects::Objects;
use super::client::{Client, Fallible};
use super::documents::{self, Wish};
use super::key::{counted, dynamic};
use super::s3;
use crate::api::Service;
use crate::base::BucketName;
use crate::policy::Effect;
use crate::render::{Rendered, Report, Text};
use crate::script::{Registry, Thrown};
use crate::state::s3::DefaultEncryption;

/// A bucket, and who uses it.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub(super) client: Client,
    name: String,
}

impl Bucket {
    pub(super) fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.to_owned(),
        }
    }

    /// The ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }

    /// Makes a bucket with its settings; if one fails, nothing is made.
    pub(super) fn create(client: &Client, name: &str, options: Map) -> Fallible<Self> {
        let options = Options::new(
            "create_bucket",
            options,
            &["encryption", "bucket_key", "policy"],
        )?;
        let (wish, bucket_key) = (options.text("encryption")?, options.flag("bucket_key")?);
        let policy = options.document("policy")?;
        let bucket = Self::new(client.clone(), name);
        client.lab.together(|| {
            bucket.call("CreateBucket", json!({}))?;
            if wish.is_some() || bucket_key.is_some() {
                bucket.set_encryption(wish.as_deref().unwrap_or("aws:kms"), bucket_key)?;
            }
            if let Some(policy) = &policy {
                bucket.call("PutBucketPolicy", json!({ "Policy": policy }))?;
            }
            Ok(bucket.clone())
        })
    }

    pub(super) fn call(&self, operation: &str, mut members: Value) -> Fallible<Value> {
        if let Value::Object(members) = &mut members {
            members.insert("Bucket".to_owned(), self.name.as_str().into());
        }
        self.client.call(Service::S3, operation, members)
    }

    fn set_encryption(&self, wish: &str, bucket_key: Option<bool>) -> Fallible<()> {
        let default = match wish {
            "SSE-S3" | "AES256" => json!({ "SSEAlgorithm": "AES256" }),
            "aws:kms" | "SSE-KMS" => json!({ "SSEAlgorithm": "aws:kms" }),
            "aws:kms:dsse" | "DSSE-KMS" => json!({ "SSEAlgorithm": "aws:kms:dsse" }),
            key => json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key }),
        };
        let rule = json!({
            "ApplyServerSideEncryptionByDefault": default,
            "BucketKeyEnabled": bucket_key.unwrap_or(false),
        });
        let members = json!({ "ServerSideEncryptionConfiguration": { "Rules": [rule] } });
        self.call("PutBucketEncryption", members).map(drop)
    }

    /// What `read` makes of the bucket; its default where there is none.
    fn look<T: Default>(&self, read: impl Fn(&crate::state::s3::Bucket) -> T) -> T {
        let name = BucketName::parse(&self.name).ok();
        let found = name.and_then(|name| {
            let of = |lab: &crate::lab::Lab| lab.cloud().buckets.get(&name).map(&read);
            self.client.lab.read(of)
        });
        found.unwrap_or_default()
    }

    pub(super) fn has_policy(&self) -> bool {
        self.look(|bucket| bucket.policy.is_some())
    }

    pub(super) fn is_untagged(&self) -> bool {
        self.look(|bucket| bucket.tags.is_empty())
    }

    /// The bucket policy, `None` without one.
    fn document(&self) -> Fallible<Option<Value>> {
        if !self.has_policy() {
            return Ok(None);
        }
        let output = self.call("GetBucketPolicy", json!({}))?;
        let text = output
            .get("Policy")
            .and_then(Value::as_str)
            .unwrap_or_default();
        serde_json::from_str(text)
            .map(Some)
            .map_err(|e| Thrown::new("InternalFailure", e.to_string()).into())
    }

    fn state(
        &self,
        effect: Effect,
        principal: Dynamic,
        actions: Dynamic,
        keys: Option<Dynamic>,
    ) -> Fallible<()> {
        let verb = if effect == Effect::Allow {
            "Allow"
        } else {
            "Deny"
        };
        let actions = list(actions, "an action")?;
        let resources = match keys {
            Some(keys) => list(keys, "a key")?
                .into_iter()
                .map(|k| self.resource(&k))
                .collect(),
            None => vec![self.arn(), self.resource("*")],
        };
        let mut document = self.document()?;
        for principal in list(principal, "a principal")? {
            let wish = Wish {
                verb,
                effect,
                principal: &principal,
                actions: &actions,
                resources: &resources,
            };
            document = Some(documents::with_wish(document.as_ref(), &wish));
        }
        let policy = document.unwrap_or_default().to_string();
        self.call("PutBucketPolicy", json!({ "Policy": policy }))
            .map(drop)
    }

    fn object(&self, key: &str) -> Objects {
        Objects::new(self.clone(), key, self.resource(key))
    }

    fn resource(&self, key: &str) -> String {
        if key.starts_with("arn:") {
            key.to_owned()
        } else {
            format!("{}/{key}", self.arn())
        }
    }

    fn list(&self, prefix: Option<&str>) -> Fallible<Dynamic> {
        let mut found = Vec::new();
        let mut token: Option<Value> = None;
        loop {
            let mut members = serde_json::Map::new();
            let further = [
                ("Prefix", prefix.map(Value::from)),
                ("ContinuationToken", token),
            ];
            members.extend(
                further
                    .into_iter()
                    .filter_map(|(k, v)| Some((k.to_owned(), v?))),
            );
            let page = self.call("ListObjectsV2", members.into())?;
            found.extend(
                page.get("Contents")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            token = page.get("NextContinuationToken").cloned();
            if token.is_none() {
                return dynamic(&Value::Array(found));
            }
        }
    }

    fn rendered(&self) -> Rendered {
        let facts = BucketName::parse(&self.name).ok().and_then(|name| {
            self.client.lab.read(|lab| {
                let bucket = lab.cloud().buckets.get(&name)?;
                let encryption = match &bucket.encryption {
                    DefaultEncryption::SseS3 => "SSE-S3".to_owned(),
                    DefaultEncryption::SseKms { key: None, .. } => "SSE-KMS with aws/s3".to_owned(),
                    DefaultEncryption::SseKms { key: Some(key), .. } => {
                        format!(
                            "SSE-KMS with {}",
                            crate::lab::resource_label(lab.cloud(), key)
                        )
                    }
                };
                let statements = bucket.policy.as_ref().map_or(0, |p| p.statements().len());
                Some((encryption, statements, bucket.objects.size()))
            })
        });
        let Some((encryption, statements, objects)) = facts else {
            return Rendered::plain(format!("Bucket {} (deleted)", self.name));
        };
        let report = Report::new()
            .paragraph(Text::new().strong("Bucket ").code(&self.name))
            .pairs([
                ("arn", Text::new().code(self.arn())),
                ("encryption", Text::from(&encryption)),
                ("policy", Text::from(counted(statements, "statement"))),
                ("objects", Text::from(objects.to_string())),
            ])
            .with_data(json!({
                "name": self.name, "arn": self.arn(), "encryption": encryption,
                "statements": statements, "objects": objects,
            }));
        Rendered::from(&report)
    }
}

const MAKE: &str = "let bucket = s3.create_bucket(\"payroll-data\");\n";
const ADMIN: &str = "arn:aws:iam::111122223333:user/admin";

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Bucket>("Bucket", "A bucket of S3.")
        .renderer(Bucket::rendered)
        .brief(|bucket: &Bucket| format!("Bucket({})", bucket.name));
    names(registry);
    settings(registry);
    super::versions::register(registry);
    super::bucket_settings::register(registry);
    super::bucket_objects::register(registry);
    policies(registry);
    objects(registry);
}

fn names(registry: &mut Registry<'_>) {
    registry
        .property::<Bucket>("arn")
        .returns("string")
        .doc("The ARN.")
        .register(|bucket: &mut Bucket| bucket.arn());
    registry
        .property::<Bucket>("name")
        .returns("string")
        .doc("The name.")
        .register(|bucket: &mut Bucket| bucket.name.clone());
    registry
        .method::<Bucket>("objects")
        .returns("Objects")
        .doc("All objects of the bucket, for policies.")
        .example(&format!("{MAKE}bucket.objects().arn"))
        .register(|bucket: &mut Bucket| bucket.object("*"));
    registry
        .method::<Bucket>("object")
        .param("key", "string")
        .returns("Objects")
        .doc("The object under a key, for its tags; or those under a pattern such as `reports/*`, for policies.")
        .example(&format!("{MAKE}bucket.object(\"q1.csv\").arn"))
        .register(|bucket: &mut Bucket, key: &str| bucket.object(key));
    registry
        .method::<Bucket>("delete")
        .doc("Deletes the bucket, which must be empty.")
        .example(&format!("{MAKE}bucket.delete()"))
        .register(|bucket: &mut Bucket| -> Fallible<()> {
            bucket.call("DeleteBucket", json!({})).map(drop)
        });
}

fn settings(registry: &mut Registry<'_>) {
    registry
        .property::<Bucket>("encryption")
        .returns("map")
        .doc("The default encryption (GetBucketEncryption).")
        .example(&format!("{MAKE}bucket.encryption.SSEAlgorithm"))
        .register(|bucket: &mut Bucket| -> Fallible<Dynamic> {
            let output = bucket.call("GetBucketEncryption", json!({}))?;
            let rule =
                "/ServerSideEncryptionConfiguration/Rules/0/ApplyServerSideEncryptionByDefault";
            dynamic(output.pointer(rule).unwrap_or(&Value::Null))
        });
    registry.method::<Bucket>("set_encryption").param("with", "any")
        .doc("What new objects are encrypted with: a key, `\"SSE-S3\"` or `\"aws:kms\"`. Stored objects stay as they are.")
        .example(&format!("{MAKE}bucket.set_encryption(kms.create_key(\"payroll\"))"))
        .register(|bucket: &mut Bucket, with: Dynamic| bucket.set_encryption(&text(with, "an encryption")?, None));
}

fn policies(registry: &mut Registry<'_>) {
    registry
        .property::<Bucket>("policy")
        .returns("map")
        .doc("The bucket policy as a map; `()` without one.")
        .register(|bucket: &mut Bucket| -> Fallible<Dynamic> {
            bucket
                .document()?
                .map_or(Ok(Dynamic::UNIT), |document| dynamic(&document))
        });
    registry
        .method::<Bucket>("set_policy")
        .param("policy", "any")
        .doc("Replaces the bucket policy by a map or JSON text.")
        .example(&format!(
            "{MAKE}bucket.allow(\"{ADMIN}\", \"s3:GetObject\");\nbucket.set_policy(bucket.policy)"
        ))
        .register(|bucket: &mut Bucket, policy: Dynamic| -> Fallible<()> {
            bucket
                .call(
                    "PutBucketPolicy",
                    json!({ "Policy": document(policy, "a policy")? }),
                )
                .map(drop)
        });
    registry
        .method::<Bucket>("remove_policy")
        .doc("Deletes the bucket policy.")
        .example(&format!("{MAKE}bucket.remove_policy()"))
        .register(|bucket: &mut Bucket| -> Fallible<()> {
            bucket.call("DeleteBucketPolicy", json!({})).map(drop)
        });
    for (name, effect, doc) in [
        (
            "allow",
            Effect::Allow,
            "Allows actions to a principal in the bucket policy, on the bucket and all its objects.",
        ),
        (
            "deny",
            Effect::Deny,
            "Denies actions to a principal in the bucket policy; a Deny beats every Allow.",
        ),
    ] {
        registry
            .method::<Bucket>(name)
            .param("principal", "any")
            .param("actions", "any")
            .doc(doc)
            .example(&format!(
                "{MAKE}bucket.{name}(\"{ADMIN}\", [\"s3:GetObject\"])"
            ))
            .register(
                move |bucket: &mut Bucket, principal: Dynamic, actions: Dynamic| {
                    bucket.state(effect, principal, actions, None)
                },
            );
        registry
            .method::<Bucket>(name)
            .param("principal", "any")
            .param("actions", "any")
            .param("keys", "any")
            .doc(&format!(
                "{doc} Only on these keys or patterns, such as `\"reports/*\"`."
            ))
            .register(
                move |bucket: &mut Bucket, principal: Dynamic, actions: Dynamic, keys: Dynamic| {
                    bucket.state(effect, principal, actions, Some(keys))
                },
            );
    }
}

fn objects(registry: &mut Registry<'_>) {
    let put = format!("{MAKE}bucket.put(\"q1.csv\", \"id,amount\");\n");
    registry
        .method::<Bucket>("list")
        .returns("array")
        .doc("All objects: key, size, time (ListObjectsV2).")
        .example(&format!("{put}bucket.list()[0].Key"))
        .register(|bucket: &mut Bucket| bucket.list(None));
    registry
        .method::<Bucket>("list")
        .param("prefix", "string")
        .returns("array")
        .doc("The objects whose key begins so.")
        .register(|bucket: &mut Bucket, prefix: &str| bucket.list(Some(prefix)));
    registry
        .method::<Bucket>("put")
        .param("key", "string")
        .param("body", "any")
        .returns("StoredObject")
        .doc("Stores a text or blob under a key.")
        .example(&put)
        .register(|b: &mut Bucket, key: &str, body: Dynamic| {
            s3::put(&b.client, &b.name, key, &body, Map::new())
        });
    registry
        .method::<Bucket>("put")
        .param("key", "string")
        .param("body", "any")
        .param("options", "map")
        .returns("StoredObject")
        .doc("Stores with the options of `s3.put_object`.")
        .register(|b: &mut Bucket, key: &str, body: Dynamic, options: Map| {
            s3::put(&b.client, &b.name, key, &body, options)
        });
    registry
        .method::<Bucket>("get")
        .param("key", "string")
        .returns("Body")
        .doc("Reads and decrypts an object.")
        .example(&format!("{put}bucket.get(\"q1.csv\").text()"))
        .register(|b: &mut Bucket, key: &str| -> Fallible<Body> {
            s3::get(&b.client, &b.name, key, Map::new())
        });
    registry
        .method::<Bucket>("head")
        .param("key", "string")
        .returns("StoredObject")
        .doc("What is known of an object.")
        .register(|b: &mut Bucket, key: &str| -> Fallible<StoredObject> {
            s3::head(&b.client, &b.name, key, Map::new())
        });
    registry
        .method::<Bucket>("remove")
        .param("key", "string")
        .doc("Deletes an object.")
        .example(&format!("{put}bucket.remove(\"q1.csv\")"))
        .register(|b: &mut Bucket, key: &str| s3::delete(&b.client, &b.name, key));
    registry
        .method::<Bucket>("stored")
        .param("key", "string")
        .returns("StoredMessage")
        .doc("The object as it lies on disk; see `s3.stored`.")
        .register(|b: &mut Bucket, key: &str| -> Fallible<StoredMessage> {
            s3::stored(&b.client, &b.name, key)
        });
}
