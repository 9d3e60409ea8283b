//! Aliases: names for keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::life::Nothing;
use super::{error, not_pending_deletion, reference};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, KeyId};
use crate::state::kms::{AliasId, Key};

const MAX_ALIASES_PER_KEY: usize = 50;

fn check_name(name: &str) -> Result<(), ApiError> {
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(ApiError::validation(
            Service::Kms,
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        )
        .with_detail(format!("`{name}` does not; `alias/{name}` would.")));
    };
    let valid = !rest.is_empty()
        && name.len() <= 256
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b":/_-".contains(&b));
    if !valid {
        return Err(error(
            "InvalidAliasNameException",
            format!("`{name}` is not an alias: after `alias/` come letters, digits and `:/_-`"),
        ));
    }
    if rest.starts_with("aws/") {
        return Err(error(
            "NotAuthorizedException",
            "alias/aws/ is kept for AWS managed keys",
        ));
    }
    Ok(())
}

fn own_alias(view: &View<'_>, name: &str) -> AliasId {
    AliasId {
        account: view.caller.account.clone(),
        region: view.region.clone(),
        name: name.to_owned(),
    }
}

fn on_alias(view: &View<'_>, alias: &AliasId, action: &str) -> AccessRequest {
    AccessRequest::new(action, Target::plain(&alias.arn(), &view.caller.account))
}

fn not_found(alias: &AliasId) -> ApiError {
    error(
        "NotFoundException",
        format!("Alias {} is not found.", alias.arn()),
    )
}

/// Gives a key a name. Needs the permission on the alias and on the key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateAlias {
    /// The name, beginning with `alias/`.
    pub alias_name: String,
    /// The key: an id or a key ARN.
    pub target_key_id: String,
}

impl Operation for CreateAlias {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "CreateAlias")
        .needs(&["kms:CreateAlias"])
        .fails(&[
            "AlreadyExistsException",
            "InvalidAliasNameException",
            "LimitExceededException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.alias_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.target_key_id, "kms:CreateAlias")?;
        let alias = own_alias(view, &self.alias_name);
        Ok(vec![
            on_alias(view, &alias, "kms:CreateAlias"),
            reference::on_key(view, key, "kms:CreateAlias"),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.target_key_id)?;
        let alias = own_alias(&view, &self.alias_name);
        not_pending_deletion(key)?;
        if view.cloud.aliases.contains_key(&alias) {
            return Err(error(
                "AlreadyExistsException",
                format!("An alias with the name {} already exists", alias.arn()),
            ));
        }
        if view.cloud.aliases_of(key).count() >= MAX_ALIASES_PER_KEY {
            return Err(error(
                "LimitExceededException",
                format!("a key has at most {MAX_ALIASES_PER_KEY} aliases"),
            ));
        }
        let id = key.id.clone();
        cx.cloud.aliases.insert_mut(alias, id);
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.target_key_id).ok();
        reference::record(
            key,
            json!({ "aliasName": self.alias_name, "targetKeyId": self.target_key_id }),
        )
    }
}

/// Points an alias at another key. Needs the permission on the alias and on both keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateAlias {
    /// The name, beginning with `alias/`.
    pub alias_name: String,
    /// The new key: an id or a key ARN.
    pub target_key_id: String,
}

impl Operation for UpdateAlias {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "UpdateAlias")
        .needs(&["kms:UpdateAlias"])
        .fails(&["NotFoundException", "KMSInvalidStateException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.alias_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let new = reference::own(view, &self.target_key_id, "kms:UpdateAlias")?;
        let alias = own_alias(view, &self.alias_name);
        let old = view
            .cloud
            .key_of_alias(&alias)
            .ok_or_else(|| not_found(&alias))?;
        Ok(vec![
            on_alias(view, &alias, "kms:UpdateAlias"),
            reference::on_key(view, old, "kms:UpdateAlias"),
            reference::on_key(view, new, "kms:UpdateAlias"),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.target_key_id)?;
        not_pending_deletion(key)?;
        let (alias, id) = (own_alias(&view, &self.alias_name), key.id.clone());
        if let Some(old) = view.cloud.key_of_alias(&alias) {
            same_kind(old, key)?;
        }
        cx.cloud.aliases.insert_mut(alias, id);
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.target_key_id).ok();
        reference::record(
            key,
            json!({ "aliasName": self.alias_name, "targetKeyId": self.target_key_id }),
        )
    }
}

/// An alias moves only to a key of the same type and usage.
///
/// Source: KMS API Reference, `UpdateAlias`.
fn same_kind(old: &Key, new: &Key) -> Result<(), ApiError> {
    if (old.spec.family(), old.usage) == (new.spec.family(), new.usage) {
        return Ok(());
    }
    Err(ApiError::validation(
        Service::Kms,
        format!(
            "the alias names a {} key for {}; it cannot move to a {} key for {}",
            old.spec, old.usage, new.spec, new.usage
        ),
    ))
}

/// Takes a name away; the key stays. Needs the permission on the alias and on the key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteAlias {
    /// The name, beginning with `alias/`.
    pub alias_name: String,
}

impl Operation for DeleteAlias {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "DeleteAlias")
        .needs(&["kms:DeleteAlias"])
        .fails(&["NotFoundException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(&self.alias_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let alias = own_alias(view, &self.alias_name);
        let key = view
            .cloud
            .key_of_alias(&alias)
            .ok_or_else(|| not_found(&alias))?;
        Ok(vec![
            on_alias(view, &alias, "kms:DeleteAlias"),
            reference::on_key(view, key, "kms:DeleteAlias"),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let alias = own_alias(&cx.view(), &self.alias_name);
        if cx.cloud.aliases.remove_mut(&alias) {
            Ok(Nothing {})
        } else {
            Err(not_found(&alias))
        }
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({ "aliasName": self.alias_name }))
    }
}

/// Lists the aliases of the account in this Region, or of one key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListAliases {
    /// Only the aliases of this key: an id or a key ARN.
    pub key_id: Option<String>,
}

/// One alias of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AliasListEntry {
    /// The name.
    pub alias_name: String,
    /// The alias's ARN.
    pub alias_arn: Arn,
    /// The key that it points at.
    pub target_key_id: KeyId,
}

/// A list of aliases.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AliasList {
    /// The aliases.
    pub aliases: Vec<AliasListEntry>,
    /// Whether there are more; the lab gives all.
    pub truncated: bool,
}

impl Operation for ListAliases {
    type Output = AliasList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListAliases")
        .needs(&["kms:ListAliases"])
        .fails(&["NotFoundException"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new("kms:ListAliases", Target::any())])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let only = match &self.key_id {
            Some(text) => Some(reference::id_or_arn(&view, text)?.id.clone()),
            None => None,
        };
        let aliases = view
            .cloud
            .aliases
            .iter()
            .filter(|(a, _)| a.account == view.caller.account && a.region == *view.region)
            .filter(|(_, id)| only.as_ref().is_none_or(|only| only == *id))
            .map(|(alias, id)| AliasListEntry {
                alias_name: alias.name.clone(),
                alias_arn: alias.arn(),
                target_key_id: id.clone(),
            })
            .collect();
        Ok(AliasList {
            aliases,
            truncated: false,
        })
    }
}
