//! Making grants.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::kind::suits;
use super::{check_grant_tokens, error, reference, usable};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::{Grant, GrantConstraints, GrantOperation, Permit};
use crate::base::{Arn, GrantId};
use crate::crypto::key_spec::KeySpec;
use crate::state::kms::Key;

const MAX_GRANTS_PER_KEY: usize = 50_000;

/// Gives a principal the use of a key, beside key policy and IAM, until the
/// grant is revoked or retired.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateGrant {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// Who may use it: the ARN of an account, user, role, role session or federated user.
    pub grantee_principal: String,
    /// What the grantee may do.
    pub operations: Vec<String>,
    /// Who may retire the grant.
    #[serde(default)]
    pub retiring_principal: Option<String>,
    /// For which encryption contexts.
    #[serde(default)]
    pub constraints: Option<GrantConstraints>,
    /// Makes the call repeatable: same name and members, same grant.
    #[serde(default)]
    pub name: Option<String>,
    /// Grant tokens, at most 10.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
    #[serde(default)]
    pub dry_run: bool,
}

/// The answer of `CreateGrant`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreatedGrant {
    /// The grant's id.
    pub grant_id: GrantId,
    /// Makes the grant usable at once; not secret.
    pub grant_token: String,
}

impl CreateGrant {
    fn operations(&self) -> Result<BTreeSet<GrantOperation>, ApiError> {
        if self.operations.is_empty() {
            return Err(ApiError::validation(
                Service::Kms,
                "a grant names at least one operation",
            ));
        }
        let parsed: Result<BTreeSet<GrantOperation>, String> =
            self.operations.iter().map(|o| o.parse()).collect();
        parsed.map_err(|e| ApiError::validation(Service::Kms, e))
    }

    /// A grant allows only what the key can do.
    fn check_suits(&self, key: &Key) -> Result<(), ApiError> {
        let refuse = |text: String| Err(ApiError::validation(Service::Kms, text));
        if let Some(other) = self.operations()?.iter().find(|o| !suits(key, **o)) {
            let (spec, usage) = (key.spec, key.usage);
            return refuse(format!(
                "a grant on a {spec} key for {usage} cannot allow {other}"
            ));
        }
        if self.constraint_type().is_some() && key.spec != KeySpec::SYMMETRIC_DEFAULT {
            return refuse(format!(
                "a grant on a {} key has no encryption context to constrain",
                key.spec
            ));
        }
        Ok(())
    }

    /// The constraints as events show them; the pairs keep their case.
    fn recorded_constraints(&self) -> Option<serde_json::Value> {
        let constraints = self.constraints.as_ref()?;
        let pairs = [
            (
                "encryptionContextEquals",
                &constraints.encryption_context_equals,
            ),
            (
                "encryptionContextSubset",
                &constraints.encryption_context_subset,
            ),
        ];
        let given = pairs
            .into_iter()
            .filter_map(|(name, context)| Some((name.to_owned(), json!(context.as_ref()?))));
        Some(serde_json::Value::Object(given.collect()))
    }

    fn constraint_type(&self) -> Option<&'static str> {
        let constraints = self.constraints.as_ref()?;
        match (
            &constraints.encryption_context_equals,
            &constraints.encryption_context_subset,
        ) {
            (Some(_), _) => Some("EncryptionContextEquals"),
            (None, Some(_)) => Some("EncryptionContextSubset"),
            (None, None) => None,
        }
    }
}

pub(super) fn principal_arn(text: &str, member: &str) -> Result<Arn, ApiError> {
    let wrong = |why: String| {
        error(
            "InvalidArnException",
            format!("ARN {text} of '{member}' is not valid: {why}"),
        )
    };
    let arn = Arn::parse(text).map_err(|e| wrong(e.to_string()))?;
    let known = match arn.service() {
        "iam" => arn.resource() == "root" || matches!(arn.resource_type(), "user" | "role"),
        "sts" => matches!(arn.resource_type(), "assumed-role" | "federated-user"),
        _ => false,
    };
    if known {
        Ok(arn)
    } else {
        Err(wrong(
            "it should name an account, user, role, role session or federated user".into(),
        ))
    }
}

fn check_constraints(constraints: Option<&GrantConstraints>) -> Result<(), ApiError> {
    let Some(constraints) = constraints else {
        return Ok(());
    };
    let contexts = [
        &constraints.encryption_context_equals,
        &constraints.encryption_context_subset,
    ];
    for context in contexts.into_iter().flatten() {
        if context.len() > 8 {
            return Err(ApiError::validation(
                Service::Kms,
                "a grant constraint has at most 8 encryption context pairs",
            ));
        }
    }
    Ok(())
}

