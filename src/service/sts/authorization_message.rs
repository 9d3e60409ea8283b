//! DecodeAuthorizationMessage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check_length, error};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Service, Target, View,
    decoded_message,
};
use crate::authz::Permit;

/// Says what stands in the encoded message of a denial: who asked for what, the
/// condition keys of the call, and the statement that denied, if one did. Only
/// the account whose principal was denied can decode it, and there only who is
/// allowed to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DecodeAuthorizationMessage {
    /// The text behind `Encoded authorization failure message:`, 1 to 10,240 characters.
    pub encoded_message: String,
}

/// A denial, in clear.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DecodedAuthorizationMessage {
    /// JSON: `allowed`, `explicitDeny`, `matchedStatements`, `failures` and `context`.
    pub decoded_message: String,
}

impl Operation for DecodeAuthorizationMessage {
    type Output = DecodedAuthorizationMessage;

    const SPEC: OperationSpec = OperationSpec::read(Service::Sts, "DecodeAuthorizationMessage")
        .needs(&["sts:DecodeAuthorizationMessage"])
        .fails(&["InvalidAuthorizationMessageException"]);

    fn validate(&self) -> Result<(), ApiError> {
        let message = Some(self.encoded_message.as_str());
        check_length("encodedMessage", message, 1, 10_240)
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new(
            "sts:DecodeAuthorizationMessage",
            Target::any(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let decoded = decoded_message(cx.cloud, &cx.caller.account, &self.encoded_message);
        decoded
            .map(|decoded_message| DecodedAuthorizationMessage { decoded_message })
            .ok_or_else(|| {
                error(
                    "InvalidAuthorizationMessageException",
                    400,
                    "Message is not valid",
                )
            })
    }
}
