//! Runs the combinations of a scenario, each in a fork of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::outcome::Outcome;
use super::pairs::pairwise;
use super::space::Space;
use super::switch::Dial;
use crate::lab::Lab;

/// Up to how many combinations all of them are run.
pub const MAX_EXACT: u128 = 1 << 16;

/// Work that is tried under combinations of switches.
pub trait Experiment {
    /// What ends the whole experiment, such as an interruption.
    type Stop;

    /// The switches.
    fn dials(&self) -> Vec<Dial>;

    /// Brings a switch into a state other than its first; a text if that is not
    /// possible in `lab`.
    ///
    /// # Errors
    /// What ends the experiment.
    fn set(
        &self,
        lab: &mut Lab,
        switch: usize,
        state: usize,
    ) -> Result<Result<(), String>, Self::Stop>;

    /// Does the work in `lab`, in which the switches have been set to `states`.
    ///
    /// # Errors
    /// What ends the experiment.
    fn work(&self, lab: &mut Lab, states: &[usize]) -> Result<Outcome, Self::Stop>;
}

/// Is told how many more combinations have been run.
pub type Progress<'a> = &'a (dyn Fn(usize) + Sync);

/// What each combination came to.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The different outcomes, in the order in which they first came.
    pub outcomes: Vec<Outcome>,
    /// Why some combinations cannot be.
    pub obstacles: Vec<String>,
    /// The combinations that were run, by the states of their switches, with
    /// what they came to. Where all were run, in the order of their numbers.
    pub cells: Vec<Cell>,
    /// Whether all combinations were run.
    pub all: bool,
    known: HashMap<Outcome, u16>,
}

/// What one combination came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The outcome of this number.
    Came(u16),
    /// Its switches cannot all be in these states: the obstacle of this number.
    CannotBe(u16),
}

impl Sheet {
    fn came(&mut self, outcome: Outcome) -> Cell {
        if let Some(known) = self.known.get(&outcome) {
            return Cell::Came(*known);
        }
        let number = u16::try_from(self.outcomes.len()).unwrap_or(u16::MAX);
        self.outcomes.push(outcome.clone());
        self.known.insert(outcome, number);
        Cell::Came(number)
    }

    fn cannot_be(&mut self, obstacle: String) -> Cell {
        let known = self.obstacles.iter().position(|text| *text == obstacle);
        let number = known.unwrap_or_else(|| {
            self.obstacles.push(obstacle);
            self.obstacles.len() - 1
        });
        Cell::CannotBe(u16::try_from(number).unwrap_or(u16::MAX))
    }

    /// The outcome of the cell at `position`.
    pub fn outcome(&self, position: usize) -> Option<&Outcome> {
        match self.cells.get(position)? {
            Cell::Came(number) => self.outcomes.get(usize::from(*number)),
            Cell::CannotBe(_) => None,
        }
    }

    /// Adds what another part of the run found.
    fn append(&mut self, part: Self) {
        for cell in &part.cells {
            let cell = match cell {
                Cell::Came(at) => match part.outcomes.get(usize::from(*at)) {
                    Some(outcome) => self.came(outcome.clone()),
                    None => continue,
                },
                Cell::CannotBe(at) => {
                    let text = part.obstacles.get(usize::from(*at));
                    self.cannot_be(text.cloned().unwrap_or_default())
                }
            };
            self.cells.push(cell);
        }
    }
}

/// Runs all combinations on one thread.
///
/// The switches are set one after the other on a path from the lab as it was
/// built to each combination, and the forks on the way are shared: on average one
/// switch is set for each combination.
///
/// # Errors
/// What ended the experiment.
pub fn all<X: Experiment>(
    experiment: &X,
    lab: &Lab,
    space: &Space,
    progress: Progress<'_>,
) -> Result<Sheet, X::Stop> {
    let mut walk = Walk::new(experiment, space, progress);
    walk.below(lab, &mut Vec::new())?;
    Ok(walk.end())
}

