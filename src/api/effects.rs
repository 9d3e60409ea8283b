//! Time and randomness.

use std::sync::Arc;

use crate::base::{Clock, Entropy, Timestamp};
use crate::state::folder::Folder;

/// All that a call takes from outside the cloud.
#[derive(Clone, Debug)]
pub struct Effects {
    /// What time it is.
    pub clock: Clock,
    /// Where random bytes come from.
    pub entropy: Entropy,
    /// The folder that bodies are kept in; memory without one.
    pub store: Option<Arc<Folder>>,
    /// How many threads one large body may occupy.
    pub workers: usize,
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
