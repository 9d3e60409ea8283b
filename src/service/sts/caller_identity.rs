//! GetCallerIdentity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{AccessRequest, ApiError, Context, Operation, OperationSpec, Service, View};
use crate::authz::Permit;
use crate::base::AccountId;

/// Says who the caller is. Everyone may ask, whatever policies say.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetCallerIdentity {}

/// Who the caller is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CallerIdentity {
    /// `AIDA…` for a user, `AROA…:session` for a session of a role, the account for the root user.
    pub user_id: String,
    /// The account.
    pub account: AccountId,
    /// The ARN; for a session of a role that of the session.
    pub arn: String,
}

impl Operation for GetCallerIdentity {
    type Output = CallerIdentity;

    const SPEC: OperationSpec = OperationSpec::read(Service::Sts, "GetCallerIdentity");

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(Vec::new())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        Ok(CallerIdentity {
            user_id: cx.caller.user_id(),
            account: cx.caller.account.clone(),
            arn: cx.caller.arn().unwrap_or_default().to_owned(),
        })
    }
}