/// The same on `jobs` threads.
///
/// # Errors
/// What ended the experiment.
pub fn all_parallel<X>(
    experiment: &X,
    lab: &Lab,
    space: &Space,
    jobs: usize,
    progress: Progress<'_>,
) -> Result<Sheet, X::Stop>
where
    X: Experiment + Sync,
    X::Stop: Send,
{
    let level = (0..space.radix().len())
        .find(|level| space.below(0) / space.below(*level).max(1) >= 4 * jobs)
        .unwrap_or(space.radix().len());
    let first = Space::new(space.radix().iter().take(level).copied());
    let parts = first.below(0);
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Part<X::Stop>>> = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..jobs.clamp(1, parts) {
            threads.spawn(|| {
                loop {
                    let part = next.fetch_add(1, Ordering::Relaxed);
                    if part >= parts {
                        return;
                    }
                    let sheet = part_of(experiment, lab, space, &first.states(part), progress);
                    let stop = sheet.is_err();
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((part, sheet));
                    if stop {
                        next.store(parts, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(part, _)| *part);
    let mut whole = Sheet {
        all: true,
        ..Sheet::default()
    };
    for (_, part) in found {
        whole.append(part?);
    }
    Ok(whole)
}

/// What a thread found, with the number of its part of the combinations.
type Part<S> = (usize, Result<Sheet, S>);

/// The combinations that begin with the states of `path`.
fn part_of<X: Experiment>(
    experiment: &X,
    lab: &Lab,
    space: &Space,
    path: &[usize],
    progress: Progress<'_>,
) -> Result<Sheet, X::Stop> {
    let mut walk = Walk::new(experiment, space, progress);
    match walk.arranged(lab, path)? {
        Ok(fork) => walk.below(&fork, &mut path.to_vec())?,
        Err(obstacle) => walk.skip(path.len(), obstacle),
    }
    Ok(walk.end())
}

/// Runs the combinations of a covering array, in its order.
///
/// # Errors
/// What ended the experiment.
pub fn by_pairs<X: Experiment>(
    experiment: &X,
    lab: &Lab,
    space: &Space,
    progress: Progress<'_>,
) -> Result<(Vec<Vec<usize>>, Sheet), X::Stop> {
    let rows = pairwise(space);
    let mut walk = Walk::new(experiment, space, progress);
    for row in &rows {
        match walk.arranged(lab, row)? {
            Ok(fork) => walk.work(fork, row)?,
            Err(obstacle) => walk.skip(row.len(), obstacle),
        }
    }
    let mut sheet = walk.end();
    sheet.all = false;
    Ok((rows, sheet))
}

/// What one combination comes to when it is set up from scratch, by these
/// settings of switches in this order, out of `switches` of them.
///
/// # Errors
/// What ended the experiment.
pub fn once<X: Experiment>(
    experiment: &X,
    lab: &Lab,
    switches: usize,
    settings: &[(usize, usize)],
) -> Result<Result<Outcome, String>, X::Stop> {
    let mut fork = lab.fork();
    let mut states = vec![0; switches];
    for (switch, state) in settings {
        if let Some(slot) = states.get_mut(*switch) {
            *slot = *state;
        }
    }
    for (switch, state) in settings.iter().filter(|(_, state)| *state != 0) {
        if let Err(obstacle) = experiment.set(&mut fork, *switch, *state)? {
            return Ok(Err(obstacle));
        }
    }
    experiment.work(&mut fork, &states).map(Ok)
}

struct Walk<'a, X> {
    experiment: &'a X,
    dials: Vec<Dial>,
    space: &'a Space,
    sheet: Sheet,
    progress: Progress<'a>,
    untold: usize,
}

/// How many combinations are told at a time.
const TOLD: usize = 64;

impl<'a, X: Experiment> Walk<'a, X> {
    fn new(experiment: &'a X, space: &'a Space, progress: Progress<'a>) -> Self {
        Self {
            dials: experiment.dials(),
            experiment,
            space,
            sheet: Sheet::default(),
            progress,
            untold: 0,
        }
    }

    fn below(&mut self, lab: &Lab, path: &mut Vec<usize>) -> Result<(), X::Stop> {
        let Some(states) = self.space.radix().get(path.len()).copied() else {
            return self.work(lab.fork(), path);
        };
        for state in 0..states {
            let switch = path.len();
            path.push(state);
            if state == 0 {
                self.below(lab, path)?;
            } else {
                let mut fork = lab.fork();
                match self.experiment.set(&mut fork, switch, state)? {
                    Ok(()) => self.below(&fork, path)?,
                    Err(text) => {
                        let obstacle = self.obstacle(path, &text);
                        self.skip(path.len(), obstacle);
                    }
                }
            }
            path.pop();
        }
        Ok(())
    }

    fn arranged(&mut self, lab: &Lab, path: &[usize]) -> Result<Result<Lab, String>, X::Stop> {
        let mut fork = lab.fork();
        for (switch, state) in path.iter().enumerate().filter(|(_, state)| **state != 0) {
            if let Err(text) = self.experiment.set(&mut fork, switch, *state)? {
                let path = path.get(..=switch).unwrap_or(path);
                return Ok(Err(self.obstacle(path, &text)));
            }
        }
        Ok(Ok(fork))
    }

    fn work(&mut self, mut fork: Lab, states: &[usize]) -> Result<(), X::Stop> {
        let outcome = self.experiment.work(&mut fork, states)?;
        let cell = self.sheet.came(outcome);
        self.sheet.cells.push(cell);
        self.tell(1);
        Ok(())
    }

    /// Notes that the combinations below `level` of the path cannot be.
    fn skip(&mut self, level: usize, obstacle: String) {
        let cell = self.sheet.cannot_be(obstacle);
        let count = self.space.below(level);
        self.sheet.cells.extend(std::iter::repeat_n(cell, count));
        self.tell(count);
    }

    /// Which state of the last switch of `path` could not be reached, and why.
    fn obstacle(&self, path: &[usize], text: &str) -> String {
        let last = path.len().checked_sub(1);
        let dial = last.and_then(|at| self.dials.get(at));
        let state = path.last().and_then(|state| dial?.states.get(*state));
        let name = dial.map(|dial| dial.name.as_str()).unwrap_or_default();
        let state = state.map(String::as_str).unwrap_or_default();
        format!("{name} cannot be {state}: {text}")
    }

    fn tell(&mut self, count: usize) {
        self.untold += count;
        if self.untold >= TOLD {
            (self.progress)(std::mem::take(&mut self.untold));
        }
    }

    fn end(self) -> Sheet {
        (self.progress)(self.untold);
        Sheet {
            all: true,
            ..self.sheet
        }
    }
}
