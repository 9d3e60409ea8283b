//! Making and describing keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::key_policy::{bound_policy, check_lockout};
use super::kind::{self, enum_value};
use super::material::make_material;
use super::metadata::KeyMetadata;
use super::new_key::{Blank, new_key};
use super::tags::{Tag, check_tags, making_with};
use super::{error, not_pending_deletion, reference};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::crypto::key_spec::{AwsName as _, KeySpec, KeyUsage, Origin};
use crate::state::kms::KeyManager;
use crate::state::trail::EventResource;

/// Makes a key: a symmetric encryption key, or what `KeySpec` and `KeyUsage` say. Without `Policy` the key gets the default
/// key policy, which leaves access to the account's IAM policies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct CreateKey {
    /// The key policy, as JSON text.
    pub policy: Option<String>,
    /// A description, up to 8192 characters.
    pub description: String,
    /// `ENCRYPT_DECRYPT`, `SIGN_VERIFY`, `GENERATE_VERIFY_MAC`, `KEY_AGREEMENT` or
    /// `ENCAPSULATE_DECAPSULATE`; may be left out for a symmetric encryption key.
    pub key_usage: Option<String>,
    /// `SYMMETRIC_DEFAULT` (default); `HMAC_224`, `HMAC_256`, `HMAC_384`, `HMAC_512`; `RSA_2048`,
    /// `RSA_3072`, `RSA_4096`; `ECC_NIST_P256`, `ECC_NIST_P384`, `ECC_NIST_P521`,
    /// `ECC_SECG_P256K1`, `ECC_NIST_EDWARDS25519`; `ML_DSA_44`, `ML_DSA_65`, `ML_DSA_87`;
    /// `ML_KEM_512`, `ML_KEM_768`, `ML_KEM_1024`.
    pub key_spec: Option<String>,
    /// `AWS_KMS` (default), or `EXTERNAL` for a key whose material is to be imported.
    pub origin: Option<String>,
    /// A custom key store, which the lab does not have.
    pub custom_key_store_id: Option<String>,
    /// A key of an external key store, which the lab does not have.
    pub xks_key_id: Option<String>,
    /// Tags, at most 50.
    pub tags: Vec<Tag>,
    /// Skips the check that the caller can still change the key policy.
    pub bypass_policy_lockout_safety_check: bool,
    /// Makes the primary key of a multi-Region key, which `ReplicateKey` copies to other Regions.
    pub multi_region: bool,
}

/// The answer of operations that describe one key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyDescription {
    /// The key.
    pub key_metadata: KeyMetadata,
}

/// Source: KMS API Reference, `CreateKey`, `Description`.
pub(super) fn check_description(description: &str) -> Result<(), ApiError> {
    if description.chars().count() <= 8192 {
        return Ok(());
    }
    Err(ApiError::validation(
        Service::Kms,
        "1 validation error detected: Value at 'description' failed to satisfy constraint: \
         Member must have length less than or equal to 8192",
    ))
}

impl CreateKey {
    fn kind(&self) -> Result<(KeySpec, KeyUsage), ApiError> {
        kind::asked_for(self.key_spec.as_deref(), self.key_usage.as_deref())
    }

    fn origin(&self) -> Result<Origin, ApiError> {
        let store = self
            .custom_key_store_id
            .as_ref()
            .or(self.xks_key_id.as_ref());
        let origin = match &self.origin {
            Some(text) => enum_value("origin", text)?,
            None => Origin::AWS_KMS,
        };
        if store.is_none() && matches!(origin, Origin::AWS_KMS | Origin::EXTERNAL) {
            return Ok(origin);
        }
        Err(error("UnsupportedOperationException", "").with_detail(
            "This lab has no custom key stores: leave CustomKeyStoreId and XksKeyId out, and \
             Origin at AWS_KMS or EXTERNAL.",
        ))
    }
}

