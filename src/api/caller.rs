//! From credentials to a caller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::anonymous;
use super::error::ApiError;
use super::spec::Service;
use crate::authz::{NamedPolicy, PolicySet, Subject};
use crate::base::{AccessKeyId, AccountId, Arn, Timestamp};
use crate::policy::{Principal, PrincipalKind};
use crate::state::credential::{
    AccessKeyStatus, Credential, Credentials, Federator, Owner, Session, SessionKind,
};
use crate::state::iam::{Account, Entity};
use crate::state::{Cloud, aws_managed};

/// Who calls, with the policies that are attached to it at this moment.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The caller as policies see it.
    pub subject: Arc<Subject>,
    /// Whose credentials were shown.
    pub owner: Owner,
    /// The access key that was shown.
    pub access_key: Option<AccessKeyId>,
    /// The caller's account.
    pub account: AccountId,
    /// The principal's tags, session tags included.
    pub tags: BTreeMap<String, String>,
    /// Inline, managed and group policies.
    pub identity: PolicySet,
    /// The permissions boundary.
    pub boundary: Option<NamedPolicy>,
}

impl Caller {
    /// A caller without policies, boundary or tags.
    pub fn bare(principal: Principal, owner: Owner, account: AccountId) -> Self {
        Self {
            subject: Arc::new(Subject {
                principal,
                in_management_account: false,
                service_linked: false,
            }),
            owner,
            access_key: None,
            account,
            tags: BTreeMap::new(),
            identity: PolicySet::default(),
            boundary: None,
        }
    }

    /// A service at work for `account`, as grants name it: for EC2 and one
    /// instance `arn:aws:sts::ACCOUNT:assumed-role/aws:ec2-infrastructure/INSTANCE`.
    pub fn infrastructure(account: &AccountId, role: &str, name: &str, now: Timestamp) -> Self {
        let arn = Self::infrastructure_arn(account, role, name);
        let issuer = Arn::of("iam", "", account.as_str(), &format!("role/{role}"));
        let principal = Principal {
            kind: PrincipalKind::RoleSession,
            arn: Some(arn.clone()),
            issuer: Some(issuer.clone()),
            ..Principal::root(account.clone())
        };
        let session = Session {
            kind: SessionKind::Infrastructure {
                account: account.clone(),
                role: issuer,
                name: name.to_owned(),
                arn,
            },
            issued: now,
            mfa: false,
            policies: None,
            tags: BTreeMap::new(),
            transitive_tag_keys: BTreeSet::new(),
            source_identity: None,
            service: None,
            web_identity: None,
        };
        Self {
            subject: Arc::new(Subject {
                principal,
                in_management_account: false,
                service_linked: true,
            }),
            owner: Owner::Session(Arc::new(session)),
            access_key: None,
            account: account.clone(),
            tags: BTreeMap::new(),
            identity: PolicySet::default(),
            boundary: None,
        }
    }

    /// The ARN of [`Caller::infrastructure`].
    pub fn infrastructure_arn(account: &AccountId, role: &str, name: &str) -> Arn {
        let resource = format!("assumed-role/{role}/{name}");
        Arn::of("sts", "", account.as_str(), &resource)
    }

    /// The caller's ARN; a session's is that of the session.
    pub fn arn(&self) -> Option<&str> {
        self.subject.principal.arn.as_ref().map(Arn::as_str)
    }

    /// The id by which policies know the caller as `aws:userid`.
    pub fn user_id(&self) -> String {
        match &self.owner {
            Owner::Root(account) => account.to_string(),
            Owner::User { id, .. } => id.to_string(),
            Owner::Session(session) => session.kind.user_id(),
            Owner::Anonymous => String::new(),
            Owner::WebIdentity(identity) => identity.principal_id(),
        }
    }

    /// The session behind temporary credentials.
    pub fn session(&self) -> Option<&Arc<Session>> {
        match &self.owner {
            Owner::Session(session) => Some(session),
            Owner::Root(_) | Owner::User { .. } | Owner::Anonymous | Owner::WebIdentity(_) => None,
        }
    }

    /// Whether the credentials are temporary.
    pub fn is_temporary(&self) -> bool {
        self.session().is_some()
    }
}

/// Finds the caller behind `credentials`.
///
/// # Errors
/// The service's own error for an unknown key, a wrong secret or token, an
/// inactive key, an expired session, or an entity that no longer exists.
/// Source: the services' "Common errors" pages.
pub fn authenticate(
    cloud: &Cloud,
    credentials: &Credentials,
    service: Service,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    if credentials.is_anonymous() {
        return anonymous::admit(service);
    }
    let known = cloud
        .credentials
        .get(&credentials.access_key_id)
        .filter(|known| known.status == AccessKeyStatus::Active)
        .ok_or_else(|| unknown_key(service))?;
    if !known.secret.matches(&credentials.secret_access_key) {
        return Err(bad_signature(service));
    }
    if !token_matches(known, credentials) {
        return Err(unknown_key(service));
    }
    if let Some(expires) = known.expires.filter(|expires| now >= *expires) {
        return Err(expired(service, expires));
    }
    let caller = identified(cloud, &known.owner, service)?;
    if let Some(why) = barred_from(service, &caller) {
        return Err(unknown_key(service).with_detail(why));
    }
    Ok(Caller {
        access_key: Some(credentials.access_key_id.clone()),
        ..caller
    })
}

