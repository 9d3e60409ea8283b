//! Floor F9: conformance cases, answered one by one.
//!
//! A case says who calls, which policies there are, and what is asked; an
//! [`Answer`] says what AWS would: the decision, the layer that it hangs on, the
//! error. [`simulate`] answers one case, [`read_cases`] takes a file apart. The
//! format is that of `tests/cases/decisions.json`; what a case leaves out is
//! filled in as `world` says.

mod answer;
mod calls;
mod case;
mod documents;
mod permissions;
mod question;
mod reader;
mod scene;
mod world;

pub use answer::Answer;
pub use reader::read_cases;

use serde_json::Value;

use crate::authz::Model;
use case::{Case, Kind};

/// Answers one case under `model`.
///
/// A case that cannot be read, or that does not hold what its answer hangs on,
/// is answered with the decision `error` and a message that says what is wrong.
pub fn simulate(case: &Value, model: Model) -> Answer {
    let id = case.get("id").cloned().unwrap_or_default();
    let answer = Case::read(case).and_then(|case| match case.kind {
        Kind::Authz => permissions::answer(&case, model),
        Kind::Validate => documents::answer(&case),
        Kind::Api => calls::answer(&case, model),
    });
    Answer {
        id,
        ..answer.unwrap_or_else(unreadable)
    }
}

/// The answer in the place of a case that cannot be read: what is wrong with it.
pub fn unreadable(problem: impl Into<String>) -> Answer {
    Answer::malformed(problem)
}
