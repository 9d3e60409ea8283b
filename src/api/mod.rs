//! Floor F4: the one path that every call takes.
//!
//! authenticate → decode → gather → decide → execute → audit → respond.
//! An [`Operation`] says what it needs and what it does; [`perform`] does the
//! rest, the same for all. It knows no operation by name. Start with
//! `perform.rs`.

mod access;
mod anonymous;
mod caller;
mod context_keys;
mod effects;
mod encoded_denial;
mod error;
mod event;
mod guardrails;
mod landing;
mod onward;
mod operation;
mod perform;
mod route;
mod spec;
mod stand_in;

pub use access::{AccessRequest, Target};
pub use caller::{Caller, authenticate, identified};
pub use effects::Effects;
pub use encoded_denial::{decoded_message, encoded_message};
pub use error::ApiError;
pub use event::Record;
pub use guardrails::add_rcp;
pub use operation::{Operation, View};
pub use perform::{Context, Response, judge, perform, quick_verdict};
pub use route::Route;
pub use spec::{Category, OperationSpec, Service};