/// The caller that `owner` is.
///
/// # Errors
/// As for an unknown key, if the entity no longer exists.
pub fn identified(cloud: &Cloud, owner: &Owner, service: Service) -> Result<Caller, ApiError> {
    of_owner(cloud, owner).ok_or_else(|| unknown_key(service))
}

/// Why these credentials cannot call `service` at all, if so.
///
/// Source: IAM User Guide, "Compare AWS STS credentials".
fn barred_from(service: Service, caller: &Caller) -> Option<&'static str> {
    let session = caller.session().filter(|_| service == Service::Iam)?;
    match session.kind {
        SessionKind::Root(_) | SessionKind::User { .. } if !session.mfa => {
            Some("Credentials of GetSessionToken call IAM only if a second factor was shown.")
        }
        SessionKind::Federated { .. } => Some("Credentials of GetFederationToken cannot call IAM."),
        _ => None,
    }
}

fn token_matches(known: &Credential, shown: &Credentials) -> bool {
    match (&known.token, &shown.session_token) {
        (None, None) => true,
        (Some(known), Some(shown)) => known.matches(shown),
        _ => false,
    }
}

/// The caller that `owner`'s credentials stand for; `None` if the entity is gone.
fn of_owner(cloud: &Cloud, owner: &Owner) -> Option<Caller> {
    match owner {
        Owner::Root(id) => Some(root(cloud, cloud.accounts.get(id)?, owner)),
        Owner::User { account, name, id } => {
            let account = cloud.accounts.get(account)?;
            let user = account.user(name).filter(|user| user.entity.id == *id)?;
            let caller = entity_caller(cloud, account, &user.entity, owner, |arn, id| {
                Principal::user(arn.clone(), id.clone())
            });
            Some(Caller {
                identity: user_policies(cloud, account, name),
                ..caller
            })
        }
        Owner::Session(session) => of_session(cloud, session, owner),
        Owner::Anonymous => Some(anonymous::caller()),
        Owner::WebIdentity(identity) => anonymous::holder(identity),
    }
}

fn root(cloud: &Cloud, account: &Account, owner: &Owner) -> Caller {
    Caller {
        subject: Arc::new(Subject {
            principal: Principal::root(account.id.clone()),
            in_management_account: manages(cloud, &account.id),
            service_linked: false,
        }),
        owner: owner.clone(),
        access_key: None,
        account: account.id.clone(),
        tags: BTreeMap::new(),
        identity: PolicySet::default(),
        boundary: None,
    }
}

/// Whether the account manages its organization, which cannot bind it.
fn manages(cloud: &Cloud, account: &AccountId) -> bool {
    cloud
        .organization_of(account)
        .is_some_and(|organization| organization.tree().management == *account)
}

fn of_session(cloud: &Cloud, session: &Arc<Session>, owner: &Owner) -> Option<Caller> {
    let mut caller = match &session.kind {
        SessionKind::Role {
            role: arn,
            role_id,
            arn: session_arn,
            ..
        } => {
            let account = cloud.account_of(arn)?;
            let role = account
                .role(arn.base_name())
                .filter(|r| r.entity.id == *role_id)?;
            let principal = |_: &Arn, id: &crate::base::UniqueId| {
                Principal::role_session(session_arn.clone(), arn.clone(), id.clone())
            };
            entity_caller(cloud, account, &role.entity, owner, principal)
        }
        SessionKind::Root(account) => of_owner(cloud, &Owner::Root(account.clone()))?,
        SessionKind::User { account, name, id } => {
            let owner = Owner::User {
                account: account.clone(),
                name: name.clone(),
                id: id.clone(),
            };
            of_owner(cloud, &owner)?
        }
        SessionKind::Infrastructure { .. } => return None,
        SessionKind::Federated {
            account,
            arn,
            federator,
            ..
        } => federated(of_owner(cloud, &federator.owner(account))?, federator, arn)?,
    };
    caller.owner = Owner::Session(Arc::clone(session));
    caller.tags.extend(session.tags.clone());
    Some(caller)
}

