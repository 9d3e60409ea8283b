//! The policy simulator: what policies would decide, without making the call.
//!
//! The questions go to the engine that decides the calls of the lab, with the
//! policies given or attached (`sources`) and the context keys given, no
//! others. [`operations`] has the operations, [`evaluation`] one question and
//! its answer, [`context_keys`] the keys that policies need values of.
//!
//! Source: IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy and
//! EvaluationResult; IAM User Guide, "IAM policy testing with the IAM policy
//! simulator".

pub mod context_keys;
pub mod evaluation;
pub mod operations;
mod sources;

pub use context_keys::{GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy};
pub use operations::{SimulateCustomPolicy, SimulatePrincipalPolicy};
