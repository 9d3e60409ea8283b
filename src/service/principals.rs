//! The unique ids behind principals.

use crate::base::UniqueId;
use crate::policy::{Policy, PrincipalForm, PrincipalPattern, Resolution};
use crate::state::Cloud;
use crate::state::iam::Account;

/// Looks principals up as they are at this moment, for [`Policy::bind`].
///
/// A user or role has to exist, and so has the entity behind a bare unique id;
/// accounts and sessions are taken as they are written. Source: IAM User
/// Guide, "AWS JSON policy elements: Principal".
///
/// [`Policy::bind`]: crate::policy::Policy::bind
pub fn unique_id_resolver(cloud: &Cloud) -> impl FnMut(&PrincipalPattern) -> Resolution + '_ {
    |pattern| match pattern.form() {
        PrincipalForm::User(arn) | PrincipalForm::Role(arn) => cloud
            .account_of(arn)
            .and_then(|account| account.unique_id(arn))
            .map_or(Resolution::Unknown, |id| Resolution::Id(id.clone())),
        PrincipalForm::UniqueId(id) if !lives(cloud, id) => Resolution::Unknown,
        PrincipalForm::Unknown => Resolution::Unknown,
        _ => Resolution::Known,
    }
}

/// Whether a user or role with this unique id exists.
pub fn lives(cloud: &Cloud, id: &UniqueId) -> bool {
    let in_account = |account: &Account| {
        account.users.values().any(|u| u.entity.id == *id)
            || account.roles.values().any(|r| r.entity.id == *id)
    };
    cloud.accounts.values().any(in_account)
}

/// The text of a stored policy as AWS gives it back: an entry whose user or role
/// is gone shows as its unique id, and an account as the ARN of its root user.
pub fn shown(cloud: &Cloud, policy: &Policy) -> String {
    policy
        .shown(&|id| lives(cloud, id))
        .map_or_else(|| policy.text().to_owned(), |value| value.to_string())
}
