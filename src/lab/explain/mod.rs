//! What a real denial says, and what the policies of an account say about it.
//!
//! [`explain`](fn@explain) takes a pasted error message or CloudTrail events.
//! `message.rs` reads AWS's wordings, `event.rs` the records, `decide.rs` takes
//! the decision again in a lab and tries repairs. Without a lab the answer is
//! what the message itself tells, and what would be needed to decide.

mod advice;
mod decide;
mod event;
mod message;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

pub use message::Denial;

use super::{DecidedStep, Fixes, Lab};
use crate::authz::Decision;

/// The most events of one file that are explained.
const MOST_EVENTS: usize = 20;

/// The decision taken again on the account's policies.
#[derive(Clone, Debug, Serialize)]
pub struct Decided {
    /// The answer in one sentence.
    pub sentence: String,
    /// The decision with its layers, names put in for ids.
    #[serde(skip)]
    pub step: DecidedStep,
    /// The decision itself.
    pub decision: Arc<Decision>,
    /// Whether it is the verdict that AWS gave.
    pub agrees: bool,
    /// Repairs that were tried and work, smallest first.
    pub fixes: Fixes,
}

/// One denial, explained.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// What the message or event says.
    pub denial: Denial,
    /// What the account's policies say.
    pub decided: Option<Decided>,
    /// What the message itself tells, and what to look at.
    pub tells: Vec<String>,
    /// What would be needed to decide, or to decide it all.
    pub needed: Vec<String>,
}

/// All that was found in a pasted text.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Explanations {
    /// The denials.
    pub found: Vec<Explained>,
    /// What was passed over, and why.
    pub passed_over: Vec<String>,
}

/// Explains an error message, a CloudTrail event or a log file; with a lab, by
/// taking the decision again in it.
///
/// # Errors
/// A sentence if the text is neither a denial nor an event.
pub fn explain(text: &str, lab: Option<&Lab>) -> Result<Explanations, String> {
    let text = text.trim().trim_start_matches('\u{feff}');
    if text.is_empty() {
        return Err("there is nothing to explain: paste an error message or an event".to_owned());
    }
    if !text.starts_with(['{', '[']) {
        let denial = message::read(text).ok_or_else(|| unread(text))?;
        return Ok(Explanations {
            found: vec![one(denial, lab)],
            passed_over: Vec::new(),
        });
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        format!(
            "this begins like JSON and is none: line {}, column {}: {error}",
            error.line(),
            error.column()
        )
    })?;
    of_records(&event::records(&value), lab)
}

fn unread(text: &str) -> String {
    let first: String = text.chars().take(80).collect();
    format!(
        "`{first}` is no denial whose wording keychai knows, and no JSON: paste the whole message, \
         from `User:` or `An error occurred` on, or the CloudTrail event"
    )
}

fn of_records(records: &[Value], lab: Option<&Lab>) -> Result<Explanations, String> {
    if records.is_empty() {
        return Err("this is JSON and no CloudTrail event: it has no `eventName`".to_owned());
    }
    let mut all = Explanations::default();
    let mut succeeded = 0;
    for record in records {
        match event::denial(record) {
            Some(denial) if all.found.len() < MOST_EVENTS => all.found.push(one(denial, lab)),
            Some(_) => {}
            None if records.len() == 1 => all.found.push(one(event::call(record), lab)),
            None => succeeded += 1,
        }
    }
    if succeeded > 0 {
        let text = format!("{succeeded} events are no denials");
        all.passed_over.push(text);
    }
    let denials = records
        .iter()
        .filter(|r| event::denial(r).is_some())
        .count();
    if denials > MOST_EVENTS {
        let text = format!("{} more denials are not shown", denials - MOST_EVENTS);
        all.passed_over.push(text);
    }
    Ok(all)
}

fn one(denial: Denial, lab: Option<&Lab>) -> Explained {
    let (decided, mut needed) = match lab {
        Some(lab) => decide::again(lab, &denial),
        None => (None, advice::without_account(&denial)),
    };
    needed.extend(advice::unsaid(&denial));
    Explained {
        tells: advice::tells(&denial),
        denial,
        decided,
        needed,
    }
}
