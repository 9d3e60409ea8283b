//! Listing grants.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::grants::principal_arn;
use super::page::{Page, Paged};
use super::{error, reference};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::{Grant, GrantConstraints, GrantOperation, Permit};
use crate::base::{Arn, GrantId, Timestamp};
use crate::state::kms::Key;

/// Lists the grants of a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListGrants {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// Only this grant.
    #[serde(default)]
    pub grant_id: Option<String>,
    /// Only the grants of this grantee.
    #[serde(default)]
    pub grantee_principal: Option<String>,
    /// At most this many, 1 to 100; 50 by default.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The `NextMarker` of the page before.
    #[serde(default)]
    pub marker: Option<String>,
}

fn page(limit: Option<u32>, marker: Option<&String>) -> Page<'_> {
    Page {
        limit,
        marker: marker.map(String::as_str),
        default: 50,
        max: 100,
    }
}

/// The page of `grants` that is asked for, oldest first.
fn listed(page: Page<'_>, mut grants: Vec<(&Key, &Arc<Grant>)>) -> Result<GrantList, ApiError> {
    grants.sort_by(|(_, a), (_, b)| (a.created, &a.id).cmp(&(b.created, &b.id)));
    let place =
        |(_, grant): &(&Key, &Arc<Grant>)| format!("{:020} {}", grant.created.millis(), grant.id);
    let Paged { items, next_marker } = page.of(grants, place)?;
    Ok(GrantList {
        grants: items
            .into_iter()
            .map(|(key, grant)| entry(key, grant))
            .collect(),
        truncated: next_marker.is_some(),
        next_marker,
    })
}

/// One grant of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GrantListEntry {
    /// The ARN of the key.
    pub key_id: Arn,
    /// The grant's id.
    pub grant_id: GrantId,
    /// The grant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was made.
    pub creation_date: Timestamp,
    /// Who may use the key.
    pub grantee_principal: Arn,
    /// Who may retire the grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retiring_principal: Option<Arn>,
    /// The account in which it was made.
    pub issuing_account: String,
    /// What the grantee may do.
    pub operations: Vec<GrantOperation>,
    /// For which encryption contexts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<GrantConstraints>,
}

/// A page of grants.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GrantList {
    /// The grants.
    pub grants: Vec<GrantListEntry>,
    /// Whether there are more.
    pub truncated: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl Operation for ListGrants {
    type Output = GrantList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListGrants")
        .needs(&["kms:ListGrants"])
        .fails(&[
            "NotFoundException",
            "InvalidGrantIdException",
            "InvalidArnException",
            "InvalidMarkerException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        page(self.limit, self.marker.as_ref()).check()
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::id_or_arn(view, &self.key_id)?;
        Ok(vec![
            reference::on_key(view, key, "kms:ListGrants")
                .with("kms:GrantIsForAWSResource", "false"),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        let grants = key
            .grants
            .values()
            .filter(|g| {
                self.grant_id
                    .as_deref()
                    .is_none_or(|id| g.id.as_str() == id)
            })
            .filter(|g| {
                self.grantee_principal
                    .as_deref()
                    .is_none_or(|arn| g.grantee.as_str() == arn)
            })
            .map(|grant| (key, grant))
            .collect();
        listed(page(self.limit, self.marker.as_ref()), grants)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}

fn entry(key: &Key, grant: &Grant) -> GrantListEntry {
    GrantListEntry {
        key_id: key.arn.clone(),
        grant_id: grant.id.clone(),
        name: grant.name.clone(),
        creation_date: grant.created,
        grantee_principal: grant.grantee.clone(),
        retiring_principal: grant.retiring.clone(),
        issuing_account: format!("arn:aws:iam::{}:root", grant.issuing_account),
        operations: grant.operations.iter().copied().collect(),
        constraints: grant.constraints.clone(),
    }
}

/// Lists the grants that a principal of the caller's account may retire, on
/// keys of every account. Authorized by IAM policies alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListRetirableGrants {
    /// The retiring principal: an ARN of the caller's account.
    pub retiring_principal: String,
    /// At most this many, 1 to 100; 50 by default.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The `NextMarker` of the page before.
    #[serde(default)]
    pub marker: Option<String>,
}

impl Operation for ListRetirableGrants {
    type Output = GrantList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListRetirableGrants")
        .needs(&["kms:ListRetirableGrants"])
        .fails(&["InvalidArnException", "InvalidMarkerException"]);

    fn validate(&self) -> Result<(), ApiError> {
        page(self.limit, self.marker.as_ref()).check()?;
        principal_arn(&self.retiring_principal, "retiringPrincipal").map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let mut target = Target::any();
        target.owner = Some(view.caller.account.clone());
        Ok(vec![AccessRequest::new("kms:ListRetirableGrants", target)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let retiring = principal_arn(&self.retiring_principal, "retiringPrincipal")?;
        if retiring.account() != cx.caller.account.as_str() {
            let text = format!("ARN {retiring} does not name a principal of this account");
            return Err(error("InvalidArnException", text));
        }
        let view = cx.view();
        let keys = view.cloud.keys.values();
        let found = keys
            .filter(|key| key.region == *view.region)
            .flat_map(|key| key.grants.values().map(move |grant| (key, grant)))
            .filter(|(_, grant)| grant.retiring.as_ref() == Some(&retiring))
            .collect();
        listed(page(self.limit, self.marker.as_ref()), found)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({ "retiringPrincipal": self.retiring_principal }))
    }
}
