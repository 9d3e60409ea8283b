//! Who a key trusts: its key policy, one principal at a time.

use rhai::Dynamic;
use serde_json::{Value, json};

use super::arguments::{document, list, text};
use super::client::Fallible;
use super::documents::{self, Wish};
use super::key::{Key, MAKE, dynamic};
use crate::base::nearest;
use crate::policy::{Effect, PrincipalLabel, StatementDraft, edit};
use crate::script::{Registry, Thrown};

/// What a principal that is trusted to use a key may do.
const USE: [&str; 5] = [
    "kms:Decrypt",
    "kms:GenerateDataKey*",
    "kms:Encrypt",
    "kms:ReEncrypt*",
    "kms:DescribeKey",
];

impl Key {
    fn document(&self) -> Fallible<Value> {
        let output = self.call("GetKeyPolicy", json!({}))?;
        let text = output
            .get("Policy")
            .and_then(Value::as_str)
            .unwrap_or_default();
        serde_json::from_str(text).map_err(|e| Thrown::new("InternalFailure", e.to_string()).into())
    }

    fn put(&self, document: &str) -> Fallible<()> {
        self.call("PutKeyPolicy", json!({ "Policy": document }))
            .map(drop)
    }

    fn state(
        &self,
        verb: &str,
        effect: Effect,
        principal: Dynamic,
        actions: &[String],
    ) -> Fallible<()> {
        let principals = list(principal, "a principal")?;
        let everything = ["*".to_owned()];
        let mut document = self.document()?;
        for principal in &principals {
            let wish = Wish {
                verb,
                effect,
                principal,
                actions,
                resources: &everything,
            };
            document = documents::with_wish(Some(&document), &wish);
        }
        self.put(&document.to_string())
    }

    fn distrust(&self, principal: Dynamic) -> Fallible<()> {
        let principal = text(principal, "a principal")?;
        let document = documents::without_dead(&self.document()?);
        let (left, changed) = documents::without_principal(&document, &principal);
        if changed > 0 {
            return self.put(&left.to_string());
        }
        let text = format!(
            "no statement of the key policy of {} allows anything to `{principal}` by name",
            self.label()
        );
        let known = documents::principals(&document);
        let hint = match nearest(&principal, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it names {}", known.join(", ")),
        };
        Err(Thrown::new("NotTrusted", text).with("hint", hint).into())
    }

    fn trust_account(&self) -> Fallible<()> {
        let account = self.arn.split(':').nth(4).unwrap_or_default();
        let root = StatementDraft::allow()
            .sid("Enable IAM User Permissions")
            .principal(PrincipalLabel::Aws, format!("arn:aws:iam::{account}:root"))
            .action("kms:*")
            .resource("*");
        let living = documents::without_dead(&self.document()?);
        self.put(&edit::with_statement(Some(&living), root.to_value()).to_string())
    }
}

/// `Decrypt` as `kms:Decrypt`.
fn actions(value: Dynamic) -> Fallible<Vec<String>> {
    let with_prefix = |action: String| match action.contains(':') || action == "*" {
        true => action,
        false => format!("kms:{action}"),
    };
    Ok(list(value, "an action")?
        .into_iter()
        .map(with_prefix)
        .collect())
}

pub(super) fn register(registry: &mut Registry<'_>) {
    const ROLE: &str = "arn:aws:iam::111122223333:user/admin";
    let make = MAKE;
    registry.method::<Key>("trust").param("principal", "any")
        .doc("Lets a role, user or account use the key, as far as the key policy is concerned: one statement `Trust…` with Decrypt, GenerateDataKey*, Encrypt, ReEncrypt* and DescribeKey.\n\nIn the model `exam` an IAM policy must allow it too.")
        .example(&format!("{make}key.trust(\"{ROLE}\")"))
        .register(|key: &mut Key, principal: Dynamic| {
            key.state("Trust", Effect::Allow, principal, &USE.map(str::to_owned))
        });
    registry.method::<Key>("trust").param("principal", "any").param("actions", "any")
        .doc("Lets a principal do these actions, by the key policy. A second call adds to the first.")
        .example(&format!("{make}key.trust(\"{ROLE}\", [\"kms:Decrypt\"])"))
        .register(|key: &mut Key, principal: Dynamic, wanted: Dynamic| {
            key.state("Trust", Effect::Allow, principal, &actions(wanted)?)
        });
    registry
        .method::<Key>("deny")
        .param("principal", "any")
        .param("actions", "any")
        .doc("Denies these actions to a principal in the key policy; a Deny beats every Allow.")
        .example(&format!("{make}key.deny(\"{ROLE}\", [\"kms:Decrypt\"])"))
        .register(|key: &mut Key, principal: Dynamic, wanted: Dynamic| {
            key.state("Deny", Effect::Deny, principal, &actions(wanted)?)
        });
    registry
        .method::<Key>("distrust")
        .param("principal", "any")
        .doc("Takes a principal out of every Allow of the key policy.")
        .example(&format!(
            "{make}key.trust(\"111122223333\");\nkey.distrust(\"111122223333\")"
        ))
        .register(|key: &mut Key, principal: Dynamic| key.distrust(principal));
    registry.method::<Key>("trust_account")
        .doc("Leaves the decision to the account's IAM policies: AWS's own statement, which trusts the account's root.")
        .example(&format!("{make}key.trust_account()"))
        .register(|key: &mut Key| key.trust_account());
    registry
        .property::<Key>("policy")
        .returns("map")
        .doc("The key policy as a map (GetKeyPolicy).")
        .example(&format!("{make}key.policy.Statement[0].Sid"))
        .register(|key: &mut Key| -> Fallible<Dynamic> { dynamic(&key.document()?) });
    registry.method::<Key>("set_policy").param("policy", "any")
        .doc("Replaces the key policy by a map or JSON text (PutKeyPolicy). A policy that would lock you out is refused.")
        .example(&format!("{make}key.set_policy(key.policy)"))
        .register(|key: &mut Key, policy: Dynamic| -> Fallible<()> { key.put(&document(policy, "a policy")?) });
}
