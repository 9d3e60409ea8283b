//! Deleting users, groups and roles, with or without what they still hold.

use serde_json::{Value, json};

use super::arguments::at;
use super::client::Fallible;
use super::entities::{Entity, Holder, Kind};
use super::permissions::drop_inline;

/// Deletes the entity, and first what AWS wants gone before that.
///
/// # Errors
/// What IAM answers; then everything is as it was.
pub(super) fn delete_all<T: Holder>(holder: &T) -> Fallible<()> {
    let entity = holder.entity();
    entity
        .client
        .lab
        .together(|| strip(holder).and_then(|()| delete(entity, T::KIND)))
}

/// Deletes the entity alone.
pub(super) fn delete(entity: &Entity, kind: Kind) -> Fallible<()> {
    entity
        .call(kind, &format!("Delete{}", kind.title()), json!({}))
        .map(|_| ())
}

fn strip<T: Holder>(holder: &T) -> Fallible<()> {
    let (entity, title) = (holder.entity(), T::KIND.title());
    let held = |e: &crate::state::iam::Entity| {
        (
            e.inline.keys().cloned().collect::<Vec<_>>(),
            e.attached.clone(),
        )
    };
    let (inline, attached) = entity.look(T::KIND, held).unwrap_or_default();
    for name in inline {
        drop_inline(holder, &name)?;
    }
    for arn in attached {
        entity.call(
            T::KIND,
            &format!("Detach{title}Policy"),
            json!({ "PolicyArn": arn }),
        )?;
    }
    match T::KIND {
        Kind::User => strip_user(entity),
        Kind::Group => strip_group(entity),
        Kind::Role => Ok(()),
    }
}

fn strip_user(entity: &Entity) -> Fallible<()> {
    let (groups, keys) = entity.client.lab.read(|lab| {
        let account = lab.cloud().account_of(&entity.arn);
        let user = account.and_then(|account| account.user(&entity.name));
        user.map(|user| (user.groups.clone(), user.access_keys.clone()))
            .unwrap_or_default()
    });
    for group in groups {
        entity.call(
            Kind::User,
            "RemoveUserFromGroup",
            json!({ "GroupName": group }),
        )?;
    }
    for key in keys {
        entity.call(Kind::User, "DeleteAccessKey", json!({ "AccessKeyId": key }))?;
    }
    Ok(())
}

fn strip_group(entity: &Entity) -> Fallible<()> {
    let answer = entity.call(Kind::Group, "GetGroup", json!({}))?;
    let users = answer
        .get("Users")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for user in users {
        let members = json!({ "UserName": at(&user, "/UserName") });
        entity.call(Kind::Group, "RemoveUserFromGroup", members)?;
    }
    Ok(())
}
