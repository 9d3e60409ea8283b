//! Combinations of switches: their numbering, and boxes of them.

use serde::Serialize;

/// How many states each switch has; a combination takes one state of each.
///
/// Combinations are numbered in mixed radix, the first switch most significant,
/// so those that share the states of the first switches lie side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space(Vec<usize>);

impl Space {
    /// The space of switches with so many states each.
    pub fn new(states: impl IntoIterator<Item = usize>) -> Self {
        Self(states.into_iter().collect())
    }

    /// How many states each switch has.
    pub fn radix(&self) -> &[usize] {
        &self.0
    }

    /// How many combinations there are; the largest number where they are more.
    pub fn size(&self) -> u128 {
        self.0
            .iter()
            .fold(1_u128, |size, states| size.saturating_mul(*states as u128))
    }

    /// How many combinations share the states of the first `level` switches.
    pub fn below(&self, level: usize) -> usize {
        let rest = self.0.iter().skip(level);
        rest.fold(1_usize, |size, states| size.saturating_mul(*states))
    }

    /// The states of combination `number`.
    pub fn states(&self, number: usize) -> Vec<usize> {
        let mut rest = number;
        let mut states: Vec<usize> = self
            .0
            .iter()
            .rev()
            .map(|radix| {
                let state = rest % (*radix).max(1);
                rest /= (*radix).max(1);
                state
            })
            .collect();
        states.reverse();
        states
    }

    /// The number of the combination with these states.
    pub fn number(&self, states: &[usize]) -> usize {
        let pairs = self.0.iter().zip(states);
        pairs.fold(0, |number, (radix, state)| number * radix + state)
    }
}

/// A box of combinations: for each switch, the set of states it may have, as bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Cube(pub Vec<u16>);

impl Cube {
    /// The box of all combinations.
    pub fn whole(space: &Space) -> Self {
        Self(space.radix().iter().map(|states| full(*states)).collect())
    }

    /// The box of one combination.
    pub fn of(states: &[usize]) -> Self {
        Self(states.iter().map(|state| bit(*state)).collect())
    }

    /// Whether the combination with these states lies in it.
    pub fn has(&self, states: &[usize]) -> bool {
        let mut pairs = self.0.iter().zip(states);
        pairs.all(|(mask, state)| mask & bit(*state) != 0)
    }

    /// Whether all of `other` lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        self.0
            .iter()
            .zip(&other.0)
            .all(|(mine, its)| its & !mine == 0)
    }

    /// The switches that it says something about, with the states they may have.
    pub fn literals(&self, space: &Space) -> Vec<(usize, u16)> {
        let masks = self.0.iter().zip(space.radix()).enumerate();
        masks
            .filter(|(_, (mask, states))| **mask != full(**states))
            .map(|(switch, (mask, _))| (switch, *mask))
            .collect()
    }

    /// The numbers of its combinations, in order.
    pub fn numbers(&self, space: &Space) -> Vec<usize> {
        let mut numbers = vec![0];
        for (mask, radix) in self.0.iter().zip(space.radix()) {
            let states = (0..*radix).filter(|state| mask & bit(*state) != 0);
            let states: Vec<usize> = states.collect();
            numbers = numbers
                .into_iter()
                .flat_map(|number| states.iter().map(move |state| number * radix + state))
                .collect();
        }
        numbers
    }
}

/// The bit of a state.
pub(super) fn bit(state: usize) -> u16 {
    u32::try_from(state)
        .ok()
        .and_then(|shift| 1_u16.checked_shl(shift))
        .unwrap_or(0)
}

/// The bits of all states of a switch that has `states` of them.
pub(super) fn full(states: usize) -> u16 {
    (0..states).fold(0, |mask, state| mask | bit(state))
}
