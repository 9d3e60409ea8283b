//! A second evaluator of authorization: slow, obvious, and strange to the library.
//!
//! It reads a case (the format of `tests/cases/decisions.json`) as plain JSON
//! and walks through the written procedure: every statement of every policy, in
//! a row, parsed anew for every question. It imports nothing from `keychai`, so
//! that an error would have to be made twice to go unseen.
//!
//! Start at [`judge`], then read `procedure.rs`. [`Fault`] makes it wrong on
//! purpose: the generated cases must be able to tell.

mod caller;
mod condition;
mod context;
mod glob;
mod grant;
mod principal;
mod procedure;
mod statement;
mod value;

use serde_json::Value;

pub use context::Context;

/// What was decided, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// `allow`, `implicit-deny` or `explicit-deny`.
    pub decision: String,
    /// The layer that stands in the way.
    pub layer: Option<String>,
    /// The action of the check that failed.
    pub failed_action: Option<String>,
}

impl Verdict {
    /// Every check passed.
    pub fn allow() -> Self {
        Self {
            decision: "allow".into(),
            layer: None,
            failed_action: None,
        }
    }

    /// One check failed.
    pub fn denied(decision: &str, layer: &str, action: &str) -> Self {
        Self {
            decision: decision.into(),
            layer: Some(layer.into()),
            failed_action: Some(action.into()),
        }
    }

    pub fn allows(&self) -> bool {
        self.decision == "allow"
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A mistake that an evaluator could make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            /// No mistake.
            None,
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Fault] = &[$(Fault::$name),*];
        }
    };
}

faults! {
    DenyIgnored,
    IfExistsIgnored,
    /// A negated operator holds if the value differs from *some* listed value.
    NorAsOr,
    AbsentNegatedIsFalse,
    ForAllValuesOfNothingIsFalse,
    ForAnyValueAsForAllValues,
    ListAsSingleValue,
    NumbersAsText,
    DatesAsText,
    AddressWithoutRange,
    WildcardsInStringEquals,
    ArnAsOneText,
    ConditionKeysAsOr,
    KeysCaseSensitive,
    ActionsCaseSensitive,
    NotActionAsAction,
    NotResourceAsResource,
    WildcardStopsAtSlash,
    BucketCoversObjects,
    VariablesLiteral,
    VariablesInOldVersion,
    BoundaryIgnored,
    SessionIgnored,
    FederatedWithoutSessionIsFree,
    OneServiceControlLevelIsEnough,
    ServiceControlBindsServiceLinkedRoles,
    ResourceControlIgnored,
    ResourceControlBindsAwsManagedKeys,
    EndpointIgnored,
    CrossAccountIdentityIgnored,
    CrossAccountResourceIgnored,
    /// `kms:ViaService` and the encryption context of a forwarded call are lost.
    ForwardedContextIgnored,
    /// The caller's address is held against what a service forwards.
    ForwardedKeepsNetwork,
    ExamAsAws,
    AwsManagedKeyAsCustomerKey,
    RoleNotLimitedByBoundary,
    AccountNamesDirectly,
    NotPrincipalWithoutChain,
    NotPrincipalIgnoresBoundary,
    TrustNotRequired,
    GrantsIgnored,
    GrantConstraintsIgnored,
    GrantToAccountIsEnough,
    RootOwnsEveryKey,
    SecondCheckIgnored,
    IdentityNamedBeforeResource,
}

/// What the written procedure says about `case` under `model` (`exam` or `aws`).
pub fn judge(case: &Value, model: &str) -> Verdict {
    judge_with(case, model, Fault::None)
}

/// The same with a mistake in it.
pub fn judge_with(case: &Value, model: &str, fault: Fault) -> Verdict {
    let checks = case["request"]["checks"].as_array().unwrap();
    let asked = if fault == Fault::SecondCheckIgnored {
        1
    } else {
        checks.len()
    };
    for check in checks.iter().take(asked) {
        if let Some((decision, layer)) = procedure::obstacle(case, check, model, fault) {
            return Verdict::denied(decision, layer, check["action"].as_str().unwrap());
        }
    }
    Verdict::allow()
}

/// The strings of a JSON value that is one of them or a list; booleans and numbers become strings.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}
