//! The matrix of a scenario: all combinations, and in the fewest words when it succeeds.

use std::fmt;

use serde::Serialize;

use super::cover::cover;
use super::explore::{self, Cell, Experiment, MAX_EXACT, Progress, Sheet};
use super::findings::{self, Contradiction, Unstable};
use super::formula::Formula;
use super::outcome::Outcome;
use super::pairs;
use super::space::{Cube, Space};
use super::switch::{Dial, MAX_STATES};
use crate::authz::Model;
use crate::lab::Lab;

/// How many switches a scenario may have.
const MAX_SWITCHES: usize = 128;

/// What a scenario came to under its combinations.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The scenario's name.
    pub scenario: String,
    /// The model that decided, where no switch changes it.
    pub model: Model,
    /// The switches, by their names.
    pub switches: Vec<Dial>,
    /// The different outcomes.
    pub outcomes: Vec<Outcome>,
    /// How much was run.
    pub coverage: Coverage,
    /// The table with don't-cares: which combinations come to which outcome.
    /// Empty where not everything was run, or where the work is not settled.
    pub decision: Vec<DecisionRow>,
    /// Whether it is known that no table with fewer rows says the same.
    pub fewest: bool,
    /// When the work succeeds; `None` where the table is empty.
    pub rule: Option<Rule>,
    /// Combinations that cannot be.
    pub impossible: Vec<Impossible>,
    /// Switches that change what the other one does.
    pub contradictions: Vec<Contradiction>,
    /// Combinations that came to something else when they were run again.
    pub unstable: Vec<Unstable>,
    /// Switches that never made a difference.
    pub idle: Vec<String>,
    pub(super) space: Space,
    pub(super) sheet: Sheet,
    pub(super) run: Vec<Vec<usize>>,
}

/// How many combinations were run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many were run; those that cannot be are not among them.
    pub run: usize,
    /// How many there are; the largest number where they are more.
    #[serde(skip)]
    pub of: u128,
    /// Whether all of them were run.
    pub all: bool,
    /// How many pairs of states of two switches there are; all were met but those in
    /// combinations that cannot be.
    pub pairs: usize,
}

/// A row of the decision table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionRow {
    /// The combinations that it is about.
    pub cube: Cube,
    /// The number of their outcome.
    pub outcome: usize,
}

/// When the work succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// As a formula over the switches' numbers.
    pub formula: Formula,
    /// In words.
    pub words: String,
}

/// Combinations that cannot be, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Impossible {
    /// The reason.
    pub reason: String,
    /// How many there are.
    pub combinations: usize,
}

/// One combination that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow<'a> {
    /// The states of the switches.
    pub states: Vec<usize>,
    /// What it came to, or why it cannot be.
    pub outcome: Result<&'a Outcome, &'a str>,
}

/// Why there is no matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatrixError<S> {
    /// The experiment was ended.
    Stop(S),
    /// A switch that cannot be one.
    Switch(String),
    /// What was derived does not say what the run found: an error of keychai.
    Unequal(String),
}

impl<S: fmt::Debug> fmt::Display for MatrixError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop(stop) => write!(f, "the scenario was stopped: {stop:?}"),
            Self::Switch(text) => f.write_str(text),
            Self::Unequal(text) => write!(
                f,
                "the table does not say what the run found, so it is not shown ({text}); \
                 please report this"
            ),
        }
    }
}

/// Runs the combinations of an experiment in forks of `lab`, on one thread: all
/// of them up to 2^16, and beyond some in which any two states of any two switches meet.
///
/// # Errors
/// What ended the experiment; a switch that cannot be one.
pub fn matrix<X: Experiment>(
    name: &str,
    experiment: &X,
    lab: &Lab,
    progress: Progress<'_>,
) -> Result<Matrix, MatrixError<X::Stop>> {
    let space = checked(&experiment.dials()).map_err(MatrixError::Switch)?;
    let found = if space.size() <= MAX_EXACT {
        explore::all(experiment, lab, &space, progress).map(|sheet| (Vec::new(), sheet))
    } else {
        explore::by_pairs(experiment, lab, &space, progress)
    };
    let (run, sheet) = found.map_err(MatrixError::Stop)?;
    concluded(name, experiment, lab, space, run, sheet)
}

