//! Floor F6: the lab, the facade of every front end.
//!
//! [`Lab`] holds a cloud with its clock and randomness, makes calls in it, and
//! can be forked at no cost. On top of that stand the answers that are found by
//! trying: [`fix`](fn@fix) (repairs), [`requirements`](fn@requirements) (which
//! permissions a piece of work needs) and
//! [`failure_matrix`](fn@failure_matrix) (the table of the revision notes);
//! [`analysis`] asks about everybody at once. It knows neither scripts nor screens.

mod advice;
pub mod analysis;
mod attack;
mod call;
mod decide;
mod document_diff;
pub mod explain;
mod facade;
mod failure;
pub mod failure_matrix;
mod fix;
pub mod import;
mod least_policies;
mod least_privilege;
mod near_miss;
mod oidc;
mod proposals;
mod requirements;
mod saved;
pub mod scenario;
mod sentence;
mod sessions;
mod undo;

pub use attack::Opened;
pub use call::Call;
pub use facade::{Lab, LabOptions};
pub use failure::{DecidedStep, Failure};
pub use failure_matrix::failure_matrix;
pub use fix::{Change, Fixes, Repair, fix};
pub use least_policies::{ActorPolicy, GrantInstead, KeyPolicy, LeastPrivilege, Permission, Spare};
pub use least_privilege::{Trial, least_privilege};
pub use requirements::{Requirement, Requirements, requirements};
pub use saved::{FileError, real_path};
pub use sentence::{caller_label, closed_level, resource_label, sentence};
