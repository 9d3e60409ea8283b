//! What Organizations asks of a control policy beyond the grammar.
//!
//! Source: Organizations User Guide, "SCP syntax" and "RCP syntax".

use super::error::{Problem, Trouble};
use super::fault::Fault;
use super::raw::{RawPolicy, RawPrincipal, RawStatement};
use super::{Effect, PolicyKind};

/// Refuses what Organizations would refuse of an SCP or RCP.
pub(super) fn check(kind: PolicyKind, policy: &RawPolicy<'_>) -> Result<(), Trouble> {
    let checked: fn(&RawStatement<'_>) -> Result<(), Trouble> = match kind {
        PolicyKind::ServiceControl => |_| Ok(()),
        PolicyKind::ResourceControl => resource_control,
        _ => return Ok(()),
    };
    version(kind, policy)?;
    policy.statements.iter().try_for_each(checked)
}

fn version(kind: PolicyKind, policy: &RawPolicy<'_>) -> Result<(), Trouble> {
    let version = policy.version.as_ref();
    if version.is_some_and(|version| version.text == "2012-10-17") {
        return Ok(());
    }
    let at = version.map_or(policy.start, |version| version.at);
    let problem = Problem::new(at, format!("a {kind} has the version 2012-10-17"))
        .hint("write `\"Version\": \"2012-10-17\"`");
    Err((Fault::OldVersion, problem))
}

/// A resource control policy denies, to everyone, named services, and nothing else.
fn resource_control(statement: &RawStatement<'_>) -> Result<(), Trouble> {
    if statement.effect != Effect::Deny {
        let problem = Problem::new(
            statement.effect_text.at,
            "a resource control policy only denies",
        )
        .hint("AWS's own policy `RCPFullAWSAccess` is the one that allows");
        return Err((
            Fault::UnknownEffect(statement.effect.name().into()),
            problem,
        ));
    }
    everyone(statement)?;
    let Some(actions) = &statement.action else {
        return Ok(());
    };
    if actions.negated {
        let problem = Problem::new(actions.at, "a resource control policy takes no `NotAction`")
            .hint("name the actions with `Action`");
        return Err((Fault::ProhibitedMember("NotAction"), problem));
    }
    match actions.items.iter().find(|action| action.text == "*") {
        None => Ok(()),
        Some(all) => {
            let problem = Problem::new(
                all.at,
                "`*` alone is too wide for a resource control policy",
            )
            .hint("name the service, as in `s3:*`");
            Err((Fault::NoVendor, problem))
        }
    }
}

fn everyone(statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let hint = "write `\"Principal\": \"*\"`, and say whom you mean in `Condition`";
    match &statement.principal {
        None => {
            let problem = Problem::new(statement.at, "the statement has no `Principal`").hint(hint);
            Err((Fault::MissingMember("Principal"), problem))
        }
        Some(RawPrincipal {
            negated: true, at, ..
        }) => {
            let detail = "a resource control policy takes no `NotPrincipal`";
            let problem = Problem::new(*at, detail).hint(hint);
            Err((Fault::ProhibitedMember("NotPrincipal"), problem))
        }
        Some(principal) if principal.entries.iter().any(|(_, who)| who.text != "*") => {
            let detail = "a resource control policy is about everyone";
            let problem = Problem::new(principal.at, detail).hint(hint);
            Err((Fault::ProhibitedMember("Principal"), problem))
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::{Policy, PolicyKind};

    fn statement(change: &[(&str, Value)]) -> Value {
        let mut statement = json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
        });
        for (member, value) in change {
            match value {
                Value::Null => drop(statement.as_object_mut().unwrap().remove(*member)),
                value => statement[member] = value.clone(),
            }
        }
        statement
    }

    fn stored(kind: PolicyKind, version: Option<&str>, statement: Value) -> Result<(), String> {
        let mut document = json!({ "Statement": [statement] });
        if let Some(version) = version {
            document["Version"] = version.into();
        }
        match Policy::parse(kind, &document.to_string()) {
            Ok(_) => Ok(()),
            Err(error) => {
                assert_eq!(error.code(), "MalformedPolicyDocumentException");
                assert_eq!(
                    error.message(),
                    "The provided policy document does not meet the requirements of the \
                     specified policy type."
                );
                Err(error.excerpt())
            }
        }
    }

    const NEW: Option<&str> = Some("2012-10-17");

    #[test]
    fn a_resource_control_policy_denies_named_services_to_everyone() {
        let rcp =
            |change: &[(&str, Value)]| stored(PolicyKind::ResourceControl, NEW, statement(change));
        rcp(&[]).unwrap();
        rcp(&[("Principal", json!({ "AWS": "*" }))]).unwrap();
        rcp(&[
            ("Resource", Value::Null),
            ("NotResource", json!("arn:aws:s3:::open/*")),
        ])
        .unwrap();
        for (change, told) in [
            (vec![("Effect", json!("Allow"))], "only denies"),
            (vec![("Principal", Value::Null)], "no `Principal`"),
            (
                vec![("Principal", json!({ "AWS": "111122223333" }))],
                "everyone",
            ),
            (
                vec![("Principal", Value::Null), ("NotPrincipal", json!("*"))],
                "`NotPrincipal`",
            ),
            (
                vec![("Action", Value::Null), ("NotAction", json!("s3:*"))],
                "`NotAction`",
            ),
            (vec![("Action", json!(["s3:GetObject", "*"]))], "too wide"),
        ] {
            let error = rcp(&change).unwrap_err();
            assert!(error.contains(told), "{change:?}: {error}");
        }
    }

    #[test]
    fn a_service_control_policy_is_about_whoever_it_is_attached_to() {
        let scp =
            |change: &[(&str, Value)]| stored(PolicyKind::ServiceControl, NEW, statement(change));
        let own = ("Principal", Value::Null);
        scp(std::slice::from_ref(&own)).unwrap();
        scp(&[
            own.clone(),
            ("Action", Value::Null),
            ("NotAction", json!("s3:*")),
        ])
        .unwrap();
        scp(&[
            own.clone(),
            ("Effect", json!("Allow")),
            ("Action", json!("*")),
        ])
        .unwrap();
        assert!(scp(&[]).is_err(), "a principal");
        for old in [None, Some("2008-10-17")] {
            let kind = PolicyKind::ServiceControl;
            let error = stored(kind, old, statement(std::slice::from_ref(&own))).unwrap_err();
            assert!(error.contains("2012-10-17"), "{error}");
        }
    }
}