/// The same on `jobs` threads.
///
/// # Errors
/// As [`matrix`].
pub fn matrix_parallel<X>(
    name: &str,
    experiment: &X,
    lab: &Lab,
    jobs: usize,
    progress: Progress<'_>,
) -> Result<Matrix, MatrixError<X::Stop>>
where
    X: Experiment + Sync,
    X::Stop: Send,
{
    let space = checked(&experiment.dials()).map_err(MatrixError::Switch)?;
    if jobs < 2 || space.size() > MAX_EXACT {
        return matrix(name, experiment, lab, progress);
    }
    let sheet = explore::all_parallel(experiment, lab, &space, jobs, progress)
        .map_err(MatrixError::Stop)?;
    concluded(name, experiment, lab, space, Vec::new(), sheet)
}

/// The space of the switches, if they are switches.
fn checked(dials: &[Dial]) -> Result<Space, String> {
    if dials.len() > MAX_SWITCHES {
        return Err(format!(
            "a scenario has at most {MAX_SWITCHES} switches; this one has {}",
            dials.len()
        ));
    }
    for (at, dial) in dials.iter().enumerate() {
        let (name, count) = (&dial.name, dial.states.len());
        if !(2..=MAX_STATES).contains(&count) {
            return Err(format!(
                "the switch {name} has {count} states; a switch has 2 to {MAX_STATES}"
            ));
        }
        if dials.iter().skip(at + 1).any(|other| other.name == *name) {
            return Err(format!(
                "two switches are called {name}; give one another name"
            ));
        }
        let states = dial.states.iter().enumerate();
        let twice = states
            .clone()
            .find(|(at, state)| dial.states.iter().skip(at + 1).any(|other| other == *state));
        if let Some((_, state)) = twice {
            return Err(format!("the switch {name} has two states called {state}"));
        }
    }
    Ok(Space::new(dials.iter().map(|dial| dial.states.len())))
}

fn concluded<X: Experiment>(
    name: &str,
    experiment: &X,
    lab: &Lab,
    space: Space,
    run: Vec<Vec<usize>>,
    sheet: Sheet,
) -> Result<Matrix, MatrixError<X::Stop>> {
    let mut matrix = Matrix {
        scenario: name.to_owned(),
        model: lab.model(),
        switches: experiment.dials(),
        outcomes: sheet.outcomes.clone(),
        coverage: Coverage {
            run: sheet
                .cells
                .iter()
                .filter(|cell| matches!(cell, Cell::Came(_)))
                .count(),
            of: space.size(),
            all: sheet.all,
            pairs: pairs::count(&space),
        },
        decision: Vec::new(),
        fewest: true,
        rule: None,
        impossible: impossible(&sheet),
        contradictions: Vec::new(),
        unstable: Vec::new(),
        idle: findings::idle(&space, &sheet, &experiment.dials()),
        space,
        sheet,
        run,
    };
    matrix.unstable = findings::unstable(experiment, lab, &matrix).map_err(MatrixError::Stop)?;
    matrix.contradictions =
        findings::contradictions(experiment, lab, &matrix.space).map_err(MatrixError::Stop)?;
    if matrix.coverage.all && matrix.unstable.is_empty() {
        matrix.minimise();
        matrix.prove().map_err(MatrixError::Unequal)?;
    }
    Ok(matrix)
}

fn impossible(sheet: &Sheet) -> Vec<Impossible> {
    let reasons = sheet.obstacles.iter().enumerate();
    reasons
        .map(|(at, reason)| {
            let is_this = |cell: &&Cell| matches!(cell, Cell::CannotBe(n) if usize::from(*n) == at);
            Impossible {
                reason: reason.clone(),
                combinations: sheet.cells.iter().filter(is_this).count(),
            }
        })
        .collect()
}

