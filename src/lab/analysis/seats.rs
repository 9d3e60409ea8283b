//! Who there is: everybody who could make a call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::api::{Caller, Service, identified};
use crate::authz::{NamedPolicy, PolicySet};
use crate::base::{AccountId, Arn};
use crate::lab::Lab;
use crate::policy::{Policy, Principal, PrincipalForm, PrincipalKind};
use crate::state::aws_managed;
use crate::state::credential::{Owner, Session, SessionKind};
use crate::state::iam::{Account, Role};

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeatKind {
    /// The root user of an account.
    Root,
    /// An IAM user.
    User,
    /// A role: any session of it.
    Role,
    /// One session of a role, which a policy names.
    Session,
    /// A principal of an account that the lab does not hold.
    Outside,
    /// A service that a policy names.
    Service,
    /// Holders of tokens of an identity provider.
    Federated,
    /// Everybody, without credentials.
    Anonymous,
}

impl SeatKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User => "user",
            Self::Role => "role",
            Self::Session => "session",
            Self::Outside => "outside",
            Self::Service => "service",
            Self::Federated => "federated",
            Self::Anonymous => "anonymous",
        }
    }
}

/// Somebody who could make a call.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Seat {
    /// The ARN of the user or role, a service's name, or `*`.
    pub(in crate::lab) name: String,
    /// What people call it.
    pub(in crate::lab) label: String,
    pub(in crate::lab) kind: SeatKind,
    pub(in crate::lab) account: Option<AccountId>,
    pub(in crate::lab) caller: Caller,
    /// What an answer about it takes for granted, where the lab cannot know.
    pub(in crate::lab) assumed: Option<String>,
}

/// The session name of roles that are asked about.
const SESSION: &str = "keychai";

/// Every user, role and root user of the lab.
pub(super) fn residents(lab: &Lab) -> Vec<Seat> {
    let mut seats = Vec::new();
    for account in lab.cloud().accounts.values() {
        seats.extend(root(lab, account));
        seats.extend(account.users.values().filter_map(|user| {
            let owner = Owner::User {
                account: account.id.clone(),
                name: user.entity.name.clone(),
                id: user.entity.id.clone(),
            };
            seat(lab, account, &owner, SeatKind::User, &user.entity.arn)
        }));
        let roles = account.roles.values();
        seats.extend(roles.filter_map(|role| of_role(lab, account, role, SESSION, SeatKind::Role)));
    }
    seats
}

/// The user, role or root user of this ARN, or the service of this name.
pub(in crate::lab) fn seat_of(lab: &Lab, name: &str) -> Option<Seat> {
    if name.ends_with(".amazonaws.com") {
        return Some(service(lab, name));
    }
    let arn = Arn::parse(name).ok()?;
    let account = lab.cloud().account_of(&arn)?;
    match arn.resource_type() {
        "root" => root(lab, account),
        "user" | "role" => residents_named(lab, account, &arn),
        "assumed-role" => {
            let (role, session) = arn.resource_name().split_once('/')?;
            of_role(
                lab,
                account,
                account.role(role)?,
                session,
                SeatKind::Session,
            )
        }
        _ => None,
    }
}

/// The ARNs of all users and roles, for the nearest to a name that does not exist.
pub fn seat_names(lab: &Lab) -> Vec<String> {
    residents(lab).into_iter().map(|seat| seat.name).collect()
}

fn residents_named(lab: &Lab, account: &Account, arn: &Arn) -> Option<Seat> {
    match arn.resource_type() {
        "user" => {
            let user = account.user(arn.base_name())?;
            let owner = Owner::User {
                account: account.id.clone(),
                name: user.entity.name.clone(),
                id: user.entity.id.clone(),
            };
            seat(lab, account, &owner, SeatKind::User, &user.entity.arn)
        }
        _ => {
            let role = account.role(arn.base_name())?;
            of_role(lab, account, role, SESSION, SeatKind::Role)
        }
    }
}

fn root(lab: &Lab, account: &Account) -> Option<Seat> {
    let owner = Owner::Root(account.id.clone());
    seat(lab, account, &owner, SeatKind::Root, &account.root_arn())
}

fn of_role(
    lab: &Lab,
    account: &Account,
    role: &Role,
    session: &str,
    kind: SeatKind,
) -> Option<Seat> {
    let resource = format!("assumed-role/{}/{session}", role.entity.name);
    let arn = Arn::of("sts", "", account.id.as_str(), &resource);
    let begun = Session {
        kind: SessionKind::Role {
            role: role.entity.arn.clone(),
            role_id: role.entity.id.clone(),
            name: session.to_owned(),
            arn: arn.clone(),
        },
        issued: lab.now(),
        mfa: false,
        policies: None,
        tags: BTreeMap::new(),
        transitive_tag_keys: BTreeSet::new(),
        source_identity: None,
        web_identity: None,
        service: None,
    };
    let name = match kind {
        SeatKind::Session => &arn,
        _ => &role.entity.arn,
    };
    seat(lab, account, &Owner::Session(Arc::new(begun)), kind, name)
}

