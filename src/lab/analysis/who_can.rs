//! Who may do something, and who could give itself the right.

use std::collections::VecDeque;

use serde::Serialize;

use super::asking::{Asker, carriers, has_own_policies};
use super::conditions;
use super::doors::Doors;
use super::powers::{self, Growth};
use super::seats::{Seat, SeatKind, guests, outside, residents, seat_of};
use crate::api::{AccessRequest, ApiError, Service};
use crate::authz::Model;
use crate::lab::{Lab, resource_label};

/// How somebody stands to a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It has it.
    Can,
    /// It has it if the request holds what a statement wants.
    If,
    /// It does not have it, and could give it to itself or act as somebody who has it.
    Could,
}

/// One call on the way to a right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathStep {
    /// Who calls.
    pub actor: String,
    /// `service:Operation`.
    pub action: String,
    /// On what, by its name.
    pub on: String,
    /// By which statements and grants.
    pub by: Vec<String>,
    /// As whom the next call is made.
    pub becomes: String,
}

/// Somebody who has a right, or could have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The name.
    pub principal: String,
    /// The ARN of the user or role, the name of a service, or `*`.
    pub arn: String,
    /// What it is.
    pub kind: SeatKind,
    /// How it stands to the right.
    pub standing: Standing,
    /// The statements and grants that allow, in the end.
    pub by: Vec<String>,
    /// What the request has to hold, or what is taken for granted.
    pub conditions: Vec<String>,
    /// The calls on the way, for who could have it.
    pub path: Vec<PathStep>,
}

/// Everybody who has a right, or could have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhoCan {
    /// `service:Operation`.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// What people call it.
    pub label: String,
    /// The rule for KMS.
    pub model: Model,
    /// How many principals were asked about.
    pub asked: usize,
    /// Those who have it first, then those under conditions, then those who could.
    pub found: Vec<Who>,
}

/// Everybody who may do `action` on `resource` in `lab`, and who could give itself the
/// right: by a policy of the resource, a grant, policies of its own, or a role that it
/// can assume or pass to a service. Other ways are not searched.
///
/// `resource` is an ARN, an alias name of the home account, or `*`. Nothing is
/// called and nothing is recorded. What only a request has, such as an
/// encryption context, is absent; where a statement hangs on it, the answer
/// says so. A way that itself hangs on the request is not followed.
///
/// # Errors
/// As [`Lab::decide`].
pub fn who_can(lab: &Lab, action: &str, resource: &str) -> Result<WhoCan, ApiError> {
    let asker = Asker::new(lab);
    let home = format!("arn:aws:iam::{}:root", lab.home());
    let root = seat_of(lab, &home).ok_or_else(|| {
        let text = "the lab has no home account";
        ApiError::validation(Service::Iam, text.to_owned())
    })?;
    let request = asker.request(&root.caller, action, resource)?;
    let mut seats = residents(lab);
    let policy = request.target.policy.iter().map(|named| &named.policy);
    let takes_tokens = action.ends_with("WithWebIdentity");
    let guests = guests(lab, policy).into_iter();
    seats.extend(guests.filter(|seat| seat.kind != SeatKind::Federated || takes_tokens));
    let grantees = request.target.grants.iter().map(|grant| &grant.grantee);
    for seat in grantees.filter_map(|grantee| outside(lab, grantee)) {
        if !seats.iter().any(|known| known.name == seat.name) {
            seats.push(seat);
        }
    }
    let mut found = Search::new(asker, &request, &seats).run();
    found.sort_by(|a, b| (a.standing, a.kind, &a.arn).cmp(&(b.standing, b.kind, &b.arn)));
    Ok(WhoCan {
        action: action.to_owned(),
        label: resource_label(lab.cloud(), &request.target.resource),
        resource: request.target.resource.clone(),
        model: lab.model(),
        asked: seats.len(),
        found,
    })
}

/// A search backwards from those who have the right to those who could.
struct Search<'a> {
    asker: Asker<'a>,
    request: &'a AccessRequest,
    seats: &'a [Seat],
    found: Vec<Option<Who>>,
    grown: Vec<Option<Growth>>,
}

impl<'a> Search<'a> {
    fn new(asker: Asker<'a>, request: &'a AccessRequest, seats: &'a [Seat]) -> Self {
        let grown = |seat: &Seat| match has_own_policies(seat.kind) {
            true => powers::alone(&asker, seat),
            false => None,
        };
        Self {
            grown: seats.iter().map(grown).collect(),
            found: seats.iter().map(|_| None).collect(),
            asker,
            request,
            seats,
        }
    }

