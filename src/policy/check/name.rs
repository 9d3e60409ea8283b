//! Which actions and principals a policy may be stored with.

use super::super::PolicyKind;
use super::super::action::{at_colon, is_vendor};
use super::super::error::{Problem, Trouble};
use super::super::fault::Fault;
use super::super::principal_element::{PrincipalForm, PrincipalPattern};
use super::super::raw::{RawStatement, Text};
use super::{fail, items};

/// Every action has a service prefix, unless it is `*`.
pub(super) fn actions(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    items(&statement.action).iter().try_for_each(action)
}

fn action(action: &Text<'_>) -> Result<(), Trouble> {
    let text = &*action.text;
    if text == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = at_colon(text) else {
        let problem = Problem::new(action.at, format!("`{text}` has no service prefix")).hint(
            format!("write it as `s3:{text}`, with the service that it belongs to"),
        );
        return Err((Fault::NoVendor, problem));
    };
    if memchr::memchr(b':', name.as_bytes()).is_some() {
        let detail = format!("`{text}` has more than one colon");
        return fail(Fault::Colons, action.at, detail);
    }
    if !is_vendor(vendor) {
        let detail =
            format!("`{vendor}` is no service prefix: it takes letters, digits, `-` and `.`");
        return fail(Fault::Vendor(vendor.into()), action.at, detail);
    }
    Ok(())
}

/// A trust policy is about STS alone.
pub(super) fn trust_actions(kind: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let of_sts = |text: &str| at_colon(text).is_some_and(|(v, _)| v.eq_ignore_ascii_case("sts"));
    let other = items(&statement.action).iter().find(|a| !of_sts(&a.text));
    match other {
        Some(other) if kind == PolicyKind::Trust => {
            let problem = Problem::new(
                other.at,
                format!("`{}` is no action by which a role is assumed", other.text),
            )
            .hint("use `sts:AssumeRole`; what the role may do stands in its own policies");
            Err((Fault::TrustAction, problem))
        }
        _ => Ok(()),
    }
}

/// Every principal has one of the forms that there are.
pub(super) fn principals(_: PolicyKind, statement: &RawStatement<'_>) -> Result<(), Trouble> {
    let Some(principal) = &statement.principal else {
        return Ok(());
    };
    let invalid = principal.entries.iter().find(|(label, text)| {
        *PrincipalPattern::new(label, &text.text).form() == PrincipalForm::Unknown
            || (&**label == "Service" && !is_service_name(&text.text))
    });
    match invalid {
        None if principal.entries.is_empty() => {
            let problem = Problem::new(principal.at, "the element names nobody")
                .hint("name a principal, or write `\"*\"` for everybody");
            Err((Fault::MissingMember("Principal"), problem))
        }
        None => Ok(()),
        Some((label, text)) => Err(invalid_principal(label, text)),
    }
}

/// Whether `text` has the form of a service's name; which services there are is
/// not looked up. Source: IAM User Guide, "AWS JSON policy elements: Principal".
fn is_service_name(text: &str) -> bool {
    [".amazonaws.com", ".amazonaws.com.cn", ".aws.internal"]
        .iter()
        .any(|end| text.strip_suffix(end).is_some_and(|name| !name.is_empty()))
}

fn invalid_principal(label: &str, text: &Text<'_>) -> Trouble {
    let labels = ["AWS", "Service", "Federated", "CanonicalUser"];
    let problem = if !labels.contains(&label) {
        Problem::new(text.at, format!("`{label}` is no kind of principal"))
            .hint("a principal is under `AWS`, `Service`, `Federated` or `CanonicalUser`")
            .suggest(label, labels)
    } else if label == "Service" {
        let name = text.text.split('.').next().unwrap_or_default();
        Problem::new(text.at, format!("`{}` is no name of a service", text.text))
            .hint(format!("did you mean `{name}.amazonaws.com`?"))
    } else if text.text.contains(['*', '?']) {
        Problem::new(text.at, format!("`{}` has a wildcard", text.text))
            .hint("use `*` alone, with the condition `ArnLike` on `aws:PrincipalArn`")
    } else {
        Problem::new(text.at, format!("`{}` cannot be a principal", text.text))
            .hint("give an account, or the ARN of a user, role or session")
    };
    // IAM quotes this label in capitals, and `AWS` has no others.
    let label = if label == "Service" { "SERVICE" } else { label };
    (
        Fault::InvalidPrincipal {
            label: label.to_owned(),
            text: text.text.to_string(),
        },
        problem,
    )
}
