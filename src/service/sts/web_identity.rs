//! AssumeRoleWithWebIdentity.
//!
//! `token.rs` says whom the token speaks of; the role's trust policy
//! says whether they may have the role.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::assume_role::{AssumedRoleUser, DEFAULT_SECONDS, role_by_arn, within_role};
use super::session::{SessionCredentials, issue};
use super::session_policy::{self, PolicyDescriptor};
use super::token::{self, Token};
use super::{access_denied, check_characters, check_duration, check_length, error};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn, Timestamp};
use crate::service::iam::event_value;
use crate::service::iam::tags::with_request_tags;
use crate::state::Cloud;
use crate::state::credential::{Owner, Session};
use crate::state::iam::Role;

/// The action that the role's trust policy has to allow.
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// Assumes a role with a token of an OpenID Connect issuer; the call is not
/// signed. The role's account must know the issuer as an OIDC provider, with
/// the token's audience among its client ids, and the role's trust policy must
/// admit it: by its `Federated` principal and the conditions on the token's claims.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AssumeRoleWithWebIdentity {
    /// The role's ARN.
    pub role_arn: String,
    /// A name for the session, 2 to 64 characters; it becomes part of the session's ARN.
    pub role_session_name: String,
    /// The token, as its issuer gave it.
    pub web_identity_token: String,
    /// For access tokens of Login with Amazon and Facebook, which the lab has
    /// not; leave it out for OpenID Connect.
    pub provider_id: Option<String>,
    /// Managed policies that serve as session policies, at most 10.
    #[serde(default)]
    pub policy_arns: Vec<PolicyDescriptor>,
    /// A session policy, as JSON text: it narrows what the session may do.
    pub policy: Option<String>,
    /// How long the session lasts, 900 to 43,200 seconds (3,600 by default), at
    /// most as long as the role allows.
    pub duration_seconds: Option<i64>,
}

/// A session of a role, begun with a token.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct WebIdentitySession {
    /// The credentials.
    pub credentials: SessionCredentials,
    /// The token's claim `sub`.
    pub subject_from_web_identity_token: String,
    /// The session.
    pub assumed_role_user: AssumedRoleUser,
    /// How much of the packed size the session policies take, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packed_policy_size: Option<usize>,
    /// The IAM OIDC provider that vouched.
    pub provider: String,
    /// The token's claim `aud`.
    pub audience: String,
    /// The source identity, if the token sets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
}

fn refused() -> ApiError {
    access_denied(format!("Not authorized to perform {ACTION}"))
}

impl AssumeRoleWithWebIdentity {
    fn arn(&self) -> Result<Arn, ApiError> {
        Arn::parse(&self.role_arn).map_err(|_| {
            super::validation(format!("{} is invalid", self.role_arn))
                .with_detail("The ARN of a role is `arn:aws:iam::111122223333:role/Name`.")
        })
    }

    /// Who must not learn whether a role exists gets the same text as who may not have it.
    fn role<'a>(&self, cloud: &'a Cloud) -> Result<(&'a Role, &'a AccountId), ApiError> {
        role_by_arn(cloud, &self.arn()?).ok_or_else(refused)
    }

    /// The token, checked: its issuer, signature, time and audience.
    fn token(&self, cloud: &Cloud, now: Timestamp) -> Result<Token, ApiError> {
        if let Some(provider) = &self.provider_id {
            let text = format!("The identity provider {provider} could not be reached.");
            return Err(error("IDPCommunicationError", 400, text).with_detail(
                "The lab has OpenID Connect issuers alone: leave `ProviderId` out for them.",
            ));
        }
        let account = cloud.account_of(&self.arn()?).ok_or_else(refused)?;
        token::checked(cloud, account, &self.web_identity_token, now)
    }
}

impl Operation for AssumeRoleWithWebIdentity {
    type Output = WebIdentitySession;

