//! A rule with few words: conditions joined by "and" and "or".

use serde::Serialize;

use super::space::{Cube, Space, bit, full};
use super::switch::Dial;

/// When something holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Formula {
    /// If all of these hold; without any, always.
    All(Vec<Formula>),
    /// If one of these holds; without any, never.
    Any(Vec<Formula>),
    /// If a switch has one of these states.
    Is {
        /// The number of the switch.
        switch: usize,
        /// The states, as bits.
        states: u16,
    },
}

impl Formula {
    /// The formula that holds just where one of the boxes of `held` holds and,
    /// equivalently, none of those of `refused` does; of the two ways to say it,
    /// the shorter.
    pub fn of(space: &Space, held: &[Cube], refused: &[Cube]) -> Self {
        let by_cases = Self::of_cases(space, held);
        let by_exclusion = Self::of_cases(space, refused).negated(space);
        match by_exclusion.length() < by_cases.length() {
            true => by_exclusion,
            false => by_cases,
        }
    }

    /// The formula that holds just where one of the boxes does.
    pub fn of_cases(space: &Space, held: &[Cube]) -> Self {
        factored(held.iter().map(|cube| cube.literals(space)).collect())
    }

    /// Whether it holds for a combination.
    pub fn holds(&self, states: &[usize]) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(states)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(states)),
            Self::Is {
                switch,
                states: mask,
            } => states
                .get(*switch)
                .is_some_and(|state| mask & bit(*state) != 0),
        }
    }

    /// How many conditions it has.
    fn length(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::length).sum(),
            Self::Is { .. } => 1,
        }
    }

    /// The opposite, by De Morgan's laws.
    fn negated(self, space: &Space) -> Self {
        let opposite = |parts: Vec<Self>| parts.into_iter().map(|p| p.negated(space)).collect();
        match self {
            Self::All(parts) => Self::Any(opposite(parts)),
            Self::Any(parts) => Self::All(opposite(parts)),
            Self::Is { switch, states } => {
                let all = space
                    .radix()
                    .get(switch)
                    .copied()
                    .map(full)
                    .unwrap_or_default();
                Self::Is {
                    switch,
                    states: all & !states,
                }
            }
        }
    }

    /// In words: `s3:GetObject ∧ (key policy ∨ grant)`.
    pub fn words(&self, dials: &[Dial]) -> String {
        match self {
            Self::All(parts) if parts.is_empty() => "always".to_owned(),
            Self::Any(parts) if parts.is_empty() => "never".to_owned(),
            Self::All(parts) => joined(parts, " ∧ ", dials),
            Self::Any(parts) => joined(parts, " ∨ ", dials),
            Self::Is { switch, states } => dials
                .get(*switch)
                .map(|dial| dial.words(*states))
                .unwrap_or_default(),
        }
    }
}

fn joined(parts: &[Formula], with: &str, dials: &[Dial]) -> String {
    let one = |part: &Formula| match part {
        Formula::Is { .. } => part.words(dials),
        Formula::All(inner) | Formula::Any(inner) if inner.len() < 2 => part.words(dials),
        _ => format!("({})", part.words(dials)),
    };
    parts.iter().map(one).collect::<Vec<_>>().join(with)
}

/// A condition: the states that a switch may have.
type Literal = (usize, u16);

/// The cases with what they share said once.
fn factored(mut cases: Vec<Vec<Literal>>) -> Formula {
    let Some(first) = cases.first().cloned() else {
        return Formula::Any(Vec::new());
    };
    let shared: Vec<Literal> = first
        .into_iter()
        .filter(|literal| cases.iter().all(|case| case.contains(literal)))
        .collect();
    for case in &mut cases {
        case.retain(|literal| !shared.contains(literal));
    }
    let mut parts: Vec<Formula> = shared.into_iter().map(is).collect();
    if cases.iter().all(|case| !case.is_empty()) {
        parts.push(alternatives(cases));
    }
    parts.sort_by_key(first_switch);
    single(parts, Formula::All)
}

