//! Time and randomness.

use serde::{Deserialize, Serialize};

use crate::base::{Clock, Entropy, Timestamp};

/// All that a call takes from outside the cloud.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Effects {
    /// What time it is.
    pub clock: Clock,
    /// Where random bytes come from.
    pub entropy: Entropy,
}

impl Effects {
    /// A clock that stands still and bytes that replay from `seed`.
    pub fn simulated(seed: u64) -> Self {
        Self {
            clock: Clock::simulated(),
            entropy: Entropy::simulated(seed),
        }
    }

    /// The system's clock and randomness.
    pub fn system() -> Self {
        Self {
            clock: Clock::system(),
            entropy: Entropy::System,
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
