//! Floor F2: the decision.
//!
//! Given who asks, what for, and every policy and grant that applies, this
//! floor decides, and says why as data. It knows nothing of accounts or
//! services: [`Question`] carries everything, already gathered. [`decide`] is
//! the entry; `procedure` holds the order of AWS's evaluation and the two
//! models, `evaluate` reads the policies, [`Permit`] is what an allow yields.

mod decision;
mod evaluate;
pub mod grant;
mod layer;
mod message;
mod model;
mod permit;
mod procedure;
mod question;

pub use decision::{Decision, Finding, OtherModel, StatementRef, Step, Verdict};
pub use grant::{Grant, GrantConstraints, GrantOperation};
pub use layer::{Layer, LayerVerdict};
pub use message::{denial_message, denial_message_in_organization};
pub use model::Model;
pub use permit::Permit;
pub use question::{Layers, NamedPolicy, Question, ResourceKind, Subject};

/// Decides `question`: every layer is evaluated, the decisive one marked.
pub fn decide(question: &Question<'_>) -> Decision {
    let readings = evaluate::read_layers(question);
    let outcome = procedure::combine(question, &readings, question.model);
    let other = procedure::combine(question, &readings, question.model.other());
    decision::assemble(question, readings, outcome, &other)
}
