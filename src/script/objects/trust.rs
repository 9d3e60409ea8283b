//! Who may assume a role.

use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at, document, invalid, json_of, parsed, texts};
use super::client::Fallible;
use super::entities::{Holder, Kind, Role};
use super::permissions::conditioned;
use crate::policy::{PrincipalLabel, StatementDraft, edit};

/// What a trust policy lets its principals do.
const ACTION: &str = "sts:AssumeRole";

/// The trust policy that an option asks for: principals, or a whole document.
pub(super) fn document_for(who: Dynamic) -> Fallible<String> {
    if is_document(&who) {
        return document(who, "a trust policy");
    }
    Ok(edit::with_statement(None, statement(who, None)?).to_string())
}

fn is_document(value: &Dynamic) -> bool {
    let has_statement = |map: &Map| map.contains_key("Statement");
    let as_text = || {
        value
            .as_immutable_string_ref()
            .is_ok_and(|t| t.trim_start().starts_with('{'))
    };
    value
        .read_lock::<Map>()
        .is_some_and(|map| has_statement(&map))
        || as_text()
}

fn statement(who: Dynamic, condition: Option<Value>) -> Fallible<Value> {
    if who.is_map()
        || who
            .read_lock::<Array>()
            .is_some_and(|array| array.is_empty())
    {
        return Err(invalid(
            "say who may assume the role: a user, role, account number, service such as \
             `glue.amazonaws.com`, an array of these, or a whole trust policy with `Statement`",
        ));
    }
    let principals = texts(who, "who may assume the role")?;
    let draft = principals
        .into_iter()
        .fold(StatementDraft::allow(), |draft, who| {
            draft.principal(PrincipalLabel::of(&who), who)
        });
    Ok(conditioned(draft.action(ACTION), condition))
}

impl Role {
    /// Adds a statement to the trust policy, unless it is there already.
    pub(super) fn trust(&self, who: Dynamic, options: Map) -> Fallible<()> {
        let options = Options::new("trust", options, &["condition", "sid"])?;
        let mut statement = statement(who, options.json("condition")?)?;
        if let (Some(sid), Some(members)) = (options.text("sid")?, statement.as_object_mut()) {
            members.shift_insert(0, "Sid".into(), sid.into());
        }
        let present = self.trust_document()?;
        let statements = present.get("Statement").and_then(Value::as_array);
        if statements.is_some_and(|statements| statements.contains(&statement)) {
            return Ok(());
        }
        self.put_trust(&edit::with_statement(Some(&present), statement).to_string())
    }

    /// Puts another trust policy in place of the present one.
    pub(super) fn set_trust(&self, policy: Dynamic) -> Fallible<()> {
        self.put_trust(&document_for(policy)?)
    }

    /// The trust policy as a map.
    pub(super) fn trust_policy(&self) -> Fallible<Dynamic> {
        parsed(&self.trust_text()?)
    }

    fn trust_text(&self) -> Fallible<String> {
        let answer = self.entity().call(Kind::Role, "GetRole", json!({}))?;
        Ok(at(&answer, "/Role/AssumeRolePolicyDocument"))
    }

    fn trust_document(&self) -> Fallible<Value> {
        json_of(parsed(&self.trust_text()?)?)
    }

    fn put_trust(&self, document: &str) -> Fallible<()> {
        let members = json!({ "PolicyDocument": document });
        self.entity()
            .call(Kind::Role, "UpdateAssumeRolePolicy", members)
            .map(|_| ())
    }
}
