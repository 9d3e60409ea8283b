//! The lab from outside: every call through [`keychai::lab::Lab`], as a script makes it.
#![expect(
    clippy::unwrap_used,
    reason = "a call without the expected answer fails the test"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected shape fails"
)]
#![expect(clippy::panic, reason = "a test that cannot go on fails")]

mod attacks;
mod bench;
mod cases;
mod compute;
mod customer_keys;
mod encoded_denials;
mod encryption;
mod endpoints;
mod folder;
mod grants;
mod guardrail_cases;
mod import;
mod key_access;
mod key_states;
mod keys;
mod laws;
mod lists;
mod model;
mod multipart;
mod objects;
mod organizations;
mod path;
mod public_access;
mod regions;
mod repairs;
mod resource_control;
mod saved;
mod scenarios;
mod sealed;
mod sessions;
mod stored_principals;
mod trail;
mod trail_identities;
mod truth;
mod unsigned;
mod versions;
mod who_can;
mod writing;
