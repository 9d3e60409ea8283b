//! The one place where a case is put to the engine: what `keychai simulate` answers.
//!
//! [`engine`] is what everything generated is compared with.

use keychai::authz::Model;
use keychai::simulate::{Answer, simulate};
use serde_json::Value;

use crate::naive;

/// The engine's verdict on `case` under `model`, or why the case cannot be put to it.
pub fn engine(case: &Value, model: &str) -> Result<naive::Verdict, String> {
    let answer = simulate(case, model.parse::<Model>()?);
    match answer {
        Answer {
            decision: "error",
            message,
            ..
        } => Err(message.unwrap_or_default()),
        // The verdict without a trace said no and the decision with one said yes.
        Answer {
            decision: "allow",
            failed_action: Some(action),
            ..
        } => Err(format!("the two ways to decide {action} differ")),
        answer => Ok(naive::Verdict {
            decision: answer.decision.to_owned(),
            layer: answer.layer.map(str::to_owned),
            failed_action: answer.failed_action,
        }),
    }
}

/// A member that is a text.
pub fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}