fn seat(lab: &Lab, account: &Account, owner: &Owner, kind: SeatKind, arn: &Arn) -> Option<Seat> {
    let caller = identified(lab.cloud(), owner, Service::Iam).ok()?;
    let name = match kind {
        SeatKind::Root => "root user".to_owned(),
        SeatKind::Session => arn.resource_name().to_owned(),
        _ => arn.base_name().to_owned(),
    };
    let label = match account.id == *lab.home() {
        true => name,
        false => format!("{} {name}", account.id),
    };
    Some(Seat {
        name: arn.to_string(),
        label,
        kind,
        account: Some(account.id.clone()),
        caller,
        assumed: None,
    })
}

/// Those whom policies name and the lab does not hold: services, identity
/// providers, other accounts, sessions, everybody.
pub(super) fn guests<'p>(lab: &Lab, policies: impl Iterator<Item = &'p Policy>) -> Vec<Seat> {
    let mut seats: BTreeMap<(SeatKind, String), Seat> = BTreeMap::new();
    for pattern in policies.flat_map(|policy| policy.principals().collect::<Vec<_>>()) {
        let found = match pattern.form() {
            PrincipalForm::Everyone => Some(anonymous()),
            PrincipalForm::Service => Some(service(lab, pattern.as_str())),
            PrincipalForm::Federated => Some(federated(lab, pattern.as_str())),
            PrincipalForm::Session(arn) => seat_of(lab, arn.as_str()).or_else(|| outside(lab, arn)),
            PrincipalForm::Account(account) => {
                outside(lab, &Arn::of("iam", "", account.as_str(), "root"))
            }
            PrincipalForm::User(arn) | PrincipalForm::Role(arn) => outside(lab, arn),
            _ => None,
        };
        if let Some(seat) = found {
            seats.entry((seat.kind, seat.name.clone())).or_insert(seat);
        }
    }
    seats.into_values().collect()
}

/// A principal of an account that the lab does not hold, whose own policies are
/// taken to allow everything: what the resource says of it is all that is known.
pub(super) fn outside(lab: &Lab, arn: &Arn) -> Option<Seat> {
    let account = AccountId::parse(arn.account()).ok()?;
    if lab.cloud().accounts.get(&account).is_some() {
        return None;
    }
    let session = |role: &str| {
        let resource = format!("assumed-role/{role}/{SESSION}");
        Arn::of("sts", "", account.as_str(), &resource)
    };
    let (kind, own, issuer) = match arn.resource_type() {
        // Somebody of the account: its root user seldom is who calls.
        "root" => {
            let somebody = Arn::of("iam", "", account.as_str(), &format!("user/{SESSION}"));
            (PrincipalKind::User, somebody, None)
        }
        "user" => (PrincipalKind::User, arn.clone(), None),
        "assumed-role" => {
            let role = arn.resource_name().split('/').next().unwrap_or_default();
            let issuer = Arn::of("iam", "", account.as_str(), &format!("role/{role}"));
            (PrincipalKind::RoleSession, arn.clone(), Some(issuer))
        }
        _ => (
            PrincipalKind::RoleSession,
            session(arn.base_name()),
            Some(arn.clone()),
        ),
    };
    let principal = Principal {
        account: Some(account.clone()),
        arn: Some(own),
        issuer,
        ..Principal::of_kind(kind)
    };
    let label = match arn.resource_type() {
        "root" => format!("account {account}"),
        _ => format!("{account} {}", arn.base_name()),
    };
    let caller = Caller {
        identity: everything(),
        ..Caller::bare(principal, Owner::Root(account.clone()), account.clone())
    };
    Some(Seat {
        name: arn.to_string(),
        label,
        kind: SeatKind::Outside,
        account: Some(account.clone()),
        caller,
        assumed: Some(format!("account {account} allows it on its own side")),
    })
}

fn service(lab: &Lab, name: &str) -> Seat {
    let principal = Principal::service(name);
    named(lab, principal, SeatKind::Service, name)
}

fn federated(lab: &Lab, provider: &str) -> Seat {
    let principal = Principal::web_identity(provider);
    named(lab, principal, SeatKind::Federated, provider)
}

fn named(lab: &Lab, principal: Principal, kind: SeatKind, name: &str) -> Seat {
    Seat {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        account: None,
        caller: Caller::bare(principal, Owner::Anonymous, lab.home().clone()),
        assumed: None,
    }
}

fn anonymous() -> Seat {
    let nobody = AccountId::nobody();
    Seat {
        name: "*".to_owned(),
        label: "everybody".to_owned(),
        kind: SeatKind::Anonymous,
        account: None,
        caller: Caller::bare(Principal::anonymous(), Owner::Anonymous, nobody),
        assumed: None,
    }
}

/// A policy that allows everything.
pub(super) fn everything() -> PolicySet {
    let arn = Arn::of("iam", "", "aws", "policy/AdministratorAccess");
    let policy = aws_managed::policy(&arn);
    let named = policy.map(|policy| NamedPolicy::new("a policy of its own making", policy));
    PolicySet::new(named.into_iter().collect())
}

/// Whether `caller` is the root user of its account.
pub(super) fn is_root(caller: &Caller) -> bool {
    caller.subject.principal.kind == PrincipalKind::Root
}
