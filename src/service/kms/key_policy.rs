//! The key policy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::life::Nothing;
use super::{error, reference};
use crate::api::{
    AccessRequest, ApiError, Caller, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::AccountId;
use crate::policy::{Effect, Policy, PolicyKind, Request, RequestContext};
use crate::service::principals::{shown, unique_id_resolver};

/// The longest key policy, in bytes.
const MAX_POLICY_BYTES: usize = 32_768;

/// The default key policy: the account's IAM policies decide.
///
/// Source: KMS Developer Guide, "Default key policy".
pub fn default_policy(account: &AccountId) -> String {
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}

/// Compiles a key policy and binds its principals to the entities that exist now.
pub(super) fn bound_policy(cx: &Context<'_>, text: Option<&str>) -> Result<Policy, ApiError> {
    let default;
    let text = match text {
        Some(text) => text,
        None => {
            default = default_policy(&cx.caller.account);
            &default
        }
    };
    if text.len() > MAX_POLICY_BYTES {
        return Err(error(
            "LimitExceededException",
            format!(
                "a key policy has at most {MAX_POLICY_BYTES} bytes; this one has {}",
                text.len()
            ),
        ));
    }
    let policy =
        Policy::parse(PolicyKind::Key, text).map_err(|e| ApiError::policy(Service::Kms, &e))?;
    policy
        .bind(&mut unique_id_resolver(cx.cloud))
        .map_err(|e| ApiError::policy(Service::Kms, &e))
}

/// Whether `caller` could change the policy again once it is `policy`.
///
/// Source: KMS Developer Guide, "Default key policy", the lockout safety check.
pub(super) fn check_lockout(caller: &Caller, policy: &Policy) -> Result<(), ApiError> {
    let context = RequestContext::new();
    let principal = &caller.subject.principal;
    let request = Request::new("kms:PutKeyPolicy", "*", principal, &context);
    let matches = |effect: Effect| {
        policy
            .statements()
            .iter()
            .any(|s| s.effect() == effect && s.matches(&request).is_some())
    };
    if matches(Effect::Allow) && !matches(Effect::Deny) {
        return Ok(());
    }
    Err(error(
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    .with_detail(format!(
        "Add a statement that allows kms:PutKeyPolicy to {} or to its account, or pass \
         BypassPolicyLockoutSafetyCheck.",
        caller.arn().unwrap_or("the caller")
    )))
}

/// Replaces the key policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutKeyPolicy {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// `default`, the only name there is.
    #[serde(default)]
    pub policy_name: Option<String>,
    /// The policy, as JSON text of at most 32,768 bytes.
    pub policy: String,
    /// Skips the check that the caller can still change the key policy.
    #[serde(default)]
    pub bypass_policy_lockout_safety_check: bool,
}

impl Operation for PutKeyPolicy {
    type Output = Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "PutKeyPolicy")
        .needs(&["kms:PutKeyPolicy"])
        .fails(&[
            "NotFoundException",
            "MalformedPolicyDocumentException",
            "LimitExceededException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_policy_name(self.policy_name.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:PutKeyPolicy")?;
        Ok(vec![reference::on_key(view, key, "kms:PutKeyPolicy").with(
            "kms:BypassPolicyLockoutSafetyCheck",
            self.bypass_policy_lockout_safety_check.to_string(),
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let id = reference::id_or_arn(&cx.view(), &self.key_id)?.place();
        let policy = bound_policy(cx, Some(&self.policy))?;
        if !self.bypass_policy_lockout_safety_check {
            check_lockout(cx.caller, &policy)?;
        }
        reference::key_mut(cx, &id)?.policy = policy;
        Ok(Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({
                "keyId": self.key_id, "policyName": "default", "policy": self.policy,
                "bypassPolicyLockoutSafetyCheck": self.bypass_policy_lockout_safety_check,
            }),
        )
    }
}

fn check_policy_name(name: Option<&str>) -> Result<(), ApiError> {
    match name {
        None | Some("default") => Ok(()),
        Some(other) => Err(error(
            "NotFoundException",
            format!("No such policy exists: `{other}`; a key has one policy, named `default`"),
        )),
    }
}

/// Reads the key policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetKeyPolicy {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// `default`, the only name there is.
    #[serde(default)]
    pub policy_name: Option<String>,
}

/// A key policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyPolicyText {
    /// The policy, as JSON text.
    pub policy: String,
    /// `default`.
    pub policy_name: &'static str,
}

impl Operation for GetKeyPolicy {
    type Output = KeyPolicyText;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "GetKeyPolicy")
        .needs(&["kms:GetKeyPolicy"])
        .fails(&["NotFoundException", "InvalidArnException"]);

    fn validate(&self) -> Result<(), ApiError> {
        check_policy_name(self.policy_name.as_deref())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:GetKeyPolicy")?;
        Ok(vec![reference::on_key(view, key, "kms:GetKeyPolicy")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        Ok(KeyPolicyText {
            policy: shown(view.cloud, &key.policy),
            policy_name: "default",
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({ "keyId": self.key_id, "policyName": "default" }),
        )
    }
}

/// Lists the names of the key policies; there is one, `default`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListKeyPolicies {
    /// The key: an id or a key ARN.
    pub key_id: String,
}

/// The names of the key policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyNames {
    /// The names.
    pub policy_names: Vec<&'static str>,
    /// Whether there are more; never.
    pub truncated: bool,
}

impl Operation for ListKeyPolicies {
    type Output = PolicyNames;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "ListKeyPolicies")
        .needs(&["kms:ListKeyPolicies"])
        .fails(&["NotFoundException", "InvalidArnException"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:ListKeyPolicies")?;
        Ok(vec![reference::on_key(view, key, "kms:ListKeyPolicies")])
    }

    fn execute(self, _cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        Ok(PolicyNames {
            policy_names: vec!["default"],
            truncated: false,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}
