//! AssumeRole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::session::{SessionCredentials, issue};
use super::session_policy::{self, PolicyDescriptor};
use super::{
    access_denied, check_characters, check_duration, check_length, check_mfa, session_tags,
    validation,
};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn};
use crate::service::iam::event_value;
use crate::service::iam::tags::{Tag, with_request_tags};
use crate::state::Cloud;
use crate::state::credential::{Owner, Session, SessionKind};
use crate::state::iam::Role;

/// How long a session lasts unless the request says otherwise, in seconds.
pub(super) const DEFAULT_SECONDS: i64 = 3600;
/// The longest session of a role that a session assumes, in seconds.
const CHAINED_SECONDS: i64 = 3600;

/// Assumes a role: temporary credentials that act with the role's permissions.
/// The role's trust policy must admit the caller; where it names only the
/// account, or the role is in another account, the caller's own policies must
/// allow `sts:AssumeRole` as well.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role_arn: String,
    /// A name for the session, 2 to 64 characters; it becomes part of the session's ARN.
    pub role_session_name: String,
    /// How long the session lasts, 900 to 43,200 seconds (3,600 by default), at
    /// most as long as the role allows, and at most 3,600 where a session calls.
    pub duration_seconds: Option<i64>,
    /// What the trust policy may ask for as `sts:ExternalId`.
    pub external_id: Option<String>,
    /// A session policy, as JSON text: it narrows what the session may do.
    pub policy: Option<String>,
    /// Managed policies that serve as session policies, at most 10.
    #[serde(default)]
    pub policy_arns: Vec<PolicyDescriptor>,
    /// Session tags, at most 50. Needs `sts:TagSession` too.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// The keys of those tags that are handed on to sessions made with this one.
    #[serde(default)]
    pub transitive_tag_keys: Vec<String>,
    /// Who is behind the session; it cannot be changed later. Needs `sts:SetSourceIdentity` too.
    pub source_identity: Option<String>,
    /// The caller's MFA device; the lab has none.
    pub serial_number: Option<String>,
    /// The code that the MFA device shows.
    pub token_code: Option<String>,
}

/// A session of a role.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AssumedRole {
    /// The credentials.
    pub credentials: SessionCredentials,
    /// The session.
    pub assumed_role_user: AssumedRoleUser,
    /// How much of the packed size the session policies take, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packed_policy_size: Option<usize>,
    /// The source identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
}

/// A session of a role, by id and ARN.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AssumedRoleUser {
    /// `AROA…:session`.
    pub assumed_role_id: String,
    /// The session's ARN.
    pub arn: Arn,
}

impl AssumedRoleUser {
    /// The session `name` of `role`; its ARN leaves the role's path out.
    pub(super) fn of(role: &Role, name: &str) -> Self {
        let entity = &role.entity;
        let resource = format!("assumed-role/{}/{name}", entity.name);
        Self {
            assumed_role_id: format!("{}:{name}", entity.id),
            arn: Arn::of("sts", "", entity.arn.account(), &resource),
        }
    }

    /// What the cloud remembers of it.
    pub(super) fn kind(&self, role: &Role, name: &str) -> SessionKind {
        SessionKind::Role {
            role: role.entity.arn.clone(),
            role_id: role.entity.id.clone(),
            name: name.to_owned(),
            arn: self.arn.clone(),
        }
    }
}

/// The role with this ARN, path included, and its account.
pub(super) fn role_by_arn<'a>(cloud: &'a Cloud, arn: &Arn) -> Option<(&'a Role, &'a AccountId)> {
    let account = cloud.account_of(arn)?;
    let role = account
        .role(arn.base_name())
        .filter(|role| role.entity.arn == *arn)?;
    Some((role, &account.id))
}

impl AssumeRole {
    fn arn(&self) -> Result<Arn, ApiError> {
        Arn::parse(&self.role_arn)
            .ok()
            .filter(|arn| arn.service() == "iam" && !arn.account().is_empty())
            .ok_or_else(|| {
                validation(format!("{} is invalid", self.role_arn))
                    .with_detail("The ARN of a role is `arn:aws:iam::111122223333:role/Name`.")
            })
    }

    /// Who must not learn whether a role exists gets the text without a reason.
    fn role<'a>(&self, view: &View<'a>) -> Result<(&'a Role, &'a AccountId), ApiError> {
        role_by_arn(view.cloud, &self.arn()?).ok_or_else(|| self.refused(view))
    }

    /// The refusal that gives no reason.
    fn refused(&self, view: &View<'_>) -> ApiError {
        access_denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
            view.caller.arn().unwrap_or("anonymous"),
            self.role_arn
        ))
    }

    /// Federated users call only GetCallerIdentity, whatever their policies say.
    ///
    /// Source: IAM User Guide, "Compare AWS STS credentials".
    fn check_not_federated(&self, view: &View<'_>) -> Result<(), ApiError> {
        let kind = view.caller.session().map(|session| &session.kind);
        if !matches!(kind, Some(SessionKind::Federated { .. })) {
            return Ok(());
        }
        Err(self.refused(view).with_detail(
            "Credentials of GetFederationToken can call only GetCallerIdentity in STS.",
        ))
    }

    fn seconds(&self, view: &View<'_>, role: &Role) -> Result<i64, ApiError> {
        let seconds = self.duration_seconds.unwrap_or(DEFAULT_SECONDS);
        let kind = view.caller.session().map(|session| &session.kind);
        if matches!(kind, Some(SessionKind::Role { .. })) && seconds > CHAINED_SECONDS {
            return Err(validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed \
                 by role chaining.",
            ));
        }
        within_role(seconds, role)
    }
}

