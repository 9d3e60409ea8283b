//! Keys as `kms` makes and finds them.

use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::Options;
use super::client::{Client, Fallible, Kms, ServiceObject};
use super::key::Key;
use crate::api::{ApiError, Service, View, authenticate};
use crate::base::{AccountId, Arn, KeyId};
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::script::{Registry, Thrown};
use crate::service::kms::reference;
use crate::state::credential::{Owner, SessionKind};

const OPTIONS: [&str; 8] = [
    "policy",
    "description",
    "tags",
    "rotation",
    "spec",
    "usage",
    "origin",
    "multi_region",
];

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .method::<Kms>("create_key")
        .param("alias", "string")
        .returns("Key")
        .doc("Makes a key whose policy trusts its maker alone, and gives it an alias.\n\nNobody else gets in until `key.trust` or `key.grant`, whatever IAM allows.")
        .example("let key = kms.create_key(\"payroll\");")
        .register(|kms: &mut Kms, alias: &str| create(kms.client(), alias, Map::new()));
    registry
        .method::<Kms>("create_key")
        .param("alias", "string")
        .param("options", "map")
        .returns("Key")
        .doc("Makes a key with options: `policy` (`\"default\"` for AWS's own, a map or text), `description`, `tags` (a map), `rotation` (`\"365d\"`), `spec` and `usage` (AWS's names), `origin` (`\"EXTERNAL\"` for material of your own), `multi_region` (true for a key that can be replicated).")
        .example("let key = kms.create_key(\"payroll\", #{ policy: \"default\", rotation: \"365d\" });")
        .register(|kms: &mut Kms, alias: &str, options: Map| create(kms.client(), alias, options));
    registry
        .method::<Kms>("key")
        .param("name", "string")
        .returns("Key")
        .doc("The key of an alias, a key id or an ARN. Names it only: no call is made.")
        .example("kms.create_key(\"payroll\");\nkms.key(\"alias/payroll\").arn")
        .register(|kms: &mut Kms, name: &str| find(kms.client(), name));
    registry
        .method::<Kms>("keys")
        .returns("array")
        .doc("All keys of the account.")
        .example("kms.keys().len()")
        .register(|kms: &mut Kms| keys(kms.client()));
}

/// Makes a key with its alias; if the alias cannot be had, no key is made.
fn create(client: &Client, alias: &str, options: Map) -> Fallible<Key> {
    let options = Options::new("create_key", options, &OPTIONS)?;
    let rotation = options.days("rotation")?;
    let input = new_key(client, &options)?;
    let alias = if alias.starts_with("alias/") {
        alias.to_owned()
    } else {
        format!("alias/{alias}")
    };
    client.lab.together(|| {
        let made = client.call(Service::Kms, "CreateKey", input)?;
        let arn = made
            .pointer("/KeyMetadata/Arn")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let members = json!({ "AliasName": alias, "TargetKeyId": arn });
        client.call(Service::Kms, "CreateAlias", members)?;
        if let Some(days) = rotation {
            let members = json!({ "KeyId": arn, "RotationPeriodInDays": days });
            client.call(Service::Kms, "EnableKeyRotation", members)?;
        }
        Ok(Key::new(client.clone(), arn))
    })
}

fn new_key(client: &Client, options: &Options) -> Fallible<Value> {
    let mut input = serde_json::Map::new();
    let wants_default = matches!(options.text("policy"), Ok(Some(text)) if text == "default");
    let policy = match options.document("policy")? {
        Some(_) if wants_default => None,
        Some(policy) => Some(policy),
        None => Some(strict_policy(client)?),
    };
    if let Some(policy) = policy {
        input.insert("Policy".to_owned(), policy.into());
    }
    let texts = [
        ("Description", "description"),
        ("KeySpec", "spec"),
        ("KeyUsage", "usage"),
        ("Origin", "origin"),
    ];
    for (member, option) in texts {
        let text = options.text(option)?;
        input.extend(text.map(|text| (member.to_owned(), Value::from(text))));
    }
    if let Some(flag) = options.flag("multi_region")? {
        input.insert("MultiRegion".to_owned(), flag.into());
    }
    if let Some(tags) = options.text_map("tags")? {
        let tags = tags
            .into_iter()
            .map(|(k, v)| json!({ "TagKey": k, "TagValue": v }));
        input.insert("Tags".to_owned(), tags.collect());
    }
    Ok(input.into())
}

