//! Floor F1: the policy language of IAM.
//!
//! A [`Policy`] is read from its text once, checked as the service that stores
//! it would, and compiled; a [`Statement`] then answers whether it covers a
//! [`Request`], and how it names the caller, or explains itself clause by
//! clause. The floor deliberately knows no AWS state and takes no decision:
//! whether a user exists, which policies apply and what several statements add
//! up to is for others. Start with [`Policy::parse`] and [`Statement::matches`].
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language".

mod action;
mod arn_pattern;
mod builder;
mod check;
mod clause;
mod condition;
mod context;
mod context_keys;
mod control;
mod document;
pub mod edit;
mod error;
mod explain;
mod fault;
mod json;
mod kept;
mod kind;
pub mod lint;
mod operator;
mod principal;
mod principal_element;
mod public;
mod raw;
mod request;
mod resource;
mod statement;
mod template;
mod value;

pub use action::ActionPattern;
pub use builder::{PolicyBuilder, PrincipalLabel, StatementDraft};
pub use clause::{Clause, Element, Outcome};
pub use condition::Condition;
pub use context::{ContextValue, RequestContext};
pub use document::Policy;
pub use error::{Place, PolicyError};
pub use explain::Judgement;
pub use kind::PolicyKind;
pub use operator::{Comparison, Operator, Quantifier};
pub use principal::{Principal, PrincipalKind, Reach};
pub use principal_element::{PrincipalElement, PrincipalForm, PrincipalPattern, Resolution};
pub use request::Request;
pub use resource::ResourcePattern;
pub use statement::{Effect, Listing, Statement};
