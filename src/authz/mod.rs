//! Floor F2: the decision.
//!
//! Given who asks, what for, and every policy and grant that applies, this
//! floor decides, and says why as data. It knows nothing of accounts or
//! services: [`Question`] carries everything, already gathered. [`decide`] is
//! the entry and [`verdict`] its short form; `procedure` holds the order of AWS's
//! evaluation and the two models, `evaluate` reads the policies, `trace` keeps
//! what it found, [`Permit`] is what an allow yields.

mod decision;
mod evaluate;
mod finding;
pub mod grant;
mod layer;
mod message;
mod model;
mod permit;
mod policy_set;
mod prefix_map;
mod procedure;
mod question;
mod rcp_services;
mod signal;
mod statement_index;
mod trace;

pub use decision::{Decision, OtherModel, Step, Verdict};
pub use finding::{Finding, StatementRef};
pub use grant::{Grant, GrantConstraints, GrantOperation};
pub use layer::{Layer, LayerVerdict};
pub use message::{denial_message, denial_message_in_organization, foreign_key_message};
pub use model::Model;
pub use permit::Permit;
pub use policy_set::PolicySet;
pub use question::{Layers, NamedPolicy, Question, ResourceKind, Subject};

/// Decides `question`: every layer is evaluated, the decisive one marked.
pub fn decide(question: &Question<'_>) -> Decision {
    let mut tracer = trace::Tracer::new(question);
    let signals = evaluate::read_layers(question, &mut tracer);
    let outcome = procedure::combine(question, &signals, question.model);
    let other = procedure::combine(question, &signals, question.model.other());
    decision::assemble(question, &signals, tracer.into_trace(), &outcome, &other)
}

/// The verdict of [`decide`] and nothing else, as fast as it can be had.
///
/// Reads only the statements that can cover the question, and stops at a deny.
pub fn verdict(question: &Question<'_>) -> Verdict {
    let signals = evaluate::read_layers(question, &mut evaluate::Hasty::new(question));
    procedure::combine(question, &signals, question.model).verdict
}
