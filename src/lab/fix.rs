//! Repairs, each tried before it is proposed.

use serde::Serialize;
use serde_json::Value;

use super::advice::advice_for;
use super::attack::{Aim, Opened, Probes};
use super::call::Call;
use super::document_diff;
use super::facade::Lab;
use super::proposals::{Proposal, proposals_for};
use crate::api::{ApiError, Service};
use crate::base::AccountId;

/// A change that makes a failed call succeed; it was tried in a fork.
#[derive(Clone, Debug, Serialize)]
pub struct Repair {
    /// What it does, in a few words.
    pub title: String,
    /// The same as a line of script.
    pub script: Vec<String>,
    /// The calls that carry it out.
    pub changes: Vec<Change>,
    /// What it does to policy documents, as a unified diff of their JSON.
    pub diff: String,
    /// Calls beside the repaired one that were denied and that it allows, of those probed.
    pub opens: Vec<Opened>,
}

/// One call of a repair, made by the administrator of an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Whose administrator.
    pub account: AccountId,
    /// `service:Operation`.
    pub action: String,
    /// The members.
    pub input: Value,
    #[serde(skip)]
    pub(super) service: Option<Service>,
    #[serde(skip)]
    pub(super) operation: &'static str,
}

impl Change {
    pub(super) fn new(
        account: &AccountId,
        service: Service,
        operation: &'static str,
        input: Value,
    ) -> Self {
        Self {
            account: account.clone(),
            action: format!("{service}:{operation}"),
            input,
            service: Some(service),
            operation,
        }
    }

    /// Whether this call, made after `earlier`, replaces the whole document that `earlier` put.
    fn replaces(&self, earlier: &Self) -> bool {
        let target = |change: &Self| {
            let mut input = change.input.clone();
            if let Some(members) = input.as_object_mut() {
                members.retain(|name, _| !["Policy", "PolicyDocument"].contains(&name.as_str()));
            }
            input
        };
        let puts = ["Put", "UpdateAssumeRolePolicy"]
            .iter()
            .any(|p| self.operation.starts_with(p));
        puts && (&self.account, self.service, self.operation)
            == (&earlier.account, earlier.service, earlier.operation)
            && target(self) == target(earlier)
    }

    pub(super) fn make(&self, lab: &mut Lab) -> Result<(), ApiError> {
        let service = self.service.unwrap_or(Service::Iam);
        lab.call_as_admin(&self.account, service, self.operation, self.input.clone())
            .map(|_| ())
    }
}

impl Repair {
    /// Carries it out in `lab`; if one change fails, nothing is changed.
    ///
    /// # Errors
    /// What the failing change answered.
    pub fn apply(&self, lab: &mut Lab) -> Result<(), ApiError> {
        let mut trial = lab.fork();
        for change in &self.changes {
            change.make(&mut trial)?;
        }
        *lab = trial;
        Ok(())
    }
}

/// What can be done about a failed call.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fixes {
    /// Repairs that were tried and work: those that open least to others and on other
    /// resources first, and of these the smallest. One that opens something to others is
    /// left out where another does not.
    pub repairs: Vec<Repair>,
    /// What to know where no change of a policy or key is the answer.
    pub advice: Vec<String>,
}

/// How many faults in a row a repair may cover.
const MAX_DEPTH: usize = 4;

/// How many ways behind a first fault are followed.
const MAX_WAYS: usize = 3;

/// Looks for repairs of `call`, which fails in `lab`: each is applied to a fork
/// and the call made again. Where another fault appears behind the first, the
/// search goes on.
pub fn fix(lab: &Lab, call: &Call) -> Fixes {
    let mut trial = lab.fork();
    match call.make(&mut trial).result {
        Ok(_) => Fixes {
            repairs: Vec::new(),
            advice: vec!["The call succeeds as things stand; there is nothing to repair.".into()],
        },
        Err(error) => {
            let repairs = attacked(lab, call, None, search(lab, call, &error, MAX_DEPTH));
            let advice = advice_for(lab, call, &error, repairs.is_empty());
            Fixes { repairs, advice }
        }
    }
}

/// The repairs with what they do and open, those that open least to others and
/// elsewhere first. `aim` is what the call asks for where it is not made.
pub(in crate::lab) fn attacked(
    lab: &Lab,
    call: &Call,
    aim: Option<&Aim>,
    mut repairs: Vec<Repair>,
) -> Vec<Repair> {
    if repairs.is_empty() {
        return repairs;
    }
    let probes = Probes::around(lab, call);
    for repair in &mut repairs {
        repair.diff = document_diff::unified(lab, &repair.changes);
        repair.opens = probes.opened_by(repair, call, aim);
    }
    let to_others = |repair: &Repair| repair.opens.iter().any(|opened| opened.by_others);
    if repairs.iter().any(|repair| !to_others(repair)) {
        repairs.retain(|repair| !to_others(repair));
    }
    // What the caller gains on the very resource is said, but a key policy that trusts
    // it, which many guides advise, does not rank behind a grant for that.
    let wide = |repair: &Repair| {
        let wide = repair.opens.iter().filter(|o| o.by_others || o.elsewhere);
        wide.count()
    };
    repairs.sort_by_key(|repair| (wide(repair), repair.changes.len()));
    repairs
}

fn search(lab: &Lab, call: &Call, error: &ApiError, depth: usize) -> Vec<Repair> {
    let mut found = Vec::new();
    for proposal in proposals_for(lab, call, error) {
        let Some(changed) = apply(lab, &proposal) else {
            continue;
        };
        match call.try_in(&changed).result {
            Ok(_) => found.push(repair(&proposal)),
            Err(next) if depth > 1 && differs(error, &next) => {
                let rest = search(&changed, call, &next, depth - 1).into_iter();
                let both = rest.map(|rest| joined(repair(&proposal), rest));
                found.extend(both.take(MAX_WAYS));
            }
            Err(_) => {}
        }
    }
    found
}

/// Whether the call got further: another fault, not the same one again.
fn differs(before: &ApiError, after: &ApiError) -> bool {
    match (&before.decision, &after.decision) {
        (Some(a), Some(b)) => {
            (&a.action, &a.resource, &a.missing) != (&b.action, &b.resource, &b.missing)
        }
        _ => before.code != after.code,
    }
}

fn apply(lab: &Lab, proposal: &Proposal) -> Option<Lab> {
    let mut trial = lab.fork();
    for change in &proposal.changes {
        change.make(&mut trial).ok()?;
    }
    Some(trial)
}

fn repair(proposal: &Proposal) -> Repair {
    Repair {
        title: proposal.title.clone(),
        script: proposal.script.clone(),
        changes: proposal.changes.clone(),
        diff: String::new(),
        opens: Vec::new(),
    }
}

fn joined(mut first: Repair, then: Repair) -> Repair {
    first.title = format!("{}; {}", first.title, then.title);
    first.script.extend(then.script);
    first
        .changes
        .retain(|change| !then.changes.iter().any(|later| later.replaces(change)));
    first.changes.extend(then.changes);
    first
}
