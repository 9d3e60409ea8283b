//! The keys of a multi-Region key as scripts hold them.

use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at};
use super::client::Fallible;
use super::key::Key;
use crate::base::Arn;
use crate::script::Registry;

const MAKE: &str = "let key = kms.create_key(\"global\", #{ multi_region: true });\n";

impl Key {
    /// The related key with this ARN, called in its own Region.
    fn related(&self, arn: &str) -> Fallible<Self> {
        let region = Arn::parse(arn).map(|arn| arn.region().to_owned());
        let client = self.client.in_region(&region.unwrap_or_default())?;
        Ok(Self::new(client, arn))
    }

    fn replicate(&self, region: &str, options: Map) -> Fallible<Self> {
        let options = Options::new("replicate", options, &["policy", "description"])?;
        let policy = match options.document("policy")? {
            Some(policy) => policy,
            None => self.policy_text()?,
        };
        let mut members = json!({ "ReplicaRegion": region });
        if let Value::Object(members) = &mut members {
            let given = [
                ("Policy", Some(policy)),
                ("Description", options.text("description")?),
            ];
            let given = given
                .into_iter()
                .filter_map(|(k, v)| Some((k.to_owned(), v?.into())));
            members.extend(given);
        }
        let made = self.call("ReplicateKey", members)?;
        self.related(&at(&made, "/ReplicaKeyMetadata/Arn"))
    }

    /// The key policy as it stands; a replica starts with the one of its primary key.
    ///
    /// # Errors
    /// What KMS answers: the caller may not be allowed to read it.
    fn policy_text(&self) -> Fallible<String> {
        let answer = self.call("GetKeyPolicy", json!({}))?;
        Ok(at(&answer, "/Policy"))
    }

    fn make_primary(&self) -> Fallible<()> {
        let described = self.call("DescribeKey", json!({}))?;
        let at_primary = "/KeyMetadata/MultiRegionConfiguration/PrimaryKey/Arn";
        let primary = self.related(&at(&described, at_primary))?;
        let region = self.client.region();
        let members = json!({ "PrimaryRegion": region });
        primary.call("UpdatePrimaryRegion", members).map(drop)
    }

    fn replicas(&self) -> Fallible<Array> {
        let described = self.call("DescribeKey", json!({}))?;
        let listed = described.pointer("/KeyMetadata/MultiRegionConfiguration/ReplicaKeys");
        let listed = listed.and_then(Value::as_array).into_iter().flatten();
        listed
            .map(|replica| self.related(&at(replica, "/Arn")).map(Dynamic::from))
            .collect()
    }
}

/// Registers what multi-Region keys can do.
pub(super) fn register(registry: &mut Registry<'_>) {
    let doc = "Makes a replica of a multi-Region primary key in another Region (ReplicateKey): the same id and material, with policy, grants, aliases and state of its own.";
    registry
        .method::<Key>("replicate")
        .param("region", "string")
        .returns("Key")
        .doc(&format!("{doc} It starts with the key policy of the primary key."))
        .example(&format!(
            "{MAKE}let replica = key.replicate(\"eu-west-1\");\nreplica.decrypt(key.encrypt(\"4711\")).text()"
        ))
        .register(|key: &mut Key, region: &str| key.replicate(region, Map::new()));
    registry
        .method::<Key>("replicate")
        .param("region", "string")
        .param("options", "map")
        .returns("Key")
        .doc(&format!("{doc} Options: `policy`, `description`."))
        .example(&format!(
            "{MAKE}key.replicate(\"eu-west-1\", #{{ description: \"for Europe\" }})"
        ))
        .register(|key: &mut Key, region: &str, options: Map| key.replicate(region, options));
    registry
        .method::<Key>("replicas")
        .returns("array")
        .doc("The replicas of a multi-Region key.")
        .example(&format!(
            "{MAKE}key.replicate(\"eu-west-1\");\nkey.replicas().len()"
        ))
        .register(|key: &mut Key| key.replicas());
    registry
        .method::<Key>("make_primary")
        .doc("Makes this replica the primary key (UpdatePrimaryRegion).")
        .example(&format!(
            "{MAKE}key.replicate(\"eu-west-1\").make_primary()"
        ))
        .register(|key: &mut Key| key.make_primary());
    registry
        .property::<Key>("region")
        .returns("string")
        .doc("The Region that the key belongs to.")
        .example(&format!("{MAKE}key.region"))
        .register(|key: &mut Key| {
            let arn = Arn::parse(key.arn());
            arn.map(|arn| arn.region().to_owned()).unwrap_or_default()
        });
}
