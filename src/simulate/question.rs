//! From a case to the questions that the engine decides.

use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

use super::case::{Case, Check, GrantSpec, PrincipalWord, Problem, ResourceSpec};
use super::world;
use crate::authz::{
    Decision, Grant, GrantConstraints, Layers, Model, NamedPolicy, PolicySet, Question,
    ResourceKind, Subject, Verdict, decide, verdict,
};
use crate::base::{AccountId, Arn, GrantId, Timestamp, UniqueId};
use crate::policy::{Policy, PolicyKind, Principal, PrincipalKind, RequestContext};

/// The part of a case that all of its checks share.
pub(super) struct Prepared<'c> {
    case: &'c Case,
    subject: Arc<Subject>,
    layers: Layers,
}

/// One check, ready to be decided.
pub(super) struct Asked<'p> {
    check: &'p Check,
    subject: &'p Arc<Subject>,
    owner: Option<AccountId>,
    kind: ResourceKind,
    context: RequestContext,
    layers: Layers,
}

impl<'c> Prepared<'c> {
    pub(super) fn new(case: &'c Case) -> Result<Self, Problem> {
        Ok(Self {
            case,
            layers: layers(case)?,
            subject: Arc::new(subject(case)?),
        })
    }

    /// What `check` asks.
    pub(super) fn ask<'p>(&'p self, check: &'p Check) -> Result<Asked<'p>, Problem> {
        let found = self.resource(&check.resource)?;
        let kind = kind_of(found.as_ref(), check);
        let arn_account = Arn::parse(&check.resource)
            .ok()
            .map(|arn| arn.account().to_owned())
            .filter(|account| !account.is_empty());
        let owner = found
            .as_ref()
            .and_then(|resource| resource.account.clone())
            .or(arn_account);
        let mut layers = self.layers.clone();
        // A trust policy answers for STS alone: iam:PassRole is the identity's affair.
        let speaks = |r: &&ResourceSpec| {
            !r.policy.is_null() && (r.kind != "iam-role" || kind == ResourceKind::RoleTrust)
        };
        if let Some(resource) = found.as_ref().filter(speaks) {
            let policy = policy(policy_kind(kind), &resource.policy)?;
            layers.resource = Some(named("resource", policy));
        }
        let grants = self.case.policies.grants.iter();
        layers.grants = grants
            .filter(|grant| grant.key_id.as_ref().is_none_or(|id| *id == check.resource))
            .map(|spec| grant(spec).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Asked {
            check,
            subject: &self.subject,
            context: world::context(self.case, check, found.as_ref(), owner.as_deref()),
            owner: owner.and_then(|account| AccountId::parse(&account).ok()),
            kind,
            layers,
        })
    }

    /// The entry of `policies.resources` that an ARN belongs to.
    fn resource(&self, arn: &str) -> Result<Option<ResourceSpec>, Problem> {
        let inside = |outer: &str| {
            arn.strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut entries = self.case.policies.resources.iter();
        let Some((name, spec)) = entries.find(|(name, _)| inside(name)) else {
            return Ok(None);
        };
        ResourceSpec::deserialize(spec)
            .map(Some)
            .map_err(|error| format!("policies.resources, `{name}`: {error}"))
    }
}

impl Asked<'_> {
    fn question(&self, model: Model) -> Question<'_> {
        Question {
            model,
            subject: self.subject,
            action: &self.check.action,
            resource: &self.check.resource,
            owner: self.owner.as_ref(),
            kind: self.kind,
            context: &self.context,
            layers: &self.layers,
            grant_tokens: &[],
            now: Timestamp::from_seconds(1),
        }
    }

    /// The decision with its trace.
    pub(super) fn decide(&self, model: Model) -> Decision {
        decide(&self.question(model))
    }

    /// The verdict alone.
    pub(super) fn verdict(&self, model: Model) -> Verdict {
        verdict(&self.question(model))
    }
}

fn kind_of(found: Option<&ResourceSpec>, check: &Check) -> ResourceKind {
    let is_assumed = check.action.to_ascii_lowercase().starts_with("sts:");
    let word = match found {
        Some(resource) => resource.kind.as_str(),
        None => match Arn::parse(&check.resource) {
            Ok(arn) if arn.service() == "kms" && arn.resource_type() == "key" => "kms-key",
            Ok(arn) if arn.service() == "iam" && arn.resource_type() == "role" => "iam-role",
            _ => "",
        },
    };
    let aws_managed = found.is_some_and(|r| r.key_manager.as_deref() == Some("AWS"));
    match word {
        "kms-key" if aws_managed => ResourceKind::AwsManagedKey,
        "kms-key" => ResourceKind::CustomerKey,
        "iam-role" if is_assumed => ResourceKind::RoleTrust,
        _ => ResourceKind::Additive,
    }
}

const fn policy_kind(kind: ResourceKind) -> PolicyKind {
    match kind {
        ResourceKind::CustomerKey | ResourceKind::AwsManagedKey => PolicyKind::Key,
        ResourceKind::RoleTrust => PolicyKind::Trust,
        ResourceKind::Additive => PolicyKind::Bucket,
    }
}