/// `seconds`, if the role's sessions may last so long.
pub(super) fn within_role(seconds: i64, role: &Role) -> Result<i64, ApiError> {
    if seconds <= i64::from(role.max_session_seconds) {
        return Ok(seconds);
    }
    Err(validation(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    .with_detail(format!(
        "Its MaxSessionDuration is {}.",
        role.max_session_seconds
    )))
}

impl Operation for AssumeRole {
    type Output = AssumedRole;

    const SPEC: OperationSpec = OperationSpec::read(Service::Sts, "AssumeRole")
        .needs(&["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
        .fails(&[
            "InvalidParameterValue",
            "MalformedPolicyDocument",
            "PackedPolicyTooLarge",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let name = Some(self.role_session_name.as_str());
        check_length("roleSessionName", name, 2, 64)?;
        check_characters("roleSessionName", name, "+=,.@-")?;
        check_duration(self.duration_seconds, 43_200)?;
        check_length("externalId", self.external_id.as_deref(), 2, 1224)?;
        check_characters("externalId", self.external_id.as_deref(), "+=,.@:/-")?;
        session_tags::check_source_identity(self.source_identity.as_deref())?;
        session_tags::check(&self.tags, &self.transitive_tag_keys)?;
        session_policy::check(self.policy.as_deref(), &self.policy_arns)?;
        self.arn().map(|_| ())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let session = view.caller.session().map(|session| &session.kind);
        if matches!(view.caller.owner, Owner::Root(_))
            || matches!(session, Some(SessionKind::Root(_)))
        {
            return Err(access_denied("Roles may not be assumed by root accounts."));
        }
        self.check_not_federated(view)?;
        check_mfa(self.serial_number.as_deref(), self.token_code.as_deref())?;
        let tags = session_tags::join(view.caller, &self.tags, &self.transitive_tag_keys)?;
        let source = session_tags::source_identity(view.caller, self.source_identity.as_deref())?;
        let (role, owner) = self.role(view)?;
        let ask = |action: &str| {
            let request = AccessRequest::new(action, Target::role_trust(role, owner))
                .with("sts:RoleSessionName", self.role_session_name.as_str())
                .with_some("sts:ExternalId", self.external_id.as_deref())
                .with_some("sts:SourceIdentity", source.as_deref());
            let request = with_request_tags(request, &self.tags);
            if self.transitive_tag_keys.is_empty() {
                return request;
            }
            request.with_many("sts:TransitiveTagKeys", self.transitive_tag_keys.clone())
        };
        let tagging = (!tags.tags.is_empty()).then(|| ask("sts:TagSession"));
        let naming = source.is_some().then(|| ask("sts:SetSourceIdentity"));
        Ok([ask("sts:AssumeRole")]
            .into_iter()
            .chain(tagging)
            .chain(naming)
            .collect())
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let (role, _) = self.role(&view)?;
        let seconds = self.seconds(&view, role)?;
        let (policy, arns) = (self.policy.as_deref(), &self.policy_arns);
        let tags = session_tags::join(view.caller, &self.tags, &self.transitive_tag_keys)?;
        let source_identity =
            session_tags::source_identity(view.caller, self.source_identity.as_deref())?;
        let assumed_role_user = AssumedRoleUser::of(role, &self.role_session_name);
        let session = Session {
            kind: assumed_role_user.kind(role, &self.role_session_name),
            issued: view.now,
            mfa: false,
            policies: session_policy::compile(view.cloud, &role.entity.arn, policy, arns)?,
            tags: tags.tags,
            transitive_tag_keys: tags.transitive,
            source_identity: source_identity.clone(),
            web_identity: None,
            service: None,
        };
        let packed_policy_size = session_policy::packed_size(policy, arns)?;
        let credentials = issue(cx.cloud, cx.effects, session, seconds);
        Ok(AssumedRole {
            credentials,
            assumed_role_user,
            packed_policy_size,
            source_identity,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let mut parameters = event_value(self);
        if let Some(members) = parameters.as_object_mut() {
            members.remove("tokenCode");
        }
        let record = Record::of(parameters);
        match self.role(view) {
            Ok((role, owner)) => record.about(&role.entity.arn, owner, "AWS::IAM::Role"),
            Err(_) => record,
        }
    }

    fn response_elements(output: &Self::Output) -> Value {
        let mut elements = json!({
            "credentials": output.credentials.recorded(),
            "assumedRoleUser": event_value(&output.assumed_role_user),
        });
        if let Some(members) = elements.as_object_mut() {
            let size = output
                .packed_policy_size
                .map(|size| ("packedPolicySize", json!(size)));
            let source = output
                .source_identity
                .as_ref()
                .map(|s| ("sourceIdentity", json!(s)));
            let extra = size.into_iter().chain(source);
            members.extend(extra.map(|(name, value)| (name.to_owned(), value)));
        }
        elements
    }
}
