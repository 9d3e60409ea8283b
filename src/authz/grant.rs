//! KMS grants: what they are, and whether one covers a call.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::question::Question;
use crate::base::{AccountId, Arn, GrantId, Timestamp, UniqueId, nearest};
use crate::crypto::EncryptionContext;
use crate::policy::{ContextValue, Principal, PrincipalKind, Reach};

macro_rules! grant_operations {
    ($($name:ident),* $(,)?) => {
        /// An operation that a grant can allow.
        ///
        /// Source: KMS API Reference, `CreateGrant`, `Operations`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
                 schemars::JsonSchema)]
        #[allow(missing_docs, reason = "each variant is the KMS operation of that name")]
        pub enum GrantOperation { $($name),* }

        impl GrantOperation {
            /// Every operation that a grant can allow.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The operation's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

grant_operations!(
    Decrypt,
    Encrypt,
    GenerateDataKey,
    GenerateDataKeyWithoutPlaintext,
    GenerateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext,
    ReEncryptFrom,
    ReEncryptTo,
    Sign,
    Verify,
    GenerateMac,
    VerifyMac,
    GetPublicKey,
    DescribeKey,
    DeriveSharedSecret,
    Encapsulate,
    Decapsulate,
    CreateGrant,
    RetireGrant,
);

impl fmt::Display for GrantOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for GrantOperation {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("kms:").unwrap_or(text);
        Self::ALL
            .iter()
            .copied()
            .find(|o| o.as_str() == name)
            .ok_or_else(|| {
                let hint = nearest(name, Self::ALL.iter().map(|o| o.as_str()))
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                format!("`{text}` is not an operation that a grant can allow{hint}")
            })
    }
}

/// What the encryption context of a call must hold for a grant to cover it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GrantConstraints {
    /// Exactly these pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_context_equals: Option<EncryptionContext>,
    /// At least these pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_context_subset: Option<EncryptionContext>,
}

impl GrantConstraints {
    /// The constraint that does not hold for `context`, in words; `None` if all hold.
    ///
    /// Names of pairs are compared without case, values with case.
    /// Source: KMS API Reference, `GrantConstraints`.
    pub fn broken_by(&self, context: &[(String, String)]) -> Option<String> {
        let found = |key: &str, value: &str| {
            context
                .iter()
                .any(|(k, v)| k.eq_ignore_ascii_case(key) && v == value)
        };
        let missing = |pairs: &EncryptionContext| {
            pairs
                .iter()
                .find(|(key, value)| !found(key, value))
                .map(|(key, value)| {
                    format!("the encryption context should hold `{key}` = `{value}`")
                })
        };
        if let Some(subset) = &self.encryption_context_subset
            && let Some(broken) = missing(subset)
        {
            return Some(broken);
        }
        let equals = self.encryption_context_equals.as_ref()?;
        missing(equals).or_else(|| {
            (context.len() != equals.len()).then(|| {
                format!(
                    "the encryption context should hold exactly {} pairs and has {}",
                    equals.len(),
                    context.len()
                )
            })
        })
    }

    /// Whether these constraints are at least as strict as `parent`.
    ///
    /// Source: KMS Developer Guide, "Granting CreateGrant permission".
    pub fn at_least_as_strict_as(&self, parent: &Self) -> bool {
        let contains = |outer: &EncryptionContext, inner: &EncryptionContext| {
            inner
                .iter()
                .all(|(key, value)| outer.get(key) == Some(value))
        };
        let subset_holds = parent
            .encryption_context_subset
            .as_ref()
            .is_none_or(|wanted| {
                [
                    &self.encryption_context_equals,
                    &self.encryption_context_subset,
                ]
                .into_iter()
                .flatten()
                .any(|own| contains(own, wanted))
            });
        let equals_holds = parent
            .encryption_context_equals
            .as_ref()
            .is_none_or(|wanted| self.encryption_context_equals.as_ref() == Some(wanted));
        subset_holds && equals_holds
    }
}

/// A permission on one key for one principal, beside key policy and IAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The grant's id.
    pub id: GrantId,
    /// The name given for idempotency.
    pub name: Option<String>,
    /// Who may use the key: account, user, role, role session or federated user.
    pub grantee: Arn,
    /// The unique id of the user or role behind `grantee` when the grant was made.
    pub grantee_id: Option<UniqueId>,
    /// Who may retire the grant.
    pub retiring: Option<Arn>,
    /// What the grantee may do.
    pub operations: BTreeSet<GrantOperation>,
    /// For which encryption contexts.
    pub constraints: Option<GrantConstraints>,
    /// The account in which the grant was made.
    pub issuing_account: AccountId,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it works without its token.
    pub visible_from: Timestamp,
    /// The tokens that were given out for it; not secret.
    pub tokens: Vec<String>,
}

/// Why a grant does or does not cover a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    /// It covers the call; how its grantee names the caller.
    Covers(Reach),
    /// The grantee is somebody else.
    OtherGrantee,
    /// It does not list the operation.
    OtherOperation,
    /// A constraint does not hold; in words.
    Constraint(String),
    /// It was made a moment ago and the request does not carry its token.
    NotYetVisible,
}

