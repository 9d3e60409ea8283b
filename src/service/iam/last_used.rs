//! When access keys and roles were last used, as the trail knows it.
//!
//! Source: IAM API Reference, AccessKeyLastUsed and RoleLastUsed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access_keys::missing_key;
use super::entity::on_entity;
use super::{Kind, account, names, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Region, Timestamp};
use crate::state::credential::Owner;
use crate::state::iam::{Role, User};
use crate::state::trail::Event;

/// What IAM names where nothing was used.
const NOTHING: &str = "N/A";

/// Where the `userIdentity` of a session of a role has the role's unique id.
const ROLE_ID: &str = "/sessionContext/sessionIssuer/principalId";

/// When a role was last used; empty if it never was.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RoleLastUsed {
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_date: Option<Timestamp>,
    /// In which Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

impl RoleLastUsed {
    /// The last call of a session of `role`.
    pub(super) fn of(view: &View<'_>, role: &Role) -> Self {
        Self::at(last_event(view, ROLE_ID, role.entity.id.as_str()))
    }

    fn at(last: Option<&Event>) -> Self {
        Self {
            last_used_date: last.map(|event| event.event_time),
            region: last.map(|event| event.aws_region.clone()),
        }
    }
}

/// The last call of each role that was ever used, by the role's unique id.
pub(super) struct RoleUses<'a>(BTreeMap<&'a str, &'a Event>);

impl<'a> RoleUses<'a> {
    /// Walks the trail once.
    pub(super) fn of(view: &View<'a>) -> Self {
        let events = view.cloud.trail.iter().map(AsRef::as_ref);
        let by_role = |event: &'a Event| Some((text_at(event, ROLE_ID)?, event));
        // The oldest come first, and each takes the place of the one before it.
        Self(events.filter_map(by_role).collect())
    }

    /// The last call of a session of `role`.
    pub(super) fn last(&self, role: &Role) -> RoleLastUsed {
        RoleLastUsed::at(self.0.get(role.entity.id.as_str()).copied())
    }
}

/// The text that the `userIdentity` of `event` has at the JSON pointer `place`.
fn text_at<'a>(event: &'a Event, place: &str) -> Option<&'a str> {
    event.user_identity.pointer(place).and_then(Value::as_str)
}

/// The newest event whose `userIdentity` has `text` at the JSON pointer `place`.
fn last_event<'a>(view: &View<'a>, place: &str, text: &str) -> Option<&'a Event> {
    let is_it = |event: &Event| text_at(event, place) == Some(text);
    let newest_first = view.cloud.trail.iter().rev();
    newest_first
        .map(AsRef::as_ref)
        .find(|event: &&Event| is_it(event))
}

/// Tells when an access key last signed a request, in which Region and of which
/// service; calls that were denied count.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetAccessKeyLastUsed {
    /// The key's id, of a user of the account.
    pub access_key_id: String,
}

/// The last use of an access key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyUse {
    /// Whose key it is.
    pub user_name: String,
    /// The last use.
    pub access_key_last_used: AccessKeyLastUsed,
}

/// When an access key was last used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyLastUsed {
    /// When; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_date: Option<Timestamp>,
    /// With which service, such as `s3`; `N/A` if it never was.
    pub service_name: String,
    /// In which Region; `N/A` if it never was.
    pub region: String,
}

impl AccessKeyLastUsed {
    fn of(view: &View<'_>, id: &str) -> Self {
        let last = last_event(view, "/accessKeyId", id);
        let service = |event: &Event| match event.event_source.split_once('.') {
            Some((service, _)) => service.to_owned(),
            None => event.event_source.clone(),
        };
        Self {
            last_used_date: last.map(|event| event.event_time),
            service_name: last.map_or_else(|| NOTHING.to_owned(), service),
            region: last.map_or_else(|| NOTHING.to_owned(), |e| e.aws_region.to_string()),
        }
    }
}

impl GetAccessKeyLastUsed {
    /// The user of the caller's account who has the key.
    fn owner<'a>(&self, view: &View<'a>) -> Result<&'a User, ApiError> {
        let own = account(view)?;
        let known = view.cloud.credentials.get(self.access_key_id.as_str());
        let user = match known.map(|credential| &credential.owner) {
            Some(Owner::User { account, name, id }) if *account == own.id => {
                own.user(name).filter(|user| user.entity.id == *id)
            }
            _ => None,
        };
        user.ok_or_else(|| missing_key(&self.access_key_id))
    }
}

impl Operation for GetAccessKeyLastUsed {
    type Output = KeyUse;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetAccessKeyLastUsed")
        .needs(&["iam:GetAccessKeyLastUsed"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        names::length("accessKeyId", &self.access_key_id, 16, 128)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        // Who is denied does not learn whether there is such a key.
        let name = self.owner(view).map_or("*", |user| &user.entity.name);
        Ok(vec![on_entity(
            view,
            Kind::User,
            name,
            &Self::SPEC.action(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        Ok(KeyUse {
            user_name: self.owner(&view)?.entity.name.clone(),
            access_key_last_used: AccessKeyLastUsed::of(&view, &self.access_key_id),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
