//! Long-term access keys of users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::entity::{entity, on_entity};
use super::users::named_or_caller;
use super::{Kind, Nothing, account, account_mut, limit_exceeded, no_such_entity, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{AccessKeyId, SecretText, Timestamp};
use crate::state::credential::{AccessKeyStatus, Credential, Owner};
use crate::state::iam::{User, folded};

/// How many access keys a user may have.
const MAX_KEYS: usize = 2;

const SECRET_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A fresh secret access key: 40 characters.
pub fn fresh_secret(entropy: &mut crate::base::Entropy) -> SecretText {
    SecretText::new(entropy.text(40, SECRET_ALPHABET))
}

fn on_named(
    view: &View<'_>,
    name: Option<&str>,
    action: &str,
) -> Result<Vec<AccessRequest>, ApiError> {
    let name = named_or_caller(view, name)?;
    Ok(vec![on_entity(view, Kind::User, &name, action)])
}

fn check_name(name: Option<&str>) -> Result<(), ApiError> {
    name.map_or(Ok(()), |name| Kind::User.check_name(name))
}

fn user<'a>(view: &View<'a>, name: &str) -> Result<&'a User, ApiError> {
    entity(view, Kind::User, name)?;
    account(view)?
        .user(name)
        .ok_or_else(|| Kind::User.missing(name))
}

/// The key `id` of the user, checked to be its own.
fn own_key(view: &View<'_>, name: &str, id: &str) -> Result<AccessKeyId, ApiError> {
    let found = user(view, name)?
        .access_keys
        .iter()
        .find(|key| key.as_str() == id);
    found.cloned().ok_or_else(|| missing_key(id))
}

/// There is no access key of this id.
pub(super) fn missing_key(id: &str) -> ApiError {
    no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

/// A new access key with its secret, which is shown only here.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKey {
    /// Whose it is.
    pub user_name: String,
    /// The id, `AKIA…`.
    pub access_key_id: AccessKeyId,
    /// `Active`.
    pub status: AccessKeyStatus,
    /// The secret.
    pub secret_access_key: SecretText,
    /// When it was made.
    pub create_date: Timestamp,
}

/// Makes an access key for a user, who may have two. The secret is answered
/// once and cannot be read again.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct CreateAccessKey {
    /// The user; the caller by default.
    pub user_name: Option<String>,
}

/// A new access key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyAnswer {
    /// The key.
    pub access_key: AccessKey,
}

impl Operation for CreateAccessKey {
    type Output = AccessKeyAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreateAccessKey")
        .needs(&["iam:CreateAccessKey"])
        .fails(&["NoSuchEntity", "LimitExceeded"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(self.user_name.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_named(view, self.user_name.as_deref(), "iam:CreateAccessKey")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let name = named_or_caller(&view, self.user_name.as_deref())?;
        let user = user(&view, &name)?;
        if user.access_keys.len() >= MAX_KEYS {
            return Err(limit_exceeded(format!(
                "Cannot exceed quota for AccessKeysPerUser: {MAX_KEYS}"
            )));
        }
        let (name, id) = (user.entity.name.clone(), user.entity.id.clone());
        let owner = Owner::User {
            account: cx.caller.account.clone(),
            name: name.clone(),
            id,
        };
        let access_key = AccessKey {
            access_key_id: AccessKeyId::fresh("AKIA", &mut cx.effects.entropy),
            status: AccessKeyStatus::Active,
            secret_access_key: fresh_secret(&mut cx.effects.entropy),
            create_date: cx.now(),
            user_name: name,
        };
        let credential = Credential {
            secret: access_key.secret_access_key.clone(),
            token: None,
            owner,
            status: access_key.status,
            created: access_key.create_date,
            expires: None,
        };
        let key = access_key.access_key_id.clone();
        if let Some(user) = account_mut(cx)?
            .users
            .get_mut(&folded(&access_key.user_name))
        {
            user.access_keys.push(key.clone());
        }
        cx.cloud.credentials.insert_mut(key, credential);
        Ok(AccessKeyAnswer { access_key })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> Value {
        let key = &output.access_key;
        json!({ "accessKey": {
            "userName": key.user_name, "accessKeyId": key.access_key_id,
            "status": key.status, "createDate": key.create_date,
        }})
    }
}

/// Switches an access key on or off.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateAccessKey {
    /// The user; the caller by default.
    pub user_name: Option<String>,
    /// The key's id.
    pub access_key_id: String,
    /// `Active` or `Inactive`.
    pub status: AccessKeyStatus,
}

impl Operation for UpdateAccessKey {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "UpdateAccessKey")
        .needs(&["iam:UpdateAccessKey"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(self.user_name.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_named(view, self.user_name.as_deref(), "iam:UpdateAccessKey")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let name = named_or_caller(&view, self.user_name.as_deref())?;
        let key = own_key(&view, &name, &self.access_key_id)?;
        if let Some(credential) = cx.cloud.credentials.get_mut(&key) {
            credential.status = self.status;
        }
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes an access key. Sessions that were made with it live on until they expire.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteAccessKey {
    /// The user; the caller by default.
    pub user_name: Option<String>,
    /// The key's id.
    pub access_key_id: String,
}

impl Operation for DeleteAccessKey {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeleteAccessKey")
        .needs(&["iam:DeleteAccessKey"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(self.user_name.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_named(view, self.user_name.as_deref(), "iam:DeleteAccessKey")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let name = named_or_caller(&view, self.user_name.as_deref())?;
        let key = own_key(&view, &name, &self.access_key_id)?;
        if let Some(user) = account_mut(cx)?.users.get_mut(&folded(&name)) {
            user.access_keys.retain(|own| *own != key);
        }
        cx.cloud.credentials.remove_mut(&key);
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Lists the access keys of a user, without their secrets.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListAccessKeys {
    /// The user; the caller by default.
    pub user_name: Option<String>,
}

/// An access key without its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyMetadata {
    /// Whose it is.
    pub user_name: String,
    /// The id.
    pub access_key_id: AccessKeyId,
    /// Whether it may be used.
    pub status: AccessKeyStatus,
    /// When it was made.
    pub create_date: Timestamp,
}

/// The access keys of a user.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyList {
    /// The keys, oldest first.
    pub access_key_metadata: Vec<AccessKeyMetadata>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for ListAccessKeys {
    type Output = AccessKeyList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "ListAccessKeys")
        .needs(&["iam:ListAccessKeys"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_name(self.user_name.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_named(view, self.user_name.as_deref(), "iam:ListAccessKeys")
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let name = named_or_caller(&view, self.user_name.as_deref())?;
        let user = user(&view, &name)?;
        let metadata = |id: &AccessKeyId| {
            view.cloud
                .credentials
                .get(id)
                .map(|credential| AccessKeyMetadata {
                    user_name: user.entity.name.clone(),
                    access_key_id: id.clone(),
                    status: credential.status,
                    create_date: credential.created,
                })
        };
        Ok(AccessKeyList {
            access_key_metadata: user.access_keys.iter().filter_map(metadata).collect(),
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
