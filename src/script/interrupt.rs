//! Stopping a running script from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rhai::{Dynamic, EvalAltResult, Position};

/// A flag that ends the running evaluation; clones share it.
///
/// A script cannot catch the interrupt with `try`, and its variables survive.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// The flag itself, for front ends that set it by themselves.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Asks the running evaluation to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Forgets a request.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether a stop has been asked for.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// For native functions that run long: call it in their loops.
    ///
    /// # Errors
    /// The uncatchable error that ends the evaluation, if a stop is asked for.
    pub fn check(&self) -> Result<(), Box<EvalAltResult>> {
        if self.is_requested() {
            return Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into());
        }
        Ok(())
    }
}