/// Reads a document, given as an object or as its text.
fn policy(kind: PolicyKind, document: &Value) -> Result<Policy, Problem> {
    let text = match document {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Policy::load(kind, &text).map_err(|error| format!("a {kind} of the case: {error}"))
}

fn named(name: &str, policy: Policy) -> NamedPolicy {
    NamedPolicy::new(name, policy)
}

/// One document, or a list of them.
fn policies(kind: PolicyKind, documents: &Value) -> Result<PolicySet, Problem> {
    let documents = match documents {
        Value::Null => &[],
        Value::Array(documents) => documents.as_slice(),
        one => std::slice::from_ref(one),
    };
    documents
        .iter()
        .map(|document| Ok(named(kind.name(), policy(kind, document)?)))
        .collect()
}

fn optional(kind: PolicyKind, document: &Value) -> Result<Option<NamedPolicy>, Problem> {
    match document {
        Value::Null => Ok(None),
        document => Ok(Some(named(kind.name(), policy(kind, document)?))),
    }
}

/// The levels of an organization, the root's first.
fn levels(kind: PolicyKind, levels: &Value) -> Result<Arc<[PolicySet]>, Problem> {
    match levels {
        Value::Null => Ok(Arc::default()),
        Value::Array(levels) => levels.iter().map(|level| policies(kind, level)).collect(),
        _ => Err(format!("the levels with a {kind} are a list of lists")),
    }
}

fn layers(case: &Case) -> Result<Layers, Problem> {
    let given = &case.policies;
    let federated = case.principal.kind == PrincipalWord::FederatedUser;
    Ok(Layers {
        identity: policies(PolicyKind::Inline, &given.identity)?,
        boundary: optional(PolicyKind::Managed, &given.permissions_boundary)?,
        session: match &given.session {
            Value::Null if !federated => None,
            documents => Some(policies(PolicyKind::Session, documents)?),
        },
        scp: levels(PolicyKind::ServiceControl, &given.scp)?,
        rcp: levels(PolicyKind::ResourceControl, &given.rcp)?,
        vpce: optional(PolicyKind::Endpoint, &given.vpc_endpoint)?,
        resource: None,
        grants: Vec::new(),
    })
}

fn subject(case: &Case) -> Result<Subject, Problem> {
    let spec = &case.principal;
    let kind = match spec.kind {
        PrincipalWord::IamUser => PrincipalKind::User,
        PrincipalWord::RoleSession => PrincipalKind::RoleSession,
        PrincipalWord::FederatedUser => PrincipalKind::FederatedUser,
        PrincipalWord::Root => PrincipalKind::Root,
        PrincipalWord::Service => PrincipalKind::Service,
        PrincipalWord::WebIdentity => PrincipalKind::WebIdentity,
        PrincipalWord::Anonymous => PrincipalKind::Anonymous,
    };
    let arn = |text: &Option<String>| text.as_deref().and_then(|a| Arn::parse(a).ok());
    let account = match &spec.account {
        None => None,
        Some(text) => Some(AccountId::parse(text).map_err(|e| format!("principal.account: {e}"))?),
    };
    let id = spec.unique_id.as_deref().or(spec.issuer_id.as_deref());
    let id = id.and_then(|id| id.split(':').next());
    let named = |own: &Option<String>| own.clone().or_else(|| spec.arn.clone()).map(Into::into);
    Ok(Subject {
        principal: Principal {
            kind,
            account,
            arn: arn(&spec.arn),
            issuer: arn(&spec.issuer_arn),
            unique_id: id.and_then(|id| UniqueId::parse(id).ok()),
            service: (kind == PrincipalKind::Service)
                .then(|| named(&spec.service))
                .flatten(),
            provider: (kind == PrincipalKind::WebIdentity)
                .then(|| named(&spec.provider))
                .flatten(),
            canonical_user: None,
            has_boundary: !case.policies.permissions_boundary.is_null(),
        },
        in_management_account: spec.management_account,
        service_linked: spec.service_linked,
    })
}

/// A grant as KMS keeps it.
pub(super) fn grant(spec: &GrantSpec) -> Result<Grant, Problem> {
    let arn = |text: &str| Arn::parse(text).map_err(|e| format!("policies.grants: {e}"));
    let constraints: Option<GrantConstraints> = match &spec.constraints {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            serde_json::from_value(value.clone())
                .map_err(|e| format!("policies.grants, Constraints: {e}"))?,
        ),
    };
    let operations = spec.operations.iter().map(|name| name.parse());
    let grantee = arn(&spec.grantee_principal)?;
    let issuer = spec.issuing_account.as_deref().unwrap_or_default();
    let issuer = AccountId::parse(issuer).or_else(|_| {
        let arn = Arn::parse(issuer).map(|arn| arn.account().to_owned());
        AccountId::parse(arn.as_deref().unwrap_or_else(|_| grantee.account()))
    });
    Ok(Grant {
        id: GrantId::parse(&"0".repeat(64)).map_err(|e| e.to_string())?,
        name: None,
        grantee_id: None,
        retiring: match &spec.retiring_principal {
            None => None,
            Some(text) => Some(arn(text)?),
        },
        operations: operations.collect::<Result<_, String>>()?,
        constraints,
        issuing_account: issuer.map_err(|e| format!("policies.grants: {e}"))?,
        created: Timestamp::from_seconds(0),
        visible_from: Timestamp::from_seconds(0),
        tokens: Vec::new(),
        grantee,
    })
}
