//! Listing keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, KeyId};

/// Lists the keys of the account in this Region.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListKeys {
    /// At most this many, 1 to 1000; 100 by default.
    pub limit: Option<u32>,
    /// The `NextMarker` of the page before.
    pub marker: Option<String>,
}

/// One key of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyListEntry {
    /// The key's id.
    pub key_id: KeyId,
    /// The key's ARN.
    pub key_arn: Arn,
}

/// A page of keys.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<KeyListEntry>,
    /// Whether there are more.
    pub truncated: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl Operation for ListKeys {
    type Output = KeyList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListKeys")
        .needs(&["kms:ListKeys"])
        .fails(&["InvalidMarkerException"]);

    fn validate(&self) -> Result<(), ApiError> {
        match self.limit {
            Some(limit) if !(1..=1000).contains(&limit) => Err(ApiError::validation(
                Service::Kms,
                format!("`{limit}` is not a limit: it is between 1 and 1000"),
            )),
            _ => Ok(()),
        }
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![AccessRequest::new("kms:ListKeys", Target::any())])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let limit = self.limit.unwrap_or(100) as usize;
        let mut own = cx
            .cloud
            .keys
            .values()
            .filter(|k| k.account == cx.caller.account && k.region == cx.region)
            .filter(|k| {
                self.marker
                    .as_deref()
                    .is_none_or(|marker| k.id.as_str() > marker)
            });
        let keys: Vec<KeyListEntry> = own
            .by_ref()
            .take(limit)
            .map(|k| KeyListEntry {
                key_id: k.id.clone(),
                key_arn: k.arn.clone(),
            })
            .collect();
        let truncated = own.next().is_some();
        let next_marker = keys
            .last()
            .filter(|_| truncated)
            .map(|k| k.key_id.to_string());
        Ok(KeyList {
            keys,
            truncated,
            next_marker,
        })
    }
}