/// One statement, `Admins`, which gives everything to the caller's user or role.
fn strict_policy(client: &Client) -> Fallible<String> {
    let admins = StatementDraft::allow()
        .sid("Admins")
        .principal(PrincipalLabel::Aws, client.entity()?.to_string())
        .action("kms:*")
        .resource("*");
    Ok(edit::with_statement(None, admins.to_value()).to_string())
}

impl Client {
    /// The user, role or root user that stands behind the calls.
    pub(super) fn entity(&self) -> Fallible<Arn> {
        let id = &self.credentials().access_key_id;
        let arn = self.lab.read(|lab| {
            let user = |account: &crate::base::AccountId, name: &str| {
                Some(
                    lab.cloud()
                        .accounts
                        .get(account)?
                        .user(name)?
                        .entity
                        .arn
                        .clone(),
                )
            };
            let root = |account: &AccountId| Arn::of("iam", "", account.as_str(), "root");
            match &lab.cloud().credentials.get(id)?.owner {
                Owner::Root(account) => Some(root(account)),
                Owner::User { account, name, .. } => user(account, name),
                Owner::Session(session) => match &session.kind {
                    SessionKind::Root(account) => Some(root(account)),
                    SessionKind::Role { role, .. } => Some(role.clone()),
                    SessionKind::User { account, name, .. } => user(account, name),
                    SessionKind::Infrastructure { arn, .. }
                    | SessionKind::Federated { arn, .. } => Some(arn.clone()),
                },
                Owner::Anonymous | Owner::WebIdentity(_) => None,
            }
        });
        arn.ok_or_else(|| {
            Thrown::new(
                "InvalidClientTokenId",
                "the caller's user or role no longer exists",
            )
            .into()
        })
    }
}

/// The key that `name` means to this caller.
pub(super) fn find(client: &Client, name: &str) -> Fallible<Key> {
    let bare =
        !name.starts_with("alias/") && !name.starts_with("arn:") && KeyId::parse(name).is_err();
    let name = if bare {
        format!("alias/{name}")
    } else {
        name.to_owned()
    };
    let region = client.region();
    let found = client.lab.read(|lab| {
        let (cloud, now) = (lab.cloud(), lab.now());
        let caller = authenticate(cloud, &client.credentials(), Service::Kms, now)?;
        let view = View {
            cloud,
            caller: &caller,
            region: &region,
            endpoint: None,
            now,
        };
        Ok(reference::any(&view, &name)?.key.arn.to_string())
    });
    match found {
        Ok(arn) => Ok(Key::new(client.clone(), &arn)),
        Err(error) => Err(plain_error(&error).into()),
    }
}

/// An error that no call gave.
pub(super) fn plain_error(error: &ApiError) -> Thrown {
    let thrown =
        Thrown::new(&error.code, error.message.clone()).with("status", i64::from(error.status));
    match &error.detail {
        Some(detail) => thrown.with("hint", detail.clone()),
        None => thrown,
    }
}

fn keys(client: &Client) -> Fallible<Array> {
    let (mut found, mut marker) = (Array::new(), None::<Value>);
    loop {
        let input = marker.map_or_else(|| json!({}), |marker| json!({ "Marker": marker }));
        let page = client.call(Service::Kms, "ListKeys", input)?;
        for entry in page
            .get("Keys")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let arn = entry
                .get("KeyArn")
                .and_then(Value::as_str)
                .unwrap_or_default();
            found.push(Dynamic::from(Key::new(client.clone(), arn)));
        }
        marker = page.get("NextMarker").cloned();
        if marker.is_none() {
            return Ok(found);
        }
    }
}
