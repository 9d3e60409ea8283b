//! What a case is answered with.

use serde::Serialize;
use serde_json::Value;

use crate::api::ApiError;
use crate::authz::{Decision, denial_message};
use crate::policy::PolicyError;

/// The code of an answer to a case that cannot be read.
const MALFORMED: &str = "MalformedCase";

/// The code of an answer to a case that does not say enough.
const UNDECIDABLE: &str = "UndecidableCase";

/// The answer to one case; a member that does not apply is `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The case's id.
    pub id: Value,
    /// `allow`, `implicit-deny`, `explicit-deny`, `error` or `ok`.
    pub decision: &'static str,
    /// The layer that a denial hangs on.
    pub layer: Option<&'static str>,
    /// The action that was denied.
    pub failed_action: Option<String>,
    /// AWS's error code.
    pub error_code: Option<String>,
    /// The HTTP status of an error.
    pub http_status: Option<u16>,
    /// AWS's text.
    pub message: Option<String>,
}

impl Answer {
    /// The call may go ahead.
    pub(super) fn allow() -> Self {
        Self {
            decision: "allow",
            ..Self::default()
        }
    }

    /// The document is accepted, or the call succeeds.
    pub(super) fn ok() -> Self {
        Self {
            decision: "ok",
            ..Self::default()
        }
    }

    /// A service refuses for another reason than want of permission.
    pub(super) fn error(code: &str, status: u16, message: impl Into<String>) -> Self {
        Self {
            decision: "error",
            error_code: Some(code.to_owned()),
            http_status: Some(status),
            message: Some(message.into()),
            ..Self::default()
        }
    }

    /// `decision` denies, and `service` tells the caller.
    pub(super) fn denied(decision: &Decision, service: &str) -> Self {
        let (code, status) = denial_of(service);
        Self {
            decision: decision.verdict.as_str(),
            layer: decision.decisive.map(|layer| layer.as_str()),
            failed_action: Some(decision.action.to_string()),
            ..Self::error(code, status, denial_message(decision, service))
        }
    }

    /// A service does not accept a document.
    pub(super) fn refused(error: &PolicyError) -> Self {
        Self::error(error.code(), error.http_status(), error.message())
    }

    /// What a call in a lab answered with.
    pub(super) fn failed(error: &ApiError) -> Self {
        let plain = Self::error(&error.code, error.status, error.message.as_str());
        match &error.decision {
            Some(decision) if !decision.is_allow() => Self {
                decision: decision.verdict.as_str(),
                layer: decision.decisive.map(|layer| layer.as_str()),
                failed_action: Some(decision.action.to_string()),
                ..plain
            },
            _ => plain,
        }
    }

    /// The case is not one.
    pub(super) fn malformed(problem: impl Into<String>) -> Self {
        Self::error(MALFORMED, 400, problem)
    }

    /// The case does not hold what its answer hangs on.
    pub(super) fn undecidable(problem: impl Into<String>) -> Self {
        Self::error(UNDECIDABLE, 400, problem)
    }

    /// Whether the case could not be read.
    pub fn is_malformed(&self) -> bool {
        self.error_code.as_deref() == Some(MALFORMED)
    }
}

/// The code and status with which the service of this prefix denies.
fn denial_of(service: &str) -> (&'static str, u16) {
    match service {
        "kms" | "glue" | "dynamodb" | "logs" | "secretsmanager" | "ssm" => {
            ("AccessDeniedException", 400)
        }
        _ => ("AccessDenied", 403),
    }
}