/// The federated user `arn`, who has the policies and limits of who vouched for it.
fn federated(mut issuer: Caller, federator: &Federator, arn: &Arn) -> Option<Caller> {
    let behind = &issuer.subject.principal;
    if let Federator::Root = federator {
        issuer.identity = everything()?;
    }
    issuer.subject = Arc::new(Subject {
        principal: Principal {
            kind: PrincipalKind::FederatedUser,
            issuer: behind.arn.clone(),
            arn: Some(arn.clone()),
            ..behind.clone()
        },
        ..(*issuer.subject).clone()
    });
    Some(issuer)
}

/// What a root user hands to a federated session: all that its session policy leaves of it.
fn everything() -> Option<PolicySet> {
    let arn = Arn::parse("arn:aws:iam::aws:policy/AdministratorAccess").ok()?;
    let policy = NamedPolicy::new("root user", aws_managed::policy(&arn)?);
    Some(vec![policy].into())
}

fn entity_caller(
    cloud: &Cloud,
    account: &Account,
    entity: &Entity,
    owner: &Owner,
    principal: impl Fn(&Arn, &crate::base::UniqueId) -> Principal,
) -> Caller {
    let boundary = entity.boundary.as_ref().and_then(|arn| {
        let policy = cloud.managed_policy(arn)?;
        Some(NamedPolicy::new(
            format!("boundary {}", arn.base_name()),
            policy,
        ))
    });
    Caller {
        subject: Arc::new(Subject {
            principal: Principal {
                has_boundary: boundary.is_some(),
                ..principal(&entity.arn, &entity.id)
            },
            in_management_account: manages(cloud, &account.id),
            service_linked: entity.path.starts_with("/aws-service-role/"),
        }),
        owner: owner.clone(),
        access_key: None,
        account: account.id.clone(),
        tags: entity.tags.clone(),
        identity: entity_policies(cloud, entity).into(),
        boundary,
    }
}

fn user_policies(cloud: &Cloud, account: &Account, name: &str) -> PolicySet {
    let Some(user) = account.user(name) else {
        return PolicySet::default();
    };
    let mut policies = entity_policies(cloud, &user.entity);
    for group in &user.groups {
        if let Some(group) = account.groups.get(group) {
            policies.extend(entity_policies(cloud, &group.entity));
        }
    }
    policies.into()
}

fn entity_policies(cloud: &Cloud, entity: &Entity) -> Vec<NamedPolicy> {
    let inline = entity.inline.iter().map(|(name, policy)| {
        NamedPolicy::new(format!("{} › {name}", entity.name), policy.clone())
    });
    let attached = entity.attached.iter().filter_map(|arn| {
        let name = format!("{} › {}", entity.name, arn.base_name());
        Some(NamedPolicy::new(name, cloud.managed_policy(arn)?))
    });
    inline.chain(attached).collect()
}

/// Source: EC2 API Reference, "Error codes", `AuthFailure`.
const NOT_VALIDATED: &str = "AWS was not able to validate the provided access credentials";

fn unknown_key(service: Service) -> ApiError {
    let (code, status, message) = match service {
        Service::Iam | Service::Sts | Service::Rds => (
            "InvalidClientTokenId",
            403,
            "The security token included in the request is invalid.",
        ),
        Service::Kms
        | Service::Glue
        | Service::Organizations
        | Service::CloudTrail
        | Service::Lambda => (
            "UnrecognizedClientException",
            service.denial().1,
            "The security token included in the request is invalid.",
        ),
        Service::S3 => (
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        Service::Ec2 => ("AuthFailure", 401, NOT_VALIDATED),
    };
    ApiError::new(service, code, status, message)
}

fn bad_signature(service: Service) -> ApiError {
    if service == Service::Ec2 {
        return ApiError::new(service, "AuthFailure", 401, NOT_VALIDATED);
    }
    let (code, status) = match service {
        Service::Kms
        | Service::Glue
        | Service::Organizations
        | Service::CloudTrail
        | Service::Lambda => ("InvalidSignatureException", service.denial().1),
        _ => ("SignatureDoesNotMatch", 403),
    };
    let message = "The request signature we calculated does not match the signature you provided. \
                   Check your AWS Secret Access Key and signing method.";
    ApiError::new(service, code, status, message)
}

fn expired(service: Service, at: Timestamp) -> ApiError {
    let (code, status) = match service {
        Service::Iam | Service::Sts | Service::Rds => ("ExpiredToken", 403),
        Service::Kms
        | Service::Glue
        | Service::Organizations
        | Service::CloudTrail
        | Service::Lambda => ("ExpiredTokenException", service.denial().1),
        Service::S3 => ("ExpiredToken", 400),
        Service::Ec2 => ("RequestExpired", 400),
    };
    let message = match service {
        Service::S3 => "The provided token has expired.",
        Service::Ec2 => "Request has expired.",
        _ => "The security token included in the request is expired",
    };
    ApiError::new(service, code, status, message)
        .with_detail(format!("The session ended at {at}. Assume the role again."))
}