impl Operation for CreateGrant {
    type Output = CreatedGrant;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "CreateGrant")
        .needs(&["kms:CreateGrant"])
        .fails(&[
            "NotFoundException",
            "DisabledException",
            "InvalidArnException",
            "LimitExceededException",
            "KMSInvalidStateException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        self.operations()?;
        check_grant_tokens(&self.grant_tokens)?;
        check_constraints(self.constraints.as_ref())?;
        principal_arn(&self.grantee_principal, "granteePrincipal")?;
        match &self.retiring_principal {
            Some(text) => principal_arn(text, "retiringPrincipal").map(|_| ()),
            None => Ok(()),
        }
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::id_or_arn(view, &self.key_id)?;
        let operations: Vec<String> = self.operations()?.iter().map(ToString::to_string).collect();
        let mut request = reference::on_key(view, key, "kms:CreateGrant")
            .with("kms:GranteePrincipal", self.grantee_principal.as_str())
            .with_some("kms:RetiringPrincipal", self.retiring_principal.clone())
            .with_some("kms:GrantConstraintType", self.constraint_type())
            .with("kms:GrantIsForAWSResource", "false")
            .with_many("kms:GrantOperations", operations);
        request.grant_tokens.clone_from(&self.grant_tokens);
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        self.check_suits(key)?;
        usable(key)?;
        let grantee = principal_arn(&self.grantee_principal, "granteePrincipal")?;
        let grantee_id = known_principal(&view, &grantee)?;
        self.within_parent(&view, key)?;
        let place = key.place();
        let token = grant_token(&place.id, cx);
        let key = reference::id_or_arn(&cx.view(), &self.key_id)?.clone();
        if let Some(same) = self.same_named(&key, &grantee) {
            let mut grant = (*same).clone();
            grant.tokens.push(token.clone());
            let grant_id = grant.id.clone();
            reference::key_mut(cx, &place)?
                .grants
                .insert_mut(grant_id.clone(), Arc::new(grant));
            return Ok(CreatedGrant {
                grant_id,
                grant_token: token,
            });
        }
        if key.grants.size() >= MAX_GRANTS_PER_KEY {
            let text = format!("a key has at most {MAX_GRANTS_PER_KEY} grants");
            return Err(error("LimitExceededException", text));
        }
        let now = cx.now();
        let grant = Grant {
            id: GrantId::fresh(&mut cx.effects.entropy),
            operations: self.operations()?,
            retiring: match &self.retiring_principal {
                Some(text) => Some(principal_arn(text, "retiringPrincipal")?),
                None => None,
            },
            name: self.name,
            grantee,
            grantee_id,
            constraints: self.constraints,
            issuing_account: cx.caller.account.clone(),
            created: now,
            visible_from: now.plus_seconds(cx.cloud.grant_propagation_seconds),
            tokens: vec![token.clone()],
        };
        let grant_id = grant.id.clone();
        reference::key_mut(cx, &place)?
            .grants
            .insert_mut(grant_id.clone(), Arc::new(grant));
        Ok(CreatedGrant {
            grant_id,
            grant_token: token,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        reference::record(
            key,
            json!({
                "keyId": self.key_id, "granteePrincipal": self.grantee_principal,
                "retiringPrincipal": self.retiring_principal, "operations": self.operations,
                "constraints": self.recorded_constraints(), "name": self.name,
            }),
        )
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({ "grantId": output.grant_id })
    }
}

impl CreateGrant {
    /// The grant that this call would make again.
    fn same_named(&self, key: &Key, grantee: &Arn) -> Option<Arc<Grant>> {
        let name = self.name.as_ref()?;
        let operations = self.operations().ok()?;
        key.grants
            .values()
            .find(|g| {
                g.name.as_ref() == Some(name)
                    && g.grantee == *grantee
                    && g.operations == operations
                    && g.constraints == self.constraints
                    && g.retiring.as_ref().map(Arn::as_str) == self.retiring_principal.as_deref()
            })
            .cloned()
    }

    /// A caller whose right comes from a grant may pass on only a part of it.
    ///
    /// Source: KMS Developer Guide, "Granting CreateGrant permission".
    fn within_parent(&self, view: &View<'_>, key: &Key) -> Result<(), ApiError> {
        let principal = &view.caller.subject.principal;
        let parents: Vec<&Arc<Grant>> = key
            .grants
            .values()
            .filter(|g| g.operations.contains(&GrantOperation::CreateGrant))
            .filter(|g| g.reach(principal).is_some())
            .collect();
        if parents.is_empty() || allowed_without_grants(view, key, self)? {
            return Ok(());
        }
        let own = self.operations()?;
        let none = GrantConstraints::default();
        let constraints = self.constraints.as_ref().unwrap_or(&none);
        let covered = parents.iter().any(|parent| {
            own.is_subset(&parent.operations)
                && parent
                    .constraints
                    .as_ref()
                    .is_none_or(|outer| constraints.at_least_as_strict_as(outer))
        });
        if covered {
            return Ok(());
        }
        Err(error(
            "AccessDeniedException",
            format!(
                "User: {} is not authorized to perform: kms:CreateGrant on resource: {} because a \
                 grant lets its grantee pass on only its own operations, with constraints at least \
                 as strict",
                view.caller.arn().unwrap_or("anonymous"),
                key.arn
            ),
        ))
    }
}

/// Whether key policy and IAM alone let the caller create this grant.
fn allowed_without_grants(
    view: &View<'_>,
    key: &Key,
    call: &CreateGrant,
) -> Result<bool, ApiError> {
    let bare = Key {
        grants: crate::state::Map::new_sync(),
        ..key.clone()
    };
    let requests = call.access(view)?;
    Ok(requests.into_iter().all(|mut request| {
        request.target = Target::key(view.cloud, &bare);
        crate::api::judge(view, &request).is_allow()
    }))
}

/// The unique id behind the ARN of a user or role of this lab.
fn known_principal(view: &View<'_>, arn: &Arn) -> Result<Option<crate::base::UniqueId>, ApiError> {
    if arn.service() != "iam" || arn.resource() == "root" {
        return Ok(None);
    }
    let id = view
        .cloud
        .account_of(arn)
        .and_then(|account| account.unique_id(arn))
        .cloned();
    match id {
        Some(id) => Ok(Some(id)),
        None => Err(error(
            "InvalidArnException",
            format!("ARN {arn} does not refer to a valid principal: there is no such user or role"),
        )),
    }
}

fn grant_token(id: &crate::base::KeyId, cx: &mut Context<'_>) -> String {
    let bytes = cx.effects.entropy.bytes::<48>();
    crate::base::Blob::from([id.as_str().as_bytes(), &bytes[..]].concat()).to_base64()
}
