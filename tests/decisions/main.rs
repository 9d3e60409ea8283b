//! Decisions: the conformance cases, a second evaluator on generated cases, and
//! laws that hold whatever the policies say.
#![expect(
    clippy::unwrap_used,
    reason = "a case without the expected shape fails"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "a case without the expected shape fails"
)]
#![expect(clippy::panic, reason = "a case that cannot be read fails")]
#![expect(
    clippy::print_stdout,
    reason = "the uncertain cases are reported apart"
)]

mod agreement;
mod conformance;
mod engine;
mod faults;
mod found;
mod generate;
mod generated_laws;
mod laws;
mod naive;
mod shrink;