/// Cases that share nothing, those with a condition in common together.
fn alternatives(cases: Vec<Vec<Literal>>) -> Formula {
    let mut literals: Vec<Literal> = cases.iter().flatten().copied().collect();
    literals.sort_unstable();
    literals.dedup();
    let uses = |literal: &Literal| cases.iter().filter(|case| case.contains(literal)).count();
    let most = literals
        .iter()
        .map(|literal| (uses(literal), std::cmp::Reverse(*literal)))
        .max()
        .filter(|(uses, _)| *uses > 1);
    let Some((_, std::cmp::Reverse(common))) = most else {
        let all = |case: Vec<Literal>| single(case.into_iter().map(is).collect(), Formula::All);
        return in_order(cases.into_iter().map(all).collect());
    };
    let (with, without): (Vec<_>, Vec<_>) =
        cases.into_iter().partition(|case| case.contains(&common));
    let mut parts = vec![factored(with)];
    match factored(without) {
        Formula::Any(more) => parts.extend(more),
        one => parts.push(one),
    }
    in_order(parts)
}

/// Alternatives, conditions alone before those of several parts, in the order of the switches.
fn in_order(mut parts: Vec<Formula>) -> Formula {
    parts.sort_by_key(|part| (!matches!(part, Formula::Is { .. }), first_switch(part)));
    single(parts, Formula::Any)
}

fn is((switch, states): Literal) -> Formula {
    Formula::Is { switch, states }
}

fn first_switch(formula: &Formula) -> usize {
    match formula {
        Formula::Is { switch, .. } => *switch,
        Formula::All(parts) | Formula::Any(parts) => {
            parts.iter().map(first_switch).min().unwrap_or(usize::MAX)
        }
    }
}

fn single(mut parts: Vec<Formula>, many: impl Fn(Vec<Formula>) -> Formula) -> Formula {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => many(parts.into_iter().chain(last).collect()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lab::scenario::cover;

    fn dials(names: &[&str]) -> Vec<Dial> {
        names.iter().map(|name| Dial::on_off(*name)).collect()
    }

    /// The rule of what `wanted` says of each combination of on and off.
    fn rule(names: &[&str], wanted: impl Fn(&[bool]) -> bool) -> String {
        let space = Space::new(names.iter().map(|_| 2));
        let on = |number| -> Vec<bool> { space.states(number).iter().map(|s| *s == 0).collect() };
        let held: Vec<bool> = (0..space.below(0)).map(|n| wanted(&on(n))).collect();
        let refused: Vec<bool> = held.iter().map(|h| !h).collect();
        let free = vec![false; held.len()];
        let held = cover(&space, &held, &free);
        let refused = cover(&space, &refused, &free);
        Formula::of(&space, &held.cubes, &refused.cubes).words(&dials(names))
    }

    #[test]
    fn what_cases_share_is_said_once() {
        let names = ["s3", "kms", "trust", "grant"];
        let found = rule(&names, |on| on[0] && on[1] && (on[2] || on[3]));
        assert_eq!(found, "s3 ∧ kms ∧ (trust ∨ grant)");
        let found = rule(&names, |on| on[0] && (on[1] && on[2] || on[3]));
        assert_eq!(found, "s3 ∧ (grant ∨ (kms ∧ trust))");
        let found = rule(&names, |on| (on[0] || on[1]) && (on[2] || on[3]));
        assert_eq!(found, "(s3 ∨ kms) ∧ (trust ∨ grant)");
        assert_eq!(rule(&names, |_| true), "always");
        assert_eq!(rule(&names, |_| false), "never");
        assert_eq!(rule(&names, |on| !on[1]), "¬kms");
    }

    proptest! {
        #[test]
        fn a_formula_says_what_its_function_says(
            radix in prop::collection::vec(2_usize..4, 1..5),
            values in prop::collection::vec(any::<bool>(), 81),
        ) {
            let space = Space::new(radix);
            let held: Vec<bool> = values.into_iter().take(space.below(0)).collect();
            let refused: Vec<bool> = held.iter().map(|h| !h).collect();
            let free = vec![false; held.len()];
            let formula = Formula::of(
                &space,
                &cover(&space, &held, &free).cubes,
                &cover(&space, &refused, &free).cubes,
            );
            for (number, value) in held.iter().enumerate() {
                prop_assert_eq!(formula.holds(&space.states(number)), *value);
            }
        }
    }
}
