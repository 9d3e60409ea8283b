//! How one principal comes to act as another.

use super::asking::{Asker, admitting};
use super::seats::{Seat, SeatKind};
use crate::api::{AccessRequest, Caller};
use crate::base::Arn;
use crate::lab::Lab;
use crate::policy::Principal;

/// A service that runs work as a role: its host, and what starts the work.
struct Starter {
    host: &'static str,
    actions: &'static [&'static str],
    resource: &'static str,
}

/// Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS
/// service"; the actions are those that create and start the work.
const STARTERS: [Starter; 3] = [
    Starter {
        host: "glue.amazonaws.com",
        actions: &["glue:CreateJob", "glue:StartJobRun"],
        resource: "job/its-own",
    },
    Starter {
        host: "lambda.amazonaws.com",
        actions: &["lambda:CreateFunction", "lambda:InvokeFunction"],
        resource: "function:its-own",
    },
    Starter {
        host: "ec2.amazonaws.com",
        actions: &["ec2:RunInstances"],
        resource: "instance/its-own",
    },
];

/// The ways to become one user or role.
pub(super) struct Doors {
    ways: Vec<Vec<AccessRequest>>,
    owner: Option<crate::base::AccountId>,
    /// The role's trust, if it is a role whose trust can be replaced.
    replaced: Option<AccessRequest>,
}

impl Doors {
    /// The ways to become `seat`; none for who has no credentials to get hold of.
    pub(super) fn of(asker: &Asker<'_>, seat: &Seat) -> Self {
        let mut doors = Self {
            ways: Vec::new(),
            owner: seat.account.clone(),
            replaced: None,
        };
        let ask = |action: &str, resource: &str| asker.request(&seat.caller, action, resource).ok();
        match seat.kind {
            SeatKind::User => {
                doors
                    .ways
                    .extend(ask("iam:CreateAccessKey", &seat.name).map(|r| vec![r]));
            }
            SeatKind::Role => {
                let assume = ask("sts:AssumeRole", &seat.name);
                doors.replaced = assume.clone();
                doors.ways.extend(assume.into_iter().map(|r| vec![r]));
                doors
                    .ways
                    .extend(STARTERS.iter().filter_map(|s| by_service(asker, seat, s)));
            }
            _ => {}
        }
        doors
    }

    /// The calls by which `caller` comes through, the shortest way.
    pub(super) fn open_to(&self, asker: &Asker<'_>, caller: &Caller) -> Option<&[AccessRequest]> {
        let possible = |request: &AccessRequest| {
            worth_asking(caller, request) && asker.allows(caller, request)
        };
        let mut ways = self.ways.iter();
        ways.find(|way| {
            let inside = self.owner.as_ref() == Some(&caller.account);
            (inside || way.len() == 1) && way.iter().all(&possible)
        })
        .map(Vec::as_slice)
    }

    /// The calls by which `caller` lets itself in, where nobody else does.
    pub(super) fn opened_by(
        &self,
        asker: &Asker<'_>,
        caller: &Caller,
    ) -> Option<Vec<AccessRequest>> {
        let assume = self.replaced.as_ref()?;
        if self.owner.as_ref() != Some(&caller.account) {
            return None;
        }
        let action = "iam:UpdateAssumeRolePolicy";
        if !may_try(caller, action) {
            return None;
        }
        let update = asker
            .request(caller, action, &assume.target.resource)
            .ok()?;
        let mut then = assume.clone();
        then.target = admitting(&assume.target, caller, &assume.action)?;
        let open = !plain_trust(&update) && asker.allows(caller, &then);
        (open && asker.allows(caller, &update)).then(|| vec![update, then])
    }
}

/// `iam:UpdateAssumeRolePolicy` is judged on the role as a plain resource.
fn plain_trust(update: &AccessRequest) -> bool {
    update.target.policy.is_some()
}

/// Whether the caller's own policies could ever allow the action; AssumeRole may
/// be allowed by the role alone.
fn worth_asking(caller: &Caller, request: &AccessRequest) -> bool {
    request.action == "sts:AssumeRole" || may_try(caller, &request.action)
}

fn may_try(caller: &Caller, action: &str) -> bool {
    super::seats::is_root(caller) || caller.identity.may_allow(action)
}

/// Passing the role to a service that the role admits, and starting work there.
fn by_service(asker: &Asker<'_>, seat: &Seat, starter: &Starter) -> Option<Vec<AccessRequest>> {
    let account = seat.account.as_ref()?;
    if starter.host.starts_with("ec2") && !is_in_profile(asker.lab, seat) {
        return None;
    }
    let service = Caller {
        subject: std::sync::Arc::new(crate::authz::Subject {
            principal: Principal::service(starter.host),
            in_management_account: false,
            service_linked: false,
        }),
        ..seat.caller.clone()
    };
    let trust = asker
        .request(&seat.caller, "sts:AssumeRole", &seat.name)
        .ok()?;
    if !asker.allows(&service, &trust) {
        return None;
    }
    let pass = asker
        .request(&seat.caller, "iam:PassRole", &seat.name)
        .ok()?;
    let prefix = starter.host.split('.').next()?;
    let region = asker.lab.cloud().region.as_str();
    let work = Arn::of(prefix, region, account.as_str(), starter.resource);
    let mut calls = vec![pass.with("iam:PassedToService", starter.host)];
    for action in starter.actions {
        calls.push(asker.request(&seat.caller, action, work.as_str()).ok()?);
    }
    Some(calls)
}

fn is_in_profile(lab: &Lab, seat: &Seat) -> bool {
    let Ok(arn) = Arn::parse(&seat.name) else {
        return false;
    };
    let account = lab.cloud().account_of(&arn);
    account.is_some_and(|account| account.profiles_of(arn.base_name()).next().is_some())
}
