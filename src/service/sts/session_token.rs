//! GetSessionToken.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::session::{SessionCredentials, issue};
use super::{access_denied, check_duration, check_mfa};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::state::credential::{Owner, Session, SessionKind};

/// How long a session lasts unless the request says otherwise, in seconds.
const DEFAULT_SECONDS: i64 = 43_200;

/// How long a session of the root user lasts at most, in seconds.
pub(super) const ROOT_SECONDS: i64 = 3600;

/// Temporary credentials for the calling user itself. They need no permission,
/// only long-term credentials; without a second factor they cannot call IAM,
/// and in STS only AssumeRole and GetCallerIdentity.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct GetSessionToken {
    /// How long they last, 900 to 129,600 seconds; 43,200 by default. The root
    /// user's last an hour at most, however long was asked for.
    pub duration_seconds: Option<i64>,
    /// The caller's MFA device; the lab has none.
    pub serial_number: Option<String>,
    /// The code that the MFA device shows.
    pub token_code: Option<String>,
}

/// Temporary credentials of a user.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SessionToken {
    /// The credentials.
    pub credentials: SessionCredentials,
}

/// Only long-term credentials can ask.
fn refused() -> ApiError {
    access_denied("Cannot call GetSessionToken with session credentials")
}

impl GetSessionToken {
    /// Source: STS API Reference, GetSessionToken, `DurationSeconds`.
    fn seconds(&self, kind: &SessionKind) -> i64 {
        let seconds = self.duration_seconds.unwrap_or(DEFAULT_SECONDS);
        match kind {
            SessionKind::Root(_) => seconds.min(ROOT_SECONDS),
            _ => seconds,
        }
    }
}

impl Operation for GetSessionToken {
    type Output = SessionToken;

    const SPEC: OperationSpec = OperationSpec::read(Service::Sts, "GetSessionToken");

    fn validate(&self) -> Result<(), ApiError> {
        check_duration(self.duration_seconds, 129_600)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        if view.caller.is_temporary() {
            return Err(refused());
        }
        check_mfa(self.serial_number.as_deref(), self.token_code.as_deref())?;
        Ok(Vec::new())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let kind = match cx.caller.owner.clone() {
            Owner::Root(account) => SessionKind::Root(account),
            Owner::User { account, name, id } => SessionKind::User { account, name, id },
            Owner::Session(_) | Owner::Anonymous | Owner::WebIdentity(_) => {
                return Err(refused());
            }
        };
        let seconds = self.seconds(&kind);
        let session = Session {
            kind,
            issued: cx.now(),
            mfa: false,
            policies: None,
            tags: BTreeMap::new(),
            transitive_tag_keys: BTreeSet::new(),
            source_identity: None,
            web_identity: None,
            service: None,
        };
        Ok(SessionToken {
            credentials: issue(cx.cloud, cx.effects, session, seconds),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({ "durationSeconds": self.duration_seconds }))
    }

    fn response_elements(output: &Self::Output) -> Value {
        json!({ "credentials": output.credentials.recorded() })
    }
}
