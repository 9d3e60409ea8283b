//! What is odd about a scenario: switches that do nothing, contradict each other,
//! or work that does not come to the same twice.

use serde::Serialize;

use super::explore::{Cell, Experiment, Sheet, once};
use super::outcome::Outcome;
use super::report::Matrix;
use super::space::Space;
use super::switch::Dial;
use crate::lab::Lab;

/// Two switches of which it matters which is set first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The one that the matrix sets first, and its state.
    pub first: String,
    /// The other one, and its state.
    pub second: String,
    /// What the work comes to in this order.
    pub this_way: String,
    /// What it comes to in the other order.
    pub other_way: String,
}

/// A combination that came to something else when it was run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unstable {
    /// The states of the switches.
    pub states: Vec<usize>,
    /// What it came to.
    pub first: String,
    /// What it came to the second time.
    pub second: String,
}

/// How many combinations are run twice.
const REPEATED: usize = 24;

/// Runs some combinations again, evenly chosen, and names those that differ.
pub(super) fn unstable<X: Experiment>(
    experiment: &X,
    lab: &Lab,
    matrix: &Matrix,
) -> Result<Vec<Unstable>, X::Stop> {
    let count = matrix.sheet.cells.len();
    let mut found = Vec::new();
    for part in 0..REPEATED.min(count) {
        let position = part * count / REPEATED.min(count);
        let states = matrix.states(position);
        let settings: Vec<(usize, usize)> = states.iter().copied().enumerate().collect();
        let again = once(experiment, lab, states.len(), &settings)?;
        let before = matrix.sheet.outcome(position);
        if again.as_ref().ok() != before {
            found.push(Unstable {
                states,
                first: before.map_or_else(|| "cannot be".to_owned(), Outcome::words),
                second: words(&again),
            });
        }
    }
    Ok(found)
}

fn words(outcome: &Result<Outcome, String>) -> String {
    match outcome {
        Ok(outcome) => outcome.words(),
        Err(text) => format!("cannot be ({text})"),
    }
}

/// How many pairs of settings are tried both ways.
const MAX_PAIRS: usize = 600;

/// Sets any two switches in both orders, and names those for which that matters.
pub(super) fn contradictions<X: Experiment>(
    experiment: &X,
    lab: &Lab,
    space: &Space,
) -> Result<Vec<Contradiction>, X::Stop> {
    let dials = experiment.dials();
    let settings: Vec<(usize, usize)> = space
        .radix()
        .iter()
        .enumerate()
        .flat_map(|(switch, states)| (1..*states).map(move |state| (switch, state)))
        .collect();
    let pairs = settings.iter().flat_map(|one| {
        let others = settings.iter().filter(|other| other.0 > one.0);
        others.map(|other| (*one, *other))
    });
    let mut found = Vec::new();
    for (one, other) in pairs.take(MAX_PAIRS) {
        let this_way = once(experiment, lab, dials.len(), &[one, other])?;
        let other_way = once(experiment, lab, dials.len(), &[other, one])?;
        let same = match (&this_way, &other_way) {
            (Ok(this), Ok(other)) => this == other,
            (Err(_), Err(_)) => true,
            _ => false,
        };
        if !same {
            found.push(Contradiction {
                first: setting(&dials, one),
                second: setting(&dials, other),
                this_way: words(&this_way),
                other_way: words(&other_way),
            });
        }
    }
    Ok(found)
}

/// `grant off`, `key state disabled`.
fn setting(dials: &[Dial], (switch, state): (usize, usize)) -> String {
    let dial = dials.get(switch);
    let name = dial.map(|dial| dial.name.as_str()).unwrap_or_default();
    let state = dial.and_then(|dial| dial.states.get(state));
    format!("{name} {}", state.map(String::as_str).unwrap_or_default())
}

/// Switches that never made a difference, where all combinations were run.
pub(super) fn idle(space: &Space, sheet: &Sheet, dials: &[Dial]) -> Vec<String> {
    let idle = |switch: &usize| {
        let step = space.below(switch + 1);
        let states = space.radix().get(*switch).copied().unwrap_or(1);
        let mut starts = (0..sheet.cells.len()).filter(|at| (at / step).is_multiple_of(states));
        // A state that cannot be says nothing; the others are compared with each other.
        starts.all(|start| {
            let cells = (0..states).filter_map(|state| sheet.cells.get(start + state * step));
            let mut came = cells.filter(|cell| matches!(cell, Cell::Came(_)));
            let first = came.next();
            came.all(|other| Some(other) == first)
        })
    };
    let numbered = dials.iter().enumerate().filter(|_| sheet.all);
    numbered
        .filter(|(at, _)| idle(at))
        .map(|(_, dial)| dial.name.clone())
        .collect()
}