    const SPEC: OperationSpec = OperationSpec::write(Service::Sts, "AssumeRoleWithWebIdentity")
        .needs(&[ACTION, "sts:TagSession", "sts:SetSourceIdentity"])
        .fails(&[
            "InvalidIdentityToken",
            "ExpiredTokenException",
            "IDPRejectedClaim",
            "IDPCommunicationError",
            "MalformedPolicyDocument",
            "PackedPolicyTooLarge",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let name = Some(self.role_session_name.as_str());
        check_length("roleSessionName", name, 2, 64)?;
        check_characters("roleSessionName", name, "+=,.@-")?;
        check_duration(self.duration_seconds, 43_200)?;
        session_policy::check(self.policy.as_deref(), &self.policy_arns)?;
        token::check_size(&self.web_identity_token)?;
        self.arn().map(|_| ())
    }

    fn proven_caller(&self, cloud: &Cloud, now: Timestamp) -> Result<Option<Owner>, ApiError> {
        self.validate()?;
        let token = self.token(cloud, now)?;
        Ok(Some(Owner::WebIdentity(token.identity)))
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let token = self.token(view.cloud, view.now)?;
        let (role, owner) = self.role(view.cloud)?;
        let ask = |action: &str| {
            let request = AccessRequest::new(action, Target::role_trust(role, owner))
                .with("sts:RoleSessionName", self.role_session_name.as_str())
                .with_some("sts:SourceIdentity", token.source_identity.as_deref());
            let request = with_request_tags(request, &token.tags);
            if token.transitive_tag_keys.is_empty() {
                return request;
            }
            request.with_many("sts:TransitiveTagKeys", token.transitive_tag_keys.clone())
        };
        let tagging = (!token.tags.is_empty()).then(|| ask("sts:TagSession"));
        let naming = token.source_identity.is_some();
        let naming = naming.then(|| ask("sts:SetSourceIdentity"));
        Ok([ask(ACTION)]
            .into_iter()
            .chain(tagging)
            .chain(naming)
            .collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let now = cx.now();
        let token = self.token(cx.cloud, now)?;
        let (role, _) = self.role(cx.cloud)?;
        let seconds = within_role(self.duration_seconds.unwrap_or(DEFAULT_SECONDS), role)?;
        let (policy, arns) = (self.policy.as_deref(), &self.policy_arns);
        let assumed_role_user = AssumedRoleUser::of(role, &self.role_session_name);
        let tags = token.tags.into_iter().map(|tag| (tag.key, tag.value));
        let session = Session {
            kind: assumed_role_user.kind(role, &self.role_session_name),
            issued: now,
            mfa: false,
            policies: session_policy::compile(cx.cloud, &role.entity.arn, policy, arns)?,
            tags: tags.collect(),
            transitive_tag_keys: token.transitive_tag_keys.into_iter().collect(),
            source_identity: token.source_identity.clone(),
            web_identity: Some(Arc::clone(&token.identity)),
            service: None,
        };
        let packed_policy_size = session_policy::packed_size(policy, arns)?;
        cx.note("STS checks the token's signature with the issuer's public key");
        Ok(WebIdentitySession {
            credentials: issue(cx.cloud, cx.effects, session, seconds),
            subject_from_web_identity_token: token.identity.subject.clone(),
            assumed_role_user,
            packed_policy_size,
            provider: token.identity.provider.to_string(),
            audience: token.identity.audience.clone(),
            source_identity: token.source_identity,
        })
    }

    /// The token is a secret: the event has only what it says of its holder.
    fn record(&self, view: &View<'_>) -> Record {
        let record = Record::of(event_value(&json!({
            "RoleArn": self.role_arn, "RoleSessionName": self.role_session_name,
            "DurationSeconds": self.duration_seconds, "Policy": self.policy,
            "PolicyArns": self.policy_arns,
        })));
        // Even a role that does not exist has an account, in whose trail the call lands.
        let arn = self.arn().ok();
        let found = arn.and_then(|arn| Some((view.cloud.account_of(&arn)?, arn)));
        match found {
            Some((owner, arn)) => record.about(arn, &owner.id, "AWS::IAM::Role"),
            None => record,
        }
    }

    fn response_elements(output: &Self::Output) -> Value {
        event_value(&json!({
            "credentials": output.credentials.recorded(),
            "subjectFromWebIdentityToken": output.subject_from_web_identity_token,
            "assumedRoleUser": output.assumed_role_user,
            "packedPolicySize": output.packed_policy_size,
            "provider": output.provider,
            "audience": output.audience,
            "sourceIdentity": output.source_identity,
        }))
    }
}
