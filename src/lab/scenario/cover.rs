//! The fewest boxes that hold everything that they must.

use std::collections::BTreeSet;

use serde::Serialize;

use super::primes::{grown, primes};
use super::space::{Cube, Space};

/// What a box weighs beside a literal: no number of literals outweighs a box.
const BOX: usize = 1 << 20;

/// How many steps the search for the fewest boxes may take.
const MAX_STEPS: usize = 20_000;
/// Up to how many combinations to be told apart the search is made.
const MAX_ROWS: usize = 2_000;

/// Boxes that together say where something holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cover {
    /// The boxes.
    pub cubes: Vec<Cube>,
    /// Whether it is known that fewer boxes cannot say it.
    pub fewest: bool,
}

/// The fewest boxes that hold every combination of `wanted` and none outside of
/// `wanted` and `free`; among equals, those that say least.
///
/// Exact (Quine and McCluskey) as far as that is feasible; beyond, boxes are
/// grown one by one, and [`Cover::fewest`] says so.
pub fn cover(space: &Space, wanted: &[bool], free: &[bool]) -> Cover {
    let allowed: Vec<bool> = wanted.iter().zip(free).map(|(w, f)| *w || *f).collect();
    let Some(candidates) = primes(space, &allowed) else {
        let cubes = grown(space, wanted, &allowed);
        return Cover {
            cubes,
            fewest: false,
        };
    };
    let rows = rows(space, wanted, &candidates);
    let weights: Vec<usize> = candidates
        .iter()
        .map(|cube| BOX + cube.literals(space).len())
        .collect();
    let (chosen, fewest) = fewest(rows, &weights);
    let mut cubes: Vec<Cube> = chosen
        .into_iter()
        .filter_map(|at| candidates.get(at).cloned())
        .collect();
    cubes.sort_by_key(|cube| (cube.literals(space).len(), std::cmp::Reverse(cube.clone())));
    Cover { cubes, fewest }
}

/// Which candidates hold a combination.
type Holders = BTreeSet<usize>;

/// For each kind of combination that must be held, the candidates that hold it.
fn rows(space: &Space, wanted: &[bool], candidates: &[Cube]) -> Vec<Holders> {
    let mut holders: Vec<Vec<u32>> = vec![Vec::new(); wanted.len()];
    for (at, cube) in (0_u32..).zip(candidates) {
        for number in cube.numbers(space) {
            if let (Some(true), Some(slot)) = (wanted.get(number), holders.get_mut(number)) {
                slot.push(at);
            }
        }
    }
    let kinds: BTreeSet<Vec<u32>> = holders.into_iter().filter(|h| !h.is_empty()).collect();
    kinds
        .into_iter()
        .map(|kind| kind.into_iter().map(|at| at as usize).collect())
        .collect()
}

/// The lightest candidates that meet every row, and whether that is certain.
fn fewest(rows: Vec<Holders>, weights: &[usize]) -> (Vec<usize>, bool) {
    let mut search = Cheapest {
        weights,
        steps: 0,
        best: None,
    };
    if rows.len() > MAX_ROWS {
        return (needed(&rows, greedy(rows.clone(), weights)), false);
    }
    let all = rows.clone();
    let first = greedy(rows.clone(), weights);
    search.offer(first);
    search.branch(rows, Vec::new());
    let complete = search.steps <= MAX_STEPS;
    let chosen = search.best.map(|(_, chosen)| chosen).unwrap_or_default();
    (needed(&all, chosen), complete)
}

/// What is left of `chosen` without those that the others make superfluous.
fn needed(rows: &[Holders], mut chosen: Vec<usize>) -> Vec<usize> {
    let mut at = 0;
    while let Some(candidate) = chosen.get(at).copied() {
        let others = |row: &Holders| chosen.iter().any(|c| *c != candidate && row.contains(c));
        if rows.iter().all(others) {
            chosen.remove(at);
        } else {
            at += 1;
        }
    }
    chosen
}

struct Cheapest<'a> {
    weights: &'a [usize],
    steps: usize,
    best: Option<(usize, Vec<usize>)>,
}

impl Cheapest<'_> {
    fn weight(&self, chosen: &[usize]) -> usize {
        chosen.iter().filter_map(|at| self.weights.get(*at)).sum()
    }

    fn offer(&mut self, mut chosen: Vec<usize>) {
        chosen.sort_unstable();
        let weight = self.weight(&chosen);
        let better = self
            .best
            .as_ref()
            .is_none_or(|best| (weight, &chosen) < (best.0, &best.1));
        if better {
            self.best = Some((weight, chosen));
        }
    }

    fn branch(&mut self, rows: Vec<Holders>, chosen: Vec<usize>) {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return;
        }
        let (rows, chosen) = settled(rows, chosen);
        // Every row that shares no candidate with another costs one more.
        let least = self.weight(&chosen) + BOX * independent(&rows);
        if self
            .best
            .as_ref()
            .is_some_and(|best| least >= best.0 + usize::from(rows.is_empty()))
        {
            return;
        }
        let Some(narrowest) = rows.iter().min_by_key(|row| row.len()).cloned() else {
            self.offer(chosen);
            return;
        };
        for candidate in narrowest {
            let open = rows.iter().filter(|row| !row.contains(&candidate));
            let with = chosen.iter().copied().chain([candidate]).collect();
            self.branch(open.cloned().collect(), with);
        }
    }
}