impl Operation for CreateKey {
    type Output = KeyDescription;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "CreateKey")
        .needs(&["kms:CreateKey", "kms:TagResource"])
        .fails(&[
            "MalformedPolicyDocumentException",
            "UnsupportedOperationException",
            "TagException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.kind()?;
        self.origin()?;
        check_description(&self.description)?;
        check_tags(&self.tags)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let (spec, usage) = self.kind()?;
        let mut target = Target::any();
        target.owner = Some(view.caller.account.clone());
        let request = AccessRequest::new("kms:CreateKey", target)
            .with("kms:KeySpec", spec.as_str())
            .with("kms:KeyUsage", usage.as_str())
            .with("kms:KeyOrigin", self.origin()?.as_str())
            .with("kms:MultiRegion", self.multi_region.to_string())
            .with_some(
                "kms:MultiRegionKeyType",
                self.multi_region.then_some("PRIMARY"),
            )
            .with(
                "kms:BypassPolicyLockoutSafetyCheck",
                self.bypass_policy_lockout_safety_check.to_string(),
            );
        let (account, region) = (&view.caller.account, view.region.as_str());
        Ok(making_with(request, account, region, &self.tags))
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let ((spec, usage), origin) = (self.kind()?, self.origin()?);
        let policy = bound_policy(cx, self.policy.as_deref())?;
        if !self.bypass_policy_lockout_safety_check {
            check_lockout(cx.caller, &policy)?;
        }
        let tags = self
            .tags
            .into_iter()
            .map(|t| (t.tag_key, t.tag_value))
            .collect();
        let blank = Blank {
            description: self.description,
            tags,
            spec,
            usage,
            origin,
            multi_region: self.multi_region,
            ..Blank::of(KeyManager::Customer, policy)
        };
        let mut key = new_key(cx, blank);
        if origin == Origin::AWS_KMS {
            make_material(cx, &mut key)?;
        }
        cx.cloud.keys.insert_mut(key.place(), key.clone());
        let key_metadata = KeyMetadata::of(cx.cloud, &key);
        Ok(KeyDescription { key_metadata })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        let kind = self.kind().ok();
        Record::of(json!({
            "description": self.description, "keyUsage": kind.map(|(_, usage)| usage),
            "keySpec": kind.map(|(spec, _)| spec), "origin": self.origin().ok(), "policy": self.policy,
            "bypassPolicyLockoutSafetyCheck": self.bypass_policy_lockout_safety_check,
            "multiRegion": self.multi_region,
        }))
    }

    fn made(output: &Self::Output) -> Vec<EventResource> {
        let key = &output.key_metadata;
        vec![EventResource {
            arn: key.arn.to_string(),
            account_id: key.aws_account_id.clone(),
            kind: "AWS::KMS::Key".into(),
        }]
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({ "keyMetadata": { "keyId": output.key_metadata.key_id, "arn": output.key_metadata.arn } })
    }
}

/// Describes a key. Takes a key id, a key ARN, an alias name or an alias ARN.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeKey {
    /// The key.
    pub key_id: String,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
}

impl Operation for DescribeKey {
    type Output = KeyDescription;

    const SPEC: OperationSpec = OperationSpec::read(Service::Kms, "DescribeKey")
        .needs(&["kms:DescribeKey"])
        .fails(&["NotFoundException", "InvalidArnException"]);

    fn validate(&self) -> Result<(), ApiError> {
        super::check_grant_tokens(&self.grant_tokens)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let named = reference::any(view, &self.key_id)?;
        let mut request = reference::request(view, &named, "kms:DescribeKey");
        request.grant_tokens.clone_from(&self.grant_tokens);
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let named = reference::any(&view, &self.key_id)?;
        Ok(KeyDescription {
            key_metadata: KeyMetadata::of(view.cloud, named.key),
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
        reference::record(key, json!({ "keyId": self.key_id }))
    }
}

/// Changes the description of a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateKeyDescription {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// The new description, up to 8192 characters.
    pub description: String,
}

impl Operation for UpdateKeyDescription {
    type Output = super::life::Nothing;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "UpdateKeyDescription")
        .needs(&["kms:UpdateKeyDescription"])
        .fails(&[
            "NotFoundException",
            "InvalidArnException",
            "KMSInvalidStateException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        check_description(&self.description)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:UpdateKeyDescription")?;
        Ok(vec![reference::on_key(
            view,
            key,
            "kms:UpdateKeyDescription",
        )])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let key = reference::id_or_arn(&cx.view(), &self.key_id)?;
        not_pending_deletion(key)?;
        let place = key.place();
        reference::key_mut(cx, &place)?.description = self.description;
        Ok(super::life::Nothing {})
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({ "keyId": self.key_id, "description": self.description }),
        )
    }
}
