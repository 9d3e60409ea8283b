//! Scenarios: one piece of work under every combination of switches.
//!
//! A [`Scenario`] is a lab, some work in it, and named [`Switch`]es, each with
//! two or more states. [`matrix`] runs the work under the combinations, each in a
//! fork of its own ([`explore`]), and says in the fewest words when it succeeds
//! ([`Rule`]). Table and rule are evaluated on every combination that was run; if
//! they do not say the same, that is an error and nothing is shown.

mod cover;
pub mod explore;
mod findings;
mod formula;
mod outcome;
mod pairs;
mod primes;
pub mod ready;
mod report;
mod space;
mod stage;
mod switch;
mod switches;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

pub use cover::{Cover, cover};
pub use explore::{Experiment, Progress};
pub use findings::{Contradiction, Unstable};
pub use formula::Formula;
pub use outcome::Outcome;
pub use report::{
    Coverage, DecisionRow, Impossible, Matrix, MatrixError, Rule, RunRow, matrix, matrix_parallel,
};
pub use space::{Cube, Space};
pub use switch::{Action, Dial, MAX_STATES, Switch};

use crate::api::ApiError;
use crate::lab::{Call, Lab};

/// What a scenario does; it is told the states of the switches, so that a switch
/// may also change how the work is done.
pub type Work = Arc<dyn Fn(&mut Lab, &[usize]) -> Result<(), ApiError> + Send + Sync>;

/// One piece of work, and what can be switched around it.
#[derive(Clone)]
pub struct Scenario {
    name: String,
    lab: Lab,
    work: Work,
    switches: Vec<Switch>,
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("name", &self.name)
            .field("switches", &self.switches)
            .finish_non_exhaustive()
    }
}

impl Scenario {
    /// A scenario without switches: `work` in forks of `lab`.
    pub fn new(
        name: impl Into<String>,
        lab: Lab,
        work: impl Fn(&mut Lab, &[usize]) -> Result<(), ApiError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            lab,
            work: Arc::new(work),
            switches: Vec::new(),
        }
    }

    /// The same where the work is one call.
    pub fn of_call(name: impl Into<String>, lab: Lab, call: Call) -> Self {
        Self::new(name, lab, move |lab, _| call.make(lab).result.map(|_| ()))
    }

    /// The same with one more switch.
    #[must_use]
    pub fn with(mut self, switch: Switch) -> Self {
        self.switches.push(switch);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lab with every switch in its first state.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Its switches.
    pub fn switches(&self) -> &[Switch] {
        &self.switches
    }
}

impl Experiment for Scenario {
    type Stop = Infallible;

    fn dials(&self) -> Vec<Dial> {
        self.switches
            .iter()
            .map(|switch| switch.dial().clone())
            .collect()
    }

    fn set(
        &self,
        lab: &mut Lab,
        switch: usize,
        state: usize,
    ) -> Result<Result<(), String>, Infallible> {
        let Some(switch) = self.switches.get(switch) else {
            return Ok(Ok(()));
        };
        Ok(switch
            .set(lab, state)
            .map_err(|error| format!("{}: {}", error.code, error.message)))
    }

    fn work(&self, lab: &mut Lab, states: &[usize]) -> Result<Outcome, Infallible> {
        Ok(match (self.work)(lab, states) {
            Ok(()) => Outcome::success(),
            Err(error) => Outcome::failure(&error),
        })
    }
}
