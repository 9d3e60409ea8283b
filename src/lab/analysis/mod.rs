//! Questions about all principals and all resources at once.
//!
//! [`who_can`](fn@who_can): everybody who may do something, by which statement,
//! and everybody who could give the right to itself. [`what_can`](fn@what_can):
//! all that one principal may do. Both ask the same engine as every call does,
//! once for each principal; no policy is read a second time here, except to
//! find out what is worth asking. Start with `who_can.rs`; `seats.rs` knows who
//! there is, `asking.rs` puts the questions, `conditions.rs` tries what the
//! request might hold, `powers.rs` what a principal could change.

mod asking;
mod conditions;
mod diff;
mod doors;
mod powers;
mod seats;
mod what_can;
mod who_can;

pub(super) use asking::Asker;
pub use diff::{Changed, Difference, Effect, diff};
pub(super) use seats::{Seat, seat_of};
pub use seats::{SeatKind, seat_names};
pub use what_can::{Power, WhatCan, what_can};
pub use who_can::{PathStep, Standing, Who, WhoCan, who_can};
