//! Ending grants: revoking and retiring.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::life::Nothing;
use super::{error, reference};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::{Decision, Grant, GrantOperation, Layer, LayerVerdict, Permit, Verdict};
use crate::base::{Arn, GrantId};
use crate::policy::{PrincipalKind, Reach};
use crate::state::kms::{Key, KeyPlace};

/// Ends a grant at once. Authorized by key policy and IAM.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RevokeGrant {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// The grant's id.
    pub grant_id: String,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

impl Operation for RevokeGrant {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "RevokeGrant")
        .needs(&["kms:RevokeGrant"])
        .fails(&[
            "NotFoundException",
            "InvalidGrantIdException",
            "InvalidArnException",
        ]);

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::id_or_arn(view, &self.key_id)?;
        Ok(vec![
            reference::on_key(view, key, "kms:RevokeGrant")
                .with("kms:GrantIsForAWSResource", "false"),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let id = reference::id_or_arn(&cx.view(), &self.key_id)?.place();
        remove(cx, &id, &self.grant_id)
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({ "keyId": self.key_id, "grantId": self.grant_id }),
        )
    }
}

fn remove(cx: &mut Context<'_>, key: &KeyPlace, grant: &str) -> Result<Nothing, ApiError> {
    let key = reference::key_mut(cx, key)?;
    let unknown = || {
        error(
            "NotFoundException",
            format!("Grant {grant} of {} is not found", key.arn),
        )
    };
    let id = GrantId::parse(grant).map_err(|e| error("InvalidGrantIdException", e.to_string()))?;
    if !key.grants.contains_key(&id) {
        return Err(unknown());
    }
    key.grants.remove_mut(&id);
    Ok(Nothing {})
}

/// Ends a grant when its work is done: by its retiring principal, by the
/// account in which it was made, or by a grantee who holds `RetireGrant`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct RetireGrant {
    /// A token of the grant; this, or `KeyId` and `GrantId`.
    pub grant_token: Option<String>,
    /// The key ARN.
    pub key_id: Option<String>,
    /// The grant's id.
    pub grant_id: Option<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    pub dry_run: bool,
}

impl RetireGrant {
    fn find<'a>(&self, view: &View<'a>) -> Result<(&'a Key, &'a Arc<Grant>), ApiError> {
        if let Some(token) = &self.grant_token {
            return view
                .cloud
                .keys
                .values()
                .filter(|key| key.region == *view.region)
                .find_map(|key| {
                    let grant = key.grants.values().find(|g| g.tokens.contains(token))?;
                    Some((key, grant))
                })
                .ok_or_else(|| error("InvalidGrantTokenException", "no grant has this token"));
        }
        let (Some(key), Some(grant)) = (&self.key_id, &self.grant_id) else {
            return Err(ApiError::validation(
                Service::Kms,
                "give GrantToken, or KeyId and GrantId",
            ));
        };
        let key = reference::id_or_arn(view, key)?;
        let found = key.grants.values().find(|g| g.id.as_str() == grant);
        found.map(|grant| (key, grant)).ok_or_else(|| {
            error(
                "NotFoundException",
                format!("Grant {grant} of {} is not found", key.arn),
            )
        })
    }

    /// Source: KMS Developer Guide, "Retiring and revoking grants".
    fn may_retire(view: &View<'_>, grant: &Grant, decision: &Decision) -> bool {
        let principal = &view.caller.subject.principal;
        let own = |arn: &Arn| {
            [&principal.arn, &principal.issuer]
                .into_iter()
                .flatten()
                .any(|own| own == arn)
        };
        let by_name = grant.retiring.as_ref().is_some_and(own)
            || (grant.operations.contains(&GrantOperation::RetireGrant)
                && grant
                    .reach(principal)
                    .is_some_and(|reach| reach != Reach::Account));
        let root = principal.kind == PrincipalKind::Root;
        by_name || (Self::account_may_retire(view, grant) && (root || allowed_by_iam(decision)))
    }

    /// Whether the caller's account may retire the grant, and so its root user,
    /// and whom IAM policies of the account let do so.
    fn account_may_retire(view: &View<'_>, grant: &Grant) -> bool {
        let own =
            |arn: &Arn| arn.resource() == "root" && arn.account() == view.caller.account.as_str();
        view.caller.account == grant.issuing_account
            || grant.retiring.as_ref().is_some_and(own)
            || (grant.operations.contains(&GrantOperation::RetireGrant) && own(&grant.grantee))
    }
}

/// Whether the caller's identity side alone allows.
fn allowed_by_iam(decision: &Decision) -> bool {
    let said = |layer: Layer| decision.step(layer).map(|step| step.verdict);
    let passes = |layer: Layer| {
        matches!(
            said(layer),
            None | Some(LayerVerdict::Allow | LayerVerdict::NotSet)
        )
    };
    said(Layer::Identity) == Some(LayerVerdict::Allow)
        && passes(Layer::Boundary)
        && passes(Layer::Session)
}

impl Operation for RetireGrant {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "RetireGrant")
        .needs(&["kms:RetireGrant"])
        .fails(&[
            "NotFoundException",
            "InvalidGrantTokenException",
            "InvalidGrantIdException",
        ]);

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (key, grant) = self.find(view)?;
        let decision = crate::api::judge(view, &reference::on_key(view, key, "kms:RetireGrant"));
        let denied = decision.verdict == Verdict::ExplicitDeny;
        if denied || !Self::may_retire(view, grant, &decision) {
            return Err(ApiError::denied(Service::Kms, Arc::new(decision)).with_detail(
                "A grant is retired by its retiring principal, by a grantee who holds RetireGrant, \
                 or by the account in which it was made. Anyone with kms:RevokeGrant can revoke it.",
            ));
        }
        Ok(Vec::new())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let (key, grant) = self.find(&cx.view())?;
        let (key, grant) = (key.place(), grant.id.clone());
        remove(cx, &key, grant.as_str())
    }

    fn record(&self, view: &View<'_>) -> Record {
        let found = self.find(view).ok();
        let shown = json!({ "keyId": self.key_id, "grantId": found.map(|(_, g)| &g.id) });
        reference::record(found.map(|(key, _)| key), shown)
    }
}
