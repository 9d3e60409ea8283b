//! AWS's codes and wording for a policy that cannot be stored.
//!
//! Source: recorded answers of the services; the table of causes is in the
//! IAM User Guide, "Grammar of the IAM JSON policy language".

use super::PolicyKind;
use super::check::IAM_PATHS;

/// What is wrong with a policy, as AWS distinguishes causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    NotJson,
    Syntax,
    UnknownMember(String),
    MissingMember(&'static str),
    ProhibitedMember(&'static str),
    UnknownEffect(String),
    EffectCase(String),
    UnknownVersion,
    UnknownOperator(String),
    NoStatements,
    /// An element and its opposite; the name is that without `Not`.
    BothForms(&'static str),
    OldVersion,
    Legacy,
    RepeatedSid,
    SidCharacters,
    NoActions,
    NoResources,
    PrincipalPresent,
    NoVendor,
    Vendor(String),
    Colons,
    NotArn(String),
    Partition {
        partition: String,
        resource: String,
    },
    RegionInBucketArn(String),
    RegionInIamArn(String),
    IamPath,
    ResourceVendor,
    ForeignResource,
    TrustAction,
    InvalidPrincipal {
        label: String,
        text: String,
    },
    OverlyPermissive(String),
}

/// The error code that the service answers with.
pub(super) const fn code(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Managed | PolicyKind::Inline | PolicyKind::Trust | PolicyKind::Session => {
            "MalformedPolicyDocument"
        }
        PolicyKind::Key | PolicyKind::ServiceControl | PolicyKind::ResourceControl => {
            "MalformedPolicyDocumentException"
        }
        PolicyKind::Bucket => "MalformedPolicy",
        PolicyKind::Endpoint => "InvalidPolicyDocument",
    }
}

/// The message that the service answers with.
pub(super) fn message(kind: PolicyKind, fault: &Fault) -> String {
    match kind {
        PolicyKind::Bucket => bucket_message(fault),
        PolicyKind::Key => key_message(fault),
        PolicyKind::Trust => trust_message(fault),
        PolicyKind::Session if *fault == Fault::NotJson => {
            "The policy is not in the valid JSON format.".into()
        }
        PolicyKind::ServiceControl | PolicyKind::ResourceControl => {
            "The provided policy document does not meet the requirements of the specified policy type."
                .into()
        }
        _ => iam_message(fault),
    }
}

fn iam_message(fault: &Fault) -> String {
    match fault {
        Fault::NotJson
        | Fault::Syntax
        | Fault::UnknownMember(_)
        | Fault::MissingMember(_)
        | Fault::UnknownVersion
        | Fault::UnknownOperator(_)
        | Fault::NoStatements
        | Fault::BothForms(_)
        | Fault::UnknownEffect(_) => "Syntax errors in policy.".into(),
        Fault::ProhibitedMember(member) => format!("Has prohibited field {member}."),
        Fault::OldVersion => "Policy document must be version 2012-10-17 or greater.".into(),
        Fault::Legacy | Fault::EffectCase(_) => "The policy failed legacy parsing".into(),
        Fault::RepeatedSid => "Statement IDs (SID) in a single policy must be unique.".into(),
        Fault::SidCharacters => "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*".into(),
        Fault::NoActions => "Policy statement must contain actions.".into(),
        Fault::NoResources => "Policy statement must contain resources.".into(),
        Fault::PrincipalPresent => "Policy document should not specify a principal.".into(),
        Fault::NoVendor => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into(),
        Fault::Vendor(vendor) => format!("Vendor {vendor} is not valid"),
        Fault::Colons => "Actions/Condition can contain only one colon.".into(),
        Fault::NotArn(resource) => {
            format!("Resource {resource} must be in ARN format or \"*\".")
        }
        Fault::Partition { partition, resource } => {
            format!("Partition \"{partition}\" is not valid for resource \"{resource}\".")
        }
        Fault::RegionInBucketArn(resource) => {
            format!("Resource {resource} can not contain region information.")
        }
        Fault::RegionInIamArn(resource) => {
            format!("IAM resource {resource} cannot contain region information.")
        }
        Fault::IamPath => iam_path(),
        Fault::ResourceVendor => {
            "Resource vendor must be fully qualified and cannot contain regexes.".into()
        }
        Fault::ForeignResource => "Policy has invalid resource".into(),
        Fault::TrustAction => "AssumeRole policy may only specify STS AssumeRole actions.".into(),
        Fault::InvalidPrincipal { label, text } => {
            format!("Invalid principal in policy: \"{label}\":\"{text}\"")
        }
        Fault::OverlyPermissive(key) => overly_permissive(key),
    }
}

fn trust_message(fault: &Fault) -> String {
    match fault {
        Fault::NotJson => "This policy contains invalid Json".into(),
        Fault::MissingMember(member) => format!("Missing required field {member}"),
        _ => iam_message(fault),
    }
}

fn key_message(fault: &Fault) -> String {
    match fault {
        Fault::InvalidPrincipal { .. } | Fault::MissingMember("Principal") => {
            "Policy contains a statement with one or more invalid principals.".into()
        }
        _ => iam_message(fault),
    }
}

fn iam_path() -> String {
    format!(
        "IAM resource path must either be \"*\", root, or start with {}.",
        IAM_PATHS.join(", ")
    )
}

fn overly_permissive(key: &str) -> String {
    format!(
        "OverlyPermissiveCondition: ForAllValues is not supported with the single-valued condition key {key}."
    )
}

/// S3's words.
///
/// Recorded are those for text that is no JSON, a missing Statement, actions,
/// resources and principals; an empty list of statements, a version, an effect
/// or an operator that does not exist, and an element that stands beside its
/// opposite are known from other implementations only.
fn bucket_message(fault: &Fault) -> String {
    match fault {
        Fault::NotJson => "Policies must be valid JSON and the first byte must be '{'".into(),
        Fault::UnknownMember(member) => format!("Unknown field {member}"),
        Fault::MissingMember(member) => format!("Missing required field {member}"),
        Fault::UnknownEffect(effect) | Fault::EffectCase(effect) => {
            format!("Invalid effect: {effect}")
        }
        Fault::UnknownVersion => "The policy must contain a valid version string".into(),
        Fault::UnknownOperator(name) => format!("Invalid Condition type : {name}"),
        Fault::NoStatements => "Could not parse the policy: Statement is empty!".into(),
        Fault::BothForms(name) => format!("Statement/policy already has instance of {name}"),
        Fault::NoActions => "Missing required field Action".into(),
        Fault::NoResources => "Missing required field Resource".into(),
        Fault::NoVendor | Fault::Vendor(_) | Fault::Colons => "Policy has invalid action".into(),
        Fault::NotArn(_)
        | Fault::Partition { .. }
        | Fault::RegionInBucketArn(_)
        | Fault::RegionInIamArn(_)
        | Fault::IamPath
        | Fault::ResourceVendor
        | Fault::ForeignResource => "Policy has invalid resource".into(),
        Fault::InvalidPrincipal { .. } => "Invalid principal in policy".into(),
        Fault::Syntax | Fault::Legacy => "Invalid policy syntax.".into(),
        _ => iam_message(fault),
    }
}
