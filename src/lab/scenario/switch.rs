//! What can be switched in a scenario.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::space::{bit, full};
use crate::api::ApiError;
use crate::lab::Lab;

/// How many states a switch may have.
pub const MAX_STATES: usize = 8;

/// A switch by its names: its own, and those of its states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dial {
    /// What it switches.
    pub name: String,
    /// Its states; in the first, the lab is as it was built.
    pub states: Vec<String>,
}

impl Dial {
    /// A switch that is on or off.
    pub fn on_off(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            states: vec!["on".to_owned(), "off".to_owned()],
        }
    }

    /// Whether its states are `on` and `off`.
    pub fn is_on_off(&self) -> bool {
        self.states.iter().eq(["on", "off"])
    }

    /// What it says if only the states of `mask` are left: `grant`, `¬grant`,
    /// `key state = enabled`.
    pub fn words(&self, mask: u16) -> String {
        let name = &self.name;
        if self.is_on_off() {
            let sign = if mask & bit(0) == 0 { "¬" } else { "" };
            return format!("{sign}{name}");
        }
        let named = |mask: u16| -> Vec<&str> {
            let states = self.states.iter().enumerate();
            states
                .filter(|(state, _)| mask & bit(*state) != 0)
                .map(|(_, state)| state.as_str())
                .collect()
        };
        let others = named(full(self.states.len()) & !mask);
        match (named(mask).as_slice(), others.as_slice()) {
            ([only], _) => format!("{name} = {only}"),
            (_, [but]) => format!("{name} ≠ {but}"),
            (some, _) => format!("{name} = {}", some.join(" or ")),
        }
    }
}

/// What brings a switch into a state, made in a fork of the lab.
pub type Action = Arc<dyn Fn(&mut Lab) -> Result<(), ApiError> + Send + Sync>;

/// A switch of a scenario, with what its states do.
#[derive(Clone)]
pub struct Switch {
    dial: Dial,
    actions: Vec<Action>,
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch")
            .field("dial", &self.dial)
            .finish_non_exhaustive()
    }
}

impl Switch {
    /// A switch that is on as the lab was built, and that `off` turns off.
    pub fn new(
        name: impl Into<String>,
        off: impl Fn(&mut Lab) -> Result<(), ApiError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            dial: Dial::on_off(name),
            actions: vec![Arc::new(off)],
        }
    }

    /// A switch with states of its own; the lab was built in the state `built`.
    pub fn choice(name: impl Into<String>, built: impl Into<String>) -> Self {
        let dial = Dial {
            name: name.into(),
            states: vec![built.into()],
        };
        Self {
            dial,
            actions: Vec::new(),
        }
    }

    /// The same with one more state, into which `action` brings it.
    #[must_use]
    pub fn state(
        mut self,
        name: impl Into<String>,
        action: impl Fn(&mut Lab) -> Result<(), ApiError> + Send + Sync + 'static,
    ) -> Self {
        self.dial.states.push(name.into());
        self.actions.push(Arc::new(action));
        self
    }

    /// The same under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.dial.name = name.into();
        self
    }

    /// Its names.
    pub fn dial(&self) -> &Dial {
        &self.dial
    }

    /// Brings it into `state` in `lab`.
    ///
    /// # Errors
    /// What a call of the action answered.
    pub fn set(&self, lab: &mut Lab, state: usize) -> Result<(), ApiError> {
        match state.checked_sub(1).and_then(|at| self.actions.get(at)) {
            Some(action) => action(lab),
            None => Ok(()),
        }
    }
}
