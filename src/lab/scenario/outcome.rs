//! What a combination came to.

use serde::Serialize;

use crate::api::ApiError;
use crate::authz::{Layer, Verdict};

/// How the work of a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Outcome {
    /// The HTTP status.
    pub status: u16,
    /// The error's code, or `OK`.
    pub code: String,
    /// The permission that was refused, `service:Operation`.
    pub failed_action: Option<String>,
    /// The layer that decided the refusal.
    pub layer: Option<Layer>,
    /// Whether a statement denied, in place of none that allows.
    pub explicit: bool,
}

impl Outcome {
    /// The work succeeded.
    pub fn success() -> Self {
        Self {
            status: 200,
            code: "OK".to_owned(),
            failed_action: None,
            layer: None,
            explicit: false,
        }
    }

    /// The work ended with `error`.
    pub fn failure(error: &ApiError) -> Self {
        let decision = error.decision.as_deref();
        Self {
            status: error.status,
            code: error.code.clone(),
            failed_action: decision.map(|d| d.action.to_string()),
            layer: decision.and_then(|d| d.decisive),
            explicit: decision.is_some_and(|d| d.verdict == Verdict::ExplicitDeny),
        }
    }

    /// Whether the work succeeded.
    pub fn is_success(&self) -> bool {
        self.status < 400
    }

    /// What people call the deciding layer: `key policy`, `identity`.
    pub fn layer_name(&self) -> Option<&'static str> {
        let service = self
            .failed_action
            .as_deref()
            .unwrap_or_default()
            .split(':')
            .next();
        Some(match (self.layer?, service) {
            (Layer::Resource, Some("kms")) => "key policy",
            (Layer::Resource, Some("s3")) => "bucket policy",
            (Layer::Resource, Some("sts")) => "trust policy",
            (Layer::Resource, _) => "resource policy",
            (Layer::Session, _) => "session policy",
            (Layer::Scp, _) => "SCP",
            (Layer::Rcp, _) => "RCP",
            (Layer::Vpce, _) => "VPC endpoint",
            (layer, _) => layer.as_str(),
        })
    }

    /// `200`, `403 kms:Decrypt, key policy`, `404 NoSuchKey`.
    pub fn words(&self) -> String {
        let status = self.status;
        match (&self.failed_action, self.layer_name()) {
            _ if self.is_success() => status.to_string(),
            (Some(action), Some(layer)) if self.explicit => {
                format!("{status} {action}, Deny of {layer}")
            }
            (Some(action), Some(layer)) => format!("{status} {action}, {layer}"),
            (Some(action), None) => format!("{status} {action}"),
            _ => format!("{status} {}", self.code),
        }
    }
}
