//! Policies that stand in for those of users and roles, for an experiment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::credential::{Federator, Owner, SessionKind};
use crate::authz::PolicySet;
use crate::base::AccountId;

/// What a user or role may do in an experiment: wherever its own policies allow
/// a call, these policies are asked instead. Where its own do not allow, they
/// still decide, so that nothing is opened that was closed.
///
/// A saved lab does not hold it.
#[derive(Clone, Debug, Default)]
pub struct StandIns(Arc<BTreeMap<(AccountId, String), PolicySet>>);

impl StandIns {
    /// Has `policies` stand in for those of `entity`, such as `role/GlueRole`.
    pub fn put(&mut self, account: AccountId, entity: String, policies: PolicySet) {
        Arc::make_mut(&mut self.0).insert((account, entity), policies);
    }

    /// What stands in for the policies of who holds these credentials.
    pub fn of(&self, owner: &Owner) -> Option<&PolicySet> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&entity_of(owner)?)
    }

    /// These, and those of `others` for whoever has none here.
    #[must_use]
    pub fn over(mut self, others: &Self) -> Self {
        for (entity, policies) in others.0.iter() {
            let known = Arc::make_mut(&mut self.0);
            known
                .entry(entity.clone())
                .or_insert_with(|| policies.clone());
        }
        self
    }
}

/// The user or role whose policies these credentials have.
fn entity_of(owner: &Owner) -> Option<(AccountId, String)> {
    let user = |account: &AccountId, name: &str| (account.clone(), format!("user/{name}"));
    match owner {
        Owner::User { account, name, .. } => Some(user(account, name)),
        Owner::Session(session) => match &session.kind {
            SessionKind::Role { role, .. } => {
                let account = AccountId::parse(role.account()).ok()?;
                Some((account, format!("role/{}", role.base_name())))
            }
            SessionKind::User { account, name, .. } => Some(user(account, name)),
            SessionKind::Federated {
                account,
                federator: Federator::User { name, .. },
                ..
            } => Some(user(account, name)),
            _ => None,
        },
        _ => None,
    }
}
