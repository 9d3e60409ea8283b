//! What keychai reads from outside, fed with whatever a fuzzer makes up.
//!
//! The bodies stand in [`targets`], so that `tests/fuzz` can replay corpus and
//! findings on a stable compiler without this package.

pub mod targets;
