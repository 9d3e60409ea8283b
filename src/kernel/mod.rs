//! Floor F9: the Jupyter kernel.
//!
//! It speaks the messaging protocol 5.4 over ZeroMQ and drives any
//! [`Interpreter`]; it knows neither Rhai nor AWS. Two threads share the work:
//! one owns the sockets and never waits for a cell, the other runs the cells
//! in order. Between them are queues only, and one flag that interrupts.
//!
//! Start reading with [`interpreter`], the contract with the language; then
//! `server` (who runs where), `worker` (requests in order) and `wire` (how
//! messages leave). [`spec`] tells Jupyter that the kernel exists.

mod abort;
pub mod error;
mod execute;
mod history;
pub mod interpreter;
mod message;
mod moment;
mod output;
mod parent;
mod reply;
pub mod rhai;
mod server;
mod sockets;
pub mod spec;
mod wire;
mod worker;

pub use crate::render::Rendered;
pub use error::KernelError;
pub use interpreter::{Interpreter, Output, Stream};
pub use server::start;
pub use spec::{Target, install, uninstall};
