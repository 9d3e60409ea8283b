//! Floor F8: the scripting language, as every front end uses it.
//!
//! A [`Session`] is one Rhai engine with its variables and functions; cells,
//! scripts and prompts run in it alike. Objects come in through an
//! [`Extension`] and its [`Registry`], which documents what it registers: the
//! [`Reference`], completion and inspection are made from that. Errors are
//! [`ScriptError`]s, which name the place and what was meant.
//!
//! It does not know the lab's objects, a terminal, or Jupyter: what is shown
//! goes to an [`Output`] as [`Rendered`]. Start with [`Session::execute`].

mod builtins;
mod completeness;
mod completion;
mod context;
mod diagnose;
mod display;
mod displays;
mod error;
pub mod files;
mod inspect;
mod interrupt;
mod language;
mod limits;
mod magics;
pub mod objects;
mod output;
mod progress;
mod records;
mod reference;
pub mod reference_text;
mod registry;
mod scan;
mod session;
mod source;
mod thrown;
mod values;

#[cfg(test)]
mod tests;

pub use crate::render::Rendered;
pub use completeness::Completeness;
pub use completion::{
    Completion, CompletionHints, Completions, TextSite, byte_offset, char_offset,
};
pub use context::CallSite;
pub use display::Renderers;
pub use error::{ErrorKind, Frame, Place, ScriptError};
pub use interrupt::Interrupt;
pub use limits::Limits;
pub use output::{Captured, Event, Output, Stream};
pub use progress::Bar;
pub use reference::{Entry, Kind, Param, Reference};
pub use registry::{Extension, Item, Registry};
pub use session::{Session, SessionOptions};
pub use thrown::Thrown;
pub use values::{BlobMembers, MAX_DEPTH, ValueError, from_json, quoted, to_json};
