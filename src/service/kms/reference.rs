//! What callers write to name a key.

use super::error;
use crate::api::{AccessRequest, ApiError, Context, Record, Target, View};
use crate::base::{Arn, KeyId};
use crate::state::Cloud;
use crate::state::kms::{AliasId, Key, KeyPlace};

/// A key as a request named it.
#[derive(Clone, Debug)]
pub struct Named<'a> {
    /// The key.
    pub key: &'a Key,
    /// The alias that the request used, `alias/` included.
    pub alias: Option<String>,
}

/// Finds the key that `text` names: an id, a key ARN, an alias name or an alias ARN.
///
/// Ids and alias names are looked up in the caller's account and the call's
/// Region; a key of another account needs an ARN.
///
/// # Errors
/// `NotFoundException` in the words of the service.
pub fn any<'a>(view: &View<'a>, text: &str) -> Result<Named<'a>, ApiError> {
    if text.starts_with("alias/") {
        let alias = AliasId {
            account: view.caller.account.clone(),
            region: view.region.clone(),
            name: text.to_owned(),
        };
        return by_alias(view.cloud, &alias);
    }
    if text.starts_with("arn:") {
        let arn = parse_arn(view, text)?;
        if arn.resource().starts_with("alias/") {
            let alias = AliasId {
                account: crate::base::AccountId::parse(arn.account())
                    .map_err(|_| alias_not_found(&arn))?,
                region: view.region.clone(),
                name: arn.resource().to_owned(),
            };
            return by_alias(view.cloud, &alias);
        }
        return view
            .cloud
            .key_by_arn(&arn)
            .map(|key| Named { key, alias: None })
            .ok_or_else(|| key_not_found(&arn));
    }
    by_id(view, text).map(|key| Named { key, alias: None })
}

/// Finds the key that `text` names by id or key ARN, as management operations want it.
///
/// # Errors
/// `NotFoundException`; an alias is refused with a sentence of its own.
pub fn id_or_arn<'a>(view: &View<'a>, text: &str) -> Result<&'a Key, ApiError> {
    let is_alias = text.starts_with("alias/")
        || Arn::parse(text).is_ok_and(|arn| arn.resource().starts_with("alias/"));
    if is_alias {
        return Err(
            error("NotFoundException", format!("Invalid keyId '{text}'"))
                .with_detail("This operation takes a key id or a key ARN, not an alias."),
        );
    }
    any(view, text).map(|named| named.key)
}

/// As [`id_or_arn`], for operations that work on keys of the caller's own account only.
///
/// # Errors
/// As [`id_or_arn`], and `AccessDeniedException` for a foreign key, whatever policies say.
pub fn own<'a>(view: &View<'a>, text: &str, action: &str) -> Result<&'a Key, ApiError> {
    let key = id_or_arn(view, text)?;
    if key.account == view.caller.account {
        return Ok(key);
    }
    let caller = view.caller.arn().unwrap_or("anonymous");
    Err(error(
        "AccessDeniedException",
        format!(
            "User: {caller} is not authorized to perform: {action} on this resource because the \
             resource does not exist in this Region, no resource-based policies allow access, or a \
             resource-based policy explicitly denies access"
        ),
    )
    .with_detail("This operation works on keys of one's own account only."))
}

fn by_id<'a>(view: &View<'a>, text: &str) -> Result<&'a Key, ApiError> {
    let id = KeyId::parse(text)
        .map_err(|_| error("NotFoundException", format!("Invalid keyId '{text}'")))?;
    let own = |key: &&Key| key.account == view.caller.account;
    view.cloud.key(&id, view.region).filter(own).ok_or_else(|| {
        key_not_found(&Arn::of(
            "kms",
            view.region.as_str(),
            view.caller.account.as_str(),
            &format!("key/{id}"),
        ))
    })
}

fn by_alias<'a>(cloud: &'a Cloud, alias: &AliasId) -> Result<Named<'a>, ApiError> {
    cloud
        .key_of_alias(alias)
        .map(|key| Named {
            key,
            alias: Some(alias.name.clone()),
        })
        .ok_or_else(|| {
            let known = cloud
                .aliases
                .keys()
                .filter(|a| a.account == alias.account && a.region == alias.region)
                .map(|a| a.name.as_str());
            let missing = alias_not_found(&alias.arn());
            match crate::base::nearest(&alias.name, known) {
                Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
                None => missing,
            }
        })
}

fn parse_arn(view: &View<'_>, text: &str) -> Result<Arn, ApiError> {
    let arn = Arn::parse(text).map_err(|e| error("InvalidArnException", e.to_string()))?;
    if arn.service() != "kms" {
        return Err(error(
            "InvalidArnException",
            format!("`{text}` is not the ARN of a KMS key"),
        ));
    }
    if arn.region() != view.region.as_str() {
        return Err(error(
            "NotFoundException",
            format!("Invalid arn {}", arn.region()),
        ));
    }
    Ok(arn)
}

fn key_not_found(arn: &Arn) -> ApiError {
    error("NotFoundException", format!("Key '{arn}' does not exist"))
}

fn alias_not_found(arn: &Arn) -> ApiError {
    error("NotFoundException", format!("Alias {arn} is not found."))
}

/// Asks for `action` on a named key.
pub fn request(view: &View<'_>, named: &Named<'_>, action: &str) -> AccessRequest {
    AccessRequest::new(action, Target::key(view.cloud, named.key))
        .with_some("kms:RequestAlias", named.alias.clone())
}

/// Asks for `action` on the key that `text` names, with these grant tokens.
///
/// # Errors
/// If there is no such key, and for more grant tokens than a request may have.
pub fn asked(
    view: &View<'_>,
    text: &str,
    action: &str,
    grant_tokens: &[String],
) -> Result<AccessRequest, ApiError> {
    super::check_grant_tokens(grant_tokens)?;
    let mut asked = request(view, &any(view, text)?, action);
    asked.grant_tokens = grant_tokens.to_vec();
    Ok(asked)
}

/// Asks for `action` on a key.
pub fn on_key(view: &View<'_>, key: &Key, action: &str) -> AccessRequest {
    AccessRequest::new(action, Target::key(view.cloud, key))
}

/// The record of a call about `key`.
pub fn record(key: Option<&Key>, parameters: serde_json::Value) -> Record {
    match key {
        Some(key) => Record::of(parameters).about(&key.arn, &key.account, "AWS::KMS::Key"),
        None => Record::of(parameters),
    }
}

/// The key at `place` for a change.
///
/// # Errors
/// `NotFoundException` if it is gone.
pub fn key_mut<'a>(cx: &'a mut Context<'_>, place: &KeyPlace) -> Result<&'a mut Key, ApiError> {
    let gone = || error("NotFoundException", format!("Invalid keyId '{}'", place.id));
    cx.cloud.keys.get_mut(place).ok_or_else(gone)
}
