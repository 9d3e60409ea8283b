//! The kernel's only look at the system clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
///
/// Only for judging which request came first; nothing that a cell computes
/// depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl Moment {
    /// The present.
    pub(super) fn now() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "a front end compares arrival times of messages; no result depends on them"
        )]
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// The moment `micros` microseconds after the epoch.
    pub(super) const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds from `earlier` to this moment; negative if it lies ahead.
    pub(super) const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment moved by `micros`.
    pub(super) const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}
