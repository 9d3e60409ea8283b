//! Time and randomness.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Clock, Entropy, Timestamp};
use crate::state::folder::Folder;

/// All that a call takes from outside the cloud.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Effects {
    /// What time it is.
    pub clock: Clock,
    /// Where random bytes come from.
    pub entropy: Entropy,
    /// The folder that bodies are kept in; memory without one.
    #[serde(skip)]
    pub store: Option<Arc<Folder>>,
    /// How many threads one large body may occupy.
    #[serde(skip, default = "one")]
    pub workers: usize,
}

fn one() -> usize {
    1
}

impl Effects {
    /// A clock that stands still and bytes that replay from `seed`.
    pub fn simulated(seed: u64) -> Self {
        Self {
            clock: Clock::simulated(),
            entropy: Entropy::simulated(seed),
            store: None,
            workers: 1,
        }
    }

    /// The system's clock and randomness.
    pub fn system() -> Self {
        Self {
            clock: Clock::system(),
            entropy: Entropy::System,
            store: None,
            workers: 1,
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
