//! The policy language from outside: real policies, conformance cases, laws.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its data fails")]
#![expect(
    clippy::indexing_slicing,
    reason = "a case without the expected shape fails"
)]

mod absent_keys;
mod cases;
mod grammar;
mod laws;
mod lint;
mod managed;
mod principals;
