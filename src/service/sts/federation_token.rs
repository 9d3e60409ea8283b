//! GetFederationToken.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::session::{SessionCredentials, issue};
use super::session_policy::{self, PolicyDescriptor};
use super::session_token::ROOT_SECONDS;
use super::{access_denied, check_characters, check_duration, check_length, session_tags};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn};
use crate::service::iam::event_value;
use crate::service::iam::tags::{Tag, with_request_tags};
use crate::state::credential::{Federator, Owner, Session, SessionKind};

/// How long a session lasts unless the request says otherwise, in seconds.
const DEFAULT_SECONDS: i64 = 43_200;

/// Temporary credentials for somebody whom the calling user vouches for. The
/// session can do what the user's policies and the session policies both
/// allow; without a session policy, only what a resource's policy allows to it
/// by name. It cannot call IAM, and in STS only GetCallerIdentity.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetFederationToken {
    /// A name for the federated user, 2 to 32 characters; it becomes part of the session's ARN.
    pub name: String,
    /// How long the session lasts, 900 to 129,600 seconds; 43,200 by default.
    /// A session of the root user lasts at most 3,600.
    pub duration_seconds: Option<i64>,
    /// A session policy, as JSON text: the session can do what it and the user's policies allow.
    pub policy: Option<String>,
    /// Managed policies that serve as session policies, at most 10.
    #[serde(default)]
    pub policy_arns: Vec<PolicyDescriptor>,
    /// Session tags, at most 50. Needs `sts:TagSession` too.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// A federated session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FederationToken {
    /// The credentials.
    pub credentials: SessionCredentials,
    /// The federated user.
    pub federated_user: FederatedUser,
    /// How much of the packed size the session policies take, in per cent.
    pub packed_policy_size: usize,
}

/// A federated user, by id and ARN.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FederatedUser {
    /// The account and the name, with a colon between them.
    pub federated_user_id: String,
    /// The session's ARN.
    pub arn: Arn,
}

impl FederatedUser {
    fn of(account: &AccountId, name: &str) -> Self {
        Self {
            federated_user_id: format!("{account}:{name}"),
            arn: Arn::of(
                "sts",
                "",
                account.as_str(),
                &format!("federated-user/{name}"),
            ),
        }
    }
}

impl GetFederationToken {
    /// The root user's sessions are cut to an hour, however long was asked for.
    ///
    /// Source: STS API Reference, GetFederationToken, `DurationSeconds`.
    fn seconds(&self, federator: &Federator) -> i64 {
        let seconds = self.duration_seconds.unwrap_or(DEFAULT_SECONDS);
        match federator {
            Federator::Root => seconds.min(ROOT_SECONDS),
            Federator::User { .. } => seconds,
        }
    }
}

fn federator(view: &View<'_>) -> Result<Federator, ApiError> {
    match &view.caller.owner {
        Owner::Root(_) => Ok(Federator::Root),
        Owner::User { name, id, .. } => Ok(Federator::User {
            name: name.clone(),
            id: id.clone(),
        }),
        Owner::Session(_) | Owner::Anonymous | Owner::WebIdentity(_) => Err(access_denied(
            "Cannot call GetFederationToken with session credentials",
        )
        .with_detail("It needs the access key of a user, which does not end by itself.")),
    }
}

impl Operation for GetFederationToken {
    type Output = FederationToken;

    const SPEC: OperationSpec = OperationSpec::write(Service::Sts, "GetFederationToken")
        .needs(&["sts:GetFederationToken", "sts:TagSession"])
        .fails(&[
            "InvalidParameterValue",
            "MalformedPolicyDocument",
            "PackedPolicyTooLarge",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let name = Some(self.name.as_str());
        check_length("name", name, 2, 32)?;
        check_characters("name", name, "+=,.@-")?;
        check_duration(self.duration_seconds, 129_600)?;
        session_tags::check(&self.tags, &[])?;
        session_policy::check(self.policy.as_deref(), &self.policy_arns)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        federator(view)?;
        let account = &view.caller.account;
        let user = FederatedUser::of(account, &self.name);
        let ask = |action: &str| {
            let request = AccessRequest::new(action, Target::plain(&user.arn, account));
            with_request_tags(request, &self.tags)
        };
        let tagging = (!self.tags.is_empty()).then(|| ask("sts:TagSession"));
        Ok([ask("sts:GetFederationToken")]
            .into_iter()
            .chain(tagging)
            .collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let federator = federator(&view)?;
        let account = view.caller.account.clone();
        let federated_user = FederatedUser::of(&account, &self.name);
        let seconds = self.seconds(&federator);
        let (policy, arns) = (self.policy.as_deref(), &self.policy_arns);
        let policies = session_policy::compile(view.cloud, &federated_user.arn, policy, arns)?;
        let tags = self.tags.iter().map(|t| (t.key.clone(), t.value.clone()));
        let session = Session {
            kind: SessionKind::Federated {
                account,
                name: self.name.clone(),
                arn: federated_user.arn.clone(),
                federator,
            },
            issued: view.now,
            mfa: false,
            // Nothing is allowed to the session that no session policy allows.
            policies: Some(policies.unwrap_or_default()),
            tags: tags.collect::<BTreeMap<_, _>>(),
            transitive_tag_keys: BTreeSet::new(),
            source_identity: None,
            web_identity: None,
            service: None,
        };
        let packed_policy_size = session_policy::packed_size(policy, arns)?.unwrap_or(0);
        Ok(FederationToken {
            credentials: issue(cx.cloud, cx.effects, session, seconds),
            federated_user,
            packed_policy_size,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> Value {
        json!({
            "credentials": output.credentials.recorded(),
            "federatedUser": event_value(&output.federated_user),
            "packedPolicySize": output.packed_policy_size,
        })
    }
}
