//! Few combinations in which any two states of any two switches meet.

use std::collections::BTreeSet;

use super::space::Space;

/// A state of a switch.
type Setting = (usize, usize);

/// Combinations that together hold every pair of states of every two switches,
/// and each state alone beside the first state of all others. Always the same
/// ones for the same space.
pub(super) fn pairwise(space: &Space) -> Vec<Vec<usize>> {
    let switches = space.radix().len();
    let mut open = pairs(space);
    let mut rows = vec![vec![0; switches]];
    for (switch, states) in space.radix().iter().enumerate() {
        for state in 1..*states {
            let mut row = vec![0; switches];
            if let Some(slot) = row.get_mut(switch) {
                *slot = state;
            }
            rows.push(row);
        }
    }
    for row in &rows {
        meet(&mut open, row);
    }
    while let Some((one, other)) = open.first().copied() {
        let row = grown(space, &open, one, other);
        meet(&mut open, &row);
        rows.push(row);
    }
    rows
}

/// How many pairs of states there are.
pub(super) fn count(space: &Space) -> usize {
    pairs(space).len()
}

fn pairs(space: &Space) -> BTreeSet<(Setting, Setting)> {
    let settings: Vec<Setting> = space
        .radix()
        .iter()
        .enumerate()
        .flat_map(|(switch, states)| (0..*states).map(move |state| (switch, state)))
        .collect();
    let mut pairs = BTreeSet::new();
    for one in &settings {
        pairs.extend(
            settings
                .iter()
                .filter(|other| other.0 > one.0)
                .map(|other| (*one, *other)),
        );
    }
    pairs
}

fn meet(open: &mut BTreeSet<(Setting, Setting)>, row: &[usize]) {
    let settings: Vec<Setting> = row.iter().copied().enumerate().collect();
    for one in &settings {
        for other in settings.iter().filter(|other| other.0 > one.0) {
            open.remove(&(*one, *other));
        }
    }
}

/// A row with `one` and `other`, whose other switches take the state that meets
/// most of what is open.
fn grown(
    space: &Space,
    open: &BTreeSet<(Setting, Setting)>,
    one: Setting,
    other: Setting,
) -> Vec<usize> {
    let mut settled = vec![one, other];
    for (switch, states) in space.radix().iter().enumerate() {
        if settled.iter().any(|(taken, _)| *taken == switch) {
            continue;
        }
        let met = |state: usize| {
            let mine = (switch, state);
            let new = settled
                .iter()
                .filter(|s| open.contains(&(mine.min(**s), mine.max(**s))));
            new.count()
        };
        let best = (0..*states).max_by_key(|state| (met(*state), std::cmp::Reverse(*state)));
        settled.push((switch, best.unwrap_or(0)));
    }
    settled.sort_unstable();
    settled.into_iter().map(|(_, state)| state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_two_states_meet() {
        for radix in [
            vec![2; 20],
            vec![2, 3, 4, 2, 5, 2, 2, 3],
            vec![2, 2],
            vec![4],
        ] {
            let space = Space::new(radix);
            let rows = pairwise(&space);
            let mut open = pairs(&space);
            rows.iter().for_each(|row| meet(&mut open, row));
            assert!(open.is_empty());
            assert!((rows.len() as u128) <= space.size().min(64));
            assert_eq!(rows, pairwise(&space));
        }
    }
}
