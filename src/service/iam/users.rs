//! Users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::boundary::{self, AttachedBoundary};
use super::entity::{check_bare, entity, new_entity, on_entity, on_list, on_new};
use super::tags::{self, Tag, with_request_tags};
use super::{
    Kind, Nothing, account, account_mut, delete_conflict, event_value, names, recorded, validation,
};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp};
use crate::state::credential::{Owner, SessionKind};
use crate::state::iam::{Entity, User, folded};

/// A user, as IAM shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UserInfo {
    /// The path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The name; the root user has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The unique id, `AIDA…`; the account number for the root user.
    pub user_id: String,
    /// The ARN.
    pub arn: Arn,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_date: Option<Timestamp>,
    /// The permissions boundary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<AttachedBoundary>,
    /// The tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

impl UserInfo {
    pub(super) fn of(entity: &Entity) -> Self {
        Self {
            path: Some(entity.path.clone()),
            user_name: Some(entity.name.clone()),
            user_id: entity.id.to_string(),
            arn: entity.arn.clone(),
            create_date: Some(entity.created),
            permissions_boundary: AttachedBoundary::of(entity),
            tags: tags::listed(&entity.tags),
        }
    }

    fn root(view: &View<'_>) -> Result<Self, ApiError> {
        Ok(Self {
            path: None,
            user_name: None,
            user_id: view.caller.account.to_string(),
            arn: account(view)?.root_arn(),
            create_date: None,
            permissions_boundary: None,
            tags: Vec::new(),
        })
    }
}

/// The user that a call is about: the one named, or else the caller.
///
/// # Errors
/// `ValidationError` if none is named and the caller is not a user.
pub(super) fn named_or_caller(view: &View<'_>, named: Option<&str>) -> Result<String, ApiError> {
    let caller = match (&view.caller.owner, view.caller.session().map(|s| &s.kind)) {
        (Owner::User { name, .. }, _) | (_, Some(SessionKind::User { name, .. })) => Some(name),
        _ => None,
    };
    named
        .or(caller.map(String::as_str))
        .map(str::to_owned)
        .ok_or_else(|| validation("Must specify userName when calling with non-User credentials"))
}

/// Makes a user. It can do nothing until it has policies, and has no
/// credentials until `CreateAccessKey`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateUser {
    /// The name, 1 to 64 characters, unique in the account ignoring case.
    pub user_name: String,
    /// The path, `/` by default.
    pub path: Option<String>,
    /// The ARN of the managed policy that is to be its permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Tags, each with `Key` and `Value`.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// A user.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UserAnswer {
    /// The user.
    pub user: UserInfo,
}

impl Operation for CreateUser {
    type Output = UserAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreateUser")
        .needs(&["iam:CreateUser", "iam:TagUser"])
        .fails(&[
            "EntityAlreadyExists",
            "NoSuchEntity",
            "InvalidInput",
            "LimitExceeded",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::User.check_name(&self.user_name)?;
        names::path(self.path.as_deref())?;
        tags::check(&self.tags)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let ask = |action: &str| {
            let path = self.path.as_deref();
            let request = on_new(view, Kind::User, path, &self.user_name, action).with_some(
                "iam:PermissionsBoundary",
                self.permissions_boundary.as_deref(),
            );
            with_request_tags(request, &self.tags)
        };
        let tagging = (!self.tags.is_empty()).then(|| ask("iam:TagUser"));
        Ok([ask("iam:CreateUser")].into_iter().chain(tagging).collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let mut entity = new_entity(cx, Kind::User, self.path.as_deref(), &self.user_name)?;
        entity.boundary = boundary::parse(&cx.view(), self.permissions_boundary.as_deref())?;
        tags::set(&mut entity.tags, self.tags)?;
        let user = UserInfo::of(&entity);
        let made = User {
            entity,
            groups: Vec::new(),
            access_keys: Vec::new(),
        };
        account_mut(cx)?
            .users
            .insert_mut(folded(&self.user_name), made);
        Ok(UserAnswer { user })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Shows a user; without a name, the caller.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct GetUser {
    /// The user; the caller by default.
    pub user_name: Option<String>,
}

impl GetUser {
    fn is_about_root(&self, view: &View<'_>) -> bool {
        self.user_name.is_none() && matches!(view.caller.owner, Owner::Root(_))
    }
}

impl Operation for GetUser {
    type Output = UserAnswer;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetUser")
        .needs(&["iam:GetUser"])
        .fails(&["NoSuchEntity"]);

    fn validate(&self) -> Result<(), ApiError> {
        self.user_name
            .as_deref()
            .map_or(Ok(()), |name| Kind::User.check_name(name))
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        if self.is_about_root(view) {
            let target = Target::plain(&account(view)?.root_arn(), &view.caller.account);
            return Ok(vec![AccessRequest::new("iam:GetUser", target)]);
        }
        let name = named_or_caller(view, self.user_name.as_deref())?;
        Ok(vec![on_entity(view, Kind::User, &name, "iam:GetUser")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        if self.is_about_root(&view) {
            return Ok(UserAnswer {
                user: UserInfo::root(&view)?,
            });
        }
        let name = named_or_caller(&view, self.user_name.as_deref())?;
        Ok(UserAnswer {
            user: UserInfo::of(entity(&view, Kind::User, &name)?),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Lists the users of the account.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListUsers {
    /// Only users whose path begins so.
    pub path_prefix: Option<String>,
}

/// Users.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UserList {
    /// The users, by name.
    pub users: Vec<UserInfo>,
    /// Whether there are more; never so here.
    pub is_truncated: bool,
}

impl Operation for ListUsers {
    type Output = UserList;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Iam, "ListUsers").needs(&["iam:ListUsers"]);

    fn validate(&self) -> Result<(), ApiError> {
        names::path(self.path_prefix.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_list(
            view,
            Kind::User,
            self.path_prefix.as_deref(),
            "iam:ListUsers",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let entities = account(&view)?.users.values().map(|u| &u.entity);
        let below = entities.filter(|e| e.path.starts_with(prefix));
        let users = below
            .map(|e| UserInfo {
                tags: Vec::new(),
                ..UserInfo::of(e)
            })
            .collect();
        Ok(UserList {
            users,
            is_truncated: false,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

/// Deletes a user. Its access keys, policies and group memberships must be
/// gone first. Policies that name it do not admit a later user of that name.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteUser {
    /// The user.
    pub user_name: String,
}

impl Operation for DeleteUser {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "DeleteUser")
        .needs(&["iam:DeleteUser"])
        .fails(&["NoSuchEntity", "DeleteConflict"]);

    fn validate(&self) -> Result<(), ApiError> {
        Kind::User.check_name(&self.user_name)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_entity(
            view,
            Kind::User,
            &self.user_name,
            "iam:DeleteUser",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        check_bare(entity(&view, Kind::User, &self.user_name)?)?;
        let user = account(&view)?.user(&self.user_name);
        let user = user.ok_or_else(|| Kind::User.missing(&self.user_name))?;
        if !user.access_keys.is_empty() {
            return Err(delete_conflict(
                "Cannot delete entity, must delete access keys first.",
            ));
        }
        if !user.groups.is_empty() {
            return Err(delete_conflict(
                "Cannot delete entity, must remove users from group first.",
            )
            .with_detail(format!("It is in {}.", user.groups.join(", "))));
        }
        account_mut(cx)?.users.remove_mut(&folded(&self.user_name));
        Ok(Nothing {})
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