    fn run(mut self) -> Vec<Who> {
        let mut queue = VecDeque::new();
        for (at, seat) in self.seats.iter().enumerate() {
            if let Some(who) = self.direct(seat) {
                self.put(at, who);
                queue.push_back(at);
            }
        }
        for (at, seat) in self.seats.iter().enumerate() {
            if let Some(who) = self.by_itself(at, seat) {
                self.put(at, who);
                queue.push_back(at);
            }
        }
        while let Some(at) = queue.pop_front() {
            for who in self.arriving_at(at) {
                queue.push_back(who.0);
                self.put(who.0, who.1);
            }
        }
        for (at, seat) in self.seats.iter().enumerate() {
            if let Some(who) = self.conditional(at, seat) {
                self.put(at, who);
            }
        }
        self.found.into_iter().flatten().collect()
    }

    fn put(&mut self, at: usize, who: Who) {
        if let Some(slot) = self.found.get_mut(at) {
            *slot = Some(who);
        }
    }

    fn is_open(&self, at: usize) -> bool {
        self.found.get(at).is_some_and(Option::is_none)
    }

    fn who(&self, seat: &Seat, standing: Standing, by: Vec<String>) -> Who {
        Who {
            principal: seat.label.clone(),
            arn: seat.name.clone(),
            kind: seat.kind,
            standing,
            by,
            conditions: seat.assumed.iter().cloned().collect(),
            path: Vec::new(),
        }
    }

    fn direct(&self, seat: &Seat) -> Option<Who> {
        if !self.asker.allows(&seat.caller, self.request) {
            return None;
        }
        let decision = self.asker.decide(&seat.caller, self.request);
        let mut who = self.who(seat, Standing::Can, carriers(&decision));
        who.conditions.extend(conditions::of_allowed(&decision));
        Some(who)
    }

    /// Who can give itself the right.
    fn by_itself(&self, at: usize, seat: &Seat) -> Option<Who> {
        if !self.is_open(at) || seat.assumed.is_some() {
            return None;
        }
        let growth = powers::towards(&self.asker, seat, self.request)?;
        let by = growth.calls.iter().map(|call| call.action.clone());
        let mut who = self.who(seat, Standing::Could, by.collect());
        who.path = self.steps(seat, &growth.calls, &seat.label);
        Some(who)
    }

    /// Who can act as the principal at `at`, and could not do better until now.
    fn arriving_at(&self, at: usize) -> Vec<(usize, Who)> {
        let (Some(goal), Some(Some(reached))) = (self.seats.get(at), self.found.get(at)) else {
            return Vec::new();
        };
        let doors = Doors::of(&self.asker, goal);
        let open = self.seats.iter().enumerate().filter(|(from, seat)| {
            self.is_open(*from) && (has_own_policies(seat.kind) || seat.kind == SeatKind::Root)
        });
        open.filter_map(|(from, seat)| {
            let calls = self.calls_to(from, seat, &doors)?;
            let mut who = self.who(seat, Standing::Could, reached.by.clone());
            who.path = self.steps(seat, &calls, &goal.label);
            who.path.extend(reached.path.iter().cloned());
            Some((from, who))
        })
        .collect()
    }

    fn calls_to(&self, from: usize, seat: &Seat, doors: &Doors) -> Option<Vec<AccessRequest>> {
        if let Some(calls) = doors.open_to(&self.asker, &seat.caller) {
            return Some(calls.to_vec());
        }
        if let Some(calls) = doors.opened_by(&self.asker, &seat.caller) {
            return Some(calls);
        }
        let growth = self.grown.get(from)?.as_ref()?;
        let then = match doors.open_to(&self.asker, &growth.caller) {
            Some(calls) => calls.to_vec(),
            None => doors.opened_by(&self.asker, &growth.caller)?,
        };
        Some(growth.calls.iter().cloned().chain(then).collect())
    }

    fn steps(&self, seat: &Seat, calls: &[AccessRequest], goal: &str) -> Vec<PathStep> {
        let cloud = self.asker.lab.cloud();
        let last = calls.len().saturating_sub(1);
        let step = |(at, call): (usize, &AccessRequest)| PathStep {
            actor: seat.label.clone(),
            action: call.action.clone(),
            on: resource_label(cloud, &call.target.resource),
            by: match self.asker.allows(&seat.caller, call) {
                true => self.asker.by(&seat.caller, call),
                false => vec!["what it changed before".to_owned()],
            },
            becomes: if at == last { goal } else { &seat.label }.to_owned(),
        };
        calls.iter().enumerate().map(step).collect()
    }

    fn conditional(&self, at: usize, seat: &Seat) -> Option<Who> {
        let could = self.found.get(at)?;
        if could.as_ref().is_some_and(|w| w.standing == Standing::Can) {
            return None;
        }
        let (words, decision) = conditions::opening(&self.asker, &seat.caller, self.request)?;
        let mut who = self.who(seat, Standing::If, carriers(&decision));
        who.conditions.extend(words);
        who.path = could.as_ref().map(|w| w.path.clone()).unwrap_or_default();
        Some(who)
    }
}