impl Matrix {
    /// Every combination that was run, in order.
    pub fn rows(&self) -> impl Iterator<Item = RunRow<'_>> {
        self.sheet
            .cells
            .iter()
            .enumerate()
            .map(|(at, cell)| RunRow {
                states: self.states(at),
                outcome: match cell {
                    Cell::Came(_) => self.sheet.outcome(at).ok_or(""),
                    Cell::CannotBe(number) => {
                        let reason = self.sheet.obstacles.get(usize::from(*number));
                        Err(reason.map(String::as_str).unwrap_or_default())
                    }
                },
            })
    }

    /// The states of the combination at a position of the run.
    pub(super) fn states(&self, position: usize) -> Vec<usize> {
        match self.coverage.all {
            true => self.space.states(position),
            false => self.run.get(position).cloned().unwrap_or_default(),
        }
    }

    /// What the work comes to as the lab was built.
    pub fn as_built(&self) -> Option<&Outcome> {
        self.sheet.outcome(0)
    }

    /// The conditions of a row of the decision table: for each switch the states
    /// that it may have, nothing where it does not matter.
    pub fn conditions(&self, row: &DecisionRow) -> Vec<Option<Vec<&str>>> {
        let masks = row.cube.0.iter().zip(&self.switches);
        masks
            .map(|(mask, dial)| {
                let states = dial.states.iter().enumerate();
                let left: Vec<&str> = states
                    .filter(|(state, _)| mask & super::space::bit(*state) != 0)
                    .map(|(_, name)| name.as_str())
                    .collect();
                (left.len() < dial.states.len()).then_some(left)
            })
            .collect()
    }

    fn where_it(&self, holds: impl Fn(&Cell) -> bool) -> Vec<bool> {
        self.sheet.cells.iter().map(holds).collect()
    }

    /// Derives the decision table and the rule.
    fn minimise(&mut self) {
        let free = self.where_it(|cell| matches!(cell, Cell::CannotBe(_)));
        let mut blocks: Vec<(bool, usize, Vec<DecisionRow>)> = Vec::new();
        for (outcome, what) in self.outcomes.iter().enumerate() {
            let is_this =
                |cell: &Cell| *cell == Cell::Came(u16::try_from(outcome).unwrap_or(u16::MAX));
            let found = cover(&self.space, &self.where_it(is_this), &free);
            self.fewest &= found.fewest;
            let rows: Vec<DecisionRow> = found
                .cubes
                .into_iter()
                .map(|cube| DecisionRow { cube, outcome })
                .collect();
            let least = rows
                .iter()
                .map(|row| row.cube.literals(&self.space).len())
                .min();
            blocks.push((!what.is_success(), least.unwrap_or(0), rows));
        }
        blocks.sort_by_key(|(fails, least, _)| (*fails, *least));
        self.decision = blocks.into_iter().flat_map(|(_, _, rows)| rows).collect();
        let succeeds = |cell: &Cell| self.succeeds(cell);
        let fails = |cell: &Cell| matches!(cell, Cell::Came(_)) && !self.succeeds(cell);
        let held = cover(&self.space, &self.where_it(succeeds), &free);
        let refused = cover(&self.space, &self.where_it(fails), &free);
        // Where combinations are free, the two covers may answer them differently.
        let refused = if free.contains(&true) {
            None
        } else {
            Some(refused.cubes)
        };
        let formula = match refused {
            Some(refused) => Formula::of(&self.space, &held.cubes, &refused),
            None => Formula::of_cases(&self.space, &held.cubes),
        };
        let words = formula.words(&self.switches);
        self.rule = Some(Rule { formula, words });
    }

    fn succeeds(&self, cell: &Cell) -> bool {
        match cell {
            Cell::Came(number) => self
                .outcomes
                .get(usize::from(*number))
                .is_some_and(Outcome::is_success),
            Cell::CannotBe(_) => false,
        }
    }

    /// Evaluates table and rule on every combination that was run.
    fn prove(&self) -> Result<(), String> {
        let rule = self.rule.as_ref().map(|rule| &rule.formula);
        for (position, cell) in self.sheet.cells.iter().enumerate() {
            let Cell::Came(number) = cell else {
                continue;
            };
            let states = self.states(position);
            let mut rows = self
                .decision
                .iter()
                .filter(|row| row.cube.has(&states))
                .peekable();
            let some = rows.peek().is_some();
            if !some || rows.any(|row| row.outcome != usize::from(*number)) {
                return Err(format!("combination {position}"));
            }
            if rule.is_none_or(|rule| rule.holds(&states) != self.succeeds(cell)) {
                return Err(format!("the rule at combination {position}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::Model;
    use crate::lab::scenario::ready;

    #[test]
    fn a_table_that_says_something_else_is_no_answer() {
        let scenario = ready::build("failure", Model::Exam).unwrap().unwrap();
        let mut found = matrix("failure", &scenario, scenario.lab(), &|_| ()).unwrap();
        assert_eq!(found.prove(), Ok(()));
        let whole = found.clone();
        found.decision.pop();
        assert!(found.prove().is_err());
        found = whole.clone();
        found.decision[0].cube.0[0] ^= 3;
        assert!(found.prove().is_err());
        found = whole;
        found.rule.as_mut().unwrap().formula = Formula::All(Vec::new());
        assert!(found.prove().unwrap_err().contains("rule"));
    }
}
