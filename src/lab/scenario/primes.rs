//! The largest boxes of combinations in which a statement holds throughout.

use std::collections::HashMap;
use std::rc::Rc;

use super::space::{Cube, Space, full};

/// How many boxes are kept at most; beyond, the search is given up.
const MAX_PRIMES: usize = 4096;
/// How many truth values may be looked at.
const MAX_WORK: usize = 1 << 27;

/// Every prime implicant of `holds`, which has one truth value for each
/// combination of `space`; `None` where there are too many to list.
///
/// The function is split at the first switch: a prime that allows the set S of
/// its states is a prime of the conjunction of the parts of S, and none that
/// allows more states contains it. Equal parts are solved once.
pub(super) fn primes(space: &Space, holds: &[bool]) -> Option<Vec<Cube>> {
    let mut search = Search {
        space,
        known: HashMap::new(),
        work: 0,
    };
    let found = search.primes(0, holds)?;
    Some(found.iter().map(|tail| Cube(tail.clone())).collect())
}

/// Boxes of the switches from some level on.
type Tails = Rc<Vec<Vec<u16>>>;

struct Search<'a> {
    space: &'a Space,
    known: HashMap<(usize, Vec<bool>), Tails>,
    work: usize,
}

impl Search<'_> {
    fn primes(&mut self, level: usize, holds: &[bool]) -> Option<Tails> {
        self.work += holds.len();
        if self.work > MAX_WORK {
            return None;
        }
        if !holds.contains(&true) {
            return Some(Rc::default());
        }
        if !holds.contains(&false) {
            let rest = self.space.radix().iter().skip(level);
            return Some(Rc::new(vec![rest.map(|states| full(*states)).collect()]));
        }
        let key = (level, holds.to_vec());
        if let Some(known) = self.known.get(&key) {
            return Some(Rc::clone(known));
        }
        let states = self.space.radix().get(level).copied()?;
        let parts: Vec<&[bool]> = holds.chunks(holds.len() / states.max(1)).collect();
        let mut found: Vec<Vec<u16>> = Vec::new();
        for mask in masks(states) {
            let tails = self.primes(level + 1, &conjunction(&parts, mask))?;
            for tail in tails
                .iter()
                .filter(|tail| !contained(&found, mask, tail))
                .cloned()
                .collect::<Vec<_>>()
            {
                found.push(std::iter::once(mask).chain(tail).collect());
            }
            if found.len() > MAX_PRIMES {
                return None;
            }
        }
        let found = Rc::new(found);
        self.known.insert(key, Rc::clone(&found));
        Some(found)
    }
}

/// The sets of states that are not empty, larger ones first.
fn masks(states: usize) -> Vec<u16> {
    let mut masks: Vec<u16> = (1..=full(states)).collect();
    masks.sort_by_key(|mask| (std::cmp::Reverse(mask.count_ones()), *mask));
    masks
}

/// Where all parts whose bit is in `mask` hold.
fn conjunction(parts: &[&[bool]], mask: u16) -> Vec<bool> {
    let mut chosen = (0_u32..).zip(parts).filter(|(at, _)| mask >> at & 1 == 1);
    let mut all = chosen
        .next()
        .map(|(_, part)| part.to_vec())
        .unwrap_or_default();
    for (_, part) in chosen {
        all.iter_mut()
            .zip(*part)
            .for_each(|(value, also)| *value &= also);
    }
    all
}

fn contained(found: &[Vec<u16>], mask: u16, tail: &[u16]) -> bool {
    found.iter().any(|cube| {
        let mine = std::iter::once(&mask).chain(tail);
        cube.iter().zip(mine).all(|(its, mine)| mine & !its == 0)
    })
}

/// Boxes that together hold every combination of `wanted` and none outside
/// `allowed`: each is grown from a combination that no box holds yet, switch by
/// switch, as far as it goes. Not the fewest, but never wrong.
pub(super) fn grown(space: &Space, wanted: &[bool], allowed: &[bool]) -> Vec<Cube> {
    let mut open = wanted.to_vec();
    let mut found = Vec::new();
    for number in 0..wanted.len() {
        if open.get(number) != Some(&true) {
            continue;
        }
        let cube = grow(space, Cube::of(&space.states(number)), allowed);
        for covered in cube.numbers(space) {
            if let Some(slot) = open.get_mut(covered) {
                *slot = false;
            }
        }
        found.push(cube);
    }
    found
}

fn grow(space: &Space, mut cube: Cube, allowed: &[bool]) -> Cube {
    for (switch, states) in space.radix().iter().enumerate() {
        for state in 0..*states {
            let mut larger = cube.clone();
            // Only what is new has to be looked at.
            let mut added = cube.clone();
            let (Some(mask), Some(new)) = (larger.0.get_mut(switch), added.0.get_mut(switch))
            else {
                continue;
            };
            *new = super::space::bit(state);
            *mask |= *new;
            if larger != cube
                && added
                    .numbers(space)
                    .iter()
                    .all(|n| allowed.get(*n) == Some(&true))
            {
                cube = larger;
            }
        }
    }
    cube
}