impl Grant {
    /// Whether, and how, the grant names `principal`.
    pub fn reach(&self, principal: &Principal) -> Option<Reach> {
        let same = |arn: Option<&Arn>| arn == Some(&self.grantee);
        let same_entity = self
            .grantee_id
            .as_ref()
            .is_none_or(|id| principal.unique_id.as_ref() == Some(id));
        match principal.kind {
            PrincipalKind::User if same(principal.arn.as_ref()) && same_entity => Some(Reach::User),
            PrincipalKind::RoleSession if same(principal.arn.as_ref()) => Some(Reach::Session),
            PrincipalKind::RoleSession if same(principal.issuer.as_ref()) && same_entity => {
                Some(Reach::Role)
            }
            PrincipalKind::FederatedUser if same(principal.arn.as_ref()) => {
                Some(Reach::FederatedUser)
            }
            PrincipalKind::FederatedUser if same(principal.issuer.as_ref()) && same_entity => {
                Some(Reach::IssuingUser)
            }
            _ if self.names_account_of(principal) => Some(Reach::Account),
            _ => None,
        }
    }

    fn names_account_of(&self, principal: &Principal) -> bool {
        self.grantee.resource() == "root"
            && principal
                .account
                .as_ref()
                .is_some_and(|a| a.as_str() == self.grantee.account())
    }

    /// `grant NAME`, or the beginning of its id.
    pub(super) fn label(&self) -> String {
        let id = self.id.as_str();
        match &self.name {
            Some(name) => format!("grant {name}"),
            None => format!("grant {}…", id.get(..8).unwrap_or(id)),
        }
    }

    /// Why the grant does not cover a call, in words.
    pub(super) fn note(&self, coverage: Coverage) -> Option<String> {
        match coverage {
            Coverage::Covers(_) => None,
            Coverage::OtherGrantee => Some(format!("it is for {}", self.grantee)),
            Coverage::OtherOperation => {
                let listed: Vec<&str> = self.operations.iter().map(|o| o.as_str()).collect();
                Some(format!("it allows only {}", listed.join(", ")))
            }
            Coverage::Constraint(broken) => Some(broken),
            Coverage::NotYetVisible => Some(format!(
                "it works without its token from {}",
                self.visible_from
            )),
        }
    }

    pub(super) fn coverage(&self, question: &Question<'_>) -> Coverage {
        let Some(reach) = self.reach(&question.subject.principal) else {
            return Coverage::OtherGrantee;
        };
        let operation = question.action.strip_prefix("kms:").unwrap_or_default();
        let Some(operation) = self.operations.iter().find(|o| o.as_str() == operation) else {
            return Coverage::OtherOperation;
        };
        if question.now < self.visible_from
            && !question
                .grant_tokens
                .iter()
                .any(|t| self.tokens.contains(t))
        {
            return Coverage::NotYetVisible;
        }
        // Calls without an encryption context; for CreateGrant the constraints bind the child.
        let constrained = !matches!(
            operation,
            GrantOperation::DescribeKey | GrantOperation::RetireGrant | GrantOperation::CreateGrant
        );
        match self.constraints.as_ref().filter(|_| constrained) {
            Some(constraints) => match constraints.broken_by(&encryption_context(question)) {
                Some(broken) => Coverage::Constraint(broken),
                None => Coverage::Covers(reach),
            },
            None => Coverage::Covers(reach),
        }
    }
}

/// The pairs that a request shows to policies as `kms:EncryptionContext:…`.
fn encryption_context(question: &Question<'_>) -> Vec<(String, String)> {
    const PREFIX: &str = "kms:encryptioncontext:";
    question
        .context
        .iter()
        .filter_map(|(key, value)| {
            let name = key
                .get(..PREFIX.len())
                .filter(|p| p.eq_ignore_ascii_case(PREFIX))?;
            let pair = key.get(name.len()..)?;
            match value {
                ContextValue::Single(text) => Some((pair.to_owned(), text.to_string())),
                ContextValue::Multi(_) => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn equals_wants_exactly_its_pairs_and_subset_at_least_them() {
        let equals = GrantConstraints {
            encryption_context_equals: Some(context(&[("Dept", "IT")])),
            ..Default::default()
        };
        let subset = GrantConstraints {
            encryption_context_subset: Some(context(&[("Dept", "IT")])),
            ..Default::default()
        };
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        let exact = [pair("dept", "IT")];
        let more = [pair("Dept", "IT"), pair("Stage", "1")];
        assert_eq!(equals.broken_by(&exact), None);
        assert!(equals.broken_by(&more).unwrap().contains("exactly 1 pairs"));
        assert_eq!(subset.broken_by(&more), None);
        assert!(subset.broken_by(&[pair("Dept", "it")]).is_some());
    }

    #[test]
    fn a_child_may_tighten_and_not_loosen() {
        let parent = GrantConstraints {
            encryption_context_subset: Some(context(&[("a", "1")])),
            ..Default::default()
        };
        let equals = GrantConstraints {
            encryption_context_equals: Some(context(&[("a", "1"), ("b", "2")])),
            ..Default::default()
        };
        assert!(equals.at_least_as_strict_as(&parent));
        assert!(!parent.at_least_as_strict_as(&equals));
        assert!(!GrantConstraints::default().at_least_as_strict_as(&parent));
    }

    #[test]
    fn unknown_operations_are_refused_with_the_nearest() {
        assert_eq!("kms:Decrypt".parse(), Ok(GrantOperation::Decrypt));
        assert!(
            "Decript"
                .parse::<GrantOperation>()
                .unwrap_err()
                .contains("`Decrypt`")
        );
    }
}
