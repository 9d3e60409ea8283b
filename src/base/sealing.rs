//! The one occasion on which secrets may be serialised: while they are being sealed.
//!
//! The state of a lab derives `Serialize`, and some of it is secret. Those
//! members go through functions that ask [`is_open`] first, so that a secret
//! cannot end in JSON by accident: outside [`sealing`] it refuses to be written
//! or read.

use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Ends the occasion, also when the work panics.
struct Occasion;

impl Drop for Occasion {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// Does `work` on secrets that are on their way into or out of a sealed file.
pub(crate) fn sealing<T>(work: impl FnOnce() -> T) -> T {
    DEPTH.set(DEPTH.get() + 1);
    let _occasion = Occasion;
    work()
}

/// Whether this thread is sealing or opening a file.
pub(crate) fn is_open() -> bool {
    DEPTH.get() > 0
}

/// What a secret says that is asked for at any other time.
pub(crate) const CLOSED: &str = "secrets are written and read only in a sealed file";