/// What has no choice is chosen, and rows that others imply are dropped.
fn settled(mut rows: Vec<Holders>, mut chosen: Vec<usize>) -> (Vec<Holders>, Vec<usize>) {
    while let Some(only) = rows.iter().find(|row| row.len() == 1) {
        let Some(candidate) = only.first().copied() else {
            break;
        };
        chosen.push(candidate);
        rows.retain(|row| !row.contains(&candidate));
    }
    rows.sort_by_key(BTreeSet::len);
    let mut kept: Vec<Holders> = Vec::new();
    for row in rows {
        if !kept.iter().any(|narrower| narrower.is_subset(&row)) {
            kept.push(row);
        }
    }
    (kept, chosen)
}

/// How many rows have no candidate in common, counted greedily.
fn independent(rows: &[Holders]) -> usize {
    let mut taken = Holders::new();
    let mut count = 0;
    for row in rows {
        if row.is_disjoint(&taken) {
            taken.extend(row);
            count += 1;
        }
    }
    count
}

fn greedy(mut rows: Vec<Holders>, weights: &[usize]) -> Vec<usize> {
    let mut chosen = Vec::new();
    while !rows.is_empty() {
        let mut counts = vec![0_usize; weights.len()];
        for candidate in rows.iter().flatten() {
            if let Some(count) = counts.get_mut(*candidate) {
                *count += 1;
            }
        }
        let best = counts
            .iter()
            .zip(weights)
            .enumerate()
            .max_by_key(|(at, (count, weight))| (**count, std::cmp::Reverse((**weight, *at))));
        let Some((best, _)) = best else {
            break;
        };
        chosen.push(best);
        rows.retain(|row| !row.contains(&best));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(cover: &Cover, states: &[usize]) -> bool {
        cover.cubes.iter().any(|cube| cube.has(states))
    }

    proptest! {
        #[test]
        fn a_cover_says_just_what_it_must(
            radix in prop::collection::vec(2_usize..4, 1..5),
            seeds in prop::collection::vec(0_u8..4, 81),
        ) {
            let space = Space::new(radix);
            let size = space.below(0);
            let wanted: Vec<bool> = seeds.iter().take(size).map(|s| *s == 0 || *s == 1).collect();
            let free: Vec<bool> = seeds.iter().take(size).map(|s| *s == 2).collect();
            let found = cover(&space, &wanted, &free);
            for number in 0..size {
                let states = space.states(number);
                prop_assert_eq!(space.number(&states), number);
                if !free[number] {
                    prop_assert_eq!(holds(&found, &states), wanted[number]);
                }
            }
            // Nothing is said twice: without any one box, something is missing.
            for left_out in 0..found.cubes.len() {
                let mut rest = found.clone();
                rest.cubes.remove(left_out);
                prop_assert!((0..size).any(|n| wanted[n] && !holds(&rest, &space.states(n))));
            }
            let allowed: Vec<bool> = wanted.iter().zip(&free).map(|(w, f)| *w || *f).collect();
            let grown = Cover { cubes: grown(&space, &wanted, &allowed), fewest: false };
            for number in (0..size).filter(|n| !free[*n]) {
                prop_assert_eq!(holds(&grown, &space.states(number)), wanted[number]);
            }
            prop_assert!(found.cubes.len() <= grown.cubes.len());
        }

        /// The fewest boxes, against every choice of prime implicants.
        #[test]
        fn fewer_boxes_do_not_do(bits in prop::collection::vec(any::<bool>(), 8)) {
            let space = Space::new([2, 2, 2]);
            let found = cover(&space, &bits, &[false; 8]);
            prop_assert!(found.fewest);
            let all = primes(&space, &bits).unwrap();
            for choice in 0_u32..1 << all.len() {
                let chosen: Vec<&Cube> = all.iter().enumerate()
                    .filter(|(at, _)| choice >> at & 1 == 1).map(|(_, cube)| cube).collect();
                let enough = (0..8).all(|n| !bits[n] || chosen.iter().any(|c| c.has(&space.states(n))));
                prop_assert!(!enough || chosen.len() >= found.cubes.len());
            }
        }
    }

    #[test]
    fn sixteen_switches_are_minimised_exactly() {
        let space = Space::new([2; 16]);
        // All on but the third or the fourth, of which one is enough.
        let wanted: Vec<bool> = (0..1 << 16)
            .map(|n| {
                let states = space.states(n);
                let on = |at: usize| states[at] == 0;
                (0..16).all(|at| at == 2 || at == 3 || on(at)) && (on(2) || on(3))
            })
            .collect();
        let found = cover(&space, &wanted, &vec![false; 1 << 16]);
        assert!(found.fewest);
        assert_eq!(found.cubes.len(), 2);
    }
}
