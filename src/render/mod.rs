//! Floor F7: one neutral model, many outputs, which therefore cannot disagree.
//!
//! A [`Table`], a [`Report`] or a [`Diagram`] is built once and then written as
//! terminal text, HTML, Markdown, JSON, CSV or SVG. What a cell says is settled
//! in the model, marks included ([`Tone`]); the writers choose only how it
//! looks. Text that comes from outside is made harmless when it enters a
//! [`Text`], so no writer can forget to do it.
//!
//! The model deliberately knows no AWS type, no terminal, no environment
//! variable and no Jupyter message. Start with [`text`], then [`table`] and
//! [`report`]; [`Rendered`] bundles the forms that a notebook shows. What the
//! lab answers (decisions, failures, the matrix) is put into the model by one
//! file each, which alone know the lab's types.

mod clauses;
mod csv;
mod decision;
pub mod diagram;
mod diff;
mod envelope;
mod explain;
mod failure;
mod findings;
mod html;
mod import;
mod json;
mod least_privilege;
mod markdown;
mod matrix;
mod rendered;
pub mod report;
mod requirements;
#[cfg(test)]
mod samples;
mod scenario;
pub mod table;
mod terminal;
mod terminal_report;
#[cfg(test)]
mod tests;
pub mod text;
mod who;
mod wrap;

pub use clauses::clauses_table;
pub use decision::decision_report;
pub use diagram::{Diagram, Graph};
pub use diff::diff_report;
pub use envelope::{Envelope, Lengths};
pub use explain::explain_report;
pub use failure::{failure_facts, failure_json, failure_report, fixes_report, success_report};
pub use findings::{counted, findings_report};
pub(crate) use html::escaped;
pub use import::import_report;
pub use least_privilege::least_privilege_report;
pub use matrix::failure_matrix_table;
pub use rendered::Rendered;
pub use report::{Block, DiffLine, Report};
pub use requirements::requirements_table;
pub use scenario::{scenario_json, scenario_rows_table, scenario_table};
pub use table::{Align, Column, Priority, Row, Table};
pub use terminal::{Destination, TextOptions};
pub use text::{Span, Style, Text, Tone};
pub use who::{what_can_table, who_can_graph, who_can_report, who_can_table};
