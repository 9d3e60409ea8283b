//! Grants as scripts hold them.

use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, list, text};
use super::client::Fallible;
use super::key::{Key, MAKE, dynamic};
use crate::render::{Rendered, Report, Text};
use crate::script::Registry;

/// A grant: the use of a key for one principal, until it is revoked or retired.
#[derive(Clone, Debug)]
pub struct Grant {
    key: Key,
    id: String,
    token: Option<String>,
    facts: Value,
}

impl Grant {
    fn fact(&self, name: &str) -> &Value {
        self.facts.get(name).unwrap_or(&Value::Null)
    }

    fn operations(&self) -> Vec<&str> {
        self.fact("Operations")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    fn rendered(&self) -> Rendered {
        let grantee = self.fact("GranteePrincipal").as_str().unwrap_or_default();
        let mut pairs = vec![
            ("key", Text::new().code(self.key.label())),
            ("grantee", Text::new().code(grantee)),
            ("operations", Text::from(self.operations().join(", "))),
            ("id", Text::new().code(&self.id)),
        ];
        if let Some(constraints) = self.facts.get("Constraints").filter(|c| !c.is_null()) {
            pairs.insert(3, ("only for", Text::new().code(constraints.to_string())));
        }
        let title = Text::new()
            .strong("Grant")
            .plain(": temporary, can be revoked");
        Rendered::from(
            &Report::new()
                .paragraph(title)
                .pairs(pairs)
                .with_data(self.facts.clone()),
        )
    }

    fn brief(&self) -> String {
        let grantee = self.fact("GranteePrincipal").as_str().unwrap_or_default();
        let grantee = grantee.rsplit(':').next().unwrap_or_default();
        format!(
            "Grant({} to {grantee} on {})",
            self.operations().join(", "),
            self.key.label()
        )
    }

    fn end(&self, operation: &str) -> Fallible<()> {
        self.key
            .call(operation, json!({ "GrantId": self.id }))
            .map(drop)
    }
}

const OPTIONS: [&str; 4] = ["context", "context_equals", "retiring", "name"];

impl Key {
    fn grant(&self, principal: Dynamic, operations: Dynamic, options: Map) -> Fallible<Grant> {
        let options = Options::new("grant", options, &OPTIONS)?;
        let grantee = text(principal, "a grantee")?;
        let operations: Vec<String> = list(operations, "an operation")?
            .into_iter()
            .map(|o| o.strip_prefix("kms:").map_or(o.clone(), str::to_owned))
            .collect();
        let mut members = json!({ "GranteePrincipal": grantee, "Operations": operations });
        if let Value::Object(members) = &mut members {
            let constraints = constraints(&options)?;
            let further = [
                ("Constraints", constraints),
                (
                    "RetiringPrincipal",
                    options.text("retiring")?.map(Value::from),
                ),
                ("Name", options.text("name")?.map(Value::from)),
            ];
            members.extend(
                further
                    .into_iter()
                    .filter_map(|(k, v)| Some((k.to_owned(), v?))),
            );
        }
        let made = self.call("CreateGrant", members.clone())?;
        let text = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text("GrantId").unwrap_or_default();
        Ok(Grant {
            key: self.clone(),
            token: text("GrantToken"),
            id,
            facts: members,
        })
    }

    fn grants(&self) -> Fallible<Array> {
        let listed = self.call("ListGrants", json!({}))?;
        let entries = listed
            .get("Grants")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let grant = |entry: &Value| {
            let id = entry
                .get("GrantId")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            Dynamic::from(Grant {
                key: self.clone(),
                id,
                token: None,
                facts: entry.clone(),
            })
        };
        Ok(entries.map(grant).collect())
    }
}

/// `context` holds at least these pairs, `context_equals` exactly these.
fn constraints(options: &Options) -> Fallible<Option<Value>> {
    let pairs = [
        ("EncryptionContextSubset", options.text_map("context")?),
        (
            "EncryptionContextEquals",
            options.text_map("context_equals")?,
        ),
    ];
    let given: serde_json::Map<String, Value> = pairs
        .into_iter()
        .filter_map(|(name, map)| Some((name.to_owned(), Value::Object(map?))))
        .collect();
    Ok((!given.is_empty()).then_some(Value::Object(given)))
}

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Grant>(
            "Grant",
            "The use of a key for one principal, beside key policy and IAM, until revoked.",
        )
        .renderer(Grant::rendered)
        .brief(Grant::brief);
    making(registry);
    properties(registry);
}

const ADMIN: &str = "arn:aws:iam::111122223333:user/admin";

fn making(registry: &mut Registry<'_>) {
    registry.method::<Key>("grant").param("principal", "any").param("operations", "any").returns("Grant")
        .doc("Gives a role or user these operations of the key until the grant is revoked: no policy changes.")
        .example(&format!("{MAKE}let grant = key.grant(\"{ADMIN}\", [\"Decrypt\"]);\ngrant.revoke()"))
        .register(|key: &mut Key, principal: Dynamic, operations: Dynamic| {
            key.grant(principal, operations, Map::new())
        });
    registry.method::<Key>("grant").param("principal", "any").param("operations", "any").param("options", "map")
        .returns("Grant")
        .doc("A grant with options: `context` (the encryption context holds at least these pairs), `context_equals` (exactly these), `retiring` (who may retire it), `name`.")
        .example(&format!("{MAKE}key.grant(\"{ADMIN}\", [\"Decrypt\"], #{{ context: #{{ purpose: \"payroll\" }} }})"))
        .register(|key: &mut Key, principal: Dynamic, operations: Dynamic, options: Map| {
            key.grant(principal, operations, options)
        });
    registry
        .method::<Key>("grants")
        .returns("array")
        .doc("The grants of the key (ListGrants).")
        .example(&format!("{MAKE}key.grants().len()"))
        .register(|key: &mut Key| key.grants());
}

fn properties(registry: &mut Registry<'_>) {
    registry
        .property::<Grant>("token")
        .returns("string")
        .doc("Makes a new grant usable at once; `()` for a grant that was listed. Not secret.")
        .register(|grant: &mut Grant| grant.token.clone().map_or(Dynamic::UNIT, Dynamic::from));
    registry
        .property::<Grant>("id")
        .returns("string")
        .doc("The grant's id.")
        .register(|grant: &mut Grant| grant.id.clone());
    registry
        .property::<Grant>("grantee")
        .returns("string")
        .doc("The ARN of who got it.")
        .register(|grant: &mut Grant| dynamic(grant.fact("GranteePrincipal")));
    registry
        .property::<Grant>("operations")
        .returns("array")
        .doc("What the grantee may do.")
        .register(|grant: &mut Grant| dynamic(grant.fact("Operations")));
    registry
        .method::<Grant>("revoke")
        .doc("Ends the grant, as the key's administrator does (RevokeGrant).")
        .example(&format!(
            "{MAKE}let grant = key.grant(\"{ADMIN}\", [\"Decrypt\"]);\ngrant.revoke()"
        ))
        .register(|grant: &mut Grant| grant.end("RevokeGrant"));
    registry
        .method::<Grant>("retire")
        .doc("Ends the grant, as its retiring principal or grantee does (RetireGrant).")
        .register(|grant: &mut Grant| grant.end("RetireGrant"));
}
